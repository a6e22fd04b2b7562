// Hands the flat gradients over to be summed over ranks in the order in which backward completes them, so that sums
// run beside the rest of backward: the matrices of the last layers first, together where they are small; what is
// complete only at the end (embedding, head, vectors of all layers) last.
#pragma once

#include <cstdint>
#include <vector>

#include "training/model_slots.h"
#include "training/parameters.h"
#include "training/reducer.h"

namespace holdfast {

class GradientSums {
 public:
  static constexpr std::int64_t smallest_part = std::int64_t{1} << 20;  // elements: less is mostly latency

  // size: of the flat buffer, which the parts cover without a gap and without overlap. Parts of layers have at least
  // `smallest` elements.
  GradientSums(const ModelSlots& slots, std::int64_t size, std::int64_t smallest = smallest_part);

  struct Part {
    FlatRange range;
    std::int64_t layer;  // whose backward completes it; -1: the end of backward
  };
  [[nodiscard]] const std::vector<Part>& parts() const noexcept { return parts_; }

  // Of one step, in this order on every rank: layer_done for the layers from the last to the first as backward of the
  // rank's last pass leaves them (a rank without a pass leaves this out), then finish, after which the stream sees the
  // sums. Every rank hands over the same parts in the same order.
  void begin() noexcept { next_ = 0; }
  void layer_done(std::int64_t layer, Stream& stream, Parameters& parameters, Reducer& reducer);
  void finish(Stream& stream, Parameters& parameters, Reducer& reducer);

 private:
  void hand_over(Stream& stream, Parameters& parameters, Reducer& reducer);
  std::vector<Part> parts_;
  std::size_t next_ = 0;
};

}  // namespace holdfast
