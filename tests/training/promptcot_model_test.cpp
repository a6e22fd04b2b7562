// The pipeline of PromptCoT with the model that ships: drafts, votes, stops and rationales that are given.
//
// Planted faults seen caught: a rationale that was given drawn anew; a proof outvoted; a stop that
// loses the row's number; the pieces of a rationale counted as words of the problem; false steps that vote.
#include <QRegularExpression>
#include <QTemporaryDir>
#include <QTest>
#include <algorithm>
#include <cmath>

#include "engine/checkpoint.h"
#include "engine/session.h"
#include "kernels/error.h"
#include "tests/gui/reciting_model.h"
#include "training/promptcot.h"

using namespace holdfast;

namespace {

std::shared_ptr<const ConceptBank> shipped_bank() {
  auto bank = std::make_shared<ConceptBank>(ConceptBank::load(HOLDFAST_SOURCE_DIR "/resources/concepts/concepts.tsv"));
  bank->count(family_concept_lists());
  return bank;
}

// The model that ships, with a stream of its own.
struct Author {
  std::shared_ptr<const Checkpoint> checkpoint =
      Checkpoint::open(HOLDFAST_SOURCE_DIR "/resources/models/holdfast-mini");
  std::shared_ptr<const Tokenizer> tokenizer = Tokenizer::load(checkpoint->tokenizer());
  Stream stream{Device::cpu(), 2};
  std::shared_ptr<const Mamba2Model> model = Mamba2Model::load(stream, checkpoint);
  [[nodiscard]] PromptCotModel made() {
    return {"holdfast-mini", model, tokenizer, std::make_shared<ChatTemplate>(ChatFormat::chatml, tokenizer), &stream};
  }
};

PromptCotOptions small(std::int64_t solve) {
  PromptCotOptions options;
  options.seed = 11;
  options.concepts = {"percent"};  // one: what is drawn does not change with the bank
  options.most_concepts = 1;
  options.last_level = 3;
  options.solve = solve;
  options.least_sureness = 0.0;
  options.draft_tokens = options.solve_tokens = 200;
  return options;
}

MadeProblem plain(std::string problem) {
  MadeProblem made;
  made.rationale = "A sum.";
  made.problem = std::move(problem);
  return made;
}

}  // namespace

class PromptCotModelTest final : public QObject {
  Q_OBJECT
  std::shared_ptr<const ConceptBank> bank_ = shipped_bank();

