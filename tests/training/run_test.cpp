// The loop: going on exactly, surviving a kill, steps that cannot be taken, a disk that is full.
//
// Planted faults seen caught: the cursor, the phase's step or the optimiser not restored; a damaged checkpoint trusted;
// a step that was not finite not written down; lines of lost steps left in the metrics; the best checkpoint not kept;
// of few validation rows each both worst and best.

#include "training/run.h"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <QTemporaryDir>
#include <QTest>
#include <algorithm>
#include <cmath>
#include <csignal>
#include <fstream>
#include <limits>

#include "engine/json.h"
#include "kernels/error.h"
#include "tests/training/training_data.h"
#include "training/run_files.h"

using namespace holdfast;
using holdfast::test::message_of;
namespace fs = std::filesystem;

namespace {

const std::string run_recipe = R"(seed = 5
[model]
new = {d_model = 32, n_layer = 2, n_heads = 4, head_dim = 16, d_state = 16}
tokenizer = ")" + test::golden("tokenizers/sp-bpe/tokenizer.model").string() +
                               R"("
template = "plain"
[train]
micro_batch_tokens = 256
[[phase]]
name = "first"
sequence_length = 128
batch_tokens = 512
steps = 6
learning_rate = 3e-3
schedule = "cosine"
warmup_steps = 2
[[phase.data]]
source = "rows"
[[phase]]
name = "second"
sequence_length = 128
batch_tokens = 512
steps = 4
learning_rate = 1e-3
optimiser = "reset"
[[phase.data]]
source = "rows"
weight = 2
[[phase.data]]
source = "more"
weight = 1
)";

std::vector<Json> lines_of(const fs::path& file) {
  std::vector<Json> lines;
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) lines.push_back(Json::parse(line));
  return lines;
}

std::vector<double> losses_of(const fs::path& out) {
  std::vector<double> losses;
  for (const Json& line : lines_of(out / "metrics.jsonl")) {
    if (line["kind"] == "step") losses.push_back(line["loss"].is_null() ? -1.0 : line["loss"].get<double>());
  }
  return losses;
}

std::string newest_weights(const fs::path& out) {
  const CheckpointFolder folder(out / "checkpoints");
  return test::read_text(folder.path_of(folder.steps().back()) / "trainer.safetensors");
}

}  // namespace

class RunTest final : public QObject {
  Q_OBJECT

 private:
  QTemporaryDir folder_;
  Stream stream_{Device::cpu(), 1};

  fs::path out(const char* name) const { return folder_.filePath(name).toStdString(); }
  static RunOptions options(const fs::path& out, bool resume = false) {
    RunOptions options;
    options.out = out;
    options.resume = resume;
    options.product_ceiling = 1e12;
    options.sources["rows"] = std::make_shared<test::CountingSource>("rows", std::nullopt);
    options.sources["more"] = std::make_shared<test::CountingSource>("more", 40, 9);
    return options;
  }
  RunResult run(const std::string& recipe, const RunOptions& wanted, const RunHooks& hooks = {}) {
    return run_training(stream_, Recipe::parse(recipe, "/test/run.toml"), wanted, hooks, {});
  }
  // Runs until `step` and is stopped there as a person would stop it.
  RunResult run_until(std::int64_t step, const std::string& recipe, const RunOptions& wanted) {
    std::stop_source stop;
    RunHooks hooks;
    hooks.on_step = [&](const StepReport& report) {
      if (report.step == step) stop.request_stop();
    };
    return run_training(stream_, Recipe::parse(recipe, "/test/run.toml"), wanted, hooks, stop.get_token());
  }

 private slots:
  void stopped_anywhere_and_resumed_is_the_same_bit_for_bit() {
    QVERIFY(run(run_recipe, options(out("whole"))).end == RunEnd::finished);
    const std::vector<double> whole = losses_of(out("whole"));
    QCOMPARE(whole.size(), 10u);
    for (const int at : {1, 5, 6, 8}) {
      const fs::path parts = out(("parts" + std::to_string(at)).c_str());
      const RunResult first = run_until(at, run_recipe, options(parts));
      QVERIFY(first.end == RunEnd::stopped);
      QCOMPARE(first.step, at);
      QVERIFY(run(run_recipe, options(parts, true)).end == RunEnd::finished);
      QCOMPARE(losses_of(parts), whole);
      QCOMPARE(newest_weights(parts) == newest_weights(out("whole")), true);
      QCOMPARE(test::read_text(parts / "model/model.safetensors") ==
                   test::read_text(out("whole") / "model/model.safetensors"),
               true);
    }
  }

