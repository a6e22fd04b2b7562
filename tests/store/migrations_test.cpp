// A database of any age: fresh, current, older, newer, foreign, damaged.
#include "app/store/migrations.h"

#include <QTemporaryDir>
#include <QTest>
#include <array>
#include <fstream>
#include <iterator>

#include "app/store/store.h"
#include "kernels/error.h"

using namespace holdfast;
namespace fs = std::filesystem;

namespace {

constexpr auto first_two = std::to_array<Migration>({
    {1, "0001_things", "CREATE TABLE thing (id INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT;"},
    {2, "0002_weights", "ALTER TABLE thing ADD COLUMN weight INTEGER NOT NULL DEFAULT 7;"},
});
constexpr auto failing_third = std::to_array<Migration>({
    first_two[0],
    first_two[1],
    {3, "0003_broken", "DELETE FROM thing; CREATE TABLE other (id INTEGER) STRICT; INSERT INTO nowhere VALUES (1);"},
});

std::string bytes_of(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

template <class Action>
std::string refusal(Action&& action) {
  try {
    action();
  } catch (const StoreError& error) {
    return error.what();
  }
  return {};
}

}  // namespace

class MigrationsTest : public QObject {
  Q_OBJECT

  [[nodiscard]] fs::path file(const char* name) const { return fs::path(folder_->path().toStdString()) / name; }
  std::unique_ptr<QTemporaryDir> folder_;

 private slots:
  void init() { folder_ = std::make_unique<QTemporaryDir>(); }

  void embedded_migrations_are_numbered_from_one_without_gaps() {
    QVERIFY(!embedded_migrations().empty());
    int want = 1;
    for (const Migration& migration : embedded_migrations()) QCOMPARE(migration.version, want++);
  }

  void a_fresh_file_gets_the_newest_schema_and_our_mark() {
    Connection connection(file("fresh.db"));
    QCOMPARE(migrate(connection, first_two), MigrationOutcome::created);
    QCOMPARE(connection.integer("PRAGMA user_version"), 2);
    QCOMPARE(connection.integer("PRAGMA application_id"), store_application_id);
    connection.execute("INSERT INTO thing (name) VALUES ('a')");
    QCOMPARE(connection.integer("SELECT weight FROM thing"), 7);
    QVERIFY(!fs::exists(file("fresh.db.v0.backup")));
  }

  void a_current_database_is_left_alone() {
    {
      Connection connection(file("a.db"));
      migrate(connection, first_two);
    }
    const std::string before = bytes_of(file("a.db"));
    Connection connection(file("a.db"));
    QCOMPARE(migrate(connection, first_two), MigrationOutcome::already_current);
    QCOMPARE(bytes_of(file("a.db")), before);
  }

  void an_older_database_is_upgraded_after_a_backup() {
    Connection connection(file("a.db"));
    migrate(connection, std::span(first_two).first(1));
    connection.execute("INSERT INTO thing (name) VALUES ('kept')");
    QCOMPARE(migrate(connection, first_two), MigrationOutcome::upgraded);
    QCOMPARE(connection.text("SELECT name || weight FROM thing"), std::string("kept7"));
    Connection backup(file("a.db.v1.backup"));
    QCOMPARE(backup.integer("PRAGMA user_version"), 1);
    QCOMPARE(backup.text("SELECT name FROM thing"), std::string("kept"));
  }

  void token_choices_of_an_earlier_version_are_still_there() {
    {
      Connection connection(file("a.db"));
      migrate(connection, embedded_migrations().first(9));
      connection.execute(
          "INSERT INTO session (id, title, created, changed) VALUES (1, 's', 0, 0);"
          "INSERT INTO node (id, session, kind, text, created) VALUES (5, 1, 'answer', 'a', 0);"
          "INSERT INTO token_choice (node, choices) VALUES (5, x'000080bf00000000c000')");
    }
    Store store(file("a.db"));
    QCOMPARE(store.token_choices({5}).size(), std::size_t{2});
    QCOMPARE(store.token_choices({5})[1].log_prob, -2.0f);
    store.set_token_choices({5}, 2, {{.log_prob = -3.0f}});
    QCOMPARE(store.token_choices({5}).size(), std::size_t{3});
  }

