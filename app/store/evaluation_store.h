// Evaluations of models on problems with known answers, in the same file as all else (store.h): what is to be solved,
// by whom, and every reply. Facts and errors are kept as by Store.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "app/store/connection.h"
#include "app/store/rows.h"

namespace holdfast {

using EvaluationId = Id<struct EvaluationTag>;

enum class EvaluationState { waiting, running, stopped, interrupted, finished, failed };
[[nodiscard]] std::string_view name(EvaluationState) noexcept;
[[nodiscard]] bool can_go_on(EvaluationState) noexcept;

struct EvaluationRow {
  EvaluationId id{};
  std::string model{};       // a path, or the name of an installed one
  std::string suite{};       // for people; evaluations of one name with the same problems can be compared
  std::int64_t samples = 0;  // beside the greedy reply
  double temperature = 0.8;
  double top_p = 0.95;
  std::int64_t seed = 0;
  std::int64_t max_tokens = 512;
  bool solve = false;  // the prompt asks for a boxed answer
  std::string device = "cpu";
  std::int64_t threads = 0;
  EvaluationState state = EvaluationState::waiting;
  bool stop_wanted = false;
  std::string process{};
  std::string message{};
  std::int64_t items = 0;
  std::int64_t done = 0;   // items with all their replies
  std::int64_t right = 0;  // of these, greedily
  double seconds = 0.0;
  std::int64_t tokens = 0;
  Milliseconds created = 0;
  bool operator==(const EvaluationRow&) const = default;
};

struct EvaluationReply {
  std::string text{};
  std::optional<std::string> answer{};
  bool right = false;
  bool operator==(const EvaluationReply&) const = default;
};

struct EvaluationItem {
  std::int64_t number = 0;  // from 0
  std::string problem{};
  std::string expected{};
  std::optional<std::int64_t> level{};
  std::vector<std::string> concepts{};
  // Once it is done:
  bool done = false;
  EvaluationReply greedy{};
  std::int64_t tokens = 0;  // of the greedy reply
  std::vector<EvaluationReply> samples{};
  std::optional<std::string> majority{};
  bool majority_right = false;
  bool operator==(const EvaluationItem&) const = default;
};

class EvaluationStore {  // one connection: one thread at a time
 public:
  explicit EvaluationStore(const std::filesystem::path& file);  // checks and upgrades it as Store does

  EvaluationId add(const EvaluationRow& row, const std::vector<EvaluationItem>& items);
  [[nodiscard]] std::vector<EvaluationRow> evaluations() const;  // newest first
  [[nodiscard]] std::optional<EvaluationRow> evaluation(EvaluationId id) const;
  [[nodiscard]] std::vector<EvaluationItem> items(EvaluationId id) const;
  [[nodiscard]] std::optional<EvaluationId> next() const;  // that has waited longest, when none is running
  EvaluationRow claim(EvaluationId id);                    // of those that wait: this process does it now
  void add_replies(EvaluationId id, const std::vector<EvaluationItem>& items, double seconds, std::int64_t tokens);
  void end(EvaluationId id, EvaluationState state, std::string_view message);  // by who claimed it
  void want_stop(EvaluationId id);                                             // one that only waits is stopped at once
  void queue(EvaluationId id);                                                 // one that can go on waits for its turn
  void fail_waiting(EvaluationId id, std::string_view message);
  void recover();  // running ones whose process died are interrupted
  void remove(EvaluationId id);
  // Loss on held-out rows before a run began, and the last that was measured up to `step` (-1: at all); none where its
  // recipe holds nothing out.
  [[nodiscard]] std::optional<std::pair<double, double>> held_out(std::int64_t run, std::int64_t step) const;

 private:
  mutable Connection connection_;
};

}  // namespace holdfast
