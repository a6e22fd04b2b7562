// Gradients of the packed scan by chunks of Q = 64 tokens, the unit of packed rows. With c[i] the sum of dt A over the
// chunk's tokens up to and with i, H0 the state before the chunk, dH1 the gradient of the state after it,
// L[i, j] = exp(c[i] - c[j]) for j <= i, S = C B^T, G = dY x^T, V = L o S o dt[j], W = L o G o dt[j]:
//
//   dx = V^T dY + dt[j] exp(c[Q-1] - c[j]) B dH1^T + D dY        dC = W B + exp(c[i]) dY H0
//   dB = W^T C + dt[j] exp(c[Q-1] - c[j]) x dH1                  dH0 = exp(c[Q-1]) dH1 + sum_i exp(c[i]) dY[i] (x) C[i]
//
// The gradient of the log decay of token t is the sum of all that passes from before t to t or later: products M[i, j]
// = V o G with j < t <= i, of H0 with tokens from t on, of tokens before t with dH1, and of H0 with dH1. So the
// diagonal of M has no part in it, and row sums minus column sums of the rest, added up from the last token, are taken
// in double: their large parts cancel exactly, since both are sums of the same floats.
//
// Who does what: first all dt; then a thread takes some rows P of a head through all chunks, forwards for the states
// and backwards for their gradients, which are kept in scratch memory (P, N) for each chunk; then a thread takes a
// chunk and a group, all heads in turn, since dB and dC are sums over them. Heads go in batches that bound the memory.
// No number depends on the batches or on the threads.
#include <algorithm>
#include <cstdint>
#include <utility>

#include "kernels/cpu/simd.h"
#include "kernels/cpu/thread_pool.h"
#include "kernels/ssd_scan.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/ssd_backward.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/cpu/activation-inl.h"
#include "kernels/cpu/product-inl.h"

#ifndef HOLDFAST_KERNELS_CPU_SSD_BACKWARD_ONCE
#define HOLDFAST_KERNELS_CPU_SSD_BACKWARD_ONCE
namespace holdfast::cpu {

constexpr std::int64_t back_chunk = PackedRows::unit;
static_assert(back_chunk % product_padding == 0);

// Sizes and the layout of scratch memory. Pp and Np are P and N padded; S chunks of all sequences.
struct BackPlan {
  const SsdScanBackwardArgs* args;
  const std::int32_t* sequence_of_unit;
  std::int64_t chunks, heads, head_dim, d_state, groups, row;  // row: floats of a token in xbc
  std::int64_t head_padded, state_padded;
  std::int64_t block_rows, blocks;  // rows of P that one piece takes through the chunks
  std::int64_t first_head, batch;   // heads that are worked now
  float* dt;                        // (H, S, Q)
  float* slope;                     // (H, S, Q)  of dt in dt_raw; 0 where it is clamped
  float* decay_high;                // (H, S, Q)  c = high + low
  float* decay_low;                 // (H, S, Q)
  double* sums;                     // (H, S, 3)  a chunk's part of the gradients of A, D and dt_bias
  float* states;                    // (batch, S, P, Np)  H0
  float* d_states;                  // (batch, S, P, Np)  dH1
  float* per_thread;
  std::int64_t thread_floats;

  [[nodiscard]] std::int64_t state_floats() const { return head_dim * state_padded; }
  [[nodiscard]] float* state_at(float* of, std::int64_t head, std::int64_t chunk) const {
    return of + ((head - first_head) * chunks + chunk) * state_floats();
  }
  [[nodiscard]] bool begins(std::int64_t chunk) const {  // a sequence
    return chunk == 0 || sequence_of_unit[chunk] != sequence_of_unit[chunk - 1];
  }
  [[nodiscard]] const float* x(std::int64_t chunk, std::int64_t head) const {
    return args->in.xbc.as<float>() + chunk * back_chunk * row + head * head_dim;
  }
  [[nodiscard]] const float* dy(std::int64_t chunk, std::int64_t head) const {
    return args->dy.as<float>() + (chunk * back_chunk * heads + head) * head_dim;
  }
  // Of a row of xbc or its gradient.
  [[nodiscard]] std::int64_t b_column(std::int64_t group) const { return heads * head_dim + group * d_state; }
  [[nodiscard]] std::int64_t c_column(std::int64_t group) const { return b_column(group) + groups * d_state; }
};

// Decays of one head's chunk.
struct BackDecays {
  alignas(64) float from_start[back_chunk];  // exp(c[i])
  alignas(64) float to_end[back_chunk];      // exp(c[Q-1] - c[j])
};

// One thread's memory for a chunk of a group. (rows, columns) of each as they are used.
struct BackChunk {
  float *b, *c, *d_b, *d_c;        // (Q, Np)
  float* b_turned;                 // (N, Q)
  float* gram;                     // (Q, Q)  S, lower triangle
  float *x, *dy, *d_x;             // (Q, Pp)
  float* x_turned;                 // (P, Q)
  float *g, *v, *w;                // (Q, Q)
  float* d_state_turned;           // (N, Pp)
  float* part;                     // (6, Np)
  double *row_sums, *column_sums;  // (Q)  of M without its diagonal
  double *entering, *leaving;      // (Q)  products of H0 with token i; of token j with dH1
  float* direct;                   // (Q)  gradient of dt but for its decay
};

}  // namespace holdfast::cpu
#endif

