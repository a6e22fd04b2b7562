// Conversion between layouts and formats. Planted and seen to fail: A_log written where A belongs;
// shards without their index; a part left behind after a refusal; values that are not finite let through.
#include "engine/convert.h"

#include <QTemporaryDir>
#include <QTest>
#include <algorithm>
#include <cmath>
#include <cstring>

#include "engine/gguf.h"
#include "engine/random_checkpoint.h"
#include "engine/shape.h"
#include "engine/tokenizer.h"
#include "file_fixtures.h"
#include "kernels/error.h"

using namespace holdfast;
using namespace holdfast::test;
namespace fs = std::filesystem;

namespace {
std::vector<float> decoded(const StoredTensor& tensor) {
  const std::int64_t cols = tensor.shape[-1];
  const std::size_t row_bytes = encoded_row_bytes(tensor.format, cols);
  std::vector<float> values(static_cast<std::size_t>(tensor.shape.elements()));
  for (std::size_t row = 0; row * row_bytes < tensor.bytes.size(); ++row) {
    decode_row(tensor.format, tensor.bytes.data() + row * row_bytes,
               std::span(values).subspan(row * static_cast<std::size_t>(cols), static_cast<std::size_t>(cols)));
  }
  return values;
}

// Largest difference relative to the largest value of the row, over all rows: what a block format promises.
double row_error(const StoredTensor& got, const StoredTensor& want) {
  const std::vector<float> a = decoded(got);
  const std::vector<float> b = decoded(want);
  const auto cols = static_cast<std::size_t>(want.shape[-1]);
  double worst = a.size() == b.size() ? 0.0 : HUGE_VAL;
  for (std::size_t row = 0; row < b.size(); row += cols) {
    double size = 0.0;
    double difference = 0.0;
    for (std::size_t i = row; i < row + cols; ++i) {
      size = std::max(size, static_cast<double>(std::abs(b[i])));
      difference = std::max(difference, static_cast<double>(std::abs(a[i] - b[i])));
    }
    if (size > 0.0) worst = std::max(worst, difference / size);
  }
  return worst;
}
}  // namespace

class ConvertTest : public QObject {
  Q_OBJECT
  QTemporaryDir dir_;
  int names_ = 0;
  fs::path new_name(const char* ending = "") {
    return fs::path(dir_.path().toStdString()) / ("out" + std::to_string(names_++) + ending);
  }
  std::unique_ptr<const Checkpoint> converted(const Checkpoint& in, CheckpointLayout to, ConvertDType dtype,
                                              std::uint64_t shard_bytes = std::uint64_t{1} << 32) {
    const fs::path out = new_name(to == CheckpointLayout::gguf ? ".gguf" : "");
    ConvertOptions options;
    options.to = to;
    options.dtype = dtype;
    options.shard_bytes = shard_bytes;
    convert(in, out, options);
    return Checkpoint::open(out);
  }

