#include "app/cli/session_store.h"

#include <charconv>
#include <ctime>
#include <system_error>

#include "app/cli/command.h"
#include "kernels/error.h"

namespace holdfast::cli {
namespace fs = std::filesystem;

std::optional<Store> existing_store(const fs::path& data) {
  std::error_code error;
  if (!fs::exists(data / "holdfast.db", error)) return std::nullopt;
  return open_to_read(data / "holdfast.db", true);
}

Store store_to_write(const fs::path& data) {
  std::error_code error;
  fs::create_directories(data, error);
  if (error) throw IoError(data.string() + ": cannot make the folder: " + error.message());
  return Store(data / "holdfast.db");
}

SessionId find_session(const std::optional<Store>& store, std::string_view word, const fs::path& data) {
  SessionId id;
  const bool last = word == "last";
  if (last) {
    const std::vector<SessionRow> rows = store ? store->sessions() : std::vector<SessionRow>{};
    if (!rows.empty()) id = rows.front().id;
  } else {
    const char* end = word.data() + word.size();
    const auto read = std::from_chars(word.data(), end, id.value);
    if (read.ec != std::errc{} || read.ptr != end || id.value <= 0) {
      throw UsageError("SESSION: \"" + std::string(word) + "\", want a number (holdfast sessions lists them) or last");
    }
  }
  if (!store || !store->session(id)) {
    throw StoreError("session " + std::string(word) + ": not in " + (data / "holdfast.db").string());
  }
  return id;
}

std::string local_time(Milliseconds time) {
  const auto seconds = static_cast<std::time_t>(time / 1000);
  std::tm local{};
  char text[32] = "";
  if (localtime_r(&seconds, &local) != nullptr) std::strftime(text, sizeof text, "%Y-%m-%d %H:%M", &local);
  return text;
}

}  // namespace holdfast::cli