HWY_BEFORE_NAMESPACE();
namespace holdfast::cpu::HWY_NAMESPACE {

// dt, its slope and c of all heads for one chunk.
void back_prepare(const BackPlan& plan, std::int64_t chunk, std::int64_t thread) {
  const SsdPackedInputs& in = plan.args->in;
  float* dts = plan.per_thread + thread * plan.thread_floats;
  float* slopes = dts + product_padded(plan.heads);
  float* products = slopes + product_padded(plan.heads);
  auto* sums = reinterpret_cast<double*>(products + product_padded(plan.heads));
  std::fill(sums, sums + plan.heads, 0.0);
  for (std::int64_t i = 0; i < back_chunk; ++i) {
    const float* raw = in.dt_raw.as<float>() + (chunk * back_chunk + i) * in.dt_stride;
    for_lanes(plan.heads, [&](auto d, std::int64_t h) HWY_ATTR {
      const auto biased = hn::Add(hn::LoadU(d, raw + h), hn::LoadU(d, in.dt_bias.as<float>() + h));
      const auto plain = softplus(d, biased);
      const auto low = hn::Set(d, in.dt_min), high = hn::Set(d, in.dt_max);
      const auto dt = hn::Min(hn::Max(plain, low), high);
      const auto passes = hn::And(hn::Ge(plain, low), hn::Le(plain, high));
      hn::StoreU(dt, d, dts + h);
      hn::StoreU(hn::IfThenElseZero(passes, sigmoid(d, biased)), d, slopes + h);
      hn::StoreU(hn::Mul(dt, hn::LoadU(d, in.a.as<float>() + h)), d, products + h);
    });
    for (std::int64_t h = 0; h < plan.heads; ++h) {
      const std::int64_t at = (h * plan.chunks + chunk) * back_chunk + i;
      sums[h] += static_cast<double>(products[h]);
      const auto high = static_cast<float>(sums[h]);
      plan.dt[at] = dts[h];
      plan.slope[at] = slopes[h];
      plan.decay_high[at] = high;
      plan.decay_low[at] = static_cast<float>(sums[h] - static_cast<double>(high));
    }
  }
}

HWY_INLINE void back_decays(const BackPlan& plan, std::int64_t head, std::int64_t chunk, BackDecays& out) {
  const Wide d;
  const std::int64_t at = (head * plan.chunks + chunk) * back_chunk;
  const auto last_high = hn::Set(d, plan.decay_high[at + back_chunk - 1]);
  const auto last_low = hn::Set(d, plan.decay_low[at + back_chunk - 1]);
  for (std::int64_t j = 0; j < back_chunk; j += static_cast<std::int64_t>(hn::Lanes(d))) {
    const auto high = hn::LoadU(d, plan.decay_high + at + j);
    const auto low = hn::LoadU(d, plan.decay_low + at + j);
    hn::StoreU(decay(d, high), d, out.from_start + j);
    hn::StoreU(decay(d, hn::Add(hn::Sub(last_high, high), hn::Sub(last_low, low))), d, out.to_end + j);
  }
}

// to[i, 0..columns) = factor[i] * from[i, ...], zeros up to `padded`; without factors a copy.
HWY_INLINE void back_copy(const float* from, std::int64_t from_row, std::int64_t columns, const float* factor,
                          const float* factor2, float* to, std::int64_t padded) {
  for (std::int64_t i = 0; i < back_chunk; ++i) {
    const float* row = from + i * from_row;
    float* out = to + i * padded;
    const float scale = (factor == nullptr ? 1.0f : factor[i]) * (factor2 == nullptr ? 1.0f : factor2[i]);
    for_lanes(columns, [&](auto d, std::int64_t p)
                           HWY_ATTR { hn::StoreU(hn::Mul(hn::LoadU(d, row + p), hn::Set(d, scale)), d, out + p); });
    std::fill(out + columns, out + padded, 0.0f);
  }
}

// after = before * decay + inputs^T b, over some rows of P: one chunk of the states, or of their gradients.
HWY_INLINE void back_advance(const BackPlan& plan, const float* before, float decay_over_chunk, const float* inputs,
                             std::int64_t inputs_row, const float* b, std::int64_t rows, float* after) {
  for (std::int64_t p = 0; p < rows; p += product_tile_rows) {
    multiply_tile<Left::turned>({.start = before + p * plan.state_padded,
                                 .start_scale = decay_over_chunk,
                                 .first = {inputs + p, inputs_row, b, plan.state_padded, back_chunk},
                                 .scale = nullptr,
                                 .second = {},
                                 .out = after + p * plan.state_padded,
                                 .out_row = plan.state_padded,
                                 .columns = plan.state_padded},
                                std::min(product_tile_rows, rows - p));
  }
}

// A block of rows of one head's state: forwards through all chunks, H0 of each kept, and backwards, dH1 of each.
void back_states(const BackPlan& plan, std::int64_t index, std::int64_t thread) {
  const SsdScanBackwardArgs& args = *plan.args;
  const std::int64_t head = plan.first_head + index / plan.blocks;
  const std::int64_t p = index % plan.blocks * plan.block_rows;
  const std::int64_t rows = std::min(plan.block_rows, plan.head_dim - p);
  const std::int64_t group = head / (plan.heads / plan.groups);
  const std::int64_t padded = product_padded(rows);
  float* inputs = plan.per_thread + thread * plan.thread_floats;  // (Q, padded)
  float* right = inputs + back_chunk * padded;                    // (Q, Np)
  float* carried = right + back_chunk * plan.state_padded;        // (rows, Np)
  const std::int64_t stored = (head * plan.head_dim + p) * plan.d_state;
  BackDecays decays;
  for (std::int64_t chunk = 0; chunk < plan.chunks; ++chunk) {
    float* state = plan.state_at(plan.states, head, chunk) + p * plan.state_padded;
    if (plan.begins(chunk)) {
      std::fill(state, state + rows * plan.state_padded, 0.0f);
      for (std::int64_t r = 0; args.in.initial && r < rows; ++r) {
        std::copy_n(args.in.initial.as<float>() + stored + r * plan.d_state, plan.d_state,
                    state + r * plan.state_padded);
      }
    }
    if (chunk + 1 == plan.chunks || plan.begins(chunk + 1)) continue;  // nobody reads the state after it
    back_decays(plan, head, chunk, decays);
    const float* dt = plan.dt + (head * plan.chunks + chunk) * back_chunk;
    back_copy(plan.x(chunk, head) + p, plan.row, rows, dt, decays.to_end, inputs, padded);
    back_copy(args.in.xbc.as<float>() + chunk * back_chunk * plan.row + plan.b_column(group), plan.row, plan.d_state,
              nullptr, nullptr, right, plan.state_padded);
    back_advance(plan, state, decays.from_start[back_chunk - 1], inputs, padded, right, rows,
                 plan.state_at(plan.states, head, chunk + 1) + p * plan.state_padded);
  }
  for (std::int64_t chunk = plan.chunks - 1; chunk >= 0; --chunk) {
    float* d_state = plan.state_at(plan.d_states, head, chunk) + p * plan.state_padded;
    if (chunk + 1 == plan.chunks || plan.begins(chunk + 1)) {
      std::fill(d_state, d_state + rows * plan.state_padded, 0.0f);
    }
    const bool begins = plan.begins(chunk);
    if (begins && !args.d_initial) continue;
    back_decays(plan, head, chunk, decays);
    back_copy(plan.dy(chunk, head) + p, plan.heads * plan.head_dim, rows, decays.from_start, nullptr, inputs, padded);
    back_copy(args.in.xbc.as<float>() + chunk * back_chunk * plan.row + plan.c_column(group), plan.row, plan.d_state,
              nullptr, nullptr, right, plan.state_padded);
    float* before = begins ? carried : plan.state_at(plan.d_states, head, chunk - 1) + p * plan.state_padded;
    back_advance(plan, d_state, decays.from_start[back_chunk - 1], inputs, padded, right, rows, before);
    for (std::int64_t r = 0; begins && r < rows; ++r) {
      float* to = args.d_initial.as<float>() + stored + r * plan.d_state;
      for (std::int64_t n = 0; n < plan.d_state; ++n) to[n] += carried[r * plan.state_padded + n];
    }
  }
}

HWY_INLINE float back_dot(const float* a, const float* b, std::int64_t count) {
  const Wide d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  auto sum = hn::Zero(d);
  for (std::int64_t i = 0; i < count; i += lanes) sum = hn::MulAdd(hn::LoadU(d, a + i), hn::LoadU(d, b + i), sum);
  return hn::GetLane(hn::SumOfLanes(d, sum));
}

// What the heads of a group share in a chunk; d_b and d_c so far, of heads of earlier batches.
HWY_INLINE void back_load_group(const BackPlan& plan, const BackChunk& w, std::int64_t chunk, std::int64_t group,
                                bool goes_on) {
  const float* rows = plan.args->in.xbc.as<float>() + chunk * back_chunk * plan.row;
  const float* d_rows = plan.args->d_xbc.as<float>() + chunk * back_chunk * plan.row;
  const std::int64_t b = plan.b_column(group), c = plan.c_column(group), padded = plan.state_padded;
  back_copy(rows + b, plan.row, plan.d_state, nullptr, nullptr, w.b, padded);
  back_copy(rows + c, plan.row, plan.d_state, nullptr, nullptr, w.c, padded);
  turn(w.b, padded, back_chunk, plan.d_state, w.b_turned, back_chunk);
  if (goes_on) {
    back_copy(d_rows + b, plan.row, plan.d_state, nullptr, nullptr, w.d_b, padded);
    back_copy(d_rows + c, plan.row, plan.d_state, nullptr, nullptr, w.d_c, padded);
  } else {
    std::fill_n(w.d_b, back_chunk * padded, 0.0f);
    std::fill_n(w.d_c, back_chunk * padded, 0.0f);
  }
  for (std::int64_t i = 0; i < back_chunk; i += product_tile_rows) {
    const std::int64_t count = std::min(product_tile_rows, back_chunk - i);
    multiply_tile<Left::rows>({.start = nullptr,
                               .start_scale = 0.0f,
                               .first = {w.c + i * padded, padded, w.b_turned, back_chunk, plan.d_state},
                               .scale = nullptr,
                               .second = {},
                               .out = w.gram + i * back_chunk,
                               .out_row = back_chunk,
                               .columns = product_padded(i + count)},
                              count);
  }
}

// Row i of V and W, and what it adds to the sums of M and to the direct gradients of dt.
HWY_INLINE void back_triangle_row(const BackPlan& plan, const BackChunk& w, std::int64_t at, std::int64_t i) {
  const Wide d;
  const hn::ScalableTag<double> wide;
  const hn::Rebind<float, decltype(wide)> narrow;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  const auto high = hn::Set(d, plan.decay_high[at + i]);
  const auto low = hn::Set(d, plan.decay_low[at + i]);
  alignas(64) float m[back_chunk];
  for (std::int64_t j = 0; j < back_chunk; j += lanes) {
    float* v_row = w.v + i * back_chunk + j;
    float* w_row = w.w + i * back_chunk + j;
    if (j > i) {
      hn::StoreU(hn::Zero(d), d, v_row);
      hn::StoreU(hn::Zero(d), d, w_row);
      continue;
    }
    const auto rest = hn::Add(hn::Sub(high, hn::LoadU(d, plan.decay_high + at + j)),
                              hn::Sub(low, hn::LoadU(d, plan.decay_low + at + j)));
    const auto past = hn::FirstN(d, static_cast<std::size_t>(std::min(i + 1 - j, lanes)));
    const auto l = hn::IfThenElseZero(past, decay(d, rest));
    const auto s = hn::IfThenElseZero(past, hn::LoadU(d, w.gram + i * back_chunk + j));
    const auto g = hn::IfThenElseZero(past, hn::LoadU(d, w.g + i * back_chunk + j));
    const auto dt = hn::LoadU(d, plan.dt + at + j);
    const auto ls = hn::Mul(l, s);
    hn::StoreU(hn::Mul(ls, dt), d, v_row);
    hn::StoreU(hn::Mul(hn::Mul(l, g), dt), d, w_row);
    const auto lsg = hn::Mul(ls, g);
    hn::StoreU(hn::Add(hn::LoadU(d, w.direct + j), lsg), d, w.direct + j);
    hn::StoreU(hn::Mul(lsg, dt), d, m + j);
  }
  m[i] = 0.0f;  // a token's product with itself passes nothing on; in the sums it would only add rounding
  auto row_sum = hn::Zero(wide);
  const std::int64_t end = i / lanes * lanes + lanes;
  for (std::int64_t j = 0; j < end; j += static_cast<std::int64_t>(hn::Lanes(wide))) {
    const auto value = hn::PromoteTo(wide, hn::LoadU(narrow, m + j));
    row_sum = hn::Add(row_sum, value);
    hn::StoreU(hn::Add(hn::LoadU(wide, w.column_sums + j), value), wide, w.column_sums + j);
  }
  w.row_sums[i] = hn::GetLane(hn::SumOfLanes(wide, row_sum));
}

// G, V, W and the sums of M.
HWY_INLINE void back_triangle(const BackPlan& plan, const BackChunk& w, std::int64_t at) {
  std::fill_n(w.column_sums, back_chunk, 0.0);
  std::fill_n(w.direct, back_chunk, 0.0f);
  for (std::int64_t i = 0; i < back_chunk; i += product_tile_rows) {
    const std::int64_t count = std::min(product_tile_rows, back_chunk - i);
    multiply_tile<Left::rows>(
        {.start = nullptr,
         .start_scale = 0.0f,
         .first = {w.dy + i * plan.head_padded, plan.head_padded, w.x_turned, back_chunk, plan.head_dim},
         .scale = nullptr,
         .second = {},
         .out = w.g + i * back_chunk,
         .out_row = back_chunk,
         .columns = product_padded(i + count)},
        count);
    for (std::int64_t r = 0; r < count; ++r) back_triangle_row(plan, w, at, i + r);
  }
}

// dx, and what tokens add to dt through the state after the chunk.
HWY_INLINE void back_inputs(const BackPlan& plan, const BackChunk& w, const BackDecays& decays, std::int64_t at,
                            float skip, float* d_x) {
  const std::int64_t padded = plan.head_padded;
  for (std::int64_t j = 0; j < back_chunk; j += product_tile_rows) {
    const std::int64_t count = std::min(product_tile_rows, back_chunk - j);
    float* out = w.d_x + j * padded;
    const ProductTile from_end{
        .start = nullptr,
        .start_scale = 0.0f,
        .first = {w.b + j * plan.state_padded, plan.state_padded, w.d_state_turned, padded, plan.d_state},
        .scale = nullptr,
        .second = {},
        .out = out,
        .out_row = padded,
        .columns = padded};
    multiply_tile<Left::rows>(from_end, count);
    for (std::int64_t r = 0; r < count; ++r) {
      const std::int64_t token = j + r;
      const float dot = back_dot(w.x + token * padded, out + r * padded, padded) * decays.to_end[token];
      w.direct[token] += dot;
      w.leaving[token] = static_cast<double>(dot) * static_cast<double>(plan.dt[at + token]);
      const float scale = plan.dt[at + token] * decays.to_end[token];
      for_lanes(padded, [&](auto d, std::int64_t p) HWY_ATTR {
        float* value = out + r * padded + p;
        hn::StoreU(hn::Mul(hn::LoadU(d, value), hn::Set(d, scale)), d, value);
      });
    }
    ProductTile from_later = from_end;
    from_later.start = out;
    from_later.start_scale = 1.0f;
    from_later.first = {w.v + j * back_chunk + j, back_chunk, w.dy + j * padded, padded, back_chunk - j};
    multiply_tile<Left::turned>(from_later, count);
    for (std::int64_t r = 0; r < count; ++r) {
      const float* dy = w.dy + (j + r) * padded;
      for_lanes(plan.head_dim, [&](auto d, std::int64_t p) HWY_ATTR {
        const auto value = hn::LoadU(d, out + r * padded + p);
        hn::StoreU(hn::MulAdd(hn::Set(d, skip), hn::LoadU(d, dy + p), value), d, d_x + (j + r) * plan.row + p);
      });
    }
  }
}

// into[i] += scale[i] * (left state) for some rows: tile `part` was computed; then the product with the triangle.
template <Left left_lies>
HWY_INLINE void back_add_group(const BackPlan& plan, const BackChunk& w, const float* scale, const Product& triangle,
                               float* into, std::int64_t count) {
  const std::int64_t padded = plan.state_padded;
  for (std::int64_t r = 0; r < count; ++r) {
    for_lanes(padded, [&](auto d, std::int64_t n) HWY_ATTR {
      float* to = into + r * padded + n;
      hn::StoreU(hn::MulAdd(hn::LoadU(d, w.part + r * padded + n), hn::Set(d, scale[r]), hn::LoadU(d, to)), d, to);
    });
  }
  multiply_tile<left_lies>({.start = into,
                            .start_scale = 1.0f,
                            .first = triangle,
                            .scale = nullptr,
                            .second = {},
                            .out = into,
                            .out_row = padded,
                            .columns = padded},
                           count);
}

// This head's part of dB and dC, and the products of H0 with each token.
HWY_INLINE void back_group(const BackPlan& plan, const BackChunk& w, const BackDecays& decays, std::int64_t at,
                           const float* state, const float* d_state) {
  const std::int64_t padded = plan.state_padded;
  const auto through_state = [&](const float* left, const float* right, std::int64_t count) HWY_ATTR {
    multiply_tile<Left::rows>({.start = nullptr,
                               .start_scale = 0.0f,
                               .first = {left, plan.head_padded, right, padded, plan.head_dim},
                               .scale = nullptr,
                               .second = {},
                               .out = w.part,
                               .out_row = padded,
                               .columns = padded},
                              count);
  };
  for (std::int64_t i = 0; i < back_chunk; i += product_tile_rows) {
    const std::int64_t count = std::min(product_tile_rows, back_chunk - i);
    through_state(w.dy + i * plan.head_padded, state, count);
    for (std::int64_t r = 0; r < count; ++r) {
      w.entering[i + r] = static_cast<double>(back_dot(w.c + (i + r) * padded, w.part + r * padded, padded)) *
                          static_cast<double>(decays.from_start[i + r]);
    }
    back_add_group<Left::rows>(plan, w, decays.from_start + i,
                               {w.w + i * back_chunk, back_chunk, w.b, padded, i + count}, w.d_c + i * padded, count);
    float scale[product_tile_rows];
    for (std::int64_t r = 0; r < count; ++r) scale[r] = plan.dt[at + i + r] * decays.to_end[i + r];
    through_state(w.x + i * plan.head_padded, d_state, count);
    back_add_group<Left::turned>(plan, w, scale,
                                 {w.w + i * back_chunk + i, back_chunk, w.c + i * padded, padded, back_chunk - i},
                                 w.d_b + i * padded, count);
  }
}

// Gradients of dt_raw, and the chunk's part of those of A, D and dt_bias.
HWY_INLINE void back_steps(const BackPlan& plan, const BackChunk& w, std::int64_t head, std::int64_t chunk,
                           double passing) {
  const SsdScanBackwardArgs& args = *plan.args;
  const std::int64_t at = (head * plan.chunks + chunk) * back_chunk;
  const auto a = static_cast<double>(args.in.a.as<float>()[head]);
  double d_log[back_chunk];
  double later = 0.0;  // of tokens from t on, with those before it and with H0
  for (std::int64_t t = back_chunk - 1; t >= 0; --t) {
    later += w.row_sums[t] - w.column_sums[t] + w.entering[t];
    d_log[t] = later;
  }
  double d_a = 0.0, d_d = 0.0, d_bias = 0.0, earlier = passing;
  for (std::int64_t t = 0; t < back_chunk; ++t) {
    d_log[t] += earlier;
    earlier += w.leaving[t];
    d_a += static_cast<double>(plan.dt[at + t]) * d_log[t];
    const double d_dt = static_cast<double>(w.direct[t]) + a * d_log[t];
    const double d_raw = d_dt * static_cast<double>(plan.slope[at + t]);
    d_bias += d_raw;
    d_d += static_cast<double>(back_dot(w.dy + t * plan.head_padded, w.x + t * plan.head_padded, plan.head_padded));
    args.d_dt_raw.as<float>()[(chunk * back_chunk + t) * args.d_dt_stride + head] = static_cast<float>(d_raw);
  }
  double* sums = plan.sums + (head * plan.chunks + chunk) * 3;
  sums[0] = d_a;
  sums[1] = d_d;
  sums[2] = d_bias;
}

void back_head(const BackPlan& plan, const BackChunk& w, std::int64_t head, std::int64_t chunk) {
  const SsdScanBackwardArgs& args = *plan.args;
  const std::int64_t at = (head * plan.chunks + chunk) * back_chunk;
  const float* state = plan.state_at(plan.states, head, chunk);
  const float* d_state = plan.state_at(plan.d_states, head, chunk);
  BackDecays decays;
  back_decays(plan, head, chunk, decays);
  back_copy(plan.x(chunk, head), plan.row, plan.head_dim, nullptr, nullptr, w.x, plan.head_padded);
  back_copy(plan.dy(chunk, head), plan.heads * plan.head_dim, plan.head_dim, nullptr, nullptr, w.dy, plan.head_padded);
  turn(w.x, plan.head_padded, back_chunk, plan.head_dim, w.x_turned, back_chunk);
  turn(d_state, plan.state_padded, plan.head_dim, plan.d_state, w.d_state_turned, plan.head_padded);
  for (std::int64_t n = 0; n < plan.d_state; ++n) {
    std::fill(w.d_state_turned + n * plan.head_padded + plan.head_dim, w.d_state_turned + (n + 1) * plan.head_padded,
              0.0f);
  }
  back_triangle(plan, w, at);
  back_inputs(plan, w, decays, at, args.in.d.as<float>()[head],
              args.d_xbc.as<float>() + chunk * back_chunk * plan.row + head * plan.head_dim);
  back_group(plan, w, decays, at, state, d_state);
  double passing = 0.0;
  for (std::int64_t p = 0; p < plan.head_dim; ++p) {
    passing += static_cast<double>(
        back_dot(state + p * plan.state_padded, d_state + p * plan.state_padded, plan.state_padded));
  }
  back_steps(plan, w, head, chunk, passing * static_cast<double>(decays.from_start[back_chunk - 1]));
}

// A group's heads of this batch in one chunk.
void back_chunk_of_group(const BackPlan& plan, const BackChunk& w, std::int64_t chunk, std::int64_t group) {
  const std::int64_t of_group = plan.heads / plan.groups;
  const std::int64_t first = std::max(plan.first_head, group * of_group);
  const std::int64_t last = std::min(plan.first_head + plan.batch, (group + 1) * of_group);
  back_load_group(plan, w, chunk, group, first > group * of_group);
  for (std::int64_t head = first; head < last; ++head) back_head(plan, w, head, chunk);
  float* rows = plan.args->d_xbc.as<float>() + chunk * back_chunk * plan.row;
  for (std::int64_t i = 0; i < back_chunk; ++i) {
    std::copy_n(w.d_b + i * plan.state_padded, plan.d_state, rows + i * plan.row + plan.b_column(group));
    std::copy_n(w.d_c + i * plan.state_padded, plan.d_state, rows + i * plan.row + plan.c_column(group));
  }
}

}  // namespace holdfast::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace holdfast::cpu {
namespace {

HWY_EXPORT(back_prepare);
HWY_EXPORT(back_states);
HWY_EXPORT(back_chunk_of_group);

constexpr std::int64_t back_state_floats = std::int64_t{16} << 20;  // of states and their gradients held at a time

BackPlan back_plan(const SsdScanBackwardArgs& args, std::int64_t threads) {
  const SsdPackedInputs& in = args.in;
  BackPlan plan{};
  plan.args = &args;
  plan.sequence_of_unit = in.rows.sequence_of_unit.as<std::int32_t>();
  plan.chunks = args.dy.shape[0] / back_chunk;
  plan.heads = in.heads;
  plan.head_dim = in.head_dim;
  plan.d_state = in.d_state;
  plan.groups = in.groups;
  plan.row = in.xbc.shape[1];
  plan.head_padded = product_padded(in.head_dim);
  plan.state_padded = product_padded(in.d_state);
  const std::int64_t of_head = 2 * plan.chunks * plan.state_floats();
  plan.batch = std::clamp<std::int64_t>(back_state_floats / of_head, 1, plan.heads);
  plan.block_rows = product_padded(in.head_dim);
  while (threads > 1 && plan.block_rows > product_padding &&
         plan.batch * ((in.head_dim + plan.block_rows - 1) / plan.block_rows) < 2 * threads) {
    plan.block_rows = product_padded(plan.block_rows / 2);
  }
  plan.blocks = (in.head_dim + plan.block_rows - 1) / plan.block_rows;
  return plan;
}

// Calls place(floats) for each part of a thread's memory, in order: with a real place, they are laid out.
template <class Place>
BackChunk back_lay_out(const BackPlan& plan, const Place& place) {
  constexpr std::int64_t q = back_chunk;
  BackChunk w{};
  for (float** part : {&w.b, &w.c, &w.d_b, &w.d_c}) *part = place(q * plan.state_padded);
  w.b_turned = place(plan.d_state * q);
  for (float** part : {&w.gram, &w.g, &w.v, &w.w}) *part = place(q * q);
  for (float** part : {&w.x, &w.dy, &w.d_x}) *part = place(q * plan.head_padded);
  w.x_turned = place(plan.head_dim * q);
  w.d_state_turned = place(plan.d_state * plan.head_padded);
  w.part = place(product_tile_rows * plan.state_padded);
  for (double** part : {&w.row_sums, &w.column_sums, &w.entering, &w.leaving}) {
    *part = reinterpret_cast<double*>(place(2 * q));
  }
  w.direct = place(q);
  return w;
}

void back_allocate(Stream& stream, BackPlan& plan, std::int64_t threads) {
  std::int64_t for_chunk = 0;
  back_lay_out(plan, [&](std::int64_t floats) {
    for_chunk += product_padded(floats);
    return static_cast<float*>(nullptr);
  });
  const std::int64_t for_states =
      back_chunk * (product_padded(plan.block_rows) + plan.state_padded) + plan.block_rows * plan.state_padded;
  const std::int64_t for_dt = 5 * product_padded(plan.heads);  // three rows of floats, one of doubles
  plan.thread_floats = product_padded(std::max({for_chunk, for_states, for_dt}));
  std::int64_t total = 0;
  const auto place = [&](std::int64_t floats) { return std::exchange(total, total + product_padded(floats)); };
  const std::int64_t of_heads = plan.heads * plan.chunks * back_chunk;
  const std::int64_t dt = place(of_heads), slope = place(of_heads);
  const std::int64_t decay_high = place(of_heads), decay_low = place(of_heads);
  const std::int64_t sums = place(2 * 3 * plan.heads * plan.chunks);
  const std::int64_t states = place(plan.batch * plan.chunks * plan.state_floats());
  const std::int64_t d_states = place(plan.batch * plan.chunks * plan.state_floats());
  const std::int64_t per_thread = place(threads * plan.thread_floats);
  auto* memory = static_cast<float*>(stream.scratch(static_cast<std::size_t>(total) * sizeof(float)));
  plan.dt = memory + dt;
  plan.slope = memory + slope;
  plan.decay_high = memory + decay_high;
  plan.decay_low = memory + decay_low;
  plan.sums = reinterpret_cast<double*>(memory + sums);
  plan.states = memory + states;
  plan.d_states = memory + d_states;
  plan.per_thread = memory + per_thread;
}

// The heads from plan.first_head on.
void back_batch(ThreadPool& pool, const BackPlan& plan) {
  pool.run(plan.batch * plan.blocks, [&](std::int64_t piece, int thread) {
    HWY_DYNAMIC_DISPATCH(back_states)(plan, piece, thread);
  });
  const std::int64_t of_group = plan.heads / plan.groups;
  const std::int64_t first = plan.first_head / of_group;
  const std::int64_t groups = (plan.first_head + plan.batch - 1) / of_group - first + 1;
  pool.run(plan.chunks * groups, [&](std::int64_t piece, int thread) {
    float* memory = plan.per_thread + thread * plan.thread_floats;
    const BackChunk place =
        back_lay_out(plan, [&](std::int64_t floats) { return std::exchange(memory, memory + product_padded(floats)); });
    HWY_DYNAMIC_DISPATCH(back_chunk_of_group)(plan, place, piece / groups, first + piece % groups);
  });
}

}  // namespace

