// Faults that these tests were seen to catch: NFC left out; the longest added token not preferred; equal merges taken
// in the wrong order, in the search and in the queue; the queue's stale entries not passed over; a wrong byte in the
// byte-level alphabet; U+2581 left in bytes(); control pieces read without being asked for; a cut of long texts inside
// a run of spaces; lstrip, rstrip and single_word ignored; \s taken as PCRE2's; MergedWithNext merged backwards; no
// check of the character map's offsets, cycles and chains (the address sanitizer stops, or the program ends); unknown
// steps passed over in silence.
#include "engine/tokenizer.h"

#include <sentencepiece_processor.h>

#include <QElapsedTimer>
#include <QTemporaryDir>
#include <QTest>
#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <random>
#include <thread>

#include "engine/gguf.h"
#include "engine/json.h"
#include "engine/tokenizer_load.h"
#include "engine/tokenizer_regex.h"
#include "engine/tokenizer_spm_model.h"
#include "engine/utf8.h"
#include "kernels/error.h"

using namespace holdfast;
using namespace std::string_literals;
namespace fs = std::filesystem;

namespace {

const fs::path golden = fs::path(HOLDFAST_GOLDEN_DIR) / "tokenizers";

std::string file_bytes(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::shared_ptr<const Tokenizer> load_golden(const std::string& folder) {
  const bool json = folder == "byte-bpe";
  return Tokenizer::load({json ? TokenizerSource::Kind::tokenizer_json : TokenizerSource::Kind::sentencepiece,
                          golden / folder / (json ? "tokenizer.json" : "tokenizer.model")});
}

struct GoldenRow {
  std::string text, decoded;
  std::vector<TokenId> ids;
};
std::vector<GoldenRow> golden_rows(const std::string& folder) {
  std::vector<GoldenRow> rows;
  std::ifstream file(golden / folder / "golden.jsonl");
  for (std::string line; std::getline(file, line);) {
    const Json row = parse_json(line, "golden.jsonl");
    rows.push_back({row["text"], row["decoded"], row["ids"]});
  }
  return rows;
}

// The golden tokenizer.json, changed.
Json golden_json() { return parse_json(file_bytes(golden / "byte-bpe/tokenizer.json"), "tokenizer.json"); }
std::shared_ptr<const Tokenizer> from_json(const Json& json) { return make_tokenizer_json(json.dump(), "test.json"); }

// A BPE of few tokens around which each step of the file can be tried.
Json small_json(const std::string& change = "{}") {
  Json json = parse_json(R"({
    "added_tokens": [], "normalizer": null, "pre_tokenizer": null, "post_processor": null,
    "decoder": {"type": "Fuse"},
    "model": {"type": "BPE", "unk_token": "?", "fuse_unk": false, "byte_fallback": false, "ignore_merges": false,
      "vocab": {"?": 0, "a": 1, "b": 2, "c": 3, " ": 4, "ab": 5, "abc": 6, "bc": 7, "\u2581": 8, "\u2581a": 9, "1": 10,
                "\u00e9": 11, ".": 12},
      "merges": ["a b", "ab c", "b c", ["\u2581", "a"]]}})",
                         "small");
  json.merge_patch(parse_json(change, "change"));
  return json;
}
std::vector<TokenId> small_ids(const std::string& change, const std::string& text, bool parse_special = true) {
  return from_json(small_json(change))->encode(text, parse_special);
}
using Ids = std::vector<TokenId>;

std::string failure(const std::function<void()>& action) {
  try {
    action();
  } catch (const FormatError& error) {
    return error.what();
  }
  return "no FormatError";
}

std::string random_bytes(std::mt19937& random, std::size_t most, std::string_view alphabet) {
  std::string text;
  for (std::size_t i = random() % most; i > 0; --i) text += alphabet[random() % alphabet.size()];
  return text;
}

// Pieces of text that meet the vocabularies' merges, spaces and byte fallback.
std::string random_text(std::mt19937& random, std::size_t parts) {
  static const std::vector<std::string> words{
      "the ", " of",       "ing",          "  ",         "\n", "x",     "\\frac{", "12", "é",  "日本", "😀",
      "def ", "   return", "\xE2\x96\x81", "<|im_end|>", "\t", "self.", "Step ",   "=",  "}{", "…",    "a"};
  std::string text;
  for (std::size_t i = 0; i < parts; ++i) text += words[random() % words.size()];
  return text;
}

GgufVocabulary spm_vocabulary(const std::string& folder) {
  const SpmModel model = SpmModel::parse(file_bytes(golden / folder / "tokenizer.model"), "tokenizer.model");
  GgufVocabulary vocabulary;
  vocabulary.model = "llama";
  for (const SpmPiece& piece : model.pieces) {
    vocabulary.tokens.push_back(piece.text);
    vocabulary.scores.push_back(piece.score);
    vocabulary.types.push_back(static_cast<std::int32_t>(piece.type));
  }
  return vocabulary;
}

// sentencepiece_model.proto by hand: lengths below 128 only, except where given as bytes.
std::string wire(int field, const std::string& bytes) {
  std::string length;
  for (std::size_t left = bytes.size();; left >>= 7) {
    length += static_cast<char>(left < 128 ? left : 128 | (left & 127));
    if (left < 128) break;
  }
  return static_cast<char>(field << 3 | 2) + length + bytes;
}
std::string wire(int field, int value) { return {static_cast<char>(field << 3), static_cast<char>(value)}; }
std::string wire_piece(const std::string& text, int type) { return wire(1, wire(1, text) + wire(3, type)); }
const std::string wire_start = wire_piece("<unk>", 2) + wire_piece("a", 1) + wire(2, wire(3, 2));