 private slots:
  void a_model_drafts_solves_and_votes_and_everything_is_told() {
    Author author;
    PromptCotOptions options = small(4);
    PromptCot maker(bank_, options, author.made());
    std::string rationale, problem;
    int votes = 0, tokens = 0, checked = 0;
    PromptCotEvents events;
    events.on_rationale = [&](std::string_view piece) { rationale += piece; };
    events.on_problem = [&](std::string_view piece) { problem += piece; };
    events.on_checked = [&](const MadeProblem&) { ++checked; };
    events.on_vote = [&](const MadeVote&, std::string_view) { ++votes; };
    events.on_token = [&] { ++tokens; };
    const auto made = maker.make(events);
    QVERIFY(made.has_value());
    QCOMPARE(rationale, made->rationale);
    QCOMPARE(problem, made->problem);
    QVERIFY2(made->verdict == MadeVerdict::agreed, made_problem_line(*made).c_str());
    QCOMPARE(votes, 4);
    QCOMPARE(made->votes.size(), std::size_t{4});
    QVERIFY(checked == 1 && tokens > 50 && !made->answer.empty() && !made->solution.empty());
    QVERIFY(*made->agreement >= 0.6 && made->fingerprint == author.model->fingerprint());
  }
  void how_sure_the_author_was_is_of_the_words_of_the_problem_alone() {
    Author author;
    PromptCotOptions options = small(0);
    options.drafting = {.temperature = 0.0f};
    PromptCot maker(bank_, options, author.made());
    MadeProblem made = maker.choose(3);
    QVERIFY(maker.draft(made, {}, {}));
    // The same text once more, its pieces counted here.
    Session session(author.model, author.tokenizer, author.stream);
    session.read(author.made().chat->tokens(
        std::vector<ChatMessage>{{ChatRole::user, author_request(own_prompt, made.concepts, made.level)}}, true));
    std::string text;
    double sum = 0.0;
    int words = 0;
    GenerateOptions alike;
    alike.max_tokens = 200;
    alike.sampler = {options.drafting, 1};
    alike.stop_tokens = author.made().chat->stop_tokens();
    const QRegularExpression small_letter("[a-z]");
    (void)session.generate(alike,
                           [&](const TokenEvent& event) {
                             const bool of_problem = text.find("</think>") != std::string::npos;
                             text += event.bytes;
                             const QString piece =
                                 QString::fromUtf8(event.bytes.data(), static_cast<qsizetype>(event.bytes.size()));
                             if (of_problem && piece.contains(small_letter))
                               sum += static_cast<double>(event.log_prob), ++words;
                           },
                           {});
    QVERIFY2(text.ends_with(made.problem), text.c_str());
    QVERIFY(words > 1 && made.sureness && std::abs(*made.sureness - std::exp(sum / std::max(words, 12))) < 1e-9);
    // Nobody is less sure than it was, or than it can be.
    options.least_sureness = *made.sureness;
    PromptCot(bank_, options, author.made()).check(made);
    const auto sure = [&] { return std::ranges::find(made.criteria, "sure", &MadeCriterion::name)->grade; };
    QCOMPARE(sure(), std::string("met"));
    options.least_sureness = std::nextafter(*made.sureness, 1.0);
    PromptCot(bank_, options, author.made()).check(made);
    QCOMPARE(sure(), std::string("broken"));
    QVERIFY(!is_kept(made));
  }
  void stopping_at_any_token_loses_nothing() {
    Author author;
    PromptCotOptions options = small(2);
    options.solving.temperature = 1.6f;  // so that every vote is another text
    PromptCot whole(bank_, options, author.made());
    std::vector<std::string> wanted;
    int all = 0;
    PromptCotEvents count;
    count.on_token = [&] { ++all; };
    for (int i = 0; i < 2; ++i) wanted.push_back(made_problem_line(*whole.make(count)));
    PromptCot stopped(bank_, options, author.made());
    std::vector<std::string> lines;
    int stops = 0;
    for (int patience = 5; lines.size() < wanted.size(); patience = patience * 2) {
      std::stop_source stop;
      int left = patience;
      PromptCotEvents events;
      events.on_token = [&] {
        if (--left == 0) stop.request_stop();
      };
      while (lines.size() < wanted.size()) {
        const auto made = stopped.make(events, stop.get_token());
        if (!made) break;
        lines.push_back(made_problem_line(*made));
      }
      stops += stop.stop_requested() ? 1 : 0;
    }
    QVERIFY(stops >= 3);
    QCOMPARE(lines, wanted);
  }
  void a_rationale_that_is_given_is_kept() {
    Author author;
    const PromptCot maker(bank_, small(0), author.made());
    MadeProblem made = maker.choose(0);
    made.concepts = {"percent"};
    made.level = 2;
    QVERIFY(maker.draft(made, {}, {}));
    const MadeProblem drawn = made;
    QVERIFY(made.ended && !made.rationale.empty() && !made.problem.empty());
    made.rationale =
        "A percentage of a whole: 35 hundredths of 260. The whole was chosen so that the part is a whole number.";
    made.problem.clear();
    std::string told;
    PromptCotEvents events;
    events.on_rationale = [&](std::string_view piece) { told += piece; };
    QVERIFY(maker.draft(made, events, {}));
    QVERIFY(made.rationale.starts_with("A percentage of a whole: 35"));
    QVERIFY(told.empty());
    QVERIFY2(made.problem.find("35") != std::string::npos && made.problem.find("260") != std::string::npos,
             made.problem.c_str());
  }
  void votes_that_differ_reject_and_proofs_do_not_ask_them() {
    Author author;
    PromptCotOptions options = small(3);
    options.solving.temperature = 4.0f;  // nonsense
    options.solving.top_p = 1.0f;
    options.solve_tokens = 30;
    PromptCot maker(bank_, options, author.made());
    MadeProblem made = plain("What is 17 times 24, less 5?");
    QVERIFY(maker.solve(made, {}, {}));
    QVERIFY(made.reason == RejectReason::unsolved || made.reason == RejectReason::disputed);
    QVERIFY(made.answer.empty() && !made.pass_rate);
    MadeProblem proved = plain("What is 17 times 24, less 5?");
    proved.verdict = MadeVerdict::proved;
    proved.answer = "403";
    QVERIFY(maker.solve(proved, {}, {}));
    QVERIFY(proved.verdict == MadeVerdict::proved && proved.answer == "403" && *proved.pass_rate == 0.0);
  }
  void a_vote_whose_arithmetic_or_equation_does_not_hold_is_none() {
    const auto solved = [this](const char* step, const char* problem) {
      QTemporaryDir folder;
      const std::filesystem::path path = folder.filePath("reciting").toStdString();
      test::RecitingModel::write(path, {step, "\n</think>\n\nThe answer is ", "\\boxed{19}."});
      const std::shared_ptr<const Checkpoint> checkpoint = Checkpoint::open(path);
      const std::shared_ptr<const Tokenizer> tokenizer = Tokenizer::load(checkpoint->tokenizer());
      Stream stream(Device::cpu(), 1);
      const std::shared_ptr<const Mamba2Model> model = Mamba2Model::load(stream, checkpoint);
      const PromptCot maker(bank_, small(4),
                            PromptCotModel{"reciting", model, tokenizer,
                                           std::make_shared<ChatTemplate>(ChatFormat::chatml, tokenizer), &stream});
      MadeProblem made = plain(problem);
      return maker.solve(made, {}, {}) ? made : MadeProblem{};
    };
    const MadeProblem right = solved("38 / 2 = 19", "38 apples are shared by 2. How many has each?");
    QVERIFY2(right.verdict == MadeVerdict::agreed && right.answer == "19", right.detail.c_str());
    const MadeProblem wrong = solved("38 / 3 = 19", "38 apples are shared by 2. How many has each?");
    QVERIFY(wrong.reason == RejectReason::unsolved && wrong.votes.at(3).false_step == "38 / 3 = 19");
    QCOMPARE(wrong.detail, std::string("0 of 4 came to an answer; 4 with a step that does not hold, as 38 / 3 = 19"));
    QVERIFY(solved("38 / 2 = 19", "Solve 2x = 38.").verdict == MadeVerdict::agreed);
    const MadeProblem broken = solved("38 / 2 = 19", "Solve 3x = 38.");
    QVERIFY(broken.reason == RejectReason::unsolved && broken.votes.at(3).false_step == "3x = 38 with x = 19");
  }
};

QTEST_GUILESS_MAIN(PromptCotModelTest)
#include "promptcot_model_test.moc"
