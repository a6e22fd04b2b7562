// `holdfast logits`, `tokenize` and `convert` against the golden files, through the program itself.
//
// Planted fault seen caught: the second part of a split read into a fresh state.

#include <QTest>
#include <cmath>
#include <fstream>

#include "tests/cli/program.h"
#include "tests/engine/golden.h"
#include "tests/support/compare.h"

using namespace holdfast;
using holdfast::test::compare_relative;
using holdfast::test::Golden;
using holdfast::test::golden_path;
using holdfast::test::Program;
using holdfast::test::Ran;

class GoldenProgramTest : public QObject {
  Q_OBJECT
 private slots:
  void logits_and_states_are_the_golden_ones_data();
  void logits_and_states_are_the_golden_ones();
  void any_split_and_any_threads_change_nothing();
  void bf16_logits_are_near_the_golden_ones_data();
  void bf16_logits_are_near_the_golden_ones();
  void greedy_tokens_are_the_golden_ones_data();
  void greedy_tokens_are_the_golden_ones();
  void quantised_gguf_gives_the_golden_logits_data();
  void quantised_gguf_gives_the_golden_logits();
  void tokenize_gives_the_golden_rows_data();
  void tokenize_gives_the_golden_rows();
  void converted_checkpoint_gives_the_golden_logits_data();
  void converted_checkpoint_gives_the_golden_logits();
  void quantised_conversion_stays_near_the_golden_logits_data();
  void quantised_conversion_stays_near_the_golden_logits();
};

namespace {

// Rounding alone: logits are sums of f32 products over three layers at most.
constexpr double golden_f32 = 2e-4;
constexpr double golden_bf16 = 1e-2;
constexpr double golden_quantised = 1e-3;

QString golden_file(const QString& name) { return QString(HOLDFAST_GOLDEN_DIR) + "/" + name; }

QString id_list(const std::vector<TokenId>& ids) {
  QStringList list;
  for (const TokenId id : ids) list.push_back(QString::number(id));
  return list.join(',');
}

// What `logits` wrote.
class Written {
 public:
  explicit Written(const QString& file) : file_(SafetensorsFile::open(file.toStdString())) {}
  [[nodiscard]] std::vector<float> floats(std::string_view name) const {
    const auto bytes = file_.get(name).bytes;
    std::vector<float> values(bytes.size() / sizeof(float));
    std::memcpy(values.data(), bytes.data(), bytes.size());
    return values;
  }
  [[nodiscard]] std::vector<std::int64_t> integers(std::string_view name) const {
    const auto bytes = file_.get(name).bytes;
    std::vector<std::int64_t> values(bytes.size() / sizeof(std::int64_t));
    std::memcpy(values.data(), bytes.data(), bytes.size());
    return values;
  }
  [[nodiscard]] Shape shape(std::string_view name) const { return file_.get(name).shape; }

 private:
  SafetensorsFile file_;
};

void add_golden_checkpoints() {
  QTest::addColumn<QString>("model");
  QTest::addColumn<QString>("layout");
  for (const char* model : {"hf-g1-tied", "hf-g2-untied", "ssm-g4"}) {
    for (const char* layout : {"hf", "mamba_ssm"}) {
      QTest::addRow("%s in %s", model, layout) << QString(model) << QString(layout);
    }
  }
}

}  // namespace

void GoldenProgramTest::logits_and_states_are_the_golden_ones_data() { add_golden_checkpoints(); }

void GoldenProgramTest::logits_and_states_are_the_golden_ones() {
  QFETCH(QString, model);
  QFETCH(QString, layout);
  const Golden golden(model.toStdString());
  const Program program;
  const QString out = program.file("out.safetensors");
  const Ran ran = program.run({"logits", golden_file(model + "/" + layout), "--ids", id_list(golden.ids("ids")),
                               "--out", out, "--state", "--dtype", "f32"});
  HOLDFAST_ENDED(ran, 0);
  const Written written(out);
  QCOMPARE(written.shape("logits").rank(), 2);
  HOLDFAST_COMPARE(compare_relative(written.floats("logits"), golden.floats("logits"), golden_f32));
  HOLDFAST_COMPARE(compare_relative(written.floats("conv_state"), golden.conv_state(), golden_f32));
  HOLDFAST_COMPARE(compare_relative(written.floats("ssm_state"), golden.floats("ssm_state"), golden_f32));
}

void GoldenProgramTest::any_split_and_any_threads_change_nothing() {
  const Golden golden("ssm-g4");
  const Program program;
  const QString out = program.file("out.safetensors");
  for (const int threads : {1, 2, 3}) {
    for (const int split : {1, 3, 20, 64, 149}) {
      const Ran ran =
          program.run({"logits", golden_file("ssm-g4/hf"), "--ids", id_list(golden.ids("ids")), "--out", out, "--state",
                       "--dtype", "f32", "--threads", QString::number(threads), "--split", QString::number(split)});
      HOLDFAST_ENDED(ran, 0);
      const Written written(out);
      HOLDFAST_COMPARE(compare_relative(written.floats("logits"), golden.floats("logits"), golden_f32));
      HOLDFAST_COMPARE(compare_relative(written.floats("conv_state"), golden.conv_state(), golden_f32));
      HOLDFAST_COMPARE(compare_relative(written.floats("ssm_state"), golden.floats("ssm_state"), golden_f32));
    }
  }
}

