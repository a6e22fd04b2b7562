// The scan by chunks of Q tokens. With c[i] the sum of dt A over the chunk's tokens up to and with i, G = C B^T, and
// X[j] = dt[j] x[j], one head's chunk is three products:
//
//   y[i]  = exp(c[i]) (C[i] h) + sum_{j <= i} G[i, j] exp(c[i] - c[j]) X[j] + D x[i]
//   h     = exp(c[Q-1]) h + sum_j B[j] (x) (exp(c[Q-1] - c[j]) X[j])
//
// h is kept as (N, P) for the length of the call, so that in all three the right-hand matrix has P contiguous and the
// left-hand one is read as single numbers: one micro-kernel serves all. All exponents are <= 0, nothing overflows.
// c is a sum of doubles kept as two floats: exp of a difference is as exact late in a chunk as at its start.
//
// Who does what: first the tokens' dt and, per group and chunk, G and the turned B, once for all heads of a group. Then
// each thread takes a head (or some of its columns P, where heads are fewer than threads) through all its chunks.
#include "kernels/ssd_scan.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "kernels/cpu/simd.h"
#include "kernels/cpu/thread_pool.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/ssd_scan.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/cpu/activation-inl.h"
#include "kernels/cpu/product-inl.h"

#ifndef HOLDFAST_KERNELS_CPU_SSD_SCAN_ONCE
#define HOLDFAST_KERNELS_CPU_SSD_SCAN_ONCE
namespace holdfast::cpu {

constexpr std::int64_t scan_longest = 256;  // chunks asked to be longer are worked as this: G grows with its square
constexpr std::int64_t scan_segment = 512;  // tokens (at least one chunk) whose G and B are held at a time

// Sizes and the layout of scratch memory. S chunks make a segment; Qp is Q padded; W is the padded width of a block of
// columns of P.
struct ScanPlan {
  const SsdScanArgs* args;
  const std::int32_t* sequence_of_unit;  // of packed rows; null: one sequence
  const float* initial;                  // (H, P, N)  state before each sequence; null: zeros
  float* final;                          // (H, P, N)  state after the last token; null: not wanted
  std::int64_t tokens, heads, head_dim, d_state, groups, row;  // row: floats of a token in xbc
  std::int64_t chunk, chunk_padded, segment_chunks;
  std::int64_t block_columns, blocks;
  float* c_rows;      // (G, S, Q, N)
  float* b_turned;    // (G, S, N, Qp)
  float* gram;        // (G, S, Q, Qp)   lower triangle of C B^T
  float* dt;          // (H, S, Qp)
  float* decay_high;  // (H, S, Qp)      c = high + low
  float* decay_low;   // (H, S, Qp)
  float* state;       // (H, blocks, N, W)
  float* per_thread;  // (threads, thread_floats)
  std::int64_t thread_floats;
};

// A segment: chunks [0, chunks) of it start at token `first`.
struct ScanSegment {
  std::int64_t first, tokens, chunks;
};

}  // namespace holdfast::cpu
#endif

