#include "engine/tokenizer_regex.h"

#include <algorithm>
#include <array>
#include <limits>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "engine/utf8.h"
#include "kernels/error.h"

namespace holdfast {
namespace {

constexpr std::uint32_t regex_match_limit = 20'000'000;  // steps of one match: tens of milliseconds
constexpr std::uint32_t regex_heap_limit = 64 * 1024;    // KiB
constexpr std::size_t regex_max_pattern = 64 * 1024;

std::string regex_message(int code) {
  std::array<PCRE2_UCHAR, 256> text{};
  pcre2_get_error_message(code, text.data(), text.size());
  return reinterpret_cast<const char*>(text.data());
}

struct RegexDelete {
  void operator()(pcre2_code* p) const { pcre2_code_free(p); }
  void operator()(pcre2_match_data* p) const { pcre2_match_data_free(p); }
  void operator()(pcre2_match_context* p) const { pcre2_match_context_free(p); }
  void operator()(pcre2_compile_context* p) const { pcre2_compile_context_free(p); }
};
template <class T>
using RegexPointer = std::unique_ptr<T, RegexDelete>;

RegexPointer<pcre2_code> regex_compile(std::string_view pattern, std::uint32_t options, int& error, PCRE2_SIZE& where) {
  const RegexPointer<pcre2_compile_context> context(pcre2_compile_context_create(nullptr));
  if (context) {
    pcre2_set_newline(context.get(), PCRE2_NEWLINE_LF);
    pcre2_set_parens_nest_limit(context.get(), 100);
    pcre2_set_max_pattern_length(context.get(), 2 * regex_max_pattern);
  }
  return RegexPointer<pcre2_code>(pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(),
                                                PCRE2_UTF | options, &error, &where, context.get()));
}

bool regex_compiles(const std::string& pattern) {
  int error = 0;
  PCRE2_SIZE where = 0;
  return regex_compile(pattern, PCRE2_UCP, error, where) != nullptr;
}

class PatternTranslator {
 public:
  explicit PatternTranslator(std::string_view pattern) : whole_(pattern), rest_(pattern) {}

  std::string run() {
    while (!rest_.empty()) {
      switch (rest_[0]) {
        case '\\': escape(false); break;
        case '[': bracket(false); break;
        case '(': group(); break;
        default: plain();
      }
    }
    return std::move(out_);
  }

 private:
  [[noreturn]] void fail(std::string_view what) const {
    throw FormatError("the pattern " + std::string(whole_) + " has " + std::string(what) + ", which is not supported");
  }
  void copy(std::size_t count) {
    out_ += rest_.substr(0, count);
    rest_.remove_prefix(count);
  }
  void replace(std::size_t count, std::string_view with) {
    out_ += with;
    rest_.remove_prefix(count);
  }

  void plain() {
    // {n,m}+ is possessive in PCRE2, a repeat of a repeat in Ruby's syntax.
    if (rest_.starts_with("}+")) fail("}+");
    if (rest_.starts_with("{,")) fail("{,");
    copy(1);
  }

  void group() {
    if (!rest_.starts_with("(?")) {
      if (rest_.starts_with("(*")) fail("(*");
      return copy(1);
    }
    for (const std::string_view head : {"(?:", "(?i:", "(?=", "(?!", "(?<=", "(?<!", "(?>"}) {
      if (rest_.starts_with(head)) return copy(head.size());
    }
    fail(rest_.substr(0, 4));
  }

  // [...], with the classes inside it dissolved into it: a union is what both mean.
  void bracket(bool inner) {
    const bool negated = rest_.size() > 1 && rest_[1] == '^';
    if (inner && negated) fail("a negated class inside a class");
    if (rest_.starts_with("[:")) fail("[:");
    if (inner) {
      rest_.remove_prefix(1);
    } else {
      copy(negated ? 2 : 1);
    }
    if (!rest_.empty() && rest_[0] == ']') fail("a class that begins with ]");
    while (!rest_.empty() && rest_[0] != ']') {
      if (rest_[0] == '[') {
        bracket(true);
      } else if (rest_[0] == '\\') {
        escape(true);
      } else if (rest_.starts_with("&&")) {
        fail("&&");
      } else {
        copy(1);
      }
    }
    if (rest_.empty()) fail("a class without end");
    if (inner) {
      rest_.remove_prefix(1);
    } else {
      copy(1);
    }
  }