void GoldenProgramTest::bf16_logits_are_near_the_golden_ones_data() {
  QTest::addColumn<QString>("model");
  QTest::addColumn<bool>("near_golden");
  // The golden logits are those of f32 weights. Rounding hf-g1-tied's weights to bf16 moves its logits by 1.3e-2 of the
  // largest however they are computed; there only the same rounded weights computed in f32 are a fair measure.
  QTest::newRow("hf-g1-tied") << QString("hf-g1-tied") << false;
  QTest::newRow("hf-g2-untied") << QString("hf-g2-untied") << true;
  QTest::newRow("ssm-g4") << QString("ssm-g4") << true;
}

void GoldenProgramTest::bf16_logits_are_near_the_golden_ones() {
  QFETCH(QString, model);
  QFETCH(bool, near_golden);
  const Golden golden(model.toStdString());
  const Program program;
  const QString rounded = program.file("rounded");
  HOLDFAST_ENDED(program.run({"convert", golden_file(model + "/hf"), rounded, "--to", "hf", "--dtype", "bf16"}), 0);
  // A file of bf16 weights, because --dtype bf16 leaves small matrices as they are stored: here they would be f32.
  const auto memory = program.run({"info", rounded, "--json"}).json()["memory_bytes"];
  QVERIFY(memory["stored"].get<double>() < memory["f32"].get<double>());
  const auto logits = [&](const QString& dtype) {
    const QString out = program.file(dtype + ".safetensors");
    const Ran ran =
        program.run({"logits", rounded, "--ids", id_list(golden.ids("ids")), "--out", out, "--dtype", dtype});
    return ran.code == 0 ? Written(out).floats("logits") : std::vector<float>{};
  };
  const std::vector<float> got = logits("stored");
  HOLDFAST_COMPARE(compare_relative(got, logits("f32"), golden_bf16));
  if (near_golden) HOLDFAST_COMPARE(compare_relative(got, golden.floats("logits"), golden_bf16));
}

void GoldenProgramTest::greedy_tokens_are_the_golden_ones_data() { add_golden_checkpoints(); }

void GoldenProgramTest::greedy_tokens_are_the_golden_ones() {
  QFETCH(QString, model);
  QFETCH(QString, layout);
  const Golden golden(model.toStdString());
  std::vector<TokenId> ids = golden.ids("ids");
  ids.resize(20);
  const Program program;
  const QString list = program.file("ids.txt");
  const QString out = program.file("out.safetensors");
  std::ofstream(list.toStdString()) << id_list(ids).toStdString() << '\n';
  const Ran ran = program.run({"logits", golden_file(model + "/" + layout), "--ids-file", list, "--out", out,
                               "--continue", "40", "--dtype", "f32"});
  HOLDFAST_ENDED(ran, 0);
  const std::vector<TokenId> want = golden.ids("greedy_from_20");
  QCOMPARE(Written(out).integers("greedy"), std::vector<std::int64_t>(want.begin(), want.end()));
}

void GoldenProgramTest::quantised_gguf_gives_the_golden_logits_data() {
  QTest::addColumn<QString>("format");
  for (const char* format : {"q8_0", "q4_0", "q5_1", "q4_k_m", "q6_k"}) QTest::newRow(format) << QString(format);
}

void GoldenProgramTest::quantised_gguf_gives_the_golden_logits() {
  QFETCH(QString, format);
  const Golden golden("gguf-k");
  const Program program;
  const QString out = program.file("out.safetensors");
  const Ran ran = program.run(
      {"logits", golden_file("gguf-k/model-" + format + ".gguf"), "--ids", id_list(golden.ids("ids")), "--out", out});
  HOLDFAST_ENDED(ran, 0);
  const std::vector<float> want = golden.floats("logits." + format.toStdString());
  HOLDFAST_COMPARE(compare_relative(Written(out).floats("logits"), want, golden_quantised));
}

void GoldenProgramTest::tokenize_gives_the_golden_rows_data() {
  QTest::addColumn<QString>("tokenizer");
  QTest::addColumn<QString>("file");
  for (const char* name : {"sp-bpe", "sp-unigram"}) {
    QTest::addRow("%s, the file", name) << QString(name) << QString("tokenizer.model");
    QTest::addRow("%s, the folder", name) << QString(name) << QString();
  }
  QTest::newRow("byte-bpe, the file") << QString("byte-bpe") << QString("tokenizer.json");
  QTest::newRow("byte-bpe, the folder") << QString("byte-bpe") << QString();
}

