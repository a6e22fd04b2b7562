// Rows of every published form, their loss weights, and files that cannot be trusted.
//
// Planted faults seen caught: the prompt's tokens with weight 1; a bad row dropped without being counted; the shuffled
// order no permutation (it does not end); held-out rows also trained on; the end of the text not learned.

#include "training/dataset.h"

#include <QTemporaryDir>
#include <QTest>
#include <set>

#include "kernels/error.h"
#include "tests/training/training_data.h"
#include "training/batcher.h"

using namespace holdfast;
using holdfast::test::message_of;

namespace {

std::string learned_text(const EncodedRow& row, const Tokenizer& tokenizer) {
  std::vector<TokenId> learned;
  for (std::size_t i = 0; i < row.tokens.size(); ++i) {
    if (row.weights[i] > 0.0f) learned.push_back(row.tokens[i]);
  }
  return tokenizer.decode(learned, false);
}
std::string whole_text(const EncodedRow& row, const Tokenizer& tokenizer) {
  return tokenizer.decode(row.tokens, false);
}

}  // namespace

class DatasetTest final : public QObject {
  Q_OBJECT

 private:
  std::shared_ptr<const Tokenizer> tokenizer_ = test::golden_tokenizer();
  std::shared_ptr<const ChatTemplate> chatml_ = test::chat_of(ChatFormat::chatml, tokenizer_);
  QTemporaryDir folder_;
  std::filesystem::path file(const char* name, std::string_view text) {
    const std::filesystem::path path = folder_.filePath(name).toStdString();
    test::write_text(path, text);
    return path;
  }

 private slots:
  void every_published_form_is_the_same_conversation() {
    const char* forms[] = {
        R"({"prompt": "What is 2+2?", "completion": "4"})",
        R"({"prompt": "<|im_start|>user\nWhat is 2+2?<|im_end|>\n<|im_start|>assistant\n<think>\n", "completion": "4<|im_end|>"})",
        R"({"messages": [{"role": "user", "content": "What is 2+2?"}, {"role": "assistant", "content": "4"}]})",
        R"({"conversations": [{"from": "human", "value": "What is 2+2?"}, {"from": "gpt", "value": "4"}]})",
        R"({"instruction": "What is 2+2?", "input": "", "output": "4"})"};
    const EncodedRow first = encode_row(parse_training_row(forms[0], "row"), *chatml_, *tokenizer_);
    for (const char* form : forms) {
      const EncodedRow row = encode_row(parse_training_row(form, "row"), *chatml_, *tokenizer_);
      QVERIFY2(row.tokens == first.tokens && row.weights == first.weights, form);
    }
  }

  void loss_is_on_the_reply_and_its_end_alone() {
    const auto row =
        encode_row(parse_training_row(R"({"prompt": "Why?", "completion": "so\n</think>\n\nBecause."})", "row"),
                   *chatml_, *tokenizer_);
    QCOMPARE(
        QString::fromStdString(whole_text(row, *tokenizer_)),
        QStringLiteral(
            "<s><|im_start|>user\nWhy?<|im_end|>\n<|im_start|>assistant\n<think>\nso\n</think>\n\nBecause.<|im_end|>"));
    QCOMPARE(QString::fromStdString(learned_text(row, *tokenizer_)).trimmed(),
             QStringLiteral("so\n</think>\n\nBecause.<|im_end|>"));
  }

