#include "app/cli/interrupt.h"

#include <atomic>

namespace holdfast::cli {
namespace {

// A signal handler can reach nothing but globals.
std::atomic<bool> interrupt_asked{false};
static_assert(std::atomic<bool>::is_always_lock_free);

void note_interrupt(int signal) {
  if (!interrupt_asked.exchange(true)) return;
  struct sigaction plain {};
  plain.sa_handler = SIG_DFL;
  sigaction(signal, &plain, nullptr);
  raise(signal);
}

}  // namespace

Interrupt::Interrupt() {
  clear();
  struct sigaction noted {};
  noted.sa_handler = note_interrupt;
  sigemptyset(&noted.sa_mask);
  noted.sa_flags = 0;  // no SA_RESTART: waiting for input must end too
  sigaction(SIGINT, &noted, &before_);
}

Interrupt::~Interrupt() { sigaction(SIGINT, &before_, nullptr); }

bool Interrupt::asked() noexcept { return interrupt_asked.load(); }
void Interrupt::clear() noexcept { interrupt_asked.store(false); }

}  // namespace holdfast::cli
