#include "app/services/vote.h"

#include "training/suite.h"
#include "training/verify.h"

namespace holdfast {

std::size_t Vote::counted() const noexcept {
  std::size_t count = 0;
  for (const AnswerGroup& group : groups) count += group.leaves.size();
  return count;
}

std::optional<std::string> answer_of(const NodeRow& node) {
  const bool ended = node.stop_reason == "stop_token" || node.stop_reason == "stop_string";
  if (node.kind != NodeKind::answer || node.running || !ended) return std::nullopt;
  const std::optional<ExtractedAnswer> found = extract_answer(node.text);
  return found && !found->text.empty() ? std::optional(found->text) : std::nullopt;
}

Vote vote_of(std::span<const Ballot> ballots) {
  Vote vote;
  std::vector<std::optional<std::string>> answers;
  for (const Ballot& ballot : ballots) {
    answers.push_back(ballot.answer);
    if (!ballot.answer) vote.silent.push_back(ballot.leaf);
  }
  for (const VoteGroup& group : count_votes(answers)) {
    AnswerGroup& added = vote.groups.emplace_back(AnswerGroup{.answer = group.answer});
    for (const std::size_t voter : group.voters) added.leaves.push_back(ballots[voter].leaf);
  }
  return vote;
}

bool is_decided(const Vote& vote, std::size_t still_to_come) noexcept {
  if (vote.groups.empty()) return still_to_come == 0;
  const std::size_t second = vote.groups.size() > 1 ? vote.groups[1].leaves.size() : 0;
  return vote.groups[0].leaves.size() > second + still_to_come;
}

std::vector<Ballot> ballots_of(const std::vector<NodeRow>& tree, NodeId question) {
  std::vector<Ballot> ballots;
  for (const NodeRow& child : tree) {
    if (!(child.parent == question) || child.kind == NodeKind::user || child.kind == NodeKind::note) continue;
    // A thought ends in its answers; the newest one counts.
    const NodeRow* leaf = &child;
    for (const NodeRow& node : tree) {
      if (node.parent == child.id && node.kind == NodeKind::answer) leaf = &node;
    }
    ballots.push_back({.leaf = leaf->id, .answer = answer_of(*leaf)});
  }
  return ballots;
}

}  // namespace holdfast
