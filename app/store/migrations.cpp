#include "app/store/migrations.h"

#include <sqlite3.h>

#include <array>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "kernels/error.h"

namespace holdfast {
namespace {

constexpr std::string_view sqlite_magic{"SQLite format 3\0", 16};
constexpr std::size_t sqlite_header_bytes = 100;

std::int64_t big_endian_32(const char* bytes) {
  std::int64_t value = 0;
  for (int i = 0; i < 4; ++i) value = value * 256 + static_cast<unsigned char>(bytes[i]);
  return value;
}

// Through SQLite's own files: to open and close this one in any other way would drop the locks that this process'
// connections hold on it, and another process that closes its connection would take the log from under them.
bool read_database_header(const std::filesystem::path& file, std::array<char, sqlite_header_bytes>& header) {
  if (sqlite3_initialize() != SQLITE_OK) return false;
  sqlite3_vfs* vfs = sqlite3_vfs_find(nullptr);
  const std::string path = std::filesystem::absolute(file).string();
  const std::unique_ptr<const char, void (*)(const char*)> name(
      sqlite3_create_filename(path.c_str(), "", "", 0, nullptr), [](const char* text) { sqlite3_free_filename(text); });
  std::vector<std::max_align_t> memory(static_cast<std::size_t>(vfs->szOsFile) / sizeof(std::max_align_t) + 1);
  auto* handle = reinterpret_cast<sqlite3_file*>(memory.data());
  int flags = 0;
  const int opened = vfs->xOpen(vfs, name.get(), handle, SQLITE_OPEN_READONLY | SQLITE_OPEN_MAIN_DB, &flags);
  const bool read = opened == SQLITE_OK &&
                    handle->pMethods->xRead(handle, header.data(), static_cast<int>(header.size()), 0) == SQLITE_OK;
  if (handle->pMethods != nullptr) handle->pMethods->xClose(handle);
  return read;
}

[[noreturn]] void refuse_newer(const std::filesystem::path& file, std::int64_t version, int newest) {
  throw StoreError(file.string() + ": made by a newer Holdfast (schema " + std::to_string(version) +
                   ", this program knows " + std::to_string(newest) +
                   "): it was not touched; open it with that version");
}

[[noreturn]] void refuse_foreign(const std::filesystem::path& file, std::int64_t application_id) {
  throw StoreError(file.string() + ": the database of another program (application id " +
                   std::to_string(application_id) + ", want " + std::to_string(store_application_id) +
                   "): it was not touched; choose another data directory");
}

int newest_version(std::span<const Migration> migrations) { return migrations.empty() ? 0 : migrations.back().version; }

// A database that some connection has only just created has no application id yet, and nothing in it.
bool is_blank(Connection& connection) { return connection.integer("SELECT count(*) FROM sqlite_schema") == 0; }

void require_own_schema(Connection& connection, std::span<const Migration> migrations) {
  // One transaction: between two looks another program may create what the second one sees.
  connection.execute("BEGIN");
  const std::int64_t application_id = connection.integer("PRAGMA application_id");
  const bool blank = is_blank(connection);
  const std::int64_t version = connection.integer("PRAGMA user_version");
  connection.execute("COMMIT");
  if (application_id != store_application_id && !(application_id == 0 && blank)) {
    refuse_foreign(connection.file(), application_id);
  }
  if (version > newest_version(migrations)) refuse_newer(connection.file(), version, newest_version(migrations));
}

// All that are missing, in one transaction: no other program ever sees a schema between two versions.
void apply(Connection& connection, std::span<const Migration> migrations) {
  Transaction transaction(connection);
  for (const Migration& migration : migrations) {
    // Another program may have done it while this one waited for the lock.
    if (connection.integer("PRAGMA user_version") >= migration.version) continue;
    try {
      connection.execute(std::string(migration.sql));
      connection.execute("PRAGMA application_id = " + std::to_string(store_application_id));
      connection.execute("PRAGMA user_version = " + std::to_string(migration.version));
      if (connection.prepare("PRAGMA foreign_key_check").step()) {
        throw StoreError(connection.file().string() + ": rows would point to nothing");
      }
    } catch (const StoreError& error) {
      throw StoreError(std::string(error.what()) + "; migration " + std::string(migration.name) +
                       " was undone and nothing is changed");
    }
  }
  transaction.commit();
}

}  // namespace

void require_own_database(const std::filesystem::path& file, std::span<const Migration> migrations) {
  std::error_code absent;
  const std::uintmax_t size = std::filesystem::file_size(file, absent);
  if (absent || size == 0) return;
  std::array<char, sqlite_header_bytes> header{};
  if (!read_database_header(file, header) || std::string_view(header.data(), 16) != sqlite_magic) {
    throw StoreError(file.string() + ": no database, or a damaged one: it was not touched; move it away, or put " +
                     "a backup in its place");
  }
  const std::int64_t application_id = big_endian_32(header.data() + 68);
  const std::int64_t version = big_endian_32(header.data() + 60);
  if (application_id != store_application_id && application_id != 0) refuse_foreign(file, application_id);
  if (application_id == store_application_id && version > newest_version(migrations)) {
    refuse_newer(file, version, newest_version(migrations));
  }
}

void require_current(Connection& connection, std::span<const Migration> migrations) {
  require_own_schema(connection, migrations);
  const std::int64_t version = connection.integer("PRAGMA user_version");
  if (version == newest_version(migrations)) return;
  throw StoreError(connection.file().string() + ": of an earlier version (schema " + std::to_string(version) +
                   "), which is upgraded when its folder can be written");
}

MigrationOutcome migrate(Connection& connection, std::span<const Migration> migrations) {
  require_own_schema(connection, migrations);
  const std::int64_t from = connection.integer("PRAGMA user_version");
  if (from == newest_version(migrations)) return MigrationOutcome::already_current;
  if (from > 0) {
    std::filesystem::path backup = connection.file();
    backup += ".v" + std::to_string(from) + ".backup";
    connection.backup_to(backup);
  }
  apply(connection, migrations);
  return from == 0 ? MigrationOutcome::created : MigrationOutcome::upgraded;
}

}  // namespace holdfast
