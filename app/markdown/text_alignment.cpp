#include "app/markdown/text_alignment.h"

#include <algorithm>

namespace holdfast {
namespace {

// Where the two part, the nearest place is taken at which so many characters agree, looked for so far ahead: much has
// to agree for a long way, one character is enough behind an emphasis.
struct AlignmentProbe {
  qsizetype agree, ahead;
};
constexpr AlignmentProbe alignment_probes[] = {{8, 2000}, {4, 400}, {2, 60}, {1, 12}};

qsizetype past_space(QStringView text, qsizetype at) {
  while (at < text.size() && text[at].isSpace()) ++at;
  return at;
}

// Whether the next `wanted` characters agree, white space left out; fewer where `shown` ends.
bool agrees(QStringView shown, qsizetype i, QStringView source, qsizetype k, qsizetype wanted) {
  for (; wanted > 0; --wanted) {
    i = past_space(shown, i);
    if (i == shown.size()) return true;
    k = past_space(source, k);
    if (k == source.size() || source[k] != shown[i]) return false;
    ++i, ++k;
  }
  return true;
}

qsizetype next_place(QStringView shown, qsizetype i, QStringView source, qsizetype from) {
  for (const AlignmentProbe& probe : alignment_probes) {
    const qsizetype end = std::min(source.size(), from + probe.ahead);
    for (qsizetype k = from; k < end; ++k) {
      if (source[k] == shown[i] && agrees(shown, i, source, k, probe.agree)) return k;
    }
  }
  return -1;
}

}  // namespace

std::vector<qsizetype> alignText(QStringView shown, QStringView source) {
  std::vector<qsizetype> places;
  places.reserve(static_cast<std::size_t>(shown.size()));
  qsizetype next = 0;
  for (qsizetype i = 0; i < shown.size(); ++i) {
    qsizetype place = -1;
    if (shown[i].isSpace()) {
      if (next < source.size() && source[next].isSpace()) place = next;
    } else {
      const qsizetype expected = past_space(source, next);
      place = expected < source.size() && source[expected] == shown[i] ? expected
                                                                       : next_place(shown, i, source, expected);
    }
    if (place >= 0) next = place + 1;
    places.push_back(place >= 0 ? place : places.empty() ? 0 : places.back());
  }
  return places;
}

std::vector<qsizetype> pieceStarts(const QStringList& pieces, QStringView text) {
  const std::vector<qsizetype> places = alignText(text, pieces.join(QString()));
  std::vector<qsizetype> starts;
  qsizetype begin = 0, at = 0;  // of the piece among all pieces; in the text
  for (const QString& piece : pieces) {
    while (at < text.size() && places[static_cast<std::size_t>(at)] < begin) ++at;
    starts.push_back(at);
    begin += piece.size();
  }
  starts.push_back(text.size());
  return starts;
}

qsizetype pieceAt(const std::vector<qsizetype>& starts, qsizetype character) {
  if (starts.empty() || character < 0 || character >= starts.back()) return -1;
  return std::ranges::upper_bound(starts, character) - starts.begin() - 1;
}

}  // namespace holdfast
