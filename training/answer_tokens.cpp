#include "training/answer_tokens.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

namespace holdfast {
namespace {

bool token_digit(char c) { return c >= '0' && c <= '9'; }
bool token_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c & 0x80) != 0; }
bool token_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

// Signs beyond ASCII. A space around the replacement where a word must not grow together with its neighbours.
constexpr std::array<std::pair<std::string_view, std::string_view>, 58> unicode_signs{{
    {"−", "-"},           {"–", "-"},           {"‐", "-"},          {"‑", "-"},          {"×", " \\times "},
    {"·", " \\cdot "},    {"⋅", " \\cdot "},    {"∙", " \\cdot "},   {"÷", " \\div "},    {"∕", "/"},
    {"⁄", "/"},           {"½", " \\frac12 "},  {"⅓", " \\frac13 "}, {"⅔", " \\frac23 "}, {"¼", " \\frac14 "},
    {"¾", " \\frac34 "},  {"⅕", " \\frac15 "},  {"⅖", " \\frac25 "}, {"⅗", " \\frac35 "}, {"⅘", " \\frac45 "},
    {"⅛", " \\frac18 "},  {"⅜", " \\frac38 "},  {"⅝", " \\frac58 "}, {"⅞", " \\frac78 "}, {"√", " \\sqrt "},
    {"π", " \\pi "},      {"∞", " \\infty "},   {"°", " \\deg "},    {"º", " \\deg "},    {"⁰", "^0"},
    {"¹", "^1"},          {"²", "^2"},          {"³", "^3"},         {"⁴", "^4"},         {"⁵", "^5"},
    {"⁶", "^6"},          {"⁷", "^7"},          {"⁸", "^8"},         {"⁹", "^9"},         {"€", " \\eur "},
    {"£", " \\gbp "},     {"¥", " \\yen "},     {"₹", " \\inr "},    {"¢", " cents "},    {"≤", " \\le "},
    {"≥", " \\ge "},      {"≠", " \\ne "},      {"≈", " \\approx "}, {"∪", " \\cup "},    {"∈", " \\in "},
    {"±", " \\pm "},      {"∓", " \\mp "},      {"∅", " \\emptyset "}, {"…", "..."},       {"’", "'"},
    {"\u00a0", " "},      {"\u202f", "\\,"},    {"\u2009", "\\,"},
}};

std::string ascii_signs(std::string_view text) {
  std::string out;
  out.reserve(text.size() + 16);
  for (std::size_t at = 0; at < text.size();) {
    if ((text[at] & 0x80) == 0) {
      out += text[at++];
      continue;
    }
    const auto* sign = std::find_if(unicode_signs.begin(), unicode_signs.end(),
                                    [&](const auto& entry) { return text.substr(at).starts_with(entry.first); });
    if (sign == unicode_signs.end()) {
      out += text[at++];
    } else {
      out += sign->second;
      at += sign->first.size();
    }
  }
  return out;
}

// A dollar sign is money when a digit follows and it does not open mathematics, that is, when no closing one comes.
bool is_money(std::string_view text, std::size_t at) {
  const std::size_t next = at + 1 < text.size() && text[at + 1] == '-' ? at + 2 : at + 1;
  if (next >= text.size() || !(token_digit(text[next]) || text[next] == '.')) return false;
  const std::size_t close = text.find('$', next);
  return close == std::string_view::npos || (close + 1 < text.size() && token_digit(text[close + 1]));
}

constexpr std::array<std::string_view, 24> dropped_commands{
    "left",  "right", "displaystyle", "textstyle", "big",   "Big",    "bigl",     "bigr",
    "Bigl",  "Bigr",  "limits",       "nolimits",  "quad",  "qquad",  "boxed",    "fbox",
    "text",  "mathrm", "textbf",      "textit",    "mathbf", "mbox",  "operatorname", "textrm"};
constexpr std::array<std::string_view, 4> worded_commands{"mathbb", "mathcal", "bm", "boldsymbol"};

std::size_t command_length(std::string_view rest) {
  std::size_t length = 0;
  while (length < rest.size() && std::isalpha(static_cast<unsigned char>(rest[length])) != 0) ++length;
  return length;
}

// One backslash and what belongs to it; returns the place after it.
std::size_t clean_command(std::string_view text, std::size_t at, std::string& out) {
  if (at + 1 == text.size()) return at + 1;
  const char next = text[at + 1];
  const std::size_t length = command_length(text.substr(at + 1));
  if (length == 0) {
    const bool grouped = next == ',' && !out.empty() && token_digit(out.back()) && at + 4 < text.size() &&
                         std::all_of(text.begin() + static_cast<std::ptrdiff_t>(at) + 2,
                                     text.begin() + static_cast<std::ptrdiff_t>(at) + 5, token_digit);
    if (next == '$') {
      out += " \\usd ";
    } else if (next == '%' || next == '#' || next == '&' || next == '_') {
      out += next;
    } else if (next == '{' || next == '}' || next == '|' || next == '\\') {
      out += '\\';
      out += next;
    } else if (next == '!') {
      // A negative space, as in 1,\!000: nothing.
    } else if (!grouped) {
      out += ' ';
    }
    return at + 2;
  }
  const std::string_view command = text.substr(at + 1, length);
  const bool dropped = std::find(dropped_commands.begin(), dropped_commands.end(), command) != dropped_commands.end();
  const bool worded = std::find(worded_commands.begin(), worded_commands.end(), command) != worded_commands.end();
  if (dropped || worded) {
    out += ' ';
  } else if (command == "dfrac" || command == "tfrac" || command == "cfrac") {
    out += "\\frac";
  } else if (command == "ldots" || command == "dots" || command == "cdots") {
    out += "...";
  } else {
    out += '\\';
    out += command;
  }
  return at + 1 + length;
}

}  // namespace

