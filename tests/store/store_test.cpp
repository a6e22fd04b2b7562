// What the store is asked to keep is what it gives back.
#include "app/store/store.h"

#include <QTemporaryDir>
#include <QTest>
#include <fstream>
#include <iterator>
#include <limits>

#include "app/store/columns.h"
#include "kernels/error.h"

using namespace holdfast;
namespace fs = std::filesystem;

class StoreTest : public QObject {
  Q_OBJECT

  [[nodiscard]] fs::path file() const { return fs::path(folder_->path().toStdString()) / "holdfast.db"; }
  std::unique_ptr<QTemporaryDir> folder_;
  std::unique_ptr<Store> store_;

  [[nodiscard]] static NodeRow answer_to(const NodeRow& question) {
    NodeRow row;
    row.session = question.session;
    row.parent = question.id;
    row.kind = NodeKind::answer;
    row.chat_format = "chatml";
    row.sampler.emplace();
    row.sampler->seed = std::numeric_limits<std::uint64_t>::max() - 2;
    row.sampler->params.temperature = 0.75f;
    row.max_tokens = 99;
    row.draws = 41;
    return row;
  }

 private slots:
  void init() {
    folder_ = std::make_unique<QTemporaryDir>();
    store_ = std::make_unique<Store>(file());
  }

  void a_question_makes_a_session_with_its_first_line_as_title() {
    const NodeRow node = store_->add_user_message({}, "\n  What is 2 + 2?\nPlease.");
    const std::vector<SessionRow> sessions = store_->sessions();
    QCOMPARE(sessions.size(), std::size_t{1});
    QCOMPARE(sessions[0].title, std::string("What is 2 + 2?"));
    QVERIFY(sessions[0].head == node.id);
    QCOMPARE(store_->branch(node.session).at(0).text, std::string("\n  What is 2 + 2?\nPlease."));
    QVERIFY(!store_->branch(node.session).at(0).tokens.has_value());
  }

  void a_long_title_is_cut_between_characters() {
    std::string question;
    for (int i = 0; i < 100; ++i) question += "\u00e9";
    store_->add_user_message({}, question);
    QCOMPARE(QString::fromStdString(store_->sessions()[0].title), QString(60, QChar(0xe9)) + QChar(0x2026));
  }

  void a_title_given_by_a_person_stays() {
    const SessionId id = store_->create_session("New session");
    store_->rename_session(id, "Algebra");
    store_->add_user_message(id, "1 + 1?");
    QCOMPARE(store_->session(id)->title, std::string("Algebra"));
    QVERIFY(store_->session(id)->named);
  }

  void a_turn_comes_back_as_it_was_written() {
    const NodeRow question = store_->add_user_message({}, "q");
    NodeRow row = answer_to(question);
    row.checkpoint = store_->register_checkpoint({.fingerprint = "f", .name = "m", .dtype = "bf16"});
    store_->set_tokens(question.id, std::vector<TokenId>{1, 2, 70000}, row.checkpoint);
    row.id = store_->begin_node(row);
    row.text = "four";
    row.tokens = std::vector<TokenId>{5, 6};
    row.stop_reason = "stop_token";
    row.statistics = {.prompt_tokens = 3, .seconds = 0.5, .generated_tokens = 2, .state_bytes = 1000};
    row.statistics.false_step = "38 / 3 = 12";
    store_->finish_node(row);

    const std::vector<NodeRow> branch = Store(file()).branch(question.session);
    QCOMPARE(branch.size(), std::size_t{2});
    QCOMPARE(branch[0].tokens.value(), (std::vector<TokenId>{1, 2, 70000}));
    const NodeRow& got = branch[1];
    QVERIFY(got.parent == question.id);
    QVERIFY(!got.running);
    QCOMPARE(got.text, row.text);
    QCOMPARE(got.tokens.value(), row.tokens.value());
    QCOMPARE(got.sampler->seed, row.sampler->seed);
    QCOMPARE(got.sampler->params.temperature, 0.75f);
    QCOMPARE(got.max_tokens, 99);
    QCOMPARE(got.draws, std::uint64_t{41});
    QCOMPARE(got.stop_reason, row.stop_reason);
    QVERIFY(got.statistics == row.statistics);
    QVERIFY(got.checkpoint == row.checkpoint);
    QVERIFY(got.finished >= got.created);
  }

