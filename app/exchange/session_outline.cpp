#include "app/exchange/session_outline.h"

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <map>
#include <set>
#include <utility>

namespace holdfast {
namespace {

using Children = std::map<NodeId, std::vector<const NodeRow*>>;

Children children_of(const WholeSession& whole) {
  Children children;
  for (const NodeRow& node : whole.nodes) children[node.parent].push_back(&node);
  return children;
}

using Numbers = std::map<NodeId, const NodeRow*>;

Numbers by_number(const WholeSession& whole) {
  Numbers numbers;
  for (const NodeRow& node : whole.nodes) numbers[node.id] = &node;
  return numbers;
}

std::vector<const NodeRow*> path_to(const WholeSession& whole, const Numbers& numbers, NodeId end) {
  std::vector<const NodeRow*> path;
  for (auto at = numbers.find(end); at != numbers.end() && path.size() < whole.nodes.size();
       at = numbers.find(at->second->parent)) {
    path.push_back(at->second);
  }
  std::ranges::reverse(path);
  return path;
}

std::string kind_heading(NodeKind kind) {
  switch (kind) {
    case NodeKind::system: return "System message";
    case NodeKind::user: return "Question";
    case NodeKind::thought: return "Thought";
    case NodeKind::answer: return "Answer";
    case NodeKind::note: return "Note";
  }
  return "Message";
}

std::string decimal(double value, int digits) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", digits, value);
  return text;
}

std::string node_facts(const WholeSession& whole, const NodeRow& node) {
  if (!node.sampler) return {};
  const NodeStatistics& s = node.statistics;
  std::string facts = std::to_string(s.generated_tokens) + " tokens";
  if (s.seconds > 0.0) {
    facts += " in " + decimal(s.seconds, 1) + " s (" + decimal(static_cast<double>(s.generated_tokens) / s.seconds, 1) +
             " per second)";
  }
  const SampleParams& p = node.sampler->params;
  facts += ", temperature " + decimal(static_cast<double>(p.temperature), 2);
  if (p.temperature > 0.0f) {
    facts += ", top-p " + decimal(static_cast<double>(p.top_p), 2) + ", seed " + std::to_string(node.sampler->seed);
  }
  const auto weights = std::ranges::find(whole.checkpoints, node.checkpoint, &CheckpointRow::id);
  if (weights != whole.checkpoints.end()) facts += ", " + weights->name + " (" + weights->dtype + ")";
  if (!node.stop_reason.empty()) facts += ", ended by " + node.stop_reason;
  return facts;
}

// Writes a tree without calling itself: sessions can be very deep.
class OutlineWriter {
 public:
  OutlineWriter(const WholeSession& whole, const ExportOptions& options)
      : whole_(whole), options_(options), children_(children_of(whole)) {}

  std::vector<OutlineEntry> write() {
    push(NodeId{}, 0, {});
    while (!waiting_.empty()) {
      const Step step = std::move(waiting_.back());
      waiting_.pop_back();
      if (!step.announce.empty()) entries_.push_back({step.announce, nullptr, {}});
      add(*step.node);
      push(step.node->id, numbers_[step.node->id], step.path);
    }
    return std::move(entries_);
  }

  void add(const NodeRow& node) {
    if (node.kind == NodeKind::thought && !options_.thoughts) {
      numbers_[node.id] = number_;
      return;
    }
    numbers_[node.id] = ++number_;
    const std::string number = options_.tree ? std::to_string(number_) + ". " : "";
    entries_.push_back(
        {number + kind_heading(node.kind), &node, options_.statistics ? node_facts(whole_, node) : std::string{}});
  }

  std::vector<OutlineEntry> entries_;

 private:
  struct Step {
    const NodeRow* node = nullptr;
    std::string announce, path;
  };

  void push(NodeId parent, int number, const std::string& path) {
    const auto found = children_.find(parent);
    if (found == children_.end()) return;
    const std::vector<const NodeRow*>& list = found->second;
    for (std::size_t i = list.size(); i-- > 0;) {
      Step step{list[i], {}, path};
      if (list.size() > 1) {
        step.path = path + (path.empty() ? "" : ".") + std::to_string(i + 1);
        step.announce = "Branch " + step.path + " of " + path + (path.empty() ? "" : ".") + std::to_string(list.size());
        if (number > 0) step.announce += ", after message " + std::to_string(number);
      }
      waiting_.push_back(std::move(step));
    }
  }

  const WholeSession& whole_;
  const ExportOptions& options_;
  Children children_;
  std::vector<Step> waiting_;
  std::map<NodeId, int> numbers_;
  int number_ = 0;
};

}  // namespace

std::vector<OutlineEntry> session_outline(const WholeSession& whole, const ExportOptions& options) {
  OutlineWriter writer(whole, options);
  if (options.tree) return writer.write();
  for (const NodeRow* node : shown_branch(whole)) writer.add(*node);
  return std::move(writer.entries_);
}

std::vector<const NodeRow*> shown_branch(const WholeSession& whole) {
  return path_to(whole, by_number(whole), whole.session.head);
}

std::vector<std::vector<const NodeRow*>> all_branches(const WholeSession& whole) {
  const Numbers numbers = by_number(whole);
  std::set<NodeId> parents;
  for (const NodeRow& node : whole.nodes) parents.insert(node.parent);
  std::vector<std::vector<const NodeRow*>> branches;
  for (const NodeRow& node : whole.nodes) {
    if (!parents.contains(node.id)) branches.push_back(path_to(whole, numbers, node.id));
  }
  return branches;
}

std::string session_title(const WholeSession& whole) {
  return whole.session.title.empty() ? "Untitled session" : whole.session.title;
}

std::string session_subtitle(const WholeSession& whole) {
  std::string names;
  for (const CheckpointRow& row : whole.checkpoints) {
    if (names.find(row.name) == std::string::npos) names += (names.empty() ? "" : ", ") + row.name;
  }
  const auto seconds = static_cast<std::time_t>(whole.session.created / 1000);
  std::tm day{};
  char date[32] = "";
  if (gmtime_r(&seconds, &day) != nullptr) std::strftime(date, sizeof date, "%Y-%m-%d", &day);
  if (names.empty()) return std::string("Holdfast, ") + date;
  return "Holdfast with " + names + ", " + date;
}

}  // namespace holdfast