  void a_killed_run_loses_at_most_the_steps_since_its_checkpoint() {
    const std::string recipe = run_recipe + "[checkpoints]\nevery = 2\nkeep_last = 2\n";
    QVERIFY(run(recipe, options(out("unkilled"))).end == RunEnd::finished);
    const fs::path killed = out("killed");
    int killed_rounds = 0;
    for (int round = 0; round < 12; ++round) {
      const pid_t child = fork();
      if (child == 0) {
        // Threads do not survive a fork: the child makes its own.
        Stream stream(Device::cpu(), 1);
        try {
          (void)run_training(stream, Recipe::parse(recipe, "/test/run.toml"), options(killed, true), {}, {});
        } catch (...) {
          _exit(3);
        }
        _exit(0);
      }
      usleep(static_cast<useconds_t>(10000 + 7000 * round));
      kill(child, SIGKILL);
      int status = 0;
      waitpid(child, &status, 0);
      QVERIFY(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
      killed_rounds += WIFSIGNALED(status) ? 1 : 0;
    }
    QVERIFY2(killed_rounds >= 2, "the run was over before it could be killed");
    qInfo("%d kills", killed_rounds);
    QVERIFY(run(recipe, options(killed, true)).end == RunEnd::finished);
    QCOMPARE(losses_of(killed), losses_of(out("unkilled")));
    QCOMPARE(newest_weights(killed) == newest_weights(out("unkilled")), true);
    for (const fs::directory_entry& entry : fs::directory_iterator(killed / "checkpoints")) {
      QVERIFY2(entry.path().string().find(".part-") == std::string::npos, entry.path().c_str());
    }
  }

  void a_damaged_checkpoint_is_passed_over() {
    const std::string recipe = run_recipe + "[checkpoints]\nevery = 2\n";
    (void)run_until(5, recipe, options(out("damaged")));
    const fs::path newest = CheckpointFolder(out("damaged") / "checkpoints").path_of(5);
    std::string bytes = test::read_text(newest / "trainer.safetensors");
    bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
    test::write_text(newest / "trainer.safetensors", bytes);
    QVERIFY(message_of<FormatError>([&] { verify_checkpoint(newest); }).contains("trainer.safetensors"));
    std::string notes;
    RunHooks hooks;
    hooks.on_note = [&](const std::string& note) { notes += note + "\n"; };
    QVERIFY(run(recipe, options(out("damaged"), true), hooks).end == RunEnd::finished);
    QVERIFY(notes.find("checksum differs") != std::string::npos && notes.find("after step 4") != std::string::npos);
    QCOMPARE(losses_of(out("damaged")), losses_of(out("whole")));
  }

  void the_recipes_rule_decides_after_a_step_that_is_not_finite() {
    for (const char* rule : {"skip", "roll_back", "stop"}) {
      const std::string recipe = run_recipe + "[checkpoints]\nevery = 2\n[trouble]\nnot_finite = \"" + rule + "\"\n";
      std::vector<float> kept;
      RunHooks hooks;
      hooks.before_trainer_step = [&](Trainer& trainer, std::int64_t step) {
        if (step != 4) return;
        for (const auto& parameter : trainer.named_parameters()) {
          if (parameter.name == "norm_f") kept = parameter.values;
        }
        trainer.set_parameter("norm_f", std::vector<float>(32, std::numeric_limits<float>::quiet_NaN()));
      };
      hooks.after_trainer_step = [&](Trainer& trainer, std::int64_t step) {
        if (step == 4 && std::string(rule) == "skip") trainer.set_parameter("norm_f", kept);
      };
      const RunResult result = run(recipe, options(out(rule)), hooks);
      QVERIFY(result.end == (std::string(rule) == "stop" ? RunEnd::trouble : RunEnd::finished));
      QCOMPARE(result.step, std::string(rule) == "stop" ? 4 : 10);
      const std::vector<Json> told = lines_of(out(rule) / "trouble.jsonl");
      QCOMPARE(told.size(), 1u);
      QCOMPARE(told[0]["step"].get<int>(), 4);
      QVERIFY(told[0]["rows"].size() > 1 && told[0]["rows"][0]["ids"].size() > 3);
      QVERIFY(told[0]["rows"][0]["place"].get<std::string>().starts_with("rows:"));
      const std::vector<double> losses = losses_of(out(rule));
      QVERIFY(std::isfinite(losses.back()));
    }
  }

  void a_full_disk_pauses_the_run_and_keeps_what_it_has() {
    const std::string recipe = run_recipe + "[checkpoints]\nevery = 2\n";
    rlimit before{};
    getrlimit(RLIMIT_FSIZE, &before);
    std::signal(SIGXFSZ, SIG_IGN);
    int paused = 0;
    std::string reason;
    RunHooks hooks;
    hooks.before_trainer_step = [&](Trainer&, std::int64_t step) {
      const rlimit small{20000, before.rlim_max};
      if (step == 4) setrlimit(RLIMIT_FSIZE, &small);
    };
    hooks.on_pause = [&](const std::string& why) {
      reason = why;
      if (++paused == 2) setrlimit(RLIMIT_FSIZE, &before);
      return PauseAnswer::retry;
    };
    const RunResult result = run(recipe, options(out("full")), hooks);
    setrlimit(RLIMIT_FSIZE, &before);
    QVERIFY(result.end == RunEnd::finished);
    QCOMPARE(paused, 2);
    QVERIFY2(reason.find("cannot be written") != std::string::npos, reason.c_str());
    QCOMPARE(losses_of(out("full")), losses_of(out("whole")));
  }

  void a_pause_that_is_given_up_stops_with_the_last_checkpoint() {
    const std::string recipe = run_recipe + "[checkpoints]\nevery = 2\n";
    rlimit before{};
    getrlimit(RLIMIT_FSIZE, &before);
    std::signal(SIGXFSZ, SIG_IGN);
    RunHooks hooks;
    hooks.before_trainer_step = [&](Trainer&, std::int64_t step) {
      const rlimit small{20000, before.rlim_max};
      if (step == 4) setrlimit(RLIMIT_FSIZE, &small);
    };
    const RunResult result = run(recipe, options(out("given-up")), hooks);
    setrlimit(RLIMIT_FSIZE, &before);
    QVERIFY(result.end == RunEnd::stopped && !result.reason.empty());
    QVERIFY(run(recipe, options(out("given-up"), true)).end == RunEnd::finished);
    QCOMPARE(losses_of(out("given-up")), losses_of(out("whole")));
  }

  void old_checkpoints_go_and_the_best_stays() {
    std::string recipe = run_recipe +
                         "[checkpoints]\nevery = 1\nkeep_last = 2\n[evaluation]\nevery = 1\nrows = 8\n"
                         "[[evaluation.data]]\nsource = \"more\"\n";
    // A second phase at such a rate makes the model worse: the best is an old one.
    const std::string rate = "learning_rate = 1e-3";
    recipe.replace(recipe.find(rate), rate.size(), "learning_rate = 9.0");
    std::int64_t best = 0;
    RunHooks hooks;
    hooks.on_evaluation = [&](const EvaluationReport& report) {
      if (report.best) best = report.step;
    };
    QVERIFY(run(recipe, options(out("kept")), hooks).end == RunEnd::finished);
    const std::vector<std::int64_t> steps = CheckpointFolder(out("kept") / "checkpoints").steps();
    QVERIFY2(best > 0 && best < 9, qPrintable(QString::number(best)));
    QCOMPARE(steps, (std::vector<std::int64_t>{best, 9, 10}));
  }

  void the_last_evaluation_keeps_its_worst_and_best_rows() {
    const std::string recipe =
        run_recipe + "[evaluation]\nevery = 5\nrows = 30\n[[evaluation.data]]\nsource = \"more\"\n";
    std::vector<EvaluationReport> seen;
    RunHooks hooks;
    hooks.on_evaluation = [&](const EvaluationReport& report) { seen.push_back(report); };
    QVERIFY(run(recipe, options(out("cases")), hooks).end == RunEnd::finished);
    const Json cases = Json::parse(test::read_text(out("cases") / "validation_cases.json"));
    QCOMPARE(cases["step"].get<std::int64_t>(), seen.back().step);
    QCOMPARE(cases["rows"].get<std::int64_t>(), seen.back().rows);
    QCOMPARE(cases["worst"].size(), 8u);
    QCOMPARE(cases["best"].size(), 8u);
    const auto loss = [&](const char* which, std::size_t i) { return cases[which][i]["loss"].get<double>(); };
    for (std::size_t i = 1; i < 8; ++i) {
      QVERIFY(loss("worst", i) <= loss("worst", i - 1));
      QVERIFY(loss("best", i) >= loss("best", i - 1));
    }
    QVERIFY(loss("best", 7) <= loss("worst", 7));
    QVERIFY(loss("best", 0) < seen.back().loss && seen.back().loss < loss("worst", 0));
    QVERIFY(!cases["worst"][0]["reply"].get<std::string>().empty());
    // Of few rows none is both.
    const std::string five = run_recipe + "[evaluation]\nevery = 5\nrows = 5\n[[evaluation.data]]\nsource = \"more\"\n";
    QVERIFY(run(five, options(out("few"))).end == RunEnd::finished);
    const Json few = Json::parse(test::read_text(out("few") / "validation_cases.json"));
    QCOMPARE(few["rows"].get<int>(), 5);
    QCOMPARE(few["worst"].size(), 3u);
    QCOMPARE(few["best"].size(), 2u);
  }

  void a_gate_ends_a_phase_early() {
    std::string recipe = run_recipe + "[evaluation]\nevery = 2\nrows = 8\n[[evaluation.data]]\nsource = \"more\"\n";
    const std::string length = "steps = 6\n";
    recipe.replace(recipe.find(length), length.size(),
                   length + "gate = {kind = \"validation\", loss_at_most = 100.0}\n");
    const RunResult result = run(recipe, options(out("gate")));
    QVERIFY(result.end == RunEnd::finished);
    QCOMPARE(result.step, 6);  // 2 of the first phase's 6, and 4 of the second
  }

  void two_runs_do_not_share_a_folder() {
    RunHooks hooks;
    QString told;
    hooks.on_step = [&](const StepReport& report) {
      if (report.step == 1) {
        told = message_of<IoError>([&] { const FolderLock second(out("shared")); });
      }
    };
    (void)run(run_recipe, options(out("shared")), hooks);
    QVERIFY(told.contains("another run"));
    QVERIFY(message_of<IoError>([&] { (void)run(run_recipe, options(out("shared"))); }).contains("--resume"));
  }

  void other_data_than_before_are_refused() {
    (void)run_until(3, run_recipe, options(out("changed")));
    RunOptions other = options(out("changed"), true);
    other.sources["more"] = std::make_shared<test::CountingSource>("others", 40);
    QVERIFY(message_of<FormatError>([&] { (void)run(run_recipe, other); }).contains("data"));
  }

  void an_estimate_says_memory_and_time() {
    const RunEstimate estimate =
        estimate_run(stream_, Recipe::parse(run_recipe, "/test/run.toml"), options(out("estimate")));
    std::size_t planned = 0;
    RunHooks hooks;
    hooks.on_step = [&](const StepReport& report) { planned = report.memory; };
    (void)run(run_recipe, options(out("planned")), hooks);
    QCOMPARE(estimate.memory.bytes(), planned);
    QVERIFY(planned > 0 && !estimate.memory.parts.empty());
    QCOMPARE(estimate.phases.size(), 2u);
    QCOMPARE(estimate.phases[0].steps, 6);
    QVERIFY(estimate.phases[0].seconds > 0.0 && estimate.tokens_per_second > 0.0);
    QVERIFY(!fs::exists(out("estimate")));
  }
};

QTEST_GUILESS_MAIN(RunTest)
#include "run_test.moc"
