// Faults that these tests were seen to catch: a surrogate (ED A0 80) accepted; an overlong form (E0 80 80) accepted;
// one U+FFFD for each byte instead of each maximal subpart; the second byte's range kept for the third; flush that
// keeps its bytes; a joiner that forgets the bytes it holds when more come.
#include "engine/utf8.h"

#include <QTest>
#include <random>
#include <string>

using namespace holdfast;
using namespace std::string_literals;

class Utf8Test : public QObject {
  Q_OBJECT

 private slots:
  void well_formed_and_ill_formed_texts_are_told_apart_data();
  void well_formed_and_ill_formed_texts_are_told_apart();
  void each_maximal_subpart_becomes_one_replacement_data();
  void each_maximal_subpart_becomes_one_replacement();
  void every_code_point_goes_there_and_back();
  void the_cut_of_the_bytes_does_not_matter();
  void a_joiner_gives_whole_characters_only();
  void flush_gives_the_rest_once();
};

void Utf8Test::well_formed_and_ill_formed_texts_are_told_apart_data() {
  QTest::addColumn<QByteArray>("bytes");
  QTest::addColumn<bool>("valid");
  QTest::newRow("nothing") << QByteArray() << true;
  QTest::newRow("ascii, longer than a word") << QByteArray("0123456789abcdef!") << true;
  QTest::newRow("two to four bytes") << QByteArray("\xC2\x80\xE0\xA0\x80\xF0\x90\x80\x80\xF4\x8F\xBF\xBF") << true;
  QTest::newRow("around the surrogates") << QByteArray("\xED\x9F\xBF\xEE\x80\x80") << true;
  QTest::newRow("zero byte") << QByteArray("a\0b", 3) << true;
  QTest::newRow("lone continuation") << QByteArray("a\x80") << false;
  QTest::newRow("overlong two") << QByteArray("\xC1\xBF") << false;
  QTest::newRow("overlong three") << QByteArray("\xE0\x80\x80") << false;
  QTest::newRow("overlong four") << QByteArray("\xF0\x8F\xBF\xBF") << false;
  QTest::newRow("surrogate") << QByteArray("\xED\xA0\x80") << false;
  QTest::newRow("beyond the last plane") << QByteArray("\xF4\x90\x80\x80") << false;
  QTest::newRow("cut short") << QByteArray("abcdefgh\xE2\x82") << false;
}

void Utf8Test::well_formed_and_ill_formed_texts_are_told_apart() {
  QFETCH(QByteArray, bytes);
  QFETCH(bool, valid);
  QCOMPARE(is_valid_utf8(bytes.toStdString()), valid);
}

void Utf8Test::each_maximal_subpart_becomes_one_replacement_data() {
  QTest::addColumn<QByteArray>("bytes");
  QTest::addColumn<QString>("text");
  const QString r = QStringLiteral("\uFFFD");
  // The three examples of the Unicode Standard, section 3.9.
  QTest::newRow("non-shortest forms") << QByteArray("\xC0\xAF\xE0\x80\xBF\xF0\x81\x82\x41") << r.repeated(8) + "A";
  QTest::newRow("surrogates") << QByteArray("\xED\xA0\x80\xED\xBF\xBF\xED\xAF\x41") << r.repeated(8) + "A";
  QTest::newRow("others") << QByteArray("\xF4\x91\x92\x93\xFF\x41\x80\xBF\x42") << r.repeated(5) + "A" + r + r + "B";
  QTest::newRow("truncated") << QByteArray("\xE1\x80\xE2\xF0\x91\x92\xF1\xBF\x41") << r.repeated(4) + "A";
}

void Utf8Test::each_maximal_subpart_becomes_one_replacement() {
  QFETCH(QByteArray, bytes);
  QFETCH(QString, text);
  QCOMPARE(QString::fromStdString(repair_utf8(bytes.toStdString())), text);
}

void Utf8Test::every_code_point_goes_there_and_back() {
  for (char32_t c = 0; c <= 0x10FFFF; c += c < 0x3000 ? 1 : 251) {
    if (c >= 0xD800 && c < 0xE000) continue;
    std::string text;
    append_utf8(text, c);
    const Utf8Step step = utf8_step(text);
    QVERIFY(step.kind == Utf8Step::Kind::character);
    QCOMPARE(step.length, text.size());
    QCOMPARE(static_cast<std::uint32_t>(step.code_point), static_cast<std::uint32_t>(c));
  }
}

void Utf8Test::the_cut_of_the_bytes_does_not_matter() {
  std::mt19937 random(7);
  // Lead and continuation bytes are common here, so that ill-formed sequences of every kind come up.
  const std::string bytes = "a\x80\xBF\xC2\xE0\xE2\xED\xF0\xF1\xF4\x90\x8F\xA0\x9F\xFF"s;
  for (int round = 0; round < 2000; ++round) {
    std::string text;
    for (auto i = random() % 12; i > 0; --i) text += bytes[random() % bytes.size()];
    const std::string whole = repair_utf8(text);
    QVERIFY(is_valid_utf8(whole));
    Utf8Joiner joiner;
    std::string joined;
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t count = 1 + random() % 3;
      joined += joiner.push(std::string_view(text).substr(at, count));
      at += count;
    }
    joined += joiner.flush();
    QCOMPARE(joined, whole);
  }
}

void Utf8Test::a_joiner_gives_whole_characters_only() {
  Utf8Joiner joiner;
  QCOMPARE(joiner.push("a\xF0\x9F"), "a"s);
  QCOMPARE(joiner.push("\x98"), ""s);
  QCOMPARE(joiner.push("\x80z"), "\xF0\x9F\x98\x80z"s);
  QCOMPARE(joiner.flush(), ""s);
}

void Utf8Test::flush_gives_the_rest_once() {
  Utf8Joiner joiner;
  QCOMPARE(joiner.push("\xE2\x82"), ""s);
  QCOMPARE(joiner.flush(), "\xEF\xBF\xBD"s);
  QCOMPARE(joiner.flush(), ""s);
  QCOMPARE(joiner.push("b"), "b"s);
}

QTEST_GUILESS_MAIN(Utf8Test)
#include "utf8_test.moc"
