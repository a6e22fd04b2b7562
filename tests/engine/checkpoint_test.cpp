// Checkpoints in every layout. Planted and seen to fail: one tensor in two shards; an index that leaves the folder; a
// convolution taken transposed; tensors beyond the config; a fingerprint without the constants.
#include "engine/checkpoint.h"

#include <QTemporaryDir>
#include <QTest>
#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>

#include "engine/gguf.h"
#include "engine/safetensors.h"
#include "file_fixtures.h"
#include "kernels/error.h"

using namespace holdfast;
using namespace holdfast::test;
namespace fs = std::filesystem;

namespace {
constexpr const char* golden_models[] = {"hf-g1-tied", "hf-g2-untied", "ssm-g4"};

bool same_tensors(const Checkpoint& a, const Checkpoint& b) {
  const auto same = [](const StoredTensor& x, const StoredTensor& y) {
    return x.name == y.name && x.format == y.format && x.shape == y.shape && std::ranges::equal(x.bytes, y.bytes);
  };
  return !a.tensors().empty() && std::ranges::equal(a.tensors(), b.tensors(), same);
}

// What mamba_ssm's config cannot say is left out.
Mamba2Config comparable(Mamba2Config config) {
  config.vocab_used = 0;
  config.bos_token = config.eos_token = -1;
  return config;
}

void copy_folder(const fs::path& from, const fs::path& to) { fs::copy(from, to, fs::copy_options::recursive); }

void replace_in(const fs::path& file, const std::string& what, const std::string& with) {
  std::string text = read_text(file);
  const std::size_t at = text.find(what);
  if (at == std::string::npos) throw std::logic_error(file.string() + " has no " + what);
  write_text(file, text.replace(at, what.size(), with));
}

// The golden model's tensors in one file, as `change` leaves them.
using TensorMap = std::map<std::string, SafetensorsTensor>;
void write_single(const fs::path& folder, const std::function<void(TensorMap&)>& change,
                  const char* file_name = "model.safetensors") {
  TensorMap tensors;
  std::vector<SafetensorsFile> files;
  for (const char* part : {"model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"}) {
    files.push_back(SafetensorsFile::open(golden("hf-g1-tied/hf") / part));
    for (const SafetensorsTensor& tensor : files.back().tensors()) tensors[tensor.name] = tensor;
  }
  change(tensors);
  std::vector<SafetensorsTensor> list;
  for (auto& [name, tensor] : tensors) {
    tensor.name = name;
    list.push_back(tensor);
  }
  write_safetensors(folder / file_name, list);
}

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
}  // namespace

class CheckpointTest : public QObject {
  Q_OBJECT
  QTemporaryDir dir_;
  int folders_ = 0;
  fs::path new_folder() {
    const fs::path folder = fs::path(dir_.path().toStdString()) / ("m" + std::to_string(folders_++)) / "model";
    fs::create_directories(folder);
    return folder;
  }
  fs::path golden_copy() {
    const fs::path folder = new_folder();
    fs::remove(folder);
    copy_folder(golden("hf-g1-tied/hf"), folder);
    return folder;
  }

