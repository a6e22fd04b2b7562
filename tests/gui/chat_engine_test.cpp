// Turns without a window: thought and answer, stop and continue, sessions that are opened again.
//
// Faults that were planted in app/services/turn_writer.cpp, and seen to fail here: a text that goes on without the
// first bytes of the character it was stopped in; alternatives of its new tokens kept as those of its first.
// In app/services/chat_service.cpp: a turn that waits for the states of the one before it, and states of two sessions
// that give way to each other for ever.
#include "app/services/chat_engine.h"

#include <QTemporaryDir>
#include <QTest>
#include <algorithm>
#include <set>

#include "app/jobs/job.h"
#include "app/services/chat_service.h"
#include "app/services/loop_detector.h"
#include "app/services/thought_splitter.h"
#include "app/services/turn_writer.h"
#include "kernels/error.h"
#include "tests/gui/patience.h"
#include "tests/gui/random_model.h"
#include "tests/gui/reciting_model.h"

using namespace holdfast;
using namespace holdfast::test;
namespace fs = std::filesystem;

namespace {

const std::vector<std::string> recital{"Two and two", " make", " four.", "\n</think>\n\n", "The answer", " is 4."};

TurnSettings sampled(std::int64_t max_tokens) {
  TurnSettings settings;
  settings.sampler.params.temperature = 0.9f;
  settings.sampler.params.top_p = 0.8f;
  settings.sampler.seed = 1234;
  settings.max_tokens = max_tokens;
  return settings;
}

// Splits `text` given in pieces of this length.
std::pair<std::string, std::string> split(std::string_view text, std::size_t length, ThoughtSplitter::Part start) {
  ThoughtSplitter splitter(start);
  std::pair<std::string, std::string> parts;
  const auto take = [&](const ThoughtSplitter::Added& added) {
    parts.first += added.thought;
    parts.second += added.answer;
  };
  for (std::size_t i = 0; i < text.size(); i += length) take(splitter.push(text.substr(i, length)));
  take(splitter.flush());
  return parts;
}

}  // namespace

class ChatEngineTest : public QObject {
  Q_OBJECT

  std::unique_ptr<QTemporaryDir> folder_;
  LiveText live_;
  TurnEvents quiet_{.reading = [](auto, auto) {}, .started = [](const auto&, auto) {}};

  [[nodiscard]] fs::path path(const char* name) const { return fs::path(folder_->path().toStdString()) / name; }
  [[nodiscard]] std::unique_ptr<ChatEngine> engine() {
    return std::make_unique<ChatEngine>(path("holdfast.db"), path("states"), live_, 1);
  }
  static void load(ChatEngine& engine, const fs::path& model) {
    engine.load(model, [](double) {}, {});
  }

