#include <chrono>
#include <csignal>
#include <ctime>
#include <optional>
#include <stop_token>

#include "app/cli/command.h"
#include "app/cli/interrupt.h"
#include "app/cli/loaded_model.h"
#include "app/cli/options.h"
#include "app/cli/output.h"
#include "app/cli/run_record.h"
#include "kernels/size_text.h"
#include "training/ranks.h"
#include "training/run.h"

namespace holdfast::cli {
namespace {

constexpr const char* train_footer =
    "RECIPE is a TOML file: the model, what is trained, the phases and their data.\n"
    "DIR gets metrics.jsonl, checkpoints and, at the end, the model. Ctrl-C stops after the step under way and keeps "
    "a\n"
    "checkpoint; --resume goes on from the last one, bit for bit. Under mpirun or srun all ranks train together, also\n"
    "with --run: the first one tells the window.\n"
    "With --json each step is a line on standard output.\n"
    "Example: holdfast train addition.toml --out runs/addition";

constexpr int train_retry_seconds = 10;  // between two tries to write to a full disk

std::string short_time(double seconds) {
  const auto whole = static_cast<std::int64_t>(seconds + 0.5);
  if (whole < 60) return std::to_string(whole) + " s";
  if (whole < 3600) return std::to_string(whole / 60) + " min " + std::to_string(whole % 60) + " s";
  return std::to_string(whole / 3600) + " h " + std::to_string(whole % 3600 / 60) + " min";
}

std::string short_count(double count) {
  if (count >= 1e9) return fixed(count / 1e9, 2) + " G";
  if (count >= 1e6) return fixed(count / 1e6, 2) + " M";
  if (count >= 1e4) return fixed(count / 1e3, 1) + " k";
  return fixed(count, 0);
}

std::string in_exponent(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2e", value);
  return text;
}

// One line for a person: where the run is, how it does, how long it takes.
std::string step_line(const StepReport& report) {
  std::string line = report.phase_name + " step " + std::to_string(report.step);
  if (!report.result.taken()) return line + " not taken: " + std::string(name(report.result.refusal));
  line += "  loss " + fixed(report.result.loss, 4) + "  lr " + in_exponent(report.learning_rate) + "  norm " +
          fixed(report.result.gradient_norm, 3) + "  " + short_count(report.tokens_per_second) + " tok/s";
  if (report.ceiling_share > 0.0) line += " (" + fixed(100.0 * report.ceiling_share, 0) + " % of the ceiling)";
  if (report.seconds_left >= 0.0) line += "  " + short_time(report.seconds_left) + " left";
  return line;
}

Json step_json(const StepReport& report) {
  Json line = {{"kind", "step"},
               {"step", report.step},
               {"phase", report.phase_name},
               {"done", report.phase_done},
               {"loss", report.result.loss},
               {"learning_rate", report.learning_rate},
               {"gradient_norm", report.result.gradient_norm},
               {"tokens", report.result.tokens},
               {"tokens_per_second", report.tokens_per_second},
               {"ceiling_share", report.ceiling_share},
               {"data_seconds", report.data_seconds},
               {"seconds_left", report.seconds_left},
               {"memory_bytes", report.memory}};
  if (!report.result.taken()) line["refused"] = name(report.result.refusal);
  return line;
}

Json estimate_json(const RunEstimate& estimate) {
  Json parts = Json::array();
  for (const MemoryPart& part : estimate.memory.parts) {
    parts.push_back({{"name", part.name}, {"bytes", part.bytes}, {"reason", part.reason}});
  }
  Json phases = Json::array();
  for (const PhaseEstimate& phase : estimate.phases) {
    phases.push_back({{"name", phase.name},
                      {"rows", phase.rows},
                      {"tokens_per_row", phase.tokens_per_row},
                      {"filled", phase.filled},
                      {"steps", phase.steps},
                      {"tokens", phase.tokens},
                      {"seconds", phase.seconds}});
  }
  Json bad = Json::array();
  for (const BadRow& row : estimate.bad_rows) bad.push_back({{"place", row.place}, {"reason", row.reason}});
  return {{"memory_bytes", estimate.memory.bytes()},
          {"memory", parts},
          {"kept_layers", estimate.memory.kept_layers},
          {"kept_convolutions", estimate.memory.kept_convolutions},
          {"trained_numbers", estimate.trained_numbers},
          {"tokens_per_second", estimate.tokens_per_second},
          {"ceiling_share", estimate.ceiling_share},
          {"phases", phases},
          {"bad_row_count", estimate.bad_row_count},
          {"bad_rows", bad}};
}

std::string estimate_text(const RunEstimate& estimate) {
  std::string text = "trained numbers: " + short_count(static_cast<double>(estimate.trained_numbers)) +
                     "\nmemory: " + size_text(static_cast<double>(estimate.memory.bytes())) + "\n";
  for (const MemoryPart& part : estimate.memory.parts) {
    text += "  " + part.name + ": " + size_text(static_cast<double>(part.bytes)) + " (" + part.reason + ")\n";
  }
  double seconds = 0.0;
  for (const PhaseEstimate& phase : estimate.phases) {
    seconds += phase.seconds;
    text += "phase " + phase.name + ": " + std::to_string(phase.steps) + " steps, " + short_count(phase.tokens) +
            " tokens, about " + short_time(phase.seconds) + " (rows of " + fixed(phase.tokens_per_row, 0) +
            " tokens on average, " + fixed(100.0 * phase.filled, 0) + " % of each batch is no padding)\n";
  }
  text += "time: about " + short_time(seconds) + " at " + short_count(estimate.tokens_per_second) +
          " tokens/s, measured over one micro-batch, without evaluation and checkpoints\n";
  if (estimate.bad_row_count > 0) {
    text += "rows that cannot be used: " + std::to_string(estimate.bad_row_count) + "\n";
    for (std::size_t i = 0; i < estimate.bad_rows.size() && i < 10; ++i) {
      text += "  " + estimate.bad_rows[i].place + ": " + for_terminal(estimate.bad_rows[i].reason) + "\n";
    }
  }
  return text;
}

class TrainCommand final : public Command {
 public:
  TrainCommand(CLI::App& parent, const Globals& globals)
      : Command(parent, globals, "train", "Train a model as a recipe says") {
    app_->add_option("RECIPE", recipe_, "A TOML file");
    app_->add_option("--run", run_, "Train a run that the window made, by its number; it goes on telling the window")
        ->check(CLI::PositiveNumber)
        ->type_name("ID");
    app_->add_option("--out", out_, "Folder of the run; without it runs/NAME in the data folder")->type_name("DIR");
    app_->add_flag("--resume", resume_, "Go on from the last checkpoint in DIR");
    app_->add_flag("--dry-run", dry_run_, "Say what memory and time the run would take, and why; write nothing");
    app_->add_option("--threads", threads_, "CPU threads; 0 = one per core")
        ->check(CLI::Range(0, 1024))
        ->capture_default_str()
        ->type_name("N");
    app_->add_option("--data-threads", data_threads_, "Threads that prepare rows; 0 = 1 on the CPU, 8 beside a GPU")
        ->check(CLI::Range(0, 256))
        ->capture_default_str()
        ->type_name("N");
    app_->add_option("--device", device_, "cpu or cuda")->check(CLI::IsMember({"cpu", "cuda"}))->capture_default_str();
    app_->add_flag("--json", json_, "Print JSON on standard output, one value a line, and nothing else there");
    app_->footer(train_footer);
  }

