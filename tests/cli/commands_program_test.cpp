// Every command of the program but the dialogues: what it prints, and what it says to bad input.

#include <QTest>
#include <cstring>
#include <fstream>
#include <map>

#include "engine/safetensors.h"
#include "engine/session.h"
#include "tests/cli/program.h"
#include "tests/cli/text_model.h"

using holdfast::Checkpoint;
using holdfast::Device;
using holdfast::Mamba2Config;
using holdfast::Mamba2Model;
using holdfast::SafetensorsFile;
using holdfast::Session;
using holdfast::Shape;
using holdfast::Stream;
using holdfast::TokenId;
using holdfast::test::Program;
using holdfast::test::Ran;
using holdfast::test::TextModelWriter;

class CommandsProgramTest : public QObject {
  Q_OBJECT
 private slots:
  void every_command_has_help_with_an_example_data();
  void every_command_has_help_with_an_example();
  void version_is_printed();
  void info_tells_shape_and_bytes();
  void info_fingerprint_names_the_weights_and_not_their_layout_on_disk();
  void out_writes_the_same_json_as_standard_output_shows();
  void model_is_found_by_its_installed_name();
  void unknown_model_is_refused_with_what_is_installed();
  void bad_input_is_one_sentence_and_an_exit_code_data();
  void bad_input_is_one_sentence_and_an_exit_code();
  void failed_command_leaves_no_file();
  void bench_checks_measures_and_reports();
  void bench_runs_a_checkpoint();
  void bench_times_each_operation();
  void inspect_writes_its_series();
  void inspect_compares_two_states();
};

namespace {

QString golden(const QString& name) { return QString(HOLDFAST_GOLDEN_DIR) + "/" + name; }

}  // namespace

void CommandsProgramTest::every_command_has_help_with_an_example_data() {
  QTest::addColumn<QString>("command");
  for (const char* name : {"chat", "solve", "info", "convert", "tokenize", "logits", "bench", "inspect",
                           "learn-tokenizer", "problems", "generate", "models"}) {
    QTest::newRow(name) << QString(name);
  }
}

void CommandsProgramTest::every_command_has_help_with_an_example() {
  QFETCH(QString, command);
  const Program program;
  const Ran all = program.run({"--help"});
  HOLDFAST_ENDED(all, 0);
  QVERIFY(all.out.contains("  " + command.toUtf8() + " "));
  QVERIFY(all.out.contains("Exit codes: 0 fine, 1 "));
  const Ran one = program.run({command, "--help"});
  HOLDFAST_ENDED(one, 0);
  QVERIFY(one.out.contains("Example: holdfast " + command.toUtf8()));
  QVERIFY(one.err.isEmpty());
}

void CommandsProgramTest::version_is_printed() {
  const Ran ran = Program().run({"--version"});
  HOLDFAST_ENDED(ran, 0);
  QVERIFY(ran.out.startsWith("holdfast "));
}

void CommandsProgramTest::info_tells_shape_and_bytes() {
  const Ran ran = Program().run({"info", golden("hf-g1-tied/hf"), "--json"});
  HOLDFAST_ENDED(ran, 0);
  const auto json = ran.json();
  QVERIFY(json.is_object());
  QCOMPARE(json["shape"]["n_layer"].get<int>(), 3);
  QCOMPARE(json["shape"]["n_heads"].get<int>(), 8);
  QCOMPARE(json["shape"]["tied_embeddings"].get<bool>(), true);
  // 96 x 64 embedding, 64 norm, and three layers of 64 + 296 x 64 + 160 x 4 + 160 + 3 x 8 + 128 + 64 x 128.
  QCOMPARE(json["parameters"].get<int>(), 96 * 64 + 64 + 3 * (64 + 296 * 64 + 160 * 4 + 160 + 24 + 128 + 64 * 128));
  QCOMPARE(json["state_bytes"].get<int>(), 4 * 3 * (8 * 16 * 16 + 160 * 3));
  QVERIFY(json["tokenizer"].is_null());
  const auto memory = Program().run({"info", golden("ssm-g4/hf"), "--json"}).json()["memory_bytes"];
  QVERIFY(memory["f32"].get<double>() > memory["bf16"].get<double>());
  QVERIFY(memory["bf16"].get<double>() > memory["q8"].get<double>());
  QVERIFY(memory["q8"].get<double>() > memory["q4"].get<double>());
  const Ran text = Program().run({"info", golden("hf-g1-tied/hf")});
  HOLDFAST_ENDED(text, 0);
  QVERIFY(text.out.contains("3 layers, width 64, 8 heads of 16"));
  // What running takes is the weights and the states and little else; four sequences have four states.
  const auto run = json["run"];
  QCOMPARE(run["weights_bytes"].get<double>(), json["memory_bytes"]["stored"].get<double>());
  QCOMPARE(run["states_bytes"].get<double>(), json["state_bytes"].get<double>());
  QVERIFY(run["fits"].get<bool>());
  QCOMPARE(run["bytes"].get<double>(), run["weights_bytes"].get<double>() + run["states_bytes"].get<double>() +
                                           run["activations_bytes"].get<double>() + run["scratch_bytes"].get<double>());
  const auto four =
      Program().run({"info", golden("hf-g1-tied/hf"), "--json", "--batch", "4", "--dtype", "bf16"}).json()["run"];
  QCOMPARE(four["states_bytes"].get<double>(), 4.0 * run["states_bytes"].get<double>());
  QVERIFY(text.out.contains("to run "));
}