  void running_text_is_seen_as_far_as_its_journal_goes() {
    const NodeRow question = store_->add_user_message({}, "q");
    const NodeId id = store_->begin_node(answer_to(question));
    store_->append_journal(id, std::vector<TokenId>{1, 2}, "on");
    store_->append_journal(id, std::vector<TokenId>{3}, "e");
    const NodeRow got = Store(file()).branch(question.session).at(1);
    QVERIFY(got.running);
    QCOMPARE(got.text, std::string("one"));
    QCOMPARE(got.tokens.value(), (std::vector<TokenId>{1, 2, 3}));
  }

  void a_running_node_of_a_living_process_is_not_recovered() {
    const NodeRow question = store_->add_user_message({}, "q");
    store_->begin_node(answer_to(question));
    QVERIFY(store_->recover().empty());
    QVERIFY(store_->branch(question.session).at(1).running);
  }

  void a_thought_ends_and_the_answer_begins_in_one_step() {
    const NodeRow question = store_->add_user_message({}, "q");
    NodeRow thought = answer_to(question);
    thought.kind = NodeKind::thought;
    thought.id = store_->begin_node(thought);
    store_->append_journal(thought.id, std::vector<TokenId>{1}, "hm");
    thought.text = "hm";
    thought.tokens = std::vector<TokenId>{1};
    thought.stop_reason = "thought_end";
    NodeRow answer = answer_to(question);
    answer.parent = thought.id;
    const NodeId id = store_->finish_and_begin(thought, answer);
    const std::vector<NodeRow> branch = store_->branch(question.session);
    QCOMPARE(branch.size(), std::size_t{3});
    QCOMPARE(branch[1].kind, NodeKind::thought);
    QVERIFY(!branch[1].running);
    QVERIFY(branch[2].id == id);
    QVERIFY(branch[2].running);
  }

  void a_stopped_node_goes_on_where_it_was() {
    const NodeRow question = store_->add_user_message({}, "q");
    NodeRow row = answer_to(question);
    row.id = store_->begin_node(row);
    row.text = "one ";
    row.tokens = std::vector<TokenId>{1};
    row.stop_reason = "cancelled";
    store_->finish_node(row);
    store_->resume_node(row.id);
    store_->append_journal(row.id, std::vector<TokenId>{2}, "two");
    QCOMPARE(store_->node(row.id)->text, std::string("one two"));
    QCOMPARE(store_->node(row.id)->tokens.value(), (std::vector<TokenId>{1, 2}));
    QVERIFY(store_->node(row.id)->running);
  }

  void what_is_not_running_cannot_be_journalled_or_finished() {
    const NodeRow question = store_->add_user_message({}, "q");
    QVERIFY_EXCEPTION_THROWN(store_->append_journal(question.id, {}, "x"), StoreError);
    QVERIFY_EXCEPTION_THROWN(store_->finish_node(question), StoreError);
    QVERIFY_EXCEPTION_THROWN(store_->resume_node({4711}), StoreError);
  }

  void a_deleted_session_can_come_back_until_it_is_purged() {
    const NodeRow node = store_->add_user_message({}, "q");
    store_->delete_session(node.session);
    QVERIFY(store_->sessions().empty());
    QCOMPARE(store_->purge_deleted(now_milliseconds() - 60000), 0);
    store_->restore_session(node.session);
    QCOMPARE(store_->branch(node.session).size(), std::size_t{1});
    store_->delete_session(node.session);
    QCOMPARE(store_->purge_deleted(now_milliseconds() + 1), 1);
    QVERIFY(!store_->node(node.id));
  }

