// What training runs have made: models, adapters and first states in DATA/runs.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast {

struct RunProduct {
  enum class Kind { model, adapter, state };
  Kind kind = Kind::model;
  std::int64_t run = 0;    // 0: not in a folder DATA/runs/NUMBER
  std::int64_t step = -1;  // of a checkpoint; -1: the result at the end
  std::string name{};      // what it can be called by, everywhere: "run-3", of a checkpoint "run-3-step-20"
  std::filesystem::path path{};
  bool operator==(const RunProduct&) const = default;
};

// Of one run: its result, then what its checkpoints hold, the newest first.
[[nodiscard]] std::vector<RunProduct> products_of_run(const std::filesystem::path& folder);
// Of all runs, the newest first; of each its result or, where it has none yet, its newest checkpoint.
[[nodiscard]] std::vector<RunProduct> products_of_runs(const std::filesystem::path& data);
// The one of this name; a name without a step is the result or, where there is none yet, the newest checkpoint.
[[nodiscard]] std::optional<RunProduct> find_product(const std::filesystem::path& data, std::string_view name);
// What lies at `path`, if it is what a run made.
[[nodiscard]] std::optional<RunProduct> product_of(const std::filesystem::path& path);
// What the model at `path` is called: a product's name, else the last part of the path without ".gguf".
[[nodiscard]] std::string model_name(const std::filesystem::path& path);

}  // namespace holdfast