 private slots:
  void f32_goes_through_the_layouts_of_pytorch_bit_for_bit() {
    for (const char* model : {"hf-g1-tied", "hf-g2-untied", "ssm-g4"}) {
      const auto in = Checkpoint::open(golden(model) / "mamba_ssm");
      const auto hf = converted(*in, CheckpointLayout::hugging_face, ConvertDType::f32, 200000);
      const auto ssm = converted(*hf, CheckpointLayout::mamba_ssm, ConvertDType::f32);
      QVERIFY(fs::exists(hf->path() / "model.safetensors.index.json"));
      QCOMPARE(hf->fingerprint(), in->fingerprint());
      QCOMPARE(ssm->fingerprint(), in->fingerprint());
      QVERIFY(hf->config() == in->config());
      QVERIFY(ssm->config() == in->config());
    }
  }
  void gguf_and_back_gives_the_same_model() {
    const auto in = Checkpoint::open(golden("ssm-g4/hf"));
    const auto gguf = converted(*in, CheckpointLayout::gguf, ConvertDType::f32);
    QVERIFY(gguf->config() == in->config());
    QVERIFY(decoded(gguf->get("layers.1.in_proj")) == decoded(in->get("layers.1.in_proj")));
    const auto back = converted(*gguf, CheckpointLayout::hugging_face, ConvertDType::f32);
    for (const StoredTensor& tensor : in->tensors()) {
      const std::vector<float> want = decoded(tensor);
      const std::vector<float> got = decoded(back->get(tensor.name));
      if (!tensor.name.ends_with("A_log")) {
        QVERIFY2(got == want, tensor.name.c_str());
        continue;
      }
      // Several logarithms may have one exponential; A, which the model computes with, is the same to the bit.
      for (std::size_t i = 0; i < want.size(); ++i) QCOMPARE(std::exp(got[i]), std::exp(want[i]));
      const std::vector<float> a = decoded(gguf->get(tensor.name.substr(0, tensor.name.size() - 4)));
      for (std::size_t i = 0; i < want.size(); ++i) QCOMPARE(a[i], -std::exp(want[i]));
    }
  }
  void smaller_formats_keep_their_bounds_in_every_layout_data() {
    QTest::addColumn<int>("layout");
    QTest::addColumn<int>("dtype");
    QTest::addColumn<double>("bound");
    const auto hf = static_cast<int>(CheckpointLayout::hugging_face);
    const auto ssm = static_cast<int>(CheckpointLayout::mamba_ssm);
    const auto gguf = static_cast<int>(CheckpointLayout::gguf);
    // Half a step of the rounding: bf16 2^-9; q8_0 1/254 and its scale's f16 rounding; q4_1 half of 2/15 and the same.
    QTest::newRow("bf16 hf") << hf << static_cast<int>(ConvertDType::bf16) << 0x1p-8;
    QTest::newRow("bf16 mamba_ssm") << ssm << static_cast<int>(ConvertDType::bf16) << 0x1p-8;
    QTest::newRow("bf16 gguf") << gguf << static_cast<int>(ConvertDType::bf16) << 0x1p-8;
    QTest::newRow("q8 hf") << hf << static_cast<int>(ConvertDType::q8) << 0.5 / 127 + 0x1p-10;
    QTest::newRow("q8 gguf") << gguf << static_cast<int>(ConvertDType::q8) << 0.5 / 127 + 0x1p-10;
    QTest::newRow("q4 hf") << hf << static_cast<int>(ConvertDType::q4) << 1.0 / 15 + 0x1p-8;
    QTest::newRow("q4 gguf") << gguf << static_cast<int>(ConvertDType::q4) << 1.0 / 15 + 0x1p-8;
  }
  void smaller_formats_keep_their_bounds_in_every_layout() {
    QFETCH(int, layout);
    QFETCH(int, dtype);
    QFETCH(double, bound);
    const auto in = Checkpoint::open(golden("hf-g1-tied/hf"));
    const auto out = converted(*in, static_cast<CheckpointLayout>(layout), static_cast<ConvertDType>(dtype));
    QVERIFY(out->stored_bytes() < in->stored_bytes() * 6 / 10);
    for (const char* name : {"embedding", "layers.0.in_proj", "layers.2.out_proj"}) {
      const double error = row_error(out->get(name), in->get(name));
      QVERIFY2(error > 0.0 && error <= bound, name);
    }
    for (const char* name : {"norm_f", "layers.1.conv_weight", "layers.1.dt_bias"}) {
      QVERIFY2(out->get(name).format == WeightFormat::f32, name);
      QVERIFY2(decoded(out->get(name)) == decoded(in->get(name)), name);
    }
  }
  void blocks_are_copied_where_the_format_stays() {
    const auto in = Checkpoint::open(golden("gguf-k/model-q8_0.gguf"));
    const auto out = converted(*in, CheckpointLayout::gguf, ConvertDType::q8);
    QCOMPARE(out->fingerprint(), in->fingerprint());
    QVERIFY(out->config() == in->config());
    const auto tokenizer = Tokenizer::load(out->tokenizer());
    QCOMPARE(tokenizer->size(), Tokenizer::load(in->tokenizer())->size());
    const auto hf = converted(*in, CheckpointLayout::hugging_face, ConvertDType::q8);
    QVERIFY(std::ranges::equal(hf->get("layers.1.in_proj").bytes, in->get("layers.1.in_proj").bytes));
    QVERIFY(hf->tokenizer().kind == TokenizerSource::Kind::sentencepiece);
    QVERIFY(Tokenizer::load(hf->tokenizer())->encode("ab c") == tokenizer->encode("ab c"));
  }
  void rows_that_blocks_do_not_divide_stay_bf16() {
    const fs::path file = new_name(".gguf");
    write_random_gguf(file, shape_config("24,1,3,16,8,1,40"), ConvertDType::q8, 3);
    const auto model = Checkpoint::open(file);
    QVERIFY(model->get("layers.0.in_proj").format == WeightFormat::bf16);  // 24 columns
    const auto out = converted(*model, CheckpointLayout::hugging_face, ConvertDType::q4);
    QVERIFY(out->get("layers.0.in_proj").format == WeightFormat::bf16);
    QVERIFY(out->get("embedding").format == WeightFormat::bf16);
  }
  void tokenizers_go_into_a_gguf_and_give_the_same_ids_data() {
    QTest::addColumn<QByteArray>("folder");
    QTest::addColumn<QByteArray>("file");
    QTest::addColumn<bool>("carried");
    QTest::newRow("byte-level BPE") << QByteArray("byte-bpe") << QByteArray("tokenizer.json") << true;
    QTest::newRow("SentencePiece BPE") << QByteArray("sp-bpe") << QByteArray("tokenizer.model") << true;
    QTest::newRow("SentencePiece unigram") << QByteArray("sp-unigram") << QByteArray("tokenizer.model") << false;
  }
  void tokenizers_go_into_a_gguf_and_give_the_same_ids() {
    QFETCH(QByteArray, folder);
    QFETCH(QByteArray, file);
    QFETCH(bool, carried);
    const fs::path model = new_name();
    const fs::path random = new_name(".gguf");
    write_random_gguf(random, shape_config("32,1,2,32,4,1,4096"), ConvertDType::q8, 1);
    {
      // A folder without a vocabulary of its own, the tokenizer put beside.
      const auto in = Checkpoint::open(random);
      ConvertOptions options;
      convert(*in, model, options);
    }
    fs::remove(model / "tokenizer.model");
    fs::copy_file(golden("tokenizers") / folder.toStdString() / file.toStdString(), model / file.toStdString());
    const auto in = Checkpoint::open(model);
    const auto out = converted(*in, CheckpointLayout::gguf, ConvertDType::q8);
    QCOMPARE(out->tokenizer().kind == TokenizerSource::Kind::gguf, carried);
    if (!carried) return;
    const auto want = Tokenizer::load(in->tokenizer());
    const auto got = Tokenizer::load(out->tokenizer());
    for (const char* text :
         {"Hello world, it's 12.5!", "  two  spaces\n\nlines\t", "\xc3\xa9t\xc3\xa9 \xe6\x97\xa5\xe6\x9c\xac"}) {
      QVERIFY2(got->encode(text) == want->encode(text), text);
    }
    QVERIFY(got->bos() == want->bos() && got->eos() == want->eos());
  }
  void progress_goes_up_to_one() {
    const auto in = Checkpoint::open(golden("hf-g1-tied/hf"));
    ConvertOptions options;
    std::vector<double> seen;
    options.progress = [&](double done) { seen.push_back(done); };
    convert(*in, new_name(), options);
    QVERIFY(seen.size() >= in->tensors().size());
    QVERIFY(std::ranges::is_sorted(seen) && seen.front() > 0.0);
    QCOMPARE(seen.back(), 1.0);
  }
  void what_the_target_cannot_hold_is_refused_and_leaves_nothing() {
    const auto biased = Checkpoint::open(golden("hf-g2-untied/hf"));
    const auto plain = Checkpoint::open(golden("hf-g1-tied/hf"));
    const fs::path folder = new_name();
    fs::create_directory(folder);
    ConvertOptions options;
    options.to = CheckpointLayout::gguf;
    QVERIFY(message_of<FormatError>([&] { convert(*biased, folder / "a.gguf", options); }).contains("in_proj_bias"));
    options.to = CheckpointLayout::mamba_ssm;
    options.dtype = ConvertDType::q8;
    QVERIFY(message_of<ArgumentError>([&] { convert(*plain, folder / "a", options); }).contains("f32 and bf16"));
    options.to = CheckpointLayout::mistral;
    QVERIFY(message_of<ArgumentError>([&] { convert(*plain, folder / "a", options); }).contains("not written"));
    options.to = CheckpointLayout::hugging_face;
    QVERIFY(message_of<ArgumentError>([&] { convert(*plain, folder, options); }).contains("exists"));
    options.progress = [](double done) {
      if (done > 0.5) throw IoError("stopped half way");
    };
    QVERIFY(message_of<IoError>([&] { convert(*plain, folder / "a", options); }).contains("stopped"));
    QVERIFY(fs::is_empty(folder));
  }
  void values_that_are_not_finite_are_refused() {
    const fs::path model = new_name();
    fs::copy(golden("hf-g1-tied/hf"), model, fs::copy_options::recursive);
    const fs::path shard = model / "model-00001-of-00002.safetensors";
    std::string text = read_text(shard);
    std::uint64_t header = 0;
    std::memcpy(&header, text.data(), 8);
    const float nan = std::numeric_limits<float>::quiet_NaN();
    std::memcpy(text.data() + 8 + header + 4 * (64 + 3), &nan, 4);  // the embedding's row 1, column 3
    write_text(shard, text);
    const auto in = Checkpoint::open(model);
    const QString message = message_of<FormatError>([&] { convert(*in, new_name(), {}); });
    QVERIFY2(message.contains("backbone.embeddings.weight[1, 3]: not finite"), qPrintable(message));
  }
  void random_weights_have_the_promised_spread() {
    const fs::path file = new_name(".gguf");
    const fs::path again = new_name(".gguf");
    write_random_gguf(file, shape_config("64,2,2,64,16,1,512"), ConvertDType::f32, 7);
    write_random_gguf(again, shape_config("64,2,2,64,16,1,512"), ConvertDType::f32, 7);
    QVERIFY(read_text(file) == read_text(again));
    const auto model = Checkpoint::open(file);
    double sum = 0.0;
    double squares = 0.0;
    const std::vector<float> values = decoded(model->get("embedding"));
    for (const float value : values) {
      sum += value;
      squares += value * value;
    }
    const auto count = static_cast<double>(values.size());
    // 32768 draws: the mean and the spread are known to about half a percent; ten times that is allowed.
    QVERIFY(std::abs(sum / count) < 0.05 * 0.02);
    QVERIFY(std::abs(std::sqrt(squares / count) - 0.02) < 0.05 * 0.02);
    QVERIFY(decoded(model->get("layers.0.in_proj")) != decoded(model->get("layers.1.in_proj")));
    for (const float a : decoded(model->get("layers.0.A"))) QVERIFY(a <= -1.0f && a >= -16.0f);
    for (const float b : decoded(model->get("layers.0.dt_bias"))) {
      const double dt = std::log1p(std::exp(static_cast<double>(b)));
      QVERIFY(dt > 0.00099 && dt < 0.101);
    }
  }
};

QTEST_GUILESS_MAIN(ConvertTest)
#include "convert_test.moc"