void CommandsProgramTest::info_fingerprint_names_the_weights_and_not_their_layout_on_disk() {
  const Program program;
  const auto fingerprint = [&](const QString& model) {
    return program.run({"info", golden(model), "--json", "--fingerprint"}).json().value("fingerprint", std::string());
  };
  const std::string hf = fingerprint("ssm-g4/hf");
  QCOMPARE(hf.size(), std::size_t{32});
  QVERIFY(hf != fingerprint("hf-g2-untied/hf"));
  QCOMPARE(hf, fingerprint("ssm-g4/hf"));
}

void CommandsProgramTest::out_writes_the_same_json_as_standard_output_shows() {
  const Program program;
  const QString out = program.file("info.json");
  const Ran ran = program.run({"info", golden("ssm-g4/hf"), "--json", "--out", out});
  HOLDFAST_ENDED(ran, 0);
  QFile file(out);
  QVERIFY(file.open(QIODevice::ReadOnly));
  QCOMPARE(file.readAll(), ran.out);
}

void CommandsProgramTest::model_is_found_by_its_installed_name() {
  const Program program;
  TextModelWriter().write((program.data() + "/models/nonsense").toStdString());
  const Ran ran = program.run({"info", "nonsense", "--json"});
  HOLDFAST_ENDED(ran, 0);
  QCOMPARE(ran.json()["shape"]["vocab_size"].get<int>(), 1200);
  QVERIFY(!ran.json()["template"].is_null());
}

void CommandsProgramTest::unknown_model_is_refused_with_what_is_installed() {
  const Program program;
  TextModelWriter().write((program.data() + "/models/nonsense").toStdString());
  const Ran ran = program.run({"info", "sense"});
  HOLDFAST_ENDED(ran, 1);
  QVERIFY2(ran.err.contains("\"sense\"") && ran.err.contains("nonsense"), ran.err.constData());
}

