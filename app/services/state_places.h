// Where in a session's tree its kept states stand. No Qt.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "app/store/rows.h"

namespace holdfast {

struct StatePlace {
  NodeId node{};            // whose text it has read last
  std::int64_t tokens = 0;  // that it has read of it
  bool whole = false;       // all of them
};

// Of each state; nothing where its tokens are none of this tree's: of a session that begins with a state from
// elsewhere, or of a branch that is deleted. `tree`: with the tokens of its nodes, parents before children.
[[nodiscard]] std::vector<std::optional<StatePlace>> places_of(std::span<const SnapshotRow> states,
                                                               std::span<const NodeRow> tree);

}  // namespace holdfast