// A double array of 512 units: unit 0 branches to the given label; each unit's children are in the second half.
std::string charsmap(const std::vector<std::pair<std::size_t, std::uint32_t>>& units, const std::string& strings) {
  std::vector<std::uint32_t> array(512, 0x80000000U);
  for (const auto& [at, unit] : units) array[at] = unit;
  const auto size = static_cast<std::uint32_t>(array.size() * 4);
  std::string blob(4 + size, '\0');
  std::memcpy(blob.data(), &size, 4);
  std::memcpy(blob.data() + 4, array.data(), size);
  return wire_start + wire(3, wire(2, blob + strings));
}
std::uint32_t unit(std::size_t at, std::size_t base, unsigned label, bool leaf) {
  return static_cast<std::uint32_t>((at ^ base) << 10) | (leaf ? 0x100U : 0U) | label;
}

}  // namespace

class TokenizerTest : public QObject {
  Q_OBJECT

 private slots:
  void every_golden_row_is_equal_data();
  void every_golden_row_is_equal();

  void random_bytes_come_back_from_a_byte_level_vocabulary();
  void a_leading_space_is_added_once();
  void tokens_in_a_row_are_the_decoded_text();
  void long_texts_are_encoded_as_the_library_does();
  void long_runs_end_quickly();
  void merging_with_a_queue_equals_merging_by_search();
  void many_threads_read_one_tokenizer();

  void markers_are_read_when_asked_for();
  void a_text_can_go_on_in_the_middle();
  void special_tokens_are_left_out_or_shown();
  void ids_outside_of_the_vocabulary_are_nothing();

  void merges_apply_in_order_of_rank();
  void added_tokens_obey_their_flags();
  void normalisers_change_the_text();
  void pre_tokenizers_cut_the_text();
  void unknown_characters_have_a_token();
  void a_sentencepiece_like_bpe_has_spaces_and_bytes();
  void whole_words_can_come_before_merges();
  void a_byte_without_token_is_refused_or_replaced();
  void patterns_keep_their_meaning();
  void patterns_that_do_not_end_are_stopped();
  void parts_that_are_not_known_are_refused_by_name_data();
  void parts_that_are_not_known_are_refused_by_name();
  void damaged_json_never_ends_the_program();

  void damaged_sentencepiece_models_are_refused_data();
  void damaged_sentencepiece_models_are_refused();
  void damaged_sentencepiece_models_never_end_the_program();

  void a_gguf_has_the_same_vocabulary();
  void ends_come_from_the_files_beside();
};

void TokenizerTest::every_golden_row_is_equal_data() {
  QTest::addColumn<QString>("folder");
  for (const char* folder : {"byte-bpe", "sp-bpe", "sp-unigram"}) QTest::newRow(folder) << folder;
}

void TokenizerTest::every_golden_row_is_equal() {
  QFETCH(QString, folder);
  const auto tokenizer = load_golden(folder.toStdString());
  const auto rows = golden_rows(folder.toStdString());
  QVERIFY(rows.size() > 100);
  for (const GoldenRow& row : rows) {
    QCOMPARE(tokenizer->encode_as_reference(row.text), row.ids);
    QCOMPARE(tokenizer->decode(row.ids, false), row.decoded);
  }
}

void TokenizerTest::random_bytes_come_back_from_a_byte_level_vocabulary() {
  Json json = golden_json();
  json["normalizer"] = nullptr;
  const auto tokenizer = from_json(json);
  std::mt19937 random(1);
  std::string all(256, '\0');
  for (std::size_t i = 0; i < 256; ++i) all[i] = static_cast<char>(i);
  for (int round = 0; round < 3000; ++round) {
    const std::string text =
        random_bytes(random, 60, round % 2 == 0 ? all : "a \n\xE6\x97\xA5\xF0\x9F\xC3\xA9<|im_end>");
    for (const bool markers : {false, true}) {
      const auto ids = tokenizer->encode(text, markers);
      QCOMPARE(tokenizer->decode(ids, false), text);
      std::string joined;
      for (const TokenId id : ids) joined += tokenizer->bytes(id);
      if (!markers) QCOMPARE(joined, text);
    }
  }
}

void TokenizerTest::a_leading_space_is_added_once() {
  Json json = golden_json();
  json["pre_tokenizer"]["add_prefix_space"] = true;
  const auto tokenizer = from_json(json);
  QCOMPARE(tokenizer->decode(tokenizer->encode("a\xFF"
                                               "b")),
           " a\xFF"
           "b"s);
  QCOMPARE(tokenizer->decode(tokenizer->encode(" a")), " a"s);
  QCOMPARE(tokenizer->decode(tokenizer->encode_continuation("a")), "a"s);
}

void TokenizerTest::tokens_in_a_row_are_the_decoded_text() {
  std::mt19937 random(2);
  for (const char* folder : {"byte-bpe", "sp-bpe", "sp-unigram"}) {
    const auto tokenizer = load_golden(folder);
    for (int round = 0; round < 300; ++round) {
      const auto ids = tokenizer->encode(random_text(random, random() % 20));
      std::string joined;
      Utf8Joiner joiner;
      for (const TokenId id : ids) {
        const std::string piece = joiner.push(tokenizer->bytes(id));
        QVERIFY(is_valid_utf8(piece));
        joined += piece;
      }
      joined += joiner.flush();
      const std::string decoded = tokenizer->decode(ids);
      if (folder != "byte-bpe"s && joined.size() != decoded.size()) {
        QVERIFY(joined.starts_with(' '));  // what the library leaves out at the beginning
        joined.erase(0, 1);
      }
      QCOMPARE(joined, decoded);
    }
  }
}