  void every_reply_of_a_conversation_is_learned() {
    const auto row = parse_training_row(
        R"({"messages": [{"role": "system", "content": "Be short."}, {"role": "user", "content": "a"},
            {"role": "assistant", "content": "one"}, {"role": "user", "content": "b"}, {"role": "assistant", "content": "two"},
            {"role": "user", "content": "left over"}]})",
        "row");
    const EncodedRow encoded = encode_row(row, *chatml_, *tokenizer_);
    const std::string learned = learned_text(encoded, *tokenizer_);
    QVERIFY(learned.find("one") != std::string::npos && learned.find("two") != std::string::npos);
    QVERIFY(learned.find("short") == std::string::npos);
    QVERIFY(whole_text(encoded, *tokenizer_).find("left over") == std::string::npos);
  }

  void a_plain_text_is_learned_whole() {
    const EncodedRow row = encode_row(parse_training_row(R"({"text": "abc def"})", "row"), *chatml_, *tokenizer_);
    QCOMPARE(row.tokens.back(), *tokenizer_->eos());
    QCOMPARE(row.weights.front(), 0.0f);  // BOS
    for (std::size_t i = 1; i < row.weights.size(); ++i) QCOMPARE(row.weights[i], 1.0f);
  }

  void hostile_rows_are_refused_with_a_reason() {
    const auto refused = [](const std::string& json) {
      return message_of<FormatError>([&] { (void)parse_training_row(json, "row"); });
    };
    QVERIFY(refused("{\"prompt\": \"a\"}").contains("completion: missing"));
    QVERIFY(refused("{\"prompt\": 3, \"completion\": \"b\"}").contains("prompt"));
    QVERIFY(refused("{\"prompt\": \"a\", \"completion\": \"\"}").contains("empty"));
    QVERIFY(refused("[1]").contains("row"));
    QVERIFY(refused(std::string(200, '[')).contains("nested"));
    QVERIFY(refused("{\"text\": \"\xff\xfe\"}").contains("row"));
    QVERIFY(refused("{\"messages\": [{\"role\": \"tool\", \"content\": \"x\"}]}").contains("role \"tool\""));
    QVERIFY(refused("{\"messages\": [{\"role\": \"assistant\", \"content\": \"x\"}]}").contains("before the user"));
    QVERIFY(refused("{\"prompt\": \"<|im_start|>user\\nx\", \"completion\": \"b\"}").contains("ChatML"));
    QVERIFY(refused("{\"text\": \"a\", \"difficulty\": NaN}").contains("difficulty"));
    QVERIFY(refused("{\"text\": \"" + std::string(longest_row_bytes, 'a') + "\"}").contains("bytes"));
  }

  void bad_rows_of_a_file_are_counted_and_listed() {
    cpu::ThreadPool pool(2);
    const JsonlSource source(
        file("rows.jsonl", "{\"text\": \"one\"}\n\nnot json\n{\"text\": \"two\"}\n{\"prompt\": \"x\"}"), pool);
    QCOMPARE(*source.rows(), 2);
    QCOMPARE(source.bad_rows(), 2);
    QCOMPARE(source.listed_bad_rows()[0].place, std::string("rows.jsonl:3"));
    QCOMPARE(source.listed_bad_rows()[1].place, std::string("rows.jsonl:5"));
    QVERIFY(!source.listed_bad_rows()[1].reason.empty());
    QCOMPARE(source.row(1, 0).text, std::string("two"));
    QCOMPARE(source.place(1), std::string("rows.jsonl:4"));
    const auto nothing = file("nothing.jsonl", "no\nno\n");
    QVERIFY(message_of<FormatError>([&] { JsonlSource all_bad(nothing, pool); }).contains("not one row"));
    const auto empty = file("empty.jsonl", "");
    QVERIFY(message_of<FormatError>([&] { JsonlSource none(empty, pool); }).contains("not one row"));
  }

  void rows_are_sorted_by_difficulty() {
    cpu::ThreadPool pool(1);
    const JsonlSource source(file("levels.jsonl",
                                  "{\"text\":\"c\",\"level\":3}\n{\"text\":\"a\",\"level\":1}\n{\"text\":\"b\","
                                  "\"difficulty\":2}\n{\"text\":\"d\",\"level\":3}"),
                             pool);
    QCOMPARE(source.by_difficulty(), (std::vector<std::int64_t>{1, 2, 0, 3}));
  }

  void a_shuffled_order_is_a_permutation() {
    for (const std::int64_t count : {1, 2, 3, 63, 64, 65, 1000}) {
      std::set<std::int64_t> seen;
      for (std::int64_t i = 0; i < count; ++i) seen.insert(shuffled_index(i, count, 7));
      QCOMPARE(static_cast<std::int64_t>(seen.size()), count);
      QVERIFY(*seen.begin() == 0 && *seen.rbegin() == count - 1);
    }
    int same = 0;
    for (std::int64_t i = 0; i < 1000; ++i) same += shuffled_index(i, 1000, 1) == shuffled_index(i, 1000, 2) ? 1 : 0;
    QVERIFY(same < 20);
  }

  void held_out_rows_are_never_trained_on() {
    const auto source = std::make_shared<test::CountingSource>("rows", 100);
    const HeldOut halves = hold_out(source, 20, 3);
    QCOMPARE(*halves.training->rows(), 80);
    QCOMPARE(*halves.held_out->rows(), 20);
    std::set<std::string> places;
    for (std::int64_t i = 0; i < 80; ++i) places.insert(halves.training->place(i));
    for (std::int64_t i = 0; i < 20; ++i) QVERIFY(!places.contains(halves.held_out->place(i)));
    QVERIFY(message_of<FormatError>([&] { (void)hold_out(source, 100, 3); }).contains("100 rows"));
  }

  void too_long_rows_are_cut_split_or_refused() {
    EncodedRow row;
    for (int i = 0; i < 11; ++i) {
      row.tokens.push_back(i);
      row.weights.push_back(i < 3 ? 0.0f : 1.0f);
    }
    const RowPieces cut = cut_row(row, 4, TooLong::cut, false);
    QVERIFY(cut.cut && cut.pieces.size() == 1);
    QCOMPARE(cut.pieces[0].tokens, (std::vector<TokenId>{0, 1, 2, 3, 4}));
    const RowPieces split = cut_row(row, 4, TooLong::split, true);
    QCOMPARE(split.pieces.size(), 3u);
    QCOMPARE(split.pieces[1].tokens, (std::vector<TokenId>{4, 5, 6, 7, 8}));
    QCOMPARE(split.pieces[2].tokens, (std::vector<TokenId>{8, 9, 10}));
    QVERIFY(message_of<FormatError>([&] { (void)cut_row(row, 4, TooLong::refuse, false); }).contains("10 tokens"));
    QVERIFY(
        message_of<FormatError>([&] { (void)cut_row(row, 2, TooLong::cut, false); }).contains("nothing of an answer"));
  }
};

QTEST_GUILESS_MAIN(DatasetTest)
#include "dataset_test.moc"
