#include "training/answer_expr.h"

#include <algorithm>
#include <array>
#include <utility>

namespace holdfast {
namespace {

using Kind = AnswerExpr::Kind;

constexpr std::array<std::string_view, 24> expr_functions{
    "sin",    "cos",    "tan",    "cot",    "sec",    "csc",    "arcsin", "arccos", "arctan", "sinh", "cosh", "tanh",
    "ln",     "log",    "exp",    "sqrt",   "cbrt",   "abs",    "floor",  "ceil",   "asin",   "acos", "atan", "lg"};
constexpr std::array<std::string_view, 18> expr_greek{"alpha", "beta",  "gamma", "delta", "theta", "lambda",
                                                      "mu",    "nu",    "phi",   "psi",   "omega", "sigma",
                                                      "tau",   "rho",   "kappa", "eta",   "xi",    "epsilon"};
constexpr std::array<std::pair<std::string_view, std::string_view>, 16> expr_relations{
    {{"=", "="}, {"<", "<"}, {">", ">"}, {"le", "<="}, {"leq", "<="}, {"ge", ">="}, {"geq", ">="},
     {"ne", "!="}, {"neq", "!="}, {"equiv", "="}, {"leqslant", "<="}, {"geqslant", ">="}, {"lt", "<"}, {"gt", ">"},
     {"approx", "="}, {"in", "in"}}};
// Letters that stand for a product when written together. Without most vowels, so that words stay words.
constexpr std::string_view expr_letters = "abcdhkmnpqrstuvwxyzABCDEFGHKLMNPQRSTVWXYZ";

template <class List>
bool one_of(const List& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

AnswerExpr make(Kind kind, std::string text, std::vector<AnswerExpr> parts = {}) {
  return {kind, std::move(text), std::move(parts)};
}

class AnswerParser {
 public:
  explicit AnswerParser(std::span<const AnswerToken> tokens) : tokens_(tokens) {}

  std::optional<AnswerExpr> run() {
    AnswerExpr whole = items();
    if (failed_ || at_ != tokens_.size()) return std::nullopt;
    return whole;
  }

 private:
  // Anything nested passes here, so depth is bounded in one place.
  class Nested {
   public:
    explicit Nested(AnswerParser& parser) : parser_(parser) {
      if (++parser_.depth_ > answer_max_depth / 4) parser_.fail();
    }
    ~Nested() { --parser_.depth_; }
    Nested(const Nested&) = delete;
    Nested& operator=(const Nested&) = delete;

   private:
    AnswerParser& parser_;
  };

  AnswerExpr fail() {
    failed_ = true;
    at_ = tokens_.size();
    return {};
  }
  [[nodiscard]] bool done() const { return at_ >= tokens_.size(); }
  [[nodiscard]] bool next_is(std::string_view symbol) const { return !done() && tokens_[at_].is(symbol); }
  [[nodiscard]] bool next_is_word(std::string_view word) const {
    return !done() && tokens_[at_].kind == AnswerToken::Kind::word && tokens_[at_].text == word;
  }
  bool take(std::string_view symbol) {
    if (!next_is(symbol)) return false;
    ++at_;
    return true;
  }
  void want(std::string_view symbol) {
    if (!take(symbol)) fail();
  }

  AnswerExpr items() {
    std::vector<AnswerExpr> parts;
    bool all_or = true;
    parts.push_back(joined());
    while (separator(all_or)) parts.push_back(joined());
    if (parts.size() == 1) return std::move(parts[0]);
    // "x < 1 or x > 2" is a union; "x = 1 or x = 2" is a list of values.
    const bool ranges = all_or && std::all_of(parts.begin(), parts.end(), [](const AnswerExpr& part) {
      return part.kind == Kind::relation && (part.text[0] == '<' || part.text[0] == '>');
    });
    return make(ranges ? Kind::join : Kind::sequence, "", std::move(parts));
  }
  bool separator(bool& all_or) {
    const std::size_t before = at_;
    while (true) {
      if (take(",") || take(";") || take_word("and")) {
        all_or = false;
      } else if (!take_word("or")) {
        break;
      }
    }
    return at_ != before && !done();
  }
  bool take_word(std::string_view word) {
    if (!next_is_word(word)) return false;
    ++at_;
    return true;
  }

  AnswerExpr joined() {
    std::vector<AnswerExpr> parts;
    parts.push_back(relation());
    while (take("cup") || (parts.back().kind == Kind::sequence && (take_word("U") || take_word("union")))) {
      parts.push_back(relation());
    }
    return parts.size() == 1 ? std::move(parts[0]) : make(Kind::join, "", std::move(parts));
  }

  AnswerExpr relation() {
    std::vector<AnswerExpr> parts;
    std::string signs;
    parts.push_back(sum());
    while (!done() && !failed_) {
      const auto sign = std::find_if(expr_relations.begin(), expr_relations.end(),
                                     [&](const auto& entry) { return tokens_[at_].is(entry.first); });
      if (sign == expr_relations.end()) break;
      ++at_;
      signs += (signs.empty() ? "" : " ") + std::string(sign->second);
      parts.push_back(sum());
    }
    return parts.size() == 1 ? std::move(parts[0]) : make(Kind::relation, signs, std::move(parts));
  }

  AnswerExpr sum() {
    const Nested nested(*this);
    std::vector<AnswerExpr> parts;
    if (next_is("pm") || next_is("mp")) {
      parts.push_back(signed_term());
    } else {
      parts.push_back(product());
    }
    while (!failed_) {
      if (take("+")) {
        parts.push_back(product());
      } else if (take("-")) {
        parts.push_back(negative(product()));
      } else if (next_is("pm") || next_is("mp")) {
        parts.push_back(signed_term());
      } else {
        break;
      }
    }
    return parts.size() == 1 ? std::move(parts[0]) : make(Kind::sum, "", std::move(parts));
  }
  AnswerExpr signed_term() {
    const std::string sign = tokens_[at_++].text == "pm" ? "+" : "-";
    return make(Kind::plus_minus, sign, {product()});
  }
  static AnswerExpr negative(AnswerExpr e) {
    return make(Kind::product, "", {make(Kind::number, "-1"), std::move(e)});
  }
  static AnswerExpr inverse(AnswerExpr e) { return make(Kind::inverse, "", {std::move(e)}); }

  AnswerExpr product() {
    std::vector<AnswerExpr> parts;
    parts.push_back(unary());
    while (!failed_) {
      if (take("*") || take("cdot") || take("times") || take_cross()) {
        parts.push_back(unary());
      } else if (take("/") || take("div")) {
        parts.push_back(inverse(unary()));
      } else if (starts_factor()) {
        parts.push_back(power());
      } else {
        break;
      }
    }
    return parts.size() == 1 ? std::move(parts[0]) : make(Kind::product, "", std::move(parts));
  }
  // 3 x 10^8: a letter between two numbers, apart from both.
  bool take_cross() {
    if (at_ == 0 || at_ + 1 >= tokens_.size() || !next_is_word("x") || !tokens_[at_].spaced) return false;
    if (tokens_[at_ - 1].kind != AnswerToken::Kind::number || tokens_[at_ + 1].kind != AnswerToken::Kind::number ||
        !tokens_[at_ + 1].spaced)
      return false;
    ++at_;
    return true;
  }
  // Something that multiplies without a sign between.
  [[nodiscard]] bool starts_factor() const {
    if (done()) return false;
    const AnswerToken& token = tokens_[at_];
    if (token.kind == AnswerToken::Kind::word) return token.text != "and" && token.text != "or" && token.text != "U";
    if (token.kind == AnswerToken::Kind::number) return false;
    return token.is("(") || token.is("{") || token.is("frac") || token.is("binom") || token.is("dbinom") ||
           token.is("pi") || token.is("infty") || token.is("lfloor") || token.is("lceil") ||
           is_function_name(token.text) || one_of(expr_greek, token.text);
  }

  AnswerExpr unary() {
    bool minus = false;
    while (next_is("-") || next_is("+")) minus ^= tokens_[at_++].is("-");
    AnswerExpr e = power();
    return minus ? negative(std::move(e)) : e;
  }

  AnswerExpr power() {
    const Nested nested(*this);
    AnswerExpr base = postfix();
    if (!take("^")) return base;
    if (take("circ") || take("deg")) return degrees(std::move(base));
    const bool group = take("{");
    if (group && (take("circ") || take("deg"))) {
      want("}");
      return degrees(std::move(base));
    }
    AnswerExpr exponent = group ? sum() : unary_exponent();
    if (group) want("}");
    AnswerExpr raised = make(Kind::power, "", {std::move(base), std::move(exponent)});
    return take("!") ? make(Kind::call, "factorial", {std::move(raised)}) : raised;
  }
  AnswerExpr unary_exponent() {
    const Nested nested(*this);
    return unary();
  }
  static AnswerExpr degrees(AnswerExpr e) { return make(Kind::call, "degrees", {std::move(e)}); }

  AnswerExpr postfix() {
    AnswerExpr e = primary();
    for (int count = 0; !done() && !failed_; ++count) {
      if (count == 3) return fail();
      if (take("!")) {
        e = make(Kind::call, "factorial", {std::move(e)});
      } else if (take("%")) {
        e = make(Kind::product, "", {std::move(e), inverse(make(Kind::number, "100"))});
      } else if (take("deg")) {
        e = degrees(std::move(e));
      } else {
        break;
      }
    }
    return e;
  }

  AnswerExpr primary() {
    const Nested nested(*this);
    if (done()) return fail();
    const AnswerToken& token = tokens_[at_];
    if (token.kind == AnswerToken::Kind::number) return number();
    if (token.kind == AnswerToken::Kind::word) return word();
    if (token.is("(") || token.is("[")) return bracket();
    if (token.is("]")) return bracket();  // ]1,2[
    if (token.is("{") || token.is("set(")) return braces();
    if (token.is("|")) return absolute();
    return command();
  }

  AnswerExpr number() {
    AnswerExpr first = make(Kind::number, tokens_[at_++].text);
    const bool whole = first.text.find_first_of(".e(") == std::string::npos;
    if (!whole) return first;
    if (next_is("_")) return based(std::move(first));
    // 3 1/2 and 3\frac12 are mixed numbers.
    const bool fraction = at_ + 2 < tokens_.size() && tokens_[at_].kind == AnswerToken::Kind::number &&
                          tokens_[at_ + 1].is("/") && tokens_[at_ + 2].kind == AnswerToken::Kind::number;
    if (fraction) {
      AnswerExpr top = make(Kind::number, tokens_[at_].text);
      AnswerExpr bottom = make(Kind::number, tokens_[at_ + 2].text);
      at_ += 3;
      return make(Kind::sum, "",
                  {std::move(first), make(Kind::product, "", {std::move(top), inverse(std::move(bottom))})});
    }
    if (next_is("frac")) {
      const std::size_t before = at_;
      AnswerExpr part = command();
      const bool numbers = !failed_ && part.kind == Kind::product && part.parts.size() == 2 &&
                           part.parts[0].kind == Kind::number && part.parts[1].kind == Kind::inverse &&
                           part.parts[1].parts[0].kind == Kind::number;
      if (numbers) return make(Kind::sum, "", {std::move(first), std::move(part)});
      if (!failed_) at_ = before;
    }
    return first;
  }
  // 1011_2: digits in a base.
  AnswerExpr based(AnswerExpr digits) {
    ++at_;
    const bool group = take("{");
    if (done() || tokens_[at_].kind != AnswerToken::Kind::number) return fail();
    AnswerExpr base = make(Kind::number, tokens_[at_++].text);
    if (group) want("}");
    return make(Kind::call, "base", {std::move(digits), std::move(base)});
  }

  AnswerExpr word() {
    const std::string text = tokens_[at_].text;
    if (text == "pi" || text == "e" || text == "i") {
      ++at_;
      return make(Kind::constant, text);
    }
    if (text == "infinity" || text == "inf" || text == "oo") {
      ++at_;
      return make(Kind::constant, "infinity");
    }
    if (is_function_name(text)) return function();
    const bool letters = text.size() <= 3 && std::all_of(text.begin(), text.end(), [](char c) {
                           return expr_letters.find(c) != std::string_view::npos;
                         });
    const bool letter = text.size() == 1 && (text[0] & 0x80) == 0;
    if (!letter && !letters) return fail();
    ++at_;
    if (letter) return variable(text);
    std::vector<AnswerExpr> factors;
    for (const char c : text) factors.push_back(make(Kind::variable, std::string(1, c)));
    // A power belongs to the last letter alone.
    if (next_is("^")) {
      ++at_;
      const bool group = take("{");
      AnswerExpr exponent = group ? sum() : unary_exponent();
      if (group) want("}");
      factors.back() = make(Kind::power, "", {std::move(factors.back()), std::move(exponent)});
    }
    return make(Kind::product, "", std::move(factors));
  }
  AnswerExpr variable(std::string name) {
    if (take("_")) {
      const bool group = take("{");
      if (done()) return fail();
      name += '_' + tokens_[at_++].text;
      if (group) want("}");
    }
    return make(Kind::variable, std::move(name));
  }

  AnswerExpr bracket() {
    const std::string open = tokens_[at_++].text;
    if (take(open == "(" ? ")" : "]")) return open == "(" ? fail() : make(Kind::sequence, "[]");
    AnswerExpr inside = items();
    if (failed_) return {};
    const bool closes = next_is(")") || next_is("]") || next_is("[");
    if (!closes) return fail();
    const std::string close = tokens_[at_++].text;
    const bool list = inside.kind == Kind::sequence && inside.text.empty();
    if (!list) return open == "(" && close == ")" ? inside : make(Kind::sequence, open + close, {std::move(inside)});
    inside.text = (open == "(" || open == "]" ? "(" : "[") + std::string(close == ")" || close == "[" ? ")" : "]");
    return inside;
  }
  AnswerExpr braces() {
    const bool set = tokens_[at_++].is("set(");
    const char* close = set ? "set)" : "}";
    if (take(close)) return make(Kind::sequence, "{}");
    AnswerExpr inside = items();
    if (!set && take("over")) inside = make(Kind::product, "", {std::move(inside), inverse(items())});
    want(close);
    if (failed_) return {};
    const bool list = inside.kind == Kind::sequence && inside.text.empty();
    if (list) inside.text = "{}";
    return list || !set ? inside : make(Kind::sequence, "{}", {std::move(inside)});
  }
  AnswerExpr absolute() {
    ++at_;
    AnswerExpr inside = sum();
    want("|");
    return make(Kind::call, "abs", {std::move(inside)});
  }

  // {argument}, or a single digit or letter as in \frac12.
  AnswerExpr argument() {
    const Nested nested(*this);
    if (take("{")) {
      AnswerExpr inside = sum();
      want("}");
      return inside;
    }
    if (done()) return fail();
    return primary();
  }
  AnswerExpr command() {
    const std::string text = tokens_[at_].text;
    if (text == "frac") return fraction();
    if (text == "sqrt") return root();
    if (text == "binom" || text == "dbinom") {
      ++at_;
      AnswerExpr n = argument();
      return make(Kind::call, "binomial", {std::move(n), argument()});
    }
    if (text == "pi" || text == "infty") {
      ++at_;
      return make(Kind::constant, text == "pi" ? "pi" : "infinity");
    }
    if (text == "emptyset" || text == "varnothing") {
      ++at_;
      return make(Kind::sequence, "{}");
    }
    if (text == "lfloor" || text == "lceil") {
      ++at_;
      AnswerExpr inside = sum();
      want(text == "lfloor" ? "rfloor" : "rceil");
      return make(Kind::call, text == "lfloor" ? "floor" : "ceil", {std::move(inside)});
    }
    if (text == "begin") return matrix();
    if (text == "langle") return angles();
    if (is_function_name(text)) return function();
    if (one_of(expr_greek, text)) {
      ++at_;
      return variable(text);
    }
    return fail();
  }
  AnswerExpr angles() {  // \langle 1, 2 \rangle
    ++at_;
    AnswerExpr inside = items();
    want("rangle");
    if (inside.kind != Kind::sequence || !inside.text.empty()) return fail();
    inside.text = "()";
    return inside;
  }
  AnswerExpr fraction() {
    ++at_;
    // \frac12 and \frac1{20}: the digits belong one by one to the two places.
    if (!done() && tokens_[at_].kind == AnswerToken::Kind::number && tokens_[at_].text.size() == 2) {
      const std::string digits = tokens_[at_++].text;
      return make(Kind::product, "",
                  {make(Kind::number, digits.substr(0, 1)), inverse(make(Kind::number, digits.substr(1)))});
    }
    AnswerExpr top = argument();
    return make(Kind::product, "", {std::move(top), inverse(argument())});
  }
  AnswerExpr root() {
    ++at_;
    if (!take("[")) return make(Kind::call, "sqrt", {argument()});
    AnswerExpr degree = sum();
    want("]");
    AnswerExpr inside = argument();
    return make(Kind::call, "root", {std::move(inside), std::move(degree)});
  }
  AnswerExpr matrix() {
    const Nested nested(*this);
    ++at_;
    want("{");
    const std::string name = done() ? "" : tokens_[at_].text;
    if (name != "pmatrix" && name != "bmatrix" && name != "matrix") return fail();
    ++at_;
    want("}");
    std::vector<AnswerExpr> rows(1, make(Kind::sequence, "()"));
    while (!failed_ && !next_is("end")) {
      rows.back().parts.push_back(sum());
      if (take("row")) {
        if (!next_is("end")) rows.push_back(make(Kind::sequence, "()"));
      } else if (!next_is("end")) {
        want("&");
      }
    }
    want("end");
    want("{");
    if (!done()) ++at_;
    want("}");
    return make(Kind::matrix, "", std::move(rows));
  }

  AnswerExpr function() {
    const Nested nested(*this);
    std::string name = tokens_[at_++].text;
    if (name == "asin" || name == "acos" || name == "atan") name = "arc" + name.substr(1);
    std::vector<AnswerExpr> parts(1);
    if (take("_")) parts.push_back(argument());
    std::optional<AnswerExpr> exponent;
    if (take("^")) exponent = argument();
    const bool turned = exponent && exponent->kind == Kind::product && exponent->parts.size() == 2 &&
                        exponent->parts[0].text == "-1" && exponent->parts[1].text == "1";
    if (turned && (name == "sin" || name == "cos" || name == "tan")) {  // \sin^{-1} is the arcsine
      name.insert(0, "arc");
      exponent.reset();
    }
    parts[0] = function_argument();
    AnswerExpr call = make(Kind::call, name == "lg" ? "log" : name, std::move(parts));
    return exponent ? make(Kind::power, "", {std::move(call), std::move(*exponent)}) : call;
  }
  // sin(x) takes the bracket; sin 2x takes what multiplies without a sign.
  AnswerExpr function_argument() {
    if (next_is("(")) return bracket();
    if (next_is("{")) return argument();
    bool minus = false;
    while (next_is("-")) minus ^= tokens_[at_++].is("-");
    std::vector<AnswerExpr> factors;
    factors.push_back(power());
    while (!failed_ && starts_factor() && !next_is("(") && !is_function_name(tokens_[at_].text)) {
      factors.push_back(power());
    }
    AnswerExpr e = factors.size() == 1 ? std::move(factors[0]) : make(Kind::product, "", std::move(factors));
    return minus ? negative(std::move(e)) : e;
  }

  std::span<const AnswerToken> tokens_;
  std::size_t at_ = 0;
  int depth_ = 0;
  bool failed_ = false;
};

}  // namespace

bool is_function_name(std::string_view word) noexcept { return one_of(expr_functions, word); }

std::optional<AnswerExpr> parse_answer(std::span<const AnswerToken> tokens) {
  if (tokens.empty()) return std::nullopt;
  return AnswerParser(tokens).run();
}

}  // namespace holdfast