void TokenizerTest::long_texts_are_encoded_as_the_library_does() {
  std::mt19937 random(3);
  for (const char* folder : {"sp-bpe", "sp-unigram"}) {
    const auto tokenizer = load_golden(folder);
    sentencepiece::SentencePieceProcessor library;
    QVERIFY(library.LoadFromSerializedProto(file_bytes(golden / folder / "tokenizer.model")).ok());
    for (int round = 0; round < 20; ++round) {
      std::string text = random_text(random, 4000);
      if (round % 4 == 0) text += random_bytes(random, 4000, " a\xE2\x96\x81");
      std::vector<int> want;
      QVERIFY(library.Encode(text, &want).ok());
      QCOMPARE(tokenizer->encode_as_reference(text), want);
      QCOMPARE(tokenizer->decode(want), library.DecodeIds(want));
    }
  }
}

void TokenizerTest::long_runs_end_quickly() {
  // Merging in quadratic time takes minutes here.
  QElapsedTimer timer;
  for (const char* folder : {"byte-bpe", "sp-bpe", "sp-unigram"}) {
    const auto tokenizer = load_golden(folder);
    for (const char* part : {"a", " ", "ab", "\xFF", "日"}) {
      std::string text;
      while (text.size() < 100'000) text += part;
      timer.start();
      const auto ids = tokenizer->encode(text);
      QVERIFY2(timer.elapsed() < 10'000, part);
      if (folder != "sp-unigram"s) QVERIFY(!ids.empty());
    }
  }
}

void TokenizerTest::merging_with_a_queue_equals_merging_by_search() {
  // A word longer than the search is for, and its parts: no merge of this vocabulary crosses "|".
  const auto tokenizer = from_json(small_json(R"({"model": {"vocab": {"|": 13, "aa": 14},
      "merges": ["a b", "ab c", "a a", "b c"]}})"));
  std::mt19937 random(4);
  for (int round = 0; round < 500; ++round) {
    std::string text;
    Ids want;
    for (int part = 0; part < 12; ++part) {
      const std::string word = random_bytes(random, 20, "abc") + "|";
      const auto ids = tokenizer->encode(word);
      want.insert(want.end(), ids.begin(), ids.end());
      text += word;
    }
    QCOMPARE(tokenizer->encode(text), want);
  }
}

void TokenizerTest::many_threads_read_one_tokenizer() {
  for (const char* folder : {"byte-bpe", "sp-bpe", "sp-unigram"}) {
    const auto tokenizer = load_golden(folder);
    const auto rows = golden_rows(folder);
    std::vector<int> wrong(4, 0);
    std::vector<std::thread> threads;
    for (int& count : wrong) {
      threads.emplace_back([&] {
        for (const GoldenRow& row : rows) {
          if (tokenizer->encode_as_reference(row.text) != row.ids) ++count;
          if (tokenizer->decode(row.ids, false) != row.decoded) ++count;
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    QCOMPARE(wrong, std::vector<int>(4, 0));
  }
}

void TokenizerTest::markers_are_read_when_asked_for() {
  const std::string text = "a<|im_end|>b</s>";
  for (const char* folder : {"byte-bpe", "sp-bpe"}) {
    const auto tokenizer = load_golden(folder);
    const TokenId marker = *tokenizer->find("<|im_end|>");
    const auto read = tokenizer->encode(text, true), plain = tokenizer->encode(text);
    QCOMPARE(std::count(read.begin(), read.end(), marker), 1);
    QCOMPARE(std::count(plain.begin(), plain.end(), marker), 0);
    QCOMPARE(tokenizer->decode(plain, false), text);
    if (const auto end = tokenizer->find("</s>")) {
      QCOMPARE(std::count(read.begin(), read.end(), *end), 1);
      QCOMPARE(std::count(plain.begin(), plain.end(), *end), 0);
    }
  }
  // Added tokens that are no markers belong to the text.
  const auto bytes = load_golden("byte-bpe");
  QCOMPARE(bytes->encode("   "), Ids{*bytes->find("   ")});
}

void TokenizerTest::a_text_can_go_on_in_the_middle() {
  const auto tokenizer = load_golden("sp-bpe");
  QCOMPARE(tokenizer->encode("of")[0], *tokenizer->find("\xE2\x96\x81of"));
  for (const TokenId id : tokenizer->encode_continuation("of")) {
    QVERIFY(!tokenizer->piece(id).starts_with("\xE2\x96\x81"));
  }
  QCOMPARE(tokenizer->encode_continuation(" of"), tokenizer->encode("of"));
  // After a marker the text goes on: no space comes between.
  const auto ids = tokenizer->encode("</s>of", true);
  QCOMPARE(tokenizer->decode(ids, false), "</s>of"s);
}

void TokenizerTest::special_tokens_are_left_out_or_shown() {
  const auto bytes = load_golden("byte-bpe");
  const auto ids = bytes->encode("a<|im_end|>b", true);
  QCOMPARE(bytes->decode(ids, true), "ab"s);
  QCOMPARE(bytes->decode(ids, false), "a<|im_end|>b"s);
  QVERIFY(bytes->bytes(*bytes->find("<|im_end|>")).empty());
  QCOMPARE(bytes->piece(*bytes->find("<|im_end|>")), "<|im_end|>"s);
  const auto pieces = load_golden("sp-bpe");
  auto with_ends = pieces->encode("of it");
  with_ends.insert(with_ends.begin(), *pieces->bos());
  with_ends.push_back(*pieces->eos());
  QCOMPARE(pieces->decode(with_ends, true), "of it"s);
  QVERIFY(pieces->decode(with_ends, false).starts_with("<s>"));
  QVERIFY(pieces->decode(with_ends, false).ends_with("of it</s>"));
  QVERIFY(pieces->bytes(*pieces->eos()).empty());
  // A reader must see where a thought ends.
  const auto think = from_json(small_json(R"({"added_tokens": [{"id": 20, "content": "</think>", "special": true}]})"));
  QCOMPARE(std::string(think->bytes(20)), "</think>"s);
}

void TokenizerTest::ids_outside_of_the_vocabulary_are_nothing() {
  for (const char* folder : {"byte-bpe", "sp-bpe", "sp-unigram"}) {
    const auto tokenizer = load_golden(folder);
    const TokenId last = tokenizer->size();
    QCOMPARE(tokenizer->decode(Ids{-1, last, 1 << 30}), ""s);
    QVERIFY(tokenizer->bytes(last).empty());
    QVERIFY(tokenizer->piece(-1).empty());
    QVERIFY(!tokenizer->find("no such piece"));
  }
}

void TokenizerTest::merges_apply_in_order_of_rank() {
  QCOMPARE(small_ids("{}", "abc"), (Ids{6}));
  QCOMPARE(small_ids("{}", "bcabc"), (Ids{7, 6}));
  // "b c" before "a b": the same letters merge otherwise.
  QCOMPARE(small_ids(R"({"model": {"merges": ["b c", "a b", "ab c"]}})", "abcab"), (Ids{1, 7, 5}));
  // Of equal ranks the left one is first; of a merge that stands twice the later counts.
  QCOMPARE(small_ids(R"({"model": {"vocab": {"aa": 13}, "merges": ["a a"]}})", "aaa"), (Ids{13, 1}));
  QCOMPARE(small_ids(R"({"model": {"merges": ["a b", "b c", "a b"]}})", "abc"), (Ids{1, 7}));
}

void TokenizerTest::added_tokens_obey_their_flags() {
  const auto with = [](const std::string& flags, const std::string& more = "{}") {
    Json json = small_json(more);
    json["added_tokens"] = parse_json(R"([{"id": 20, "content": "bb")" + flags + "}]", "added");
    return json;
  };
  QCOMPARE(from_json(with(""))->encode("abba"), (Ids{1, 20, 1}));
  QCOMPARE(from_json(with(R"(, "single_word": true)"))->encode("abba bb"), (Ids{5, 2, 1, 4, 20}));
  QCOMPARE(from_json(with(R"(, "lstrip": true)"))->encode("a  bb a"), (Ids{1, 20, 4, 1}));
  QCOMPARE(from_json(with(R"(, "rstrip": true)"))->encode("a bb \xE2\x80\x83 a"), (Ids{1, 4, 20, 1}));
  // Normalised tokens are looked for in the normalised text, others in the text as it is.
  const std::string lower = R"({"normalizer": {"type": "Lowercase"}})";
  QCOMPARE(from_json(with(R"(, "normalized": true)", lower))->encode("aBB"), (Ids{1, 20}));
  QCOMPARE(from_json(with(R"(, "normalized": false)", lower))->encode("aBBbb"), (Ids{5, 2, 20}));
  // The longest wins; special ones are read only when asked for.
  Json json = with("");
  json["added_tokens"].push_back({{"id", 21}, {"content", "bbb"}, {"special", true}});
  QCOMPARE(from_json(json)->encode("bbbb", true), (Ids{21, 2}));
  QCOMPARE(from_json(json)->encode("bbbb", false), (Ids{20, 20}));
}

void TokenizerTest::normalisers_change_the_text() {
  QCOMPARE(small_ids(R"({"normalizer": {"type": "NFC"}})", "e\xCC\x81"), (Ids{11}));
  QCOMPARE(small_ids(R"({"normalizer": {"type": "NFKC"}})", "\xE2\x91\xA0"), (Ids{10}));
  QCOMPARE(small_ids(R"({"normalizer": {"type": "Sequence", "normalizers": [{"type": "Lowercase"},
           {"type": "Strip", "strip_left": true, "strip_right": true}, {"type": "Prepend", "prepend": "c"},
           {"type": "Replace", "pattern": {"String": "."}, "content": "1"},
           {"type": "Replace", "pattern": {"Regex": "b+"}, "content": "c"}]}})",
                     " \tA.BBA\xC2\xA0\n"),
           (Ids{3, 1, 10, 3, 1}));
}

void TokenizerTest::pre_tokenizers_cut_the_text() {
  const auto split = [](const std::string& pattern, const std::string& behavior, const std::string& text,
                        bool invert = false) {
    return small_ids(R"({"model": {"ignore_merges": false, "vocab": {"1a": 13, "a1": 14, "11": 15, "1a1": 16},
        "merges": ["1 1", "1 a", "a 1"]}, "pre_tokenizer": {"type": "Split", "pattern": )" +
                         pattern + R"(, "behavior": ")" + behavior + R"(", "invert": )" + (invert ? "true" : "false") +
                         "}}",
                     text);
  };
  const std::string one = R"({"String": "1"})";
  QCOMPARE(split(one, "Isolated", "a11a"), (Ids{1, 10, 10, 1}));
  QCOMPARE(split(one, "Removed", "a11a"), (Ids{1, 1}));
  QCOMPARE(split(one, "Contiguous", "a11a"), (Ids{1, 15, 1}));
  QCOMPARE(split(one, "MergedWithPrevious", "a11a"), (Ids{14, 10, 1}));
  QCOMPARE(split(one, "MergedWithNext", "a11a"), (Ids{1, 10, 13}));
  QCOMPARE(split(one, "Removed", "a11a", true), (Ids{10, 10}));
  QCOMPARE(split(R"({"Regex": "a|1+"})", "Isolated", "a11a"), (Ids{1, 15, 1}));
  const std::string merges = R"("model": {"vocab": {"11": 13, "1a": 14, "a.": 15}, "merges": ["1 1", "1 a", "a ."]})";
  QCOMPARE(small_ids("{" + merges + R"(, "pre_tokenizer": {"type": "Digits", "individual_digits": true}})", "11a"),
           (Ids{10, 10, 1}));
  QCOMPARE(small_ids("{" + merges + R"(, "pre_tokenizer": {"type": "Digits", "individual_digits": false}})", "11a"),
           (Ids{13, 1}));
  QCOMPARE(small_ids("{" + merges + R"(, "pre_tokenizer": {"type": "Punctuation"}})", "1a."), (Ids{14, 12}));
  const auto metaspace = [](const std::string& scheme, const std::string& text) {
    return small_ids(R"({"pre_tokenizer": {"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": ")" +
                         scheme + R"("}, "added_tokens": [{"id": 20, "content": "<x>", "special": true}]})",
                     text);
  };
  QCOMPARE(metaspace("always", "a a<x>a"), (Ids{9, 9, 20, 9}));
  QCOMPARE(metaspace("first", "a a<x>a"), (Ids{9, 9, 20, 1}));
  QCOMPARE(metaspace("never", "a a<x>a"), (Ids{1, 9, 20, 1}));
}

