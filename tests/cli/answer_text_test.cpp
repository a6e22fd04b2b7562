#include "app/cli/answer_text.h"

#include <QTest>

using holdfast::cli::AnswerText;
using holdfast::cli::last_boxed;

class AnswerTextTest : public QObject {
  Q_OBJECT
 private slots:
  void splits_thought_and_answer_however_the_bytes_come_data();
  void splits_thought_and_answer_however_the_bytes_come();
  void never_shows_the_beginning_of_a_marker();
  void stop_string_is_held_back_and_not_shown();
  void beginning_of_a_stop_string_is_shown_when_the_text_ends();
  void text_after_a_stop_string_in_the_same_token_is_not_shown();
  void marker_inside_an_answer_is_text();
  void cut_character_becomes_one_replacement();
  void last_box_with_matching_braces_is_found_data();
  void last_box_with_matching_braces_is_found();
};

namespace {

struct Collected {
  std::string thought, answer;
  AnswerText::Show show() {
    return [this](std::string_view text, bool in_thought) { (in_thought ? thought : answer) += text; };
  }
};

}  // namespace

void AnswerTextTest::splits_thought_and_answer_however_the_bytes_come_data() {
  QTest::addColumn<bool>("opened");
  QTest::addColumn<QByteArray>("bytes");
  QTest::addColumn<QByteArray>("thought");
  QTest::addColumn<QByteArray>("answer");
  QTest::newRow("opened by the template")
      << true << QByteArray("a b</think>\n\nc d\n") << QByteArray("a b") << QByteArray("c d");
  QTest::newRow("opened by the model") << false << QByteArray("\n<think>\na\n</think>\nc") << QByteArray("a")
                                       << QByteArray("c");
  QTest::newRow("never closed") << true << QByteArray("a < b </thin") << QByteArray("a < b </thin") << QByteArray();
  QTest::newRow("no thought") << false << QByteArray("1 < 2 <think") << QByteArray() << QByteArray("1 < 2 <think");
  QTest::newRow("empty thought") << true << QByteArray("</think>c") << QByteArray() << QByteArray("c");
  QTest::newRow("characters of many bytes")
      << true << QByteArray("größe</think>∀x") << QByteArray("größe") << QByteArray("∀x");
}

void AnswerTextTest::splits_thought_and_answer_however_the_bytes_come() {
  QFETCH(bool, opened);
  QFETCH(QByteArray, bytes);
  QFETCH(QByteArray, thought);
  QFETCH(QByteArray, answer);
  for (int piece = 1; piece <= bytes.size(); ++piece) {
    Collected collected;
    AnswerText text(opened, {}, collected.show());
    for (int at = 0; at < bytes.size(); at += piece) text.push(bytes.mid(at, piece).toStdString());
    text.finish(false);
    QCOMPARE(text.thought(), thought.toStdString());
    QCOMPARE(text.answer(), answer.toStdString());
    QCOMPARE(collected.thought, thought.toStdString());
    QCOMPARE(collected.answer, answer.toStdString());
  }
}

void AnswerTextTest::never_shows_the_beginning_of_a_marker() {
  Collected collected;
  AnswerText text(true, {}, collected.show());
  text.push("a </th");
  QCOMPARE(collected.thought, std::string("a"));
  text.push("e");
  QCOMPARE(collected.thought, std::string("a </the"));
}

void AnswerTextTest::stop_string_is_held_back_and_not_shown() {
  Collected collected;
  AnswerText text(false, {"<|im_end|>"}, collected.show());
  for (const char* piece : {"one", "<|im", "_end|", ">"}) text.push(piece);
  QCOMPARE(collected.answer, std::string("one"));
  text.finish(true);
  QCOMPARE(text.answer(), std::string("one"));
  QCOMPARE(text.stopped_by(), std::string("<|im_end|>"));
}

void AnswerTextTest::beginning_of_a_stop_string_is_shown_when_the_text_ends() {
  AnswerText text(false, {"END"}, {});
  text.push("the EN");
  text.finish(false);
  QCOMPARE(text.answer(), std::string("the EN"));
  QVERIFY(text.stopped_by().empty());
}

void AnswerTextTest::text_after_a_stop_string_in_the_same_token_is_not_shown() {
  Collected collected;
  AnswerText text(false, {"END"}, collected.show());
  text.push("one ENDING");
  text.finish(true);
  QCOMPARE(collected.answer, std::string("one"));
  QCOMPARE(text.answer(), std::string("one"));
}

void AnswerTextTest::marker_inside_an_answer_is_text() {
  AnswerText text(false, {}, {});
  text.push("say <think> and </think>");
  text.finish(false);
  QCOMPARE(text.answer(), std::string("say <think> and </think>"));
  QVERIFY(text.thought().empty());
}

void AnswerTextTest::cut_character_becomes_one_replacement() {
  AnswerText text(false, {}, {});
  text.push("a\xe2\x88");
  text.finish(false);
  QCOMPARE(text.answer(), std::string("a\xef\xbf\xbd"));
}

void AnswerTextTest::last_box_with_matching_braces_is_found_data() {
  QTest::addColumn<QByteArray>("text");
  QTest::addColumn<QByteArray>("boxed");
  QTest::newRow("plain") << QByteArray("so \\boxed{42}.") << QByteArray("42");
  QTest::newRow("nested") << QByteArray("\\boxed{\\frac{1}{2}}") << QByteArray("\\frac{1}{2}");
  QTest::newRow("the last") << QByteArray("\\boxed{1} then \\boxed{2}") << QByteArray("2");
  QTest::newRow("the last is cut off") << QByteArray("\\boxed{1} then \\boxed{2") << QByteArray("1");
  QTest::newRow("escaped braces") << QByteArray("\\boxed{\\{1, 2\\}}") << QByteArray("\\{1, 2\\}");
  QTest::newRow("empty") << QByteArray("\\boxed{}") << QByteArray("");
  QTest::newRow("none") << QByteArray("boxed{1}") << QByteArray("(none)");
}

void AnswerTextTest::last_box_with_matching_braces_is_found() {
  QFETCH(QByteArray, text);
  QFETCH(QByteArray, boxed);
  QCOMPARE(last_boxed(text.toStdString()).value_or("(none)"), boxed.toStdString());
}

QTEST_GUILESS_MAIN(AnswerTextTest)
#include "answer_text_test.moc"
