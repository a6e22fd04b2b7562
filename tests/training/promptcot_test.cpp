// The pipeline of PromptCoT: rules of form, what is rejected and why, and that it can be stopped anywhere.
//
// Planted faults seen caught: a rejected row remembered as kept; kept rows forgotten when a set is resumed; rows of
// other settings or other benchmarks taken in; locks not asked of generators; the benchmark not looked at; a pool held
// to the level.
#include "training/promptcot.h"

#include <QTemporaryDir>
#include <QTest>
#include <fstream>
#include <set>

#include "kernels/error.h"
#include "tests/training/training_data.h"
#include "training/generators/catalogue.h"
#include "training/made_problem_file.h"
#include "training/problem_rules.h"

using namespace holdfast;
using holdfast::test::message_of;

namespace {

std::shared_ptr<const ConceptBank> shipped_bank() {
  auto bank = std::make_shared<ConceptBank>(ConceptBank::load(HOLDFAST_SOURCE_DIR "/resources/concepts/concepts.tsv"));
  bank->count(family_concept_lists());
  return bank;
}

MadeProblem plain(std::string problem) {
  MadeProblem made;
  made.rationale = "A sum.";
  made.problem = std::move(problem);
  return made;
}

}  // namespace

class PromptCotTest final : public QObject {
  Q_OBJECT
  std::shared_ptr<const ConceptBank> bank_ = shipped_bank();
  QTemporaryDir folder_;

  [[nodiscard]] PromptCotOptions generators(std::uint64_t seed = 3) const {
    PromptCotOptions options;
    options.source = MadeSource::generators;
    options.seed = seed;
    options.solve = 0;
    return options;
  }

