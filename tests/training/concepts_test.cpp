// The concept bank: what the file must be, how concepts are drawn, and that the generators' concepts are all in it.
//
// Planted faults seen caught: similarity added at the wrong concept's place; chosen concepts not masked; the sum over
// the chosen instead of the mean; exclusions ignored after the first draw; the level of the bank ignored; counts of a
// pair kept on one side only; a sign found inside a word; prerequisites weighted by thirds; the first drawn by the
// exponential of its frequency; a draw that does not use up its chances.
#include "training/concepts.h"

#include <QTest>
#include <cmath>
#include <map>
#include <set>

#include "kernels/error.h"
#include "training/generators/catalogue.h"

using namespace holdfast;

namespace {

const std::string head = "concept\tarea\tlevel\tprerequisites\tgoes with\tsigns\n";
const std::string small_text = head +
                               "one\tA\t1\t\t\t+; sum\n"
                               "two\tA\t1\tone\t\t\n"
                               "three\tA\t2\tone; two\tfive\tthird\n"
                               "four\tB\t1\t\t\t\n"
                               "five\tB\t4\tfour\t\t\n";

ConceptBank small_bank() {
  ConceptBank bank = ConceptBank::parse(small_text, "small");
  bank.count({{"one", "two"}, {"one", "two"}, {"one"}, {"four"}, {"two", "four", "four"}});
  return bank;
}

ConceptBank shipped() { return ConceptBank::load(HOLDFAST_SOURCE_DIR "/resources/concepts/concepts.tsv"); }

// What stands in front of the reasons of a refused file.
QString refusal(const std::string& text) {
  try {
    (void)ConceptBank::parse(text, "bank");
  } catch (const FormatError& error) {
    return QString::fromStdString(error.what());
  }
  return "accepted";
}

// The similarity of two vectors written out by hand.
double cosine(const std::vector<double>& a, const std::vector<double>& b) {
  double ab = 0.0, aa = 0.0, bb = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) ab += a[i] * b[i], aa += a[i] * a[i], bb += b[i] * b[i];
  return ab / std::sqrt(aa * bb);
}

// one two three four five, area A, area B
const std::vector<std::vector<double>> by_hand{{1, 0, 0, 0, 0, 1, 0},
                                               {0.5, 1, 0, 0, 0, 1, 0},
                                               {0.5, 0.5, 1, 0, 0, 1, 0},
                                               {0, 0, 0, 1, 0, 0, 1},
                                               {0, 0, 0, 0.5, 1, 0, 1}};
const double together_by_hand[5][5] = {
    {0, 2, 0, 0, 0}, {2, 0, 0, 1, 0}, {0, 0, 0, 0, 1}, {0, 1, 0, 0, 0}, {0, 0, 1, 0, 0}};
const double frequency_by_hand[5] = {4, 4, 1, 3, 1};

// The chance of every list of `count` concepts, reckoned list by list from the tables above.
void reckon(const std::set<std::size_t>& allowed, std::int64_t count, double temperature,
            std::vector<std::size_t> so_far, double chance, std::map<std::vector<std::size_t>, double>& all) {
  if (std::ssize(so_far) == count) {
    all[so_far] += chance;
    return;
  }
  std::map<std::size_t, double> weights;
  double sum = 0.0;
  for (const std::size_t i : allowed) {
    if (std::ranges::find(so_far, i) != so_far.end()) continue;
    double score = 0.0;
    for (const std::size_t j : so_far) score += together_by_hand[i][j] + cosine(by_hand[i], by_hand[j]);
    const double mean = so_far.empty() ? 0.0 : score / static_cast<double>(so_far.size());
    weights[i] = so_far.empty() ? frequency_by_hand[i] : std::exp(mean / temperature);
    sum += weights[i];
  }
  for (const auto& [i, weight] : weights) {
    std::vector<std::size_t> longer = so_far;
    longer.push_back(i);
    reckon(allowed, count, temperature, longer, chance * weight / sum, all);
  }
}

}  // namespace