  [[nodiscard]] static std::vector<TokenId> ids_of(const Store& store, SessionId session) {
    std::vector<TokenId> ids;
    for (const NodeRow& node : store.branch(session)) ids.insert(ids.end(), node.tokens->begin(), node.tokens->end());
    return ids;
  }
  // What is kept of the session's branch, joined; all of it must be there.
  [[nodiscard]] Inspection seen_of(const ChatEngine& chat, const Store& store, SessionId session) const {
    const Mamba2Model& model = *chat.shared_model().model;
    std::uint64_t begins_after = 0;
    Store again(path("holdfast.db"), {.check = false});
    if (const std::string origin = store.session(session)->origin; !origin.empty()) {
      begins_after = StateKeeper(again, path("states")).load_origin(origin, model.config()).prefix_hash;
    }
    const std::vector<TokenId> ids = ids_of(store, session);
    const KeptInspections kept =
        InspectionKeeper(path("inspections")).find(session, model.fingerprint(), begins_after, ids, model.config());
    if (kept.parts.empty() || !kept.gaps(std::ssize(ids)).empty() || !kept.damaged.empty()) {
      throw std::logic_error("not all of the session is kept");
    }
    Inspection seen = kept.parts.front().seen;
    for (std::size_t i = 1; i < kept.parts.size(); ++i) seen.append(kept.parts[i].seen);
    return seen;
  }
  [[nodiscard]] std::vector<fs::path> kept_files() const {
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator(path("inspections"))) files.push_back(entry.path());
    return files;
  }
  [[nodiscard]] std::int64_t kept_tokens() const {
    std::int64_t tokens = 0;
    for (const fs::path& file : kept_files()) tokens += std::ssize(Inspection::stretch_of(file).tokens);
    return tokens;
  }

 private slots:
  void a_whole_reply_is_read_without_its_markers_data() {
    QTest::addColumn<QByteArray>("reply");
    QTest::addColumn<QByteArray>("shown");
    QTest::newRow("opened by the template")
        << QByteArray("6 + 60\n</think>\n\nIt is 66.") << QByteArray("6 + 60\n\nIt is 66.");
    QTest::newRow("opened by itself") << QByteArray("<think>\n6 + 60</think>It is 66.")
                                      << QByteArray("6 + 60\n\nIt is 66.");
    QTest::newRow("no thought") << QByteArray(" It is 66.\n") << QByteArray("It is 66.");
    QTest::newRow("never closed") << QByteArray("<think>6 + 6") << QByteArray("6 + 6");
    QTest::newRow("an empty one") << QByteArray("<think>\n</think>\n66") << QByteArray("66");
    QTest::newRow("nothing") << QByteArray() << QByteArray();
  }
  void a_whole_reply_is_read_without_its_markers() {
    QFETCH(QByteArray, reply);
    QFETCH(QByteArray, shown);
    QCOMPARE(QByteArray::fromStdString(reply_without_markers(reply.toStdString())), shown);
  }

  void init() {
    folder_ = std::make_unique<QTemporaryDir>();
    live_.clear();
  }

  void thoughts_are_split_wherever_the_pieces_are_cut_data() {
    QTest::addColumn<QString>("text");
    QTest::addColumn<bool>("opened");
    QTest::addColumn<QString>("thought");
    QTest::addColumn<QString>("answer");
    QTest::newRow("opened by the prompt") << "a < b</think>\n\n4" << true << "a < b"
                                          << "\n\n4";
    QTest::newRow("opened by the model") << "\n <think>a</think>4" << false << "a"
                                         << "4";
    QTest::newRow("no thought") << "4 </think> 5" << false << ""
                                << "4 </think> 5";
    QTest::newRow("never closed") << "a</thin" << true << "a</thin"
                                  << "";
    QTest::newRow("nearly opened") << "<thin air" << false << ""
                                   << "<thin air";
    QTest::newRow("closed twice") << "a</think>b</think>c" << true << "a"
                                  << "b</think>c";
    QTest::newRow("nothing") << "" << true << ""
                             << "";
  }
  void thoughts_are_split_wherever_the_pieces_are_cut() {
    QFETCH(QString, text);
    QFETCH(bool, opened);
    QFETCH(QString, thought);
    QFETCH(QString, answer);
    const auto start = opened ? ThoughtSplitter::Part::thought : ThoughtSplitter::Part::undecided;
    for (std::size_t length = 1; length <= 20; ++length) {
      const auto parts = split(text.toStdString(), length, start);
      QCOMPARE(QString::fromStdString(parts.first), thought);
      QCOMPARE(QString::fromStdString(parts.second), answer);
    }
  }

  void a_turn_is_written_as_question_thought_and_answer() {
    RecitingModel::write(path("model"), recital);
    const auto chat = engine();
    load(*chat, path("model"));
    Store store(path("holdfast.db"));
    const NodeRow question = store.add_user_message({}, "2 + 2?");
    const NodeRow last = chat->answer(question.session, sampled(100), quiet_, {}).value();
    QCOMPARE(last.stop_reason, std::string("stop_token"));
    const std::vector<NodeRow> branch = store.branch(question.session);
    QCOMPARE(branch.size(), std::size_t{3});
    QVERIFY(branch[0].tokens && !branch[0].tokens->empty());
    QCOMPARE(branch[1].kind, NodeKind::thought);
    QCOMPARE(branch[1].text, std::string("Two and two make four.\n"));
    QCOMPARE(branch[1].tokens->size(), std::size_t{4});
    QCOMPARE(branch[2].kind, NodeKind::answer);
    QCOMPARE(branch[2].text, std::string("\n\nThe answer is 4."));
    QCOMPARE(branch[2].tokens->size(), std::size_t{3});  // and the end of the turn
    QCOMPARE(branch[2].draws, std::uint64_t{4});
    const LiveDelta shown = live_.take();
    QCOMPARE(shown.thought + shown.answer, branch[1].text + branch[2].text);
  }

  void stopped_and_continued_text_is_that_of_an_uninterrupted_run_data() {
    QTest::addColumn<bool>("reopened");
    QTest::newRow("in one go") << false;
    QTest::newRow("after a restart") << true;
  }
  void stopped_and_continued_text_is_that_of_an_uninterrupted_run() {
    QFETCH(bool, reopened);
    write_random_model(path("model"));
    auto chat = engine();
    load(*chat, path("model"));
    Store store(path("holdfast.db"));
    const NodeRow first = store.add_user_message({}, "Tell me");
    const NodeRow whole = chat->answer(first.session, sampled(60), quiet_, {}).value();
    QCOMPARE(whole.tokens->size(), std::size_t{60});
    QVERIFY(std::set<TokenId>(whole.tokens->begin(), whole.tokens->end()).size() >
            30);  // varied, so that it says something

    chat = engine();
    load(*chat, path("model"));
    const NodeRow second = store.add_user_message({}, "Tell me");
    NodeRow part = chat->answer(second.session, sampled(23), quiet_, {}).value();
    chat->keep_state(second.session);
    for (const int more : {1, 9, 27}) {
      if (reopened) {
        chat = engine();
        load(*chat, path("model"));
      }
      part = chat->go_on(second.session, more, quiet_, {}).value();
      chat->keep_state(second.session);
    }
    QCOMPARE(part.tokens.value(), whole.tokens.value());
    QCOMPARE(part.text, whole.text);
    QCOMPARE(store.branch(second.session).back().text, whole.text);
  }

  // Every byte is a token: a text is stopped and goes on behind each of them.
  void a_text_that_was_stopped_inside_a_character_goes_on_with_its_rest() {
    const std::shared_ptr<const Tokenizer> tokenizer = Tokenizer::load(
        {TokenizerSource::Kind::tokenizer_json, fs::path(HOLDFAST_GOLDEN_DIR) / "tokenizers/byte-bpe/tokenizer.json"});
    const ChatTemplate format(ChatFormat::plain, tokenizer);
    std::vector<TokenId> tokens;
    // Among them bytes of no character, and a character that the next one cuts off.
    for (const char c : std::string("\u00e9\u20ac \U0001f600a\x80\xbf\xf0\x9f\x98\u00e9!")) {
      for (TokenId id = 0; id < tokenizer->size(); ++id) {
        if (tokenizer->bytes(id) != std::string_view(&c, 1)) continue;
        tokens.push_back(id);
        break;
      }
    }
    QCOMPARE(tokens.size(), std::size_t{19});
    Store store(path("holdfast.db"));
    for (std::size_t stop = 0; stop <= tokens.size(); ++stop) {
      NodeRow row;
      row.session = store.create_session("s");
      row.sampler.emplace();
      TurnWriter writer(store, live_, format, *tokenizer, row, 0);
      writer.begin();
      std::size_t next = 0;
      for (; next < stop; ++next) writer.token({.token = tokens[next], .bytes = {}, .alternatives = {}});
      const NodeRow stopped = writer.finish("cancelled");
      if (!stopped.id) continue;  // nothing was written
      TurnWriter again = TurnWriter::resume(store, live_, format, *tokenizer, stopped, stop);
      again.begin();
      for (; next < tokens.size(); ++next) again.token({.token = tokens[next], .bytes = {}, .alternatives = {}});
      const NodeRow ended = again.finish("length");
      QCOMPARE(QString::fromStdString(ended.text), QStringLiteral("\u00e9\u20ac \U0001f600a\ufffd\ufffd\ufffd\u00e9!"));
      QCOMPARE(store.token_choices(ended.id).size(), tokens.size());
    }
  }

  void a_turn_can_be_cancelled_within_a_token() {
    RecitingModel::write(path("model"), recital, RecitingModel::End::repeat);
    const auto chat = engine();
    load(*chat, path("model"));
    Store store(path("holdfast.db"));
    const NodeRow question = store.add_user_message({}, "2 + 2?");
    std::stop_source stop;
    TurnEvents events = quiet_;
    events.started = [&](const NodeRow&, std::int64_t) { stop.request_stop(); };
    const NodeRow row = chat->answer(question.session, sampled(1000000), events, stop.get_token()).value();
    QCOMPARE(row.stop_reason, std::string("cancelled"));
    QVERIFY(row.tokens->size() <= 1);
    QVERIFY(!store.branch(question.session).back().running);
  }

  void an_open_session_goes_on_without_reading_again() {
    RecitingModel::write(path("model"), recital);
    Store store(path("holdfast.db"));
    auto chat = engine();
    load(*chat, path("model"));
    const NodeRow question = store.add_user_message({}, "2 + 2?");
    chat->answer(question.session, sampled(100), quiet_, {});
    chat->keep_state(question.session);
    std::int64_t before = 0;
    for (const NodeRow& node : store.branch(question.session)) before += std::ssize(node.tokens.value());
    for (const bool restart : {false, true}) {
      if (restart) {
        chat = engine();
        load(*chat, path("model"));
      }
      store.add_user_message(question.session, "And 3 + 3?");
      chat->answer(question.session, sampled(100), quiet_, {});
      chat->keep_state(question.session);
      const std::vector<NodeRow> branch = store.branch(question.session);
      const NodeRow& thought = branch[branch.size() - 2];
      QCOMPARE(thought.statistics.restored_tokens, before);
      for (std::size_t i = branch.size() - 3; i < branch.size(); ++i) before += std::ssize(branch[i].tokens.value());
    }
    QCOMPARE(store.snapshots(question.session).size(), std::size_t{9});  // per turn: question, thought, answer
  }

  void a_lost_state_file_only_costs_reading_again() {
    RecitingModel::write(path("model"), recital);
    Store store(path("holdfast.db"));
    auto chat = engine();
    load(*chat, path("model"));
    const NodeRow question = store.add_user_message({}, "2 + 2?");
    chat->answer(question.session, sampled(100), quiet_, {});
    chat->keep_state(question.session);
    fs::remove_all(path("states"));
    chat = engine();
    load(*chat, path("model"));
    store.add_user_message(question.session, "Again?");
    const NodeRow row = chat->answer(question.session, sampled(100), quiet_, {}).value();
    QCOMPARE(row.text, std::string("\n\nThe answer is 4."));
    QCOMPARE(store.branch(question.session).at(4).statistics.restored_tokens, 0);
    QVERIFY(!chat->take_notice().empty());
  }

  void a_damaged_state_is_said_in_a_sentence_and_read_again() {
    RecitingModel::write(path("model"), recital);
    Store store(path("holdfast.db"));
    auto chat = engine();
    load(*chat, path("model"));
    const NodeRow question = store.add_user_message({}, "2 + 2?");
    chat->answer(question.session, sampled(100), quiet_, {});
    chat->keep_state(question.session);
    QVERIFY(chat->take_notice().empty());
    // A layer of the longest state; the one behind the thought is whole.
    const std::vector<SnapshotRow> kept = store.snapshots(question.session);
    const std::string hash = store.state_pieces(kept.at(0).file).at(2).hash;
    const fs::path piece = path("states") / "pieces" / (hash + ".zst");
    fs::resize_file(piece, fs::file_size(piece) / 2);
    chat = engine();
    load(*chat, path("model"));
    store.add_user_message(question.session, "Again?");
    const NodeRow row = chat->answer(question.session, sampled(100), quiet_, {}).value();
    QCOMPARE(row.text, std::string("\n\nThe answer is 4."));
    const std::string notice = chat->take_notice();
    QVERIFY2(notice.find(hash) != std::string::npos && notice.find("read again") != std::string::npos, notice.c_str());
    QCOMPARE(store.branch(question.session).at(4).statistics.restored_tokens, kept.at(1).position);
    for (const SnapshotRow& left : store.snapshots(question.session)) QVERIFY(!(left.id == kept.at(0).id));
  }

  void states_are_written_later_when_something_is_more_urgent() {
    write_random_model(path("model"));
    const auto chat = engine();
    load(*chat, path("model"));
    Store store(path("holdfast.db"));
    const auto piece_files = [&] {
      std::size_t count = 0;
      for (const auto& entry : fs::directory_iterator(path("states") / "pieces")) count += entry.is_regular_file();
      return count;
    };
    const NodeRow question = store.add_user_message({}, "Tell me");
    (void)chat->answer(question.session, sampled(20), quiet_, {}).value();
    // Left at each of the places where it can be: what is there then is whole, and named.
    for (int asked = 1;; ++asked) {
      int left = asked;
      const bool all = chat->keep_state(question.session, [&] { return --left == 0; });
      QCOMPARE(piece_files(), store.piece_hashes().size());
      if (asked == 1) {
        QVERIFY(!all);
        QVERIFY(store.snapshots(question.session).empty());
      }
      if (all) break;
      QVERIFY(asked < 100);
    }
    QCOMPARE(store.snapshots(question.session).size(), std::size_t{2});  // behind the question and behind the answer
    QVERIFY(chat->write_states());
    // One that is not written yet is found all the same.
    const NodeRow second = store.add_user_message({}, "Tell me more");
    (void)chat->answer(second.session, sampled(20), quiet_, {}).value();
    QVERIFY(!chat->keep_state(second.session, [] { return true; }));
    QVERIFY(store.snapshots(second.session).empty());
    store.set_head(second.session, second.id);
    NodeRow again = chat->answer(second.session, sampled(20), quiet_, {}).value();
    QCOMPARE(again.statistics.prompt_tokens, std::int64_t{0});
    // However often there is something more urgent, they are written in the end.
    for (int i = 0; i < 14; ++i) {
      store.set_head(second.session, second.id);
      store.add_user_message(second.session, "And " + std::to_string(i));
      (void)chat->answer(second.session, sampled(4), quiet_, {}).value();
      (void)chat->keep_state(second.session, [] { return true; });
    }
    QVERIFY(store.snapshots(second.session).size() > 8);
  }

  void the_next_turn_does_not_wait_for_states_to_be_written() {
    write_random_model(path("model"));
    Store store(path("holdfast.db"));
    const SessionId first = store.add_user_message({}, "Tell me").session;
    const SessionId second = store.add_user_message({}, "And me").session;
    ChatService chat(path("holdfast.db").parent_path(), 1);
    QStringList told;
    const auto name = [&](SessionId id) { return QString(id == first ? "first" : "second"); };
    connect(&chat, &ChatService::turnFinished, this, [&](SessionId id) { told << name(id) + " finished"; });
    connect(&chat, &ChatService::stateKept, this, [&](SessionId id) { told << name(id) + " kept"; });
    chat.loadModel(QString::fromStdString(path("model").string()));
    chat.answer(first, sampled(20));
    chat.answer(second, sampled(20));
    QTRY_VERIFY2(told.size() == 4, qPrintable(told.join(QStringLiteral(", "))));
    QCOMPARE(told, (QStringList{"first finished", "second finished", "second kept", "first kept"}));
    for (const SessionId id : {first, second}) QCOMPARE(store.snapshots(id).size(), std::size_t{2});
  }

  void a_new_branch_begins_at_the_state_of_its_question() {
    RecitingModel::write(path("model"), recital);
    Store store(path("holdfast.db"));
    auto chat = engine();
    load(*chat, path("model"));
    const NodeRow question = store.add_user_message({}, "2 + 2?");
    chat->answer(question.session, sampled(100), quiet_, {});
    chat->keep_state(question.session);
    for (const bool restart : {false, true}) {
      if (restart) {
        chat = engine();
        load(*chat, path("model"));
      }
      store.set_head(question.session, question.id);
      chat->answer(question.session, sampled(100), quiet_, {});
      const std::vector<NodeRow> branch = store.branch(question.session);
      QCOMPARE(branch[1].parent, question.id);
      QCOMPARE(branch[1].statistics.prompt_tokens, 0);
      QCOMPARE(branch[1].statistics.restored_tokens, std::ssize(*store.node(question.id)->tokens));
    }
    QCOMPARE(store.tree(question.session).size(), std::size_t{7});
  }

  // Seen failing: a branch gone on with behind what was seen of another one of the same length.
  void what_is_watched_is_what_reading_again_would_show_on_every_branch() {
    write_random_model(path("model"));
    auto chat = engine();
    load(*chat, path("model"));
    Store store(path("holdfast.db"));
    const NodeRow question = store.add_user_message({}, "Tell me");
    const auto agrees = [&] {
      chat->keep_state(question.session);
      const SharedModel shared = chat->shared_model();
      const std::vector<TokenId> ids = ids_of(store, question.session);
      const Inspection seen = seen_of(*chat, store, question.session);
      QCOMPARE(seen.tokens(), std::ssize(ids));
      Stream stream(Device::cpu(), 1);
      const Inspection read = Inspection::of(*shared.model, stream, ids, {.every = 512});
      const auto last = std::ssize(ids) - 1;
      for (const std::int64_t written : {std::int64_t{0}, last / 2, last - 12, last}) {
        const auto got = seen.retention(written, last), want = read.retention(written, last);
        for (std::size_t i = 0; i < got.size(); ++i) QVERIFY(std::abs(got[i] - want[i]) < 1e-4);
      }
    };
    const NodeRow first = chat->answer(question.session, sampled(40), quiet_, {}).value();
    agrees();
    store.set_head(question.session, question.id);
    TurnSettings other = sampled(40);
    other.sampler.seed = 99;
    const NodeRow second = chat->answer(question.session, other, quiet_, {}).value();
    QCOMPARE(second.tokens->size(), first.tokens->size());
    QVERIFY(*second.tokens != *first.tokens);
    agrees();
    store.set_head(question.session, first.id);
    chat->go_on(question.session, 20, quiet_, {});
    agrees();
    chat = engine();  // and after a restart
    load(*chat, path("model"));
    chat->go_on(question.session, 20, quiet_, {});
    agrees();
    store.add_user_message(question.session, "And on");
    chat->answer(question.session, sampled(40), quiet_, {});
    agrees();
    // A fork within an answer: it is read again from the question on, which both have in common.
    chat->fork(first.id, 17, other.sampler);
    chat->go_on(question.session, 20, quiet_, {});
    agrees();
    // When it is off, nothing is kept.
    store.set_setting(watch_setting, "0");
    fs::remove_all(path("inspections"));
    chat->go_on(question.session, 20, quiet_, {});
    chat->keep_state(question.session);
    QVERIFY(!fs::exists(path("inspections")));
  }

  // Seen failing: no seam where a state is kept; tokens before an origin counted; what was not kept of another branch.
  // Each token of the tree is kept once, whatever branches there are: a fork reads and keeps its own beginning again
  // from the state before it, and nothing else is.
  void branches_share_what_was_seen_before_they_part() {
    write_random_model(path("model"));
    auto chat = engine();
    load(*chat, path("model"));
    Store store(path("holdfast.db"));
    const NodeRow question = store.add_user_message({}, "Tell me");
    const NodeRow first = chat->answer(question.session, sampled(40), quiet_, {}).value();
    chat->keep_state(question.session);
    const std::int64_t asked = std::ssize(*store.node(question.id)->tokens);
    QCOMPARE(kept_tokens(), asked + 40);
    TurnSettings other = sampled(30);
    for (const std::uint64_t seed : {5u, 6u, 7u}) {
      store.set_head(question.session, question.id);
      other.sampler.seed = seed;
      chat->answer(question.session, other, quiet_, {});
      chat->keep_state(question.session);
    }
    QCOMPARE(kept_tokens(), asked + 40 + 3 * 30);
    chat = engine();
    load(*chat, path("model"));
    chat->fork(first.id, 17, other.sampler);
    chat->go_on(question.session, 10, quiet_, {});
    chat->keep_state(question.session);
    QCOMPARE(kept_tokens(), asked + 40 + 3 * 30 + 17 + 10);
    // What was not kept when another branch is begun is forgotten: it is not that branch's.
    for (const std::int64_t tokens : {12, 25}) {
      store.set_head(question.session, question.id);
      other = sampled(tokens);
      other.sampler.seed = 100 + static_cast<std::uint64_t>(tokens);
      chat->answer(question.session, other, quiet_, {});
    }
    chat->keep_state(question.session);
    QCOMPARE(kept_tokens(), asked + 40 + 3 * 30 + 17 + 10 + 25);
  }

  // However long the session is: what is kept of it is neither opened nor written again. The files say so: each is made
  // unreadable, and stays as it is.
  void going_on_opens_nothing_that_was_kept() {
    write_random_model(path("model"));
    auto chat = engine();
    load(*chat, path("model"));
    Store store(path("holdfast.db"));
    const NodeRow question = store.add_user_message({}, "Tell me");
    chat->answer(question.session, sampled(40), quiet_, {});
    chat->keep_state(question.session);
    std::set<fs::path> before;
    for (const fs::path& file : kept_files()) {
      fs::resize_file(file, 3);
      before.insert(file);
    }
    QCOMPARE(before.size(), std::size_t{2});  // the question and the answer: a state is kept behind each
    chat = engine();
    load(*chat, path("model"));
    chat->go_on(question.session, 20, quiet_, {});
    chat->keep_state(question.session);
    std::size_t added = 0;
    for (const fs::path& file : kept_files()) {
      if (before.erase(file) == 1) {
        QCOMPARE(fs::file_size(file), std::uintmax_t{3});
      } else {
        ++added;
        QCOMPARE(std::ssize(Inspection::stretch_of(file).tokens), std::int64_t{20});
      }
    }
    QVERIFY(before.empty());
    QCOMPARE(added, std::size_t{1});
  }

  // What a session begins with was not seen; what it reads and writes behind it is.
  void a_session_that_begins_with_a_state_is_watched_from_there() {
    write_random_model(path("model"));
    auto chat = engine();
    load(*chat, path("model"));
    Store store(path("holdfast.db"));
    const NodeRow question = store.add_user_message({}, "Tell me");
    chat->answer(question.session, sampled(40), quiet_, {});
    chat->keep_state(question.session);
    const std::vector<TokenId> first = ids_of(store, question.session);
    StateFiles files(store, path("states"));
    const fs::path exported = path("kept.safetensors");
    files.export_to(store.snapshots(question.session).front().file, exported);
    const SessionId session = chat->begin_from_state(exported);
    store.add_user_message(session, "And on");
    chat->answer(session, sampled(40), quiet_, {});
    chat->keep_state(session);
    const std::vector<TokenId> own = ids_of(store, session);
    const Inspection seen = seen_of(*chat, store, session);
    QCOMPARE(seen.tokens(), std::ssize(own));
    std::vector<TokenId> all = first;
    all.insert(all.end(), own.begin(), own.end());
    Stream stream(Device::cpu(), 1);
    const Inspection read = Inspection::of(*chat->shared_model().model, stream, all, {.every = 512});
    const auto before = std::ssize(first), last = std::ssize(own) - 1;
    for (const std::int64_t written : {std::int64_t{0}, last / 2, last}) {
      const auto got = seen.retention(written, last), want = read.retention(before + written, before + last);
      for (std::size_t i = 0; i < got.size(); ++i) QVERIFY(std::abs(got[i] - want[i]) < 1e-4);
    }
  }

  void a_thought_is_cut_short_and_answered() {
    RecitingModel::write(path("model"), {"on and", " on"}, RecitingModel::End::repeat);
    const auto chat = engine();
    load(*chat, path("model"));
    Store store(path("holdfast.db"));
    const NodeRow question = store.add_user_message({}, "2 + 2?");
    chat->answer(question.session, sampled(7), quiet_, {});
    const NodeRow last = chat->answer_now(question.session, 5, quiet_, {}).value();
    const std::vector<NodeRow> branch = store.branch(question.session);
    QCOMPARE(branch.size(), std::size_t{3});
    QCOMPARE(branch[1].kind, NodeKind::thought);
    QCOMPARE(branch[1].stop_reason, std::string("thought_end"));
    QCOMPARE(branch[1].text, std::string("on and onon and onon and onon and\n"));
    QVERIFY(branch[1].statistics.forced_tokens > 0);
    QCOMPARE(last.kind, NodeKind::answer);
    QCOMPARE(last.id, branch[2].id);
    QVERIFY(!last.tokens->empty());
    // The state has read exactly what the nodes hold.
    std::int64_t total = 0;
    for (const NodeRow& node : branch) total += std::ssize(*node.tokens);
    chat->keep_state(question.session);
    QCOMPARE(store.snapshots(question.session).front().position, total);
  }

  void a_thinking_budget_closes_the_thought() {
    RecitingModel::write(path("model"), {"on and", " on"}, RecitingModel::End::repeat);
    const auto chat = engine();
    load(*chat, path("model"));
    Store store(path("holdfast.db"));
    const NodeRow question = store.add_user_message({}, "2 + 2?");
    TurnSettings settings = sampled(20);
    settings.thinking_budget = 6;
    chat->answer(question.session, settings, quiet_, {});
    const std::vector<NodeRow> branch = store.branch(question.session);
    QCOMPARE(branch.size(), std::size_t{3});
    QCOMPARE(std::ssize(*branch[1].tokens) - branch[1].statistics.forced_tokens, std::int64_t{6});
    QCOMPARE(branch[2].kind, NodeKind::answer);
  }

  void an_ended_thought_thinks_on_beside_itself() {
    RecitingModel::write(path("model"), recital);
    const auto chat = engine();
    load(*chat, path("model"));
    Store store(path("holdfast.db"));
    const NodeRow question = store.add_user_message({}, "2 + 2?");
    chat->answer(question.session, sampled(100), quiet_, {});
    const NodeRow first = store.branch(question.session).at(1);
    chat->think_more(question.session, 9, quiet_, {});
    const NodeRow second = store.branch(question.session).at(1);
    QVERIFY(!(second.id == first.id));
    QCOMPARE(second.parent, first.parent);
    QVERIFY2(
        second.text.starts_with("Two and two make four.") && second.text.find(thought_reopening) != std::string::npos,
        second.text.c_str());
    QCOMPARE(store.node(first.id)->text, first.text);  // what was there stays
  }

  void an_edited_thought_goes_on_from_its_new_text() {
    RecitingModel::write(path("model"), recital);
    const auto chat = engine();
    load(*chat, path("model"));
    Store store(path("holdfast.db"));
    const NodeRow question = store.add_user_message({}, "2 + 2?");
    chat->answer(question.session, sampled(100), quiet_, {});
    NodeRow edited = store.branch(question.session).at(1);
    const NodeId original = edited.id;
    edited.text = "Two and two";
    edited.tokens.reset();
    edited.stop_reason = "edited";
    edited = store.add_node(edited);
    const NodeRow last = chat->go_on(question.session, 100, quiet_, {}).value();
    const std::vector<NodeRow> branch = store.branch(question.session);
    QCOMPARE(branch.size(), std::size_t{3});
    QCOMPARE(branch[1].id, edited.id);
    QCOMPARE(branch[1].text, std::string("Two and two make four.\n"));
    QCOMPARE(last.text, std::string("\n\nThe answer is 4."));
    QVERIFY(store.node(original).has_value());
  }

  void a_fork_draws_on_from_any_token_without_reading_again() {
    write_random_model(path("model"));
    const auto chat = engine();
    load(*chat, path("model"));
    Store store(path("holdfast.db"));
    const NodeRow question = store.add_user_message({}, "Tell me");
    const NodeRow whole = chat->answer(question.session, sampled(40), quiet_, {}).value();
    // The same seed at the same draw: the same text again.
    NodeRow fork = chat->fork(whole.id, 15, sampled(1).sampler);
    QCOMPARE(std::ssize(*fork.tokens), std::int64_t{15});
    QVERIFY(whole.text.starts_with(fork.text.substr(0, fork.text.size() / 2)));
    fork = chat->go_on(question.session, 25, quiet_, {}).value();
    QCOMPARE(*fork.tokens, *whole.tokens);
    QCOMPARE(fork.text, whole.text);
    // Another token in its place: that one, and another text behind it.
    const std::vector<TokenChoice> choices = store.token_choices(whole.id);
    QCOMPARE(choices.size(), std::size_t{40});
    const TokenId taken = whole.tokens->at(15);
    const auto other =
        std::ranges::find_if(choices[15].alternatives, [&](const TokenProbability& p) { return p.token != taken; });
    QVERIFY(other != choices[15].alternatives.end());
    SamplerConfig other_seed = sampled(1).sampler;
    other_seed.seed = 77;
    chat->fork(whole.id, 15, other_seed);
    fork = chat->go_on(question.session, 10, quiet_, {}, {other->token}).value();
    QCOMPARE(fork.tokens->at(15), other->token);
    QVERIFY(std::equal(fork.tokens->begin(), fork.tokens->begin() + 15, whole.tokens->begin()));
    QCOMPARE(fork.statistics.forced_tokens, std::int64_t{1});
    QVERIFY_EXCEPTION_THROWN(chat->fork(whole.id, 41, other_seed), ArgumentError);
    QVERIFY_EXCEPTION_THROWN(chat->fork(question.id, 0, other_seed), ArgumentError);
  }

  void the_probabilities_of_tokens_are_kept() {
    write_random_model(path("model"));
    const auto chat = engine();
    load(*chat, path("model"));
    Store store(path("holdfast.db"));
    const NodeRow question = store.add_user_message({}, "Tell me");
    NodeRow row = chat->answer(question.session, sampled(10), quiet_, {}).value();
    row = chat->go_on(question.session, 10, quiet_, {}).value();
    const std::vector<TokenChoice> choices = store.token_choices(row.id);
    QCOMPARE(choices.size(), std::size_t{20});
    for (std::size_t i = 0; i < choices.size(); ++i) {
      QCOMPARE(choices[i].alternatives.size(), std::size_t{5});
      for (std::size_t j = 0; j + 1 < 5; ++j) {
        QVERIFY(choices[i].alternatives[j].log_prob >= choices[i].alternatives[j + 1].log_prob);
      }
      for (const TokenProbability& other : choices[i].alternatives) {
        if (other.token == row.tokens->at(i)) QCOMPARE(other.log_prob, choices[i].log_prob);
      }
    }
  }

  void a_text_that_repeats_is_noticed() {
    RecitingModel::write(path("model"), {"on and", " on", " and"}, RecitingModel::End::repeat);
    const auto chat = engine();
    load(*chat, path("model"));
    Store store(path("holdfast.db"));
    const NodeRow question = store.add_user_message({}, "2 + 2?");
    int told = 0;
    TurnEvents events = quiet_;
    events.looping = [&](NodeId node, std::int64_t position) {
      ++told;
      QVERIFY(node);
      QVERIFY(position >= 0 && position < 16);
    };
    chat->answer(question.session, sampled(300), events, {});
    QCOMPARE(told, 1);
    LoopDetector loops;
    for (TokenId token = 0; token < 5000; ++token) QVERIFY(!loops.push(token % 301));  // a longer piece is no loop
  }

  void samples_of_a_question_are_voted_on_from_one_state() {
    RecitingModel::write(path("model"), recital);
    const auto chat = engine();
    load(*chat, path("model"));
    Store store(path("holdfast.db"));
    const NodeRow question = store.add_user_message({}, "2 + 2?");
    std::size_t told = 0;
    const VoteEvents events{.reading = [](auto, auto) {}, .changed = [&](const VoteProgress&) { ++told; }};
    const VoteProgress result = chat->vote(question.session, sampled(100), 5, events, {});
    QVERIFY(told > 0);
    QVERIFY(result.decided);
    QCOMPARE(result.vote.groups.size(), std::size_t{1});
    QCOMPARE(result.vote.groups[0].answer, std::string("4"));
    const std::vector<NodeRow> tree = store.tree(question.session);
    const Vote again = vote_of(ballots_of(tree, question.id));
    QCOMPARE(again.groups.size(), std::size_t{1});
    QCOMPARE(again.counted(), result.vote.counted());
    QCOMPARE(store.branch(question.session).back().id, result.vote.groups[0].leaves[0]);
    for (const NodeRow& node : tree) QVERIFY(!node.running);
  }

  void samples_are_what_single_answers_would_be() {
    write_random_model(path("model"));
    auto chat = engine();
    load(*chat, path("model"));
    Store store(path("holdfast.db"));
    const NodeRow question = store.add_user_message({}, "Tell me");
    TurnSettings settings = sampled(12);
    chat->vote(question.session, settings, 3, {.reading = [](auto, auto) {}, .changed = {}}, {});
    const std::vector<NodeRow> tree = store.tree(question.session);
    QCOMPARE(tree.size(), std::size_t{4});
    for (std::size_t i = 0; i < 3; ++i) {
      const NodeRow other = store.add_user_message({}, "Tell me");
      settings.sampler.seed = tree[i + 1].sampler->seed;
      QCOMPARE(settings.sampler.seed == sampled(1).sampler.seed, i == 0);
      const NodeRow alone = chat->answer(other.session, settings, quiet_, {}).value();
      QCOMPARE(*tree[i + 1].tokens, *alone.tokens);
      QCOMPARE(tree[i + 1].text, alone.text);
    }
    // One of them goes on as it would have alone.
    store.set_head(question.session, tree[1].id);
    const NodeRow on = chat->go_on(question.session, 8, quiet_, {}).value();
    const NodeRow whole = store.add_user_message({}, "Tell me");
    settings.sampler.seed = sampled(1).sampler.seed;
    settings.max_tokens = 20;
    QCOMPARE(*on.tokens, *chat->answer(whole.session, settings, quiet_, {})->tokens);
  }

  void votes_are_counted_by_value() {
    const std::vector<Ballot> ballots{{{1}, "0.5"}, {{2}, "3"}, {{3}, "\\frac{1}{2}"}, {{4}, {}}, {{5}, "1/2"}};
    const Vote vote = vote_of(ballots);
    QCOMPARE(vote.groups.size(), std::size_t{2});
    QCOMPARE(vote.groups[0].leaves, (std::vector<NodeId>{{1}, {3}, {5}}));
    QCOMPARE(vote.silent, std::vector<NodeId>{{4}});
    QCOMPARE(vote.counted(), std::size_t{4});
    QVERIFY(is_decided(vote, 1));
    QVERIFY(!is_decided(vote, 2));
    QVERIFY(!is_decided(Vote{}, 1));
  }

  void a_session_begins_with_a_state_from_a_file() {
    write_random_model(path("model"));
    Store store(path("holdfast.db"));
    auto chat = engine();
    load(*chat, path("model"));
    const NodeRow question = store.add_user_message({}, "Tell me");
    chat->answer(question.session, sampled(30), quiet_, {});
    chat->keep_state(question.session);
    const fs::path file = path("exported.safetensors");
    StateFiles(store, path("states")).export_to(store.snapshots(question.session).front().file, file);
    const auto told = [&](SessionId session) {
      store.add_user_message(session, "And then?");
      return chat->answer(session, sampled(20), quiet_, {})->text;
    };
    const std::string plain = told(store.create_session("plain"));
    const SessionId first = chat->begin_from_state(file);
    QVERIFY(!store.session(first)->origin.empty());
    const std::string behind = told(first);
    QVERIFY(behind != plain);  // what the state has read counts
    chat->keep_state(first);
    QCOMPARE(told(store.create_session("plain")), plain);  // and does so in its session alone
    chat = engine();
    load(*chat, path("model"));
    QCOMPARE(told(chat->begin_from_state(file)), behind);
    // Opened again, it goes on behind what it has read, and reads nothing again.
    std::int64_t read = 0;
    for (const NodeRow& node : store.branch(first)) read += std::ssize(*node.tokens);
    const auto before =
        static_cast<std::int64_t>(Snapshot::load(file, Checkpoint::open(path("model"))->config()).tokens_read);
    told(first);
    QCOMPARE(store.branch(first).at(3).statistics.restored_tokens, before + read);
    fs::remove_all(path("states"));
    chat = engine();
    load(*chat, path("model"));
    store.add_user_message(first, "Gone?");
    QVERIFY_EXCEPTION_THROWN((void)chat->answer(first, sampled(5), quiet_, {}), IoError);
  }

  void a_state_of_other_weights_is_refused() {
    write_random_model(path("model"));
    RecitingModel::write(path("other"), recital);
    Store store(path("holdfast.db"));
    const auto chat = engine();
    load(*chat, path("model"));
    const NodeRow question = store.add_user_message({}, "Tell me");
    chat->answer(question.session, sampled(5), quiet_, {});
    chat->keep_state(question.session);
    const fs::path file = path("exported.safetensors");
    StateFiles(store, path("states")).export_to(store.snapshots(question.session).front().file, file);
    load(*chat, path("other"));
    QVERIFY_EXCEPTION_THROWN(chat->begin_from_state(file), Error);
    QVERIFY_EXCEPTION_THROWN(chat->begin_from_state(path("nothing")), Error);
    QCOMPARE(store.sessions().size(), std::size_t{1});
  }

  void old_states_go_when_there_are_too_many() {
    write_random_model(path("model"));
    const auto chat = engine();
    load(*chat, path("model"));
    Store store(path("holdfast.db"));
    store.set_setting(state_quota_setting, "0");
    const NodeRow question = store.add_user_message({}, "Tell me");
    chat->answer(question.session, sampled(10), quiet_, {});
    chat->keep_state(question.session);
    const std::vector<SnapshotRow> first = store.snapshots(question.session);
    QCOMPARE(first.size(), std::size_t{2});  // what was just written stays
    store.pin_snapshot(first[0].id, true, "kept");
    chat->go_on(question.session, 10, quiet_, {});
    chat->keep_state(question.session);
    const std::vector<SnapshotRow> second = store.snapshots(question.session);
    QCOMPARE(second.size(), std::size_t{2});
    QCOMPARE(second[1].id, first[0].id);
    QCOMPARE(second[1].name, std::string("kept"));
    // Only the pieces of these two are left.
    std::set<std::string> want;
    for (const SnapshotRow& row : second) {
      for (const StatePiece& piece : store.state_pieces(row.file)) want.insert(piece.hash);
    }
    std::set<std::string> found;
    for (const auto& entry : fs::directory_iterator(path("states/pieces"))) found.insert(entry.path().stem());
    QCOMPARE(found, want);
  }

  void models_that_cannot_be_used_are_refused_with_the_reason() {
    const auto chat = engine();
    QVERIFY_EXCEPTION_THROWN(load(*chat, path("nowhere")), Error);
    TextModelWriter().write(path("mute"));
    fs::remove(path("mute") / "tokenizer.model");
    std::string message;
    try {
      load(*chat, path("mute"));
    } catch (const FormatError& error) {
      message = error.what();
    }
    QVERIFY2(message.find("tokenizer") != std::string::npos, message.c_str());
    QVERIFY(!chat->has_model());
    Store store(path("holdfast.db"));
    const NodeRow question = store.add_user_message({}, "?");
    QVERIFY_EXCEPTION_THROWN((void)chat->answer(question.session, sampled(1), quiet_, {}), ArgumentError);
  }

  void loading_can_be_left() {
    TextModelWriter().write(path("model"));
    const auto chat = engine();
    std::stop_source stop;
    stop.request_stop();
    QVERIFY_EXCEPTION_THROWN(chat->load(
                                 path("model"), [](double) {}, stop.get_token()),
                             Cancelled);
    QVERIFY(!chat->has_model());
  }
};

QTEST_GUILESS_MAIN(ChatEngineTest)
#include "chat_engine_test.moc"
