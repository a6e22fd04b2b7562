// One number of the memory over the tokens of a text, layer by layer, as a heat map: in Inspect and beside the
// transcript.
#pragma once

#include <memory>
#include <span>

#include "app/services/inspect_service.h"
#include "app/widgets/heatmap_view.h"

namespace holdfast {

struct InspectTimelineData {
  HeatmapData data;
  int columnTokens = 1;  // that a column stands for
};
// bySample: (L, samples), of this metric. Samples may stand at any distance; columns stand for as many tokens each.
[[nodiscard]] InspectTimelineData inspectTimelineData(const std::shared_ptr<const InspectResult>& result,
                                                      InspectMetric metric, std::span<const float> bySample);

// A token's text with its white space made visible.
[[nodiscard]] QString shownPiece(const QString& piece);

}  // namespace holdfast
