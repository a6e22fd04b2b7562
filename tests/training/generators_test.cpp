// Laws that every family keeps, over many seeds: what is written is true, complete, and the same every time.
//
// Seen failing: a product written wrong, a given left out of the statement, a rationale without text, an answer that
// the last line contradicts.
#include <QTest>
#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <optional>
#include <set>

#include "kernels/error.h"
#include "training/generators/catalogue.h"

using namespace holdfast;
using namespace holdfast::generators;

namespace {

constexpr std::uint64_t seeds_of_each = 1000;

// Sums, products, quotients, powers of exact numbers, as a long double: values are small.
class Reckoner {
 public:
  explicit Reckoner(std::string_view text) : text_(text) {}
  std::optional<long double> value() {
    const auto v = sum();
    skip();
    return at_ == text_.size() ? v : std::nullopt;
  }

 private:
  void skip() {
    while (at_ < text_.size() && text_[at_] == ' ') ++at_;
  }
  bool take(char c) {
    skip();
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  std::optional<long double> sum() {
    auto v = product();
    while (v) {
      if (take('+')) {
        const auto w = product();
        v = w ? std::optional(*v + *w) : std::nullopt;
      } else if (take('-')) {
        const auto w = product();
        v = w ? std::optional(*v - *w) : std::nullopt;
      } else {
        break;
      }
    }
    return v;
  }
  std::optional<long double> product() {
    auto v = power();
    while (v) {
      if (take('*')) {
        const auto w = power();
        v = w ? std::optional(*v * *w) : std::nullopt;
      } else if (take('/')) {
        const auto w = power();
        v = w && *w != 0.0L ? std::optional(*v / *w) : std::nullopt;
      } else {
        break;
      }
    }
    return v;
  }
  std::optional<long double> power() {
    const auto v = atom();
    if (!v || !take('^')) return v;
    const auto w = atom();
    return w ? std::optional(std::pow(*v, *w)) : std::nullopt;
  }
  std::optional<long double> atom() {
    skip();
    if (take('-')) {
      const auto v = power();
      return v ? std::optional(-*v) : std::nullopt;
    }
    if (take('(')) {
      const auto v = sum();
      return take(')') ? v : std::nullopt;
    }
    const std::size_t begin = at_;
    while (at_ < text_.size() && (std::isdigit(static_cast<unsigned char>(text_[at_])) != 0 || text_[at_] == '.'))
      ++at_;
    if (at_ == begin) return std::nullopt;
    const std::string digits(text_.substr(begin, at_ - begin));
    if (digits.find_first_not_of('.') == std::string::npos || std::ranges::count(digits, '.') > 1) return std::nullopt;
    return std::stold(digits);
  }
  std::string_view text_;
  std::size_t at_ = 0;
};

// The equations of a line: runs of arithmetic signs around "=". The number of those that could be reckoned is counted.
QString false_equation(std::string_view line, int* checked) {
  const auto arithmetic = [](char c) {
    return std::isdigit(static_cast<unsigned char>(c)) != 0 || std::strchr(" .+-*/^()=", c) != nullptr;
  };
  for (std::size_t begin = 0; begin < line.size();) {
    if (!arithmetic(line[begin])) {
      ++begin;
      continue;
    }
    std::size_t end = begin;
    while (end < line.size() && arithmetic(line[end])) ++end;
    // A letter or a percent sign right beside the run, or "mod" or "% of" before it: the side there is more than
    // arithmetic.
    const auto more = [](char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '!' || c == '%'; };
    const bool open_left =
        begin > 0 && ((line[begin] != ' ' && more(line[begin - 1])) || line.substr(0, begin).ends_with("mod") ||
                      line.substr(0, begin).ends_with("% of"));
    const bool open_sign =
        begin > 0 && line[begin] == ' ' && begin + 1 < end && std::strchr("+-*/", line[begin + 1]) != nullptr;
    const bool open_right = end < line.size() && line[end - 1] != ' ' && more(line[end]);
    std::string_view run = line.substr(begin, end - begin);
    begin = end;
    while (!run.empty() && (run.back() == '.' || run.back() == ' ')) run.remove_suffix(1);
    std::vector<std::optional<long double>> sides;
    std::size_t from = 0;
    while (true) {
      const std::size_t equals = run.find('=', from);
      sides.push_back(Reckoner(run.substr(from, equals == std::string_view::npos ? equals : equals - from)).value());
      if (equals == std::string_view::npos) break;
      from = equals + 1;
    }
    if ((open_left || open_sign) && !sides.empty()) sides.front().reset();
    if (open_right && !sides.empty()) sides.back().reset();
    for (std::size_t i = 0; i + 1 < sides.size(); ++i) {
      if (!sides[i] || !sides[i + 1]) continue;
      ++*checked;
      if (std::abs(*sides[i] - *sides[i + 1]) > 1e-9L * std::max(1.0L, std::abs(*sides[i]))) {
        return QString::fromStdString(std::string(run));
      }
    }
  }
  return {};
}

QString told(const Problem& p) {
  return QString::fromStdString(std::string(p.family) + ", level " + std::to_string(p.level) + ": " + p.statement +
                                "\n" + p.solution + "\n-> " + p.answer);
}

}  // namespace

class GeneratorsTest : public QObject {
  Q_OBJECT

