// Kept states in pieces: what is equal is there once, what is damaged is found, what no row names goes, nothing else.
//
// Faults that were planted and seen to fail: `remove` deletes pieces that another state has; `remove_lost` looks at the
// rows of kept states alone, or also where no row names any state; the hash of a piece not compared; a piece that is
// there taken for whole; `keep` leaves its pieces behind when the row is refused; bytes put back in the wrong order.
#include "app/store/state_files.h"

#include <unistd.h>

#include <QTemporaryDir>
#include <QTest>
#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>

#include "app/store/migrations.h"
#include "kernels/error.h"
#include "tests/support/data.h"

using namespace holdfast;
using holdfast::test::Random;
namespace fs = std::filesystem;

namespace {

constexpr std::int64_t layers = 3;

Mamba2Config small_config() {
  Mamba2Config config;
  config.d_model = 32;
  config.n_layer = layers;
  config.n_heads = 4;
  config.head_dim = 16;
  config.d_state = 16;
  config.n_groups = 1;
  config.d_conv = 4;
  config.vocab_size = 50;
  return config;
}

std::string file_bytes(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

// Random numbers, but for the layers that are to be those of another seed.
Snapshot made_snapshot(std::uint64_t seed, std::uint64_t read = 5) {
  Random random(seed);
  Snapshot snapshot{.model_fingerprint = "weights",
                    .state = State(Device::cpu(), small_config()),
                    .logits = random.normals(50, 1.0),
                    .draws = 3,
                    .tokens_read = read,
                    .prefix_hash = seed,
                    .seen = {1, 4, 7},
                    .tail = "end"};
  for (TensorView view : {snapshot.state.conv(), snapshot.state.ssm()}) {
    const std::vector<float> values = random.normals(view.shape.elements(), 1.0);
    std::ranges::copy(values, view.as<float>());
  }
  return snapshot;
}

void copy_layer(const Snapshot& from, Snapshot& to, std::int64_t layer) {
  const std::int64_t count = to.state.ssm(layer).shape.elements();
  const float* values = ConstTensorView(std::as_const(from.state).ssm()).as<float>() + layer * count;
  std::copy(values, values + count, to.state.ssm(layer).as<float>());
}

template <class Failure, class Action>
std::string message_of(Action&& action) {
  try {
    action();
  } catch (const Failure& error) {
    return error.what();
  }
  return {};
}

}  // namespace

class StateFilesTest : public QObject {
  Q_OBJECT

  std::unique_ptr<QTemporaryDir> folder_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<StateFiles> files_;
  SessionId session_;
  CheckpointId checkpoint_;

  [[nodiscard]] fs::path path(const char* name) const { return fs::path(folder_->path().toStdString()) / name; }
  SnapshotRow keep(const std::string& name, const Snapshot& snapshot) {
    files_->keep({.session = session_,
                  .checkpoint = checkpoint_,
                  .position = static_cast<std::int64_t>(snapshot.tokens_read),
                  .prefix_hash = snapshot.prefix_hash,
                  .file = name},
                 snapshot);
    for (const SnapshotRow& row : store_->snapshots(session_)) {
      if (row.file == name) return row;
    }
    return {};
  }
  [[nodiscard]] std::set<std::string> pieces() const {
    std::set<std::string> names;
    if (!fs::exists(path("states/pieces"))) return names;
    for (const auto& entry : fs::directory_iterator(path("states/pieces"))) names.insert(entry.path().filename());
    return names;
  }
  [[nodiscard]] std::string bytes_of(const std::string& state) const {
    const std::vector<std::byte> bytes = files_->bytes(state);
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }

 private slots:
  void init() {
    folder_ = std::make_unique<QTemporaryDir>();
    store_ = std::make_unique<Store>(path("holdfast.db"));
    files_ = std::make_unique<StateFiles>(*store_, path("states"));
    session_ = store_->add_user_message({}, "q").session;
    checkpoint_ = store_->register_checkpoint({.fingerprint = "weights"});
  }
  void cleanup() {
    files_.reset();
    store_.reset();
  }

  void pieces_of_any_length_come_back() {
    Random random(3);
    for (std::size_t length = 0; length < 70; ++length) {
      std::vector<std::byte> content(length);
      for (std::byte& byte : content) byte = static_cast<std::byte>(random.below(256));
      QVERIFY(expand_piece(compress_piece(content)) == content);
    }
    const std::vector<float> zeros(100000);
    QVERIFY(compress_piece(std::as_bytes(std::span(zeros))).size() < 1000);
  }