  int run() override {
    if (recipe_.empty() == (run_ == 0)) throw UsageError("want a RECIPE, or --run with the number of a run");
    if (run_ != 0) return train_recorded();
    const Recipe recipe = Recipe::load(recipe_);
    const Ranks ranks;
    const std::unique_ptr<Stream> stream = stream_of(ranks);
    RunOptions options = run_options();
    options.out = out_.empty() ? globals_->data() / "runs" / recipe.name : std::filesystem::path(out_);
    options.resume = resume_;
    if (dry_run_) {
      const RunEstimate estimate = estimate_run(*stream, recipe, options);
      if (ranks.rank() == 0) print(json_ ? dump(estimate_json(estimate)) + "\n" : estimate_text(estimate));
      return exit_fine;
    }
    return train(recipe, options, *stream, ranks);
  }

 private:
  [[nodiscard]] std::unique_ptr<Stream> stream_of(const Ranks& ranks) const {
    if (device_ == "cuda") return std::make_unique<Stream>(Device::cuda(ranks.local_rank()));
    DeviceOptions device;
    device.device = device_;
    device.threads = threads_;
    return open_stream(device);
  }

  [[nodiscard]] RunOptions run_options() const {
    RunOptions options;
    options.data_threads = data_threads_ > 0 ? data_threads_ : device_ == "cuda" ? 8 : 1;
    options.version = HOLDFAST_VERSION;
    options.find_model = [this](const std::string& model) { return resolve_model(model, globals_->data()); };
    return options;
  }

  // A run of the store. What goes wrong from here on is told there too: nobody may be looking at the terminal. With
  // several ranks the first alone opens the store; the others, perhaps on other machines, are told what it says.
  int train_recorded() {
    const Ranks ranks;
    std::optional<RunRecord> record;
    if (ranks.rank() == 0) record.emplace(globals_->data(), RunId{run_}, resume_);
    try {
      const Json told = Json::parse(ranks.of_first(record ? dump(row_json(record->row()), -1) : std::string()));
      device_ = told["device"].get<std::string>();
      threads_ = told["threads"].get<int>();
      const Recipe recipe = Recipe::parse(told["recipe"].get<std::string>(), told["recipe_file"].get<std::string>());
      const std::unique_ptr<Stream> stream = stream_of(ranks);
      RunOptions options = run_options();
      options.out = told["folder"].get<std::string>();
      options.resume = told["begun"].get<bool>();
      return train(recipe, options, *stream, ranks, record ? &*record : nullptr);
    } catch (const std::exception& error) {
      if (record) record->fail(error.what());
      throw;
    }
  }

