// Near-duplicates and runs of words that a benchmark has.
//
// Planted faults seen caught: upper case kept; the length of a benchmark's short text off by one; shingles of one word;
// the last shingle left out.
#include "training/similar_text.h"

#include <QTest>
#include <string>

using namespace holdfast;

namespace {
const std::string train =
    "A train leaves the station at nine in the morning and travels at 60 km per hour towards the "
    "coast, which is 180 km away. When does it arrive?";
}

class SimilarTextTest : public QObject {
  Q_OBJECT
 private slots:
  void the_same_text_in_other_case_and_punctuation_is_a_duplicate() {
    NearDuplicates known;
    QCOMPARE(known.add("Ann has 3 apples and buys 4 more. How many has she now?"), std::size_t{0});
    QCOMPARE(known.add(train), std::size_t{1});
    std::string other = train;
    for (char& c : other) c = c == ',' ? ';' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    const auto match = known.find(other);
    QVERIFY(match.has_value());
    QCOMPARE(match->index, std::size_t{1});
    QCOMPARE(match->similarity, 1.0);
  }
  void one_changed_word_is_near_and_another_problem_is_not() {
    NearDuplicates known(0.6);
    known.add(train);
    std::string other = train;
    other.replace(other.find("coast"), 5, "sea");
    const auto match = known.find(other);
    // 29 words have 27 runs of three, 3 of which change: 24 of 30 are shared, 0.8.
    QVERIFY(match.has_value());
    QVERIFY(match->similarity > 0.6 && match->similarity < 0.95);
    QVERIFY(!known.find("How many ways are there to seat five people around a round table?").has_value());
  }
  void short_and_empty_texts_are_texts_too() {
    NearDuplicates known;
    known.add("2 + 2");
    QVERIFY(known.find("2+2").has_value());
    QVERIFY(!known.find("2 + 3").has_value());
    QVERIFY(!NearDuplicates().find("").has_value());
  }
  void thirteen_words_in_a_row_of_a_benchmark_are_found_and_twelve_are_not() {
    Contamination benchmark;
    benchmark.add("zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen");
    QVERIFY(benchmark.touches("So: One, two three four five six seven eight nine ten eleven twelve thirteen! And on."));
    QVERIFY(!benchmark.touches("So: one two three four five six seven eight nine ten eleven twelve and on it goes."));
  }
  void a_short_problem_of_a_benchmark_is_met_as_a_whole() {
    Contamination benchmark;
    benchmark.add("What is 7 times 8?");
    QVERIFY(benchmark.touches("what is 7 times 8"));
    QVERIFY(!benchmark.touches("What is 7 times 9?"));
    QVERIFY(!benchmark.touches("Tell me please what is 7 times 8 and nothing else"));
  }
};

QTEST_GUILESS_MAIN(SimilarTextTest)
#include "similar_text_test.moc"