  void a_state_is_exported_as_the_file_that_was_always_written() {
    const Snapshot snapshot = made_snapshot(1);
    keep("a", snapshot);
    snapshot.save(path("saved"));
    QCOMPARE(bytes_of("a"), file_bytes(path("saved")));
    files_->export_to("a", path("exported"));
    QCOMPARE(file_bytes(path("exported")), file_bytes(path("saved")));
    const Snapshot back = Snapshot::load(path("exported"), small_config());
    QCOMPARE(back.logits, snapshot.logits);
    QCOMPARE(back.tail, snapshot.tail);
    QCOMPARE(files_->load("a", small_config()).seen, snapshot.seen);
  }

  void what_states_have_in_common_is_kept_once() {
    const Snapshot first = made_snapshot(1);
    Snapshot second = made_snapshot(2);
    copy_layer(first, second, 1);
    const SnapshotRow row = keep("a", first);
    const std::size_t alone = pieces().size();
    QCOMPARE(alone, std::size_t{2 + layers + 1});  // its head, the convolutions, each layer, the rest
    keep("b", second);
    QCOMPARE(pieces().size(), 2 * alone - 1);
    std::int64_t on_disk = 0;
    for (const std::string& name : pieces())
      on_disk += static_cast<std::int64_t>(fs::file_size(path("states/pieces") / name));
    QCOMPARE(store_->snapshot_bytes(), on_disk);
    QVERIFY(store_->snapshots(session_)[0].bytes + store_->snapshots(session_)[1].bytes > on_disk);
    keep("c", first);  // the same state again takes nothing
    QCOMPARE(pieces().size(), 2 * alone - 1);
    QCOMPARE(store_->snapshot_bytes(), on_disk);
    // Each goes alone; what another one has stays.
    files_->remove(row);
    QCOMPARE(pieces().size(), 2 * alone - 1);
    QCOMPARE(files_->load("c", small_config()).logits, first.logits);
    for (const SnapshotRow& rest : store_->snapshots(session_)) {
      if (rest.file == "c") files_->remove(rest);
    }
    QCOMPARE(pieces().size(), alone);
    QCOMPARE(files_->load("b", small_config()).logits, second.logits);
    files_->remove(store_->snapshots(session_).at(0));
    QVERIFY(pieces().empty());
    QVERIFY(store_->piece_hashes().empty());
  }

  void a_damaged_or_missing_piece_is_found_and_healed() {
    const Snapshot snapshot = made_snapshot(1);
    keep("a", snapshot);
    for (const std::string& name : pieces()) {
      const fs::path file = path("states/pieces") / name;
      const std::string whole = file_bytes(file);
      for (const std::size_t at : {std::size_t{0}, whole.size() / 2, whole.size() - 1}) {
        std::string damaged = whole;
        damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
        std::ofstream(file, std::ios::binary) << damaged;
        const std::string message = message_of<FormatError>([&] { (void)files_->load("a", small_config()); });
        QVERIFY2(message.find(name) != std::string::npos && message.find("damaged") != std::string::npos,
                 message.c_str());
      }
      std::ofstream(file, std::ios::binary) << whole.substr(0, whole.size() - 1);
      QVERIFY(!message_of<FormatError>([&] { (void)files_->load("a", small_config()); }).empty());
      // A sound piece of another content under this name.
      const std::vector<std::byte> other = compress_piece(std::as_bytes(std::span(name)));
      std::ofstream(file, std::ios::binary).write(reinterpret_cast<const char*>(other.data()), std::ssize(other));
      const std::string exchanged = message_of<FormatError>([&] { (void)files_->load("a", small_config()); });
      QVERIFY2(exchanged.find("hash") != std::string::npos, exchanged.c_str());
      fs::remove(file);
      QVERIFY(!message_of<IoError>([&] { (void)files_->load("a", small_config()); }).empty());
      std::ofstream(file, std::ios::binary) << whole;
    }
    for (const std::string& name : pieces()) std::ofstream(path("states/pieces") / name) << "nonsense";
    keep("b", snapshot);  // has the same pieces, and makes them whole
    QCOMPARE(files_->load("a", small_config()).logits, snapshot.logits);
  }