 private slots:
  void chains_go_on_whatever_was_drawn() {  // seen failing: some that came to a remainder of 0 gave up
    for (int level = 3; level <= 5; ++level) {
      for (std::uint64_t seed = 0; seed < 100000; ++seed) (void)make_problem(family("chain of ideas"), level, seed);
    }
  }
  void there_are_ninety_families_on_five_levels() {
    QVERIFY2(catalogue().size() >= 90, qPrintable(QString::number(catalogue().size())));
    std::set<std::string_view> names;
    for (const Family& f : catalogue()) {
      QVERIFY2(names.insert(f.name).second, std::string(f.name).c_str());
      QVERIFY(f.least_level >= easiest_level && f.most_level <= hardest_level && f.least_level <= f.most_level);
    }
    for (int level = easiest_level; level <= hardest_level; ++level) {
      QVERIFY(std::ranges::any_of(catalogue(),
                                  [&](const Family& f) { return f.least_level <= level && level <= f.most_level; }));
    }
  }

  void every_problem_is_whole_and_true_data() {
    QTest::addColumn<int>("index");
    int index = 0;
    for (const Family& f : catalogue()) QTest::newRow(std::string(f.name).c_str()) << index++;
  }
  void every_problem_is_whole_and_true() {
    QFETCH(int, index);
    const Family& f = catalogue()[static_cast<std::size_t>(index)];
    int checked = 0;
    std::set<std::string> statements;
    for (int level = f.least_level; level <= f.most_level; ++level) {
      for (std::uint64_t seed = 0; seed < seeds_of_each; ++seed) {
        const Problem p = make_problem(f, level, seed);
        const QByteArray text = told(p).toUtf8();
        statements.insert(p.statement);
        for (const std::string* part : {&p.statement, &p.solution, &p.answer, &p.rationale}) {
          QVERIFY2(!part->empty(), text);
          QVERIFY2(part->find('@') == std::string::npos, text);
          QVERIFY2(part->find("  ") == std::string::npos, text);
          QVERIFY2(part->find("..  ") == std::string::npos && part->find("... ") != 0, text);
          for (const char c : *part) QVERIFY2(c == '\n' || (c >= ' ' && c <= '~'), text);
        }
        const char end = p.statement.back();
        QVERIFY2(end == '?' || end == '.' || end == '%' || end == '$' ||
                     std::isalnum(static_cast<unsigned char>(end)) != 0 || end == ')' || end == ']',
                 text);
        QVERIFY2(!p.concepts.empty(), text);
        QVERIFY2(p.solution.size() < 1500, text);
        QVERIFY2(p.statement.find("... ") == std::string::npos || p.statement.find(", ...") != std::string::npos, text);
        for (std::size_t begin = 0; begin < p.solution.size();) {
          const std::size_t line_end = std::min(p.solution.find('\n', begin), p.solution.size());
          const QString wrong = false_equation(std::string_view(p.solution).substr(begin, line_end - begin), &checked);
          QVERIFY2(wrong.isEmpty(), ("not true: " + wrong.toUtf8() + "\n" + text));
          begin = line_end + 1;
        }
      }
    }
    QVERIFY2(checked > 0 || f.name == "order of comparison" || f.name == "rounding", "no equation was checked");
    QVERIFY2(statements.size() > 60, qPrintable(QString::number(statements.size())));
  }

  void the_same_seed_gives_the_same_text() {
    for (const Family& f : catalogue()) {
      const Problem a = make_problem(f, f.most_level, 77);
      const Problem b = make_problem(f, f.most_level, 77);
      QCOMPARE(a.statement, b.statement);
      QCOMPARE(a.solution, b.solution);
      QCOMPARE(make_problem(f, 99, 5).level, f.most_level);
    }
    // The same on every machine: this text is part of the definition.
    QCOMPARE(make_problem(family("multiplication"), 3, 1).answer, make_problem(family("multiplication"), 3, 1).answer);
  }

  void unknown_names_are_refused() { QVERIFY_EXCEPTION_THROWN((void)family("tensor calculus"), ArgumentError); }
};

QTEST_GUILESS_MAIN(GeneratorsTest)
#include "generators_test.moc"