void TokenizerTest::unknown_characters_have_a_token() {
  QCOMPARE(small_ids("{}", "axyb"), (Ids{1, 0, 0, 2}));
  QCOMPARE(small_ids(R"({"model": {"fuse_unk": true}})", "axyb"), (Ids{1, 0, 2}));
  QCOMPARE(small_ids("{}", "a\xFF\xE2\x82"), (Ids{1, 0, 0}));
}

// The vocabulary of sp-bpe in the manner of Llama 2's tokenizer.json.
void TokenizerTest::a_sentencepiece_like_bpe_has_spaces_and_bytes() {
  Json json = small_json(R"({"normalizer": {"type": "Sequence", "normalizers": [
        {"type": "Prepend", "prepend": "\u2581"},
        {"type": "Replace", "pattern": {"String": " "}, "content": "\u2581"}]},
      "decoder": {"type": "Sequence", "decoders": [
        {"type": "Replace", "pattern": {"String": "\u2581"}, "content": " "}, {"type": "ByteFallback"},
        {"type": "Fuse"}, {"type": "Strip", "content": " ", "start": 1, "stop": 0}]},
      "model": {"byte_fallback": true}})");
  const char* digits = "0123456789ABCDEF";
  for (int byte = 0; byte < 256; ++byte) {
    json["model"]["vocab"]["<0x"s + digits[byte / 16] + digits[byte % 16] + ">"] = 100 + byte;
  }
  const auto tokenizer = from_json(json);
  const Ids ids = tokenizer->encode("a ab\xC3\xBC");
  QCOMPARE(ids, (Ids{9, 8, 5, 100 + 0xC3, 100 + 0xBC}));
  QCOMPARE(tokenizer->decode(ids), "a ab\xC3\xBC"s);
  QCOMPARE(std::string(tokenizer->bytes(9)), " a"s);
  QCOMPARE(std::string(tokenizer->bytes(100 + 0xC3)), "\xC3"s);
  QCOMPARE(tokenizer->decode(Ids{1, 100 + 0xC3, 100 + 0xC3}), "a\xEF\xBF\xBD\xEF\xBF\xBD"s);
  QCOMPARE(tokenizer->encode_continuation("a a"), (Ids{1, 9}));
  json["model"]["vocab"].erase("<0x7F>");
  QVERIFY(failure([&] { (void)from_json(json); }).find("<0x7F>") != std::string::npos);
}

