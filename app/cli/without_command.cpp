#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "app/cli/chat.h"
#include "app/cli/command.h"

namespace holdfast::cli {
namespace {

bool is_set(const char* variable) {
  const char* value = std::getenv(variable);
  return value != nullptr && *value != '\0';
}

// Returns only if the window could not be started; says why.
std::string become_window(const std::filesystem::path& window, const Globals& globals) {
  if (!globals.data_dir.empty()) setenv("HOLDFAST_DATA_DIR", globals.data().c_str(), 1);
  execl(window.c_str(), window.c_str(), static_cast<char*>(nullptr));
  return window.string() + ": " + std::strerror(errno);
}

}  // namespace

int run_without_command(const Globals& globals) {
  std::string reason = "no display ($DISPLAY and $WAYLAND_DISPLAY are not set)";
  if (is_set("DISPLAY") || is_set("WAYLAND_DISPLAY")) {
    const auto window = program_beside("holdfast-window");
    reason = window ? become_window(*window, globals) : "the window (holdfast-window) is not installed";
  }
  const Notes notes;
  notes.say("holdfast: " + reason + ": opening the terminal chat instead");
  const InstalledModel model = default_model(globals.data());
  ChatOptions options;
  options.model = model.path.string();
  return run_chat(options, globals.data());
}

}  // namespace holdfast::cli