class ConceptsTest : public QObject {
  Q_OBJECT
 private slots:
  void the_bank_that_ships_is_large_and_has_every_concept_of_the_generators() {
    ConceptBank bank = shipped();
    QVERIFY(bank.size() >= 120);
    QVERIFY(bank.areas().size() >= 14);
    const ConceptLists lists = family_concept_lists();
    QVERIFY(lists.size() > generators::catalogue().size());
    bank.count(lists);  // throws for a concept that is not there
    for (const auto& family : generators::catalogue()) {
      for (int level = family.least_level; level <= family.most_level; ++level) {
        for (std::uint64_t seed = 100; seed < 130; ++seed) {
          for (const auto name : generators::make_problem(family, level, seed).concepts) {
            const auto found = bank.find(name);
            QVERIFY2(found, qPrintable(QString::fromStdString(std::string(name))));
            if (family.concepts.empty()) continue;
            QVERIFY2(bank[*found].level <= family.least_level, bank[*found].name.c_str());
          }
        }
      }
    }
  }
  void no_concept_is_easier_than_what_it_stands_on() {
    const ConceptBank bank = shipped();
    for (const Concept& known : bank.concepts()) {
      for (const std::size_t p : known.prerequisites) QVERIFY2(bank[p].level <= known.level, known.name.c_str());
    }
  }
  // Families name what some of their wordings use, so that a problem may leave out one; never most of them.
  void the_signs_of_concepts_show_in_the_problems_that_use_them() {
    const ConceptBank bank = shipped();
    for (const auto& family : generators::catalogue()) {
      for (int level = family.least_level; level <= family.most_level; ++level) {
        for (std::uint64_t seed = 0; seed < 200; ++seed) {
          const Problem problem = generators::make_problem(family, level, seed);
          const std::string text = problem.statement + "\n" + problem.rationale;
          int shown = 0, told = 0;
          for (const auto name : problem.concepts) {
            const std::size_t index = bank.index(name);
            if (bank[index].signs.empty()) continue;
            ++told;
            if (bank.shows(index, text)) ++shown;
          }
          QVERIFY2(2 * shown >= told, text.c_str());
        }
      }
    }
  }
  void similarity_is_the_cosine_of_what_concepts_stand_on() {
    const ConceptBank bank = small_bank();
    for (std::size_t i = 0; i < bank.size(); ++i) {
      for (std::size_t j = 0; j < bank.size(); ++j) {
        QVERIFY(std::abs(bank.similarity(i, j) - cosine(by_hand[i], by_hand[j])) < 1e-12);
      }
    }
  }
  void counts_are_of_lists_and_of_pairs_in_lists() {
    const ConceptBank bank = small_bank();
    for (std::size_t i = 0; i < bank.size(); ++i) {
      QCOMPARE(bank.frequency(i), frequency_by_hand[i]);
      for (std::size_t j = 0; j < bank.size(); ++j) QCOMPARE(bank.together(i, j), together_by_hand[i][j]);
    }
    ConceptBank other = small_bank();
    QVERIFY_EXCEPTION_THROWN(other.count({{"six"}}), ArgumentError);
  }
  void drawn_lists_are_as_frequent_as_reckoned_list_by_list() {
    const ConceptBank bank = small_bank();
    struct Case {
      ConceptChoice choice;
      std::set<std::size_t> allowed;
      std::vector<std::size_t> first;
    };
    const std::vector<Case> cases{
        {{.count = 3, .temperature = 0.7}, {0, 1, 2, 3, 4}, {}},
        {{.excluded = {1}, .count = 2, .temperature = 0.5}, {0, 2, 3, 4}, {}},
        {{.level = 2, .count = 3, .temperature = 1.0}, {0, 1, 2, 3}, {}},
        {{.pool = {0, 1, 3}, .locked = {4}, .level = 1, .count = 3, .temperature = 0.4}, {0, 1, 3}, {4}},
    };
    for (const Case& c : cases) {
      std::map<std::vector<std::size_t>, double> wanted;
      reckon(c.allowed, c.choice.count, c.choice.temperature, c.first, 1.0, wanted);
      std::map<std::vector<std::size_t>, double> seen;
      constexpr int draws = 20000;
      for (std::uint64_t seed = 0; seed < draws; ++seed) seen[choose_concepts(bank, c.choice, seed)] += 1.0 / draws;
      for (const auto& [list, share] : seen) QVERIFY(wanted.contains(list));
      for (const auto& [list, chance] : wanted) {
        // Five standard deviations of a share of so many draws.
        const double slack = 5.0 * std::sqrt(chance * (1.0 - chance) / draws) + 1.0 / draws;
        QVERIFY2(std::abs(seen[list] - chance) < slack, qPrintable(QString("%1 %2").arg(seen[list]).arg(chance)));
      }
    }
  }
  void the_chances_of_the_next_are_a_distribution_at_any_temperature() {
    ConceptBank bank = shipped();
    bank.count(family_concept_lists());
    const std::vector<std::size_t> chosen{bank.index("percent"), bank.index("money")};
    for (const double temperature : {1e-6, 0.2, 1.0, 1e6}) {
      const auto chances = concept_chances(bank, {.temperature = temperature}, chosen);
      double sum = 0.0;
      for (const double chance : chances) {
        QVERIFY(std::isfinite(chance) && chance >= 0.0);
        sum += chance;
      }
      QVERIFY(std::abs(sum - 1.0) < 1e-9);
      for (const std::size_t taken : chosen) QCOMPARE(chances[taken], 0.0);
    }
    QVERIFY_EXCEPTION_THROWN((void)concept_chances(bank, {.temperature = 0.0}, chosen), ArgumentError);
  }
  void locks_come_first_exclusions_never_and_nothing_twice() {
    ConceptBank bank = shipped();
    bank.count(family_concept_lists());
    const std::size_t percent = bank.index("percent"), money = bank.index("money"), ages = bank.index("ages");
    for (std::uint64_t seed = 0; seed < 500; ++seed) {
      const auto chosen =
          choose_concepts(bank, {.locked = {ages, percent}, .excluded = {money}, .level = 2, .count = 5}, seed);
      QCOMPARE(chosen.size(), std::size_t{5});
      QCOMPARE(chosen[0], ages);
      QCOMPARE(chosen[1], percent);
      QCOMPARE(std::set<std::size_t>(chosen.begin(), chosen.end()).size(), std::size_t{5});
      QVERIFY(std::ranges::find(chosen, money) == chosen.end());
      for (const std::size_t i : chosen) QVERIFY(bank[i].level <= 2);
      QCOMPARE(chosen,
               choose_concepts(bank, {.locked = {ages, percent}, .excluded = {money}, .level = 2, .count = 5}, seed));
    }
    QVERIFY_EXCEPTION_THROWN((void)choose_concepts(bank, {.locked = {ages}, .excluded = {ages}}, 1), ArgumentError);
    QVERIFY_EXCEPTION_THROWN((void)choose_concepts(small_bank(), {.pool = {4}, .level = 1}, 1), ArgumentError);
    QCOMPARE(choose_concepts(small_bank(), {.count = 99}, 1).size(), std::size_t{5});
  }
  void signs_are_looked_for_where_words_begin() {
    const ConceptBank bank = small_bank();
    QVERIFY(bank.shows(0, "3+4"));
    QVERIFY(bank.shows(0, "What is the SUM?"));
    QVERIFY(!bank.shows(0, "Do not consume."));
    QVERIFY(bank.shows(2, "two-thirds are left"));
    QVERIFY(!bank.shows(1, "anything"));
  }
  void a_name_that_is_not_there_is_refused_with_near_ones() {
    try {
      (void)shipped().index("percentage");
      QFAIL("accepted");
    } catch (const ArgumentError& error) {
      QVERIFY(QString(error.what()).contains("percent discount"));
    }
  }
  void broken_files_are_refused_with_the_line_and_the_reason_data() {
    QTest::addColumn<QString>("text");
    QTest::addColumn<QString>("reason");
    const QString top = QString::fromStdString(head);
    QTest::newRow("empty") << ""
                           << "bank:1: head \"\"";
    QTest::newRow("head") << "name\tarea\n"
                          << "bank:1: head";
    QTest::newRow("nothing") << top << "no concepts";
    QTest::newRow("columns") << top + "a\tb\t1\n"
                             << "bank:2: 3 columns";
    QTest::newRow("level") << top + "a\tb\t6\t\t\t\n"
                           << "level \"6\"";
    QTest::newRow("level text") << top + "a\tb\t1x\t\t\t\n"
                                << "level \"1x\"";
    QTest::newRow("twice") << top + "a\tb\t1\t\t\t\na\tb\t1\t\t\t\n"
                           << "bank:3: concept \"a\" stands twice";
    QTest::newRow("unknown") << top + "a\tb\t1\tc\t\t\n"
                             << "prerequisites: \"c\" is not in the bank";
    QTest::newRow("itself") << top + "a\tb\t1\t\ta\t\n"
                            << "goes with: the concept itself";
    QTest::newRow("circle") << top + "a\tb\t1\tc\t\t\nc\tb\t1\ta\t\t\n"
                            << "\"a\" needs itself";
    QTest::newRow("comma") << top + "a,b\tb\t1\t\t\t\n"
                           << "no comma";
    QTest::newRow("control") << top + "a\x1b[2J\tb\t1\t\t\t\n"
                             << "plain characters";
    QTest::newRow("no area") << top + "a\t\t1\t\t\t\n"
                             << "area \"\"";
    QTest::newRow("long") << top + QString(5000, 'a') + "\tb\t1\t\t\t\n"
                          << "want 1 to 80";
    QTest::newRow("empty sign") << top + "a\tb\t1\t\t\t; \n"
                                << "sign \"\"";
  }
  void broken_files_are_refused_with_the_line_and_the_reason() {
    QFETCH(QString, text);
    QFETCH(QString, reason);
    const QString told = refusal(text.toStdString());
    QVERIFY2(told.contains(reason), qPrintable(told));
  }
};

QTEST_GUILESS_MAIN(ConceptsTest)
#include "concepts_test.moc"
