#include "app/store/connection.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cctype>
#include <system_error>
#include <utility>

#include "kernels/error.h"

namespace holdfast {
namespace {

// What a person can do about it, where SQLite's own words do not say.
std::string_view store_advice(int code) {
  switch (code & 0xff) {
    case SQLITE_FULL: return "the disk is full";
    case SQLITE_BUSY: return "another program keeps the database locked";
    case SQLITE_READONLY: return "the database may not be written";
    case SQLITE_CANTOPEN: return "the file cannot be opened";
    case SQLITE_NOTADB: return "the file is no database";
    case SQLITE_CORRUPT: return "the database is damaged";
    case SQLITE_IOERR: return "the disk refused";
    default: return {};
  }
}

// Of SQLite: "file:" and the path, in which some signs would mean something else.
std::string uri_of(const std::filesystem::path& file, Access access) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string uri = "file://";
  for (const char c : std::filesystem::absolute(file).string()) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = std::isalnum(byte) != 0 || c == '/' || c == '-' || c == '_' || c == '.';
    if (plain) {
      uri += c;
    } else {
      uri += '%';
      uri += digits[byte >> 4];
      uri += digits[byte & 15];
    }
  }
  return access == Access::frozen ? uri + "?immutable=1" : uri;
}

void sync_file(const std::filesystem::path& file) {
  const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  const bool synced = descriptor >= 0 && ::fsync(descriptor) == 0;
  if (descriptor >= 0) ::close(descriptor);
  if (!synced) throw StoreError(file.string() + ": cannot be synced to the disk");
}

}  // namespace

Connection::Connection(const std::filesystem::path& file, Access access) : file_(file) {
  const int mode =
      access == Access::write ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY | SQLITE_OPEN_URI;
  const int flags = mode | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  const std::string name = access == Access::write ? file.string() : uri_of(file, access);
  const int code = sqlite3_open_v2(name.c_str(), &handle_, flags, nullptr);
  if (code != SQLITE_OK) {
    const std::string why = handle_ == nullptr ? "out of memory" : sqlite3_errmsg(handle_);
    sqlite3_close(std::exchange(handle_, nullptr));
    throw StoreError(file.string() + ": cannot be opened: " + why);
  }
  keep_wal(true);
}

Connection::~Connection() { sqlite3_close_v2(handle_); }

void Connection::fail(int code, std::string_view doing) const {
  std::string message = file_.string() + ": " + std::string(doing) + ": ";
  const std::string_view advice = store_advice(code);
  if (!advice.empty()) message += std::string(advice) + " (" + sqlite3_errmsg(handle_) + ")";
  if (advice.empty()) message += sqlite3_errmsg(handle_);
  throw StoreError(message);
}

void Connection::execute(const std::string& sql) {
  const int code = sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) fail(code, "a change was refused");
}

Statement Connection::prepare(std::string_view sql) { return {*this, sql}; }

std::int64_t Connection::integer(std::string_view sql) {
  Statement statement = prepare(sql);
  if (!statement.step()) throw StoreError(file_.string() + ": no row for " + std::string(sql));
  return statement.integer(0);
}

std::string Connection::text(std::string_view sql) {
  Statement statement = prepare(sql);
  if (!statement.step()) throw StoreError(file_.string() + ": no row for " + std::string(sql));
  return statement.text(0);
}

std::int64_t Connection::last_insert_id() const noexcept { return sqlite3_last_insert_rowid(handle_); }
std::int64_t Connection::changes() const noexcept { return sqlite3_changes64(handle_); }
bool Connection::in_transaction() const noexcept { return sqlite3_get_autocommit(handle_) == 0; }
void Connection::set_busy_timeout(int milliseconds) { sqlite3_busy_timeout(handle_, milliseconds); }
void Connection::keep_wal(bool keep) {
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, keep ? 1 : 0, nullptr);
}

void Connection::backup_to(const std::filesystem::path& file) {
  std::filesystem::path aside = file;
  aside += "." + std::to_string(getpid()) + ".part";  // two programs may upgrade at once
  std::error_code ignored;
  std::filesystem::remove(aside, ignored);
  {
    Connection copy(aside);
    copy.keep_wal(false);
    sqlite3_backup* backup = sqlite3_backup_init(copy.handle_, "main", handle_, "main");
    if (backup == nullptr) copy.fail(sqlite3_errcode(copy.handle_), "the backup cannot be started");
    sqlite3_backup_step(backup, -1);
    const int code = sqlite3_backup_finish(backup);
    if (code != SQLITE_OK) copy.fail(code, "the backup cannot be written");
  }
  sync_file(aside);
  std::error_code error;
  std::filesystem::rename(aside, file, error);
  if (error) throw StoreError(file.string() + ": the backup cannot be put in place: " + error.message());
}

