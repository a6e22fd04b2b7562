// Sessions as files and back. Seen failing: a parent that comes later accepted, a log probability of minus infinity
// written as a number, a verbatim \end{...} in the LaTeX of a block of code, script tags kept in HTML, pieces of
// a state cut elsewhere than in the store it came from.
#include <QRegularExpression>
#include <QTemporaryDir>
#include <QTest>
#include <cmath>
#include <filesystem>
#include <limits>
#include <nlohmann/json.hpp>

#include "app/exchange/base64.h"
#include "app/exchange/formula_scan.h"
#include "app/exchange/html_text.h"
#include "app/exchange/latex_text.h"
#include "app/exchange/session_export.h"
#include "app/exchange/session_import.h"
#include "app/store/state_files.h"
#include "app/store/store.h"
#include "kernels/error.h"

using namespace holdfast;
namespace fs = std::filesystem;

namespace {

// A question, a thought and an answer; the answer drawn again beside it, and a note.
WholeSession sample_session() {
  WholeSession whole;
  whole.session = {.id = {7},
                   .title = "Roots of $x^2 - 2$",
                   .named = true,
                   .draft = "and \xce\xb1?",
                   .head = {14},
                   .created = 1700000000000,
                   .changed = 1700000005000};
  whole.checkpoints.push_back({.id = {3},
                               .fingerprint = "abc",
                               .name = "holdfast-mini",
                               .path = "/secret/place",
                               .layout = "hf",
                               .dtype = "bf16",
                               .tokenizer = "t"});
  NodeRow question{.id = {11}, .kind = NodeKind::user, .text = "Solve $x^2 = 2$.", .created = 1700000000000};
  question.finished = 1700000000001;
  question.tokens = std::vector<TokenId>{1, 2, 2147483647};
  question.checkpoint = {3};
  NodeRow thought{.id = {12}, .parent = {11}, .kind = NodeKind::thought, .text = "Both signs.\n\nYes."};
  thought.created = thought.finished = 1700000001000;
  thought.checkpoint = {3};
  thought.chat_format = "chatml";
  thought.sampler.emplace();
  thought.sampler->seed = std::numeric_limits<std::uint64_t>::max() - 1;
  thought.sampler->params.temperature = 0.7f;
  thought.sampler->params.top_p = 0.9f;
  thought.max_tokens = 100;
  thought.draws = 5;
  thought.stop_reason = "thought_end";
  thought.tokens = std::vector<TokenId>{5, 6};
  thought.statistics = {.prompt_tokens = 3, .seconds = 0.5, .generated_tokens = 2, .state_bytes = 77};
  NodeRow first = thought;
  first.id = {13};
  first.parent = {12};
  first.kind = NodeKind::answer;
  first.text = "$x = \\sqrt{2}$";
  first.stop_reason = "stop_token";
  NodeRow second = first;
  second.id = {14};
  second.text = "$x = \\pm\\sqrt{2}$ & done_1";
  second.favourite = true;
  const NodeRow note{.id = {15}, .parent = {13}, .kind = NodeKind::note, .text = "check", .created = 1700000002000};
  whole.nodes = {question, thought, first, second, note};
  whole.nodes.back().finished = 1700000002000;
  whole.token_choices[{14}] = {{-0.25f, {{6, -0.25f}, {9, -std::numeric_limits<float>::infinity()}}}, {0.0f, {}}};
  return whole;
}

std::string refusal(const std::string& text) {
  try {
    (void)parse_sessions(text, "chat.jsonl");
  } catch (const FormatError& error) {
    return error.what();
  }
  return {};
}

std::string plain_html(const std::string& markdown) {
  return html_of_markdown(markdown, [](const TextFormula&) { return std::string(); });
}

bool same(const NodeRow& a, const NodeRow& b) {
  return a.kind == b.kind && a.text == b.text && a.tokens == b.tokens && a.chat_format == b.chat_format &&
         a.sampler.has_value() == b.sampler.has_value() && (!a.sampler || a.sampler->seed == b.sampler->seed) &&
         (!a.sampler || a.sampler->params.temperature == b.sampler->params.temperature) &&
         (!a.sampler || a.sampler->params.top_p == b.sampler->params.top_p) && a.max_tokens == b.max_tokens &&
         a.draws == b.draws && a.stop_reason == b.stop_reason && a.statistics == b.statistics &&
         a.created == b.created && a.finished == b.finished && a.favourite == b.favourite;
}

}  // namespace

class ExchangeTest : public QObject {
  Q_OBJECT

 private slots:
  void markdown_holds_the_shown_branch() {
    const std::string text = export_session(sample_session(), ExportFormat::markdown, {});
    QCOMPARE(QString::fromStdString(text), QStringLiteral("# Roots of $x^2 - 2$\n\n"
                                                          "*Holdfast with holdfast-mini, 2023-11-14*\n\n"
                                                          "## Question\n\nSolve $x^2 = 2$.\n\n"
                                                          "## Thought\n\n> Both signs.\n>\n> Yes.\n\n"
                                                          "## Answer\n\n$x = \\pm\\sqrt{2}$ & done_1\n"));
  }

