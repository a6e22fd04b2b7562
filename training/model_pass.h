// Forward and backward of a whole model over the rows of one pass, for Trainer: which buffers there are, in what order
// the ops run, and what is kept or computed again.
//
// Kept of every layer is its input, the residual (f32), which the norm leaves where it adds what the layer before gave.
// Of layers whose activations are kept also in_proj's output and the scan's, and of some of these the convolution's,
// which is cheap. What the norms gave comes once more from their gradients, in the place of the gradients they were
// given.
//
// What is not in the flat buffers is frozen. A frozen matrix with an adapter is never made whole, and neither is its
// gradient: y = W x + s B (A x),  dx = W^T dy + s A^T (B^T dy),  dB = s dy^T (A x),  dA = s (B^T dy)^T x.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "engine/config.h"
#include "engine/weights.h"
#include "kernels/device.h"
#include "training/memory.h"
#include "training/model_slots.h"
#include "training/packed_batch.h"
#include "training/parameters.h"

namespace holdfast {

struct PassShape {
  std::int64_t rows = 0;               // of the largest pass, padding included
  std::int64_t kept_layers = 0;        // the last ones, whose backward comes first
  std::int64_t kept_convolutions = 0;  // of the last of these
  DType dtype = DType::f32;            // of the mixer's activations
  std::int64_t lora_rank = 0;          // 0: no adapters
  float lora_scale = 1.0f;
};

// Of a run's config.
[[nodiscard]] PassShape training_pass_shape(const TrainerConfig& config, std::int64_t rows, std::int64_t kept_layers,
                                            std::int64_t kept_convolutions);

class ModelPass {
 public:
  // Bytes of the buffers that the constructor allocates.
  [[nodiscard]] static std::size_t bytes(const Mamba2Config& model, const PassShape& shape);
  // Of what the ops take from the stream beside them. frozen: matrices are not in the flat buffers.
  [[nodiscard]] static std::size_t scratch_bytes(const Mamba2Config& model, const PassShape& shape, DeviceKind where,
                                                 bool frozen);

  // All of these outlive it. memory: the stream's device or an arena of it. frozen: null where all is trained.
  ModelPass(Stream& stream, std::shared_ptr<Device> memory, const Mamba2Config& model, const ModelSlots& slots,
            Parameters& parameters, const Weights* frozen, const PassShape& shape);

  // To be called when masters have changed: A from A_log.
  void weights_changed();
  // Sum of the weighted losses. Waits for the stream.
  [[nodiscard]] double loss(const PackedPass& pass);
  // Of the pass that was the last one: (T) f32, each row's part of that sum, 0 for padding and where there is no
  // target.
  [[nodiscard]] ConstTensorView row_losses(const PackedPass& pass);
  // Called when the gradients of this layer's matrices are complete for the pass, from the last layer to the first.
  using LayerDone = std::function<void(std::int64_t layer)>;
  // The same, with the gradients of scale times that sum added to those of the parameters. layer_done may be empty.
  [[nodiscard]] double loss_and_gradients(const PackedPass& pass, float scale, const LayerDone& layer_done);

 private:
  void forward(const PassInputs& in);
  void mix(const PassInputs& in, std::int64_t layer, TensorView proj, TensorView xbc, TensorView scanned);
  void backward_layer(const PassInputs& in, std::int64_t layer);
  void head(const PassInputs& in, float scale, bool with_gradients);
  void embed(const PassInputs& in);
  void embed_backward(const PassInputs& in);