void CommandsProgramTest::bad_input_is_one_sentence_and_an_exit_code_data() {
  QTest::addColumn<QStringList>("arguments");
  QTest::addColumn<int>("code");
  QTest::addColumn<QByteArray>("says");
  const QString model = golden("hf-g1-tied/hf");
  const auto row = [](const char* name, const QStringList& arguments, int code, const char* says) {
    QTest::newRow(name) << arguments << code << QByteArray(says);
  };
  row("unknown command", {"dance"}, 2, "no command is called \"dance\"");
  row("unknown option", {"info", model, "--jsn"}, 2, "--jsn");
  row("no model", {"info"}, 2, "MODEL");
  row("missing model", {"info", "/no/such/model"}, 1, "/no/such/model");
  row("folder without a checkpoint", {"info", golden("tokenizers")}, 1, "tokenizers");
  row("no ids", {"logits", model, "--out", "x"}, 2, "--ids");
  row("no out", {"logits", model, "--ids", "1"}, 2, "--out");
  row("id is no number", {"logits", model, "--ids", "1,two,3", "--out", "/nowhere/x"}, 1, "item 1 is \"two\"");
  row("id is negative", {"logits", model, "--ids", "1,-2", "--out", "/nowhere/x"}, 1, "item 1 is \"-2\"");
  row("id is a fraction", {"logits", model, "--ids", "1.5", "--out", "/nowhere/x"}, 1, "\"1.5\"");
  row("id too large for any vocabulary", {"logits", model, "--ids", "4294967296", "--out", "/nowhere/x"}, 1,
      "4294967296");
  row("id outside the vocabulary", {"logits", model, "--ids", "1,96", "--out", "/nowhere/x"}, 1,
      "item 1 is 96, want an id below 96");
  row("missing ids file", {"logits", model, "--ids-file", "/no/ids", "--out", "/nowhere/x"}, 1, "/no/ids");
  row("out cannot be written", {"logits", model, "--ids", "1", "--out", "/nowhere/x"}, 1, "/nowhere");
  row("split outside the ids", {"logits", model, "--ids", "1,2", "--split", "2", "--out", "/nowhere/x"}, 2, "--split");
  row("threads is no number", {"logits", model, "--ids", "1", "--threads", "all", "--out", "x"}, 2, "--threads");
  row("threads is negative", {"logits", model, "--ids", "1", "--threads", "-1", "--out", "x"}, 2, "--threads");
  row("states of bf16 on the CPU", {"logits", model, "--ids", "1", "--state-dtype", "bf16", "--out", "x"}, 2,
      "the CPU keeps states in f32");
  row("unknown dtype", {"logits", model, "--ids", "1", "--dtype", "int3", "--out", "x"}, 2, "--dtype");
  row("unknown device", {"logits", model, "--ids", "1", "--device", "tpu", "--out", "x"}, 2, "--device");
  row("unknown layout", {"convert", model, "/nowhere/x", "--to", "onnx"}, 2, "--to");
  row("layout without that format", {"convert", model, "/nowhere/x", "--to", "mamba_ssm", "--dtype", "q8"}, 2, "q8");
  row("converting to nowhere", {"convert", model, "/nowhere/x", "--to", "hf"}, 1, "/nowhere");
  row("rows that are missing", {"tokenize", golden("tokenizers/sp-bpe"), "--in", "/no/rows"}, 1, "/no/rows");
  row("no tokenizer", {"tokenize", model}, 1, "tokenizer");
  row("no tokenizer to chat with", {"chat", model}, 1, "tokenizer");
  row("temperature", {"chat", model, "--temperature", "-1"}, 2, "temperature");
  row("top-p", {"chat", model, "--top-p", "1.5"}, 2, "top-p");
  row("top-k", {"chat", model, "--top-k", "-3"}, 2, "top-k");
  row("min-p", {"chat", model, "--min-p", "1"}, 2, "min-p");
  row("repetition penalty", {"chat", model, "--repetition-penalty", "0"}, 2, "repetition penalty");
  row("max tokens", {"chat", model, "--max-tokens", "0"}, 2, "--max-tokens");
  row("seed", {"chat", model, "--seed", "x"}, 2, "--seed");
  row("empty stop", {"solve", "x", "--stop", ""}, 2, "--stop");
  row("template", {"chat", model, "--template", "jinja"}, 2, "--template");
  row("no problem", {"solve", " "}, 2, "PROBLEM");
  row("inspection of nothing", {"inspect", model}, 2, "--text");
  row("inspection every no token", {"inspect", model, "--text", "a", "--every", "0"}, 2, "--every");
  row("inspection of a session that is not there", {"inspect", model, "--session", "7"}, 1, "7");
  row("problems of no level", {"problems", "--levels", "3-9"}, 2, "3-9");
  row("problems out of no concept", {"generate", "--concepts", "alchemy", "--out", "x"}, 2, "alchemy");
  row("problems of no family", {"problems", "--families", "tensor calculus"}, 1, "tensor calculus");
  row("vocabulary of nothing", {"learn-tokenizer", "there.model", "--in", "nowhere.jsonl"}, 1, "nowhere.jsonl");
  row("bench of nothing", {"bench"}, 2, "--shape");
  row("bench of two things", {"bench", model, "--shape", "130m"}, 2, "--shape");
  row("unknown shape", {"bench", "--shape", "13m"}, 2, "13m");
  row("shape of no sense", {"bench", "--shape", "64,2,3,16,16,2,96"}, 2, "--shape");
  row("prompt is no number", {"bench", "--shape", "14.5m", "--prompt", "many"}, 2, "--prompt");
  row("probe of nothing", {"bench", "--shape", "14.5m", "--tokens", "0", "--probe"}, 2, "--tokens");
  row("batch of none", {"bench", "--shape", "14.5m", "--batch", "0"}, 2, "--batch");
}