  void escape(bool in_class) {
    if (rest_.size() < 2) fail("a \\ at its end");
    const char c = rest_[1];
    switch (c) {
      case 's': return replace(2, "\\p{White_Space}");
      case 'S': return replace(2, "\\P{White_Space}");
      case 'w': return replace(2, in_class ? "\\p{L}\\p{M}\\p{Nd}\\p{Pc}" : "[\\p{L}\\p{M}\\p{Nd}\\p{Pc}]");
      case 'W':
        if (in_class) fail("\\W inside a class");
        return replace(2, "[^\\p{L}\\p{M}\\p{Nd}\\p{Pc}]");
      case 'd': return replace(2, "\\p{Nd}");
      case 'D': return replace(2, "\\P{Nd}");
      case 'v': return replace(2, "\\x0b");
      case 'p':
      case 'P': return property();
      case 'u': return code_point(2, 4);
      case 'x':
        if (rest_.size() > 2 && rest_[2] == '{') return braced_code_point();
        return code_point(2, 2);
      case 'r':
      case 'n':
      case 't':
      case 'f': return copy(2);
      case 'A':
      case 'z':
      case 'Z':
        if (!in_class) return copy(2);
        [[fallthrough]];
      default: break;
    }
    const auto byte = static_cast<unsigned char>(c);
    const bool letter = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9');
    if (letter) fail(rest_.substr(0, 2));
    if (byte >= 0x80) return replace(1, "");  // an escaped character that needs no escape
    copy(2);
  }

  void put_code_point(std::string_view digits, std::size_t count) {
    if (digits.empty() || digits.size() > 6 ||
        digits.find_first_not_of("0123456789abcdefABCDEF") != std::string_view::npos) {
      fail(rest_.substr(0, count));
    }
    const unsigned long value = std::stoul(std::string(digits), nullptr, 16);
    if (value > 0x10FFFF || (value >= 0xD800 && value < 0xE000)) fail(rest_.substr(0, count));
    out_ += "\\x{" + std::string(digits) + "}";
    rest_.remove_prefix(count);
  }
  void code_point(std::size_t from, std::size_t digits) {
    if (rest_.size() < from + digits) fail(rest_);
    // \x80 and above are bytes for Oniguruma, characters for PCRE2.
    if (digits == 2 && rest_[from] > '7') fail(rest_.substr(0, from + digits));
    put_code_point(rest_.substr(from, digits), from + digits);
  }
  void braced_code_point() {
    const std::size_t end = rest_.find('}');
    if (end == std::string_view::npos) fail(rest_.substr(0, 3));
    put_code_point(rest_.substr(3, end - 3), end + 1);
  }

  // \p{Han} is the script itself for Oniguruma, its extensions too for PCRE2.
  void property() {
    const std::size_t end = rest_.find('}');
    if (rest_.size() < 4 || rest_[2] != '{' || end == std::string_view::npos || end > 64) fail(rest_.substr(0, 3));
    std::string_view name = rest_.substr(3, end - 3);
    bool negated = rest_[1] == 'P';
    if (name.starts_with('^')) {
      negated = !negated;
      name.remove_prefix(1);
    }
    constexpr std::pair<std::string_view, std::string_view> categories[] = {{"Letter", "L"},
                                                                            {"Mark", "M"},
                                                                            {"Number", "N"},
                                                                            {"Punctuation", "P"},
                                                                            {"Symbol", "S"},
                                                                            {"Separator", "Z"},
                                                                            {"Other", "C"},
                                                                            {"Uppercase_Letter", "Lu"},
                                                                            {"Lowercase_Letter", "Ll"},
                                                                            {"Decimal_Number", "Nd"}};
    for (const auto& [long_name, short_name] : categories) {
      if (name == long_name) name = short_name;
    }
    const std::string letter = negated ? "\\P{" : "\\p{";
    const std::string script = letter + "sc:" + std::string(name) + "}";
    std::string translated = letter + std::string(name) + "}";
    if (name.size() > 2 && regex_compiles(script)) translated = script;
    if (!regex_compiles(translated)) fail(rest_.substr(0, end + 1));
    replace(end + 1, translated);
  }

