// The Mamba-2 recurrence over a whole sequence, by chunks in matrix form (SSD, arXiv 2405.21060 sec. 6):
//   dt[t] = clamp(softplus(dt_raw[t] + dt_bias), dt_min, dt_max)
//   h[t]  = exp(dt[t] A) h[t-1] + dt[t] x[t] (x) B[t],   y[t] = h[t] C[t] + D x[t]
// Same result as T calls of ssd_step, up to rounding. T need not divide by chunk. One sequence per call; head h reads
// group h / (H / G).
#pragma once

#include <limits>
#include <span>

#include "kernels/device.h"
#include "kernels/packed_rows.h"
#include "kernels/tensor.h"

namespace holdfast {

struct SsdScanArgs {
  TensorView y;                // (T, H, P)   out; f32, or on a GPU y and xbc in bf16 (then on tensor cores)
  TensorView state;            // (H, P, N)   f32; in: h before t = 0, out: h after t = T-1
  ConstTensorView xbc;         // (T, H*P + 2*G*N)  f32: x | B | C of each token, as the convolution leaves them
  ConstTensorView dt_raw;      // (T, H)  f32; rows stand dt_stride apart (the last H columns of in_proj's output)
  std::int64_t dt_stride = 0;  // in elements, >= H
  ConstTensorView dt_bias;     // (H)  f32
  ConstTensorView a;           // (H)  f32, negative: -exp(A_log)
  ConstTensorView d;           // (H)  f32
  std::int64_t groups = 1;     // divides H
  float dt_min = 0.0f;
  float dt_max = std::numeric_limits<float>::infinity();
  std::int64_t chunk = 32;    // changes rounding and speed alone; the CPU works chunks above 256 as 256
  TensorView log_decay = {};  // (T, H)  f32 out; may be absent. dt[t] A of each token, for the inspector
};
void ssd_scan(Stream&, const SsdScanArgs&);

// The same over packed sequences, all of which begin with one state. The inputs of the scan and of its gradients.
struct SsdPackedInputs {
  ConstTensorView xbc;           // (T, C)  C = H*P + 2*G*N; f32, or on a GPU bf16
  ConstTensorView dt_raw;        // (T, H)  dtype of xbc; rows stand dt_stride apart
  std::int64_t dt_stride = 0;    // in elements, >= H
  ConstTensorView dt_bias;       // (H)  f32
  ConstTensorView a;             // (H)  f32, negative: -exp(A_log)
  ConstTensorView d;             // (H)  f32
  ConstTensorView initial = {};  // (H, P, N)  f32; absent: zeros
  std::int64_t heads = 0, head_dim = 0, d_state = 0, groups = 1;
  float dt_min = 0.0f;
  float dt_max = std::numeric_limits<float>::infinity();
  PackedRows rows;
};
struct SsdScanPackedArgs {
  TensorView y;  // (T, H*P)  out; dtype of xbc
  SsdPackedInputs in;
};
void ssd_scan_packed(Stream&, const SsdScanPackedArgs&);

// Gradients of ssd_scan_packed. The states at the chunks' ends are computed again, in scratch memory.
struct SsdScanBackwardArgs {
  TensorView d_xbc;     // (T, C)  out; dtype of xbc
  TensorView d_dt_raw;  // (T, H)  out; dtype of xbc; rows stand d_dt_stride apart
  std::int64_t d_dt_stride = 0;
  TensorView d_a_log = {};    // (H)        f32; added to; may be absent: gradient of A_log = gradient of A times A
  TensorView d_d = {};        // (H)        f32; added to; may be absent
  TensorView d_dt_bias = {};  // (H)        f32; added to; may be absent
  TensorView d_initial = {};  // (H, P, N)  f32; added to, summed over sequences; may be absent
  ConstTensorView dy;         // (T, H*P)  dtype of xbc
  SsdPackedInputs in;
};
void ssd_scan_backward(Stream&, const SsdScanBackwardArgs&);

// Several sequences on a GPU move their states once in pending_tokens tokens (the dual form in small: "Transformers are
// SSMs", section 6): what the tokens in between put into a state waits beside it, as x, B, step sizes and decays, and
// each output takes it from there. A state is then read for each token, but seldom written.
inline constexpr int pending_tokens = 8;
// Floats of one token in one layer: x (H, P) | B (G, N) | step sizes (H) | exp(dt A) (H), and up to a multiple of 4.
[[nodiscard]] constexpr std::int64_t pending_floats(std::int64_t heads, std::int64_t head_dim, std::int64_t groups,
                                                    std::int64_t d_state) {
  return (heads * head_dim + groups * d_state + 2 * heads + 3) / 4 * 4;
}

// One token of each of B sequences, decode's form of the same recurrence. Also does the convolution step before it and
// the gate product after it, so that a layer's token is one pass over the state:
//   xBC = silu(conv(xBC)),   y = (h C + D x) * silu(z)        (the gated norm's mean is taken later, over whole groups)
// Every row of `proj` is in_proj's output z | x | B | C | dt.
struct SsdStepArgs {
  TensorView y;                    // (B, H*P)        out; f32, gated, not normed
  std::span<float* const> conv;    // B pointers to (C, K-1), C = H*P + 2*G*N; updated
  std::span<float* const> state;   // B pointers to (H, P, N); updated
  ConstTensorView proj;            // (B, 2*H*P + 2*G*N + H)  f32
  ConstTensorView conv_weight;     // (C, K)  f32
  ConstTensorView conv_bias = {};  // (C)     f32; may be absent
  ConstTensorView dt_bias;         // (H)     f32
  ConstTensorView a;               // (H)     f32
  ConstTensorView d;               // (H)     f32
  std::int64_t heads = 0, head_dim = 0, d_state = 0, groups = 1;
  float dt_min = 0.0f;
  float dt_max = std::numeric_limits<float>::infinity();
  TensorView log_decay = {};  // (B, H)  f32 out; may be absent
  TensorView trace = {};      // (B, H, 3)  f32 out: what ssd_trace gives; may be absent
  // On a GPU, in place of conv and state: the B addresses of each in device memory, to which so many elements are added
  // (a layer's part of a state). A recorded step then serves whichever sequences the tables name when it is replayed.
  ConstTensorView conv_table = {};   // (B)  i64
  ConstTensorView state_table = {};  // (B)  i64
  std::int64_t conv_offset = 0;
  std::int64_t state_offset = 0;
  // Of what state_table names: f32, or bf16, rounded to nearest even. All arithmetic is f32.
  DType state_dtype = DType::f32;
  // Where tokens may wait beside their states (keeps_pending() in stack_step.h), of each sequence: where, (L,
  // pending_tokens, pending_floats) f32, to which pending_offset elements are added; and how many do, 0 to
  // pending_tokens - 1, or their complement where all of them and this one are to be put into the state now.
  ConstTensorView pending_table = {};  // (B)  i64
  ConstTensorView pending_turns = {};  // (B)  i32
  std::int64_t pending_offset = 0;
};
void ssd_step(Stream&, const SsdStepArgs&);

// Puts the tokens that wait beside a state into it. On a GPU.
struct SsdSettleArgs {
  TensorView state;         // (L, H, P, N)  f32 or bf16; in and out
  ConstTensorView pending;  // (L, pending_tokens, pending_floats)  f32
  int tokens = 0;           // that wait: 0 to pending_tokens
  std::int64_t groups = 1;
};
void ssd_settle(Stream&, const SsdSettleArgs&);

namespace cpu {
void ssd_scan(Stream&, const SsdScanArgs&);
void ssd_scan_packed(Stream&, const SsdScanPackedArgs&);
void ssd_scan_backward(Stream&, const SsdScanBackwardArgs&);
void ssd_step(Stream&, const SsdStepArgs&);
}  // namespace cpu
namespace cuda {
void ssd_scan(Stream&, const SsdScanArgs&);
void ssd_scan_packed(Stream&, const SsdScanPackedArgs&);
void ssd_scan_backward(Stream&, const SsdScanBackwardArgs&);
void ssd_step(Stream&, const SsdStepArgs&);
void ssd_settle(Stream&, const SsdSettleArgs&);
}  // namespace cuda

}  // namespace holdfast
