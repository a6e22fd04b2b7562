// How much room kept states may take, and which of them go for it. No Qt.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "app/store/store.h"

namespace holdfast {

inline constexpr std::int64_t usual_state_quota_mib = 4096;
inline constexpr const char* state_quota_setting = "state_quota_mib";

[[nodiscard]] std::int64_t state_quota_mib(const Store& store);

// What goes where kept states may take `bytes` at most: the longest unused first, never a pinned one or one whose file
// is among `spared`. A part that several states share goes with the last of them.
struct StatesOver {
  std::vector<SnapshotRow> going{};
  std::int64_t freed = 0;  // bytes on the disk
};
[[nodiscard]] StatesOver states_over(const Store& store, std::int64_t bytes, std::span<const std::string> spared = {});

}  // namespace holdfast
