// Many answers to one question: which are equal, and which has the majority. No Qt.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "app/store/rows.h"

namespace holdfast {

struct Ballot {
  NodeId leaf{};                        // the last node of the reply
  std::optional<std::string> answer{};  // absent: it answers nothing
};

struct AnswerGroup {
  std::string answer{};          // as the first of them wrote it
  std::vector<NodeId> leaves{};  // in the order of the ballots
};

struct Vote {
  std::vector<AnswerGroup> groups{};  // largest first
  std::vector<NodeId> silent{};       // without an answer
  [[nodiscard]] std::size_t counted() const noexcept;
};

// What this reply answers: its last boxed or stated answer. A reply that did not come to its end answers nothing.
[[nodiscard]] std::optional<std::string> answer_of(const NodeRow& node);

// Answers are compared by value (count_votes in training/suite.h).
[[nodiscard]] Vote vote_of(std::span<const Ballot> ballots);

// No further ballots, however they fall, can overtake the first group.
[[nodiscard]] bool is_decided(const Vote& vote, std::size_t still_to_come) noexcept;

// The replies to a question: for each child of it the end of the branch that is reached by its newest children.
[[nodiscard]] std::vector<Ballot> ballots_of(const std::vector<NodeRow>& tree, NodeId question);

}  // namespace holdfast
