// What the memory of the running turn has done so far, on its way to who looks on: one thread fills it while somebody
// does, and copies nothing while nobody does. No Qt.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "app/store/rows.h"
#include "engine/inspection.h"

namespace holdfast {

struct SeenLive {
  struct Stretch {
    std::int64_t from = 0;  // tokens of the session before it
    std::shared_ptr<const Inspection> seen{};
  };
  SessionId session{};
  std::vector<Stretch> stretches{};  // of the turn, in order
  NodeRow row{};                     // that is being written, with its tokens so far
};

class LiveMemory {
 public:
  void look(bool looking) { looking_ = looking; }
  [[nodiscard]] bool isLookedAt() const { return looking_; }
  void put(SeenLive seen) {
    const std::scoped_lock lock(mutex_);
    seen_ = std::make_shared<const SeenLive>(std::move(seen));
  }
  [[nodiscard]] std::shared_ptr<const SeenLive> seen() const {  // null: nothing yet
    const std::scoped_lock lock(mutex_);
    return seen_;
  }
  void clear() {
    const std::scoped_lock lock(mutex_);
    seen_.reset();
  }

 private:
  std::atomic<bool> looking_ = false;
  mutable std::mutex mutex_;
  std::shared_ptr<const SeenLive> seen_;
};

}  // namespace holdfast
