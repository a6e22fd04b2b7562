// Times of frames, for the benches of views.
#pragma once

#include <time.h>

#include <algorithm>
#include <cstddef>
#include <vector>

namespace holdfast::bench {

// Of this thread: what a frame costs, however busy the machine is with others.
inline double thread_milliseconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return 1e3 * static_cast<double>(now.tv_sec) + 1e-6 * static_cast<double>(now.tv_nsec);
}

inline double at_share(std::vector<double> values, double share) {
  std::ranges::sort(values);
  return values[static_cast<std::size_t>(share * static_cast<double>(values.size() - 1))];
}

}  // namespace holdfast::bench