HWY_BEFORE_NAMESPACE();
namespace holdfast::cpu::HWY_NAMESPACE {

// dt and c of all heads for one chunk.
void scan_prepare_dt(const ScanPlan& plan, const ScanSegment& segment, std::int64_t chunk, float* row) {
  const SsdScanArgs& args = *plan.args;
  const std::int64_t first = segment.first + chunk * plan.chunk;
  const std::int64_t count = std::min(plan.chunk, segment.first + segment.tokens - first);
  const std::int64_t head_stride = plan.segment_chunks * plan.chunk_padded;
  float* products = row + plan.heads;  // dt A
  auto* sums = reinterpret_cast<double*>(row + 2 * product_padded(plan.heads));
  std::fill(sums, sums + plan.heads, 0.0);
  for (std::int64_t i = 0; i < count; ++i) {
    const float* raw = args.dt_raw.as<float>() + (first + i) * args.dt_stride;
    for_lanes(plan.heads, [&](auto d, std::int64_t h) HWY_ATTR {
      const auto biased = hn::Add(hn::LoadU(d, raw + h), hn::LoadU(d, args.dt_bias.as<float>() + h));
      const auto dt = hn::Min(hn::Max(softplus(d, biased), hn::Set(d, args.dt_min)), hn::Set(d, args.dt_max));
      hn::StoreU(dt, d, row + h);
      hn::StoreU(hn::Mul(dt, hn::LoadU(d, args.a.as<float>() + h)), d, products + h);
    });
    if (args.log_decay) {
      std::copy(products, products + plan.heads, args.log_decay.as<float>() + (first + i) * plan.heads);
    }
    const std::int64_t at = chunk * plan.chunk_padded + i;
    for (std::int64_t h = 0; h < plan.heads; ++h) {
      sums[h] += static_cast<double>(products[h]);
      const auto high = static_cast<float>(sums[h]);
      plan.dt[h * head_stride + at] = row[h];
      plan.decay_high[h * head_stride + at] = high;
      plan.decay_low[h * head_stride + at] = static_cast<float>(sums[h] - static_cast<double>(high));
    }
  }
}

// C, turned B and G of one group and chunk.
void scan_prepare_group(const ScanPlan& plan, const ScanSegment& segment, std::int64_t chunk, std::int64_t group) {
  const std::int64_t first = segment.first + chunk * plan.chunk;
  const std::int64_t count = std::min(plan.chunk, segment.first + segment.tokens - first);
  const std::int64_t at = group * plan.segment_chunks + chunk;
  const float* b = plan.args->xbc.as<float>() + first * plan.row + plan.heads * plan.head_dim + group * plan.d_state;
  const float* c = b + plan.groups * plan.d_state;
  float* c_rows = plan.c_rows + at * plan.chunk * plan.d_state;
  float* b_turned = plan.b_turned + at * plan.d_state * plan.chunk_padded;
  float* gram = plan.gram + at * plan.chunk * plan.chunk_padded;
  for (std::int64_t i = 0; i < count; ++i) {
    std::copy(c + i * plan.row, c + i * plan.row + plan.d_state, c_rows + i * plan.d_state);
  }
  turn(b, plan.row, count, plan.d_state, b_turned, plan.chunk_padded);
  for (std::int64_t n = 0; n < plan.d_state; ++n) {
    std::fill(b_turned + n * plan.chunk_padded + count, b_turned + (n + 1) * plan.chunk_padded, 0.0f);
  }
  for (std::int64_t i = 0; i < count; i += product_tile_rows) {
    const std::int64_t rows = std::min(product_tile_rows, count - i);
    const Product product{c_rows + i * plan.d_state, plan.d_state, b_turned, plan.chunk_padded, plan.d_state};
    multiply_tile<Left::rows>({.start = nullptr,
                               .start_scale = 0.0f,
                               .first = product,
                               .scale = nullptr,
                               .second = {},
                               .out = gram + i * plan.chunk_padded,
                               .out_row = plan.chunk_padded,
                               .columns = product_padded(i + rows)},
                              rows);
  }
}

// Piece `index` of a segment's preparation: per chunk first the dt of all heads, then each group.
void scan_prepare(const ScanPlan& plan, const ScanSegment& segment, std::int64_t index, std::int64_t thread) {
  const std::int64_t chunk = index / (plan.groups + 1);
  const std::int64_t group = index % (plan.groups + 1) - 1;
  if (group < 0) {
    scan_prepare_dt(plan, segment, chunk, plan.per_thread + thread * plan.thread_floats);
  } else {
    scan_prepare_group(plan, segment, chunk, group);
  }
}

// What one thread needs for one head's chunk.
struct ScanHeadChunk {
  const float* dt;
  const float* decay_high;
  const float* decay_low;
  const float* c_rows;
  const float* b_turned;
  const float* gram;
  const float* x;     // first token's, at the first column
  float* y;           // likewise
  float* state;       // (N, W)
  float* mixed;       // (6, Qp)  G o exp(c[i] - c[j]), some rows
  float* inputs;      // (Q, W)   X
  float* from_start;  // (Qp)     exp(c[i])
  float* to_end;      // (Qp)     exp(c[Q-1] - c[j])
  float* out;         // (6, W)
  float skip;         // D
  std::int64_t count, columns, columns_padded, x_row, y_row, d_state, chunk_padded;
  std::int64_t next;  // tokens of the chunk after this one
};

// Rows of one head stand a page or more apart in x and y, where no hardware prefetcher follows: y's rows of the tile
// that is about to be computed and x's of the next chunk are asked for while the products run.
HWY_INLINE void scan_prefetch(const ScanHeadChunk& w, std::int64_t first, std::int64_t rows) {
  for (std::int64_t i = first; i < first + rows; ++i) {
    for (std::int64_t p = 0; p < w.columns; p += product_padding) {
      __builtin_prefetch(w.y + i * w.y_row + p, 1);
      if (i < w.next) __builtin_prefetch(w.x + (w.count + i) * w.x_row + p);
    }
  }
}

HWY_INLINE void scan_weigh(const ScanHeadChunk& w) {
  const Wide d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  const auto last_high = hn::Set(d, w.decay_high[w.count - 1]);
  const auto last_low = hn::Set(d, w.decay_low[w.count - 1]);
  // Past the end lie numbers of an earlier chunk, or none: the exponent is kept <= 0 for them, and nobody reads them.
  for (std::int64_t j = 0; j < w.count; j += lanes) {
    const auto high = hn::LoadU(d, w.decay_high + j);
    const auto low = hn::LoadU(d, w.decay_low + j);
    hn::StoreU(decay(d, high), d, w.from_start + j);
    const auto rest = hn::Add(hn::Sub(last_high, high), hn::Sub(last_low, low));
    hn::StoreU(decay(d, rest), d, w.to_end + j);
  }
  for (std::int64_t j = 0; j < w.count; ++j) {
    const float* x = w.x + j * w.x_row;
    float* to = w.inputs + j * w.columns_padded;
    for_lanes(w.columns, [&](auto tag, std::int64_t p) HWY_ATTR {
      hn::StoreU(hn::Mul(hn::LoadU(tag, x + p), hn::Set(tag, w.dt[j])), tag, to + p);
    });
    std::fill(to + w.columns, to + w.columns_padded, 0.0f);
  }
}

// Rows [first, first + rows) of G o exp(c[i] - c[j]); zero above the diagonal up to column first + rows.
HWY_INLINE void scan_mix(const ScanHeadChunk& w, std::int64_t first, std::int64_t rows) {
  const Wide d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  for (std::int64_t r = 0; r < rows; ++r) {
    const std::int64_t i = first + r;
    const auto high = hn::Set(d, w.decay_high[i]);
    const auto low = hn::Set(d, w.decay_low[i]);
    for (std::int64_t j = 0; j < first + rows; j += lanes) {
      const auto rest =
          hn::Add(hn::Sub(high, hn::LoadU(d, w.decay_high + j)), hn::Sub(low, hn::LoadU(d, w.decay_low + j)));
      const auto mixed = hn::Mul(decay(d, rest), hn::LoadU(d, w.gram + i * w.chunk_padded + j));
      const auto past = hn::FirstN(d, static_cast<std::size_t>(std::clamp<std::int64_t>(i + 1 - j, 0, lanes)));
      hn::StoreU(hn::IfThenElseZero(past, mixed), d, w.mixed + r * w.chunk_padded + j);
    }
  }
}

HWY_INLINE void scan_outputs(const ScanHeadChunk& w) {
  for (std::int64_t i = 0; i < w.count; i += product_tile_rows) {
    const std::int64_t rows = std::min(product_tile_rows, w.count - i);
    scan_prefetch(w, i, rows);
    scan_mix(w, i, rows);
    multiply_tile<Left::rows>({.start = nullptr,
                               .start_scale = 0.0f,
                               .first = {w.c_rows + i * w.d_state, w.d_state, w.state, w.columns_padded, w.d_state},
                               .scale = w.from_start + i,
                               .second = {w.mixed, w.chunk_padded, w.inputs, w.columns_padded, i + rows},
                               .out = w.out,
                               .out_row = w.columns_padded,
                               .columns = w.columns_padded},
                              rows);
    for (std::int64_t r = 0; r < rows; ++r) {
      const float* x = w.x + (i + r) * w.x_row;
      const float* out = w.out + r * w.columns_padded;
      float* y = w.y + (i + r) * w.y_row;
      for_lanes(w.columns, [&](auto tag, std::int64_t p) HWY_ATTR {
        const auto skipped = hn::MulAdd(hn::Set(tag, w.skip), hn::LoadU(tag, x + p), hn::LoadU(tag, out + p));
        hn::StoreU(skipped, tag, y + p);
      });
    }
  }
}

HWY_INLINE void scan_state(const ScanHeadChunk& w) {
  for (std::int64_t j = 0; j < w.count; ++j) {
    float* row = w.inputs + j * w.columns_padded;
    for_lanes(w.columns_padded, [&](auto tag, std::int64_t p) HWY_ATTR {
      hn::StoreU(hn::Mul(hn::LoadU(tag, row + p), hn::Set(tag, w.to_end[j])), tag, row + p);
    });
  }
  for (std::int64_t n = 0; n < w.d_state; n += product_tile_rows) {
    multiply_tile<Left::rows>(
        {.start = w.state + n * w.columns_padded,
         .start_scale = w.from_start[w.count - 1],
         .first = {w.b_turned + n * w.chunk_padded, w.chunk_padded, w.inputs, w.columns_padded, w.count},
         .scale = nullptr,
         .second = {},
         .out = w.state + n * w.columns_padded,
         .out_row = w.columns_padded,
         .columns = w.columns_padded},
        std::min(product_tile_rows, w.d_state - n));
  }
}

// Whether a sequence begins at this token, which begins a chunk.
HWY_INLINE bool scan_begins(const ScanPlan& plan, std::int64_t token) {
  if (token == 0 || plan.sequence_of_unit == nullptr) return token == 0;
  const std::int64_t unit = token / PackedRows::unit;
  return token % PackedRows::unit == 0 && plan.sequence_of_unit[unit] != plan.sequence_of_unit[unit - 1];
}

// One block of columns of one head through all chunks of a segment.
void scan_head(const ScanPlan& plan, const ScanSegment& segment, std::int64_t index, std::int64_t thread) {
  const SsdScanArgs& args = *plan.args;
  const std::int64_t head = index / plan.blocks;
  const std::int64_t column = index % plan.blocks * plan.block_columns;
  const std::int64_t columns = std::min(plan.block_columns, plan.head_dim - column);
  const std::int64_t width = plan.block_columns;
  float* state = plan.state + index * plan.d_state * width;
  const std::int64_t stored_at = (head * plan.head_dim + column) * plan.d_state;
  float* memory = plan.per_thread + thread * plan.thread_floats;
  const std::int64_t group = head / (plan.heads / plan.groups);
  for (std::int64_t chunk = 0; chunk < segment.chunks; ++chunk) {
    const std::int64_t first = segment.first + chunk * plan.chunk;
    if (scan_begins(plan, first)) {
      std::fill(state, state + plan.d_state * width, 0.0f);
      if (plan.initial != nullptr) {
        turn(plan.initial + stored_at, plan.d_state, columns, plan.d_state, state, width);
      }
    }
    const std::int64_t decay_at = (head * plan.segment_chunks + chunk) * plan.chunk_padded;
    const std::int64_t group_at = group * plan.segment_chunks + chunk;
    float* mixed = memory;
    float* out = mixed + product_tile_rows * plan.chunk_padded;
    float* from_start = out + product_tile_rows * width;
    float* to_end = from_start + plan.chunk_padded;
    const ScanHeadChunk work{
        .dt = plan.dt + decay_at,
        .decay_high = plan.decay_high + decay_at,
        .decay_low = plan.decay_low + decay_at,
        .c_rows = plan.c_rows + group_at * plan.chunk * plan.d_state,
        .b_turned = plan.b_turned + group_at * plan.d_state * plan.chunk_padded,
        .gram = plan.gram + group_at * plan.chunk * plan.chunk_padded,
        .x = args.xbc.as<float>() + first * plan.row + head * plan.head_dim + column,
        .y = args.y.as<float>() + (first * plan.heads + head) * plan.head_dim + column,
        .state = state,
        .mixed = mixed,
        .inputs = to_end + plan.chunk_padded,
        .from_start = from_start,
        .to_end = to_end,
        .out = out,
        .skip = args.d.as<float>()[head],
        .count = std::min(plan.chunk, segment.first + segment.tokens - first),
        .columns = columns,
        .columns_padded = width,
        .x_row = plan.row,
        .y_row = plan.heads * plan.head_dim,
        .d_state = plan.d_state,
        .chunk_padded = plan.chunk_padded,
        .next = std::clamp<std::int64_t>(segment.first + segment.tokens - first - plan.chunk, 0, plan.chunk)};
    scan_weigh(work);
    scan_outputs(work);
    scan_state(work);
  }
  if (plan.final != nullptr && segment.first + segment.tokens == plan.tokens) {
    turn(state, width, plan.d_state, columns, plan.final + stored_at, plan.d_state);
  }
}

}  // namespace holdfast::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace holdfast::cpu {
namespace {

HWY_EXPORT(scan_prepare);
HWY_EXPORT(scan_head);

// Columns of P that one piece of work takes: all of them, or fewer (whole registers) while heads are too few to keep
// every thread busy to the end.
std::int64_t scan_block_columns(std::int64_t heads, std::int64_t head_dim, std::int64_t threads) {
  std::int64_t columns = product_padded(head_dim);
  while (threads > 1 && columns > product_padding && heads * ((head_dim + columns - 1) / columns) < 2 * threads) {
    columns = product_padded(columns / 2);
  }
  return columns;
}

ScanPlan scan_plan(const SsdScanArgs& args, std::int64_t d_state, std::int64_t threads) {
  ScanPlan plan{};
  plan.args = &args;
  plan.tokens = args.y.shape[0];
  plan.heads = args.y.shape[1];
  plan.head_dim = args.y.shape[2];
  plan.d_state = d_state;
  plan.groups = args.groups;
  plan.row = args.xbc.shape[1];
  plan.chunk = std::min({args.chunk, plan.tokens, scan_longest});
  plan.chunk_padded = product_padded(plan.chunk);
  plan.segment_chunks =
      std::max<std::int64_t>(1, std::min((plan.tokens + plan.chunk - 1) / plan.chunk, scan_segment / plan.chunk));
  plan.block_columns = scan_block_columns(plan.heads, plan.head_dim, threads);
  plan.blocks = (plan.head_dim + plan.block_columns - 1) / plan.block_columns;
  return plan;
}

// Lays the plan's buffers out one behind the other; each starts on a 64-byte border.
void scan_allocate(Stream& stream, ScanPlan& plan, std::int64_t threads) {
  const std::int64_t group_chunks = plan.groups * plan.segment_chunks;
  const std::int64_t head_decays = plan.heads * plan.segment_chunks * plan.chunk_padded;
  const std::int64_t for_head = product_tile_rows * (plan.chunk_padded + plan.block_columns) + 2 * plan.chunk_padded +
                                plan.chunk * plan.block_columns;
  const std::int64_t for_dt = 4 * product_padded(plan.heads);  // two rows of floats, one of doubles
  plan.thread_floats = product_padded(std::max(for_head, for_dt));
  std::int64_t total = 0;
  const auto place = [&](std::int64_t floats) { return std::exchange(total, total + product_padded(floats)); };
  const std::int64_t c_rows = place(group_chunks * plan.chunk * plan.d_state);
  const std::int64_t b_turned = place(group_chunks * plan.d_state * plan.chunk_padded);
  const std::int64_t gram = place(group_chunks * plan.chunk * plan.chunk_padded);
  const std::int64_t dt = place(head_decays);
  const std::int64_t decay_high = place(head_decays);
  const std::int64_t decay_low = place(head_decays);
  const std::int64_t state = place(plan.heads * plan.blocks * plan.d_state * plan.block_columns);
  const std::int64_t per_thread = place(threads * plan.thread_floats);
  auto* memory = static_cast<float*>(stream.scratch(static_cast<std::size_t>(total) * sizeof(float)));
  plan.c_rows = memory + c_rows;
  plan.b_turned = memory + b_turned;
  plan.gram = memory + gram;
  plan.dt = memory + dt;
  plan.decay_high = memory + decay_high;
  plan.decay_low = memory + decay_low;
  plan.state = memory + state;
  plan.per_thread = memory + per_thread;
}

void scan_all(Stream& stream, ScanPlan& plan, std::int64_t threads) {
  scan_allocate(stream, plan, threads);
  const std::int64_t segment_tokens = plan.segment_chunks * plan.chunk;
  for (std::int64_t first = 0; first < plan.tokens; first += segment_tokens) {
    const std::int64_t tokens = std::min(segment_tokens, plan.tokens - first);
    const ScanSegment segment{first, tokens, (tokens + plan.chunk - 1) / plan.chunk};
    stream.pool().run(segment.chunks * (plan.groups + 1), [&](std::int64_t piece, int thread) {
      HWY_DYNAMIC_DISPATCH(scan_prepare)(plan, segment, piece, thread);
    });
    stream.pool().run(plan.heads * plan.blocks, [&](std::int64_t piece, int thread) {
      HWY_DYNAMIC_DISPATCH(scan_head)(plan, segment, piece, thread);
    });
  }
}

}  // namespace

