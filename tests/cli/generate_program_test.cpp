// `holdfast generate` as a person runs it: rows, resuming, formats, the card, and what is refused.
//
// Seen failing: rows left out of the card; a set that goes on with another seed; a benchmark that is not read.
#include <QFile>
#include <QSet>
#include <QTest>

#include "tests/cli/program.h"

using holdfast::test::Program;
using holdfast::test::Ran;

namespace {

QByteArray content(const QString& path) {
  QFile file(path);
  return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

std::vector<nlohmann::json> rows_of(const QByteArray& text) {
  std::vector<nlohmann::json> rows;
  for (const QByteArray& line : text.split('\n')) {
    if (!line.isEmpty()) rows.push_back(nlohmann::json::parse(line.toStdString()));
  }
  return rows;
}

}  // namespace

class GenerateTest final : public QObject {
  Q_OBJECT
  Program program_;
  [[nodiscard]] Ran generate(QStringList arguments) const {
    arguments.prepend("generate");
    return program_.run(arguments);
  }

 private slots:
  void the_model_that_ships_makes_and_solves_problems() {
    const QString out = program_.file("made.jsonl");
    const Ran ran = generate({"--concepts", "percent,addition", "--each", "1", "--level", "1-2", "--count", "4",
                              "--solve", "3", "--seed", "3", "--out", out, "--json"});
    HOLDFAST_ENDED(ran, 0);
    const auto result = ran.json();
    QCOMPARE(result["made"].get<int>(), 4);
    const auto rows = rows_of(content(out));
    QCOMPARE(rows.size(), std::size_t{4});
    int kept = 0;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      QCOMPARE(rows[i]["index"].get<std::size_t>(), i);
      QCOMPARE(rows[i]["provenance"]["model"].get<std::string>(), std::string("holdfast-mini"));
      QVERIFY(!rows[i]["problem"].get<std::string>().empty());
      if (rows[i]["verdict"] != "agreed") continue;
      ++kept;
      QCOMPARE(rows[i]["votes"].size(), std::size_t{3});
      QVERIFY(!rows[i]["answer"].get<std::string>().empty());
    }
    QCOMPARE(result["kept"].get<int>(), kept);
    QVERIFY(kept > 0);
    // The same once more in two parts.
    const QString parts = program_.file("parts.jsonl");
    QStringList again{"--concepts", "percent,addition", "--each", "1",     "--level", "1-2",    "--solve",
                      "3",          "--seed",           "3",      "--out", parts,     "--count"};
    HOLDFAST_ENDED(generate(again + QStringList{"1"}), 0);
    HOLDFAST_ENDED(generate(again + QStringList{"4", "--resume"}), 0);
    QCOMPARE(content(parts), content(out));
  }
  void generators_fill_a_set_in_every_format_with_a_card() {
    const QString out = program_.file("proved.jsonl");
    const Ran ran =
        generate({"--source", "generators", "--lock", "money", "--exclude", "addition", "--count", "40", "--out", out,
                  "--format", "prompt,messages,sharegpt,alpaca,csv", "--card", program_.file("card.md")});
    HOLDFAST_ENDED(ran, 0);
    QVERIFY2(ran.out.contains("of 40 kept"), ran.out.constData());
    int kept = 0;
    for (const auto& row : rows_of(content(out))) {
      QVERIFY(row["concepts"].dump().find("\"money\"") != std::string::npos);
      QVERIFY(row["concepts"].dump().find("\"addition\"") == std::string::npos);
      kept += row["verdict"] == "proved" ? 1 : 0;
    }
    QVERIFY(kept > 10);
    for (const char* ending : {"prompt.jsonl", "messages.jsonl", "sharegpt.jsonl", "alpaca.jsonl"}) {
      QCOMPARE(rows_of(content(program_.file(QString("proved.") + ending))).size(), static_cast<std::size_t>(kept));
    }
    QVERIFY(content(program_.file("proved.csv")).startsWith("problem,answer,solution,level,difficulty,concepts\n"));
    QVERIFY(content(program_.file("card.md")).contains("| money | 40 | " + QByteArray::number(kept) + " |"));
  }
  void words_of_a_benchmark_are_kept_out() {
    const QString first = program_.file("first.jsonl"), second = program_.file("second.jsonl");
    HOLDFAST_ENDED(generate({"--source", "generators", "--level", "4-5", "--count", "10", "--out", first}), 0);
    const Ran ran = generate(
        {"--source", "generators", "--level", "4-5", "--count", "10", "--avoid", first, "--out", second, "--json"});
    HOLDFAST_ENDED(ran, 0);
    QVERIFY2(ran.json()["by_reason"].value("contaminated", 0) >= 5, ran.out.constData());
  }
  void what_cannot_be_is_refused_with_a_sentence() {
    const auto told = [this](const QStringList& arguments, int code) {
      const Ran ran = generate(arguments);
      return ran.code == code ? ran.err : QByteArray("exit ") + QByteArray::number(ran.code) + ": " + ran.err;
    };
    QVERIFY(told({"--source", "generators"}, 2).contains("--out: missing"));
    QVERIFY(told({"--concepts", "percentage", "--out", "x"}, 2).contains("near are percent"));
    QVERIFY(told({"--level", "7", "--out", "x"}, 2).contains("--level: \"7\", want one from 1 to 5"));
    QVERIFY(told({"--format", "parquet", "--out", "x"}, 2).contains("want one of rows, prompt"));
    const QString out = program_.file("once.jsonl");
    const QStringList once{"--source", "generators", "--count", "3", "--out", out};
    HOLDFAST_ENDED(generate(once), 0);
    QVERIFY(told(once, 1).contains("is there already"));
    QVERIFY(told(once + QStringList{"--resume", "--seed", "9"}, 1).contains("other settings"));
    const QByteArray before = content(out);
    HOLDFAST_ENDED(generate(once + QStringList{"--resume"}), 0);
    QCOMPARE(content(out), before);
  }
  void concepts_are_listed() {
    const Ran ran = generate({"--list"});
    HOLDFAST_ENDED(ran, 0);
    QVERIFY(ran.out.contains("percent discount\tpercent\tlevel 1\t"));
  }
};

QTEST_GUILESS_MAIN(GenerateTest)
#include "generate_program_test.moc"
