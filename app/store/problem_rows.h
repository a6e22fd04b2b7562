// Problems that were made here, and the sets they are in.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "app/store/rows.h"

namespace holdfast {

using ProblemSetId = Id<struct ProblemSetTag>;
using ProblemId = Id<struct ProblemTag>;

enum class ProblemStatus { fresh, accepted, rejected };  // what a person, or the pipeline, said of it
[[nodiscard]] std::string_view name(ProblemStatus) noexcept;

struct ProblemSetRow {
  ProblemSetId id{};
  std::string name{};
  std::int64_t fresh = 0, accepted = 0, rejected = 0;
  Milliseconds created = 0;
};

struct ProblemRow {
  ProblemId id{};
  ProblemSetId set{};
  std::string statement{};
  std::string answer{};
  int level = 1;
  std::vector<std::string> concepts{};
  std::string verdict{};  // of the pipeline: training's MadeVerdict
  ProblemStatus status = ProblemStatus::fresh;
  bool edited = false;  // by a person
  std::string made{};   // the whole row, a line of JSON
  Milliseconds created = 0;
};

}  // namespace holdfast
