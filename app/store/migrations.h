// From any released schema to the newest: numbered SQL files of resources/migrations, embedded in the program.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "app/store/connection.h"

namespace holdfast {

inline constexpr std::int64_t store_application_id = 0x484f4c44;  // "HOLD"

struct Migration {
  int version = 0;  // 1, 2, 3 ...
  std::string_view name;
  std::string_view sql;
};
[[nodiscard]] std::span<const Migration> embedded_migrations() noexcept;

enum class MigrationOutcome { already_current, created, upgraded };

// Refuses a file of another program or of a newer Holdfast, by its first bytes, before SQLite touches it. A file that
// is absent or empty is fine. Throws StoreError.
void require_own_database(const std::filesystem::path& file, std::span<const Migration> migrations);

// For a connection that only reads: refuses a schema that migrate() would have to change. Throws StoreError.
void require_current(Connection& connection, std::span<const Migration> migrations);

// Brings the schema to the last of `migrations`; each file and its version are one transaction, and an existing
// database is copied to <file>.v<version>.backup first. Two programs may do this at once: one waits. A failing file
// leaves schema, version and data as they were. Throws StoreError.
MigrationOutcome migrate(Connection& connection, std::span<const Migration> migrations);

}  // namespace holdfast
