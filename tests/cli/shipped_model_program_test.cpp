// The model that ships solves what the README promises, as a person would ask it, with nothing named.
//
// Seen failing: with the weights of the first stage alone, which had never read the request for a box.
#include <QTest>

#include "tests/cli/program.h"

using holdfast::test::Program;
using holdfast::test::Ran;

class ShippedModelTest : public QObject {
  Q_OBJECT
 private slots:
  void solves_what_it_was_made_for_data() {
    QTest::addColumn<QString>("problem");
    QTest::addColumn<QString>("answer");
    QTest::newRow("shirt") << "A shirt costs $80. It is discounted by 25% and then a tax of 10% is added. What is the "
                              "final price?"
                           << "66";
    QTest::newRow("product") << "What is 24 * 17?"
                             << "408";
    QTest::newRow("stickers") << "I had 45 stickers and my sister gave me 18 more. How many do I have now?"
                              << "63";
    QTest::newRow("equation") << "Solve 4x - 9 = 23."
                              << "8";
    QTest::newRow("trains")
        << "Two trains 300 km apart approach each other at 70 km/h and 80 km/h. After how many hours "
           "do they meet?"
        << "2";
  }
  void solves_what_it_was_made_for() {
    QFETCH(QString, problem);
    QFETCH(QString, answer);
    const Program program;
    const Ran ran = program.run({"solve", problem, "--greedy", "--json"});
    HOLDFAST_ENDED(ran, 0);
    QCOMPARE(QString::fromStdString(ran.json().value("boxed", "")), answer);
  }
};

QTEST_GUILESS_MAIN(ShippedModelTest)
#include "shipped_model_program_test.moc"