  void a_session_of_very_many_messages_can_be_purged() {
    const NodeRow first = store_->add_user_message({}, "q");
    const NodeRow kept = store_->add_user_message({}, "kept");
    Connection connection(file());
    const auto grow = [&](const NodeRow& from, int begin) {
      connection.execute("WITH RECURSIVE c (i) AS (VALUES (" + std::to_string(begin) +
                         ") UNION ALL SELECT i + 1 FROM c WHERE i < " + std::to_string(begin + 3000) +
                         ") INSERT INTO node (id, session, parent, kind, text, created) SELECT i, " +
                         std::to_string(from.session.value) + ", iif(i = " + std::to_string(begin) + ", " +
                         std::to_string(from.id.value) + ", i - 1), 'note', 'x', 1 FROM c");
    };
    grow(first, 10000);
    grow(kept, 20000);
    store_->delete_session(first.session);
    store_->delete_branch({20000});
    QCOMPARE(store_->purge_deleted(now_milliseconds() + 1), 1);
    QVERIFY(!store_->node({12000}));
    QVERIFY(!store_->node({22000}));
    QCOMPARE(connection.integer("SELECT count(*) FROM node"), 1);
    QCOMPARE(store_->branch(kept.session).size(), std::size_t{1});
  }

  void drafts_settings_and_snapshots_are_kept() {
    const NodeRow node = store_->add_user_message({}, "q");
    store_->save_draft(node.session, "half a quest");
    QCOMPARE(store_->session(node.session)->draft, std::string("half a quest"));
    store_->add_user_message(node.session, "half a question");
    QCOMPARE(store_->session(node.session)->draft, std::string());

    store_->set_setting("theme", "dark");
    store_->set_setting("theme", "light");
    QCOMPARE(store_->setting("theme").value(), std::string("light"));
    QVERIFY(!store_->setting("nothing"));

    const CheckpointId checkpoint = store_->register_checkpoint({.fingerprint = "f"});
    QVERIFY(store_->register_checkpoint({.fingerprint = "f", .name = "again"}) == checkpoint);
    QCOMPARE(store_->checkpoints().at(0).name, std::string("again"));
    const std::uint64_t hash = 0xf000'0000'0000'0001u;
    store_->add_snapshot({.session = node.session,
                          .checkpoint = checkpoint,
                          .position = 5,
                          .prefix_hash = hash,
                          .file = "a.safetensors",
                          .bytes = 10});
    QCOMPARE(store_->snapshots(node.session).at(0).prefix_hash, hash);
    store_->remove_snapshot(store_->snapshots(node.session).at(0).id);
    QVERIFY(store_->snapshot_files().empty());
  }

  void foreign_keys_and_strict_types_hold() {
    NodeRow orphan;
    orphan.session = {12345};
    QVERIFY_EXCEPTION_THROWN(store_->begin_node(orphan), StoreError);
    QVERIFY_EXCEPTION_THROWN(store_->save_draft({777}, "x"), StoreError);
  }

  void an_edited_question_is_a_branch_beside_the_old_one() {
    const NodeRow first = store_->add_user_message({}, "first");
    const NodeRow second = store_->add_user_message(first.session, "second");
    NodeRow edited = second;
    edited.text = "second, edited";
    edited = store_->add_node(edited);
    QCOMPARE(edited.parent, first.id);
    QCOMPARE(store_->branch(first.session).back().text, std::string("second, edited"));
    QCOMPARE(store_->tree(first.session).size(), std::size_t{3});
    store_->set_head(first.session, second.id);
    QCOMPARE(store_->branch(first.session).back().id, second.id);
    QCOMPARE(store_->branch_to(edited.id).size(), std::size_t{2});
    // A new root beside the first question.
    store_->clear_head(first.session);
    QCOMPARE(store_->add_user_message(first.session, "anew").parent, NodeId{});
    QCOMPARE(store_->branch(first.session).size(), std::size_t{1});
  }

  void branches_of_other_sessions_are_refused() {
    const NodeRow one = store_->add_user_message({}, "one");
    const NodeRow two = store_->add_user_message({}, "two");
    QVERIFY_EXCEPTION_THROWN(store_->set_head(one.session, two.id), StoreError);
    QVERIFY_EXCEPTION_THROWN(
        store_->add_node({.session = one.session, .parent = two.id, .kind = NodeKind::note, .text = "x"}), StoreError);
    QVERIFY_EXCEPTION_THROWN(store_->set_head(one.session, {9999}), StoreError);
    QCOMPARE(store_->branch(one.session).size(), std::size_t{1});
  }

