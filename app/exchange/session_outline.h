// A session as a person reads it: its messages one after another, with headings. What every document form is written
// from.
#pragma once

#include <string>
#include <vector>

#include "app/store/rows.h"

namespace holdfast {

struct ExportOptions {
  bool tree = false;  // all branches; otherwise the one that is shown
  bool thoughts = true;
  bool statistics = false;  // tokens, time, sampling and model of each generated message
};

struct OutlineEntry {
  std::string heading;            // "Question", "Answer"; with all branches numbered: "3. Answer"
  const NodeRow* node = nullptr;  // of the session; none: a branch begins here, and the heading says which
  std::string facts;              // one line, with statistics
};

// Views into `whole`. In a tree every message stands once; where branches part, each is announced.
[[nodiscard]] std::vector<OutlineEntry> session_outline(const WholeSession& whole, const ExportOptions& options);

// The nodes from the root to the head.
[[nodiscard]] std::vector<const NodeRow*> shown_branch(const WholeSession& whole);
// From the root to each leaf, leaves in their order.
[[nodiscard]] std::vector<std::vector<const NodeRow*>> all_branches(const WholeSession& whole);

// "Untitled session", where it has none.
[[nodiscard]] std::string session_title(const WholeSession& whole);
// "Written by holdfast-mini" and the day, for the head of a document.
[[nodiscard]] std::string session_subtitle(const WholeSession& whole);

}  // namespace holdfast
