// Answers by value: what is right, what only looks right, what is found in a completion, and what is hostile.
#include "training/verify.h"

#include <QElapsedTimer>
#include <QTest>

#include "training/generators/catalogue.h"

using namespace holdfast;

namespace {

struct Pair {
  const char* given;
  const char* expected;
  bool right;
};

constexpr Pair pairs[] = {
    {"\\frac{3}{4}", "0.75", true},
    {"0.750", "3/4", true},
    {"-\\frac{3}{4}", "\\frac{-3}{4}", true},
    {"\\frac{3}{-4}", "-0.75", true},
    {"2\\frac{1}{2}", "5/2", true},
    {"2 1/2", "2.5", true},
    {"21/2", "2.5", false},
    {"-2 1/2", "-2.5", true},
    {"-2 1/2", "-1.5", false},
    {"1e-3", "0.001", true},
    {"1.5e2", "150", true},
    {"1e3", "3", false},
    {"2\\times10^3", "2000", true},
    {"2^{10}", "1024", true},
    {"2^10", "20", false},
    {"2^{100}", "1267650600228229401496703205376", true},
    {"2^{100}", "1267650600228229401496703205375", false},
    {"\\sqrt{12}", "2\\sqrt{3}", true},
    {"2\\sqrt3", "\\sqrt{6}", false},
    {"\\sqrt{2}/2", "1/\\sqrt{2}", true},
    {"\\sqrt{5+2\\sqrt{6}}", "\\sqrt{2}+\\sqrt{3}", true},
    {"3.1416", "\\pi", true},
    {"3.14", "\\pi", false},
    {"22/7", "\\pi", false},
    {"0.\\overline{3}", "1/3", true},
    {"0.333...", "1/3", true},
    {"0.9999", "1", false},
    {"x+1", "1+x", true},
    {"x-1", "1-x", false},
    {"(x+1)^2", "x^2+2x+1", true},
    {"(x+1)^2", "x^2+1", false},
    {"2(x+y)", "2x+2y", true},
    {"2(x+y)", "2x+y", false},
    {"xy", "yx", true},
    {"\\sqrt{x^2}", "x", false},
    {"\\frac{x^2-1}{x-1}", "x+1", true},
    {"x^{-1}", "1/x", true},
    {"x=5", "5", true},
    {"x=5", "y=5", false},
    {"y=2x+1", "2x-y+1=0", true},
    {"y=2x+1", "y=2x-1", false},
    {"x>3", "x\\ge 3", false},
    {"x>3", "x<3", false},
    {"[1,2)", "[1,2]", false},
    {"(1,2]", "[1,2)", false},
    {"(-\\infty,2)", "(-\\infty, 2)", true},
    {"(1,2)\\cup(3,4)", "(3,4)\\cup(1,2)", true},
    {"1, 2", "2, 1", true},
    {"1 and 2", "1, 2", true},
    {"1, 2, 3", "1, 2", false},
    {"\\pm 3", "3", false},
    {"$5", "5", true},
    {"\\$5.00", "5", true},
    {"100 cm", "1 m", true},
    {"1 m", "10 cm", false},
    {"5 kg", "5 cm", false},
    {"12 apples", "12", true},
    {"12 apples", "13 apples", false},
    {"90 minutes", "1.5 hours", true},
    {"60 km/h", "60", true},
    {"6 \\text{ cm}^2", "6", true},
    {"12.5%", "1/8", true},
    {"0.125", "12.5\\%", true},
    {"5!", "120", true},
    {"\\binom{5}{2}", "10", true},
    {"\\log_2 8", "3", true},
    {"\\sin 30^\\circ", "1/2", true},
    {"|{-3}|", "3", true},
    {"-5", "5", false},
    {"5", "5.0", true},
    {"05", "5", true},
    {"1,234", "1234", true},
    {"1.234", "1234", false},
    {"Monday", "monday", true},
    {"Monday", "Tuesday", false},
    {"yes", "no", false},
    {"i^2", "-1", true},
    {"3+4i", "4i+3", true},
    {"3+4i", "3-4i", false},
    {"", "0", false},
    {"x", "5", false},
    {"1/2", "0.5", true},
    {"0.5", "\\frac{1}{2}", true},
    {"\\frac12", "1/2", true},
    {"2/4", "1/2", true},
    {"0.33", "1/3", false},
    {"0.3333", "1/3", true},
    {"0.3334", "1/3", false},
    {"1000", "1e3", true},
    {"1,000", "1000", true},
    {"1{,}000", "1000", true},
    {"10,000", "1000", false},
    {"50\\%", "0.5", true},
    {"50%", "50", false},
    {"50", "50\\%", true},
    {"50\\%", "50\\%", true},
    {"0.5", "50\\%", true},
    {"5", "50\\%", false},
    {"(1,2)", "(1, 2)", true},
    {"(1,2)", "\\{1,2\\}", false},
    {"(1,2)", "(2,1)", false},
    {"\\{1,2\\}", "\\{2,1\\}", true},
    {"2, 3", "3, 2", true},
    {"2,3", "2, 3", true},
    {"2 and 3", "2, 3", true},
    {"x+1", "1+x", true},
    {"x+1", "x-1", false},
    {"2(x+1)", "2x+2", true},
    {"(x+1)^2", "x^2+2x+1", true},
    {"x^2 + 8x + 15", "(x+3)(x+5)", true},
    {"x^2+8x-15", "(x+3)(x+5)", false},
    {"x = 5", "5", true},
    {"5", "x=5", true},
    {"y = 5", "5", true},
    {"x = 4", "5", false},
    {"-3", "-3", true},
    {"-3", "3", false},
    {"+3", "3", true},
    {"3.0", "3", true},
    {"3.00", "3", true},
    {"3.01", "3", false},
    {"2\\sqrt{3}", "\\sqrt{12}", true},
    {"\\sqrt{2}", "1.4142", true},
    {"\\sqrt{2}", "1.41", false},
    {"36\\pi", "36\\pi", true},
    {"36pi", "36\\pi", true},
    {"113.1", "36\\pi", true},
    {"113", "36\\pi", false},
    {"\\pi", "3.14", false},
    {"3.1416", "\\pi", true},
    {"5 kg", "5 kg", true},
    {"5 kg", "5", true},
    {"5", "5 kg", true},
    {"5 kg", "5 cm", false},
    {"1 m", "100 cm", true},
    {"1 m", "10 cm", false},
    {"2 hours", "120 minutes", true},
    {"12 apples", "12", true},
    {"12", "12 apples", true},
    {"\\$66", "66", true},
    {"$66$", "66", true},
    {"66 dollars", "66", true},
    {"$66.00", "66", true},
    {"66.5", "66.50", true},
    {"$1,234.50", "1234.5", true},
    {"yes", "yes", true},
    {"Yes.", "yes", true},
    {"no", "yes", false},
    {"Carol", "carol", true},
    {"Carol", "Beth", false},
    {"Friday", "friday", true},
    {"4:45", "4:45", true},
    {"4:45", "5:45", false},
    {"1101", "1101", true},
    {"2^2 * 3 * 5", "60", true},
    {"2^2 \\cdot 3 \\cdot 5", "2^2 * 3 * 5", true},
    {"3 1/2", "7/2", true},
    {"3\\frac{1}{2}", "3.5", true},
    {"3 1/2", "31/2", false},
    {"[0,1]", "[0,1]", true},
    {"[0,1)", "[0,1]", false},
    {"(0,1)", "[0,1]", false},
    {"(-\\infty, 2)", "(-\\infty,2)", true},
    {"x > 2", "x>2", true},
    {"x > 2", "x \\ge 2", false},
    {"2x+y=3", "4x+2y=6", true},
    {"2x+y=3", "4x+2y=7", false},
    {"\\frac{-1}{2}", "-\\frac{1}{2}", true},
    {"-1/2", "1/-2", true},
    {"2^{10}", "1024", true},
    {"10!", "3628800", true},
    {"\\log_2 8", "3", true},
    {"", "3", false},
    {"3", "", false},
    {"three", "3", false},
    {"3", "33", false},
    {"12", "1 2", false},
    {"0", "-0", true},
    {"0.1 + 0.2", "0.3", true},
    {"1e-3", "0.001", true},
    {"90^\\circ", "\\frac{\\pi}{2}", true},
    {"\\text{5 cm}", "5 cm", true},
    {"5 \\text{ cm}", "5", true},
    {"5\\,\\text{cm}", "0.05 m", true},
    {"(4, 3)", "(4,3)", true},
    {"4, 3", "(4, 3)", true},
    {"3, 4", "(4, 3)", false},
    {"a+b", "b+a", true},
    {"ab", "ba", true},
    {"a-b", "b-a", false},
    {"1/x", "x^{-1}", true},
    {"x/2", "0.5x", true},
    {"x", "y", false},
    {"60 km/h", "60", true},
    {"25 square cm", "25", true},
    {"25 cm^2", "25", true},
    {"7/1", "7", true},
    {"\\boxed{7}", "7", true},
    {"7.", "7", true},
    {"  7 ", "7", true},
    {"07", "7", true},
    {"1/0", "1/0", false},
    {"16\\%", "16%", true},
    {"16 percent", "16\\%", true},
    {"0.16", "16\\%", true},
};

}  // namespace

class VerifyTest : public QObject {
  Q_OBJECT

 private slots:
  void answers_are_compared_by_value_data() {
    QTest::addColumn<QString>("given");
    QTest::addColumn<QString>("expected");
    QTest::addColumn<bool>("right");
    for (const Pair& p : pairs) {
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
    for (const std::string& text :
         {repeated("(", 2000), repeated("{", 100000), repeated("\\boxed{", 100000), repeated("9^", 600) + "9",
          repeated("9!", 900), repeated("\\frac{", 300), repeated("1+", 900) + "1", repeated("(x+y)^", 200) + "9",
          repeated("\\sqrt", 400), repeated("x", 1900), repeated("1,", 900) + "1", repeated("\\{", 500),
          std::string(3, '\0') + "\xFF\xFE", repeated("answer is ", 100000), repeated("99999999^99999999*", 100) + "1",
          repeated("((a+b)(a-b))", 150)}) {
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
