// The text of the running turn on its way to the window: one thread fills it, the window takes it every 33 ms. No Qt.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>

#include "app/store/rows.h"

namespace holdfast {

// What came since the last look, and how far the turn is.
struct LiveDelta {
  std::string thought;
  std::string answer;
  bool thought_ended = false;
  std::int64_t generated_tokens = 0;  // of this turn
  std::int64_t tokens_read = 0;       // by the session
  double tokens_per_second = 0.0;     // over the last second or so
};

class LiveText {
 public:
  void add(std::string_view thought, std::string_view answer, bool thought_ended, std::int64_t generated_tokens,
           std::int64_t tokens_read, double tokens_per_second) {
    const std::scoped_lock lock(mutex_);
    delta_.thought += thought;
    delta_.answer += answer;
    delta_.thought_ended |= thought_ended;
    delta_.generated_tokens = generated_tokens;
    delta_.tokens_read = tokens_read;
    delta_.tokens_per_second = tokens_per_second;
  }
  [[nodiscard]] LiveDelta take() {
    const std::scoped_lock lock(mutex_);
    LiveDelta taken = delta_;
    delta_.thought.clear();
    delta_.answer.clear();
    delta_.thought_ended = false;
    return taken;
  }
  void clear() {
    const std::scoped_lock lock(mutex_);
    delta_ = {};
  }

 private:
  std::mutex mutex_;
  LiveDelta delta_;
};

}  // namespace holdfast