  void a_deleted_branch_goes_with_all_that_grew_from_it_and_comes_back() {
    const NodeRow root = store_->add_user_message({}, "root");
    const NodeRow kept = store_->add_user_message(root.session, "kept");
    store_->set_head(root.session, root.id);
    const NodeRow gone = store_->add_user_message(root.session, "gone");
    store_->add_user_message(root.session, "gone too");
    store_->delete_branch(gone.id);
    QCOMPARE(store_->branch(root.session).back().id, root.id);
    QCOMPARE(store_->tree(root.session).size(), std::size_t{2});
    QVERIFY_EXCEPTION_THROWN(store_->delete_branch(gone.id), StoreError);
    store_->restore_branch(gone.id);
    QCOMPARE(store_->tree(root.session).size(), std::size_t{4});
    QVERIFY_EXCEPTION_THROWN(store_->restore_branch(kept.id), StoreError);
    store_->delete_branch(gone.id);
    store_->purge_deleted(now_milliseconds() + 1);
    QVERIFY(!store_->node(gone.id));
    QCOMPARE(store_->tree(root.session).size(), std::size_t{2});
  }

  void favourites_and_token_choices_come_back() {
    const NodeRow node = store_->add_user_message({}, "one");
    store_->set_favourite(node.id, true);
    QVERIFY(store_->node(node.id)->favourite);
    QVERIFY(store_->token_choices(node.id).empty());
    const std::vector<TokenChoice> choices{{-0.25f, {{7, -0.25f}, {-1, -3.5f}}}, {0.0f, {}}};
    store_->set_token_choices(node.id, 0, {});
    store_->set_token_choices(node.id, 0, choices);
    const std::vector<TokenChoice> back = store_->token_choices(node.id);
    QCOMPARE(back.size(), std::size_t{2});
    QCOMPARE(back[0].log_prob, -0.25f);
    QCOMPARE(back[0].alternatives[1].token, -1);
    QCOMPARE(back[0].alternatives[1].log_prob, -3.5f);
    QVERIFY(back[1].alternatives.empty());
    std::vector<std::byte> blob = choices_to_blob(choices);
    blob.resize(blob.size() - 1);
    QVERIFY_EXCEPTION_THROWN((void)choices_from_blob(blob), StoreError);
  }

  void token_choices_are_kept_piece_by_piece() {
    const NodeRow node = store_->add_user_message({}, "one");
    const auto piece = [](std::initializer_list<float> log_probs) {
      std::vector<TokenChoice> choices;
      for (const float value : log_probs) choices.push_back({.log_prob = value, .alternatives = {{3, value}}});
      return choices;
    };
    const auto kept = [&] {
      std::vector<float> values;
      for (const TokenChoice& choice : store_->token_choices(node.id)) values.push_back(choice.log_prob);
      return values;
    };
    store_->set_token_choices(node.id, 2, piece({-3.0f}));
    QCOMPARE(kept(), std::vector<float>{});  // of the tokens before it nothing is known
    store_->set_token_choices(node.id, 0, piece({-1.0f, -2.0f}));
    QCOMPARE(kept(), (std::vector<float>{-1.0f, -2.0f, -3.0f}));
    store_->set_token_choices(node.id, 4, piece({-5.0f}));
    QCOMPARE(kept(), (std::vector<float>{-1.0f, -2.0f, -3.0f}));
    store_->set_token_choices(node.id, 3, piece({-4.0f}));
    QCOMPARE(kept(), (std::vector<float>{-1.0f, -2.0f, -3.0f, -4.0f, -5.0f}));
    store_->set_token_choices(node.id, 3, piece({-7.0f}));
    QCOMPARE(kept(), (std::vector<float>{-1.0f, -2.0f, -3.0f, -7.0f, -5.0f}));
    QCOMPARE(store_->token_choices(node.id)[4].alternatives[0].log_prob, -5.0f);
    store_->delete_branch(node.id);
    store_->purge_deleted(now_milliseconds() + 1);
    QCOMPARE(kept(), std::vector<float>{});
  }

