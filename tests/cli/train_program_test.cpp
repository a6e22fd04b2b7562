// `holdfast train` and `holdfast merge` as a person runs them.
//
// Planted fault seen caught: the steps that a killed run lost counted twice.

#include <QTest>
#include <csignal>
#include <filesystem>
#include <fstream>

#include "engine/checkpoint.h"
#include "tests/cli/program.h"
#include "tests/cli/text_model.h"

using namespace holdfast;
using holdfast::test::Program;
using holdfast::test::Ran;

class TrainProgramTest final : public QObject {
  Q_OBJECT

 private:
  Program program_;

  QString write(const QString& name, const std::string& text) const {
    std::ofstream(program_.file(name).toStdString()) << text;
    return program_.file(name);
  }
  QString recipe(const QString& name, const std::string& train, int steps, const std::string& rate = "1e-2") const {
    return write(
        name, "seed = 1\n[model]\nbase = \"base\"\ntemplate = \"chatml\"\n[train]\nmicro_batch_tokens = 512\n" + train +
                  "\n[[phase]]\nname = \"only\"\nsequence_length = 128\nbatch_tokens = 512\nsteps = " +
                  std::to_string(steps) + "\nlearning_rate = " + rate +
                  "\n[[phase.data]]\nfile = \"rows.jsonl\"\nhold_out = 5\n"
                  "[evaluation]\nevery = 5\n[samples]\nevery = 5\nprompts = [\"7\"]\nmax_tokens = 4\n"
                  "[checkpoints]\nevery = 2\ndtype = \"f32\"\n");
  }
  static std::vector<nlohmann::json> lines(const QByteArray& out) {
    std::vector<nlohmann::json> found;
    for (const QByteArray& line : out.split('\n')) {
      if (!line.isEmpty()) found.push_back(nlohmann::json::parse(line.toStdString(), nullptr, false));
    }
    return found;
  }
  static std::vector<double> losses(const QString& out, const std::string& kind = "step") {
    std::vector<double> found;
    std::ifstream in((out + "/metrics.jsonl").toStdString());
    for (std::string line; std::getline(in, line);) {
      const auto value = nlohmann::json::parse(line);
      if (value["kind"] == kind) found.push_back(value["loss"].get<double>());
    }
    return found;
  }

 private slots:
  void initTestCase() {
    QDir().mkpath(program_.file("."));
    test::TextModelWriter().write(program_.file("base").toStdString());
    std::ofstream rows(program_.file("rows.jsonl").toStdString());
    for (int i = 0; i < 60; ++i) {
      rows << "{\"prompt\": \"" << i << "\", \"completion\": \"</think>" << i + 1 << "\"}\n";
    }
    rows << "not a row\n";
  }

  void a_run_trains_and_leaves_a_model_that_opens() {
    const QString file = recipe("full.toml", "what = \"full\"", 12);
    const Ran ran = program_.run({"train", file, "--out", program_.file("full"), "--threads", "1", "--json"});
    HOLDFAST_ENDED(ran, 0);
    const auto told = lines(ran.out);
    QCOMPARE(told.back()["kind"].get<std::string>(), std::string("end"));
    QCOMPARE(told.back()["end"].get<std::string>(), std::string("finished"));
    const std::vector<double> found = losses(program_.file("full"));
    QCOMPARE(found.size(), 12u);
    QVERIFY(found.back() < 0.8 * found.front());
    QVERIFY(ran.err.contains("1 rows cannot be used"));
    const auto trained = Checkpoint::open(program_.file("full/model").toStdString());
    QCOMPARE(trained->config().n_layer, 2);
    HOLDFAST_ENDED(program_.run({"solve", "7", "--model", program_.file("full/model"), "--max-tokens", "3"}), 0);
  }

  void a_killed_program_goes_on_where_its_checkpoint_was() {
    const QString file = recipe("killed.toml", "what = \"full\"", 12);
    QProcess process;
    program_.start(process, {"train", file, "--out", program_.file("killed"), "--threads", "1", "--json"});
    QByteArray said;
    while (process.waitForReadyRead(30000) && said.count("\"step\"") < 6) said += process.readAllStandardOutput();
    process.kill();
    process.waitForFinished();
    QVERIFY(said.count("\"kind\":\"step\"") >= 1);
    const Ran ran = program_.run({"train", file, "--out", program_.file("killed"), "--threads", "1", "--resume"});
    HOLDFAST_ENDED(ran, 0);
    QCOMPARE(losses(program_.file("killed")), losses(program_.file("full")));
  }

  void ctrl_c_stops_with_a_checkpoint() {
    const QString file = recipe("stopped.toml", "what = \"full\"", 100000);
    QProcess process;
    program_.start(process, {"train", file, "--out", program_.file("stopped"), "--threads", "1", "--json"});
    QVERIFY(process.waitForReadyRead(30000));
    ::kill(static_cast<pid_t>(process.processId()), SIGINT);
    const Ran ran = Program::finish(process);
    HOLDFAST_ENDED(ran, 0);
    const auto end = lines(ran.out).back();
    QCOMPARE(end["end"].get<std::string>(), std::string("stopped"));
    const QString digits = QString::number(end["step"].get<int>()).rightJustified(12, '0');
    QVERIFY(QFile::exists(program_.file("stopped/checkpoints/step-" + digits + "/manifest.json")));
  }

