// The head and its loss in one, so that logits (T, V) are never kept: rows are worked in blocks, and of a block's
// logits only the losses and the gradients remain.
//   logits = x W^T,   loss[t] = weight[t] (log sum exp logits[t] - logits[t, target[t]])
//   gradients are those of scale * sum of loss
// With a low-rank part, W is W + s B A: logits = x W^T + s (x A^T) B^T, and the gradients of A and B come from products
// with rank rows and columns, never from one of the size of W.
#pragma once

#include "kernels/device.h"
#include "kernels/tensor.h"
#include "kernels/weight.h"

namespace holdfast {

struct LowRankHead {
  ConstTensorView a;    // (R, D)  dtype of x; absent: no such part
  ConstTensorView b;    // (V, R)  dtype of x
  TensorView d_a = {};  // (R, D)  f32, added to; absent: none
  TensorView d_b = {};  // (V, R)  f32, added to; absent: none. Both or neither; with them dx is wanted
  float scale = 1.0f;   // s
};

struct CrossEntropyArgs {
  TensorView loss;                 // (T)     f32 out; 0 where there is no target
  TensorView dx = {};              // (T, D)  out, dtype of x, may be x; absent: the loss alone
  TensorView d_head = {};          // (V, D)  f32, added to; absent: none
  ConstTensorView x;               // (T, D)  f32, or on a GPU bf16
  ConstTensorView head = {};       // (V, D)  dtype of x; or absent, then:
  const Weight* frozen = nullptr;  // the head as a packed weight; d_head is absent
  LowRankHead low_rank = {};
  ConstTensorView targets;  // (T)     i32 in [0, V), or -1 for none
  ConstTensorView weights;  // (T)     f32
  float scale = 1.0f;
};
void cross_entropy(Stream&, const CrossEntropyArgs&);

namespace cpu {
void cross_entropy(Stream&, const CrossEntropyArgs&);
}
namespace cuda {
void cross_entropy(Stream&, const CrossEntropyArgs&);
}

}  // namespace holdfast