Statement::Statement(Connection& connection, std::string_view sql) : connection_(&connection) {
  sqlite3_stmt* statement = nullptr;
  const int code =
      sqlite3_prepare_v2(connection.handle(), sql.data(), static_cast<int>(sql.size()), &statement, nullptr);
  statement_.reset(statement);
  check(code, "a statement was refused");
}

void Statement::Finalize::operator()(sqlite3_stmt* statement) const noexcept { sqlite3_finalize(statement); }

void Statement::check(int code, std::string_view doing) const {
  if (code != SQLITE_OK) connection_->fail(code, doing);
}

Statement& Statement::bind(std::int64_t value) {
  check(sqlite3_bind_int64(statement_.get(), ++bound_, value), "a value was refused");
  return *this;
}
Statement& Statement::bind(std::string_view value) {
  // An empty view may have no memory behind it, which SQLite would take for NULL.
  const char* data = value.data() == nullptr ? "" : value.data();
  check(sqlite3_bind_text64(statement_.get(), ++bound_, data, value.size(), SQLITE_TRANSIENT, SQLITE_UTF8),
        "a text was refused");
  return *this;
}
Statement& Statement::bind(std::span<const std::byte> value) {
  const int code = value.empty()
                       ? sqlite3_bind_zeroblob(statement_.get(), ++bound_, 0)
                       : sqlite3_bind_blob64(statement_.get(), ++bound_, value.data(), value.size(), SQLITE_TRANSIENT);
  check(code, "a blob was refused");
  return *this;
}
Statement& Statement::bind_null() {
  check(sqlite3_bind_null(statement_.get(), ++bound_), "a value was refused");
  return *this;
}
Statement& Statement::bind_or_null(std::optional<std::int64_t> value) { return value ? bind(*value) : bind_null(); }
Statement& Statement::bind_or_null(const std::optional<std::string>& value) {
  return value ? bind(std::string_view(*value)) : bind_null();
}

Statement& Statement::bind_real(std::optional<double> value) {
  if (!value) return bind_null();
  check(sqlite3_bind_double(statement_.get(), ++bound_, *value), "a value was refused");
  return *this;
}

bool Statement::step() {
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code != SQLITE_DONE) connection_->fail(code, "a read or change was refused");
  return false;
}

void Statement::run() {
  while (step()) {
  }
}

bool Statement::is_null(int column) const { return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL; }
std::int64_t Statement::integer(int column) const { return sqlite3_column_int64(statement_.get(), column); }
double Statement::real(int column) const { return sqlite3_column_double(statement_.get(), column); }

std::string Statement::text(int column) const {
  const auto* data = sqlite3_column_text(statement_.get(), column);
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column));
  return data == nullptr ? std::string{} : std::string(reinterpret_cast<const char*>(data), size);
}

std::span<const std::byte> Statement::blob(int column) const {
  const void* data = sqlite3_column_blob(statement_.get(), column);
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column));
  return data == nullptr ? std::span<const std::byte>{} : std::span(static_cast<const std::byte*>(data), size);
}

std::optional<std::int64_t> Statement::maybe_integer(int column) const {
  return is_null(column) ? std::nullopt : std::optional(integer(column));
}
std::optional<std::string> Statement::maybe_text(int column) const {
  return is_null(column) ? std::nullopt : std::optional(text(column));
}

std::optional<double> Statement::maybe_real(int column) const {
  return is_null(column) ? std::nullopt : std::optional(sqlite3_column_double(statement_.get(), column));
}

Transaction::Transaction(Connection& connection) : connection_(&connection) { connection.execute("BEGIN IMMEDIATE"); }

Transaction::~Transaction() {
  // After a full disk SQLite may have rolled back by itself; a second rollback only reports that.
  if (open_ && connection_->in_transaction()) {
    sqlite3_exec(connection_->handle(), "ROLLBACK", nullptr, nullptr, nullptr);
  }
}

void Transaction::commit() {
  connection_->execute("COMMIT");
  open_ = false;
}

}  // namespace holdfast
