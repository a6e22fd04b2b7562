// A run of the store, trained by this process: figures, samples and sentences go into the store, and what a person
// wants of the run comes out of it. Steps are written in bunches, a second behind at most.
#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "app/store/store.h"
#include "training/run.h"

namespace holdfast::cli {

class RunRecord {
 public:
  // Claims the run; one that can go on is made to wait first when `resume` says so. Throws StoreError.
  RunRecord(const std::filesystem::path& data, RunId id, bool resume);

  [[nodiscard]] const RunRow& row() const noexcept { return row_; }
  // The hooks, which go on to do what they did, and stop `stop` when a person wants the run paused or stopped.
  [[nodiscard]] RunHooks told(RunHooks hooks, std::stop_source& stop);
  void end(const RunResult& result);
  void fail(std::string_view reason) noexcept;

 private:
  void note_step(const StepReport& report);
  void note_evaluation(const EvaluationReport& report);
  void note_held_out(const HeldOutReport& report);
  void begin_steps(std::int64_t first);
  void write(bool all);
  void write_event(std::string_view text);
  void tell(std::string_view message);  // what the window shows above the run
  [[nodiscard]] RunWish wish();

  Store store_;
  RunRow row_;
  std::size_t phases_ = 1;
  std::map<std::int64_t, RunStepRow> waiting_;  // to be written, by step
  RunProgress progress_;
  bool begun_ = false;
  bool waits_ = false;  // for a disk
  std::int64_t phase_ = 0;
  std::chrono::steady_clock::time_point written_{};
};

}  // namespace holdfast::cli