void CommandsProgramTest::bad_input_is_one_sentence_and_an_exit_code() {
  QFETCH(QStringList, arguments);
  QFETCH(int, code);
  QFETCH(QByteArray, says);
  const Ran ran = Program().run(arguments);
  HOLDFAST_ENDED(ran, code);
  QVERIFY2(ran.err.startsWith("holdfast: "), ran.err.constData());
  QVERIFY2(ran.err.contains(says), ran.err.constData());
  QCOMPARE(ran.err.count('\n'), 1);
  QVERIFY(ran.out.isEmpty());
}

void CommandsProgramTest::failed_command_leaves_no_file() {
  const Program program;
  const QString rows = program.file("rows.jsonl");
  std::ofstream(rows.toStdString()) << "{\"text\": \"fine\"}\n{\"txt\": 1}\n";
  const Ran ran =
      program.run({"tokenize", golden("tokenizers/sp-bpe"), "--in", rows, "--out", program.file("out/x.jsonl")});
  HOLDFAST_ENDED(ran, 1);
  const QString out = program.file("ids.jsonl");
  const Ran second = program.run({"tokenize", golden("tokenizers/sp-bpe"), "--in", rows, "--out", out});
  HOLDFAST_ENDED(second, 1);
  QVERIFY2(second.err.contains("rows.jsonl:2"), second.err.constData());
  QCOMPARE(QDir(QFileInfo(out).path()).entryList(QDir::Files | QDir::Hidden), QStringList("rows.jsonl"));
}

void CommandsProgramTest::inspect_writes_its_series() {
  const Program program;
  TextModelWriter().write(program.file("model").toStdString());
  const QString out = program.file("memory.safetensors");
  const Ran ran = program.run(
      {"inspect", program.file("model"), "--text", "What is left of this?", "--every", "4", "--out", out, "--json"});
  HOLDFAST_ENDED(ran, 0);
  const auto json = ran.json();
  QCOMPARE(json["heads"].get<int>(), 4);
  const double kept = json["retention"]["heads"]["most"].get<double>();
  QVERIFY(kept > 0.0 && kept < 1.0);
  const auto file = SafetensorsFile::open(out.toStdString());
  QCOMPARE(file.get("log_decay").shape[0], json["tokens"].get<std::int64_t>());
  QCOMPARE(file.get("norm").shape[0], json["samples"].get<std::int64_t>());
}

void CommandsProgramTest::inspect_compares_two_states() {
  const Program program;
  Stream stream(Device::cpu(), 1);
  const auto model = Mamba2Model::load(stream, Checkpoint::open(golden("ssm-g4/hf").toStdString()));
  Session session(model, nullptr, stream);
  const std::vector<TokenId> ids{3, 1, 4, 1, 5};
  session.read(ids);
  session.snapshot().save(program.file("a.state").toStdString());
  session.read(ids);
  session.snapshot().save(program.file("b.state").toStdString());
  const QString out = program.file("apart.safetensors");
  const auto compare = [&](const QString& a, const QString& b) {
    return program.run(
        {"inspect", golden("ssm-g4/hf"), "--compare", program.file(a), program.file(b), "--out", out, "--json"});
  };
  const Ran ran = compare("a.state", "b.state");
  HOLDFAST_ENDED(ran, 0);
  const auto json = ran.json();
  QCOMPARE(json["a"]["tokens"].get<int>(), 5);
  QCOMPARE(json["b"]["tokens"].get<int>(), 10);
  QVERIFY(json["distance"].get<double>() > 0.0 && json["divergence"].get<double>() > 0.0);
  const auto file = SafetensorsFile::open(out.toStdString());
  const Mamba2Config& config = model->config();
  QVERIFY(file.get("distance").shape == (Shape{config.n_layer, config.n_heads}));
  double most = 0.0;
  std::memcpy(&most,
              file.get("distance").bytes.data() +
                  8 * (json["most_diverged"][0]["layer"].get<std::size_t>() * static_cast<std::size_t>(config.n_heads) +
                       json["most_diverged"][0]["head"].get<std::size_t>()),
              8);
  QCOMPARE(json["most_diverged"][0]["distance"].get<double>(), most);
  const Ran same = compare("a.state", "a.state");
  HOLDFAST_ENDED(same, 0);
  QCOMPARE(same.json()["distance"].get<double>(), 0.0);
  QCOMPARE(same.json()["divergence"].get<double>(), 0.0);
  const Ran other =
      program.run({"inspect", golden("hf-g1-tied/hf"), "--compare", program.file("a.state"), program.file("b.state")});
  HOLDFAST_ENDED(other, 1);
}

