// PyTorch archives. Planted and seen to fail: a global that is no tensor; a mark that was not set; strides of a
// transposed tensor; a storage of another length than it says.
#include "engine/pickle.h"

#include <QTemporaryDir>
#include <QTest>
#include <array>

#include "file_fixtures.h"
#include "kernels/error.h"

using namespace holdfast;
using namespace holdfast::test;
namespace fs = std::filesystem;

namespace {
std::string unicode(std::string_view text) {
  std::string op = "X";
  append(op, static_cast<std::uint32_t>(text.size()));
  return op += text;
}
std::string number(std::uint8_t value) { return std::string("K") + static_cast<char>(value); }

// A 2 x 3 tensor of FloatStorage "0" with six elements, but for what a test changes.
struct TensorPickle {
  std::string rebuild = "ctorch._utils\n_rebuild_tensor_v2\n";
  std::string storage_class = "ctorch\nFloatStorage\n";
  std::string key = unicode("0");
  std::string count = number(6);
  std::string offset = number(0);
  std::string size = number(2) + number(3) + "\x86";
  std::string stride = number(3) + number(1) + "\x86";

  [[nodiscard]] std::string text() const {
    return rebuild + "((" + unicode("storage") + storage_class + key + unicode("cpu") + count + "tQ" + offset + size +
           stride + "\x89" + "ccollections\nOrderedDict\n)RtR";
  }
};
std::string dict_of(const std::string& tensor, std::string_view name = "a") {
  return "\x80\x02}(" + unicode(name) + tensor + "u.";
}
std::string archive_of(const std::string& pickle, const std::string& storage = std::string(24, '\1')) {
  return stored_zip({{"m/data.pkl", pickle}, {"m/byteorder", "little"}, {"m/data/0", storage}});
}
}  // namespace

