// Problems that are made while a run goes, as training rows without end.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "training/dataset.h"
#include "training/problem.h"

namespace holdfast {

struct GeneratorRows {
  std::vector<std::string> families;  // by name; "all" = every one
  int first_level = easiest_level;
  int last_level = hardest_level;
  bool create = false;  // false: problem -> thought and answer; true: concepts and level -> rationale, problem
  int turns = 1;        // problems of one dialogue at most: rows of several waste less padding
  std::optional<std::int64_t> rows;  // row i of n has the level at i/n of the range; without it levels are drawn
};

// The seed of row() decides the problems: the same seed, the same rows. Throws FormatError for a family that is not
// known, naming the nearest.
[[nodiscard]] std::shared_ptr<const RowSource> generator_source(const GeneratorRows& rows);

// What a model is asked for when it is to make a problem.
[[nodiscard]] std::string problem_request(std::span<const std::string_view> concepts, int level);

}  // namespace holdfast