  void markdown_of_a_tree_says_where_branches_part() {
    const std::string text =
        export_session(sample_session(), ExportFormat::markdown, {.tree = true, .thoughts = false, .statistics = true});
    const QString document = QString::fromStdString(text);
    QVERIFY(!document.contains("Both signs"));
    const qsizetype one = document.indexOf("## Branch 1 of 2, after message 1\n");
    const qsizetype note = document.indexOf("## 3. Note");
    const qsizetype two = document.indexOf("## Branch 2 of 2, after message 1\n");
    QVERIFY(one > 0 && note > one && two > note);
    QVERIFY(document.indexOf("## 4. Answer") > two);
    QVERIFY2(document.contains("*2 tokens in 0.5 s (4.0 per second), temperature 0.70, top-p 0.90, seed "
                               "18446744073709551614, holdfast-mini (bf16), ended by stop_token*"),
             text.c_str());
  }

  void an_open_block_of_code_ends_with_its_message() {
    WholeSession whole = sample_session();
    whole.nodes[0].text = "````\ncode\n```";
    const std::string text = export_session(whole, ExportFormat::markdown, {});
    QVERIFY(text.find("````\ncode\n```\n````\n\n## Thought") != std::string::npos);
  }

  void our_own_form_loses_nothing() {
    const WholeSession whole = sample_session();
    const std::string lines = session_lines(whole);
    QVERIFY(lines.find("/secret/place") == std::string::npos);
    const std::vector<WholeSession> back = parse_sessions(lines, "a.jsonl");
    QCOMPARE(back.size(), std::size_t{1});
    QCOMPARE(back[0].session.title, whole.session.title);
    QCOMPARE(back[0].session.draft, whole.session.draft);
    QCOMPARE(back[0].session.created, whole.session.created);
    QCOMPARE(back[0].nodes.size(), whole.nodes.size());
    for (std::size_t i = 0; i < whole.nodes.size(); ++i) {
      QVERIFY(same(back[0].nodes[i], whole.nodes[i]));
      QVERIFY(back[0].nodes[i].parent == whole.nodes[i].parent);
    }
    QCOMPARE(session_lines(back[0]), lines);
    const std::vector<TokenChoice>& choices = back[0].token_choices.at({14});
    QVERIFY(std::isinf(choices[0].alternatives[1].log_prob) && choices[0].alternatives[1].log_prob < 0);
  }

  void what_is_imported_is_what_was_exported() {
    const QTemporaryDir folder;
    Store store(fs::path(folder.path().toStdString()) / "a.db");
    const std::vector<WholeSession> twice{sample_session(), sample_session()};
    const std::vector<SessionId> ids = store.add_sessions(twice);
    QCOMPARE(ids.size(), std::size_t{2});
    QCOMPARE(store.checkpoints().size(), std::size_t{1});
    QCOMPARE(store.checkpoints()[0].path, std::string());
    const WholeSession back = store.whole_session(ids[1]).value();
    QCOMPARE(back.nodes.size(), std::size_t{5});
    for (std::size_t i = 0; i < 5; ++i) QVERIFY(same(back.nodes[i], twice[1].nodes[i]));
    QVERIFY(back.session.head == back.nodes[3].id);
    QVERIFY(back.nodes[3].parent == back.nodes[1].id);
    QCOMPARE(store.branch(ids[1]).back().text, twice[1].nodes[3].text);
    QCOMPARE(back.token_choices.at(back.nodes[3].id).size(), std::size_t{2});
    // And it is found.
    QVERIFY(!store.search("signs").empty());
    // A second export is the first one, but for the numbers.
    const std::vector<WholeSession> again = parse_sessions(session_lines(back), "b");
    QCOMPARE(store.add_sessions(again).size(), std::size_t{1});
  }

  void bytes_of_any_length_come_back_from_base64() {
    std::vector<std::byte> bytes;
    for (int i = 0; i < 300; ++i) {
      QVERIFY(from_base64(to_base64(bytes)) == bytes);
      bytes.push_back(static_cast<std::byte>(i * 37 + 11));
    }
    QCOMPARE(to_base64(std::as_bytes(std::span("light wo", 8))), std::string("bGlnaHQgd28="));
    for (const char* bad : {"a", "ab", "abc", "ab=c", "====", "a===", "ab!=", "abcd=", "QR==", "QUJ="}) {
      QVERIFY2(!from_base64(bad), bad);
    }
  }

