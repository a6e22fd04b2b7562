// Figures of the state memory, for the inspector: how large each head's matrix is, on how many directions it spreads,
// what a token wrote and what was read. Nothing here changes a state. They are made where the state is, so that only
// these few numbers move.
#pragma once

#include "kernels/device.h"
#include "kernels/tensor.h"

namespace holdfast {

// norm = ||H||_F;  stable_rank = ||H||_F^2 / ||H||_2^2, between 1 and min(P, N), 0 for a head that holds nothing.
struct StateStatsArgs {
  TensorView norm;              // (H)        f32 out
  TensorView stable_rank = {};  // (H)        f32 out; may be absent: on the processor it costs three times the norm
  ConstTensorView state;        // (H, P, N)  f32
};
void state_stats(Stream&, const StateStatsArgs&);

// After ssd_scan, of each token t and head h:
//   write = dt ||x|| ||B||: the Frobenius norm of what was added to the state,   read = ||H C||,   skip = ||D x||
// dt is log_decay / A; H C is what y holds without D x, exact to the rounding of y.
struct SsdTraceArgs {
  TensorView trace;           // (T, H, 3)  f32 out: write, read, skip
  ConstTensorView y;          // (T, H, P)  as ssd_scan left it: f32, or on a GPU y and xbc in bf16
  ConstTensorView xbc;        // (T, H*P + 2*G*N)
  ConstTensorView log_decay;  // (T, H)     f32
  ConstTensorView a;          // (H)        f32
  ConstTensorView d;          // (H)        f32
  std::int64_t d_state = 0, groups = 1;
};
void ssd_trace(Stream&, const SsdTraceArgs&);

namespace cpu {
void state_stats(Stream&, const StateStatsArgs&);
void ssd_trace(Stream&, const SsdTraceArgs&);
}  // namespace cpu
namespace cuda {
void state_stats(Stream&, const StateStatsArgs&);
void ssd_trace(Stream&, const SsdTraceArgs&);
}  // namespace cuda

}  // namespace holdfast