void CommandsProgramTest::bench_checks_measures_and_reports() {
  const std::map<QString, std::string> formats = {{"f32", "f32"}, {"bf16", "bf16"}, {"q8", "q8_0"}, {"q4", "q4_1"}};
  for (const auto& [dtype, format] : formats) {
    const Ran ran = Program().run({"bench", "--shape", "64,2,8,16,16,2,96", "--dtype", dtype, "--prompt", "33,70",
                                   "--batch", "1,3", "--tokens", "4", "--repeat", "2", "--probe", "--json"});
    HOLDFAST_ENDED(ran, 0);
    const auto json = ran.json();
    QVERIFY(json.is_object());
    QCOMPARE(json["dtype"].get<std::string>(), format);  // what was measured, not what was asked for
    for (const char* rate : {"bytes_per_second", "operations_per_second"}) {
      QVERIFY(json["ceiling"][rate].get<double>() > 1e8);
    }
    QVERIFY(json["memory"]["peak_resident_bytes"].get<double>() > 0);
    QVERIFY(json["memory"]["within"].get<bool>());
    QVERIFY(json["check"]["difference"].get<double>() <= json["check"]["tolerance"].get<double>());
    for (const char* rate : {"on", "off"}) QVERIFY(json["probe"][rate].get<double>() > 0.0);
    QVERIFY(json["probe"]["least"].get<double>() <= json["probe"]["share"].get<double>());
    QCOMPARE(json["cases"].size(), std::size_t{4});
    for (const auto& row : json["cases"]) {
      QVERIFY(row["tokens_per_second"].get<double>() > 0.0);
      QVERIFY(row["least"].get<double>() <= row["tokens_per_second"].get<double>());
      QVERIFY(row["most"].get<double>() >= row["tokens_per_second"].get<double>());
      QCOMPARE(row["samples"].size(), std::size_t{2});
      QVERIFY(row["operations_per_token"].get<double>() > 0.0);
    }
    // Two layers: in_proj (2 x 128 + 2 x 32 + 8 = 328 rows) and out_proj, the head, the scan, the convolution.
    const double operations = 2.0 * (2 * 64 * (328 + 128) + 96 * 64) + 2 * (5 * 128 * 16 + 2 * 192 * 4);
    QCOMPARE(json["cases"][2]["operations_per_token"].get<double>(), operations);
  }
}

void CommandsProgramTest::bench_runs_a_checkpoint() {
  const Ran ran = Program().run(
      {"bench", golden("ssm-g4/hf"), "--prompt", "16", "--tokens", "2", "--repeat", "1", "--threads", "1"});
  HOLDFAST_ENDED(ran, 0);
  QVERIFY(ran.out.contains("prefill 16"));
  QVERIFY(ran.out.contains("decode 2 x 1"));
}

void CommandsProgramTest::bench_times_each_operation() {
  const Ran ran = Program().run({"bench", "--shape", "64,2,8,16,16,2,96", "--dtype", "bf16", "--prompt", "33",
                                 "--batch", "3", "--tokens", "2", "--repeat", "1", "--ops", "--json"});
  HOLDFAST_ENDED(ran, 0);
  std::map<std::string, double> operations;
  const auto json = ran.json();
  for (const auto& op : json["ops"]) {
    QVERIFY(op["seconds"].get<double>() > 0.0);
    QVERIFY(op["bytes_per_second"].get<double>() > 0.0);
    operations[op["kind"].get<std::string>() + " " + op["op"].get<std::string>()] = op["operations"].get<double>();
  }
  // in_proj has 328 rows of 64, out_proj 64 of 128; the scan five operations for each of 128 x 16 states and token.
  QCOMPARE(operations.at("prefill in_proj"), 2.0 * 33 * 328 * 64);
  QCOMPARE(operations.at("prefill ssd_scan"), 5.0 * 33 * 128 * 16);
  QCOMPARE(operations.at("decode out_proj"), 2.0 * 3 * 64 * 128);
  QCOMPARE(operations.at("decode layer"), 2.0 * 3 * 64 * (328 + 128) + 5.0 * 3 * 128 * 16);
  QCOMPARE(operations.at("decode head"), 2.0 * 3 * 96 * 64);
}

QTEST_GUILESS_MAIN(CommandsProgramTest)
#include "commands_program_test.moc"
