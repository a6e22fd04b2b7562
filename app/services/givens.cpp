#include "app/services/givens.h"

#include <QCoreApplication>
#include <QRegularExpression>
#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "app/markdown/text_alignment.h"
#include "app/services/problem_parts.h"

namespace holdfast {
namespace {

QString givens_tr(const char* text) { return QCoreApplication::translate("holdfast::Givens", text); }

const QRegularExpression& number_pattern() {
  static const QRegularExpression pattern(QStringLiteral(R"((?<![\w.,])[-+]?\d+(?:[.,]\d+)*(?:/\d+)?%?)"));
  return pattern;
}

// For each number of the text, in order, the sentence in which it stands.
std::vector<std::pair<QString, QString>> numbers_of(const QString& text) {
  std::vector<std::pair<QString, QString>> numbers;
  for (const std::string& bytes : sentences_of_problem(text.toStdString())) {
    const QString sentence = QString::fromStdString(bytes);
    for (auto match = number_pattern().globalMatch(sentence); match.hasNext();) {
      numbers.emplace_back(match.next().captured(), sentence.simplified());
    }
  }
  return numbers;
}

// What no head has half left of has not later either: what is left never grows.
int faded_at(const Inspection& seen, std::int64_t token) {
  std::int64_t held = token, faded = seen.tokens() - 1;
  while (faded - held > 1) {
    const std::int64_t middle = held + (faded - held) / 2;
    (std::ranges::max(seen.retention(token, middle)) < given_fades ? faded : held) = middle;
  }
  return static_cast<int>(faded);
}

}  // namespace

std::vector<GivenLeft> givensOf(const Inspection& seen, const QStringList& pieces, std::int64_t begin,
                                const QString& question) {
  const QStringList own = pieces.mid(static_cast<qsizetype>(begin));
  const std::vector<qsizetype> starts = pieceStarts(own, question);
  const std::vector<std::pair<QString, QString>> numbers = numbers_of(question);
  std::vector<GivenLeft> givens;
  std::size_t next = 0;
  for (auto match = number_pattern().globalMatch(question); match.hasNext(); ++next) {
    const QRegularExpressionMatch found = match.next();
    const QString number = found.captured();
    const bool told = next < numbers.size() && numbers[next].first == number;
    const QString sentence = told ? numbers[next].second : question.simplified();
    const qsizetype piece = pieceAt(starts, found.capturedEnd() - 1);
    const std::int64_t token = begin + piece;
    if (piece < 0 || token >= seen.tokens()) break;
    std::vector<double> kept = seen.retention(token, seen.tokens() - 1);
    const double best = std::ranges::max(kept);
    const auto middle = kept.begin() + static_cast<std::ptrdiff_t>(kept.size() / 2);
    std::ranges::nth_element(kept, middle);
    givens.push_back({.text = number,
                      .token = static_cast<int>(token),
                      .best = best,
                      .median = *middle,
                      .sentence = sentence,
                      .fadedAt = best < given_fades ? faded_at(seen, token) : -1});
  }
  return givens;
}

GivenCurves givenCurves(const Inspection& seen, const std::vector<GivenLeft>& givens, int places) {
  GivenCurves made;
  made.best.resize(givens.size());
  if (givens.empty()) return made;
  std::vector<std::vector<double>> written;
  for (const GivenLeft& given : givens) written.push_back(seen.decays().after(given.token + 1));
  const std::int64_t first = std::ranges::min_element(givens, {}, &GivenLeft::token)->token;
  const std::int64_t step = std::max<std::int64_t>(1, (seen.tokens() - first) / std::max(1, places));
  for (std::int64_t t = first;; t = std::min(t + step, seen.tokens() - 1)) {
    const std::vector<double> sums = seen.decays().after(t + 1);
    made.tokens.push_back(static_cast<double>(t));
    for (std::size_t i = 0; i < givens.size(); ++i) {
      double most = -std::numeric_limits<double>::infinity();
      for (std::size_t h = 0; h < sums.size(); ++h) most = std::max(most, sums[h] - written[i][h]);
      made.best[i].push_back(t < givens[i].token ? std::numeric_limits<double>::quiet_NaN() : std::exp(most));
    }
    if (t + 1 >= seen.tokens()) return made;
  }
}

QString givensSummary(const std::vector<GivenLeft>& givens) {
  if (givens.empty()) return {};
  const auto fading = std::ranges::count_if(givens, &GivenLeft::fades);
  const auto held = std::ranges::find_if_not(givens, &GivenLeft::fades);
  if (fading == 0) {
    return givens_tr(QT_TRANSLATE_NOOP("holdfast::Givens", "Givens held: %1 of %1")).arg(givens.size());
  }
  const QString count =
      givens_tr(QT_TRANSLATE_NOOP("holdfast::Givens", "Givens fading: %1 of %2")).arg(fading).arg(givens.size());
  if (held == givens.end()) return count;
  return count + givens_tr(QT_TRANSLATE_NOOP("holdfast::Givens", "; the oldest still held is %1")).arg(held->text);
}

QString restatement(const std::vector<GivenLeft>& givens) {
  const bool any = std::ranges::any_of(givens, &GivenLeft::fades);
  QStringList sentences;
  for (const GivenLeft& given : givens) {
    if ((given.fades() || !any) && !sentences.contains(given.sentence)) sentences << given.sentence;
  }
  if (sentences.isEmpty()) return {};
  return givens_tr(QT_TRANSLATE_NOOP("holdfast::Givens", "Remember what is given: %1"))
      .arg(sentences.join(QLatin1Char(' ')));
}

}  // namespace holdfast
