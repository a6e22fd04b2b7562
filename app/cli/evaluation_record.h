// An evaluation of the store, done by this process: replies go into the store as they are made.
#pragma once

#include <filesystem>

#include "app/store/evaluation_store.h"

namespace holdfast::cli {

// Exit code. What goes wrong stands in the store and is thrown. resume: one that can go on is made to wait first; what
// is done of it stays.
[[nodiscard]] int run_evaluation(const std::filesystem::path& data, EvaluationId id, bool resume);

}  // namespace holdfast::cli
