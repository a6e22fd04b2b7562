// Answers by value: what is right, what only looks right, what is found in a completion, and what is hostile.
#include "training/verify.h"

#include <QElapsedTimer>
#include <QTest>

#include "answer_pairs.h"
#include "training/generators/catalogue.h"

using namespace holdfast;

class VerifyTest : public QObject {
  Q_OBJECT

 private slots:
  void answers_are_compared_by_value_data() {
    QTest::addColumn<QString>("given");
    QTest::addColumn<QString>("expected");
    QTest::addColumn<bool>("right");
    for (const AnswerPair& p : answer_pairs) {
      QTest::newRow((std::string(p.given) + " for " + p.expected).c_str()) << p.given << p.expected << p.right;
    }
  }
  void answers_are_compared_by_value() {
    QFETCH(QString, given);
    QFETCH(QString, expected);
    QFETCH(bool, right);
    QCOMPARE(is_right(given.toStdString(), expected.toStdString()), right);
  }

  void same_answers_are_right_both_ways() {
    QVERIFY(same_answer("1/2", "0.5"));
    QVERIFY(!same_answer("50", "50\\%"));
    QVERIFY(!same_answer("50%", "50"));
  }

  void an_answer_is_found_behind_the_thought() {
    const auto found = [](std::string_view text, bool opened = false) {
      const auto answer = extract_answer(text, opened);
      return answer ? QString::fromStdString(answer->text + " " + std::string(name(answer->source))) : QString("none");
    };
    QCOMPARE(found("so \\boxed{5}</think>The answer is \\boxed{\\frac{1}{2}}.", true), QString("\\frac{1}{2} boxed"));
    QCOMPARE(found("so it is \\boxed{5}", true), QString("none"));
    QCOMPARE(found("<think>a</think>\n\nThe answer is 12."), QString("12 stated"));
    QCOMPARE(found("<think>a 7"), QString("none"));
    QCOMPARE(found("\\boxed{1} and then \\boxed{2}"), QString("2 boxed"));
    QCOMPARE(found("\\boxed{1} and \\boxed{2"), QString("1 boxed"));
    QCOMPARE(found("steps\n#### 42"), QString("42 stated"));
    QCOMPARE(found("it costs $12.50 or so"), QString("12.50 last_number"));
    QCOMPARE(found("between 3 and -4"), QString("-4 last_number"));
    QCOMPARE(found("nothing"), QString("none"));
    QCOMPARE(found(""), QString("none"));
  }

  void every_generated_answer_is_right_for_itself() {
    for (const auto& family : generators::catalogue()) {
      for (std::uint64_t seed = 0; seed < 40; ++seed) {
        const Problem p = generators::make_problem(family, family.most_level, seed);
        const auto answer = extract_answer(solved_text(p), true);
        QVERIFY2(answer && answer->text == p.answer, p.statement.c_str());
        QVERIFY2(is_right(answer->text, p.answer), (p.statement + " -> " + p.answer).c_str());
      }
    }
  }

  void hostile_text_ends_within_a_second() {
    const auto repeated = [](const char* part, int times) {
      std::string text;
      for (int i = 0; i < times; ++i) text += part;
      return text;
    };
    for (const std::string& text : {repeated("(", 2000),
                                    repeated("{", 100000),
                                    repeated("\\boxed{", 100000),
                                    repeated("9^", 600) + "9",
                                    repeated("9!", 900),
                                    repeated("\\frac{", 300),
                                    repeated("1+", 900) + "1",
                                    repeated("(x+y)^", 200) + "9",
                                    repeated("\\sqrt", 400),
                                    repeated("x", 1900),
                                    repeated("1,", 900) + "1",
                                    repeated("\\{", 500),
                                    std::string(3, '\0') + "\xFF\xFE",
                                    repeated("answer is ", 100000),
                                    repeated("99999999^99999999*", 100) + "1",
                                    repeated("((a+b)(a-b))", 150),
                                    repeated("1\\frac{", 250),
                                    repeated("(1+", 600),
                                    repeated("\\pm", 400) + "1",
                                    repeated("\\pm 1,", 250),
                                    repeated("1:", 900) + "1",
                                    repeated("1 to ", 350) + "1",
                                    repeated("x<1 or ", 250) + "x<2",
                                    repeated("2 hours ", 200),
                                    repeated("twenty ", 200),
                                    repeated("a=", 800),
                                    repeated("\\binom{x}{", 150),
                                    repeated("|", 1900),
                                    repeated("(0,1)\\cup", 180) + "(0,1)",
                                    repeated("\\{1,", 400),
                                    repeated("1\\frac{1}{", 150) + repeated("}", 150)}) {
      QElapsedTimer clock;
      clock.start();
      (void)extract_answer(text);
      (void)is_right(text, text + " ");
      (void)is_right(text, "5");
      (void)same_answer("5", text);
      QVERIFY2(clock.elapsed() < 1000, (text.substr(0, 20) + ": " + std::to_string(clock.elapsed())).c_str());
    }
  }
};

QTEST_GUILESS_MAIN(VerifyTest)
#include "verify_test.moc"
