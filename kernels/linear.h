// Matrix products with a weight: y = x W^T (+ bias) (+ y).
//
// Accuracy on the CPU: f32, f16 weights: f32 products and sums. bf16: up to 8 rows f32 activations, above that
// activations rounded to bf16 where the processor has bf16 dot products. Quantised: activations in 16 bits with a scale
// per 32 columns (error about 2^-16 of the group's largest), integer sums, so that the weights' rounding is the only
// one that shows. The result of a row does not depend on which other rows are in the call as long as their number is on
// the same side of 8.
//
// On a GPU, sums are f32. f32 and f16 weights: f32 products, without tf32. bf16 weights: up to 4 rows f32 activations, up
// to 32 rows activations in 16 bits (two bf16 parts), above that in bf16. Quantised weights: one row activations in 16
// bits with a scale per 16 or 32 columns, up to 16 rows f32, above that activations and decoded weights in bf16.
#pragma once

#include <cstdint>
#include <span>

#include "kernels/device.h"
#include "kernels/tensor.h"
#include "kernels/weight.h"

namespace holdfast {

struct LinearArgs {
  TensorView y;               // (M, rows of w)  out; f32 (or bf16 on a GPU, without accumulate)
  ConstTensorView x;          // (M, cols of w)  f32 (or bf16 on a GPU)
  const Weight* w = nullptr;  //
  ConstTensorView bias;       // (rows of w)     f32; may be absent
  bool accumulate = false;    // true: y += x W^T + bias (the residual)
};
void linear(Stream&, const LinearArgs&);

struct EmbeddingArgs {
  TensorView y;         // (M, cols of table)  out; f32
  ConstTensorView ids;  // (M)                 i32, each in [0, rows of table): checked, ArgumentError
  const Weight* table = nullptr;
};
void embedding(Stream&, const EmbeddingArgs&);

// The same from a plain table, for training.
struct EmbeddingTableArgs {
  TensorView y;           // (T, D)  f32 out
  ConstTensorView ids;    // (T)     i32, each in [0, V): the caller has checked
  ConstTensorView table;  // (V, D)  f32
};
void embedding_from_table(Stream&, const EmbeddingTableArgs&);

// d_table[ids[t]] += dy[t], in ascending order of t for each id. `order` lists the rows by id, `begins` where each id's
// rows begin in it: what sort_by_id makes.
struct EmbeddingBackwardArgs {
  TensorView d_table;      // (V, D)  f32; added to
  ConstTensorView dy;      // (T, D)  f32
  ConstTensorView order;   // (T)     i32
  ConstTensorView begins;  // (V + 1) i32
};
void embedding_backward(Stream&, const EmbeddingBackwardArgs&);
// On the CPU. Each id in [0, begins.size() - 1); order.size() = ids.size().
void sort_by_id(std::span<const std::int32_t> ids, std::span<std::int32_t> order, std::span<std::int32_t> begins);

namespace cpu {
void linear(Stream&, const LinearArgs&);
void embedding(Stream&, const EmbeddingArgs&);
void embedding_from_table(Stream&, const EmbeddingTableArgs&);
void embedding_backward(Stream&, const EmbeddingBackwardArgs&);
}  // namespace cpu
namespace cuda {
void linear(Stream&, const LinearArgs&);
void embedding(Stream&, const EmbeddingArgs&);
void embedding_from_table(Stream&, const EmbeddingTableArgs&);
void embedding_backward(Stream&, const EmbeddingBackwardArgs&);
}  // namespace cuda

}  // namespace holdfast
