// Processes that share a database, and processes that are killed while they write.
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <QTemporaryDir>
#include <QTest>
#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <iostream>
#include <random>
#include <string>

#include "app/store/migrations.h"
#include "app/store/store.h"
#include "kernels/error.h"

using namespace holdfast;
namespace fs = std::filesystem;

namespace {

// Runs `work` in a child with the writing end of a pipe; gives the child's number and the reading end.
struct Child {
  pid_t pid = -1;
  int acknowledged = -1;
};
template <class Work>
Child start_child(Work&& work) {
  int ends[2];
  if (pipe(ends) != 0) return {};
  const pid_t pid = fork();
  if (pid != 0) {
    close(ends[1]);
    return {pid, ends[0]};
  }
  close(ends[0]);
  try {
    work(ends[1]);
  } catch (const std::exception& error) {
    std::cerr << "child: " << error.what() << std::endl;
    _exit(1);
  }
  _exit(0);
}

int wait_for(pid_t pid) {
  int status = -1;
  waitpid(pid, &status, 0);
  return status;
}

// Writes turns without end. After each journal entry has been committed its number goes to the parent.
void write_turns(const fs::path& file, int pipe_end) {
  Store store(file);
  store.recover();
  std::uint32_t number = 0;
  for (;;) {
    const NodeRow question = store.add_user_message({}, "question");
    NodeRow answer;
    answer.session = question.session;
    answer.parent = question.id;
    answer.kind = NodeKind::answer;
    answer.id = store.begin_node(answer);
    answer.tokens.emplace();
    for (int piece = 0; piece < 5; ++piece) {
      const std::string text = "<" + std::to_string(number) + ">";
      const TokenId token = static_cast<TokenId>(number);
      store.append_journal(answer.id, std::span(&token, 1), text);
      answer.tokens->push_back(token);
      answer.text += text;
      if (write(pipe_end, &number, sizeof number) != sizeof number) return;
      ++number;
    }
    answer.stop_reason = "length";
    store.finish_node(answer);
  }
}

// Every acknowledged piece stands in the database, text and tokens say the same, and pieces of a node are in order.
std::string inspect(Store& store, std::int64_t last_acknowledged) {
  std::int64_t found = -1;
  std::vector<bool> seen;
  for (const SessionRow& session : store.sessions()) {
    for (const NodeRow& node : store.branch(session.id)) {
      if (node.kind != NodeKind::answer) continue;
      if (node.running) return "a node is still running after recovery";
      std::string want;
      for (const TokenId token : node.tokens.value_or(std::vector<TokenId>{})) {
        want += "<" + std::to_string(token) + ">";
        seen.resize(std::max(seen.size(), static_cast<std::size_t>(token) + 1));
        seen[static_cast<std::size_t>(token)] = true;
        found = std::max<std::int64_t>(found, token);
      }
      if (want != node.text) return "text \"" + node.text + "\" does not fit its tokens \"" + want + "\"";
    }
  }
  if (found < last_acknowledged) return "piece " + std::to_string(last_acknowledged) + " was acknowledged and is lost";
  for (std::size_t i = 0; i < seen.size(); ++i) {
    if (!seen[i]) return "piece " + std::to_string(i) + " is missing";
  }
  return {};
}

// Edits, branches and answers without end; each change leaves a node "change N" and then tells N to the parent.
void edit_without_end(const fs::path& file, int pipe_end) {
  Store store(file);
  store.recover();
  NodeRow question = store.add_user_message({}, "begin");
  for (std::uint32_t number = 0;; ++number) {
    const std::string text = "change " + std::to_string(number);
    switch (number % 5) {
      case 0: question = store.add_user_message(question.session, text); break;
      case 1:  // beside the question
        question = store.add_node({.session = question.session, .parent = question.parent, .text = text});
        break;
      case 2: {
        NodeRow answer;
        answer.session = question.session;
        answer.parent = question.id;
        answer.kind = NodeKind::answer;
        answer.sampler.emplace();
        answer.id = store.begin_node(answer);
        store.append_journal(answer.id, std::vector<TokenId>{1, 2, 3}, "chan");
        answer.text = text;
        answer.tokens = std::vector<TokenId>{1, 2, 3, 4};
        answer.stop_reason = "stop_token";
        store.finish_node(answer);
        store.set_token_choices(answer.id, 0, {{-1.0f, {{1, -1.0f}}}});
        break;
      }
      case 3: {
        const NodeRow note =
            store.add_node({.session = question.session, .parent = question.id, .kind = NodeKind::note, .text = text});
        store.set_favourite(note.id, true);
        store.delete_branch(note.id);
        if (number % 2 == 0) store.restore_branch(note.id);
        break;
      }
      default:
        store.add_node({.session = question.session, .parent = question.id, .kind = NodeKind::note, .text = text});
        store.set_head(question.session, question.id);
        store.save_draft(question.session, text);
    }
    if (write(pipe_end, &number, sizeof number) < 0) return;
  }
}

// What is wrong with the tree after a crash; empty: nothing.
std::string inspect_tree(Store& store, std::int64_t last) {
  Connection connection(store.file());
  if (const std::string finding = connection.text("PRAGMA integrity_check"); finding != "ok") return finding;
  if (connection.integer("SELECT count(*) FROM pragma_foreign_key_check") != 0) return "a row points nowhere";
  if (connection.integer("SELECT count(*) FROM node WHERE writer IS NOT NULL") != 0) return "a node is still running";
  if (connection.integer(
          "SELECT count(*) FROM node AS a JOIN node AS b ON b.id = a.parent WHERE a.session != b.session"))
    return "a node hangs in another session";
  for (std::int64_t i = 0; i <= last; ++i) {
    if (connection.integer("SELECT count(*) FROM node WHERE text = 'change " + std::to_string(i) + "'") != 1)
      return "change " + std::to_string(i) + " is not there once";
  }
  const SessionRow session = store.sessions().at(0);
  const std::vector<NodeRow> tree = store.tree(session.id);
  const auto head = [&](const NodeRow& node) { return node.id == session.head; };
  if (std::ranges::none_of(tree, head)) return "the head is on no branch";
  return {};
}

}  // namespace

