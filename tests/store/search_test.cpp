// Search over titles and texts: what is found, what is left out, and that nothing a person types is an error.
#include "app/store/search.h"

#include <QTemporaryDir>
#include <QTest>
#include <algorithm>

#include "app/store/migrations.h"
#include "app/store/store.h"
#include "kernels/error.h"

using namespace holdfast;
namespace fs = std::filesystem;

class SearchTest : public QObject {
  Q_OBJECT

  [[nodiscard]] fs::path file() const { return fs::path(folder_->path().toStdString()) / "holdfast.db"; }
  std::unique_ptr<QTemporaryDir> folder_;
  std::unique_ptr<Store> store_;

  // FTS5 compares its index with the rows that it points at, and throws when they differ.
  void require_sound_index() {
    Connection connection(file());
    connection.execute("INSERT INTO node_words (node_words, rank) VALUES ('integrity-check', 1)");
    connection.execute("INSERT INTO session_words (session_words, rank) VALUES ('integrity-check', 1)");
  }
  NodeRow add(const NodeRow& parent, NodeKind kind, const std::string& text) {
    return store_->add_node({.session = parent.session, .parent = parent.id, .kind = kind, .text = text});
  }
  [[nodiscard]] std::vector<NodeId> found(const std::string& typed, SearchFilter filter = {}) const {
    filter.titles = false;
    std::vector<NodeId> ids;
    for (const SearchHit& hit : store_->search(typed, filter)) ids.push_back(hit.node);
    std::sort(ids.begin(), ids.end());
    return ids;
  }
  static std::string marked(const SearchHit& hit) {
    std::string text = hit.snippet;
    for (auto range = hit.matches.rbegin(); range != hit.matches.rend(); ++range) {
      text.insert(range->begin + range->length, "]");
      text.insert(range->begin, "[");
    }
    return text;
  }
  using Ids = std::vector<NodeId>;

 private slots:
  void init() {
    folder_ = std::make_unique<QTemporaryDir>();
    store_ = std::make_unique<Store>(file());
  }
  void cleanup() {
    store_.reset();
    require_sound_index();
  }

  void what_a_person_types_becomes_quoted_terms_data() {
    QTest::addColumn<QByteArray>("typed");
    QTest::addColumn<QByteArray>("want");
    const auto row = [](const char* name, const QByteArray& typed, const char* want) {
      QTest::newRow(name) << typed << QByteArray(want);
    };
    row("nothing", "", "");
    row("blank", " \t\n", "");
    row("one word is the beginning of one", "prim", "\"prim\"*");
    row("a space ends it", "prim ", "\"prim\"");
    row("the last alone", "two prim", "\"two\" \"prim\"*");
    row("a phrase", "\"two primes\"", "\"two primes\"");
    row("a phrase that is not closed", "the \"two prim", "\"the\" \"two prim\"*");
    row("phrase and words", "a \"b c\" d", "\"a\" \"b c\" \"d\"*");
    row("an empty phrase", "a \"\" ", "\"a\"");
    row("operators are words", "a AND NOT b*", "\"a\" \"AND\" \"NOT\" \"b*\"*");
    row("no NUL gets through", QByteArray("a\0b c", 5), "\"a\" \"b\" \"c\"*");
    row("quotes in a word", "a\"b", "\"a\" \"b\"*");
  }
  void what_a_person_types_becomes_quoted_terms() {
    QFETCH(QByteArray, typed);
    QFETCH(QByteArray, want);
    QCOMPARE(QByteArray::fromStdString(search_expression(typed.toStdString())), want);
  }

  void no_query_is_a_syntax_error() {
    const NodeRow node = store_->add_user_message({}, "a AND b NEAR c");
    std::string pasted;
    for (int i = 0; i < 3000; ++i) pasted += "w" + std::to_string(i) + " (";
    const std::vector<std::string> typed{"\"",
                                         "\"\"\"",
                                         "*",
                                         "a*",
                                         "^a",
                                         "text:a",
                                         "node_words:a",
                                         "a OR",
                                         "AND",
                                         "NOT a",
                                         "NEAR(a b)",
                                         "(",
                                         ")",
                                         "{a}: b",
                                         "- a",
                                         "+ a",
                                         "a + b",
                                         "'; DROP TABLE node",
                                         "\xff\xfe",
                                         "\xe2\x82",
                                         "\\",
                                         "a\"b\"c\"",
                                         "\u2211",
                                         ":",
                                         "--",
                                         "/* a",
                                         "%_",
                                         pasted,
                                         std::string("a\0\"b", 4),
                                         std::string(100000, 'x'),
                                         std::string(100000, '"')};
    for (const std::string& query : typed) {
      (void)store_->search(query);
      (void)store_->search(query + " ");
    }
    QCOMPARE(found("AND"), Ids{node.id});
    QCOMPARE(found("near C"), Ids{node.id});
    QVERIFY(found("\"b a\"").empty());
  }