 private slots:
  // New wordings may ask by a verb that the rules do not know; no more than one in two hundred.
  void problems_of_the_generators_hardly_ever_break_a_rule() {
    int all = 0;
    QStringList told;
    for (const auto& family : generators::catalogue()) {
      for (int level = family.least_level; level <= family.most_level; ++level) {
        for (std::uint64_t seed = 0; seed < 40; ++seed) {
          const Problem problem = generators::make_problem(family, level, seed);
          ++all;
          MadeProblem made = plain(problem.statement);
          made.rationale = problem.rationale;
          made.concepts.assign(problem.concepts.begin(), problem.concepts.end());
          const auto criteria = check_form(*bank_, made);
          const MadeCriterion* broken = first_broken(criteria);
          if (broken != nullptr) {
            told += QString::fromStdString(made.problem + " | " + broken->name + ": " + broken->reason);
          }
        }
      }
    }
    QVERIFY2(200 * told.size() <= all, qPrintable(told.mid(0, 10).join("\n")));
  }
  void each_rule_breaks_on_what_it_is_for_data() {
    QTest::addColumn<QString>("problem");
    QTest::addColumn<QString>("rule");
    QTest::newRow("fine") << "Ann has 3 apples and buys 4. How many has she?"
                          << "";
    QTest::newRow("task") << "Ann has 3 apples. Then find the double of (3 + 4]."
                          << "";
    QTest::newRow("empty") << "  "
                           << "complete";
    QTest::newRow("short") << "2+2?"
                           << "length";
    QTest::newRow("long") << QString("3 apples and ").repeated(200) + "how many?"
                          << "length";
    QTest::newRow("marker") << "What is 3 + 4, please?<|im_end|>"
                            << "clean";
    QTest::newRow("box") << "What is 3 + 4? The answer is \\boxed{7}."
                         << "clean";
    QTest::newRow("control") << "What is 3 + 4\x07, please?"
                             << "clean";
    QTest::newRow("bracket") << "What is (3 + 4 times 2, please?"
                             << "balanced";
    QTest::newRow("closed first") << "What is )3 + 4( times 2?"
                                  << "balanced";
    QTest::newRow("brace") << "What is \\frac{3}{4 times 2?"
                           << "balanced";
    QTest::newRow("no question") << "Ann has 3 apples and 4 pears."
                                 << "asks";
    QTest::newRow("no number") << "Why is a raven like a writing desk?"
                               << "concrete";
    QTest::newRow("twice") << "Ann has 3 red apples. Ann has 3 red apples. How many?"
                           << "once";
    QTest::newRow("stuck") << "Ann has 3 apples apples apples apples. How many?"
                           << "once";
    QTest::newRow("covers") << "How long does a train of 3 cars take?"
                            << "covers";
  }
  void each_rule_breaks_on_what_it_is_for() {
    QFETCH(QString, problem);
    QFETCH(QString, rule);
    MadeProblem made = plain(problem.toStdString());
    if (rule == "covers") made.concepts = {"logarithms", "ages"}, made.rationale = "Trains.";
    const auto criteria = check_form(*bank_, made);
    const MadeCriterion* broken = first_broken(criteria);
    QCOMPARE(QString::fromStdString(broken ? broken->name : ""), rule);
    made.ended = false;
    QCOMPARE(first_broken(check_form(*bank_, made)) != nullptr, true);
  }
  void an_author_that_is_not_sure_of_its_words_breaks_a_rule() {
    MadeProblem made = plain("Ann has 3 apples and buys 4. How many has she?");
    QCOMPARE(first_broken(check_form(*bank_, made, 1.0)), nullptr);  // nobody knows how sure
    made.sureness = 0.5;
    QCOMPARE(first_broken(check_form(*bank_, made, 0.5)), nullptr);
    const auto criteria = check_form(*bank_, made, 0.55);
    const MadeCriterion* broken = first_broken(criteria);
    QVERIFY(broken != nullptr && broken->name == "sure");
    QCOMPARE(broken->reason, std::string("0.50 for its words, want at least 0.55"));
  }
  void a_judgement_is_read_from_its_last_line() {
    const auto judged = [](std::string_view text) { return parse_judgement(text).back().grade; };
    QCOMPARE(judged("Solvability: bad\nFinal judgement: perfect"), std::string("perfect"));
    QCOMPARE(judged("Final Judgement: perfect\nNo: Final Judgment: [bad]."), std::string("perfect"));
    QCOMPARE(judged("Final Judgement: bad\nAgain. Final judgement: acceptable"), std::string("acceptable"));
    QCOMPARE(judged("It is bad, bad, and hardly acceptable."), std::string("bad"));
    QCOMPARE(judged("I cannot tell."), std::string("bad"));
    const auto criteria = parse_judgement(
        "Format: what is asked\nFORMAT: Perfect, clear.\nFactual Accuracy: acceptable\nSolvability: bad\n"
        "Final judgement: bad");
    QCOMPARE(criteria.size(), std::size_t{4});
    QVERIFY(criteria[0].name == "format" && criteria[0].grade == "perfect");
    QVERIFY(criteria[1].name == "factual accuracy" && criteria[1].grade == "acceptable");
    QVERIFY(criteria[2].name == "solvability" && criteria[2].grade == "bad");
  }
  void drafts_are_cut_at_what_stands_between() {
    const DraftText own = split_draft(own_prompt, "why\n</think>\n\nWhat is 2?", true);
    QVERIFY(own.rationale == "why" && own.problem == "What is 2?" && own.complete);
    QVERIFY(!split_draft(own_prompt, "why it goes on", true).complete);
    const std::string paper =
        "<!-- BEGIN RATIONALE -->\nwhy\n<!-- END RATIONALE -->\n<!-- BEGIN PROBLEM -->\nWhat is 2?\n<!-- END PROBLEM "
        "-->";
    for (std::size_t length = 0; length <= paper.size(); ++length) {  // as it grows, no half marker shows
      const DraftText draft = split_draft(paper_prompt, paper.substr(0, length), false);
      QVERIFY(std::string("why").starts_with(draft.rationale));
      QVERIFY(std::string("What is 2?").starts_with(draft.problem));
      QCOMPARE(draft.complete, length == paper.size());
    }
    QVERIFY(split_draft(paper_prompt, "I think.\n</think>\n" + paper, true).complete);
    QVERIFY(author_request(paper_prompt, {"percent", "money"}, 4).find("\n1. percent\n2. money\n") !=
            std::string::npos);
    QVERIFY(author_request(paper_prompt, {"percent"}, 4).ends_with("Difficulty Level: AIME"));
    QCOMPARE(author_request(own_prompt, {"percent", "money"}, 2),
             std::string("Make a problem of level 2 out of these concepts:\n- percent\n- money"));
  }
  void generators_prove_what_they_make_and_heed_locks_and_exclusions() {
    PromptCotOptions options = generators();
    options.locked = {"money"};
    options.excluded = {"addition"};
    PromptCot maker(bank_, options, std::nullopt);
    std::set<std::string> problems;
    int kept = 0;
    for (int i = 0; i < 60; ++i) {
      const auto made = maker.make();
      QCOMPARE(made->index, std::int64_t{i});
      QVERIFY(std::ranges::find(made->concepts, "money") != made->concepts.end());
      QVERIFY(std::ranges::find(made->concepts, "addition") == made->concepts.end());
      QVERIFY(made->family != "" && !made->answer.empty() && !made->solution.empty());
      if (!is_kept(*made)) continue;
      ++kept;
      QVERIFY(made->verdict == MadeVerdict::proved);
      QVERIFY(problems.insert(made->problem).second);
    }
    QVERIFY(kept > 20);
    options.locked = {"logarithms", "ages"};
    PromptCot nothing(bank_, options, std::nullopt);
    QVERIFY(message_of<FormatError>([&] { (void)nothing.make(); }).contains("no family makes problems"));
  }
  void where_the_drawn_concept_has_no_family_another_of_the_pool_is_taken() {
    PromptCotOptions options = generators(2);
    options.concepts = {"division with remainder", "arithmetic sequences", "percent discount"};
    options.first_level = 4;
    options.last_level = 5;
    options.least_concepts = 1;
    PromptCot maker(bank_, options, std::nullopt);
    for (int i = 0; i < 60; ++i) {
      const auto made = maker.make();
      QVERIFY(std::ranges::any_of(options.concepts, [&](const std::string& one) {
        return std::ranges::find(made->concepts, one) != made->concepts.end();
      }));
    }
  }
  void a_pool_is_all_that_is_drawn_from() {
    PromptCotOptions options = generators();
    options.concepts = {"logarithms", "ages"};
    options.last_level = 2;  // logarithms begin at 3: asked for by name, they are drawn all the same
    const PromptCot maker(bank_, options, std::nullopt);
    std::set<std::string> seen;
    for (int i = 0; i < 50; ++i) {
      for (const std::string& one : maker.choose(i).concepts) seen.insert(one);
    }
    QCOMPARE(seen, (std::set<std::string>{"ages", "logarithms"}));
  }
  void near_duplicates_and_benchmarks_are_rejected_with_the_reason() {
    PromptCot maker(bank_, generators(), std::nullopt);
    maker.avoid(
        "zero one Two, three four five six seven eight nine ten eleven twelve thirteen and more of the benchmark 14?");
    MadeProblem first = plain("Ann has 12 red apples in the old basket and buys 4 more today. How many has she now?");
    maker.check(first);
    QVERIFY(is_kept(first));
    maker.keep(first);
    MadeProblem near = plain("Ann has 12 red apples in the old basket and buys 4 more today. How many has she today?");
    maker.check(near);
    QVERIFY(near.reason == RejectReason::near_duplicate);
    QVERIFY(near.detail.starts_with("row 0, similarity"));
    MadeProblem touched =
        plain("So: one two three four five six seven eight nine ten eleven twelve thirteen. How many?");
    maker.check(touched);
    QVERIFY(touched.reason == RejectReason::contaminated);
    MadeProblem twelve = plain("So: one two three four five six seven eight nine ten eleven twelve. How many?");
    maker.check(twelve);
    QVERIFY(is_kept(twelve));
    QCOMPARE(first.criteria.size(), std::size_t{9});
  }
  void a_file_resumed_anywhere_has_the_same_bytes() {
    const auto whole = make_file("whole.jsonl", {60});
    QVERIFY(std::ranges::count(whole, '\n') == 60);
    QCOMPARE(make_file("parts.jsonl", {7, 8, 60}), whole);
    const auto rows = load_made_problems(folder_.filePath("whole.jsonl").toStdString());
    int near = 0;
    for (const MadeProblem& made : rows) {
      if (made.reason != RejectReason::near_duplicate) continue;
      ++near;  // of what was kept: a rejected problem takes no place
      QVERIFY(is_kept(rows.at(std::stoul(made.detail.substr(4)))));
    }
    QVERIFY(near > 3);
    // What a crash leaves: the last line without its end.
    const std::filesystem::path torn = folder_.filePath("torn.jsonl").toStdString();
    std::ofstream(torn) << whole.substr(0, whole.find('\n') + 40);
    QCOMPARE(make_file("torn.jsonl", {60}, true), whole);
  }
  void a_set_goes_on_only_with_its_own_settings() {
    PromptCot maker(bank_, generators(), std::nullopt);
    const auto first = maker.make();
    PromptCot same(bank_, generators(), std::nullopt);
    same.resume(*first);
    QCOMPARE(same.next_index(), std::int64_t{1});
    QVERIFY(message_of<FormatError>([&] { same.resume(*first); }).contains("want row 1"));
    PromptCotOptions options = generators();
    options.near_duplicate = 0.9;
    PromptCot other(bank_, options, std::nullopt);
    QVERIFY(message_of<FormatError>([&] { other.resume(*first); }).contains("other settings"));
    PromptCot avoiding(bank_, generators(), std::nullopt);
    avoiding.avoid("a benchmark");
    QVERIFY(message_of<FormatError>([&] { avoiding.resume(*first); }).contains("other settings"));
    const std::filesystem::path file = folder_.filePath("taken.jsonl").toStdString();
    const MadeProblemFile taken(file, false);
    QVERIFY(message_of<IoError>([&] { (void)MadeProblemFile(file, false); }).contains("is there already"));
    QVERIFY(message_of<IoError>([&] { (void)MadeProblemFile(file, true); }).contains("another process"));
  }
  void options_out_of_range_are_refused() {
    const auto refused = [this](auto change) {
      PromptCotOptions options = generators();
      change(options);
      return message_of<ArgumentError>([&] { PromptCot(bank_, options, std::nullopt); });
    };
    QVERIFY(refused([](auto& o) { o.first_level = 0; }).contains("levels: 0 to 5"));
    QVERIFY(refused([](auto& o) { o.most_concepts = 0; }).contains("concepts of a problem"));
    QVERIFY(refused([](auto& o) { o.prompt_version = "x"; }).contains("prompt: \"x\""));
    QVERIFY(refused([](auto& o) { o.least_agreement = 0.0; }).contains("least agreement"));
    QVERIFY(refused([](auto& o) { o.least_sureness = 1.5; }).contains("least sureness: 1.5"));
    QVERIFY(refused([](auto& o) { o.locked = {"magic"}; }).contains("not in the bank"));
    QVERIFY(refused([](auto& o) { o.solve = 2; }).contains("no model"));
    QVERIFY(refused([](auto& o) { o.drafting.top_p = 2.0f; }).contains("top-p"));
  }
  void texts_to_avoid_are_read_from_rows_tables_and_lines() {
    const auto texts = [this](std::string_view content) {
      const std::filesystem::path file = folder_.filePath("avoid").toStdString();
      test::write_text(file, content);
      return load_problem_texts(file);
    };
    QCOMPARE(texts("{\"question\": \"a b\", \"answer\": 1}\n\n{\"problem\": \"c\"}\n"),
             (std::vector<std::string>{"a b", "c"}));
    QCOMPARE(texts("level\tproblem\tanswer\n1\ta b\t3\n"), (std::vector<std::string>{"a b"}));
    QCOMPARE(texts("a b\nc\n"), (std::vector<std::string>{"a b", "c"}));
    QVERIFY_EXCEPTION_THROWN((void)texts("{\"answer\": 1}\n"), FormatError);
    QCOMPARE(load_problem_texts(HOLDFAST_SOURCE_DIR "/tests/suites/everyday.tsv").size(), std::size_t{205});
    QCOMPARE(load_problem_texts(HOLDFAST_SOURCE_DIR "/tests/suites/everyday_two.tsv").size(), std::size_t{220});
  }

 private:
  // The file after runs of the pipeline that stop at each of these counts.
  std::string make_file(const char* name, const std::vector<std::int64_t>& counts, bool resume = false) {
    const std::filesystem::path path = folder_.filePath(name).toStdString();
    for (const std::int64_t count : counts) {
      MadeProblemFile file(path, std::exchange(resume, true));
      PromptCotOptions options = generators(5);
      options.concepts = {"digit sums"};  // with few wordings
      options.near_duplicate = 0.35;
      options.last_level = 2;
      PromptCot maker(bank_, options, std::nullopt);
      for (const MadeProblem& made : file.rows()) maker.resume(made);
      while (maker.next_index() < count) file.append(*maker.make());
    }
    std::ifstream in(path);
    return {std::istreambuf_iterator<char>(in), {}};
  }
};

QTEST_GUILESS_MAIN(PromptCotTest)
#include "promptcot_test.moc"
