// One token of each of B sequences through a whole stack of layers of Mamba-2:
//   residual = embedding[id],  residual = layer_step(residual) for each layer,  logits = head norm(residual)
// By itself it is these ops one after the other. For several sequences and bf16 weights a GPU takes few kernels between
// the products, since it sees where one layer's end meets the next one's beginning. For one sequence and a small stack
// it takes one kernel in all.
#pragma once

#include <span>

#include "kernels/device.h"
#include "kernels/layer_step.h"
#include "kernels/tensor.h"
#include "kernels/weight.h"

namespace holdfast {

struct StackStepArgs {
  ConstTensorView ids;                    // (B)     i32; on the stream's device
  const Weight* embedding = nullptr;      // (V, D)
  std::span<const LayerStepArgs> layers;  // at least one; of one shape and with one residual, which is an output
  ConstTensorView norm;                   // (D)     f32; before the head
  const Weight* head = nullptr;           // (V, D)
  TensorView head_normed;                 // (B, D)  f32; scratch
  TensorView logits = {};                 // (B, V)  f32 out; may be absent
  float eps = 1e-5f;
};
void stack_step(Stream&, const StackStepArgs&);
// Whether stack_step takes SsdStepArgs::pending_table: many sequences on Hopper. Looks at the first layer alone, which
// all are to be like, and at no memory.
[[nodiscard]] bool keeps_pending(Stream&, const StackStepArgs&);

namespace cuda {
[[nodiscard]] bool keeps_pending(Stream&, const StackStepArgs&);
// Does it in fewer kernels, or nothing: false.
[[nodiscard]] bool stack_step(Stream&, const StackStepArgs&);
}  // namespace cuda

}  // namespace holdfast
