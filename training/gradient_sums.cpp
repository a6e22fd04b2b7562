#include "training/gradient_sums.h"

#include <algorithm>

namespace holdfast {

GradientSums::GradientSums(const ModelSlots& slots, std::int64_t size, std::int64_t smallest) {
  // Layers lie one behind the other: [begin, upto) is complete and not yet in a part.
  std::int64_t first = size;  // of all parts so far
  std::int64_t last = -1;     // behind them
  std::int64_t begin = 0;
  std::int64_t upto = -1;
  for (auto layer = static_cast<std::int64_t>(slots.layers.size()) - 1; layer >= 0; --layer) {
    const FlatRange range = slots.matrices(layer);
    if (range.count == 0) continue;
    if (upto < 0) upto = last < 0 ? range.offset + range.count : first;
    begin = range.offset;
    if (upto - begin < smallest) continue;
    parts_.push_back({{begin, upto - begin}, layer});
    if (last < 0) last = upto;
    first = begin;
    upto = -1;
  }
  if (last < 0) first = last = 0;
  if (first > 0) parts_.push_back({{0, first}, -1});
  if (last < size) parts_.push_back({{last, size - last}, -1});
}

void GradientSums::hand_over(Stream& stream, Parameters& parameters, Reducer& reducer) {
  reducer.begin_sum(stream, parameters.gradients(parts_[next_].range));
  ++next_;
}

void GradientSums::layer_done(std::int64_t layer, Stream& stream, Parameters& parameters, Reducer& reducer) {
  while (next_ < parts_.size() && parts_[next_].layer >= layer) hand_over(stream, parameters, reducer);
}

void GradientSums::finish(Stream& stream, Parameters& parameters, Reducer& reducer) {
  while (next_ < parts_.size()) hand_over(stream, parameters, reducer);
  reducer.wait(stream);
}

}  // namespace holdfast