void ssd_scan(Stream& stream, const SsdScanArgs& args) {
  const auto threads = static_cast<std::int64_t>(stream.pool().threads());
  ScanPlan plan = scan_plan(args, args.state.shape[2], threads);
  plan.initial = args.state.as<float>();
  plan.final = args.state.as<float>();
  scan_all(stream, plan, threads);
}

// The scan of one sequence, whose state begins anew where a sequence does: chunks divide the unit of packed rows.
void ssd_scan_packed(Stream& stream, const SsdScanPackedArgs& args) {
  const SsdPackedInputs& in = args.in;
  const auto threads = static_cast<std::int64_t>(stream.pool().threads());
  SsdScanArgs one{.y = args.y,
                  .state = {},
                  .xbc = in.xbc,
                  .dt_raw = in.dt_raw,
                  .dt_stride = in.dt_stride,
                  .dt_bias = in.dt_bias,
                  .a = in.a,
                  .d = in.d,
                  .groups = in.groups,
                  .dt_min = in.dt_min,
                  .dt_max = in.dt_max};
  static_assert(PackedRows::unit % SsdScanArgs{}.chunk == 0);
  one.y.shape = Shape{args.y.shape[0], in.heads, in.head_dim};
  ScanPlan plan = scan_plan(one, in.d_state, threads);
  plan.sequence_of_unit = in.rows.sequence_of_unit.as<std::int32_t>();
  plan.initial = in.initial.as<float>();
  scan_all(stream, plan, threads);
}

}  // namespace holdfast::cpu
#endif  // HWY_ONCE