void GoldenProgramTest::tokenize_gives_the_golden_rows() {
  QFETCH(QString, tokenizer);
  QFETCH(QString, file);
  const Program program;
  const QString folder = golden_file("tokenizers/" + tokenizer);
  const QString out = program.file("out.jsonl");
  const Ran ran = program.run(
      {"tokenize", file.isEmpty() ? folder : folder + "/" + file, "--in", folder + "/golden.jsonl", "--out", out});
  HOLDFAST_ENDED(ran, 0);
  QVERIFY(ran.out.isEmpty());
  std::ifstream got_rows(out.toStdString());
  std::ifstream want_rows((folder + "/golden.jsonl").toStdString());
  int rows = 0;
  for (std::string got, want; std::getline(want_rows, want); ++rows) {
    QVERIFY(static_cast<bool>(std::getline(got_rows, got)));
    QCOMPARE(QString::fromStdString(nlohmann::json::parse(got).dump()),
             QString::fromStdString(nlohmann::json::parse(want).dump()));
  }
  QVERIFY(rows > 100);
}

void GoldenProgramTest::converted_checkpoint_gives_the_golden_logits_data() {
  QTest::addColumn<QString>("from");
  QTest::addColumn<QString>("to");
  QTest::addColumn<QString>("dtype");
  QTest::addColumn<double>("tolerance");
  for (const char* from : {"hf", "mamba_ssm"}) {
    for (const char* to : {"hf", "mamba_ssm", "gguf"}) {
      QTest::addRow("%s to %s, f32", from, to) << QString(from) << QString(to) << QString("f32") << golden_f32;
    }
  }
  QTest::newRow("hf to hf, bf16") << QString("hf") << QString("hf") << QString("bf16") << golden_bf16;
  QTest::newRow("hf to mamba_ssm, bf16") << QString("hf") << QString("mamba_ssm") << QString("bf16") << golden_bf16;
  QTest::newRow("hf to gguf, bf16") << QString("hf") << QString("gguf") << QString("bf16") << golden_bf16;
}

void GoldenProgramTest::converted_checkpoint_gives_the_golden_logits() {
  QFETCH(QString, from);
  QFETCH(QString, to);
  QFETCH(QString, dtype);
  QFETCH(double, tolerance);
  const Golden golden("ssm-g4");
  const Program program;
  const QString converted = program.file(to == "gguf" ? "out.gguf" : "out");
  const Ran first =
      program.run({"convert", golden_file("ssm-g4/" + from), converted, "--to", to, "--dtype", dtype, "--json"});
  HOLDFAST_ENDED(first, 0);
  QVERIFY(first.json()["stored_bytes"].get<double>() > 0);
  const QString out = program.file("out.safetensors");
  const Ran second = program.run({"logits", converted, "--ids", id_list(golden.ids("ids")), "--out", out});
  HOLDFAST_ENDED(second, 0);
  HOLDFAST_COMPARE(compare_relative(Written(out).floats("logits"), golden.floats("logits"), tolerance));
  const Ran again = program.run({"convert", golden_file("ssm-g4/" + from), converted, "--to", to});
  HOLDFAST_ENDED(again, 1);  // what is there stays
}

void GoldenProgramTest::quantised_conversion_stays_near_the_golden_logits_data() {
  QTest::addColumn<QString>("to");
  QTest::addColumn<QString>("dtype");
  QTest::addColumn<double>("tolerance");
  // Of the root of the mean square. The reference's own logits of such a model with quantised weights differ from its
  // f32 ones by 0.017 (q8_0), 0.11 (q5_1) and 0.26 (q4_0): small random models feel rounding most.
  QTest::newRow("hf, q8") << QString("hf") << QString("q8") << 0.03;
  QTest::newRow("gguf, q8") << QString("gguf") << QString("q8") << 0.03;
  QTest::newRow("hf, q4") << QString("hf") << QString("q4") << 0.3;
  QTest::newRow("gguf, q4") << QString("gguf") << QString("q4") << 0.3;
}

void GoldenProgramTest::quantised_conversion_stays_near_the_golden_logits() {
  QFETCH(QString, to);
  QFETCH(QString, dtype);
  QFETCH(double, tolerance);
  const Golden golden("ssm-g4");
  const Program program;
  const QString converted = program.file(to == "gguf" ? "out.gguf" : "out");
  const QString out = program.file("out.safetensors");
  HOLDFAST_ENDED(program.run({"convert", golden_file("ssm-g4/hf"), converted, "--to", to, "--dtype", dtype}), 0);
  HOLDFAST_ENDED(program.run({"logits", converted, "--ids", id_list(golden.ids("ids")), "--out", out}), 0);
  const std::vector<float> got = Written(out).floats("logits");
  const std::vector<float> want = golden.floats("logits");
  QCOMPARE(got.size(), want.size());
  double error = 0.0;
  double size = 0.0;
  for (std::size_t i = 0; i < got.size(); ++i) {
    error += (double{got[i]} - double{want[i]}) * (double{got[i]} - double{want[i]});
    size += double{want[i]} * double{want[i]};
  }
  const double relative = std::sqrt(error / size);
  QVERIFY2(relative > 0.0 && relative <= tolerance, qPrintable(QString::number(relative)));
}

QTEST_GUILESS_MAIN(GoldenProgramTest)
#include "golden_program_test.moc"