void TokenizerTest::whole_words_can_come_before_merges() {
  const std::string vocabulary = R"("vocab": {"cab": 13}, "merges": ["a b"])";
  QCOMPARE(small_ids(R"({"model": {)" + vocabulary + "}}", "cab"), (Ids{3, 5}));
  QCOMPARE(small_ids(R"({"model": {"ignore_merges": true, )" + vocabulary + "}}", "cab"), (Ids{13}));
}

void TokenizerTest::a_byte_without_token_is_refused_or_replaced() {
  Json json = golden_json();
  json["normalizer"] = nullptr;
  // U+00FF stands for the byte FF, which UTF-8 never has; "a" for itself.
  json["model"]["vocab"].erase("\u00FF");
  const auto tokenizer = from_json(json);
  QCOMPARE(tokenizer->decode(tokenizer->encode("a\xFF")), "a\xEF\xBF\xBD"s);
  json["model"]["vocab"].erase("{");
  json["model"]["merges"] = Json::array();
  QVERIFY(failure([&] { (void)from_json(json); }).find("no token for the byte") != std::string::npos);
}

void TokenizerTest::patterns_keep_their_meaning() {
  const auto matches = [](const std::string& pattern, const std::string& text) {
    std::vector<TextRange> ranges;
    TokenizerRegex(pattern).find_all(text, ranges);
    std::string found;
    for (const TextRange& range : ranges) found += text.substr(range.begin, range.end - range.begin) + "|";
    return found;
  };
  // Where Oniguruma and PCRE2 differ by themselves: U+180E is no white space, a combining mark is of a word, \v is one
  // character, a class in a class is a union.
  QCOMPARE(matches(R"(\s+)", "a \xE1\xA0\x8E\xE2\x80\x89"), " |\xE2\x80\x89|"s);
  QCOMPARE(matches(R"(\w+)", "e\xCC\x81 \xC2\xB2x"), "e\xCC\x81|x|"s);
  QCOMPARE(matches(R"(\v)", "\x0B\n"), "\x0B|"s);
  QCOMPARE(matches(R"([^(\s|[.,!?])]+)", "ab,c[ |d"), "ab|c[|d|"s);
  QCOMPARE(matches(R"([\u4e00-\u9fa5]+|\x{1F600})", "a日本😀"), "日本|😀|"s);
  QCOMPARE(matches(R"(\p{Han}+)", "日、本"), "日|本|"s);
  QCOMPARE(matches(R"((?i:'s|'t)| ?\p{L}+|\s+(?!\S)|\s+)", "It'S  so"), "It|'S| | so|"s);
  QCOMPARE(matches(R"(a$)", "a\nba"), "a|a|"s);
  QCOMPARE(matches(R"(x*)", "axx"), "|xx|"s);
  for (const char* pattern : {"[a&&b]", "[^a[^b]]", R"(\h)",         R"(\bx)", "(?<n>a)",         "(?i)a",   "(*FAIL)",
                              "a{2}+",  R"(\K)",    R"((a)\1)",      "[a",     R"(\p{Nonsense})", R"(\xff)", "(",
                              "a{,3}",  R"([\W])",  R"(\x{110000})", "(?R)",   "[[:alpha:]]",     "\\",      "\xFF",
                              ""}) {
    QVERIFY2(failure([&] { TokenizerRegex regex(pattern); }) != "no FormatError", pattern);
  }
}

