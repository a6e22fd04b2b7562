// JSON as checkpoints have it. Planted and seen to fail: stand-ins counted without the
// keys; keys that stand twice taken in silence.
#include "engine/json.h"

#include <QTest>
#include <cmath>

#include "file_fixtures.h"
#include "kernels/error.h"

using namespace holdfast;
using holdfast::test::message_of;

class JsonTest : public QObject {
  Q_OBJECT
 private slots:
  void bare_numbers_are_read() {
    const Json json = parse_json(R"({"a": [0.0, Infinity], "b": -Infinity, "c": NaN, "d": "Infinity", "e": -1})", "x");
    QVERIFY(std::isinf(json["a"][1].get<double>()) && json["a"][1].get<double>() > 0);
    QVERIFY(std::isinf(json["b"].get<double>()) && json["b"].get<double>() < 0);
    QVERIFY(std::isnan(json["c"].get<double>()));
    QCOMPARE(json["d"].get<std::string>(), "Infinity");
    QCOMPARE(json["e"].get<int>(), -1);
  }
  void strings_that_look_like_stand_ins_stay_strings() {
    const Json json = parse_json("[\"\\\"NaN\", \"3\", \"bare01\", NaN, \"bare01\", Infinity, \"3\"]", "x");
    QCOMPARE(json[0].get<std::string>(), "\"NaN");
    QCOMPARE(json[2].get<std::string>(), "bare01");
    QVERIFY(json[3].is_number_float());
    QCOMPARE(json[4].get<std::string>(), "bare01");
    QVERIFY(json[5].is_number_float());
    QCOMPARE(json[6].get<std::string>(), "3");
  }
  void what_is_not_json_is_refused_with_its_place_data() {
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QString>("want");
    QTest::newRow("empty") << QByteArray("") << "x:1:1: not JSON";
    QTest::newRow("second line") << QByteArray("{\"a\": 1,\n  \"b\" 2}") << "x:2:7: not JSON";
    QTest::newRow("behind a bare number") << QByteArray("[Infinity Infinity]") << "x:1:18: not JSON";
    QTest::newRow("bare number as a key") << QByteArray("{NaN: 1}") << "a number where a key belongs";
    QTest::newRow("half a bare number") << QByteArray("[Inf]") << "x:1:2: not JSON";
    QTest::newRow("open string") << QByteArray("{\"a") << "not JSON";
    QTest::newRow("open escape") << QByteArray("\"\\") << "not JSON";
    QTest::newRow("trailing text") << QByteArray("{} {}") << "x:1:4: not JSON";
    QTest::newRow("double key") << QByteArray("{\"a\": 1, \"a\": 2}") << "x: \"a\" stands there twice";
    QTest::newRow("too deep") << QByteArray(100, '[') << "x:1:65: nested deeper than 64";
    QTest::newRow("not UTF-8") << QByteArray("[\"\xff\"]") << "not JSON";
    QTest::newRow("too large a number") << QByteArray("[1e999]") << "not JSON";
  }
  void what_is_not_json_is_refused_with_its_place() {
    QFETCH(QByteArray, text);
    QFETCH(QString, want);
    const QString message = message_of<FormatError>([&] { (void)parse_json(text.toStdString(), "x"); });
    QVERIFY2(message.contains(want), qPrintable(message));
  }
  void keys_of_the_wrong_type_are_refused_by_name() {
    const Json json =
        parse_json(R"({"n": "64", "whole": 1.5, "big": 18446744073709551615, "flag": 1, "none": null})", "f");
    const JsonObject object(json, "f");
    QCOMPARE(message_of<FormatError>([&] { (void)object.integer("n"); }), "f: n: \"64\", want a whole number");
    QCOMPARE(message_of<FormatError>([&] { (void)object.integer("whole"); }), "f: whole: 1.5, want a whole number");
    QVERIFY(message_of<FormatError>([&] { (void)object.integer("big"); }).contains("below 2^63"));
    QCOMPARE(message_of<FormatError>([&] { (void)object.boolean("flag"); }), "f: flag: 1, want true or false");
    QVERIFY(!object.integer("none").has_value() && object.is_null("none"));
    QVERIFY(!object.integer("absent").has_value() && !object.is_null("absent"));
    QCOMPARE(message_of<FormatError>([&] { JsonObject(json["n"], "f: n"); }), "f: n: string, want an object");
  }
};

QTEST_GUILESS_MAIN(JsonTest)
#include "json_test.moc"