  void state_files_are_listed_by_their_last_use() {
    const NodeRow node = store_->add_user_message({}, "one");
    const CheckpointId weights = store_->register_checkpoint({.fingerprint = "f", .name = "m"});
    for (int i = 1; i <= 3; ++i) {
      store_->add_snapshot({.session = node.session,
                            .checkpoint = weights,
                            .position = i,
                            .file = "f" + std::to_string(i),
                            .bytes = 10 * i});
    }
    const std::vector<SnapshotRow> rows = store_->snapshots(node.session);
    QCOMPARE(rows.front().position, 3);
    QTest::qWait(2);
    store_->touch_snapshot(rows.back().id);
    QCOMPARE(store_->snapshots_by_use().back().id, rows.back().id);
    store_->pin_snapshot(rows.front().id, true, "before the trick");
    QVERIFY(store_->snapshots(node.session).front().pinned);
    QCOMPARE(store_->snapshots(node.session).front().name, std::string("before the trick"));
  }

  void made_problems_are_kept_in_sets() {
    const ProblemSetId set = store_->create_problem_set("ratios");
    QVERIFY_EXCEPTION_THROWN(store_->create_problem_set("ratios"), StoreError);
    QVERIFY_EXCEPTION_THROWN(store_->create_problem_set(""), StoreError);
    ProblemRow row{.set = set,
                   .statement = "How many?",
                   .answer = "3",
                   .level = 2,
                   .concepts = {"ratio", "gcd"},
                   .verdict = "agreed",
                   .made = "{\"index\":0}"};
    row.id = store_->add_problem(row);
    QVERIFY_EXCEPTION_THROWN(store_->add_problem({.set = set, .made = "no json"}), StoreError);
    QCOMPARE(store_->problems(set).at(0).concepts, row.concepts);
    store_->set_problem_status(row.id, ProblemStatus::accepted);
    row.statement = "How many now?";
    store_->edit_problem(row);
    const ProblemRow back = store_->problem(row.id).value();
    QVERIFY(back.edited && back.status == ProblemStatus::accepted);
    QCOMPARE(back.statement, std::string("How many now?"));
    QCOMPARE(store_->problem_sets().at(0).accepted, 1);
    QCOMPARE(store_->problem_sets().at(0).name, std::string("ratios"));
    // Renamed to what no other has, and deleted with its problems.
    const ProblemSetId other = store_->create_problem_set("sums");
    QVERIFY_EXCEPTION_THROWN(store_->rename_problem_set(set, "sums"), StoreError);
    QVERIFY_EXCEPTION_THROWN(store_->rename_problem_set({99}, "more"), StoreError);
    store_->rename_problem_set(set, "rates");
    QCOMPARE(store_->problem_sets().at(1).name, std::string("rates"));
    store_->remove_problem_set(set);
    QVERIFY(!store_->problem(row.id));
    QCOMPARE(store_->problem_sets().size(), std::size_t{1});
    QVERIFY(store_->problem_sets().at(0).id == other);
    QVERIFY_EXCEPTION_THROWN(store_->remove_problem_set(set), StoreError);
  }

  void text_and_ids_of_any_kind_come_back() {
    const std::string text = std::string("nul \0 inside, ", 14) + "\u2211 \xf0\x9f\x98\x80";
    QCOMPARE(store_->branch(store_->add_user_message({}, text).session).at(0).text, text);
    const std::vector<TokenId> ids{0, -1, std::numeric_limits<TokenId>::max(), std::numeric_limits<TokenId>::min()};
    QCOMPARE(tokens_from_blob(tokens_to_blob(ids)), ids);
    QVERIFY_EXCEPTION_THROWN((void)tokens_from_blob(std::vector<std::byte>(5)), StoreError);
  }