void TokenizerTest::patterns_that_do_not_end_are_stopped() {
  const Json json =
      small_json(R"({"pre_tokenizer": {"type": "Split", "pattern": {"Regex": "(a+)+[bc]"}, "behavior": "Isolated"}})");
  const auto tokenizer = from_json(json);
  QElapsedTimer timer;
  timer.start();
  const std::string message = failure([&] { (void)tokenizer->encode(std::string(1000, 'a')); });
  QVERIFY(message.find("(a+)+[bc]") != std::string::npos);
  QVERIFY(timer.elapsed() < 10'000);
}

void TokenizerTest::parts_that_are_not_known_are_refused_by_name_data() {
  QTest::addColumn<QString>("change");
  QTest::addColumn<QString>("named");
  const auto row = [](const char* change, const char* named) { QTest::newRow(named) << change << named; };
  row(R"({"model": {"type": "Unigram"}})", "Unigram");
  row(R"({"model": {"type": "WordPiece"}})", "WordPiece");
  row(R"({"model": {"dropout": 0.1}})", "dropout");
  row(R"({"model": {"continuing_subword_prefix": "##"}})", "continuing_subword_prefix");
  row(R"({"model": {"end_of_word_suffix": "</w>"}})", "end_of_word_suffix");
  row(R"({"model": {"unk_token": "!"}})", "unk_token !");
  row(R"({"model": {"merges": ["a z"]}})", "uses z");
  row(R"({"model": {"merges": ["a c"]}})", "uses ac");
  row(R"({"model": {"merges": ["abc"]}})", "merges[0]");
  row(R"({"model": {"merges": {}}})", "merges is not a list");
  row(R"({"model": {"vocab": {"z": -1}}})", "vocab.z");
  row(R"({"model": {"vocab": {"z": 99999}}})", "99999");
  row(R"({"model": {"vocab": {"z": 1}}})", "token z");
  row(R"({"model": null})", "no model");
  row(R"({"normalizer": {"type": "Precompiled", "precompiled_charsmap": ""}})", "Precompiled");
  row(R"({"normalizer": {"type": "Sequence", "normalizers": [{"type": "Nmt"}]}})", "normalizers[0]: type Nmt");
  row(R"({"pre_tokenizer": {"type": "UnicodeScripts"}})", "UnicodeScripts");
  row(R"json({"pre_tokenizer": {"type": "Split", "pattern": {"Regex": "("}, "behavior": "Isolated"}})json", "pattern");
  row(R"({"pre_tokenizer": {"type": "Split", "pattern": {"String": "a"}, "behavior": "Upside"}})", "Upside");
  row(R"({"pre_tokenizer": {"type": "Sequence", "pretokenizers": [{"type": "ByteLevel"}, {"type": "Digits"}]}})",
      "Digits after ByteLevel");
  row(R"({"pre_tokenizer": {"type": "ByteLevel"}})", "come together");
  row(R"({"decoder": null})", "decoder");
  row(R"({"decoder": {"type": "CTC"}})", "CTC");
  row(R"({"added_tokens": [{"id": 3, "content": "zz"}]})", "id 3");
  row(R"({"added_tokens": [{"id": 30, "content": "a"}]})", "token a");
  row(R"({"model": {"unk_token": null}})", "byte_fallback");
}

void TokenizerTest::parts_that_are_not_known_are_refused_by_name() {
  QFETCH(QString, change);
  QFETCH(QString, named);
  const std::string message = failure([&] { (void)from_json(small_json(change.toStdString())); });
  QVERIFY2(QString::fromStdString(message).contains(named), message.c_str());
}

void TokenizerTest::damaged_json_never_ends_the_program() {
  const std::string change = R"json({"normalizer": {"type": "NFC"}, "pre_tokenizer": {"type": "Split",
      "pattern": {"Regex": " ?\\p{L}+|\\s+(?!\\S)"}, "behavior": "Isolated"}})json";
  const std::string whole = small_json(change).dump();
  constexpr std::string_view signs = "{}[]\":,0129a\\pLu+*?()|tfn";
  std::mt19937 random(5);
  int loaded = 0;
  for (int round = 0; round < 3000; ++round) {
    std::string text = whole;
    for (auto changes = 1 + random() % 3; changes > 0; --changes) {
      text[random() % text.size()] = signs[random() % signs.size()];
    }
    if (round % 10 == 0) text.resize(random() % text.size());
    try {
      (void)make_tokenizer_json(text, "damaged")->encode("ab c\xFF 1");
      ++loaded;
    } catch (const FormatError&) {
    }
  }
  QVERIFY(loaded > 0);
}

