// The steps of a tokenizer.json around its model: text to normalised text, to pre-tokens; tokens back to text. Each
// does what the step of that name does in Hugging Face's tokenizers. Immutable; safe to share between threads.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/json.h"
#include "engine/tokenizer_regex.h"
#include "engine/unicode.h"

namespace holdfast {

// Where a text stands: some steps put a space before a text, and not before one that goes on in the middle of a
// sequence.
enum class TextPosition { start, after_token, middle };

class TextNormalizer {
 public:
  // null: nothing is done. Throws FormatError naming a type that is not implemented.
  void parse(const Json& value, const std::string& label);
  void add_form(NormalForm form) { steps_.push_back({Step::Kind::form, form, {}, {}, false, false}); }

  [[nodiscard]] bool empty() const noexcept { return steps_.empty(); }
  [[nodiscard]] std::string apply(std::string_view text,
                                  TextPosition position = TextPosition::start) const;  // of UTF-8

 private:
  struct Step {
    enum class Kind { form, lowercase, prepend, replace, strip } kind;
    NormalForm form = NormalForm::nfc;
    std::string content;
    std::optional<TokenizerRegex> pattern;
    bool left = false, right = false;
  };
  std::vector<Step> steps_;
};

class PreTokenizer {
 public:
  enum class Behavior { removed, isolated, merged_with_previous, merged_with_next, contiguous };

  void parse(const Json& value, const std::string& label);
  void add_split(std::string_view pattern, Behavior behavior = Behavior::isolated);
  void add_byte_level(bool add_prefix_space, bool use_regex);
  [[nodiscard]] bool byte_level() const noexcept { return byte_level_; }

  // Replaces the pieces by what the steps make of them; new text is put into `store`. `position` is the first
  // piece's.
  void apply(std::vector<std::string_view>& pieces, std::deque<std::string>& store, TextPosition position) const;

 private:
  enum class Prepend { never, first, always };
  struct Step {
    std::optional<TokenizerRegex> pattern;  // absent: no split
    Behavior behavior = Behavior::isolated;
    bool invert = false;
    std::string space;  // what replaces " ", in front of a piece too; empty: spaces stay
    Prepend prepend = Prepend::never;
  };
  void parse_split(const JsonObject& object);
  void parse_metaspace(const JsonObject& object);

  std::vector<Step> steps_;
  bool byte_level_ = false;
};

class TokenDecoder {
 public:
  void parse(const Json& value, const std::string& label);
  void add_byte_level() { byte_level_ = true; }
  // Tokens are bytes, one after the other; `text` is not used then.
  [[nodiscard]] bool byte_level() const noexcept { return byte_level_; }

  [[nodiscard]] std::string text(std::vector<std::string> tokens) const;
  // What one token adds in the middle of a text.
  [[nodiscard]] std::string middle(std::string token) const;

 private:
  struct Step {
    enum class Kind { metaspace, byte_fallback, fuse, strip, replace } kind;
    std::string content;
    std::optional<TokenizerRegex> pattern;
    std::int64_t start = 0, stop = 0;  // strip
    bool drop_first = false;           // metaspace
  };
  void run(const Step& step, std::vector<std::string>& tokens, bool in_middle) const;

  std::vector<Step> steps_;
  bool byte_level_ = false;
};

// The byte of "<0x41>".
[[nodiscard]] std::optional<unsigned char> byte_fallback_value(std::string_view token) noexcept;

}  // namespace holdfast