  void all_words_must_be_there_and_the_last_may_be_a_beginning() {
    const NodeRow one = store_->add_user_message({}, "How many primes lie below 100?");
    const NodeRow two = store_->add_user_message({}, "Is 91 prime?");
    QCOMPARE(found("prim"), (Ids{one.id, two.id}));
    QCOMPARE(found("prim "), Ids{});
    QCOMPARE(found("PRIME "), Ids{two.id});
    QCOMPARE(found("prime 91"), Ids{two.id});
    QCOMPARE(found("prime many"), Ids{});
    QCOMPARE(found("\"many primes\""), Ids{one.id});
    QCOMPARE(found("\"primes many\""), Ids{});
  }

  void accents_and_formulas_are_found() {
    const NodeRow one = store_->add_user_message({}, "B\u00e9zout: $\\gcd(a, b) = x^2 + \\alpha y$");
    QCOMPARE(found("bezout"), Ids{one.id});
    QCOMPARE(found("B\u00c9ZOUT"), Ids{one.id});
    QCOMPARE(found("\\alpha"), Ids{one.id});
    QCOMPARE(found("x^2"), Ids{one.id});
    QCOMPARE(found("x^3"), Ids{});
  }

  void every_change_of_a_text_is_followed() {
    const NodeRow question = store_->add_user_message({}, "question");
    NodeRow answer{.session = question.session, .parent = question.id, .kind = NodeKind::answer};
    answer.id = store_->begin_node(answer);
    store_->append_journal(answer.id, std::vector<TokenId>{1}, "harmonic");
    QCOMPARE(found("harmonic"), Ids{});
    answer.text = "harmonic series";
    answer.stop_reason = "cancelled";
    store_->finish_node(answer);
    QCOMPARE(found("harmonic"), Ids{answer.id});
    store_->resume_node(answer.id);
    QCOMPARE(found("harmonic"), Ids{answer.id});
    answer.text = "geometric series";
    store_->finish_node(answer);
    QCOMPARE(found("harmonic"), Ids{});
    QCOMPARE(found("geometric"), Ids{answer.id});
    store_->rename_session(question.session, "Convergence");
    QCOMPARE(store_->search("converg").size(), std::size_t{1});
    QVERIFY(store_->search("converg").front().node == NodeId{});
    QCOMPARE(store_->search("question").size(), std::size_t{1});  // no longer the title
    store_->delete_session(question.session);
    store_->purge_deleted(now_milliseconds() + 1);
    QVERIFY(store_->search("geometric").empty());
    QVERIFY(store_->search("convergence").empty());
  }

  void what_is_in_the_bin_is_left_out_until_it_comes_back() {
    const NodeRow one = store_->add_user_message({}, "lemma one");
    const NodeRow two = store_->add_user_message({}, "lemma two");
    store_->delete_session(one.session);
    QCOMPARE(store_->search("lemma").size(), std::size_t{2});  // title and text of the other
    QCOMPARE(found("lemma"), Ids{two.id});
    store_->restore_session(one.session);
    QCOMPARE(found("lemma"), (Ids{one.id, two.id}));
    const NodeRow branch = add(two, NodeKind::answer, "corollary");
    const NodeRow grown = add(branch, NodeKind::note, "corollary again");
    QCOMPARE(found("corollary"), (Ids{branch.id, grown.id}));
    store_->delete_branch(branch.id);
    QCOMPARE(found("corollary"), Ids{});
    store_->restore_branch(branch.id);
    QCOMPARE(found("corollary"), (Ids{branch.id, grown.id}));
  }

  void filters_narrow_what_is_found() {
    const NodeRow question = store_->add_user_message({}, "series");
    const NodeRow system = add(question, NodeKind::system, "series");
    const NodeRow thought = add(system, NodeKind::thought, "series");
    const NodeRow answer = add(thought, NodeKind::answer, "series");
    const NodeRow note = add(answer, NodeKind::note, "series");
    const NodeRow other = store_->add_user_message({}, "series");
    QCOMPARE(found("series"), (Ids{question.id, thought.id, answer.id, note.id, other.id}));
    QCOMPARE(found("series", {.kinds = {NodeKind::thought, NodeKind::note}}), (Ids{thought.id, note.id}));
    QCOMPARE(found("series", {.kinds = {NodeKind::system}}), Ids{system.id});
    QCOMPARE(found("series", {.session = other.session}), Ids{other.id});
    QCOMPARE(found("series", {.limit = 2}).size(), std::size_t{2});
    QCOMPARE(found("series", {.limit = 0}).size(), std::size_t{0});
    Connection(file()).execute("UPDATE node SET created = 1000 WHERE id = " + std::to_string(note.id.value));
    QCOMPARE(found("series", {.until = 1001}), Ids{note.id});
    QCOMPARE(found("series", {.until = 1000}), Ids{});
    QCOMPARE(found("series", {.from = 1000, .until = 1001}), Ids{note.id});
    QCOMPARE(found("series", {.from = 1001}), (Ids{question.id, thought.id, answer.id, other.id}));
  }