  [[nodiscard]] static Json row_json(const RunRow& row) {
    return {
        {"device", row.device}, {"threads", row.threads},
        {"recipe", row.recipe}, {"recipe_file", row.recipe_file},
        {"folder", row.folder}, {"begun", std::filesystem::exists(std::filesystem::path(row.folder) / "checkpoints")}};
  }

  int train(const Recipe& recipe, const RunOptions& options, Stream& stream, const Ranks& ranks,
            RunRecord* record = nullptr) {
    const Interrupt interrupt;
    std::stop_source stop;
    RunHooks hooks = told(stop);
    hooks.before_step = [&] {
      if (Interrupt::asked()) stop.request_stop();
    };
    if (record != nullptr) hooks = record->told(std::move(hooks), stop);
    const RunResult result =
        run_training(stream, recipe, options, hooks, stop.get_token(), ranks.reducer(*stream.device()));
    if (record != nullptr) record->end(result);
    notes_.clear_line();
    if (ranks.rank() == 0) tell_end(result, options);
    return result.end == RunEnd::trouble || !result.reason.empty() ? exit_error : exit_fine;
  }

  RunHooks told(std::stop_source& stop) {
    RunHooks hooks;
    hooks.on_step = [this](const StepReport& report) {
      if (json_) return print(dump(step_json(report), -1) + "\n");
      if (notes_.on_terminal()) return notes_.progress(step_line(report), report.phase_done);
      if (report.step % 10 == 0 || !report.result.taken()) notes_.say(step_line(report));
    };
    hooks.on_evaluation = [this](const EvaluationReport& report) {
      Json json = {{"kind", "evaluation"}, {"step", report.step}, {"loss", report.loss}, {"best", report.best}};
      if (report.right) json["right"] = *report.right;
      if (json_) return print(dump(json, -1) + "\n");
      say("step " + std::to_string(report.step) + ": validation loss " + fixed(report.loss, 4) +
          (report.right
               ? ", " + fixed(100.0 * *report.right, 2) + " % of " + std::to_string(report.answers) + " answers right"
               : std::string()) +
          (report.best ? " (best)" : ""));
    };
    hooks.on_held_out = [this](const HeldOutReport& report) {
      if (json_) {
        return print(dump({{"kind", "held_out"},
                           {"step", report.step},
                           {"loss", report.loss},
                           {"before", report.before},
                           {"rows", report.rows}},
                          -1) +
                     "\n");
      }
      say("step " + std::to_string(report.step) + ": loss on " + std::to_string(report.rows) + " held-out rows " +
          fixed(report.loss, 4) + (report.step > 0 ? ", before " + fixed(report.before, 4) : std::string()));
    };
    hooks.on_sample = [this](const SampleReport& report) {
      if (json_) {
        return print(
            dump({{"kind", "sample"}, {"step", report.step}, {"prompt", report.prompt}, {"text", report.text}}, -1) +
            "\n");
      }
      say("step " + std::to_string(report.step) + ": " + report.prompt + " -> " + report.text);
    };
    hooks.on_note = [this](const std::string& sentence) { say(sentence); };
    hooks.on_pause = [this, &stop](const std::string& reason) {
      say("paused: " + reason + "; trying again every " + std::to_string(train_retry_seconds) +
          " s, Ctrl-C stops with what is kept");
      for (int i = 0; i < 10 * train_retry_seconds; ++i) {
        if (Interrupt::asked()) {
          stop.request_stop();
          return PauseAnswer::stop;
        }
        const timespec pause{0, 100000000};
        nanosleep(&pause, nullptr);
      }
      return PauseAnswer::retry;
    };
    return hooks;
  }

  void say(const std::string& line) const {
    notes_.clear_line();
    notes_.say(for_terminal(line));
  }

  void tell_end(const RunResult& result, const RunOptions& options) const {
    if (json_) {
      Json json = {{"kind", "end"},
                   {"end", name(result.end)},
                   {"step", result.step},
                   {"loss", result.loss},
                   {"reason", result.reason},
                   {"out", options.out.string()},
                   {"result", result.result.string()}};
      if (result.evaluation) json["validation_loss"] = result.evaluation->loss;
      if (result.evaluation && result.evaluation->right) json["right"] = *result.evaluation->right;
      return print(dump(json, -1) + "\n");
    }
    if (result.end == RunEnd::finished) {
      print(result.result.string() + ": done after " + std::to_string(result.step) + " steps, loss " +
            fixed(result.loss, 4) + "\n");
    } else {
      say(std::string(name(result.end)) + " after step " + std::to_string(result.step) +
          (result.reason.empty() ? "" : " (" + result.reason + ")") +
          "; --resume goes on from the last checkpoint in " + options.out.string());
    }
  }

  std::string recipe_;
  std::int64_t run_ = 0;
  std::string out_;
  bool resume_ = false;
  bool dry_run_ = false;
  bool json_ = false;
  int threads_ = 0;
  int data_threads_ = 0;
  std::string device_ = "cpu";
  Notes notes_;
};

}  // namespace

std::unique_ptr<Command> train_command(CLI::App& parent, const Globals& globals) {
  return std::make_unique<TrainCommand>(parent, globals);
}

}  // namespace holdfast::cli