void ssd_scan_backward(Stream& stream, const SsdScanBackwardArgs& args) {
  const auto threads = static_cast<std::int64_t>(stream.pool().threads());
  BackPlan plan = back_plan(args, threads);
  back_allocate(stream, plan, threads);
  stream.pool().run(plan.chunks, [&](std::int64_t chunk, int thread) {
    HWY_DYNAMIC_DISPATCH(back_prepare)(plan, chunk, thread);
  });
  const std::int64_t batch = plan.batch;
  for (plan.first_head = 0; plan.first_head < plan.heads; plan.first_head += batch) {
    plan.batch = std::min(batch, plan.heads - plan.first_head);
    back_batch(stream.pool(), plan);
  }
  for (std::int64_t head = 0; head < plan.heads; ++head) {
    double total[3] = {};
    for (std::int64_t i = 0; i < 3 * plan.chunks; ++i) total[i % 3] += plan.sums[head * plan.chunks * 3 + i];
    const auto a = static_cast<double>(args.in.a.as<float>()[head]);
    if (args.d_a_log) args.d_a_log.as<float>()[head] += static_cast<float>(total[0] * a);
    if (args.d_d) args.d_d.as<float>()[head] += static_cast<float>(total[1]);
    if (args.d_dt_bias) args.d_dt_bias.as<float>()[head] += static_cast<float>(total[2]);
  }
}

}  // namespace holdfast::cpu
#endif  // HWY_ONCE
