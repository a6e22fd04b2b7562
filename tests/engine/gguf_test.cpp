// The GGUF container. Planted and seen to fail: overlapping tensors; a count beyond the file; arrays of arrays.
#include "engine/gguf.h"

#include <QTemporaryDir>
#include <QTest>
#include <array>

#include "file_fixtures.h"
#include "kernels/error.h"

using namespace holdfast;
using namespace holdfast::test;
namespace fs = std::filesystem;

namespace {
std::string gguf_string(std::string_view value) {
  std::string text;
  append<std::uint64_t>(text, value.size());
  return text += value;
}
std::string gguf_head(std::uint64_t tensors, std::uint64_t values, std::uint32_t version = 3) {
  std::string text = "GGUF";
  append(text, version);
  append(text, tensors);
  append(text, values);
  return text;
}
std::string gguf_u32(std::string_view key, std::uint32_t value) {
  std::string text = gguf_string(key);
  append<std::uint32_t>(text, 4);
  append(text, value);
  return text;
}
std::string gguf_tensor(std::string_view name, std::vector<std::uint64_t> ne, std::uint32_t type,
                        std::uint64_t offset) {
  std::string text = gguf_string(name);
  append(text, static_cast<std::uint32_t>(ne.size()));
  for (const std::uint64_t extent : ne) append(text, extent);
  append(text, type);
  append(text, offset);
  return text;
}
// The header, padding and data.
std::string gguf_file(std::string text, std::size_t data_bytes) {
  text.resize((text.size() + 31) / 32 * 32, '\0');
  return text + std::string(data_bytes, '\0');
}
}  // namespace