 private slots:
  void layouts_of_one_model_hold_the_same_tensors() {
    for (const char* model : golden_models) {
      const auto hf = Checkpoint::open(golden(model) / "hf");
      const auto ssm = Checkpoint::open(golden(model) / "mamba_ssm");
      QVERIFY(hf->layout() == CheckpointLayout::hugging_face && ssm->layout() == CheckpointLayout::mamba_ssm);
      QVERIFY(comparable(hf->config()) == comparable(ssm->config()));
      QVERIFY(same_tensors(*hf, *ssm));
      QCOMPARE(hf->fingerprint(), ssm->fingerprint());
      QCOMPARE(hf->fingerprint().size(), 32u);
    }
  }
  void canonical_names_and_shapes_are_as_promised() {
    const auto model = Checkpoint::open(golden("hf-g2-untied/hf"));
    QVERIFY(model->get("embedding").shape == (Shape{120, 96}));
    QVERIFY(model->get("lm_head").shape == (Shape{120, 96}));
    QVERIFY(model->get("layers.1.in_proj").shape == (Shape{192 + 320 + 6, 96}));
    QVERIFY(model->get("layers.1.in_proj_bias").shape == (Shape{192 + 320 + 6}));
    QVERIFY(model->get("layers.1.conv_weight").shape == (Shape{320, 4}));
    QVERIFY(model->get("layers.1.A_log").shape == (Shape{6}));
    QVERIFY(model->find("layers.2.norm") == nullptr);
    QVERIFY(Checkpoint::open(golden("hf-g1-tied/hf"))->find("lm_head") == nullptr);
    QVERIFY(message_of<FormatError>([&] { (void)model->get("layers.2.norm"); }).contains("layers.2.norm is missing"));
    QCOMPARE(Checkpoint::open(golden("hf-g1-tied/mamba_ssm"))->config().vocab_used, 93);
  }
  void quantised_gguf_decodes_near_the_8_bit_weights() {
    const auto reference = Checkpoint::open(golden("gguf-k/model-q8_0.gguf"));
    QVERIFY(reference->config().n_groups == 1 && reference->config().head_dim == 64);
    QCOMPARE(reference->config().eos_token, 2);
    QVERIFY(reference->tokenizer().kind == TokenizerSource::Kind::gguf);
    const std::pair<const char*, double> formats[] = {{"q4_0", 0.12}, {"q4_k_m", 0.1}, {"q5_1", 0.05}, {"q6_k", 0.03}};
    for (const auto& [format, bound] : formats) {
      const auto model = Checkpoint::open(golden(std::string("gguf-k/model-") + format + ".gguf"));
      QVERIFY(model->config() == reference->config());
      for (const char* name : {"embedding", "layers.0.in_proj", "layers.1.out_proj", "layers.0.A"}) {
        const std::vector<float> a = decoded(model->get(name));
        const std::vector<float> b = decoded(reference->get(name));
        double difference = 0.0;
        double size = 0.0;
        for (std::size_t i = 0; i < a.size(); ++i) {
          difference += (a[i] - b[i]) * (a[i] - b[i]);
          size += b[i] * b[i];
        }
        // Bounds: the root mean square error of the format's step on normal weights, with some room.
        QVERIFY2(size > 0 && std::sqrt(difference / size) < bound, format);
      }
    }
  }
  void the_mistral_layout_is_read() {
    const fs::path folder = new_folder();
    // d_inner must be 2 x 64 of heads of 64: the golden ssm-g4 has just mamba_ssm's head size, but another state size.
    Mamba2Config want;
    std::vector<std::vector<float>> memory;
    std::vector<SafetensorsTensor> tensors;
    const auto add = [&](const std::string& name, Shape shape) {
      memory.emplace_back(static_cast<std::size_t>(shape.elements()), static_cast<float>(memory.size() + 1));
      tensors.push_back({"model." + name, SafetensorsDType::f32, shape, {}});
    };
    add("backbone.embedding.weight", {24, 32});
    add("backbone.norm_f.weight", {32});
    add("lm_head.weight", {24, 32});
    add("backbone.layers.0.norm.weight", {32});
    add("backbone.layers.0.mixer.in_proj.weight", {64 + 320 + 1, 32});
    add("backbone.layers.0.mixer.conv1d.weight", {320, 1, 4});
    add("backbone.layers.0.mixer.conv1d.bias", {320});
    add("backbone.layers.0.mixer.dt_bias", {1});
    add("backbone.layers.0.mixer.A_log", {1});
    add("backbone.layers.0.mixer.D", {1});
    add("backbone.layers.0.mixer.norm.weight", {64});
    add("backbone.layers.0.mixer.out_proj.weight", {32, 64});
    for (std::size_t i = 0; i < tensors.size(); ++i) tensors[i].bytes = std::as_bytes(std::span(memory[i]));
    write_safetensors(folder / "consolidated.safetensors", tensors);
    write_text(folder / "params.json", R"({"dim": 32, "n_layers": 1, "vocab_size": 21, "pad_vocab_size_multiple": 8,
                                          "n_groups": 1, "tie_embeddings": false, "model_type": "mamba"})");
    write_text(folder / "tokenizer.model.v3", "x");
    for (const fs::path& path : {folder, folder / "params.json", folder / "consolidated.safetensors"}) {
      const auto model = Checkpoint::open(path);
      QVERIFY(model->layout() == CheckpointLayout::mistral);
      QCOMPARE(model->config().vocab_used, 21);
      QCOMPARE(decoded(model->get("lm_head"))[5], 3.0f);
      QCOMPARE(decoded(model->get("layers.0.out_proj"))[7], 12.0f);
      QVERIFY(model->tokenizer().kind == TokenizerSource::Kind::sentencepiece);
    }
  }
  void published_variations_are_accepted() {
    const auto want = Checkpoint::open(golden("hf-g1-tied/hf"));
    const fs::path folder = golden_copy();
    for (const char* part : {"model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"})
      fs::remove(folder / part);
    fs::remove(folder / "model.safetensors.index.json");
    // One file, the other name of the embedding, lm_head although tied, no architectures.
    write_single(folder, [](TensorMap& t) {
      t["backbone.embedding.weight"] = t["backbone.embeddings.weight"];
      t.erase("backbone.embeddings.weight");
      t["lm_head.weight"] = t["backbone.embedding.weight"];
    });
    replace_in(folder / "config.json", "\"architectures\": [\n  \"Mamba2ForCausalLM\"\n ],", "");
    QVERIFY(same_tensors(*Checkpoint::open(folder), *want));
    QVERIFY(same_tensors(*Checkpoint::open(folder / "model.safetensors"), *want));
    QVERIFY(same_tensors(*Checkpoint::open(folder / "config.json"), *want));
    write_text(folder / "generation_config.json", R"({"eos_token_id": [5, 6]})");
    QCOMPARE(Checkpoint::open(folder)->config().eos_token, 5);
    QVERIFY(!Checkpoint::open(folder)->sampling().temperature);
    write_text(folder / "generation_config.json", R"({"temperature": 0.5, "top_p": 0.9, "repetition_penalty": 1.1})");
    const SamplingAdvice advice = Checkpoint::open(folder)->sampling();
    QCOMPARE(advice.temperature.value_or(-1), 0.5f);
    QCOMPARE(advice.top_p.value_or(-1), 0.9f);
    QCOMPARE(advice.repetition_penalty.value_or(-1), 1.1f);
    write_text(folder / "generation_config.json", R"({"do_sample": false, "temperature": 0.5})");
    QCOMPARE(Checkpoint::open(folder)->sampling().temperature.value_or(-1), 0.0f);
    for (const char* wrong : {R"({"top_p": 1.5})", R"({"repetition_penalty": -1})", R"({"temperature": "hot"})"}) {
      write_text(folder / "generation_config.json", wrong);
      QVERIFY_THROWS_EXCEPTION(FormatError, static_cast<void>(Checkpoint::open(folder)));
    }
  }
  void the_tokenizer_beside_the_weights_is_found() {
    const fs::path folder = golden_copy();
    QVERIFY(Checkpoint::open(folder)->tokenizer().kind == TokenizerSource::Kind::none);
    write_text(folder.parent_path() / "tokenizer.json", "{}");
    QVERIFY(Checkpoint::open(folder)->tokenizer().kind == TokenizerSource::Kind::tokenizer_json);
    write_text(folder / "tokenizer.json", "{}");
    write_text(folder / "tokenizer.model", "x");
    const TokenizerSource found = Checkpoint::open(folder)->tokenizer();
    QVERIFY(found.kind == TokenizerSource::Kind::sentencepiece && found.path == folder / "tokenizer.model");
    write_text(folder / "tokenizer_config.json", R"({"chat_template": [{"name": "default", "template": "T"}]})");
    QVERIFY(Checkpoint::open(folder)->chat_template_text() == "T");
  }
  void the_fingerprint_sees_every_part() {
    const std::string whole = Checkpoint::open(golden("hf-g1-tied/hf"))->fingerprint();
    const fs::path config = golden_copy();
    replace_in(config / "config.json", "1e-05", "1e-06");
    QVERIFY(Checkpoint::open(config)->fingerprint() != whole);
    const fs::path weights = golden_copy();
    std::string text = read_text(weights / "model-00002-of-00002.safetensors");
    text.back() = static_cast<char>(text.back() ^ 1);
    write_text(weights / "model-00002-of-00002.safetensors", text);
    QVERIFY(Checkpoint::open(weights)->fingerprint() != whole);
  }
  void wrong_tensors_are_refused_data() {
    using Change = std::function<void(TensorMap&)>;
    QTest::addColumn<Change>("change");
    QTest::addColumn<QString>("want");
    const auto row = [](const char* name, Change change, const char* want) {
      QTest::newRow(name) << change << QString(want);
    };
    const std::string mixer = "backbone.layers.1.mixer.";
    row(
        "missing", [mixer](TensorMap& t) { t.erase(mixer + "D"); },
        "backbone.layers.1.mixer.D is missing, want shape (8)");
    row(
        "no embedding", [](TensorMap& t) { t.erase("backbone.embeddings.weight"); },
        "backbone.embeddings.weight is missing");
    row(
        "shape",
        [mixer](TensorMap& t) {
          t[mixer + "A_log"].shape = Shape{2, 4};
        },
        "A_log: shape (2, 4), want (8)");
    row(
        "transposed",
        [mixer](TensorMap& t) {
          t[mixer + "conv1d.weight"].shape = Shape{4, 1, 160};
        },
        "conv1d.weight: shape (4, 1, 160), want (160, 1, 4)");
    row(
        "dtype", [mixer](TensorMap& t) { t[mixer + "D"].dtype = SafetensorsDType::i32; },
        "D: I32, want F32, F16 or BF16");
    row(
        "bytes without a format",
        [mixer](TensorMap& t) {
          t[mixer + "D"].dtype = SafetensorsDType::u8;
          t[mixer + "D"].shape = Shape{32};
        },
        "D: U8, want F32, F16 or BF16");
    row(
        "a layer too many", [mixer](TensorMap& t) { t["backbone.layers.3.mixer.D"] = t[mixer + "D"]; },
        "backbone.layers.3.mixer.D: no part of a Mamba-2 model with this config");
    row(
        "attention", [mixer](TensorMap& t) { t["backbone.layers.1.self_attn.q_proj.weight"] = t[mixer + "D"]; },
        "not a part of pure Mamba-2");
    row(
        "a bias that the config denies",
        [mixer](TensorMap& t) { t[mixer + "out_proj.bias"] = t["backbone.norm_f.weight"]; },
        "out_proj.bias: no part of");
  }
  void wrong_tensors_are_refused() {
    using Change = std::function<void(TensorMap&)>;
    QFETCH(Change, change);
    QFETCH(QString, want);
    const fs::path folder = new_folder();
    fs::copy_file(golden("hf-g1-tied/hf/config.json"), folder / "config.json");
    write_single(folder, change);
    const QString message = message_of<FormatError>([&] { (void)Checkpoint::open(folder); });
    QVERIFY2(message.contains(want) && message.contains("model"), qPrintable(message));
  }
  void wrong_folders_are_refused_data() {
    using Change = std::function<void(const fs::path&)>;
    QTest::addColumn<Change>("change");
    QTest::addColumn<QString>("want");
    const auto row = [](const char* name, Change change, const char* want) {
      QTest::newRow(name) << change << QString(want);
    };
    const auto index_with = [](const char* file) {
      return [file](const fs::path& p) {
        replace_in(p / "model.safetensors.index.json", "model-00001-of-00002.safetensors", file);
      };
    };
    row("an index that leaves the folder", index_with("../model-00001-of-00002.safetensors"), "in the same folder");
    row("an index with an absolute name", index_with("/etc/passwd"), "in the same folder");
    row("an index with another file", index_with("config.json"), "in the same folder");
    row("an index that names the wrong shard", index_with("model-00002-of-00002.safetensors"), "is not in model-00002");
    row(
        "an index without a map", [](const fs::path& p) { write_text(p / "model.safetensors.index.json", "{}"); },
        "weight_map is missing");
    row(
        "one tensor in two shards",
        [](const fs::path& p) {
          fs::copy_file(p / "model-00001-of-00002.safetensors", p / "copy.safetensors");
          replace_in(p / "model.safetensors.index.json", "model-00001-of-00002.safetensors", "copy.safetensors");
        },
        "too");
    row(
        "a cut shard", [](const fs::path& p) { fs::resize_file(p / "model-00001-of-00002.safetensors", 100000); },
        "cut short or damaged");
    row(
        "Mamba-1", [](const fs::path& p) { replace_in(p / "config.json", "\"mamba2\"", "\"mamba\""); },
        "a Mamba-1 model");
    row(
        "more layers than there are",
        [](const fs::path& p) {
          replace_in(p / "config.json", "\"num_hidden_layers\": 3", "\"num_hidden_layers\": 4096");
        },
        "backbone.layers.3.norm.weight is missing");
    row(
        "a config that is no JSON", [](const fs::path& p) { write_text(p / "config.json", "{"); },
        "config.json:1:2: not JSON");
  }
  void wrong_folders_are_refused() {
    using Change = std::function<void(const fs::path&)>;
    QFETCH(Change, change);
    QFETCH(QString, want);
    const fs::path folder = golden_copy();
    change(folder);
    const QString message = message_of<FormatError>([&] { (void)Checkpoint::open(folder); });
    QVERIFY2(message.contains(want), qPrintable(message));
  }
  void what_is_not_there_is_an_io_error() {
    const fs::path folder = new_folder();
    QVERIFY(message_of<IoError>([&] { (void)Checkpoint::open(folder / "x"); }).contains("not there"));
    QVERIFY(message_of<IoError>([&] { (void)Checkpoint::open(folder); }).contains("no model"));
    fs::copy_file(golden("hf-g1-tied/hf/config.json"), folder / "config.json");
    QVERIFY(message_of<IoError>([&] { (void)Checkpoint::open(folder); }).contains("no weights"));
    QVERIFY(message_of<IoError>([&] { (void)Checkpoint::open(golden("gguf-k")); }).contains(".gguf files, name one"));
    write_text(folder / "notes.txt", "hello");
    QVERIFY(
        message_of<FormatError>([&] { (void)Checkpoint::open(folder / "notes.txt"); }).contains("not a checkpoint"));
    write_text(folder / "a.gguf", "hello");
    QVERIFY(message_of<FormatError>([&] { (void)Checkpoint::open(folder / "a.gguf"); }).contains("not a GGUF file"));
  }
  void wrong_gguf_models_are_refused_data() {
    QTest::addColumn<QByteArray>("what");
    QTest::addColumn<QByteArray>("with");
    QTest::addColumn<QString>("want");
    const auto row = [](const char* name, const char* what, const char* with, const char* want) {
      QTest::newRow(name) << QByteArray(what) << QByteArray(with) << QString(want);
    };
    // The architecture's value is the first place in the file that says mamba2.
    row("another architecture", "mamba2", "bamba2", "general.architecture: \"bamba2\"");
    row("a key missing", "mamba2.block_count", "mamba2.block_xxxxx", "mamba2.block_count is missing");
    row("a tensor missing", "blk.0.ssm_in.weight", "blk.0.ssm_xx.weight", "blk.0.ssm_in.weight is missing");
    row("no embedding", "token_embd.weight", "token_xxxx.weight", "token_embd.weight is missing");
  }
  void wrong_gguf_models_are_refused() {
    QFETCH(QByteArray, what);
    QFETCH(QByteArray, with);
    QFETCH(QString, want);
    QByteArray text = QByteArray::fromStdString(read_text(golden("gguf-k/model-q4_0.gguf")));
    const auto at = text.indexOf(what);
    QVERIFY(at > 0);
    text.replace(at, what.size(), with);
    const fs::path folder = new_folder();
    write_text(folder / "a.gguf", text.toStdString());
    const QString message = message_of<FormatError>([&] { (void)Checkpoint::open(folder / "a.gguf"); });
    QVERIFY2(message.contains(want), qPrintable(message));
  }
  void a_gguf_from_before_the_merge_is_refused_with_the_reason() {
    const fs::path folder = new_folder();
    const GgufFile source = GgufFile::open(golden("gguf-k/model-q8_0.gguf"));
    {
      GgufWriter writer(folder / "old.gguf");
      for (const GgufFile::Value& value : source.values()) writer.add(value);
      const auto shape_of = [](const GgufTensor& tensor) -> std::vector<std::int64_t> {
        if (tensor.name.ends_with("ssm_a")) return {tensor.ne[1]};
        return {tensor.ne[0], tensor.ne[1]};
      };
      for (const GgufTensor& tensor : source.tensors()) {
        writer.add_tensor({std::string(tensor.name), tensor.format, shape_of(tensor)});
      }
      for (const GgufTensor& tensor : source.tensors()) {
        writer.begin_tensor();
        writer.write(tensor.bytes);
      }
      writer.commit();
    }
    const QString message = message_of<FormatError>([&] { (void)Checkpoint::open(folder / "old.gguf"); });
    QVERIFY2(message.contains("blk.0.ssm_a: shape (8), want (8, 1): written before"), qPrintable(message));
  }
};

QTEST_GUILESS_MAIN(CheckpointTest)
#include "checkpoint_test.moc"