  void what_a_session_begins_with_is_taken_along() {
    const QTemporaryDir folder;
    const fs::path here = folder.path().toStdString();
    Mamba2Config config;
    config.d_model = 32;
    config.n_layer = 3;
    config.n_heads = 4;
    config.head_dim = 16;
    config.d_state = 16;
    config.vocab_size = 50;
    Snapshot origin{
        .model_fingerprint = "weights", .state = State(Device::cpu(), config), .logits = {}, .seen = {}, .tail = {}};
    float value = 0.0f;
    for (TensorView view : {origin.state.conv(), origin.state.ssm()}) {
      for (std::int64_t i = 0; i < view.shape.elements(); ++i) view.as<float>()[i] = value += 0.25f;
    }
    origin.tokens_read = 9;
    Store from(here / "from.db");
    StateFiles states(from, here / "from");
    const SessionId session = states.begin_session("tuned", origin);
    from.add_user_message(session, "And then?");
    WholeSession whole = from.whole_session(session).value();
    states.fetch_origin(whole);
    const std::vector<WholeSession> read = parse_sessions(session_lines(whole) + session_lines(sample_session()), "f");
    QCOMPARE(read.size(), std::size_t{2});
    QVERIFY(read[0].origin == whole.origin && read[1].origin.empty());
    Store to(here / "to.db");
    StateFiles imported(to, here / "to");
    const std::vector<SessionId> added = imported.add_sessions(read);
    const std::string name = to.session(added[0])->origin;
    QCOMPARE(name, from.session(session)->origin);
    QVERIFY(to.session(added[1])->origin.empty());
    const Snapshot back = imported.load(name, config);
    QCOMPARE(back.tokens_read, origin.tokens_read);
    QVERIFY(std::equal(back.state.ssm().as<float>(), back.state.ssm().as<float>() + back.state.ssm().shape.elements(),
                       origin.state.ssm().as<float>()));
    QCOMPARE(to.state_pieces(name).size(), std::size_t{2 + 3});  // no token was read, so there is no rest
    QCOMPARE(to.branch(added[0]).at(0).text, std::string("And then?"));
  }

  void a_hostile_origin_is_one_sentence_with_its_line_data() {
    QTest::addColumn<QByteArray>("origin");
    QTest::addColumn<QByteArray>("word");
    const auto base64 = [](std::string_view bytes) {
      return QByteArray::fromStdString(to_base64(compress_piece(std::as_bytes(std::span(bytes)))));
    };
    QTest::newRow("no base64") << QByteArray("###") << QByteArray("base64");
    QTest::newRow("not compressed") << QByteArray("QUJD") << QByteArray("piece");
    QTest::newRow("no state") << base64("nothing of ours") << QByteArray("state");
    QTest::newRow("another file") << base64(std::string("\x02\0\0\0\0\0\0\0{}", 10)) << QByteArray("snapshot");
  }
  void a_hostile_origin_is_one_sentence_with_its_line() {
    QFETCH(QByteArray, origin);
    QFETCH(QByteArray, word);
    const std::string text =
        "{\"holdfast_session\": 1, \"title\": \"t\", \"origin\": \"" + origin.toStdString() + "\"}\n";
    try {
      (void)parse_sessions(text, "file");
      QFAIL("accepted");
    } catch (const FormatError& error) {
      const std::string message = error.what();
      QVERIFY2(message.starts_with("file:1") && message.find(word.toStdString()) != std::string::npos, message.c_str());
    }
  }

  void a_known_checkpoint_keeps_what_is_known_of_it() {
    const QTemporaryDir folder;
    Store store(fs::path(folder.path().toStdString()) / "a.db");
    const CheckpointId mine = store.register_checkpoint({.fingerprint = "abc", .name = "mine", .path = "/models/mine"});
    const SessionId id = store.add_sessions(std::vector<WholeSession>{sample_session()})[0];
    QCOMPARE(store.checkpoints().size(), std::size_t{1});
    QCOMPARE(store.checkpoints()[0].path, std::string("/models/mine"));
    QVERIFY(store.branch(id)[0].checkpoint == mine);
  }

  void sessions_are_added_all_or_none() {
    const QTemporaryDir folder;
    Store store(fs::path(folder.path().toStdString()) / "a.db");
    WholeSession broken = sample_session();
    broken.nodes[4].parent = {99};
    const std::vector<WholeSession> both{sample_session(), broken};
    QVERIFY_EXCEPTION_THROWN((void)store.add_sessions(both), StoreError);
    QVERIFY(store.sessions().empty());
    QVERIFY(store.checkpoints().empty());
    QVERIFY(store.search("signs").empty());
  }