std::string clean_answer(std::string_view raw) {
  const std::string text = ascii_signs(raw);
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] == '\\') {
      at = clean_command(text, at, out);
    } else if (text[at] == '$') {
      if (is_money(text, at)) out += " \\usd ";
      ++at;
    } else if (text.compare(at, 3, "{,}") == 0) {
      at += 3;  // a thousands separator of LaTeX
    } else if (text[at] == '~') {
      out += ' ';
      ++at;
    } else {
      out += text[at++];
    }
  }
  const auto trim = [](char c) { return token_space(c) || c == '*' || c == '`'; };
  while (!out.empty() && (trim(out.back()) || out.back() == '.' || out.back() == ';') && !out.ends_with("...")) {
    out.pop_back();
  }
  std::size_t begin = 0;
  while (begin < out.size() && trim(out[begin])) ++begin;
  return out.substr(begin);
}

namespace {

class AnswerLexer {
 public:
  explicit AnswerLexer(std::string_view text) : text_(text) {}

  std::vector<AnswerToken> run() {
    while (skip_space(), at_ < text_.size()) {
      const char c = text_[at_];
      if (token_digit(c) || (c == '.' && token_digit(peek(1)))) {
        number();
      } else if (token_letter(c)) {
        word();
      } else if (c == '\\') {
        command();
      } else {
        symbol();
      }
    }
    return std::move(tokens_);
  }

 private:
  using Kind = AnswerToken::Kind;

  [[nodiscard]] char peek(std::size_t offset) const {
    return at_ + offset < text_.size() ? text_[at_ + offset] : '\0';
  }
  void skip_space() {
    spaced_ = false;
    for (; at_ < text_.size() && token_space(text_[at_]); ++at_) spaced_ = true;
  }
  void add(Kind kind, std::string text) { tokens_.push_back({kind, std::move(text), spaced_}); }

  // Three digits after the comma or space at `offset`, and no fourth.
  [[nodiscard]] bool group_at(std::size_t offset) const {
    return token_digit(peek(offset + 1)) && token_digit(peek(offset + 2)) && token_digit(peek(offset + 3)) &&
           !token_digit(peek(offset + 4));
  }
  // Inside brackets a comma separates, unless others there do it with a space after them: (1,000, 2,000).
  [[nodiscard]] bool comma_groups() const {
    if (brackets_.empty() || !brackets_.back().lists) return true;
    const std::size_t end = std::min(text_.find_first_of(")]}", at_), text_.size());
    return text_.substr(brackets_.back().begin, end - brackets_.back().begin).find(", ") != std::string_view::npos;
  }
  [[nodiscard]] bool space_groups() const {
    std::size_t offset = 4;
    while (group_at(offset) && peek(offset) == ' ') offset += 4;
    while (peek(offset) == ' ') ++offset;
    return peek(offset) != '/';  // 1 200/7 is a mixed number
  }