  // A matrix of the model: in the flat buffers, or frozen and with an adapter or without.
  struct Matrix {
    const Slot& slot;
    const LoraSlots& lora;
    const Weight* frozen;
  };
  // The small tensors of a layer, wherever they lie; what the model has not is empty.
  struct LayerVectors {
    ConstTensorView norm, in_proj_bias, conv_weight, conv_bias, dt_bias, a, d, gate_norm, out_proj_bias, initial;
  };
  [[nodiscard]] LayerVectors vectors(std::int64_t layer);
  [[nodiscard]] Matrix in_proj(std::int64_t layer) const;
  [[nodiscard]] Matrix out_proj(std::int64_t layer) const;
  [[nodiscard]] ConstTensorView norm_f();
  [[nodiscard]] ConstTensorView matrix(const Slot& slot);
  [[nodiscard]] ConstTensorView vector(const Slot& slot);
  [[nodiscard]] ConstTensorView a(std::int64_t layer);
  // y = x W^T + bias
  void product(TensorView y, ConstTensorView x, const Matrix& w, ConstTensorView bias);
  // dx, unless it is empty; then the gradients of W or of its adapter. dx of a product comes first.
  void product_backward(TensorView dx, ConstTensorView dy, const Matrix& w);
  void matrix_backward(ConstTensorView dy, ConstTensorView x, const Matrix& w);
  // Whether anything below this layer's output is trained that is not the layer itself.
  [[nodiscard]] bool trained_below(std::int64_t layer) const;
  [[nodiscard]] bool keeps(std::int64_t layer) const { return layer >= model_.n_layer - shape_.kept_layers; }
  [[nodiscard]] bool keeps_convolution(std::int64_t layer) const {
    return layer >= model_.n_layer - shape_.kept_convolutions;
  }
  // Where these of a layer lie: in places of their own, or where those of all others do.
  [[nodiscard]] TensorView proj_of(std::int64_t layer, std::int64_t rows);
  [[nodiscard]] TensorView scanned_of(std::int64_t layer, std::int64_t rows);
  [[nodiscard]] TensorView xbc_of(std::int64_t layer, std::int64_t rows);
  [[nodiscard]] TensorView residual_of(std::int64_t layer, std::int64_t rows);
  [[nodiscard]] Tensor allocate(DType dtype, std::int64_t columns);
  [[nodiscard]] TensorView rows_of(Tensor& buffer, std::int64_t rows);
  [[nodiscard]] TensorView rounded_gradient(std::int64_t rows);  // of d_residual_; empty in f32
  [[nodiscard]] TensorView columns(TensorView matrix, std::int64_t first, std::int64_t count) const;
  void norm(TensorView y, ConstTensorView x, ConstTensorView weight);
  // Of the residual before `layer` (or before the head), which it leaves: that before the layer below and its output.
  void norm_of_sum(TensorView y, std::int64_t layer, std::int64_t rows, ConstTensorView weight);
  void gate(TensorView y, ConstTensorView scanned, ConstTensorView proj, ConstTensorView weight);
  void convolve(const PassInputs& in, std::int64_t layer, TensorView xbc, TensorView proj);

  Stream& stream_;
  std::shared_ptr<Device> memory_;
  const Mamba2Config& model_;
  const ModelSlots& slots_;
  Parameters& parameters_;
  const Weights* frozen_;
  PassShape shape_;
  Tensor inputs_;                 // i32, see PackedPass
  std::vector<Tensor> residual_;  // L + 1 of (T, D)  f32
  std::vector<Tensor> proj_;      // (T, E + C + H), of kept layers; the first serves all others
  std::vector<Tensor> scanned_;   // (T, E)
  std::vector<Tensor> xbc_;       // (T, C), likewise
  Tensor normed_, gated_;         // (T, D), (T, E); backward they hold their gradients first
  Tensor mixed_;                  // (T, D)  a layer's output; backward d_residual in bf16, where activations are
  Tensor d_residual_;             // (T, D)  f32
  Tensor d_scanned_, d_xbc_, d_proj_;
  Tensor inner_, d_inner_;  // (T, R)  x A^T of an adapter, and s dy B
  Tensor rows_, d_rows_;    // (T, R)  f32: rows of the embedding's B, and their gradients
  Tensor losses_;           // (T)  f32
  Tensor a_;                // -exp of all A_log, laid out as they are
};

}  // namespace holdfast
