// Shapes and constants of a model in each dialect. Planted and seen to fail: a default of another dialect;
// expand taken as whole; the last of a list of end ids.
#include "engine/config.h"

#include <QTest>
#include <cmath>

#include "engine/checkpoint_config.h"
#include "engine/shape.h"
#include "file_fixtures.h"
#include "kernels/error.h"

using namespace holdfast;
using namespace holdfast::test;

namespace {
using Reader = Mamba2Config (*)(const JsonObject&);

Mamba2Config read_with(Reader reader, const std::string& text) {
  const Json json = parse_json(text, "c");
  return reader(JsonObject(json, "c"));
}

std::int64_t parameters(const Mamba2Config& c) {
  const std::int64_t layer = c.d_model + c.in_proj_rows() * c.d_model + c.conv_dim() * (c.d_conv + 1) + 3 * c.n_heads +
                             c.d_inner() + c.d_model * c.d_inner();
  return c.n_layer * layer + c.d_model + c.vocab_size * c.d_model * (c.tied_embeddings ? 1 : 2);
}
}  // namespace

class ConfigTest : public QObject {
  Q_OBJECT
 private slots:
  void absent_keys_of_hugging_face_mean_codestral() {
    const Mamba2Config c = read_with(&hugging_face_config, R"({"model_type": "mamba2"})");
    Mamba2Config want = shape_config("7b");
    want.bos_token = 0;
    want.eos_token = 2;
    QVERIFY(c == want);
    QCOMPARE(parameters(c), 7285403648);
  }
  void absent_keys_of_mamba_ssm_take_its_own_defaults() {
    const Mamba2Config c =
        read_with(&mamba_ssm_config, R"({"ssm_cfg": {"layer": "Mamba2"}, "pad_vocab_size_multiple": 16})");
    Mamba2Config want = shape_config("2.7b");
    want.vocab_used = 50277;
    QVERIFY(c == want);
  }
  void params_json_leaves_the_rest_to_mamba_ssm() {
    const Mamba2Config c =
        read_with(&mistral_config, R"({"dim": 4096, "n_layers": 64, "vocab_size": 32768, "n_groups": 8})");
    QVERIFY(c == shape_config("7b"));
  }
  void norm_before_gate_of_hugging_face_is_not_looked_at() {
    QVERIFY(read_with(&hugging_face_config, R"({"norm_before_gate": true})") == read_with(&hugging_face_config, "{}"));
  }
  void limits_and_ids_are_read() {
    const Mamba2Config c = read_with(
        &hugging_face_config, R"({"time_step_limit": [0.5, Infinity], "eos_token_id": [7, 8], "bos_token_id": null})");
    QCOMPARE(c.dt_min, 0.5f);
    QVERIFY(std::isinf(c.dt_max));
    QCOMPARE(c.eos_token, 7);
    QCOMPARE(c.bos_token, -1);
    QCOMPARE(read_with(&hugging_face_config, R"({"eos_token_id": 99999})").eos_token, -1);
  }
  void named_shapes_have_the_published_sizes_data() {
    QTest::addColumn<QByteArray>("shape");
    QTest::addColumn<qint64>("want");
    QTest::newRow("130m") << QByteArray("130m") << qint64{128989632};
    QTest::newRow("370m") << QByteArray("370m") << qint64{368346624};
    QTest::newRow("780m") << QByteArray("780m") << qint64{780161280};
    QTest::newRow("1.3b") << QByteArray("1.3b") << qint64{1343757312};
    QTest::newRow("2.7b") << QByteArray("2.7b") << qint64{2702599680};
    QTest::newRow("7b") << QByteArray("7b") << qint64{7285403648};
    QTest::newRow("by numbers") << QByteArray("768,24,24,64,128,1,50288") << qint64{128989632};
  }
  void named_shapes_have_the_published_sizes() {
    QFETCH(QByteArray, shape);
    QFETCH(qint64, want);
    QCOMPARE(parameters(shape_config(shape.toStdString())), want);
  }
  void another_shape_is_refused_data() {
    QTest::addColumn<QByteArray>("shape");
    for (const char* shape :
         {"", "8b", "1,2,3", "1,2,3,4,5,6,7,8", "1,2,3,4,5,1,7x", "0,1,1,1,1,1,1", "1,1,3,1,1,2,1"}) {
      QTest::newRow(shape) << QByteArray(shape);
    }
  }
  void another_shape_is_refused() {
    QFETCH(QByteArray, shape);
    const QString message = message_of<ArgumentError>([&] { (void)shape_config(shape.toStdString()); });
    QVERIFY2(message.startsWith("shape \"") && message.contains("want"), qPrintable(message));
  }
  void a_config_that_cannot_be_is_refused_data() {
    QTest::addColumn<int>("dialect");
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QString>("want");
    const auto hf = [](const char* name, const char* text, const char* want) {
      QTest::newRow(name) << 0 << QByteArray(text) << QString(want);
    };
    const auto ssm = [](const char* name, const char* text, const char* want) {
      QTest::newRow(name) << 1 << QByteArray(text) << QString(want);
    };
    const auto mistral = [](const char* name, const char* text, const char* want) {
      QTest::newRow(name) << 2 << QByteArray(text) << QString(want);
    };
    hf("not an object", "[]", "c: array, want an object");
    hf("a shape half given", R"({"hidden_size": 64})",
       "num_heads 128 x head_dim 64 = 8192, want expand x hidden_size = 128");
    hf("zero", R"({"num_hidden_layers": 0})", "num_hidden_layers: 0, want 1 to 2^30");
    hf("text for a number", R"({"vocab_size": "96"})", "vocab_size: \"96\", want a whole number");
    hf("groups", R"({"n_groups": 3})", "n_heads: 128, want a multiple of n_groups 3");
    hf("too many layers", R"({"num_hidden_layers": 5000})", "n_layer: 5000, want 1 to 4096");
    hf("conv width", R"({"conv_kernel": 1})", "d_conv: 1, want 2 to 16");
    hf("eps", R"({"layer_norm_epsilon": 0})", "norm_eps: 0.000000, want more than 0");
    hf("eps not a number", R"({"layer_norm_epsilon": NaN})", "norm_eps: nan");
    hf("activation", R"({"hidden_act": "gelu"})", "hidden_act: \"gelu\", want \"silu\"");
    hf("no gated norm", R"({"rms_norm": false})", "rms_norm: false, want true");
    hf("limit of three", R"({"time_step_limit": [0, 1, 2]})", "time_step_limit: [0,1,2], want two numbers");
    hf("limit backwards", R"({"time_step_limit": [1, 0.5]})", "time_step_limit: 1.000000 to 0.500000");
    hf("expand", R"({"expand": 1.00001})", "want a whole number of channels");
    hf("expand negative", R"({"expand": -2})", "want a whole number of channels");
    hf("end id", R"({"eos_token_id": "x"})", "eos_token_id: \"x\", want a token id");
    ssm("Mamba-1 by default", R"({"d_model": 64})", "c: ssm_cfg: layer: \"Mamba1\", want \"Mamba2\"");
    ssm("Mamba-1 by name", R"({"ssm_cfg": {"layer": "Mamba1"}})", "want \"Mamba2\"");
    ssm("attention", R"({"ssm_cfg": {"layer": "Mamba2"}, "attn_layer_idx": [9, 18]})",
        "attn_layer_idx: [9,18], want an empty list");
    ssm("an MLP", R"({"ssm_cfg": {"layer": "Mamba2"}, "d_intermediate": 8})", "d_intermediate: 8, want 0");
    ssm("LayerNorm", R"({"ssm_cfg": {"layer": "Mamba2"}, "rms_norm": false})", "rms_norm: false");
    ssm("norm before gate", R"({"ssm_cfg": {"layer": "Mamba2", "norm_before_gate": true}})", "norm_before_gate: true");
    ssm("D per channel", R"({"ssm_cfg": {"layer": "Mamba2", "D_has_hdim": true}})", "D_has_hdim: true");
    ssm("part MLP", R"({"ssm_cfg": {"layer": "Mamba2", "d_ssm": 64}})", "d_ssm: 64, want 5120");
    ssm("headdim", R"({"ssm_cfg": {"layer": "Mamba2", "headdim": 63}})", "headdim: 63, want a divisor of 5120");
    ssm("ssm_cfg that is no object", R"({"ssm_cfg": 1})", "c: ssm_cfg: number, want an object");
    mistral("a transformer", R"({"dim": 64, "n_layers": 1, "vocab_size": 9, "n_heads": 8})", "a model with attention");
    mistral("another type", R"({"model_type": "mixtral"})", "model_type: \"mixtral\", want \"mamba\"");
    mistral("no dim", R"({"n_layers": 1, "vocab_size": 9})", "c: dim is missing");
  }
  void a_config_that_cannot_be_is_refused() {
    QFETCH(int, dialect);
    QFETCH(QByteArray, text);
    QFETCH(QString, want);
    constexpr Reader readers[] = {&hugging_face_config, &mamba_ssm_config, &mistral_config};
    const QString message = message_of<FormatError>([&] { (void)read_with(readers[dialect], text.toStdString()); });
    QVERIFY2(message.startsWith("c: ") && message.contains(want), qPrintable(message));
  }
  void the_dialect_is_known_by_its_keys_data() {
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QString>("want");
    QTest::newRow("type") << QByteArray(R"({"model_type": "mamba2"})") << "hf";
    QTest::newRow("architecture alone") << QByteArray(R"({"architectures": ["Mamba2ForCausalLM"]})") << "hf";
    QTest::newRow("mamba_ssm") << QByteArray(R"({"d_model": 1, "ssm_cfg": {}})") << "mamba_ssm";
    QTest::newRow("Mamba-1") << QByteArray(R"({"model_type": "mamba"})") << "a Mamba-1 model";
    QTest::newRow("hybrid") << QByteArray(R"({"model_type": "bamba"})") << "a hybrid with attention layers";
    QTest::newRow("transformer") << QByteArray(R"({"model_type": "llama"})")
                                 << "model_type: \"llama\": want \"mamba2\"";
    QTest::newRow("another head") << QByteArray(R"({"model_type": "mamba2", "architectures": ["Mamba2Model"]})")
                                  << "architectures: \"Mamba2Model\"";
    QTest::newRow("nothing") << QByteArray("{}") << "not a Mamba-2 model";
  }
  void the_dialect_is_known_by_its_keys() {
    QFETCH(QByteArray, text);
    QFETCH(QString, want);
    const Json json = parse_json(text.toStdString(), "c");
    QString got;
    const QString message = message_of<FormatError>(
        [&] { got = config_dialect(JsonObject(json, "c")) == ConfigDialect::hugging_face ? "hf" : "mamba_ssm"; });
    QVERIFY2(got == want || message.contains(want), qPrintable(got + message));
  }
  void a_written_config_reads_as_the_same() {
    Mamba2Config c = shape_config("96,2,8,18,32,2,120");  // expand 1.5
    c.vocab_used = 117;
    c.dt_min = 0.001f;
    c.dt_max = 0.1f;
    c.linear_bias = true;
    c.conv_bias = false;
    c.bos_token = 3;
    QVERIFY(read_with(&hugging_face_config, hugging_face_config_text(c, "float32")) == c);
    Mamba2Config ssm = c;
    ssm.bos_token = -1;
    QVERIFY(read_with(&mamba_ssm_config, mamba_ssm_config_text(c)) == ssm);
    c.norm_eps = 1e-6f;
    QVERIFY(read_with(&hugging_face_config, hugging_face_config_text(c, "float32")) == c);
    QVERIFY(message_of<FormatError>([&] { (void)mamba_ssm_config_text(c); }).contains("norm_eps"));
  }
};

QTEST_GUILESS_MAIN(ConfigTest)
#include "config_test.moc"