  std::string_view whole_, rest_;
  std::string out_;
};

}  // namespace

std::string translate_pattern(std::string_view oniguruma) {
  if (oniguruma.size() > regex_max_pattern) {
    throw FormatError("a pattern of " + std::to_string(oniguruma.size()) + " bytes, at most " +
                      std::to_string(regex_max_pattern) + " are allowed");
  }
  if (!is_valid_utf8(oniguruma)) throw FormatError("a pattern that is not UTF-8");
  return PatternTranslator(oniguruma).run();
}

struct TokenizerRegex::Code {
  RegexPointer<pcre2_code> code;
  RegexPointer<pcre2_match_context> context;
};

TokenizerRegex::TokenizerRegex(std::string_view pattern, Syntax syntax) : pattern_(pattern) {
  if (pattern.empty()) throw FormatError("an empty pattern");
  const bool literal = syntax == Syntax::literal;
  if (literal && (pattern.size() > regex_max_pattern || !is_valid_utf8(pattern))) {
    throw FormatError("a literal pattern that is not UTF-8 of at most " + std::to_string(regex_max_pattern) + " bytes");
  }
  const std::string translated = literal ? std::string(pattern) : translate_pattern(pattern);
  int error = 0;
  PCRE2_SIZE where = 0;
  auto code = std::make_unique<Code>();
  code->code = regex_compile(translated, literal ? PCRE2_LITERAL : PCRE2_UCP | PCRE2_MULTILINE, error, where);
  if (!code->code) throw FormatError("the pattern " + pattern_ + " is not a pattern: " + regex_message(error));
  // Without JIT the same matches are found, more slowly.
  (void)pcre2_jit_compile(code->code.get(), PCRE2_JIT_COMPLETE);
  code->context.reset(pcre2_match_context_create(nullptr));
  if (!code->context) throw std::bad_alloc();
  pcre2_set_match_limit(code->context.get(), regex_match_limit);
  pcre2_set_heap_limit(code->context.get(), regex_heap_limit);
  code_ = std::move(code);
}

TokenizerRegex::~TokenizerRegex() = default;
TokenizerRegex::TokenizerRegex(TokenizerRegex&&) noexcept = default;
TokenizerRegex& TokenizerRegex::operator=(TokenizerRegex&&) noexcept = default;

void TokenizerRegex::find_all(std::string_view text, std::vector<TextRange>& matches) const {
  matches.clear();
  const RegexPointer<pcre2_match_data> data(pcre2_match_data_create(1, nullptr));
  if (!data) throw std::bad_alloc();
  const auto* subject = reinterpret_cast<PCRE2_SPTR>(text.data());
  constexpr std::size_t none = std::numeric_limits<std::size_t>::max();
  std::size_t at = 0, last_end = none;
  while (at <= text.size()) {
    int found =
        pcre2_match(code_->code.get(), subject, text.size(), at, PCRE2_NO_UTF_CHECK, data.get(), code_->context.get());
    if (found == PCRE2_ERROR_JIT_STACKLIMIT) {
      found = pcre2_match(code_->code.get(), subject, text.size(), at, PCRE2_NO_UTF_CHECK | PCRE2_NO_JIT, data.get(),
                          code_->context.get());
    }
    if (found == PCRE2_ERROR_NOMATCH) return;
    if (found < 0) {
      throw FormatError("the pattern " + pattern_ + " at byte " + std::to_string(at) + " of a text of " +
                        std::to_string(text.size()) + ": " + regex_message(found));
    }
    const PCRE2_SIZE* range = pcre2_get_ovector_pointer(data.get());
    const std::size_t begin = range[0], end = range[1];
    if (end > begin) {
      matches.push_back({begin, end});
      at = last_end = end;
      continue;
    }
    // An empty match splits the text where it stands, once, and the search goes on one character further.
    if (begin != last_end) matches.push_back({begin, begin});
    last_end = begin;
    if (begin >= text.size()) return;
    at = begin + std::max<std::size_t>(1, utf8_step(text.substr(begin)).length);
  }
}

}  // namespace holdfast