  void a_failing_migration_changes_nothing() {
    Connection connection(file("a.db"));
    migrate(connection, first_two);
    connection.execute("INSERT INTO thing (name) VALUES ('kept')");
    const std::string message = refusal([&] { migrate(connection, failing_third); });
    QVERIFY2(message.find("0003_broken") != std::string::npos, message.c_str());
    QCOMPARE(connection.integer("PRAGMA user_version"), 2);
    QCOMPARE(connection.integer("SELECT count(*) FROM thing"), 1);
    QCOMPARE(connection.integer("SELECT count(*) FROM sqlite_schema WHERE name = 'other'"), 0);
    QVERIFY(!connection.in_transaction());
  }

  void a_newer_schema_is_refused_and_untouched() {
    { const Store store(file("a.db")); }
    {
      Connection connection(file("a.db"));
      connection.keep_wal(false);
      connection.execute("PRAGMA user_version = 999");
    }
    const std::string before = bytes_of(file("a.db"));
    const std::string message = refusal([&] { const Store store(file("a.db")); });
    QVERIFY2(message.find("schema 999") != std::string::npos, message.c_str());
    QCOMPARE(bytes_of(file("a.db")), before);
  }

  // The newer version number may still stand in the write-ahead log alone.
  void a_newer_schema_in_the_log_is_refused_and_untouched() {
    { const Store store(file("a.db")); }
    {
      Connection connection(file("a.db"));
      connection.execute("PRAGMA user_version = 999");
    }
    const std::string before = bytes_of(file("a.db"));
    const std::string log = bytes_of(file("a.db-wal"));
    QVERIFY(!log.empty());
    const std::string message = refusal([&] { const Store store(file("a.db")); });
    QVERIFY2(message.find("schema 999") != std::string::npos, message.c_str());
    QCOMPARE(bytes_of(file("a.db")), before);
    QCOMPARE(bytes_of(file("a.db-wal")), log);
  }

  void a_foreign_database_is_refused_and_untouched_data() {
    QTest::addColumn<int>("application_id");
    QTest::newRow("marked by another program") << 1234;
    QTest::newRow("not marked, but with tables") << 0;
  }
  void a_foreign_database_is_refused_and_untouched() {
    QFETCH(int, application_id);
    {
      Connection connection(file("a.db"));
      connection.execute("CREATE TABLE theirs (x); PRAGMA application_id = " + std::to_string(application_id));
    }
    const std::string before = bytes_of(file("a.db"));
    const std::string message = refusal([&] { const Store store(file("a.db")); });
    QVERIFY2(message.find("another program") != std::string::npos, message.c_str());
    QCOMPARE(bytes_of(file("a.db")), before);
  }

  void a_file_that_is_no_database_is_refused_and_untouched() {
    const std::string text = "shopping list\n" + std::string(5000, 'x');
    std::ofstream(file("a.db"), std::ios::binary) << text;
    const std::string message = refusal([&] { const Store store(file("a.db")); });
    QVERIFY2(message.find("no database") != std::string::npos, message.c_str());
    QCOMPARE(bytes_of(file("a.db")), text);
  }

  void a_damaged_database_is_refused_and_untouched() {
    {
      Store store(file("a.db"));
      for (int i = 0; i < 50; ++i) store.add_user_message({}, std::string(2000, 'q'));
    }
    std::string bytes = bytes_of(file("a.db"));
    QVERIFY(bytes.size() > 60000);
    // Page 1 and with it the header stay whole; the tables behind it do not.
    std::fill(bytes.begin() + 8192, bytes.begin() + 32768, '\x5a');
    std::ofstream(file("a.db"), std::ios::binary) << bytes;
    const std::string message = refusal([&] { const Store store(file("a.db")); });
    QVERIFY2(message.find("damaged") != std::string::npos, message.c_str());
    QCOMPARE(bytes_of(file("a.db")), bytes);
  }
};

QTEST_GUILESS_MAIN(MigrationsTest)
#include "migrations_test.moc"