  void digits(std::string& out) {
    while (token_digit(peek(0))) out += text_[at_++];
  }
  void number() {
    std::string out;
    digits(out);
    const std::size_t lead = out.size();
    while (lead >= 1 && lead <= 3 && group_at(0) &&
           ((peek(0) == ',' && comma_groups()) || (peek(0) == ' ' && space_groups()))) {
      ++at_;
      digits(out);
    }
    if (peek(0) == '.' && !(peek(1) == '.' && peek(2) == '.')) {
      const std::size_t before = at_++;
      if (token_digit(peek(0)) || overline() || (peek(0) == '(' && token_digit(peek(1)))) {
        out = (out.empty() ? "0" : out) + ".";
        digits(out);
        period(out);
      } else if (token_letter(peek(0))) {
        at_ = before;
      }
    }
    if (out.find('.') != std::string::npos && text_.substr(at_).starts_with("...")) repeat(out);
    exponent(out);
    add(Kind::number, std::move(out));
  }
  [[nodiscard]] bool overline() const { return text_.substr(at_).starts_with("\\overline{"); }
  void period(std::string& out) {
    const std::size_t shut = text_.find(')', at_);  // 0.1(6), when nothing follows
    if (peek(0) == '(' && shut != std::string_view::npos && shut > at_ + 1 && shut + 1 == text_.size() &&
        std::all_of(text_.begin() + static_cast<std::ptrdiff_t>(at_) + 1,
                    text_.begin() + static_cast<std::ptrdiff_t>(shut), token_digit)) {
      out += text_.substr(at_);
      at_ = text_.size();
      return;
    }
    if (!overline()) return;
    const std::size_t open = at_ + 10;
    std::size_t end = open;
    while (end < text_.size() && token_digit(text_[end])) ++end;
    if (end == open || end >= text_.size() || text_[end] != '}') return;
    out += '(' + std::string(text_.substr(open, end - open)) + ')';
    at_ = end + 1;
  }
  // 0.333... and 0.1818...: the shortest group that ends the digits twice (a single digit: three times).
  void repeat(std::string& out) {
    at_ += 3;
    const std::size_t decimals = out.size() - out.find('.') - 1;
    for (std::size_t length = 1; length <= 12 && length * 2 <= decimals; ++length) {
      const std::string_view all = out;
      const std::string_view last = all.substr(all.size() - length);
      const bool twice = all.substr(all.size() - 2 * length, length) == last;
      const bool thrice = 3 * length <= decimals && all.substr(all.size() - 3 * length, length) == last;
      if (twice && (length > 1 || thrice)) {
        out = std::string(all.substr(0, all.size() - length)) + '(' + std::string(last) + ')';
        return;
      }
    }
  }
  void exponent(std::string& out) {
    if (peek(0) != 'e' && peek(0) != 'E') return;
    const std::size_t sign = peek(1) == '+' || peek(1) == '-' ? 1 : 0;
    if (!token_digit(peek(1 + sign)) || out.back() == ')') return;
    out += 'e';
    if (peek(1) == '-') out += '-';
    at_ += 1 + sign;
    digits(out);
  }

  void word() {
    std::string out;
    while (at_ < text_.size() && (token_letter(text_[at_]) || (text_[at_] == '\'' && token_letter(peek(1))))) {
      out += text_[at_++];
    }
    add(Kind::word, std::move(out));
  }
  void command() {
    const std::size_t length = command_length(text_.substr(at_ + 1));
    if (length > 0) {
      add(Kind::command, std::string(text_.substr(at_ + 1, length)));
      at_ += 1 + length;
      return;
    }
    const char next = peek(1);
    if (next == '{') {
      add(Kind::command, "set(");
      brackets_.push_back({at_ + 2, true});
    } else if (next == '}') {
      add(Kind::command, "set)");
      close();
    } else {
      add(Kind::command, next == '|' ? "||" : next == '\\' ? "row" : "?");
    }
    at_ += at_ + 1 < text_.size() ? 2 : 1;
  }
  void close() {
    if (!brackets_.empty()) brackets_.pop_back();
  }
  void symbol() {
    constexpr std::array<std::pair<std::string_view, std::string_view>, 7> doubles{
        {{"<=", "le"}, {">=", "ge"}, {"!=", "ne"}, {"==", "="}, {"**", "^"}, {"=>", "=>"}, {"->", "->"}}};
    for (const auto& [sign, symbol_name] : doubles) {
      if (text_.substr(at_).starts_with(sign)) {
        add(Kind::command, std::string(symbol_name));
        at_ += sign.size();
        return;
      }
    }
    const char c = text_[at_++];
    // A brace after a command, ^ or _ holds an argument; another one may be a set.
    const bool argument = c == '{' && !tokens_.empty() && !spaced_ && tokens_.back().kind == Kind::command &&
                          (tokens_.back().is("^") || tokens_.back().is("_") || tokens_.back().is("}") ||
                           tokens_.back().text.size() > 1);
    if (c == '(' || c == '[' || c == '{') brackets_.push_back({at_, !argument});
    if (c == ')' || c == ']' || c == '}') close();
    add(Kind::command, std::string(1, c));
  }

  std::string_view text_;
  std::size_t at_ = 0;
  bool spaced_ = false;
  struct Bracket {
    std::size_t begin;  // of what is inside
    bool lists;         // it may hold several things: not the argument of a command
  };
  std::vector<Bracket> brackets_;  // open ones
  std::vector<AnswerToken> tokens_;
};

}  // namespace

std::vector<AnswerToken> answer_tokens(std::string_view cleaned) { return AnswerLexer(cleaned).run(); }

std::string plain_words(std::string_view cleaned) {
  std::string out;
  for (std::size_t i = 0; i < cleaned.size(); ++i) {
    const char c = cleaned[i];
    const bool inside = i > 0 && i + 1 < cleaned.size() && token_digit(cleaned[i - 1]) && token_digit(cleaned[i + 1]);
    if (token_letter(c) || token_digit(c)) {
      out += static_cast<char>((c & 0x80) != 0 ? c : std::tolower(static_cast<unsigned char>(c)));
    } else if (inside && (c == '.' || c == ':' || c == '/' || c == '-')) {  // 2:3 is not 2.3
      out += c;
    } else if (c != '\'' && !out.empty() && out.back() != ' ') {
      out += ' ';
    }
  }
  while (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

}  // namespace holdfast
