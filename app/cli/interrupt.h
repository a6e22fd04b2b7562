// Ctrl-C as a request to stop the answer, not the program.
#pragma once

#include <csignal>

namespace holdfast::cli {

// While one lives, the first Ctrl-C is noted and a second one before clear() ends the program as usual. One at a time.
class Interrupt {
 public:
  Interrupt();
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  [[nodiscard]] static bool asked() noexcept;
  static void clear() noexcept;

 private:
  struct sigaction before_ {};
};

}  // namespace holdfast::cli
