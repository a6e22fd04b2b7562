// From a recipe to right answers: a model of a million numbers learns to add on the CPU, and is asked sums it never
// saw. A minute or two on two cores; run by `./check -C slow -L slow`.

#include <QTest>
#include <algorithm>
#include <array>
#include <cstdio>
#include <fstream>
#include <utility>
#include <vector>

#include "tests/cli/program.h"
#include "tests/support/data.h"

using namespace holdfast;
using holdfast::test::Program;

namespace {

using Sum = std::pair<int, int>;

std::string question(const Sum& sum) {
  std::array<char, 16> text{};
  std::snprintf(text.data(), text.size(), "%02d+%02d=", sum.first, sum.second);
  return text.data();
}
std::string answer(const Sum& sum) {
  std::array<char, 16> text{};
  std::snprintf(text.data(), text.size(), "%03d", sum.first + sum.second);
  return text.data();
}

void shuffle(std::vector<Sum>& sums, test::Random& random) {
  for (std::size_t i = sums.size(); i > 1; --i) {
    std::swap(sums[i - 1], sums[static_cast<std::size_t>(random.below(static_cast<std::int64_t>(i)))]);
  }
}

const std::string addition_recipe = R"(name = "addition"
seed = 3
[model]
new = {d_model = 128, n_layer = 8, head_dim = 32, d_state = 32}
tokenizer = ")" HOLDFAST_GOLDEN_DIR R"(/tokenizers/sp-bpe/tokenizer.model"
template = "plain"
[train]
micro_batch_tokens = 2048
[optimiser]
weight_decay = 0.1
[[phase]]
name = "learn"
sequence_length = 64
batch_tokens = 2048
steps = 900
learning_rate = 3e-3
schedule = "cosine"
warmup_steps = 50
gate = {kind = "validation", at_least = 0.997}
[[phase.data]]
file = "rows.jsonl"
[evaluation]
every = 150
rows = 1000
answers = true
max_tokens = 8
[[evaluation.data]]
file = "unseen.jsonl"
)";

}  // namespace

class AdditionSlowTest final : public QObject {
  Q_OBJECT

 private slots:
  // Of the 10 000 sums of two numbers below 100, 1 000 are never shown.
  void a_small_model_learns_to_add_two_digit_numbers() {
    const Program program;
    test::Random random(1);
    std::vector<Sum> sums;
    for (int i = 0; i < 10000; ++i) sums.emplace_back(i / 100, i % 100);
    shuffle(sums, random);
    std::ofstream unseen(program.file("unseen.jsonl").toStdString());
    for (int i = 0; i < 1000; ++i) {
      const Sum& sum = sums[static_cast<std::size_t>(i)];
      unseen << "{\"prompt\": \"" << question(sum) << "\", \"completion\": \"" << answer(sum) << "\"}\n";
    }
    unseen.close();
    sums.erase(sums.begin(), sums.begin() + 1000);
    std::ofstream rows(program.file("rows.jsonl").toStdString());
    for (int round = 0; round < 20; ++round) {
      shuffle(sums, random);
      for (std::size_t i = 0; i < sums.size(); i += 5) {  // five fill a sequence
        rows << "{\"messages\": [";
        for (std::size_t k = i; k < i + 5; ++k) {
          rows << (k > i ? ", " : "") << "{\"role\": \"user\", \"content\": \"" << question(sums[k])
               << "\"}, {\"role\": \"assistant\", \"content\": \"" << answer(sums[k]) << "\"}";
        }
        rows << "]}\n";
      }
    }
    rows.close();
    std::ofstream(program.file("addition.toml").toStdString()) << addition_recipe;

    QProcess process;
    program.start(process, {"train", program.file("addition.toml"), "--out", program.file("run"), "--json"});
    QVERIFY2(process.waitForFinished(600000), "not done in ten minutes");
    QCOMPARE(process.exitCode(), 0);
    const QByteArray said = process.readAllStandardOutput().trimmed();
    const auto end = nlohmann::json::parse(said.mid(said.lastIndexOf('\n') + 1).toStdString());
    QCOMPARE(end["end"].get<std::string>(), std::string("finished"));
    const double right = end["right"].get<double>();
    qInfo("%.2f %% of 1000 sums right after %d steps", 100.0 * right, end["step"].get<int>());
    QVERIFY2(right > 0.99, qPrintable(QString::number(right)));
  }
};

QTEST_GUILESS_MAIN(AdditionSlowTest)
#include "addition_slow_test.moc"
