// What the inspector shows of every head: names, formulas and numbers, the same for maps, tables and exports.
#pragma once

#include <QString>
#include <array>
#include <vector>

#include "engine/inspection.h"

namespace holdfast {

enum class InspectMetric { halfLife, retention, norm, stableRank, write, read };
inline constexpr std::array inspect_metrics{InspectMetric::halfLife,   InspectMetric::retention, InspectMetric::norm,
                                            InspectMetric::stableRank, InspectMetric::write,     InspectMetric::read};

[[nodiscard]] QString inspectMetricName(InspectMetric metric);
[[nodiscard]] QString inspectMetricFormula(InspectMetric metric);  // and what it says, in a sentence
[[nodiscard]] bool inspectMetricIsLogarithmic(InspectMetric metric);
// (L, H) at the end of the text; `token`: whose retention. NaN where nothing was measured.
[[nodiscard]] std::vector<float> inspectMetricValues(const Inspection& seen, InspectMetric metric, std::int64_t token);
// (L, samples): the mean of each layer's heads, of half-lives the geometric one. Of retention: what is left of `token`
// at the sample, NaN before it.
[[nodiscard]] std::vector<float> inspectTimeline(const Inspection& seen, InspectMetric metric, std::int64_t token);
// All numbers with their formulas, as HTML: a page for who wants to know.
[[nodiscard]] QString inspectExplanation();

}  // namespace holdfast
