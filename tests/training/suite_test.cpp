// The suites of this repository: every row is read, its answer is right for itself, and no problem stands twice,
// neither in one suite nor in two. Seen to fail: an answer that only its own spelling equals, a problem of one suite
// copied into the other, a row without a level, a suite cut short.
#include "training/suite.h"

#include <QTest>
#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "kernels/error.h"
#include "training/similar_text.h"
#include "training/verify.h"

using namespace holdfast;

class SuiteTest : public QObject {
  Q_OBJECT

 private slots:
  void every_row_has_a_level_and_the_levels_have_their_shares_data() { suites(); }
  void every_row_has_a_level_and_the_levels_have_their_shares() {
    QFETCH(QString, file);
    QFETCH(int, rows);
    const std::vector<SuiteItem> items = load_suite(path(file));
    QCOMPARE(items.size(), static_cast<std::size_t>(rows));
    std::map<int, int> of_level;
    for (const SuiteItem& item : items) {
      QVERIFY2(item.level.has_value(), item.problem.c_str());
      ++of_level[*item.level];
    }
    // Per cent of levels 1 to 5, so that figures on two suites can be compared at all.
    constexpr std::array<int, 5> shares{25, 35, 28, 9, 3};
    QCOMPARE(of_level.size(), shares.size());
    for (int level = 1; level <= 5; ++level) {
      const int share = shares[static_cast<std::size_t>(level) - 1];
      QVERIFY2(std::abs(of_level[level] * 100 - share * rows) <= 2 * rows, std::to_string(level).c_str());
    }
  }

  void every_answer_is_found_in_a_reply_and_right_for_itself_data() { suites(); }
  void every_answer_is_found_in_a_reply_and_right_for_itself() {
    QFETCH(QString, file);
    for (const SuiteItem& item : load_suite(path(file))) {
      const auto answer = extract_answer("so\n</think>\n\nThe answer is \\boxed{" + item.answer + "}.");
      QVERIFY2(answer && is_right(answer->text, item.answer), item.problem.c_str());
      QVERIFY2(!is_right("1234567", item.answer), item.problem.c_str());
    }
  }

  void no_problem_stands_twice() {
    NearDuplicates first;
    std::set<std::string> seen;
    for (const SuiteItem& item : load_suite(path("everyday.tsv"))) {
      QVERIFY2(seen.insert(item.problem).second, item.problem.c_str());
      first.add(item.problem);
    }
    for (const SuiteItem& item : load_suite(path("everyday_two.tsv"))) {
      QVERIFY2(seen.insert(item.problem).second, item.problem.c_str());
      QVERIFY2(!first.find(item.problem), item.problem.c_str());  // nor nearly so
    }
  }

  void a_row_without_tabs_is_refused() {
    QVERIFY_EXCEPTION_THROWN((void)parse_suite("level\tproblem\tanswer\n1\tWhat is 1 + 1?\n", "made up"), FormatError);
  }

 private:
  static void suites() {
    QTest::addColumn<QString>("file");
    QTest::addColumn<int>("rows");
    QTest::newRow("everyday") << "everyday.tsv" << 205;
    QTest::newRow("everyday two") << "everyday_two.tsv" << 220;
  }
  static std::filesystem::path path(const QString& file) {
    return std::filesystem::path(HOLDFAST_SOURCE_DIR "/tests/suites") / file.toStdString();
  }
};

QTEST_GUILESS_MAIN(SuiteTest)
#include "suite_test.moc"
