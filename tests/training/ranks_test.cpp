// Several processes train as one: this program starts itself under mpirun, twice side by side, and compares.
//
// Planted faults seen caught: a rank's gradients left out of the sum; each rank reading all micro-batches; the
// evaluation taken over one rank's rows.

#include "training/ranks.h"

#include <QCoreApplication>
#include <QProcess>
#include <QStandardPaths>
#include <QTemporaryDir>
#include <QTest>
#include <cmath>
#include <fstream>
#include <iostream>

#include "engine/json.h"
#include "tests/training/training_data.h"
#include "training/run.h"

using namespace holdfast;

namespace {

// what: a line of [train].
std::string ranks_recipe(const std::string& what) {
  return R"(seed = 9
[model]
new = {d_model = 32, n_layer = 2, n_heads = 4, head_dim = 16, d_state = 16}
tokenizer = ")" +
         test::golden("tokenizers/sp-bpe/tokenizer.model").string() +
         R"("
template = "plain"
[train]
micro_batch_tokens = 256
)" + what +
         R"(
[[phase]]
sequence_length = 128
batch_tokens = 1280
steps = 8
learning_rate = 3e-3
[[phase.data]]
source = "rows"
[evaluation]
every = 4
rows = 21
[[evaluation.data]]
source = "held"
[checkpoints]
every = 4
)";
}

// Name of the run's folder to what it trains.
std::string what_in(const std::filesystem::path& out) {
  const std::string name = out.filename().string();
  if (name.starts_with("lora"))
    return "what = \"lora\"\nlora = {rank = 4, alpha = 8, targets = [\"in_proj\", \"embedding\"]}";
  return name.starts_with("state") ? "what = \"state\"" : "what = \"full\"";
}

// What each process of a run does: an uneven number of micro-batches, so that ranks have different shares.
int train_in(const std::filesystem::path& out, bool resume) {
  const Ranks ranks;
  Stream stream(Device::cpu(), 1);
  RunOptions options;
  options.out = out;
  options.resume = resume;
  options.product_ceiling = 1e12;
  options.sources["rows"] = std::make_shared<test::CountingSource>("rows", std::nullopt);
  options.sources["held"] = std::make_shared<test::CountingSource>("held", 40);
  try {
    const RunResult result = run_training(stream, Recipe::parse(ranks_recipe(what_in(out)), "/test/ranks.toml"),
                                          options, {}, {}, ranks.reducer(*stream.device()));
    return result.end == RunEnd::finished && ranks.ranks() > 0 ? 0 : 4;
  } catch (const std::exception& error) {
    std::cerr << error.what() << std::endl;
    return 3;
  }
}

std::vector<double> losses_of_run(const std::filesystem::path& out, const char* kind) {
  std::vector<double> losses;
  std::ifstream in(out / "metrics.jsonl");
  for (std::string line; std::getline(in, line);) {
    const Json value = Json::parse(line);
    if (value["kind"] == kind) losses.push_back(value["loss"].get<double>());
  }
  return losses;
}

}  // namespace

class RanksTest final : public QObject {
  Q_OBJECT

 private:
  QTemporaryDir folder_;
  std::filesystem::path out(const char* name) const { return folder_.filePath(name).toStdString(); }
  // Under mpirun with so many ranks; empty if it went well, else what was said.
  static QByteArray mpirun(int ranks, const std::filesystem::path& out) {
    QProcess process;
    process.start("mpirun",
                  {"--allow-run-as-root", "--oversubscribe", "--bind-to", "none", "-np", QString::number(ranks),
                   QCoreApplication::applicationFilePath(), "--train", QString::fromStdString(out.string())});
    if (!process.waitForFinished(120000)) return "mpirun did not end";
    return process.exitCode() == 0 ? QByteArray() : process.readAllStandardError();
  }

 private slots:
  void two_ranks_give_the_losses_of_one_with_the_whole_batch_data() {
    QTest::addColumn<QByteArray>("what");
    for (const char* what : {"full", "lora", "state"}) QTest::newRow(what) << QByteArray(what);
  }
  void two_ranks_give_the_losses_of_one_with_the_whole_batch() {
    if (QStandardPaths::findExecutable("mpirun").isEmpty()) QSKIP("SKIPPED: mpirun is not installed (openmpi-bin)");
    QFETCH(QByteArray, what);
    const auto one_rank = out((what + "-one").constData()), two_ranks = out((what + "-two").constData());
    QCOMPARE(train_in(one_rank, false), 0);
    const QByteArray said = mpirun(2, two_ranks);
    QVERIFY2(said.isEmpty(), said.constData());
    for (const char* kind : {"step", "evaluation"}) {
      const std::vector<double> one = losses_of_run(one_rank, kind);
      const std::vector<double> two = losses_of_run(two_ranks, kind);
      QCOMPARE(one.size(), std::string(kind) == "step" ? 8u : 2u);
      QCOMPARE(two.size(), one.size());
      for (std::size_t i = 0; i < one.size(); ++i) {
        // Sums in another order: a few rounding steps of f32, which AdamW's first steps can double a few times.
        QVERIFY2(
            std::abs(one[i] - two[i]) < 1e-4 * one[i],
            qPrintable(
                QStringLiteral("%1 %2: %3 and %4").arg(kind).arg(i).arg(one[i], 0, 'g', 12).arg(two[i], 0, 'g', 12)));
      }
    }
  }

  void the_same_ranks_give_the_same_bits() {
    if (QStandardPaths::findExecutable("mpirun").isEmpty()) QSKIP("SKIPPED: mpirun is not installed (openmpi-bin)");
    QVERIFY(mpirun(3, out("three")).isEmpty());
    QVERIFY(mpirun(3, out("again")).isEmpty());
    QCOMPARE(losses_of_run(out("three"), "step"), losses_of_run(out("again"), "step"));
    QVERIFY(test::read_text(out("three") / "model/model.safetensors") ==
            test::read_text(out("again") / "model/model.safetensors"));
  }

  void ranks_go_on_from_a_checkpoint_of_one() {
    if (QStandardPaths::findExecutable("mpirun").isEmpty()) QSKIP("SKIPPED: mpirun is not installed (openmpi-bin)");
    QCOMPARE(train_in(out("begun"), false), 0);
    std::filesystem::remove_all(out("begun") / "checkpoints/step-000000000008");
    const QByteArray said = mpirun(2, out("begun"));
    QVERIFY2(said.isEmpty(), said.constData());
    const std::vector<double> losses = losses_of_run(out("begun"), "step");
    QCOMPARE(losses.size(), 8u);
  }
};

int main(int argc, char** argv) {
  const QCoreApplication app(argc, argv);
  const QStringList arguments = QCoreApplication::arguments();
  if (arguments.size() == 3 && arguments[1] == "--train") {
    return train_in(arguments[2].toStdString(), std::filesystem::exists(arguments[2].toStdString() + "/metrics.jsonl"));
  }
  RanksTest test;
  return QTest::qExec(&test, argc, argv);
}
#include "ranks_test.moc"
