// AdamW (arXiv 1711.05101) over one flat range, and what an optimiser needs around it.
//   m = b1 m + (1 - b1) g,  v = b2 v + (1 - b2) g^2,  w -= lr (m / (1 - b1^step) / (sqrt(v / (1 - b2^step)) + eps) +
//   decay w)
// with g = gradient * gradient_scale.
#pragma once

#include <cstdint>

#include "kernels/device.h"
#include "kernels/tensor.h"

namespace holdfast {

struct AdamwArgs {
  TensorView master;         // (n)  f32; in and out
  ConstTensorView gradient;  // (n)  f32
  TensorView first;          // (n)  f32; in and out
  TensorView second;         // (n)  f32; in and out
  TensorView rounded = {};   // (n)  bf16 out: the new masters; may be absent
  float learning_rate = 0.0f;
  float beta1 = 0.9f, beta2 = 0.95f, eps = 1e-8f, decay = 0.0f;
  float gradient_scale = 1.0f;
  std::int64_t step = 1;  // from 1
};
void adamw(Stream&, const AdamwArgs&);

// Sum of squares in double, the same bits every time; NaN and infinities come through. Waits for the stream.
[[nodiscard]] double sum_of_squares(Stream&, ConstTensorView values);  // (n) f32
// Sum in double, likewise.
[[nodiscard]] double sum(Stream&, ConstTensorView values);  // (n) f32

// to = from in the other of f32 and bf16 (round to nearest even); same shape.
void convert(Stream&, TensorView to, ConstTensorView from);
// to += from; f32 += f32 or bf16, same shape.
void add(Stream&, TensorView to, ConstTensorView from);

namespace cpu {
void adamw(Stream&, const AdamwArgs&);
[[nodiscard]] double sum_of_squares(Stream&, ConstTensorView values);
[[nodiscard]] double sum(Stream&, ConstTensorView values);
void convert(Stream&, TensorView to, ConstTensorView from);
void add(Stream&, TensorView to, ConstTensorView from);
}  // namespace cpu
namespace cuda {
void adamw(Stream&, const AdamwArgs&);
[[nodiscard]] double sum_of_squares(Stream&, ConstTensorView values);
[[nodiscard]] double sum(Stream&, ConstTensorView values);
void convert(Stream&, TensorView to, ConstTensorView from);
void add(Stream&, TensorView to, ConstTensorView from);
}  // namespace cuda

}  // namespace holdfast