  void a_hit_tells_where_it_is_and_what_matched() {
    const NodeRow question = store_->add_user_message({}, "Sums of odd numbers");
    const NodeRow answer = add(question, NodeKind::answer, "The first\nodd   numbers add up to an odd\tsquare.");
    const std::vector<SearchHit> hits = store_->search("odd");
    QCOMPARE(hits.size(), std::size_t{3});
    QVERIFY(hits[0].node == NodeId{});
    QCOMPARE(marked(hits[0]), std::string("Sums of [odd] numbers"));
    const auto in_answer = std::ranges::find(hits, answer.id, &SearchHit::node);
    QVERIFY(in_answer != hits.end());
    QCOMPARE(in_answer->kind, NodeKind::answer);
    QVERIFY(in_answer->session == question.session);
    QCOMPARE(in_answer->title, std::string("Sums of odd numbers"));
    QCOMPARE(marked(*in_answer), std::string("The first [odd] numbers add up to an [odd] square."));
    QVERIFY(in_answer->rank < 0.0);
    QCOMPARE(in_answer->when, answer.created);
  }

  void more_matches_in_fewer_words_rank_higher() {
    const NodeRow far = store_->add_user_message({}, "group " + std::string(2000, ' ') + "theory of many other things");
    const NodeRow near = store_->add_user_message({}, "group group group");
    const std::vector<SearchHit> hits = store_->search("group", {.titles = false});
    QCOMPARE(hits.size(), std::size_t{2});
    QVERIFY(hits[0].node == near.id && hits[1].node == far.id);
    QVERIFY(hits[0].rank < hits[1].rank);
  }

  void a_long_line_is_cut_around_its_match() {
    std::string text;
    for (int i = 0; i < 500; ++i) text += "\u4e2d";
    store_->add_user_message({}, text + " needle " + text);
    const std::vector<SearchHit> hits = store_->search("needle", {.titles = false});
    QCOMPARE(hits.size(), std::size_t{1});
    QVERIFY(hits[0].snippet.size() < 400);
    QCOMPARE(hits[0].matches.size(), std::size_t{1});
    QCOMPARE(hits[0].snippet.substr(hits[0].matches[0].begin, hits[0].matches[0].length), std::string("needle"));
    QVERIFY(QString::fromStdString(hits[0].snippet).indexOf(QChar(QChar::ReplacementCharacter)) < 0);
  }

  void a_text_cannot_fake_a_match() {
    store_->add_user_message({},
                             "\x02"
                             "0\x02"
                             "fake\x03 [real] x");
    const std::vector<SearchHit> hits = store_->search("real ", {.titles = false});
    QCOMPARE(hits.size(), std::size_t{1});
    QCOMPARE(hits[0].matches.size(), std::size_t{1});
    QCOMPARE(hits[0].snippet.substr(hits[0].matches[0].begin, 4), std::string("real"));
  }

  void texts_that_were_there_before_the_search_are_found() {
    store_.reset();
    fs::remove(file());
    {
      Connection old(file());
      migrate(old, embedded_migrations().first(2));
      old.execute(
          "INSERT INTO session (id, title, created, changed) VALUES (7, 'Old title', 1, 1);"
          "INSERT INTO node (id, session, kind, text, created) VALUES (3, 7, 'user', 'an old question', 1);"
          "INSERT INTO node (id, session, parent, kind, text, writer, created) "
          "VALUES (4, 7, 3, 'answer', '', 'gone', 1);"
          "INSERT INTO journal VALUES (4, 1, x'', 'cut off');");
    }
    store_ = std::make_unique<Store>(file());
    require_sound_index();
    QCOMPARE(found("question"), Ids{{3}});
    QCOMPARE(store_->search("title").size(), std::size_t{1});
    QCOMPARE(store_->recover().size(), std::size_t{1});
    QCOMPARE(found("cut off"), Ids{{4}});
  }
};

QTEST_GUILESS_MAIN(SearchTest)
#include "search_test.moc"