class CrashTest : public QObject {
  Q_OBJECT

  [[nodiscard]] fs::path file(const char* name) const { return fs::path(folder_->path().toStdString()) / name; }
  std::unique_ptr<QTemporaryDir> folder_;

 private slots:
  void init() { folder_ = std::make_unique<QTemporaryDir>(); }

  void nothing_acknowledged_is_lost_by_kill_9() {
    constexpr int rounds = 100;
    std::mt19937 random(20240607);
    std::int64_t pieces = 0;
    int interrupted = 0;
    for (int round = 0; round < rounds; ++round) {
      const fs::path database = file(("round" + std::to_string(round) + ".db").c_str());
      const Child child = start_child([&](int end) { write_turns(database, end); });
      QVERIFY(child.pid > 0);
      std::uint32_t number = 0;
      std::int64_t last = -1;
      // The child is alive and writing before the clock starts.
      QCOMPARE(read(child.acknowledged, &number, sizeof number), ssize_t{sizeof number});
      last = number;
      usleep(std::uniform_int_distribution<useconds_t>(0, 60000)(random));
      kill(child.pid, SIGKILL);
      wait_for(child.pid);
      while (read(child.acknowledged, &number, sizeof number) == ssize_t{sizeof number}) last = number;
      close(child.acknowledged);

      Store store(database);
      interrupted += static_cast<int>(store.recover().size());
      const std::string finding = inspect(store, last);
      QVERIFY2(finding.empty(), (std::to_string(round) + ": " + finding).c_str());
      pieces += last + 1;
    }
    qInfo("%d rounds, %lld acknowledged pieces, %d interrupted answers", rounds, static_cast<long long>(pieces),
          interrupted);
    QVERIFY(interrupted > 0);
  }

  void edits_and_branches_survive_kill_9() {
    constexpr int rounds = 100;
    std::mt19937 random(20240608);
    std::int64_t changes = 0;
    for (int round = 0; round < rounds; ++round) {
      const fs::path database = file(("edits" + std::to_string(round) + ".db").c_str());
      const Child child = start_child([&](int end) { edit_without_end(database, end); });
      QVERIFY(child.pid > 0);
      std::uint32_t number = 0;
      QCOMPARE(read(child.acknowledged, &number, sizeof number), ssize_t{sizeof number});
      usleep(std::uniform_int_distribution<useconds_t>(0, 60000)(random));
      kill(child.pid, SIGKILL);
      wait_for(child.pid);
      std::int64_t last = number;
      while (read(child.acknowledged, &number, sizeof number) == ssize_t{sizeof number}) last = number;
      close(child.acknowledged);
      Store store(database);
      store.recover();
      const std::string finding = inspect_tree(store, last);
      QVERIFY2(finding.empty(), (std::to_string(round) + ": " + finding).c_str());
      changes += last + 1;
    }
    qInfo("%d rounds, %lld acknowledged changes", rounds, static_cast<long long>(changes));
  }