class PickleTest : public QObject {
  Q_OBJECT
 private slots:
  void a_hand_made_archive_is_read() {
    const std::string text = archive_of(dict_of(TensorPickle().text()));
    const TorchArchive archive = TorchArchive::parse(bytes_of(text), "x");
    QCOMPARE(archive.tensors().size(), 1u);
    QCOMPARE(archive.tensors()[0].name, "a");
    QVERIFY(archive.tensors()[0].shape == (Shape{2, 3}));
    QVERIFY(archive.tensors()[0].dtype == SafetensorsDType::f32);
    QCOMPARE(archive.tensors()[0].bytes.size(), 24u);
  }
  void a_state_dict_with_metadata_and_parameters_is_read() {
    const std::string parameter = "ctorch._utils\n_rebuild_parameter\n(" + TensorPickle().text() +
                                  "\x88"
                                  "NtR";
    const std::string pickle =
        "\x80\x02"
        "ccollections\nOrderedDict\n)R(" +
        unicode("a") + parameter + unicode("step") + number(3) + "u}" + unicode("_metadata") + "}sb.";
    const std::string text = archive_of(pickle);
    QCOMPARE(TorchArchive::parse(bytes_of(text), "x").tensors().size(), 1u);
  }
  void what_is_written_is_read_back() {
    QTemporaryDir dir;
    const fs::path file = fs::path(dir.path().toStdString()) / "pytorch_model.bin";
    const std::array<float, 6> values{1, 2, 3, 4, 5, 6};
    const std::array<std::uint16_t, 2> halves{0x3f80, 0x4000};
    const std::vector<TorchArchiveWriter::Alias> aliases{{"again", 0}};
    TorchArchiveWriter writer(
        file, {{"first", SafetensorsDType::f32, Shape{2, 1, 3}}, {"second", SafetensorsDType::bf16, Shape{2}}},
        aliases);
    writer.begin_tensor();
    writer.write(std::as_bytes(std::span(values)));
    writer.begin_tensor();
    writer.write(std::as_bytes(std::span(halves)));
    writer.commit();
    const TorchArchive read = TorchArchive::open(file);
    QCOMPARE(read.tensors().size(), 3u);
    QCOMPARE(read.tensors()[0].name, "again");
    QVERIFY(read.tensors()[0].bytes.data() == read.tensors()[1].bytes.data());
    QVERIFY(read.tensors()[1].shape == (Shape{2, 1, 3}));
    QVERIFY(std::ranges::equal(read.tensors()[1].bytes, std::as_bytes(std::span(values))));
    QVERIFY(std::ranges::equal(read.tensors()[2].bytes, std::as_bytes(std::span(halves))));
  }
  void a_hostile_pickle_is_refused_data() {
    QTest::addColumn<QByteArray>("pickle");
    QTest::addColumn<QString>("want");
    const auto row = [](const char* name, const std::string& pickle, const char* want) {
      QTest::newRow(name) << QByteArray::fromStdString(pickle) << QString(want);
    };
    const auto tensor = [](void (*change)(TensorPickle&)) {
      TensorPickle parts;
      change(parts);
      return dict_of(parts.text());
    };
    row("empty", "", "cut short");
    row("protocol 0", std::string("\x80\0", 2), "protocol 0");
    row("a shell command",
        "\x80\x02"
        "cos\nsystem\n(" +
            unicode("true") + "tR.",
        "names os.system");
    row("a builtin",
        "\x80\x02"
        "cbuiltins\neval\n.",
        "names builtins.eval");
    row("a builtin from the stack", "\x80\x04" + unicode("builtins") + unicode("exec") + "\x93.",
        "names builtins.exec");
    row("a name without an end",
        "\x80\x02"
        "c" +
            std::string(2000, 'a'),
        "without an end");
    row("object of a class",
        "\x80\x02"
        ")\x81.",
        "instruction 129");
    row("an integer in text",
        "\x80\x02"
        "I1\n.",
        "instruction 73");
    row("an empty stack",
        "\x80\x02"
        ".",
        "empty stack");
    row("no mark",
        "\x80\x02"
        "t.",
        "mark that was not set");
    row("below a mark", "\x80\x02}(s.", "empty stack");
    row("items of nothing", "\x80\x02(K\1K\1s.", "sets items of nothing");
    row("an odd number of items", "\x80\x02}(K\1u.", "sets items of a value that has none");
    row("items of a number", "\x80\x02K\1(K\1K\1u.", "sets items of a value that has none");
    row("memo not set", "\x80\x02h\5.", "memo 5 was not set");
    row("memo out of bounds", std::string("\x80\x02Nr\xff\xff\xff\xff.", 8), "out of bounds");
    row("a text longer than the pickle", std::string("\x80\x02X\xff\xff\xff\x7f.", 8), "cut short");
    row("no dictionary", "\x80\x02N.", "no dictionary");
    row("calls a number", "\x80\x02K\1)R.", "calls a value that is no function");
    row("calls a storage type",
        "\x80\x02"
        "ctorch\nFloatStorage\n)R.",
        "calls a storage type");
    row("a persistent id that is no storage", "\x80\x02)Q.", "persistent id");
    row("the same tensor twice",
        "\x80\x02}(" + unicode("a") + TensorPickle().text() + unicode("a") + TensorPickle().text() + "u.",
        "a stands there twice");
    row("a name that is no text", "\x80\x02}(K\1" + TensorPickle().text() + "u.", "name is not a string");
    row("an unknown storage", tensor([](TensorPickle& t) { t.storage_class = "ctorch\nUntypedStorage\n"; }),
        "names torch.UntypedStorage");
    row("a missing storage", tensor([](TensorPickle& t) { t.key = unicode("1"); }), "storage 1 is missing");
    row("a storage elsewhere", tensor([](TensorPickle& t) { t.key = unicode("../byteorder"); }), "is missing");
    row("a storage of another length", tensor([](TensorPickle& t) { t.count = number(7); }), "24 bytes, want 7 of F32");
    row("beyond its storage", tensor([](TensorPickle& t) { t.offset = number(1); }), "reaches beyond its storage");
    row("larger than its storage", tensor([](TensorPickle& t) { t.size = number(200) + number(3) + "\x86"; }),
        "larger than its storage");
    row("transposed", tensor([](TensorPickle& t) { t.stride = number(1) + number(2) + "\x86"; }), "not contiguous");
    row("other strides", tensor([](TensorPickle& t) { t.stride = number(1) + "\x85"; }), "2 dimensions and 1 strides");
    row("a negative size",
        tensor([](TensorPickle& t) { t.size = std::string("J\xff\xff\xff\xff", 5) + number(3) + "\x86"; }),
        "not a whole number from 0");
    row("no elements", tensor([](TensorPickle& t) { t.size = number(0) + number(3) + "\x86"; }), "without elements");
    row("no end", "\x80\x02" + std::string(3000000, 'N'), "more than 1048576 steps");
  }
  void a_hostile_pickle_is_refused() {
    QFETCH(QByteArray, pickle);
    QFETCH(QString, want);
    const std::string text = archive_of(pickle.toStdString());
    const QString message = message_of<FormatError>([&] { (void)TorchArchive::parse(bytes_of(text), "x"); });
    QVERIFY2(message.startsWith("x: ") && message.contains(want), qPrintable(message));
  }
  void a_damaged_archive_is_refused_data() {
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QString>("want");
    const auto row = [](const char* name, const std::string& text, const char* want) {
      QTest::newRow(name) << QByteArray::fromStdString(text) << QString(want);
    };
    const std::string pickle = dict_of(TensorPickle().text());
    row("not a zip", "x", "no zip directory");
    row("before zip", "\x80\x02}.", "before 1.6");
    row("no pickle", stored_zip({{"m/other", "x"}}), "no entry data.pkl");
    row("two pickles", stored_zip({{"m/data.pkl", pickle}, {"n/data.pkl", pickle}}), "two entries data.pkl");
    row("an entry twice", stored_zip({{"m/data.pkl", pickle}, {"m/data.pkl", pickle}}), "stands there twice");
    row("compressed", stored_zip({{"m/data.pkl", pickle}}, 8), "compressed, want an entry that is stored");
    row("encrypted", stored_zip({{"m/data.pkl", pickle}}, 0, 1), "encrypted");
    row("big-endian", stored_zip({{"m/data.pkl", pickle}, {"m/byteorder", "big"}}), "byteorder big, want little");
    std::string zip = archive_of(pickle);
    row("cut at the end", zip.substr(0, zip.size() - 1), "cut short");
    row("cut at the start", zip.substr(10), "is damaged");
  }
  void a_damaged_archive_is_refused() {
    QFETCH(QByteArray, text);
    QFETCH(QString, want);
    const std::string copy = text.toStdString();
    const QString message = message_of<FormatError>([&] { (void)TorchArchive::parse(bytes_of(copy), "x"); });
    QVERIFY2(message.startsWith("x: ") && message.contains(want), qPrintable(message));
  }
};

QTEST_GUILESS_MAIN(PickleTest)
#include "pickle_test.moc"