  void training_rows_hold_what_was_finished() {
    const auto rows = [](const WholeSession& whole, ExportFormat format, const ExportOptions& options) {
      std::vector<nlohmann::json> parsed;
      const QByteArray text = QByteArray::fromStdString(export_session(whole, format, options));
      for (const QByteArray& line : text.trimmed().split('\n'))
        parsed.push_back(nlohmann::json::parse(line.toStdString()));
      return parsed;
    };
    WholeSession whole = sample_session();
    const auto one = rows(whole, ExportFormat::messages, {});
    QCOMPARE(one.size(), std::size_t{1});
    QCOMPARE(one[0]["messages"][0]["role"].get<std::string>(), std::string("user"));
    QCOMPARE(one[0]["messages"][1]["content"].get<std::string>(),
             std::string("<think>\nBoth signs.\n\nYes.\n</think>\n\n$x = \\pm\\sqrt{2}$ & done_1"));
    const auto all = rows(whole, ExportFormat::sharegpt, {.tree = true, .thoughts = false});
    QCOMPARE(all.size(), std::size_t{2});
    QCOMPARE(all[0]["conversations"][1]["from"].get<std::string>(), std::string("gpt"));
    QCOMPARE(all[1]["conversations"][1]["value"].get<std::string>(), std::string("$x = \\sqrt{2}$"));
    // What was cut off, and a question without an answer, teach nothing.
    whole.nodes[3].stop_reason = "length";
    QVERIFY_EXCEPTION_THROWN((void)export_session(whole, ExportFormat::messages, {}), FormatError);
    whole.nodes[3].stop_reason = "stop_token";
    whole.nodes.push_back({.id = {16}, .parent = {14}, .kind = NodeKind::user, .text = "And then?"});
    whole.session.head = {16};
    QCOMPARE(rows(whole, ExportFormat::messages, {})[0]["messages"].size(), std::size_t{2});
  }

