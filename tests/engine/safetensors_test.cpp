// The safetensors container and the files that are complete or not there. Planted and seen to fail: an end offset taken
// for a length; a hole between tensors; a part left behind.
#include "engine/safetensors.h"

#include <QTemporaryDir>
#include <QTest>
#include <array>

#include "engine/atomic_file.h"
#include "file_fixtures.h"
#include "kernels/error.h"

using namespace holdfast;
using namespace holdfast::test;
namespace fs = std::filesystem;

namespace {
std::string safetensors_text(std::string_view header, std::size_t data_bytes) {
  std::string text;
  append<std::uint64_t>(text, header.size());
  text += header;
  return text + std::string(data_bytes, '\1');
}
}  // namespace

class SafetensorsTest : public QObject {
  Q_OBJECT
 private slots:
  void what_is_written_is_read_back() {
    QTemporaryDir dir;
    const fs::path file = fs::path(dir.path().toStdString()) / "a.safetensors";
    const std::array<float, 6> values{1, 2, 3, 4, 5, 6};
    const std::array<std::int64_t, 1> id{7};
    const std::vector<SafetensorsTensor> tensors{
        {"b", SafetensorsDType::f32, Shape{2, 3}, std::as_bytes(std::span(values))},
        {"empty", SafetensorsDType::u8, Shape{0, 4}, {}},
        {"a \"quoted\"", SafetensorsDType::i64, Shape{}, std::as_bytes(std::span(id))}};
    write_safetensors(file, tensors, {{"k", "v"}});
    const SafetensorsFile read = SafetensorsFile::open(file);
    QCOMPARE(read.tensors().size(), 3u);
    QCOMPARE(read.metadata().at("k"), "v");
    QVERIFY(read.get("b").shape == (Shape{2, 3}));
    QVERIFY(read.get("empty").shape == (Shape{0, 4}));
    QVERIFY(std::ranges::equal(read.get("b").bytes, tensors[0].bytes));
    QVERIFY(std::ranges::equal(read.get("a \"quoted\"").bytes, tensors[2].bytes));
    QVERIFY(read.get("a \"quoted\"").dtype == SafetensorsDType::i64);
    QCOMPARE(message_of<FormatError>([&] { (void)read.get("c"); }),
             QString::fromStdString(file.string() + ": c is missing"));
  }
  void a_damaged_file_is_refused_data() {
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QString>("want");
    const auto row = [](const char* name, const std::string& text, const char* want) {
      QTest::newRow(name) << QByteArray::fromStdString(text) << QString(want);
    };
    const std::string good = R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})";
    row("empty", "", "at least 8");
    row("shorter than its header", safetensors_text(good, 0).substr(0, 20), "cut short");
    row("header of 2^60", std::string(7, '\0') + '\x10' + "{}", "cut short");
    row("no header", std::string(8, '\0'), "does not begin with {");
    row("not JSON", safetensors_text("{\"a\"}", 0), "not JSON at its byte");
    row("cut data", safetensors_text(good, 7), "bytes than the file has");
    row("data left over", safetensors_text(good, 9), "tensors end at byte 8 of 9");
    row("unknown dtype", safetensors_text(R"({"a":{"dtype":"F31","shape":[2],"data_offsets":[0,8]}})", 8), "not known");
    row("wrong size", safetensors_text(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,8]}})", 8),
        "a: 8 bytes, its shape and dtype need 4");
    row("a hole", safetensors_text(R"({"a":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}})", 3), "begins at byte 1");
    row("overlap",
        safetensors_text(R"({"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},)"
                         R"("b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}})",
                         3),
        "b: begins at byte 1, want 2");
    row("twice",
        safetensors_text(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},)"
                         R"("a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}})",
                         2),
        "a: stands there twice");
    row("backwards", safetensors_text(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[1,0]}})", 1), "bytes 1 to 0");
    row("negative", safetensors_text(R"({"a":{"dtype":"U8","shape":[-1],"data_offsets":[0,1]}})", 1), "negative");
    row("overflow",
        safetensors_text(R"({"a":{"dtype":"F64","shape":[4294967296,4294967296],"data_offsets":[0,8]}})", 8),
        "more bytes than the file has");
    row("overflow beside a zero",
        safetensors_text(R"({"a":{"dtype":"U8","shape":[0,9223372036854775807,3],"data_offsets":[0,0]}})", 0),
        "beyond all bounds");
    row("six dimensions", safetensors_text(R"({"a":{"dtype":"U8","shape":[1,1,1,1,1,1],"data_offsets":[0,1]}})", 1),
        "more than 5 dimensions");
    row("no shape", safetensors_text(R"({"a":{"dtype":"U8","data_offsets":[0,1]}})", 1), "want dtype, shape");
    row("nested", safetensors_text(R"({"a":{"b":{}}})", 0), "does not belong");
    row("metadata that is no text", safetensors_text(R"({"__metadata__":{"a":1}})", 0), "does not belong");
  }
  void a_damaged_file_is_refused() {
    QFETCH(QByteArray, text);
    QFETCH(QString, want);
    const std::string copy = text.toStdString();
    const QString message = message_of<FormatError>([&] { (void)SafetensorsFile::parse(bytes_of(copy), "x"); });
    QVERIFY2(message.startsWith("x: ") && message.contains(want), qPrintable(message));
  }
  void a_writer_that_stops_leaves_the_old_file() {
    QTemporaryDir dir;
    const fs::path folder = dir.path().toStdString();
    write_file_atomically(folder / "a", "old");
    {
      AtomicFile file(folder / "a");
      file.write("new");
    }
    QCOMPARE(read_text(folder / "a"), "old");
    QCOMPARE(std::distance(fs::directory_iterator(folder), {}), 1);
    QVERIFY(
        message_of<IoError>([&] { write_file_atomically(folder / "a", "x", IfExists::refuse); }).contains("exists"));
    write_file_atomically(folder / "a", "newer");
    QCOMPARE(read_text(folder / "a"), "newer");
    QVERIFY(
        message_of<IoError>([&] { write_file_atomically(folder / "no" / "a", "x"); }).contains("cannot be written"));
  }
  void a_folder_appears_whole_or_not_at_all() {
    QTemporaryDir dir;
    const fs::path out = fs::path(dir.path().toStdString()) / "out";
    {
      AtomicFolder folder(out);
      write_text(folder.path() / "part", "x");
    }
    QVERIFY(fs::is_empty(out.parent_path()));
    AtomicFolder folder(out / "");
    write_text(folder.path() / "part", "x");
    folder.commit();
    QCOMPARE(read_text(out / "part"), "x");
    QVERIFY(message_of<IoError>([&] { AtomicFolder again(out); }).contains("exists"));
  }
  void a_writer_with_other_sizes_than_announced_is_a_fault() {
    QTemporaryDir dir;
    const fs::path file = fs::path(dir.path().toStdString()) / "a";
    const std::vector<SafetensorsWriter::Entry> entries{{"a", SafetensorsDType::u8, Shape{2}}};
    SafetensorsWriter writer(file, entries, {});
    writer.write(bytes_of("x"));
    QVERIFY(message_of<ArgumentError>([&] { writer.commit(); }).contains("the header says"));
  }
};

QTEST_GUILESS_MAIN(SafetensorsTest)
#include "safetensors_test.moc"
