#include "app/services/state_places.h"

#include <map>
#include <utility>

#include "engine/session.h"

namespace holdfast {

std::vector<std::optional<StatePlace>> places_of(std::span<const SnapshotRow> states, std::span<const NodeRow> tree) {
  std::multimap<std::pair<std::int64_t, std::uint64_t>, std::size_t> wanted;  // states by position and prefix
  for (std::size_t i = 0; i < states.size(); ++i)
    wanted.emplace(std::pair(states[i].position, states[i].prefix_hash), i);
  std::vector<std::optional<StatePlace>> places(states.size());
  struct End {
    std::int64_t position = 0;
    std::uint64_t hash = 0;
  };
  std::map<NodeId, End> ends;
  for (const NodeRow& node : tree) {
    End at = ends[node.parent];
    const std::vector<TokenId> tokens = node.tokens.value_or(std::vector<TokenId>{});
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      ++at.position;
      at.hash = prefix_hash(at.hash, {&tokens[i], 1});
      const auto [first, last] = wanted.equal_range({at.position, at.hash});
      for (auto state = first; state != last; ++state) {
        std::optional<StatePlace>& place = places[state->second];
        if (place) continue;  // branches that begin alike share a state: it is the oldest one's
        place = {.node = node.id, .tokens = static_cast<std::int64_t>(i + 1), .whole = i + 1 == tokens.size()};
      }
    }
    ends[node.id] = at;
  }
  return places;
}

}  // namespace holdfast