  void training_rows_become_sessions_data() {
    QTest::addColumn<QByteArray>("text");
    QTest::newRow("messages") << QByteArray(
        R"({"messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"2+2?"},)"
        R"({"role":"assistant","content":"<think>\nAdd.\n</think>\n\n4"}]})");
    QTest::newRow("sharegpt") << QByteArray(
        R"({"conversations":[{"from":"system","value":"Be brief."},{"from":"human","value":"2+2?"},)"
        R"({"from":"gpt","value":"<think>\nAdd.\n</think>\n\n4"}]})");
    QTest::newRow("a list") << QByteArray(
        "\xef\xbb\xbf \n[\n"
        R"({"system":"Be brief.","conversations":[{"from":"human","value":"2+2?"},)"
        R"({"from":"gpt","value":"<think>Add.</think>4"}]}])");
  }
  void training_rows_become_sessions() {
    QFETCH(QByteArray, text);
    const std::vector<WholeSession> sessions = parse_sessions(text.toStdString(), "rows.jsonl");
    QCOMPARE(sessions.size(), std::size_t{1});
    const std::vector<NodeRow>& nodes = sessions[0].nodes;
    QCOMPARE(nodes.size(), std::size_t{4});
    const NodeKind kinds[] = {NodeKind::system, NodeKind::user, NodeKind::thought, NodeKind::answer};
    const char* texts[] = {"Be brief.", "2+2?", "Add.", "4"};
    for (std::size_t i = 0; i < 4; ++i) {
      QCOMPARE(nodes[i].kind, kinds[i]);
      QCOMPARE(nodes[i].text, std::string(texts[i]));
    }
    QVERIFY(sessions[0].session.head == nodes[3].id);
    const QTemporaryDir folder;
    Store store(fs::path(folder.path().toStdString()) / "a.db");
    const SessionId id = store.add_sessions(sessions)[0];
    QCOMPARE(store.session(id)->title, std::string("2+2?"));
    QCOMPARE(store.branch(id).size(), std::size_t{4});
  }

  void a_hostile_file_is_one_sentence_with_its_line_data() {
    QTest::addColumn<QByteArray>("line");
    QTest::addColumn<QByteArray>("says");
    const auto row = [](const char* name, const QByteArray& line, const char* says) {
      QTest::newRow(name) << line << QByteArray(says);
    };
    row("no JSON", "{oops", "chat.jsonl:2:2: ");
    row("not an object", "17", "chat.jsonl:2: ");
    row("nothing that is known", R"({"a":1})", "chat.jsonl:2: none of prompt, messages");
    row("a text alone", R"({"text":"once"})", "chat.jsonl:2: a text without turns");
    row("no answer", R"({"messages":[{"role":"user","content":"x"}]})", "chat.jsonl:2: no turn of the assistant");
    row("another role", R"({"messages":[{"role":"tool","content":"x"}]})", "chat.jsonl:2: messages[0]: role \"tool\"");
    row("newer", R"({"holdfast_session":2})", "written by a newer Holdfast");
    row("a version of words", R"({"holdfast_session":"x"})", "chat.jsonl:2: holdfast_session");
    row("a node in no session", R"({"node":1,"kind":"user","text":"x"})", "chat.jsonl:2: a node before");
    row("deeply nested", QByteArray(100000, '['), "nested deeper");
    row("not UTF-8", "{\"messages\":\"\xff\"}", "chat.jsonl:2:");
    row("a key that stands twice", R"({"messages":[],"messages":[]})", "chat.jsonl:2:");
  }
  void a_hostile_file_is_one_sentence_with_its_line() {
    QFETCH(QByteArray, line);
    QFETCH(QByteArray, says);
    const std::string fine = R"({"messages":[{"role":"user","content":"q"},{"role":"assistant","content":"a"}]})";
    const std::string message = refusal(fine + "\n" + line.toStdString() + "\n");
    QVERIFY2(message.find(says.toStdString()) != std::string::npos, message.c_str());
    QVERIFY(message.find('\n') == std::string::npos);
  }

  void a_hostile_node_is_one_sentence_with_its_line_data() {
    QTest::addColumn<QByteArray>("node");
    QTest::addColumn<QByteArray>("says");
    const auto row = [](const char* name, const char* node, const char* says) {
      QTest::newRow(name) << QByteArray(node) << QByteArray(says);
    };
    row("no number", R"({"node":null,"kind":"user","text":"x"})", "a text without turns");
    row("number of words", R"({"node":"a","kind":"user","text":"x"})", "node");
    row("negative", R"({"node":-1,"kind":"user","text":"x"})", "node: -1, want more than 0");
    row("twice", R"({"node":1,"kind":"user","text":"x"})", "node: 1 stands twice");
    row("its own parent", R"({"node":2,"parent":2,"kind":"user","text":"x"})", "parent: 2, want a node that stands");
    row("a later parent", R"({"node":2,"parent":3,"kind":"user","text":"x"})", "parent: 3, want a node that stands");
    row("no kind", R"({"node":2,"text":"x"})", "kind: \"\"");
    row("another kind", R"({"node":2,"kind":"root","text":"x"})", "kind: \"root\"");
    row("no text", R"({"node":2,"kind":"user"})", "text: missing");
    row("text of numbers", R"({"node":2,"kind":"user","text":5})", "text");
    row("tokens of words", R"({"node":2,"kind":"user","text":"x","tokens":["a"]})", "want a token id");
    row("a negative token", R"({"node":2,"kind":"user","text":"x","tokens":[-1]})", "want a token id");
    row("a large token", R"({"node":2,"kind":"user","text":"x","tokens":[2147483648]})", "want a token id");
    row("another checkpoint", R"({"node":2,"kind":"user","text":"x","checkpoint":9})", "checkpoint: 9");
    row("a sampler of words", R"({"node":2,"kind":"answer","text":"x","sampler":{"top_k":"all"}})", "top_k");
    row("a large sampler", R"({"node":2,"kind":"answer","text":"x","sampler":{"top_k":1e300}})", "top_k");
    row("a bad sampler", R"({"node":2,"kind":"answer","text":"x","sampler":{"top_p":7}})", "top-p 7");
    row("a seed that is too large",
        R"({"node":2,"kind":"answer","text":"x","sampler":{},"seed":"99999999999999999999"})", "seed");
    row("statistics of words", R"({"node":2,"kind":"answer","text":"x","statistics":{"seconds":[]}})", "seconds");
    row("choices without tokens", R"({"node":2,"kind":"answer","text":"x","token_choices":[[0,[]]]})",
        "token_choices: 1");
    row("choices of words", R"({"node":2,"kind":"answer","text":"x","tokens":[1],"token_choices":["a"]})",
        "token_choices");
  }
  void a_hostile_node_is_one_sentence_with_its_line() {
    QFETCH(QByteArray, node);
    QFETCH(QByteArray, says);
    const std::string before =
        "{\"holdfast_session\":1,\"title\":\"t\",\"head\":1}\n{\"node\":1,\"kind\":\"user\",\"text\":\"q\"}\n";
    QVERIFY(refusal(before).empty());
    const std::string message = refusal(before + node.toStdString());
    QVERIFY2(message.starts_with("chat.jsonl:3") && message.find(says.toStdString()) != std::string::npos,
             message.c_str());
  }

  void other_faults_of_files_are_told() {
    QVERIFY(refusal("").find("no conversation") != std::string::npos);
    QVERIFY(refusal("\n \n").find("no conversation") != std::string::npos);
    QVERIFY(refusal("{\"holdfast_session\":1,\"head\":5}").find("chat.jsonl:1: head: 5") != std::string::npos);
    QVERIFY(refusal("[{\"messages\":1}]").find("chat.jsonl: item 1: ") != std::string::npos);
    QVERIFY(refusal("[1, 2").find("chat.jsonl:1:") != std::string::npos);
    const std::string twice =
        R"({"holdfast_session":1,"checkpoints":[{"id":1,"fingerprint":"a"},{"id":1,"fingerprint":"b"}]})";
    QVERIFY(refusal(twice).find("id: stands twice") != std::string::npos);
    // A time that lies ahead is now.
    const auto whole = parse_sessions(R"({"holdfast_session":1,"created":9000000000000000,"changed":-5})", "a")[0];
    QVERIFY(whole.session.created <= now_milliseconds() && whole.session.changed >= whole.session.created);
  }

  void html_keeps_no_markup_of_the_model() {
    const std::string html = plain_html(
        "<script>alert(1)</script> <b>x</b>\n\n[click](javascript:alert(1)) ![pic](http://a/b.png \"t\")\n\n"
        "<img src=x onerror=alert(1)>\n\n| a |\n|---|\n| <i> |\n\n```html\n</code></pre><script>\n```\n"
        "&lt;script&gt; \"quoted\" [x](\"onmouseover=\"alert(1))");
    for (const char* part : {"<script", "<b>", "<img", "<i>", " href", "title=\"\"on"}) {
      QVERIFY2(html.find(part) == std::string::npos, html.c_str());
    }
    QVERIFY(html.find("&lt;script&gt;alert(1)&lt;/script&gt;") != std::string::npos);
    QVERIFY(html.find("&lt;/code&gt;&lt;/pre&gt;&lt;script&gt;") != std::string::npos);
  }

  void html_elements_are_closed_in_order() {
    std::string deep;
    for (int i = 0; i < 300; ++i) deep += std::string(static_cast<std::size_t>(i) * 2, ' ') + "- a\n";
    for (const std::string& text :
         {deep, std::string(500, '>') + " x",
          std::string("**a *b `c` d* e**\n\n1. x\n   - y\n\n> z\n\n| a | b |\n|:-:|--:|\n| 1 | 2 |")}) {
      const QString html = QString::fromStdString(plain_html(text));
      QStringList open;
      static const QRegularExpression tag(QStringLiteral("<(/?)([a-z0-9]+)[^>]*>"));
      for (auto match = tag.globalMatch(html); match.hasNext();) {
        const auto found = match.next();
        if (found.captured(2) == "br" || found.captured(2) == "hr") continue;
        if (found.captured(1).isEmpty()) {
          open << found.captured(2);
        } else {
          QVERIFY(!open.isEmpty());
          QCOMPARE(open.takeLast(), found.captured(2));
        }
      }
      QVERIFY(open.isEmpty());
      QVERIFY(html.contains("a") || html.contains("x"));
    }
  }

  void html_page_is_self_contained() {
    WholeSession whole = sample_session();
    whole.session.title = "</title><script>";
    const std::string page = html_document(whole, {.tree = true, .statistics = true}, [](const TextFormula& formula) {
      return "<svg data-n=\"" + std::to_string(formula.tex.size()) + "\"></svg>";
    });
    for (const char* part : {"http:", "https:", "<script", "url(", "@import", "<link", "src="}) {
      QVERIFY2(page.find(part) == std::string::npos, part);
    }
    QVERIFY(page.find("default-src 'none'") != std::string::npos);
    QVERIFY(page.find("aria-label=\"x = \\pm\\sqrt{2}\"><svg") != std::string::npos);
    QVERIFY(page.find("done_1") != std::string::npos);
  }

  void formulas_of_mathematics_are_kept_in_latex_data() {
    QTest::addColumn<QByteArray>("tex");
    QTest::addColumn<QByteArray>("want");
    const auto row = [](const char* tex, const char* want = nullptr) {
      QTest::newRow(tex) << QByteArray(tex) << QByteArray(want == nullptr ? tex : want);
    };
    row("x^2 + y_1^{n+1}");
    row("\\frac{-b \\pm \\sqrt{b^2 - 4ac}}{2a}");
    row("\\frac12", "\\frac{1}{2}");
    row("\\sqrt[3]{x}");
    row("\\left(\\frac{a}{b}\\right)^2");
    row("f'(x) = f''(0)");
    row("x'^2");
    row("\\sum_{k=1}^n k");
    row("\\int_0^1 x\\,dx");
    row("x^\\frac{1}{2}", "x^{\\frac{1}{2}}");
    row("x_\\text{max}", "x_{\\text{max}}");
    row("\\text{if } n = 2");
    row("\\mathbb{R}\\setminus\\{0\\}");
    row("a \\le b\\ge c");
    row("\xce\xb1 \xe2\x89\xa4 \xce\xb2\xc2\xb2", "\\alpha \\le \\beta {}^{2}{}");
    row("\\begin{pmatrix}1 & 0 \\\\ 0 & 1\\end{pmatrix}", "\\begin{pmatrix}1 & 0 \\\\{} 0 & 1\\end{pmatrix}");
    row("\\begin{align*}x &= 1 \\\\ y &= 2\\end{align*}", "\\begin{aligned}x &= 1 \\\\{} y &= 2\\end{aligned}");
    row("\\begin{equation}x\\end{equation}", "x");
    row("\\begin{array}{c|c}1 & 2\\end{array}");
    row("\\begin{cases}1 & n > 0 \\\\ 0\\end{cases}", "\\begin{cases}1 & n > 0 \\\\{} 0\\end{cases}");
    row("a = b \\\\ c = d", "\\begin{aligned}a = b \\\\{} c = d\\end{aligned}");
    row("\\sum_{\\substack{i < n \\\\ i \\ne 2}} i", "\\sum_{\\substack{i < n \\\\{}i \\ne 2}} i");
    row("x = 1 \\tag{3}", "x = 1 \\qquad\\text{(3)}");
    row("\\bigcup_{i} A_i \\big( x \\big)");
    row("90\\%");
    row("a\nb", "a b");
  }
  void formulas_of_mathematics_are_kept_in_latex() {
    QFETCH(QByteArray, tex);
    QFETCH(QByteArray, want);
    QCOMPARE(QByteArray::fromStdString(latex_formula(tex.toStdString())), want);
  }

  void formulas_that_are_unsafe_or_would_not_compile_are_refused_data() {
    QTest::addColumn<QByteArray>("tex");
    for (const char* tex : {"\\input{/etc/passwd}",
                            "\\write18{ls}",
                            "\\immediate\\write18{x}",
                            "\\def\\x{1}",
                            "\\csname input\\endcsname",
                            "\\catcode`\\@=11",
                            "^^5cinput x",
                            "\\include{a}",
                            "\\usepackage{x}",
                            "\\directlua{x}",
                            "\\loop\\repeat",
                            "\\newcommand{\\x}{1}",
                            "\\href{http://x}{y}",
                            "\\includegraphics{x}",
                            "\\text{\\input x}",
                            "\\unknowncommand x",
                            "\\end{document}",
                            "\\begin{document}",
                            "\\begin{verbatim}",
                            "$",
                            "a $ b",
                            "x % y",
                            "a # b",
                            "{",
                            "}",
                            "{a}}",
                            "\\left( x",
                            "x \\right)",
                            "\\left( {x \\right)}",
                            "x^",
                            "x_",
                            "x^2^3",
                            "x_1_2",
                            "x'^2'",
                            "x^{2}'",
                            "{x^}",
                            "\\frac{1}",
                            "\\sqrt",
                            "\\sqrt}",
                            "\\frac\\frac12",
                            "a & b }",
                            "\\begin{pmatrix}1",
                            "\\begin{cases}a & b & c\\end{cases}",
                            "\\begin{array}{c}1 & 2\\end{array}",
                            "\\begin{array}{@{\\input x}c}1\\end{array}",
                            "\\left\\frac x",
                            "x^\\left(y\\right)",
                            "\\text{a_b}",
                            "\\text{$x$}",
                            "\\begin{align}x\\end{align*}",
                            "\\begin{pmatrix}\\left(1 & 2\\right)\\end{pmatrix}",
                            "\\middle|",
                            "\\hline",
                            "\\",
                            "x^\\quad y",
                            "\\left",
                            "\\substack{x \\\\ ^}"}) {
      QTest::newRow(tex) << QByteArray(tex);
    }
    QTest::newRow("many braces") << QByteArray(5000, '{');
    QTest::newRow("many commands") << QByteArray("\\sqrt").repeated(1000);
    QTest::newRow("many arguments") << QByteArray("\\sqrt{").repeated(500) + QByteArray(500, '}');
    QTest::newRow("control characters") << QByteArray(
        "a\x01"
        "b");
  }
  void formulas_that_are_unsafe_or_would_not_compile_are_refused() {
    QFETCH(QByteArray, tex);
    const std::string kept = latex_formula(tex.toStdString());
    // "\begin{align}...\end{align*}" differ in a star that both lose.
    if (tex.contains("align*")) {
      QCOMPARE(kept, std::string("\\begin{aligned}x\\end{aligned}"));
    } else {
      QCOMPARE(QByteArray::fromStdString(kept), QByteArray());
    }
  }

  void latex_text_is_escaped() {
    QCOMPARE(
        escape_latex("50% of $3 & #1_2 {x} ~ ^ \\"),
        std::string("50\\% of \\$3 \\& \\#1\\_2 \\{x\\} \\textasciitilde{} \\textasciicircum{} \\textbackslash{}"));
    QCOMPARE(escape_latex("\xc3\xa9 \xce\xb1 \xe4\xb8\xad"),
             std::string("\xc3\xa9 \\ensuremath{\\alpha} \\unicodesign{4E2D}"));
    const std::string latex = latex_of_markdown(
        "\\input{/etc/passwd} and $\\input{x}$\n\n```\n\\end{codeblock}\\input{y}\n  [a]\n```\n\n| a | $x$ "
        "|\n|---|---|\n| * | [b] |\n\n"
        "- [opt]\n- $$y$$\n\n# Head $z$\n\n`a_b` **$$w$$**");
    QVERIFY2(latex.find("\\input") == std::string::npos, latex.c_str());
    QVERIFY(latex.find("\\textbackslash{}end\\{codeblock\\}") != std::string::npos);
    QVERIFY(latex.find("\\item {[}opt{]}") != std::string::npos);
    QVERIFY(latex.find("\\[y\\]") != std::string::npos);
    QVERIFY(latex.find("$\\displaystyle w$") != std::string::npos);
    QVERIFY(latex.find("\\begin{tabular}{|l|l|}") != std::string::npos);
  }

  void latex_groups_and_environments_are_closed() {
    std::string deep;
    for (int i = 0; i < 40; ++i)
      deep += std::string(static_cast<std::size_t>(i) * 3, ' ') + (i % 2 == 0 ? "- a\n" : "1. b\n");
    for (const std::string& text : {deep, std::string(60, '>') + " x",
                                    std::string("**a *b `c{` d* e**\n\n7. x\n   - y\n\n> z\n\n***\n\n~~s~~ <x>"),
                                    std::string("| a | b |\n|:-:|--:|\n| 1 | $$\\frac{1}{2}$$ |")}) {
      const QString latex = QString::fromStdString(latex_of_markdown(text));
      int depth = 0;
      for (qsizetype i = 0; i < latex.size(); ++i) {
        if (latex[i] == QLatin1Char('\\')) {
          ++i;
        } else {
          depth += latex[i] == QLatin1Char('{') ? 1 : latex[i] == QLatin1Char('}') ? -1 : 0;
        }
        QVERIFY(depth >= 0);
      }
      QCOMPARE(depth, 0);
      QStringList open;
      qsizetype most = 0;
      static const QRegularExpression environment(QStringLiteral("\\\\(begin|end)\\{([a-z]+)\\}"));
      for (auto match = environment.globalMatch(latex); match.hasNext();) {
        const auto found = match.next();
        if (found.captured(1) == "begin") {
          open << found.captured(2);
          most = std::max(most, open.size());
        } else {
          QVERIFY(!open.isEmpty());
          QCOMPARE(open.takeLast(), found.captured(2));
        }
      }
      QVERIFY(open.isEmpty());
      QVERIFY(most <= 6);  // LaTeX's own limit of lists in lists
    }
  }

  void latex_document_is_whole() {
    const std::string document =
        export_session(sample_session(), ExportFormat::latex, {.tree = true, .statistics = true});
    QVERIFY(document.starts_with("\\documentclass"));
    QVERIFY(document.ends_with("\\end{document}\n"));
    QVERIFY(document.find("$x = \\pm\\sqrt{2}$ \\& done\\_1") != std::string::npos);
    QVERIFY(document.find("\\section*{Branch 2 of 2, after message 2}") != std::string::npos);
  }

  void the_same_formulas_are_found_in_both_encodings() {
    const std::u16string text =
        u"A $x^2$ \u03b1 \ue000\ue010\ue001 costs $5 and $10, `$a$` \\[\u2211 y\\]\n\n```\n$z$\n```\n2*3*4 "
        u"\\begin{align}a\\end{align} \\boxed{\\frac{1}{2}} $$w$$ $";
    for (std::size_t end = 0; end <= text.size(); ++end) {
      const std::u16string part = text.substr(0, end);
      const QString wide = QString::fromStdU16String(part);
      const std::string narrow = wide.toStdString();
      const auto a = scan_formulas<char16_t>(part);
      const auto b = scan_formulas<char>(narrow);
      QCOMPARE(QString::fromStdU16String(a.markdown), QString::fromStdString(b.markdown));
      QCOMPARE(a.formulas.size(), b.formulas.size());
      for (std::size_t i = 0; i < a.formulas.size(); ++i) {
        QCOMPARE(QString::fromStdU16String(a.formulas[i].source), QString::fromStdString(b.formulas[i].source));
        QCOMPARE(a.formulas[i].display, b.formulas[i].display);
        const auto mark = mark_at<char>(formula_mark<char>(i), 0);
        QVERIFY(mark && mark->index == i && mark->length == formula_mark<char>(i).size());
      }
      QCOMPARE(wide.left(static_cast<qsizetype>(finished_length<char16_t>(part))).toUtf8().size(),
               static_cast<qsizetype>(finished_length<char>(narrow)));
    }
  }

  void file_names_are_plain() {
    WholeSession whole = sample_session();
    QCOMPARE(export_file_name(whole, ExportFormat::latex), std::string("Roots-of-x-2-2.tex"));
    whole.session.title = "../../etc/passwd";
    QCOMPARE(export_file_name(whole, ExportFormat::messages), std::string("etc-passwd.jsonl"));
    whole.session.title = "\xe4\xb8\xad";
    QCOMPARE(export_file_name(whole, ExportFormat::pdf), std::string("session-7.pdf"));
  }
};

QTEST_GUILESS_MAIN(ExchangeTest)
#include "exchange_test.moc"
