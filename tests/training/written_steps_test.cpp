// Arithmetic that is written out: what is false is found, what is true or may mean something else is not.
//
// Planted faults seen caught: sides of a chain compared with the first alone; a number with words behind it read; a
// decimal number taken as exact.
#include "training/written_steps.h"

#include <QElapsedTimer>
#include <QTest>

#include "training/generators/catalogue.h"

using namespace holdfast;

class WrittenStepsTest final : public QObject {
  Q_OBJECT

 private slots:
  void a_false_step_is_found_data() {
    QTest::addColumn<QString>("text");
    QTest::addColumn<QString>("step");  // empty: all that can be read holds
    const auto row = [](const char* text, const char* step = "") { QTest::newRow(text) << text << step; };
    row("760 / 7 = 180", "760 / 7 = 180");
    row("Average: 760 / 7 = 700 / 7 + 560 / 7 = 100 + 80 = 180", "760 / 7 = 700 / 7 + 560 / 7");
    row("First: 2 + 2 = 4\nThen: 3 * 3 = 10.", "3 * 3 = 10");
    row("3x = 76 - 38 = 38\nx = 38 / 3 = 12", "38 / 3 = 12");
    row("Check: 3 * 12 = 36, and 36 + 38 = 76", "36 + 38 = 76");
    row("8 = 2 * 4 and 3 = 2 * 1", "3 = 2 * 1");
    row("1. 3 + 4 = 8", "3 + 4 = 8");
    row("That is all. 3 + 4 = 8, so it is 8", "3 + 4 = 8");
    row("so $3 \\times 4 = 13$", "3 * 4 = 13");
    row("\\(\\frac{3}{4} + \\frac{1}{4} = 2\\)", "((3)/(4)) + ((1)/(4)) = 2");
    row("2^10 = 1000", "2^10 = 1000");
    row("1,000 - 1 = 99", "1,000 - 1 = 99");
    row("-5 * 14 = -60", "-5 * 14 = -60");
    row("1/3 = 0.34", "1/3 = 0.34");
    row("\xE2\x88\x92"
        "3 \xC3\x97 4 = 12",
        "-3 * 4 = 12");
    row("6 / 2 = 3 = 4", "3 = 4");

    row("24 * 17 = 24 * 10 + 24 * 7 = 240 + 168 = 408");
    row("1/3 = 0.33 and 2/3 = 0.67, 2/3 = 0.66");
    row("17 / 5 = 3 remainder 2");
    row("half of 30 = 15");
    row("40% of 50 = 20");
    row("20 / 50 = 40%");
    row("3 * 4 = 13?");
    row("3 m + 40 cm = 340 cm");
    row("8:50 + 30 = 9:20");
    row("2 : 3 = 4 : 6");
    row("3 != 4");
    row("5 <= 6, 7 == 8");
    row("x = 3, y = 4");
    row("f(2) = 5 and f(3) = 6");
    row("a_3 = 5");
    row("C(5, 2) = 10");
    row("sqrt(25) = 5");
    row("6/2(1+2) = 1");
    row("1010 from base 2 = 10");
    row("16/5 = 3 1/5");
    row("5! = 120");
    row("= = = 5 =");
    row("7 = ");
    row("1/0 = 3");
    row("# 3 + 4 = 8");
    row("0.1 + 0.2 = 0.3");
  }
  void a_false_step_is_found() {
    QFETCH(QString, text);
    QFETCH(QString, step);
    QCOMPARE(QString::fromStdString(find_false_step(text.toStdString()).value_or("")), step);
  }

  // Every equation of the generators is true; one that is changed is found.
  void solutions_of_the_generators_hold_until_they_are_changed() {
    int solutions = 0, changed = 0, found = 0;
    for (const generators::Family& family : generators::catalogue()) {
      for (std::uint64_t seed = 0; seed < 40; ++seed) {
        const Problem problem = generators::make_problem(family, 1 + static_cast<int>(seed % 5), seed);
        std::string solution(problem.solution);
        ++solutions;
        const auto step = find_false_step(solution);
        QVERIFY2(!step, (std::string(family.name) + ": " + step.value_or("") + "\n" + solution).c_str());
        // The last number of the first line that ends in "= number".
        for (std::size_t begin = 0; begin < solution.size();) {
          const std::size_t end = std::min(solution.find('\n', begin), solution.size());
          const std::string line = solution.substr(begin, end - begin);
          const std::size_t sign = line.rfind("= ");
          const bool number = sign != std::string::npos && sign + 2 < line.size() &&
                              line.find_first_not_of("0123456789", sign + 2) == std::string::npos;
          const bool worked = number && line.find_first_of("+*/") < sign;
          if (worked) {
            char& digit = solution[end - 1];
            digit = digit == '9' ? '8' : static_cast<char>(digit + 1);
            ++changed;
            if (find_false_step(solution)) ++found;
            break;
          }
          begin = end + 1;
        }
      }
    }
    qInfo("%d solutions, %d changed, %d of these found", solutions, changed, found);
    QVERIFY(changed > solutions / 2 && found > changed * 9 / 10);
  }

  void hostile_text_ends_soon() {
    QElapsedTimer clock;
    clock.start();
    std::string powers;
    for (int i = 0; i < 20000; ++i) powers += "9^9^9^9^9 = 9^9^9^9 = (" + std::string(150, '(') + "\n";
    (void)find_false_step(powers);
    (void)find_false_step(std::string(5000000, '='));
    (void)find_false_step(std::string(100000, '\\') + "frac{" + std::string(100000, '{'));
    std::string fractions;
    for (int i = 0; i < 20000; ++i) fractions += "\\frac{1}{2}";
    (void)find_false_step(fractions + " = 1");
    QVERIFY(clock.elapsed() < 20000);  // a hang, not a figure
  }
};

QTEST_GUILESS_MAIN(WrittenStepsTest)
#include "written_steps_test.moc"
