// Tables as text, from anybody, and rows out of them.
//
// Planted faults seen caught: a doubled quote taken as two; the line end inside quotes not counted; a record of another
// length let through; text behind a closing quote let through; the separator of the head not looked for; a field with a
// line feed written bare; the level kept as text.
#include "training/csv.h"

#include <QTemporaryDir>
#include <QTest>

#include "kernels/error.h"
#include "tests/training/training_data.h"

using namespace holdfast;
using holdfast::test::message_of;

namespace {

std::vector<std::vector<std::string>> fields_of(std::string_view text, char separator = ',') {
  std::vector<std::vector<std::string>> all;
  for (const CsvRecord& record : parse_csv(text, "t", separator)) all.push_back(record.fields);
  return all;
}

}  // namespace

class CsvTest final : public QObject {
  Q_OBJECT
  QTemporaryDir folder_;
  std::filesystem::path file(const char* name, std::string_view text) {
    const std::filesystem::path path = folder_.filePath(name).toStdString();
    test::write_text(path, text);
    return path;
  }

 private slots:
  void fields_are_read_as_the_standard_writes_them() {
    using Table = std::vector<std::vector<std::string>>;
    QCOMPARE(fields_of("a,b\n1,2\n"), (Table{{"a", "b"}, {"1", "2"}}));
    QCOMPARE(fields_of("a,b\r\n1,2"), (Table{{"a", "b"}, {"1", "2"}}));
    QCOMPARE(fields_of("\xEF\xBB\xBF\"a\",b\n,\n"), (Table{{"a", "b"}, {"", ""}}));
    QCOMPARE(fields_of("\"x,y\",\"say \"\"no\"\"\"\n\"two\nlines\",\"\r\n\"\n"),
             (Table{{"x,y", "say \"no\""}, {"two\nlines", "\r\n"}}));
    QCOMPARE(fields_of("\n\na;b\n\n1;2\n\n", ';'), (Table{{"a", "b"}, {"1", "2"}}));
    QCOMPARE(fields_of(""), Table{});
    QCOMPARE(fields_of("a,\n,b"), (Table{{"a", ""}, {"", "b"}}));
  }
  void lines_are_counted_through_quoted_line_ends() {
    const auto records = parse_csv("a\n\"1\n2\n3\"\nb\n", "t");
    QCOMPARE(records.size(), std::size_t{3});
    QCOMPARE(records[1].line, std::size_t{2});
    QCOMPARE(records[2].line, std::size_t{5});
  }
  void hostile_text_is_refused_with_its_line_data() {
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QByteArray>("reason");
    QTest::newRow("unended") << QByteArray("a,b\n\"1,2\n3,4\n") << QByteArray("t:2: a quoted field that never ends");
    QTest::newRow("behind") << QByteArray("a\n\"1\"x\n") << QByteArray("t:2: text behind a closing quote");
    QTest::newRow("inside") << QByteArray("a\n1\"2\n") << QByteArray("t:2: a quote inside a field");
    QTest::newRow("short") << QByteArray("a,b\n1\n") << QByteArray("t:2: 1 columns, want 2");
    QTest::newRow("long") << QByteArray("a,b\n\"x\ny\",2\n1,2,3\n") << QByteArray("t:4: 3 columns, want 2");
    QTest::newRow("nul") << QByteArray("a\n1\0002\n", 6) << QByteArray("t:2: a NUL byte");
    QTest::newRow("nul in quotes") << QByteArray("a\n\"\0\"\n", 6) << QByteArray("t:2: a NUL byte");
    QTest::newRow("old line ends") << QByteArray("a\rb\r") << QByteArray("t:1: a carriage return alone");
    QTest::newRow("utf-8") << QByteArray("a\n\xC3(\n") << QByteArray("t:2: bytes that are no UTF-8");
    QTest::newRow("columns") << QByteArray("a") + QByteArray(300, ',') << QByteArray("t:1: more than 256 columns");
    QTest::newRow("only a quote") << QByteArray("\"") << QByteArray("t:1: a quoted field that never ends");
  }
  void hostile_text_is_refused_with_its_line() {
    QFETCH(QByteArray, text);
    QFETCH(QByteArray, reason);
    const QString told = message_of<FormatError>([&] {
      (void)parse_csv({text.data(), static_cast<std::size_t>(text.size())}, "t");
    });
    QVERIFY2(told.startsWith(reason), qPrintable(told));
  }
  void what_is_written_is_read_as_it_was() {
    const std::vector<std::vector<std::string>> tables[] = {
        {{"plain", "", " spaces ", "comma, quote \" and\nline\r\nend"}, {"", "", "", "\xC3\xA9\xF0\x9F\x98\x80"}},
        {{""}, {"x"}, {""}},
        {{"\"", "\"\"", ",", "\r"}, {"line\nfeed", "\n", "semi;colon", "x"}},
        {{"\xEF\xBB\xBFmark", "=1+1", "-8", "\t"}}};
    for (const auto& table : tables) {
      std::string text;
      for (const auto& fields : table) text += csv_line(fields);
      QCOMPARE(fields_of(text), table);
    }
    QVERIFY_EXCEPTION_THROWN((void)csv_line({std::string("\0", 1)}), ArgumentError);
    QVERIFY_EXCEPTION_THROWN((void)csv_line({"\xFF"}), ArgumentError);
  }
  void a_table_is_training_rows_whatever_its_separator() {
    for (const char* text : {"problem,answer,solution,level,extra\nWhat is 2+2?,4,2 + 2 = 4,3,x\n",
                             "\"problem\";\"answer\";\"solution\";\"level\"\r\nWhat is 2+2?;4;2 + 2 = 4;3\r\n",
                             "level\tquestion\tanswer\tsolution\n3\tWhat is 2+2?\t4\t2 + 2 = 4\n"}) {
      const CsvSource source(file("rows.csv", text));
      QCOMPARE(*source.rows(), std::int64_t{1});
      const TrainingRow row = source.row(0, 1);
      QCOMPARE(row.messages.size(), std::size_t{2});
      QCOMPARE(row.messages[0].text, std::string("What is 2+2?"));
      QCOMPARE(row.messages[1].text, std::string("2 + 2 = 4\n</think>\n\nThe answer is \\boxed{4}."));
      QCOMPARE(row.difficulty, 3.0);
    }
    const CsvSource prompts(file("prompts.csv", "prompt,completion,difficulty\nhard,a,0.9\neasy,b,0.1\n"));
    QCOMPARE(prompts.by_difficulty(), (std::vector<std::int64_t>{1, 0}));
    QCOMPARE(prompts.row(1, 0).messages[1].text, std::string("b"));
  }
  void bad_rows_are_left_out_and_listed() {
    const CsvSource source(file("mixed.csv",
                                "problem,answer,level,verdict\ngood,1,1,\nno answer,,1,\nlevel,1,high,\n"
                                "thrown out,1,1,rejected\nnan,1,nan,\n\"last\n\",2,5,agreed\n"));
    QCOMPARE(*source.rows(), std::int64_t{2});
    QCOMPARE(source.bad_rows(), std::int64_t{4});
    QCOMPARE(source.listed_bad_rows()[0].place, std::string("mixed.csv:3"));
    QVERIFY(source.listed_bad_rows()[1].reason.find("level: \"high\"") != std::string::npos);
    QVERIFY(source.listed_bad_rows()[2].reason.find("rejected") != std::string::npos);
    QCOMPARE(source.place(1), std::string("mixed.csv:7"));
    QVERIFY_EXCEPTION_THROWN(CsvSource(file("none.csv", "problem,answer\nx,\n")), FormatError);
    QVERIFY_EXCEPTION_THROWN(CsvSource(file("head.csv", "problem,answer\n")), FormatError);
    QVERIFY_EXCEPTION_THROWN(CsvSource(file("double.csv", "problem,problem,answer\na,b,c\n")), FormatError);
  }
};

QTEST_GUILESS_MAIN(CsvTest)
#include "csv_test.moc"
