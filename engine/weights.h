// The weights of a model on a device, packed for its products.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "engine/checkpoint.h"
#include "kernels/device.h"
#include "kernels/weight.h"

namespace holdfast {

// How the matrices are kept in memory: as stored, or brought to one format. Norms, A, D, dt_bias and the convolution
// are f32 always.
enum class LoadDType { stored, f32, bf16, q8, q4 };
[[nodiscard]] std::string_view name(LoadDType) noexcept;
[[nodiscard]] LoadDType load_dtype(std::string_view name);  // throws ArgumentError listing the names
// The format a stored matrix of this shape takes in memory under `dtype`. Matrices under 128 KiB stay as stored; bf16
// where a quantised format's blocks do not divide the row.
[[nodiscard]] WeightFormat memory_format(LoadDType dtype, WeightFormat stored, std::int64_t rows, std::int64_t cols);

struct LayerWeights {
  Tensor norm;           // (D)
  Weight in_proj;        // (E + C + H, D): z | x | B | C | dt
  Tensor in_proj_bias;   // (E + C + H) or empty
  Tensor conv_weight;    // (C, K)
  Tensor conv_bias;      // (C) or empty
  Tensor dt_bias;        // (H)
  Tensor a;              // (H): -exp(A_log)
  Tensor d;              // (H)
  Tensor gate_norm;      // (E)
  Weight out_proj;       // (D, E)
  Tensor out_proj_bias;  // (D) or empty
};

struct Weights {
  Weight embedding;  // (V, D)
  std::vector<LayerWeights> layers;
  Tensor norm_f;   // (D)
  Weight lm_head;  // (V, D); empty when tied to the embedding
  [[nodiscard]] const Weight& head() const noexcept { return lm_head ? lm_head : embedding; }
  [[nodiscard]] std::size_t bytes() const noexcept;

  // Reads every tensor once and gives its pages back, so memory holds one copy. Throws FormatError for a value that is
  // not finite, DeviceError when the device is too small (before anything is read).
  [[nodiscard]] static Weights load(Stream& stream, const Checkpoint& checkpoint, LoadDType dtype,
                                    const std::function<void(double)>& progress = {});
  // Random weights of a shape, for benchmarks: N(0, 0.02), A and dt_bias as Mamba-2 initialises them.
  [[nodiscard]] static Weights random(Stream& stream, const Mamba2Config& config, WeightFormat format,
                                      std::uint64_t seed);
};

// Bytes of the weights in memory, known before loading.
[[nodiscard]] std::size_t weight_bytes(DeviceKind where, const Checkpoint& checkpoint, LoadDType dtype);
[[nodiscard]] std::size_t weight_bytes(DeviceKind where, const Mamba2Config& config, WeightFormat format);

}  // namespace holdfast
