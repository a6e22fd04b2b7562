#include "app/widgets/fuzzy_match.h"

#include <algorithm>
#include <limits>

namespace holdfast {
namespace {

constexpr qsizetype longest_fuzzy = 200;
constexpr int impossible = std::numeric_limits<int>::min() / 2;

// One letter for each of the text, without case and accents, so that places stay places.
QString folded(QStringView text) {
  QString plain;
  plain.reserve(text.size());
  for (const QChar c : text) {
    const QString parts = c.decompositionTag() == QChar::Canonical ? c.decomposition() : QString(c);
    plain += (parts.isEmpty() ? c : parts[0]).toCaseFolded();
  }
  return plain;
}

int place_worth(QStringView text, qsizetype at) {
  if (at == 0) return 12;
  const QChar before = text[at - 1];
  if (!before.isLetterOrNumber()) return 10;
  return before.isLower() && text[at].isUpper() ? 8 : 0;  // camelCase
}

}  // namespace

std::optional<FuzzyMatch> fuzzyMatch(QStringView pattern, QStringView text) {
  QString wanted = folded(pattern);
  wanted.removeIf([](QChar c) { return c.isSpace(); });
  text = text.left(longest_fuzzy);
  const QString have = folded(text);
  const qsizetype m = wanted.size();
  const qsizetype n = have.size();
  if (m == 0) return FuzzyMatch{};
  if (m > n) return std::nullopt;
  const auto at = [n](qsizetype i, qsizetype j) { return static_cast<std::size_t>(i * n + j); };
  // best[i][j]: of the pattern's first i + 1 letters, the last of them at j; from[i][j]: where the one before stood.
  std::vector<int> best(static_cast<std::size_t>(m * n), impossible);
  std::vector<qsizetype> from(static_cast<std::size_t>(m * n), -1);
  for (qsizetype i = 0; i < m; ++i) {
    int before = impossible;  // the best of the row above, left of j, less its distance
    qsizetype before_at = -1;
    for (qsizetype j = i; j < n; ++j) {
      if (i > 0 && j > 0) {
        before = before > impossible ? before - 1 : impossible;
        if (best[at(i - 1, j - 1)] > before) {
          before = best[at(i - 1, j - 1)];
          before_at = j - 1;
        }
      }
      if (have[j] != wanted[i]) continue;
      const int worth = 4 + place_worth(text, j);
      if (i == 0) {
        best[at(i, j)] = worth - static_cast<int>(std::min<qsizetype>(j, 40) / 4);
      } else if (before > impossible) {
        best[at(i, j)] = before + worth;
        from[at(i, j)] = before_at;
        const int joined = best[at(i - 1, j - 1)] + worth + 11;  // neighbours
        if (joined > best[at(i, j)]) {
          best[at(i, j)] = joined;
          from[at(i, j)] = j - 1;
        }
      }
    }
  }
  const auto last = best.begin() + static_cast<std::ptrdiff_t>((m - 1) * n);
  const auto end = std::max_element(last, best.end());
  if (*end <= impossible / 2) return std::nullopt;
  FuzzyMatch match{*end - static_cast<int>(n / 8), {}};
  qsizetype j = end - last;
  for (qsizetype i = m - 1; i >= 0; j = from[at(i, j)], --i) match.positions.push_back(j);
  std::ranges::reverse(match.positions);
  return match;
}

}  // namespace holdfast
