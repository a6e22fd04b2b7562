#include "app/services/inspect_metric.h"

#include <QCoreApplication>
#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

namespace holdfast {
namespace {

constexpr std::int64_t exact_timeline_numbers = 2'000'000;  // log decays that are gone through while a person waits
constexpr double longest_half_life = 1e6;                   // beyond it a head forgets nothing that matters here

QString metric_tr(const char* text) { return QCoreApplication::translate("holdfast::InspectMetric", text); }

Inspection::Series series_of(InspectMetric metric) {
  switch (metric) {
    case InspectMetric::stableRank: return Inspection::Series::stable_rank;
    case InspectMetric::write: return Inspection::Series::write;
    case InspectMetric::read: return Inspection::Series::read;
    default: return Inspection::Series::norm;
  }
}

// The mean of each row of `heads` numbers, NaN left out.
template <class Numbers>
void put_means(const Numbers& values, std::size_t heads, std::size_t column, std::size_t columns,
               std::vector<float>& to) {
  for (std::size_t layer = 0; layer * heads < values.size(); ++layer) {
    double sum = 0.0;
    int count = 0;
    for (std::size_t h = 0; h < heads; ++h) {
      const auto value = static_cast<double>(values[layer * heads + h]);
      if (std::isnan(value)) continue;
      sum += value, ++count;
    }
    to[layer * columns + column] = static_cast<float>(sum / count);  // 0 / 0: NaN
  }
}

// What lies between two samples, from the running sums at each: made(first sums, last sums, tokens) of all heads.
// roughly: sums are taken where they are known without adding up, at most 63 tokens earlier.
template <class Made>
std::vector<float> decay_timeline(const Inspection& seen, bool roughly, const Made& made) {
  const auto columns = static_cast<std::size_t>(seen.samples());
  const auto heads = static_cast<std::size_t>(seen.heads());
  std::vector<float> to(static_cast<std::size_t>(seen.layers()) * columns);
  std::vector<double> before(static_cast<std::size_t>(seen.layers()) * heads);
  std::int64_t begin = 0;
  for (std::size_t s = 0; s < columns; ++s) {
    const std::int64_t end = seen.sample_end(static_cast<std::int64_t>(s));
    std::vector<double> sums = seen.decays().after(roughly ? end / DecaySums::block * DecaySums::block : end);
    put_means(made(before, sums, begin, end), heads, s, columns, to);
    before = std::move(sums);
    begin = end;
  }
  return to;
}

}  // namespace

QString inspectMetricName(InspectMetric metric) {
  switch (metric) {
    case InspectMetric::halfLife: return metric_tr(QT_TRANSLATE_NOOP("holdfast::InspectMetric", "Half-life in tokens"));
    case InspectMetric::retention:
      return metric_tr(QT_TRANSLATE_NOOP("holdfast::InspectMetric", "Left of the chosen token"));
    case InspectMetric::norm: return metric_tr(QT_TRANSLATE_NOOP("holdfast::InspectMetric", "Norm of the state"));
    case InspectMetric::stableRank:
      return metric_tr(QT_TRANSLATE_NOOP("holdfast::InspectMetric", "Stable rank of the state"));
    case InspectMetric::write: return metric_tr(QT_TRANSLATE_NOOP("holdfast::InspectMetric", "Write strength"));
    case InspectMetric::read: return metric_tr(QT_TRANSLATE_NOOP("holdfast::InspectMetric", "Read strength"));
  }
  return {};
}

QString inspectMetricFormula(InspectMetric metric) {
  switch (metric) {
    case InspectMetric::halfLife:
      return metric_tr(QT_TRANSLATE_NOOP("holdfast::InspectMetric",
                                         "ln 2 / mean(-dt A): after so many tokens half of what was written is left."));
    case InspectMetric::retention:
      return metric_tr(
          QT_TRANSLATE_NOOP("holdfast::InspectMetric",
                            "exp of the sum of dt A over the tokens since: the exact share that is left at the end."));
    case InspectMetric::norm:
      return metric_tr(QT_TRANSLATE_NOOP("holdfast::InspectMetric",
                                         "The Frobenius norm of the head's matrix H: how much it holds."));
    case InspectMetric::stableRank:
      return metric_tr(QT_TRANSLATE_NOOP(
          "holdfast::InspectMetric", "(Frobenius norm / spectral norm) squared: on how many directions H spreads."));
    case InspectMetric::write:
      return metric_tr(QT_TRANSLATE_NOOP("holdfast::InspectMetric",
                                         "dt |x| |B|, mean over a sample's tokens: how much is written per token."));
    case InspectMetric::read:
      return metric_tr(QT_TRANSLATE_NOOP("holdfast::InspectMetric",
                                         "|H C|, mean over a sample's tokens: how much is read per token."));
  }
  return {};
}

bool inspectMetricIsLogarithmic(InspectMetric metric) {
  return metric != InspectMetric::retention && metric != InspectMetric::stableRank;
}

std::vector<float> inspectMetricValues(const Inspection& seen, InspectMetric metric, std::int64_t token) {
  if (metric == InspectMetric::halfLife) {
    std::vector<float> values;
    for (const double v : seen.half_life(0, seen.tokens())) {
      values.push_back(static_cast<float>(std::min(v, longest_half_life)));
    }
    return values;
  }
  if (metric == InspectMetric::retention) {
    const std::vector<double> kept = seen.retention(token, seen.tokens() - 1);
    return {kept.begin(), kept.end()};
  }
  const auto values = seen.values(series_of(metric), seen.samples() - 1);
  return {values.begin(), values.end()};
}

std::vector<float> inspectTimeline(const Inspection& seen, InspectMetric metric, std::int64_t token) {
  if (metric == InspectMetric::halfLife) {
    auto values =
        decay_timeline(seen, false, [](const auto& before, const auto& sums, std::int64_t begin, std::int64_t end) {
          std::vector<double> made(sums.size());
          for (std::size_t i = 0; i < sums.size(); ++i) {
            const double decay = (before[i] - sums[i]) / static_cast<double>(end - begin);
            made[i] = std::log(std::min(longest_half_life, std::numbers::ln2 / std::max(decay, 1e-300)));
          }
          return made;
        });
    for (float& value : values) value = std::exp(value);
    return values;
  }
  if (metric == InspectMetric::retention) {
    const std::vector<double> written = seen.decays().after(token + 1);
    const bool roughly = seen.tokens() * seen.layers() * seen.heads() > exact_timeline_numbers;
    return decay_timeline(seen, roughly, [&](const auto&, const auto& sums, std::int64_t, std::int64_t end) {
      std::vector<double> made(sums.size(), std::numeric_limits<double>::quiet_NaN());
      for (std::size_t i = 0; end > token && i < sums.size(); ++i)
        made[i] = std::exp(std::min(0.0, sums[i] - written[i]));
      return made;
    });
  }
  const auto columns = static_cast<std::size_t>(seen.samples());
  std::vector<float> to(static_cast<std::size_t>(seen.layers()) * columns);
  for (std::size_t s = 0; s < columns; ++s) {
    put_means(seen.values(series_of(metric), static_cast<std::int64_t>(s)), static_cast<std::size_t>(seen.heads()), s,
              columns, to);
  }
  return to;
}

QString inspectExplanation() {
  static const char* const text = QT_TRANSLATE_NOOP(
      "holdfast::InspectMetric",
      "<h3>What a head remembers</h3>"
      "<p>Each layer of a Mamba-2 model has heads, and each head one matrix H: all that it remembers. A token t "
      "changes it by</p>"
      "<p><b>H<sub>t</sub> = a<sub>t</sub> H<sub>t-1</sub> + dt<sub>t</sub> x<sub>t</sub> B<sub>t</sub><sup>T</sup>,"
      "&nbsp;&nbsp; a<sub>t</sub> = exp(dt<sub>t</sub> A),&nbsp;&nbsp; y<sub>t</sub> = H<sub>t</sub> C<sub>t</sub> + "
      "D x<sub>t</sub></b></p>"
      "<p>It forgets a share 1 - a<sub>t</sub> of everything, writes x by B, and reads by C. A is a negative number of "
      "the head; dt, x, B and C come from the token.</p>"
      "<h3>Left of a token</h3><p><b>exp(L<sub>t</sub> - L<sub>s</sub>)</b>, L being the running sum of dt A: the "
      "exact share of what token s wrote that is still in H after token t. The running sums are kept for every token "
      "and head, right to 0.000004.</p>"
      "<p>A number of the question of which no head has half left is called fading. It can be re-stated: read again "
      "where the text has come to.</p>"
      "<h3>Half-life</h3><p><b>ln 2 / mean(-dt A)</b>: after so many tokens half is left. Below 64 a head is local; "
      "above 4000 it is global. On the timeline: of the tokens between two samples.</p>"
      "<h3>Norm</h3><p><b>||H||<sub>F</sub></b>, the root of the sum of squares: how much the head holds. A norm that "
      "no longer grows while writing goes on is a memory that is full.</p>"
      "<h3>Stable rank</h3><p><b>||H||<sub>F</sub><sup>2</sup> / ||H||<sub>2</sub><sup>2</sup></b>: on how many "
      "directions H spreads, between 1 and 64 in most models. Near 1 the head remembers one thing. One head's singular "
      "values, largest first, are drawn beside its state: a steep fall means few directions.</p>"
      "<h3>Write and read strength</h3><p><b>dt |x| |B|</b> is the size of what a token adds to H, <b>|H C|</b> the "
      "size of what it reads; |D x| is what passes by the memory.</p>"
      "<h3>Read while held</h3><p>Of what a stretch of the text wrote: <b>sum of n r w exp(L<sub>t</sub> - "
      "L<sub>s</sub>) / ||H<sub>t</sub>||<sub>F</sub></b> over the later samples, each of n tokens with the read "
      "strength r, w being the write strength: how much was read while it was held, by its part of all that was held. "
      "Which part of H a read takes hangs on B and C of every token, which are not recorded; so a read is taken to "
      "meet "
      "all that H holds alike. It ranks stretches by how much use their memory can have been, and is no proof of use. "
      "Reads that were not traced (single steps on a GPU) are left out.</p>"
      "<h3>Distance of two states</h3><p><b>||A - B||<sub>F</sub> / ||A||<sub>F</sub></b> of each head: 0 for equal "
      "memories. The cosine says whether they differ in direction or only in size. The divergence is the sum of p "
      "(log p - log q) over the next token's probabilities, in nats.</p>"
      "<h3>Memory</h3><p>The state is of fixed size. A Transformer's cache grows with every token; below the "
      "break-even length it is smaller than the state.</p>"
      "<h3>What these numbers do not say</h3><p>They are exact for each layer's own recurrence. What a head's memory "
      "does for the answer is another question: a head that holds a token need not use it.</p>");
  return metric_tr(text);
}

}  // namespace holdfast