void TokenizerTest::damaged_sentencepiece_models_are_refused_data() {
  QTest::addColumn<QByteArray>("bytes");
  QTest::addColumn<QString>("named");
  const auto row = [](const char* name, const std::string& bytes, const char* named) {
    QTest::newRow(name) << QByteArray::fromStdString(bytes) << named;
  };
  row("nothing", "", "no pieces");
  row("not protobuf", "\x0B\x00", "wire format");
  row("cut short", wire_start.substr(0, wire_start.size() - 1), "wire format");
  row("unending number", std::string(1, 0x10) + std::string(12, '\xFF'), "wire format");
  row("no unknown piece", wire_piece("a", 1) + wire(2, wire(3, 2)), "unk is not defined");
  row("empty piece", wire_start + wire_piece("", 1), "is empty");
  row("piece twice", wire_start + wire_piece("a", 1), "twice");
  row("piece of ill-formed bytes", wire_start + wire_piece("\xFF", 1), "UTF-8");
  row("zero byte", wire_start + wire_piece("a\0b"s, 4), "zero byte");
  row("control piece of one character", wire_start + wire_piece("b", 3), "single character");
  row("byte piece without fallback", wire_start + wire_piece("<0x41>", 6), "byte_fallback");
  row("piece type", wire_start + wire_piece("b", 9), "type 9");
  row("model type", wire_start + wire(2, wire(3, 3)), "model type 3");
  row("denormaliser", wire_start + wire(5, wire(2, "x")), "denormalizer");
  std::string nested = wire_start;
  for (std::size_t length = 2; length < 70; ++length) nested += wire_piece(std::string(length, 'b'), 4);
  row("nested user-defined pieces", nested, "prefixes of one another");

  // Character maps: "a" to "b" as it should be, then each fault by itself.
  const std::size_t a = 256 ^ 'a';
  row("map without trie", wire_start + wire(3, wire(2, "\x10\0\0\0abc"s)), "fit");
  row("map points out", charsmap({{0, unit(0, 1024, 0, false)}}, "b\0"s), "points to");
  row("map has a far replacement",
      charsmap({{0, unit(0, 256, 0, false)}, {a, unit(a, 384, 'a', true)}, {384, 0x80000000U | 99}}, "b\0"s),
      "replacement at 99");
  row("map has a long replacement",
      charsmap({{0, unit(0, 256, 0, false)}, {a, unit(a, 384, 'a', true)}, {384, 0x80000000U}}, std::string(400, 'x')),
      "more than 256");
  row("map has a cycle", charsmap({{0, unit(0, 256, 0, false)}, {a, unit(a, 256, 'a', false)}}, "b\0"s), "cycle");
  std::vector<std::pair<std::size_t, std::uint32_t>> chain{{0, unit(0, 256, 0, false)}};
  for (std::size_t base = 256; base < 256 + 33; ++base) {
    chain.emplace_back(base ^ 'a', unit(base ^ 'a', base + 1, 'a', true));
  }
  row("map has a long chain", charsmap(chain, "b\0"s), "more than 32");
  chain.pop_back();
  QVERIFY(make_sentencepiece(charsmap(chain, "b\0"s), "chain of 32") != nullptr);
}

void TokenizerTest::damaged_sentencepiece_models_are_refused() {
  QFETCH(QByteArray, bytes);
  QFETCH(QString, named);
  const std::string message = failure([&] { (void)make_sentencepiece(bytes.toStdString(), "damaged"); });
  QVERIFY2(QString::fromStdString(message).contains(named), message.c_str());
  // What is right in the row is accepted.
  QVERIFY(make_sentencepiece(wire_start, "whole") != nullptr);
  const std::size_t a = 256 ^ 'a';
  const auto mapped = make_sentencepiece(
      charsmap({{0, unit(0, 256, 0, false)}, {a, unit(a, 384, 'a', true)}, {384, 0x80000000U}}, "b\0"s) +
          wire_piece("b", 1),
      "whole");
  QCOMPARE(mapped->encode_continuation("a"), Ids{*mapped->find("b")});
}

