// Answers put into the equations that a problem states: what breaks one is found, what keeps all or may mean something
// else is passed over.
//
// Planted faults seen caught: the second equation of a system left out; a function's definition read as an equation;
// degrees counted.
#include "training/stated_equations.h"

#include <QTest>

#include "training/generators/catalogue.h"

using namespace holdfast;

class StatedEquationsTest final : public QObject {
  Q_OBJECT

 private slots:
  void a_broken_equation_is_found_data() {
    QTest::addColumn<QString>("problem");
    QTest::addColumn<QString>("answer");
    QTest::addColumn<QString>("broken");
    const auto row = [](const char* problem, const char* answer, const char* broken = "") {
      QTest::newRow((std::string(problem) + " " + answer).c_str()) << problem << answer << broken;
    };
    row("Solve 4x - 9 = 23.", "8");
    row("Solve 4x - 9 = 23.", "7", "4x - 9 = 23 with x = 7");
    row("If 3(x + 2) = 2x + 11, what is x?", "5");
    row("If 3(x + 2) = 2x + 11, what is x?", "6", "3(x + 2) = 2x + 11 with x = 6");
    row("2x + 3 = 10. Find x.", "7/2");
    row("2x + 3 = 10. Find x.", "3", "2x + 3 = 10 with x = 3");
    row("Solve x^2 = 121 for the positive x.", "11");
    row("Solve x^2 = 121 for the positive x.", "12", "x^2 = 121 with x = 12");
    row("If x + y = 39 and x - y = 21, find x.", "30");
    row("If x + y = 39 and x - y = 21, find x.", "29", "x - y = 21 with x = 29");
    row("x + y = 39. x - y = 21. What is y?", "9");
    row("x + y = 39. x - y = 21. What is y?", "8", "x - y = 21 with y = 8");
    row("Given that x = 4 and y = 3x, what is y?", "12");
    row("Given that x = 4 and y = 3x, what is y?", "9", "y = 3x with y = 9");
    row("For which x is x/3 + 18 = 25?", "21");
    row("What is x when 5(x + 14) = 90?", "x = 4");
    row("What is x when 5(x + 14) = 90?", "x = 5", "5(x + 14) = 90 with x = 5");
    // What is asked is something else, or may be.
    row("If 2x = 8, what is 3x?", "12");
    row("If 2x = 8, find x + 5.", "9");
    row("If x + y = 10 and x - y = 4, what is xy?", "21");
    row("What is the sum of the solutions of x^2 - 5x + 6 = 0?", "5");
    row("If f(x) = 2x + 1, find x.", "7");
    row("Twice x = 8. Find x.", "4");
    row("Find x if x = 8 percent of 50.", "4");
    row("Solve |x - 2| = 3.", "9");
    row("Solve 2x < 8 where x = 5.", "1");
    row("Find x if 3x = 12 or x = 9.", "1");
    row("x + y + z = 6. Find x.", "100");
    row("What is 24 * 17?", "408");
    row("Solve x^2 = 4.", "2 and -2");
    row("Solve 3x = 12.", "no solution");
    row("", "3");
  }
  void a_broken_equation_is_found() {
    QFETCH(QString, problem);
    QFETCH(QString, answer);
    QFETCH(QString, broken);
    const auto found = find_broken_equation(problem.toStdString(), answer.toStdString());
    QCOMPARE(QString::fromStdString(found.value_or("")), broken);
  }

  void a_count_is_not_negative() {
    const auto found = [](const char* problem, const char* answer) {
      return find_negative_count(problem, answer).value_or("");
    };
    QCOMPARE(found("If 50 of the 27 seats are taken, how many seats are empty?", "-23"),
             std::string("-23 is asked for by how many"));
    QCOMPARE(found("He pays with $50. How much change does he get?", "-1"),
             std::string("-1 is asked for by how much change"));
    QCOMPARE(found("If 50 of the 77 seats are taken, how many seats are empty?", "27"), std::string());
    QCOMPARE(found("It is 3 degrees and gets 5 colder. How many degrees is it?", "-2"), std::string());
    QCOMPARE(found("How much is 3 - 5?", "-2"), std::string());
    QCOMPARE(found("How many are left?", "none"), std::string());
  }

  // No right answer of the generators breaks an equation of its statement; a wrong one does where there is one to read.
  void right_answers_break_nothing() {
    int caught = 0;
    for (const auto& family : generators::catalogue()) {
      for (int level = family.least_level; level <= family.most_level; ++level) {
        for (std::uint64_t seed = 0; seed < 100; ++seed) {
          const Problem problem = generators::make_problem(family, level, seed);
          const auto found = find_broken_equation(problem.statement, problem.answer);
          QVERIFY2(!find_negative_count(problem.statement, problem.answer), problem.statement.c_str());
          QVERIFY2(!found, (problem.statement + "\n" + problem.answer + "\n" + found.value_or("")).c_str());
          if (problem.answer.find_first_not_of("-0123456789") == std::string::npos &&
              find_broken_equation(problem.statement, problem.answer + "1"))
            ++caught;
        }
      }
    }
    QVERIFY2(caught > 300, qPrintable(QString::number(caught)));
  }
};

QTEST_GUILESS_MAIN(StatedEquationsTest)
#include "stated_equations_test.moc"
