// SQLite through its C interface: a connection, a statement, a transaction. Every refusal is a StoreError whose
// message names the file and what SQLite said.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace holdfast {

class Statement;

enum class Access {
  write,  // creates the file where there is none
  read,
  frozen  // reads a file that nobody writes: without a log and without locks, so it needs no room beside the file
};

class Connection {  // one thread at a time
 public:
  // Nothing is written yet, and until keep_wal(false) closing leaves the files as they are.
  explicit Connection(const std::filesystem::path& file, Access access = Access::write);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void execute(const std::string& sql);  // any number of statements
  [[nodiscard]] Statement prepare(std::string_view sql);
  [[nodiscard]] std::int64_t integer(std::string_view sql);  // first column of the first row
  [[nodiscard]] std::string text(std::string_view sql);
  [[nodiscard]] std::int64_t last_insert_id() const noexcept;
  [[nodiscard]] std::int64_t changes() const noexcept;  // rows of the last INSERT, UPDATE or DELETE
  [[nodiscard]] bool in_transaction() const noexcept;
  void set_busy_timeout(int milliseconds);
  void keep_wal(bool keep);  // true: closing the last connection does not fold the write-ahead log into the file
  // A consistent copy of the database as it is now; written aside, synced, renamed.
  void backup_to(const std::filesystem::path& file);

  [[nodiscard]] const std::filesystem::path& file() const noexcept { return file_; }
  [[nodiscard]] sqlite3* handle() const noexcept { return handle_; }
  [[noreturn]] void fail(int code, std::string_view doing) const;  // throws the StoreError of the last call

 private:
  std::filesystem::path file_;
  sqlite3* handle_ = nullptr;
};

class Statement {  // lives no longer than its connection
 public:
  Statement(Connection& connection, std::string_view sql);

  // Parameters are numbered by the calls, from 1.
  Statement& bind(std::int64_t value);
  Statement& bind(std::string_view value);
  Statement& bind(std::span<const std::byte> value);
  Statement& bind_null();
  Statement& bind_or_null(std::optional<std::int64_t> value);
  Statement& bind_or_null(const std::optional<std::string>& value);
  Statement& bind_real(std::optional<double> value);  // what is no number, and nothing, are NULL

  [[nodiscard]] bool step();  // true: a row stands ready
  void run();                 // for statements without rows

  [[nodiscard]] bool is_null(int column) const;
  [[nodiscard]] std::int64_t integer(int column) const;
  [[nodiscard]] double real(int column) const;
  [[nodiscard]] std::string text(int column) const;
  [[nodiscard]] std::span<const std::byte> blob(int column) const;  // valid until the next step
  [[nodiscard]] std::optional<std::int64_t> maybe_integer(int column) const;
  [[nodiscard]] std::optional<std::string> maybe_text(int column) const;
  [[nodiscard]] std::optional<double> maybe_real(int column) const;

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const noexcept;
  };
  void check(int code, std::string_view doing) const;

  Connection* connection_;
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
  int bound_ = 0;
};

class Transaction {  // takes the write lock at once; rolled back unless committed
 public:
  explicit Transaction(Connection& connection);
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  void commit();

 private:
  Connection* connection_;
  bool open_ = true;
};

}  // namespace holdfast