  void an_outline_is_the_tree_without_its_weight() {
    const NodeRow question = store_->add_user_message({}, "how?");
    const CheckpointId weights = store_->register_checkpoint({.fingerprint = "f"});
    store_->set_tokens(question.id, std::vector<TokenId>{1, 2, 3}, weights);
    NodeRow thought{.session = question.session, .parent = question.id, .kind = NodeKind::thought};
    thought.text = std::string(900, 'a') + std::string(900, 'b');
    thought.tokens = std::vector<TokenId>(700, 5);
    thought.sampler.emplace();
    thought = store_->add_node(thought);
    NodeRow answer{.session = question.session, .parent = thought.id, .kind = NodeKind::answer};
    answer.text = std::string(5000, 'c');
    answer.stop_reason = "stop_token";
    answer.sampler.emplace();
    answer = store_->add_node(answer);
    const NodeRow gone = store_->add_node({.session = question.session, .parent = question.id, .text = "gone"});
    store_->delete_branch(gone.id);
    store_->set_favourite(answer.id, true);
    const std::vector<NodeRow> tree = store_->tree(question.session);
    const std::vector<NodeRow> outline = store_->outline(question.session);
    QCOMPARE(outline.size(), tree.size());
    for (std::size_t i = 0; i < tree.size(); ++i) {
      QCOMPARE(outline[i].id, tree[i].id);
      QCOMPARE(outline[i].parent, tree[i].parent);
      QCOMPARE(outline[i].kind, tree[i].kind);
      QCOMPARE(outline[i].token_count, tree[i].token_count);
      QCOMPARE(outline[i].favourite, tree[i].favourite);
      QCOMPARE(outline[i].session, tree[i].session);
      QCOMPARE(outline[i].stop_reason, tree[i].stop_reason);
      QVERIFY(!outline[i].tokens);
    }
    QCOMPARE(outline[1].token_count, std::int64_t{700});
    QCOMPARE(outline[1].text, thought.text.substr(0, 1000));
    QCOMPARE(outline[2].text, answer.text);  // a vote is counted by it
  }

  void a_store_that_only_reads_changes_nothing() {
    const NodeRow node = store_->add_user_message({}, "kept");
    {
      // While another one is open, what stands in its log is read.
      Store reader(file(), {.read_only = true});
      QCOMPARE(reader.branch(node.session).at(0).text, std::string("kept"));
      QVERIFY_EXCEPTION_THROWN(reader.set_setting("a", "b"), StoreError);
      store_->add_user_message(node.session, "seen too");
      QCOMPARE(reader.branch(node.session).size(), std::size_t{2});
    }
    store_.reset();
    const auto bytes = [&] {
      std::ifstream stream(file(), std::ios::binary);
      return std::string(std::istreambuf_iterator<char>(stream), {});
    };
    const std::string before = bytes();
    {
      Store reader(file(), {.read_only = true});
      QCOMPARE(reader.branch(node.session).size(), std::size_t{2});
      QVERIFY_EXCEPTION_THROWN(reader.add_user_message({}, "no"), StoreError);
    }
    {
      // As where neither a log nor locks can be made.
      Connection frozen(file(), Access::frozen);
      QCOMPARE(frozen.integer("SELECT count(*) FROM node"), 2);
      QVERIFY_EXCEPTION_THROWN(frozen.execute("DELETE FROM node"), StoreError);
    }
    QCOMPARE(bytes(), before);
    QCOMPARE(open_to_read(file()).branch(node.session).size(), std::size_t{2});
    QVERIFY_EXCEPTION_THROWN(Store(file().parent_path() / "nothing.db", {.read_only = true}), StoreError);
    QVERIFY(!fs::exists(file().parent_path() / "nothing.db"));
  }

  void paths_with_any_sign_are_opened_to_read() {
    const fs::path odd = file().parent_path() / "100% of #1? (caf\xc3\xa9).db";
    const SessionId session = Store(odd).add_user_message({}, "kept").session;
    QCOMPARE(Store(odd, {.read_only = true}).branch(session).size(), std::size_t{1});
  }

  void a_full_disk_refuses_the_write_and_keeps_what_was_there() {
    StoreOptions small;
    small.max_pages = 100;
    Store store(file(), small);
    const NodeRow first = store.add_user_message({}, "kept");
    std::string message;
    try {
      for (int i = 0; i < 100; ++i) store.add_user_message(first.session, std::string(4000, 'x'));
    } catch (const StoreError& error) {
      message = error.what();
    }
    QVERIFY2(message.find("disk is full") != std::string::npos, message.c_str());
    const std::size_t kept = store.branch(first.session).size();
    QVERIFY(kept > 5 && kept < 100);
    QCOMPARE(Store(file()).branch(first.session).size(), kept);
    QCOMPARE(Store(file()).branch(first.session).at(0).text, std::string("kept"));
    store.set_setting("after", "still written");  // small things still fit
  }
};

QTEST_GUILESS_MAIN(StoreTest)
#include "store_test.moc"