  void a_session_begins_with_a_state_and_both_go_together() {
    const Snapshot snapshot = made_snapshot(1);
    const SessionId first = files_->begin_session("one", snapshot);
    const SessionId second = files_->begin_session("two", snapshot);
    const std::string origin = store_->session(first)->origin;
    QCOMPARE(store_->session(second)->origin, origin);  // there once
    QCOMPARE(files_->load(origin, small_config()).logits, snapshot.logits);
    QCOMPARE(store_->snapshot_bytes(), std::int64_t{0});  // no cache: it does not count against the room for states
    files_->remove_lost();
    QCOMPARE(files_->load(origin, small_config()).logits, snapshot.logits);
    store_->delete_session(first);
    store_->purge_deleted(now_milliseconds() + 1000);
    files_->remove_lost();
    QCOMPARE(files_->load(origin, small_config()).logits, snapshot.logits);
    keep("other", made_snapshot(2));
    store_->delete_session(second);
    store_->purge_deleted(now_milliseconds() + 1000);
    QVERIFY(store_->state_pieces(origin).empty());
    files_->remove_lost();
    QCOMPARE(pieces().size(), std::size_t{2 + layers + 1});  // of "other"
  }

  void lost_files_go_and_no_others() {
    keep("a", made_snapshot(1));
    const std::set<std::string> kept = pieces();
    std::ofstream(path("states/pieces/0123456789abcdef0123456789abcdef.zst")) << "left behind";
    std::ofstream(path("states/pieces/0123456789abcdef0123456789abcdef.zst.part-12-0")) << "half";
    std::ofstream(path("states/7-1-3-aa.safetensors")) << "of an earlier version, without a row";
    std::ofstream(path("states/notes.txt")) << "a person's own";
    files_->remove_lost();
    QCOMPARE(pieces(), kept);
    QVERIFY(!fs::exists(path("states/7-1-3-aa.safetensors")));
    QVERIFY(fs::exists(path("states/notes.txt")));
    QCOMPARE(files_->load("a", small_config()).tail, std::string("end"));
  }

  // A database that was moved away may come back: one that knows no state lets all of them be.
  void a_new_database_removes_nothing() {
    keep("a", made_snapshot(1));
    const std::set<std::string> kept = pieces();
    Store fresh(path("fresh.db"));
    StateFiles(fresh, path("states")).remove_lost();
    QCOMPARE(pieces(), kept);
  }

  void a_refused_row_leaves_nothing_behind() {
    keep("a", made_snapshot(1));
    const std::set<std::string> kept = pieces();
    QVERIFY_EXCEPTION_THROWN(keep("a", made_snapshot(2)), StoreError);  // the name is taken
    QCOMPARE(pieces(), kept);
    QCOMPARE(files_->load("a", small_config()).prefix_hash, std::uint64_t{1});
  }

  void states_of_earlier_versions_are_read_and_removed() {
    const Snapshot snapshot = made_snapshot(1);
    fs::create_directories(path("states"));
    snapshot.save(path("states/1-1-5-1.safetensors"));
    store_->add_snapshot({.session = session_,
                          .checkpoint = checkpoint_,
                          .position = 5,
                          .prefix_hash = 1,
                          .file = "1-1-5-1.safetensors",
                          .bytes = 77});
    files_->remove_lost();
    QCOMPARE(files_->load("1-1-5-1.safetensors", small_config()).logits, snapshot.logits);
    QCOMPARE(store_->snapshot_bytes(), std::int64_t{77});
    files_->remove(store_->snapshots(session_).at(0));
    QVERIFY(!fs::exists(path("states/1-1-5-1.safetensors")));
  }

  // The schema before pieces, with a kept state and a session that begins with one.
  void an_older_database_keeps_its_states() {
    {
      Connection old(path("old.db"));
      migrate(old, embedded_migrations().first(7));
      old.execute(
          "INSERT INTO session (title, created, changed, origin) VALUES ('s', 1, 1, 'origin-1.safetensors');"
          "INSERT INTO checkpoint (fingerprint, name, path, layout, dtype, tokenizer, first_used, last_used)"
          " VALUES ('weights', '', '', '', '', '', 1, 1);"
          "INSERT INTO snapshot (session, checkpoint, position, prefix_hash, file, bytes, created)"
          " VALUES (1, 1, 5, 1, '1-1-5-1.safetensors', 9, 1)");
    }
    fs::create_directories(path("states"));
    for (const char* name : {"states/origin-1.safetensors", "states/1-1-5-1.safetensors"}) {
      made_snapshot(1).save(path(name));
    }
    Store upgraded(path("old.db"));
    StateFiles files(upgraded, path("states"));
    files.remove_lost();
    QCOMPARE(files.load(upgraded.sessions().at(0).origin, small_config()).tail, std::string("end"));
    QCOMPARE(files.load(upgraded.snapshots({1}).at(0).file, small_config()).tail, std::string("end"));
    QVERIFY(fs::exists(path("old.db.v7.backup")));
  }
};

QTEST_GUILESS_MAIN(StateFilesTest)
#include "state_files_test.moc"
