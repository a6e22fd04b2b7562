// An answer as a formula: what stands in it, not yet what it is worth.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "training/answer_tokens.h"

namespace holdfast {

// Depth is at most answer_max_depth, so that walking one may recurse.
inline constexpr int answer_max_depth = 200;

struct AnswerExpr {
  enum class Kind {
    number,      // text: as in AnswerToken
    variable,    // text: its name
    constant,    // text: pi, e, i, infinity
    sum,         // of parts
    product,     // of parts
    inverse,     // 1 / parts[0]
    power,       // parts[0] ^ parts[1]
    call,        // text: the function, "degrees", "base"; parts: its arguments. log has (argument) or (argument, base)
    plus_minus,  // text "+" or "-" (the upper sign) before parts[0]
    sequence,    // text: the brackets "()", "[)", "{}", or "" for a bare list
    relation,    // text: the signs between parts, apart by spaces: "<= <"; "in" before a set
    join,        // the union of parts
    matrix       // parts: rows, which are sequences
  };
  Kind kind = Kind::number;
  std::string text;
  std::vector<AnswerExpr> parts;
};

// Nothing when the tokens are not one formula.
[[nodiscard]] std::optional<AnswerExpr> parse_answer(std::span<const AnswerToken> tokens);

[[nodiscard]] bool is_function_name(std::string_view word) noexcept;

}  // namespace holdfast