  void an_adapter_is_trained_and_merged() {
    const QString file =
        recipe("lora.toml", "what = \"lora\"\nlora = {rank = 4, alpha = 8, targets = [\"in_proj\", \"out_proj\"]}", 6);
    const Ran trained = program_.run({"train", file, "--out", program_.file("lora"), "--threads", "1"});
    HOLDFAST_ENDED(trained, 0);
    const Ran ran = program_.run({"merge", program_.file("base"), program_.file("lora/adapter"),
                                  program_.file("merged"), "--dtype", "f32", "--json"});
    HOLDFAST_ENDED(ran, 0);
    QCOMPARE(ran.json()["matrices"].get<int>(), 4);
    const auto base = Checkpoint::open(program_.file("base").toStdString());
    const auto merged = Checkpoint::open(program_.file("merged").toStdString());
    QVERIFY(merged->fingerprint() != base->fingerprint());
    const auto& before = base->get("layers.0.A_log").bytes;
    const auto& after = merged->get("layers.0.A_log").bytes;
    QVERIFY(std::equal(before.begin(), before.end(), after.begin(), after.end()));
  }

  void a_state_is_trained() {
    const QString file = recipe("state.toml", "what = \"state\"", 20, "0.3");
    const Ran trained = program_.run({"train", file, "--out", program_.file("state"), "--threads", "1"});
    HOLDFAST_ENDED(trained, 0);
    QVERIFY(QFile::exists(program_.file("state/state.safetensors")));
    // Of the same rows, since a state changes less than one batch differs from the next.
    const std::vector<double> found = losses(program_.file("state"), "evaluation");
    QCOMPARE(found.size(), 4u);
    QVERIFY2(found.back() < found.front(), qPrintable(QString("%1, then %2").arg(found.front()).arg(found.back())));
    // The state is what a question begins with, for the weights that it was trained with and no others.
    const QStringList ask{"solve",        "1 + 1?", "--model", program_.file("base"),
                          "--max-tokens", "12",     "--json",  "--no-store"};
    const Ran plain = program_.run(ask);
    HOLDFAST_ENDED(plain, 0);
    const Ran begun = program_.run(ask + QStringList{"--state", program_.file("state/state.safetensors")});
    HOLDFAST_ENDED(begun, 0);
    QVERIFY(plain.json()["prompt_tokens"] == begun.json()["prompt_tokens"]);
    const QString suite = write("suite.tsv", "level\tproblem\tanswer\n1\t1 + 1?\t2\n");
    const QStringList eval{"eval", program_.file("base"), "--suite", suite, "--max-tokens", "12", "--json"};
    HOLDFAST_ENDED(program_.run(eval), 0);
    HOLDFAST_ENDED(program_.run(eval + QStringList{"--state", program_.file("state/state.safetensors")}), 0);
    const Ran other =
        program_.run(ask + QStringList{"--dtype", "bf16", "--state", program_.file("state/state.safetensors")});
    HOLDFAST_ENDED(other, 1);
    QVERIFY2(other.err.contains("number format"), qPrintable(other.err));
  }

  void a_dry_run_writes_nothing() {
    const QString file = recipe("dry.toml", "what = \"full\"", 12);
    const Ran ran = program_.run({"train", file, "--out", program_.file("dry"), "--dry-run", "--json"});
    HOLDFAST_ENDED(ran, 0);
    QVERIFY(ran.json()["memory_bytes"].get<double>() > 1e5);
    QCOMPARE(ran.json()["phases"][0]["steps"].get<int>(), 12);
    QCOMPARE(ran.json()["bad_row_count"].get<int>(), 1);
    QVERIFY(!QFile::exists(program_.file("dry")));
  }

  void mistakes_are_one_sentence() {
    const QString wrong = write("wrong.toml", "[model]\nbase = \"base\"\n[[phase]]\nsteps = 1\n");
    const Ran ran = program_.run({"train", wrong});
    HOLDFAST_ENDED(ran, 1);
    QVERIFY2(ran.err.contains("wrong.toml:3") && ran.err.count('\n') == 1, ran.told().constData());
    HOLDFAST_ENDED(program_.run({"train", program_.file("absent.toml")}), 1);
    HOLDFAST_ENDED(program_.run({"train"}), 2);
    const Ran again =
        program_.run({"train", recipe("full.toml", "what = \"full\"", 12), "--out", program_.file("full")});
    HOLDFAST_ENDED(again, 1);
    QVERIFY(again.err.contains("--resume"));
  }
};

QTEST_GUILESS_MAIN(TrainProgramTest)
#include "train_program_test.moc"
