// The store as the commands about sessions need it: there already, or nothing to do.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "app/store/store.h"

namespace holdfast::cli {

// Nothing is created where no session was ever kept.
[[nodiscard]] std::optional<Store> existing_store(const std::filesystem::path& data);
[[nodiscard]] Store store_to_write(const std::filesystem::path& data);

// A session by its number, or "last" for the one that changed last. Throws UsageError for other words, StoreError when
// it is not there.
[[nodiscard]] SessionId find_session(const std::optional<Store>& store, std::string_view word,
                                     const std::filesystem::path& data);

// "2025-03-01 17:05", in the time zone of the machine.
[[nodiscard]] std::string local_time(Milliseconds time);

}  // namespace holdfast::cli