class GgufTest : public QObject {
  Q_OBJECT
 private slots:
  void what_is_written_is_read_back() {
    QTemporaryDir dir;
    const fs::path file = fs::path(dir.path().toStdString()) / "a.gguf";
    const std::array<float, 6> values{1, 2, 3, 4, 5, 6};
    {
      GgufWriter writer(file);
      writer.add_text("text", "words");
      writer.add("u", std::uint32_t{7});
      writer.add("i", std::int32_t{-7});
      writer.add("f", 0.5f);
      writer.add("yes", true);
      writer.add("names", std::vector<std::string>{"a", "", "c"});
      writer.add("floats", std::vector<float>{1.5f, 2.5f});
      writer.add("ints", std::vector<std::int32_t>{-1, 2});
      writer.add_tensor({"first", WeightFormat::f32, {3}});
      writer.add_tensor({"second", WeightFormat::f32, {1, 3}});
      for (int i = 0; i < 2; ++i) {
        writer.begin_tensor();
        writer.write(std::as_bytes(std::span(values).subspan(static_cast<std::size_t>(3 * i), 3)));
      }
      writer.commit();
    }
    const GgufFile read = GgufFile::open(file);
    QCOMPARE(read.version(), 3u);
    QVERIFY(read.string("text") == "words");
    QVERIFY(read.integer("u") == 7 && read.integer("i") == -7 && read.number("f") == 0.5 && read.number("i") == -7.0);
    QVERIFY(read.boolean("yes") == true);
    QVERIFY((read.strings("names") == std::vector<std::string_view>{"a", "", "c"}));
    QVERIFY((read.floats("floats") == std::vector<float>{1.5f, 2.5f}));
    QVERIFY((read.integers("ints") == std::vector<std::int64_t>{-1, 2}));
    QVERIFY(!read.string("absent") && !read.strings("absent") && !read.has("absent"));
    QVERIFY(std::ranges::equal(read.find("second")->bytes, std::as_bytes(std::span(values).last(3))));
    QCOMPARE(read.find("second")->ne[1], 3);
    QCOMPARE(message_of<FormatError>([&] { (void)read.integer("text"); }),
             QString::fromStdString(file.string() + ": text: string, want a whole number below 2^63"));
    QVERIFY(
        message_of<FormatError>([&] { (void)read.string("names"); }).contains("array of string, want a single value"));
    QVERIFY(message_of<FormatError>([&] {
              (void)read.strings("ints");
            }).contains("array of i32, want an array of strings"));
  }
  void a_damaged_file_is_refused_data() {
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QString>("want");
    const auto row = [](const char* name, const std::string& text, const char* want) {
      QTest::newRow(name) << QByteArray::fromStdString(text) << QString(want);
    };
    row("empty", "", "not a GGUF file");
    row("another magic", "GGML", "not a GGUF file");
    row("version 1", gguf_head(0, 0, 1), "GGUF version 1, want 2 or 3");
    row("big-endian", gguf_head(0, 0, 0x03000000), "big-endian");
    row("cut in the counts", gguf_head(0, 0).substr(0, 10), "cut short");
    row("too many values", gguf_head(0, 1u << 20), "values do not fit");
    row("too many tensors", gguf_head(~std::uint64_t{0}, 0), "tensors do not fit");
    row("a key twice", gguf_head(0, 2) + gguf_u32("k", 1) + gguf_u32("k", 2), "k: stands there twice");
    std::string nested = gguf_head(0, 1) + gguf_string("k");
    append<std::uint32_t>(nested, 9);
    append<std::uint32_t>(nested, 9);
    append<std::uint64_t>(nested, 1);
    row("array of arrays", nested, "k: an array of arrays");
    std::string lying = gguf_head(0, 1) + gguf_string("k");
    append<std::uint32_t>(lying, 9);
    append<std::uint32_t>(lying, 12);
    append<std::uint64_t>(lying, std::uint64_t{1} << 61);
    row("an array longer than the file", lying, "cut short");
    std::string strange = gguf_head(0, 1) + gguf_string("k");
    append<std::uint32_t>(strange, 77);
    row("unknown value type", strange + "....", "value type 77");
    row("a string longer than the file", gguf_head(0, 1) + std::string(8, '\x7f') + std::string(8, 'a'), "cut short");
    const auto one = [](const std::string& tensor) { return gguf_head(1, 0) + tensor; };
    row("rank 0", gguf_file(one(gguf_tensor("a", {}, 0, 0)) + std::string(16, '\0'), 64), "a: 0 dimensions");
    row("rank 5", gguf_file(one(gguf_tensor("a", {1, 1, 1, 1, 1}, 0, 0)), 64), "a: 5 dimensions");
    row("no elements", gguf_file(one(gguf_tensor("a", {0}, 0, 0)), 64), "a: extent 0");
    row("overflow", gguf_file(one(gguf_tensor("a", {1ull << 40, 1ull << 40}, 0, 0)), 64), "product below 2^48");
    row("unsupported type", gguf_file(one(gguf_tensor("a", {256}, 23, 0)), 256), "a: ggml type 23, want F32");
    row("rows of half blocks", gguf_file(one(gguf_tensor("a", {48}, 8, 0)), 256),
        "a: rows of 48, want a multiple of 32");
    row("not aligned", gguf_file(one(gguf_tensor("a", {4}, 0, 8)), 64), "a: offset 8, want a multiple of 32");
    row("beyond the end", gguf_file(one(gguf_tensor("a", {64}, 0, 0)), 252), "a: 256 bytes from 0, the file has 252");
    row("far beyond", gguf_file(one(gguf_tensor("a", {4}, 0, ~std::uint64_t{31})), 64), "cut short or damaged");
    row("overlap", gguf_file(gguf_head(2, 0) + gguf_tensor("a", {16}, 0, 0) + gguf_tensor("b", {4}, 0, 32), 64),
        "b: overlaps a");
    row("a tensor twice", gguf_file(gguf_head(2, 0) + gguf_tensor("a", {4}, 0, 0) + gguf_tensor("a", {4}, 0, 32), 64),
        "a: stands there twice");
    row("alignment", gguf_head(0, 1) + gguf_u32("general.alignment", 0), "general.alignment: 0");
  }
  void a_damaged_file_is_refused() {
    QFETCH(QByteArray, text);
    QFETCH(QString, want);
    const std::string copy = text.toStdString();
    const QString message = message_of<FormatError>([&] { (void)GgufFile::parse(bytes_of(copy), "x"); });
    QVERIFY2(message.startsWith("x: ") && message.contains(want), qPrintable(message));
  }
  void version_2_is_read() {
    const std::string text = gguf_file(gguf_head(1, 1, 2) + gguf_u32("k", 5) + gguf_tensor("a", {4}, 0, 0), 16);
    const GgufFile file = GgufFile::parse(bytes_of(text), "x");
    QVERIFY(file.integer("k") == 5 && file.find("a")->bytes.size() == 16);
  }
  void every_cut_of_a_golden_file_is_refused() {
    const std::string whole = read_text(golden("gguf-k/model-q4_0.gguf"));
    // Every length through the metadata, then in steps: the header ends before 16 KiB.
    for (std::size_t size = 0; size < whole.size(); size += size < 16384 ? 1 : 4099) {
      const std::string cut = whole.substr(0, size);
      const QString message = message_of<FormatError>([&] { (void)GgufFile::parse(bytes_of(cut), "x"); });
      QVERIFY2(message.startsWith("x: "), qPrintable(QString::number(size) + " bytes: " + message));
    }
  }
};

QTEST_GUILESS_MAIN(GgufTest)
#include "gguf_test.moc"