  void two_processes_write_at_once() {
    constexpr int each = 100;
    std::vector<Child> children;
    for (int who = 0; who < 2; ++who) {
      children.push_back(start_child([&](int) {
        Store store(file("shared.db"));  // both create it
        for (int i = 0; i < each; ++i) store.add_user_message({}, "from " + std::to_string(getpid()));
      }));
    }
    for (const Child& child : children) {
      QCOMPARE(wait_for(child.pid), 0);
      close(child.acknowledged);
    }
    QCOMPARE(Store(file("shared.db")).sessions().size(), std::size_t{2 * each});
  }

  // The first look at the file, the first table and the switch to the log are the moments in which they can meet.
  void several_processes_create_the_same_database() {
    constexpr int rounds = 40;
    for (int round = 0; round < rounds; ++round) {
      const fs::path database = file(("new" + std::to_string(round) + ".db").c_str());
      const auto start = std::chrono::steady_clock::now() + std::chrono::milliseconds(20);
      std::vector<Child> children;
      for (int who = 0; who < 3; ++who) {
        children.push_back(start_child([&](int) {
          while (std::chrono::steady_clock::now() < start) {
          }
          Store(database).add_user_message({}, "here");
        }));
      }
      for (const Child& child : children) {
        QCOMPARE(wait_for(child.pid), 0);
        close(child.acknowledged);
      }
      QCOMPARE(Store(database).sessions().size(), std::size_t{3});
    }
  }

  void several_processes_upgrade_the_same_database() {
    constexpr int rounds = 10;
    for (int round = 0; round < rounds; ++round) {
      const fs::path database = file(("old" + std::to_string(round) + ".db").c_str());
      {
        Connection old(database);
        migrate(old, embedded_migrations().first(1));
        old.execute("INSERT INTO session (title, created, changed) VALUES ('old', 1, 1)");
      }
      const auto start = std::chrono::steady_clock::now() + std::chrono::milliseconds(20);
      std::vector<Child> children;
      for (int who = 0; who < 3; ++who) {
        children.push_back(start_child([&](int) {
          while (std::chrono::steady_clock::now() < start) {
          }
          Store(database).add_user_message({}, "here");
        }));
      }
      for (const Child& child : children) {
        QCOMPARE(wait_for(child.pid), 0);
        close(child.acknowledged);
      }
      QCOMPARE(Store(database).sessions().size(), std::size_t{4});
    }
  }

  void a_dead_process_is_told_from_a_living_one() {
    QVERIFY(process_lives(process_mark()));
    const Child child = start_child([](int end) {
      const std::string mark = process_mark();
      if (write(end, mark.data(), mark.size()) < 0) _exit(1);
    });
    char mark[200] = {};
    QVERIFY(read(child.acknowledged, mark, sizeof mark - 1) > 0);
    wait_for(child.pid);
    close(child.acknowledged);
    QVERIFY(!process_lives(mark));
    QVERIFY(!process_lives(""));
    QVERIFY(!process_lives("another-boot/1/1"));
  }

  void a_full_disk_loses_nothing_that_was_written() {
    const fs::path disk = file("disk");
    fs::create_directory(disk);
    if (mount("tmpfs", disk.c_str(), "tmpfs", 0, "size=2m") != 0) {
      QSKIP("no right to mount a small disk: only the page limit of store_test covers a full disk here");
    }
    std::size_t written = 0;
    std::string message;
    {
      Store store(disk / "holdfast.db");
      try {
        for (; written < 1000; ++written) store.add_user_message({}, std::string(2000, 'x'));
      } catch (const StoreError& error) {
        message = error.what();
      }
    }
    std::size_t kept = 0;
    std::string reopened;
    try {
      kept = Store(disk / "holdfast.db").sessions().size();
    } catch (const StoreError& error) {
      reopened = error.what();
    }
    umount2(disk.c_str(), MNT_DETACH);
    QVERIFY2(reopened.empty(), reopened.c_str());
    QVERIFY2(message.find("disk is full") != std::string::npos, message.c_str());
    QVERIFY(written > 10);
    QCOMPARE(kept, written);
  }
};

QTEST_GUILESS_MAIN(CrashTest)
#include "crash_test.moc"