void TokenizerTest::damaged_sentencepiece_models_never_end_the_program() {
  std::mt19937 random(6);
  int loaded = 0;
  for (const char* folder : {"sp-bpe", "sp-unigram"}) {
    const std::string whole = file_bytes(golden / folder / "tokenizer.model");
    for (int round = 0; round < 300; ++round) {
      std::string bytes = whole;
      for (auto changes = 1 + random() % 4; changes > 0; --changes) {
        bytes[random() % bytes.size()] = static_cast<char>(random());
      }
      if (round % 10 == 0) bytes.resize(random() % bytes.size());
      try {
        const auto tokenizer = make_sentencepiece(bytes, "damaged");
        (void)tokenizer->decode(tokenizer->encode("Hello, 日本 \xFF 12 \xC2\xBD", true));
        ++loaded;
      } catch (const FormatError&) {
      }
    }
  }
  QVERIFY(loaded > 0);
}

void TokenizerTest::a_gguf_has_the_same_vocabulary() {
  QTemporaryDir folder;
  const fs::path file = folder.filePath("model.gguf").toStdString();
  const auto write = [&](const GgufVocabulary& vocabulary) {
    GgufWriter writer(file, IfExists::replace);
    writer.add("tokenizer.ggml.model", vocabulary.model);
    if (!vocabulary.pre.empty()) writer.add("tokenizer.ggml.pre", vocabulary.pre);
    writer.add("tokenizer.ggml.tokens", vocabulary.tokens);
    if (!vocabulary.scores.empty()) writer.add("tokenizer.ggml.scores", vocabulary.scores);
    writer.add("tokenizer.ggml.token_type", vocabulary.types);
    if (!vocabulary.merges.empty()) writer.add("tokenizer.ggml.merges", vocabulary.merges);
    writer.add("tokenizer.ggml.eos_token_id", std::uint32_t{2});
    writer.commit();
    return Tokenizer::load({TokenizerSource::Kind::gguf, file});
  };
  const auto pieces = write(spm_vocabulary("sp-bpe"));
  for (const GoldenRow& row : golden_rows("sp-bpe")) {
    QCOMPARE(pieces->encode_as_reference(row.text), row.ids);
    QCOMPARE(pieces->decode(row.ids, false), row.decoded);
  }
  QCOMPARE(pieces->eos(), std::optional<TokenId>(2));

  GgufVocabulary bytes;
  bytes.model = "gpt2";
  bytes.pre = "olmo";
  const Json json = golden_json();
  bytes.tokens.resize(1513);
  bytes.types.assign(1513, 1);
  for (const auto& [piece, id] : json["model"]["vocab"].items()) bytes.tokens[id.get<std::size_t>()] = piece;
  for (const Json& token : json["added_tokens"]) {
    bytes.tokens[token["id"].get<std::size_t>()] = token["content"];
    bytes.types[token["id"].get<std::size_t>()] = token["special"].get<bool>() ? 3 : 4;
  }
  for (const Json& merge : json["model"]["merges"]) {
    bytes.merges.push_back(merge[0].get<std::string>() + " " + merge[1].get<std::string>());
  }
  const auto level = write(bytes);
  for (const GoldenRow& row : golden_rows("byte-bpe")) {
    QCOMPARE(level->encode_as_reference(row.text), row.ids);
    QCOMPARE(level->decode(row.ids, false), row.decoded);
  }
  bytes.pre = "llama-bpe";
  QCOMPARE(write(bytes)->decode(write(bytes)->encode("It'S 12345  ok")), "It'S 12345  ok"s);
  bytes.pre = "nonsense";
  QVERIFY(failure([&] { (void)write(bytes); }).find("pre nonsense") != std::string::npos);
  bytes.model = "bert";
  QVERIFY(failure([&] { (void)write(bytes); }).find("model bert") != std::string::npos);
}

void TokenizerTest::ends_come_from_the_files_beside() {
  QTemporaryDir folder;
  const fs::path root = folder.path().toStdString();
  fs::copy_file(golden / "sp-bpe/tokenizer.model", root / "tokenizer.model");
  const TokenizerSource source{TokenizerSource::Kind::sentencepiece, root / "tokenizer.model"};
  auto tokenizer = Tokenizer::load(source);
  QCOMPARE(tokenizer->eos(), std::optional<TokenId>(2));
  QVERIFY(tokenizer->adds_bos());
  std::ofstream(root / "tokenizer_config.json")
      << R"({"bos_token": "<s>", "eos_token": {"content": "<|im_end|>"}, "add_bos_token": false})";
  tokenizer = Tokenizer::load(source);
  QCOMPARE(tokenizer->eos(), tokenizer->find("<|im_end|>"));
  QVERIFY(!tokenizer->adds_bos());
  const Json json = small_json(R"({"added_tokens": [{"id": 20, "content": "<b>", "special": true}],
      "post_processor": {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "<b>", "type_id": 0}},
      {"Sequence": {"id": "A", "type_id": 0}}]}})");
  QCOMPARE(from_json(json)->bos(), std::optional<TokenId>(20));
  QVERIFY(from_json(json)->adds_bos());
  QVERIFY(!from_json(small_json())->adds_bos());
  QVERIFY_THROWS_EXCEPTION(IoError, (void)Tokenizer::load({TokenizerSource::Kind::tokenizer_json, root / "none.json"}));
  QVERIFY_THROWS_EXCEPTION(FormatError, (void)Tokenizer::load({}));
}

QTEST_GUILESS_MAIN(TokenizerTest)
#include "tokenizer_test.moc"
