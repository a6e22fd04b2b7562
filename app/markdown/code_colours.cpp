#include "app/markdown/code_colours.h"

#include <QSet>

namespace holdfast {
namespace {

struct Language {
  QSet<QString> keywords;
  QString line_comment;
  bool block_comment = false;
};

QSet<QString> words(const char* list) {
  const QStringList split = QString::fromLatin1(list).split(QLatin1Char(' '));
  return {split.begin(), split.end()};
}

const Language& language_of(const QString& name) {
  static const Language c{
      words("alignas auto bool break case catch char class const constexpr continue default delete do double else enum "
            "explicit export extern false float for friend if include inline int int64_t long namespace new noexcept "
            "nullptr operator override private protected public return short signed size_t sizeof static std struct "
            "switch template this throw true try typedef typename uint32_t uint64_t union unsigned using virtual void "
            "while fn let mut impl pub use match func go package import var interface function async await of in "
            "instanceof final extends implements boolean String null undefined defer range type"),
      QStringLiteral("//"), true};
  static const Language python{
      words(
          "and as assert async await break class continue def del elif else except False finally for from global if "
          "import in is lambda None nonlocal not or pass raise return True try while with yield self print range len"),
      QStringLiteral("#"), false};
  static const Language shell{words("if then else elif fi for while do done case esac function in return export local "
                                    "echo cd set unset source exit"),
                              QStringLiteral("#"), false};
  static const Language sql{
      words("select from where group by order insert into values update set delete create table "
            "index join left right inner outer on as and or not null primary key limit SELECT FROM "
            "WHERE GROUP BY ORDER INSERT INTO VALUES UPDATE SET DELETE CREATE TABLE INDEX JOIN LEFT "
            "RIGHT INNER OUTER ON AS AND OR NOT NULL PRIMARY KEY LIMIT"),
      QStringLiteral("--"), true};
  static const Language other{};
  static const QSet<QString> like_c = words(
      "c cc cpp c++ cxx h hpp cu cuda java js javascript ts typescript jsx tsx rust rs go golang kotlin swift cs "
      "csharp "
      "php scala dart json");
  static const QSet<QString> like_python = words("python py python3 sage julia jl ruby rb r yaml toml");
  static const QSet<QString> like_shell = words("sh bash shell zsh console make makefile dockerfile");
  if (like_c.contains(name)) return c;
  if (like_python.contains(name)) return python;
  if (like_shell.contains(name)) return shell;
  return name == QLatin1String("sql") ? sql : other;
}

bool is_word(QChar c) { return c.isLetterOrNumber() || c == QLatin1Char('_'); }

class CodeReader {
 public:
  CodeReader(QStringView code, const Language& language) : code_(code), language_(language) {}

  std::vector<CodePart> read() {
    while (at_ < code_.size()) one();
    return std::move(parts_);
  }

 private:
  void one() {
    using Kind = CodePart::Kind;
    const QChar c = code_[at_];
    if (!language_.line_comment.isEmpty() && code_.mid(at_).startsWith(language_.line_comment)) {
      return take(Kind::comment, until(QStringLiteral("\n"), 0));
    }
    if (language_.block_comment && code_.mid(at_).startsWith(QLatin1String("/*"))) {
      return take(Kind::comment, until(QStringLiteral("*/"), 2));
    }
    if (c == QLatin1Char('"') || (c == QLatin1Char('\'') && !inside_word()))
      return take(Kind::string, string_length(c));
    if (c.isDigit() && !inside_word()) return take(Kind::number, word_length(true));
    if (is_word(c)) {
      const qsizetype length = word_length(false);
      return take(language_.keywords.contains(code_.mid(at_, length).toString()) ? Kind::keyword : Kind::plain, length);
    }
    take(Kind::plain, 1);
  }

  [[nodiscard]] bool inside_word() const { return at_ > 0 && is_word(code_[at_ - 1]); }
  [[nodiscard]] qsizetype until(const QString& sign, qsizetype more) const {
    const qsizetype end = code_.indexOf(sign, at_ + more);
    return (end < 0 ? code_.size() : end + more) - at_;
  }
  [[nodiscard]] qsizetype word_length(bool with_point) const {
    qsizetype end = at_;
    while (end < code_.size() && (is_word(code_[end]) || (with_point && code_[end] == QLatin1Char('.')))) ++end;
    return end - at_;
  }
  // A string ends at its sign, or with its line.
  [[nodiscard]] qsizetype string_length(QChar sign) const {
    const QString triple(3, sign);
    if (code_.mid(at_).startsWith(triple)) {
      const qsizetype end = code_.indexOf(triple, at_ + 3);
      return (end < 0 ? code_.size() : end + 3) - at_;
    }
    for (qsizetype end = at_ + 1; end < code_.size(); ++end) {
      if (code_[end] == QLatin1Char('\n')) return end - at_;
      if (code_[end] == sign) return end + 1 - at_;
      if (code_[end] == QLatin1Char('\\')) ++end;
    }
    return code_.size() - at_;
  }
  void take(CodePart::Kind kind, qsizetype length) {
    length = std::max<qsizetype>(1, std::min(length, code_.size() - at_));
    if (!parts_.empty() && parts_.back().kind == kind) {
      parts_.back().length += length;
    } else {
      parts_.push_back({at_, length, kind});
    }
    at_ += length;
  }

  QStringView code_;
  const Language& language_;
  qsizetype at_ = 0;
  std::vector<CodePart> parts_;
};

}  // namespace

std::vector<CodePart> codeParts(QStringView code, const QString& language) {
  return CodeReader(code, language_of(language.toLower())).read();
}

}  // namespace holdfast
