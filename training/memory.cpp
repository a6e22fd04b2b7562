#include "training/memory.h"

#include <algorithm>

#include "kernels/error.h"
#include "training/model_pass.h"
#include "training/parameters.h"
#include "training/trainer.h"

namespace holdfast {
namespace {

std::string millions(std::int64_t count) { return std::to_string((count + 500000) / 1000000) + " million numbers"; }

}  // namespace

std::size_t MemoryEstimate::bytes() const noexcept {
  std::size_t sum = 0;
  for (const MemoryPart& part : parts) sum += part.bytes;
  return sum;
}

MemoryEstimate estimate_memory(const Mamba2Config& model, const TrainerConfig& config, std::int64_t tokens,
                               std::int64_t sequences, DeviceKind where, std::size_t frozen_bytes, std::size_t budget,
                               int ranks) {
  const ModelSlots slots(model, config);
  const bool rounded = config.compute == DType::bf16;
  PassShape shape = training_pass_shape(config, padded_rows(tokens, sequences), model.n_layer, model.n_layer);
  const std::size_t weights = Parameters::weight_bytes(slots.layout, rounded, ranks);
  const std::size_t gradients = Parameters::gradient_bytes(slots.layout, ranks);
  const std::size_t moments = Parameters::moment_bytes(slots.layout, ranks);
  const std::size_t scratch = ModelPass::scratch_bytes(model, shape, where, config.trained != Trained::full);
  const std::size_t fixed = weights + frozen_bytes + gradients + moments + scratch;
  if (config.recompute == Recompute::all) shape.kept_layers = shape.kept_convolutions = 0;
  // What is cheaper to compute again goes first.
  for (std::int64_t* kept : {&shape.kept_convolutions, &shape.kept_layers}) {
    while (config.recompute == Recompute::automatic && budget > 0 && *kept > 0 &&
           fixed + ModelPass::bytes(model, shape) > budget) {
      --*kept;
    }
  }
  MemoryEstimate estimate;
  estimate.kept_layers = shape.kept_layers;
  estimate.kept_convolutions = shape.kept_convolutions;
  const std::string numbers = millions(slots.layout.numbers());
  std::string kept = std::to_string(shape.rows) + " rows, " + std::to_string(shape.kept_layers) + " of " +
                     std::to_string(model.n_layer) + " layers kept";
  if (shape.kept_convolutions < shape.kept_layers) {
    kept += ", " + std::to_string(shape.kept_convolutions) + " with their convolution";
  }
  estimate.parts = {
      {"weights", weights, numbers + (rounded ? ", f32 and bf16" : ", f32")},
      {"gradients", gradients, numbers + ", f32"},
      {"optimiser", moments, "two moments of each" + std::string(ranks > 1 ? ", shared by the ranks" : "")},
      {"activations", ModelPass::bytes(model, shape), kept},
      {"scratch", scratch, "states between chunks, logits of a block of rows"}};
  if (frozen_bytes > 0) {
    estimate.parts.insert(estimate.parts.begin(), {"frozen weights", frozen_bytes, "the model, which is not trained"});
  }
  return estimate;
}

}  // namespace holdfast
