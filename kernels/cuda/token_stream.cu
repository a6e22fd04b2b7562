// One token of one sequence through all layers in one kernel, where weights are too large to be in registers when x
// comes (token_step.cu is for smaller ones): they stream through a ring in shared memory for the whole token, in the
// order in which they are used, and never wait for what is computed. A block per multiprocessor stays for the token.
// What a layer computes has three phases, each of whose results all blocks need for the next one:
//   in_proj, with the norm before it, the convolution's step, dt and silu(z) after it
//   the recurrence and the gate
//   out_proj, with the gated norm before it and the residual after it
//
// A unit is 32 columns of x. Who makes them leaves them as the products want them: times the norm's gain, for quantised
// weights rounded to 16 bits in two planes of bytes under a scale; and the sum of their squares before the gain, from
// which whoever uses them makes 1 / rms. The residual stays with the block that makes it.
//
// Results are posted as in token_step.cu: words of 8 bytes, the value and the number of the phase it belongs to, which
// who needs them looks at until the number is right. A word is written again one layer later, by when everybody has
// read it: every block has rows of in_proj, every row of in_proj is wanted by the recurrence, and all units of y are
// read by all blocks that have rows of out_proj before these post. A block without rows of out_proj must not wait for
// y. All blocks run at once (a cooperative launch), or none. No sum depends on who is first.
//
// A warp owns 1 / `parts` of the columns, 32 for each lane, whose x is in registers; 16 / parts warps take different
// rows. Sums of a row meet in shared memory.
#include <type_traits>

#include "kernels/cuda/bulk.cuh"
#include "kernels/cuda/row_dot.cuh"
#include "kernels/cuda/ssd.cuh"
#include "kernels/cuda/stack_task.cuh"
#include "kernels/cuda/state_quads.cuh"
#include "kernels/cuda/token_stream.h"

namespace holdfast::cuda {
namespace {

constexpr int flow_warps = 16;
constexpr int flow_consumers = flow_warps * warp_size;
constexpr int flow_threads = flow_consumers + warp_size;  // the last warp fetches
constexpr int flow_most_groups = 64;
constexpr int flow_most_taps = 4;
constexpr int flow_most_stages = 8;
constexpr int flow_end_numbers = 2 + 2 * flow_most_taps - 1;  // of a row of in_proj
constexpr int flow_unit = 32;                                 // columns of x that are left together
constexpr int flow_state_units = 2;                           // that a block has at most
[[maybe_unused]] constexpr int flow_state_lanes = 8;          // that share a row of the state
constexpr int flow_states = 128;                              // N
constexpr unsigned flow_stage_bytes = 40 * 1024;              // about
constexpr std::int64_t flow_most_columns = 8192;
constexpr std::int64_t flow_most_proj = 20480;

// Stages that are fetched at a time. The whole ring at once would keep every small load of its multiprocessor waiting
// for 3 to 5 us; one stage alone is too little where bytes are what takes the time.
[[nodiscard, maybe_unused]] constexpr int flow_depth(WeightFormat format) {
  return block_traits(format).code_bits == 4 ? 1 : 2;
}

// Words of a unit. 16-bit weights: 32 values, squares, nothing. Quantised: 8 words of high bytes, 8 of low ones, scale,
// squares.
template <WeightFormat format>
struct UnitWords {
  static constexpr bool rounded = is_quantised(format);
  static constexpr int count = rounded ? 18 : 34;
  enum Place : int { scale = 16, squares = rounded ? 17 : 32 };
};
constexpr std::int64_t flow_x_words = flow_most_columns / flow_unit * 34;
static_assert(word_count_bytes + (2 * flow_x_words + flow_most_proj) * sizeof(Word) <= CudaStream::exchange_bytes);

// A weight's layout, without its place; and how it goes through the ring.
struct FlowMatrix {
  RowPlaces places;                   // in a stage
  std::int64_t scales_at, supers_at;  // in device memory
  int stage_rows;                     // of a stage
};

struct FlowTask : StackTask {
  FlowMatrix in, out, table;  // the last: embedding and head
  Word* residual_words;       // units of D
  Word* proj_words;           // (2 E + 2 G N + H)
  Word* y_words;              // units of E
  int stages;
  unsigned stage_bytes;
  unsigned x_at, partial_at, ends_at;  // in shared memory
  int ends_apart;
  unsigned group_reciprocal;  // 2^32 / units of a group of y, rounded up; 0 for one group
  StackLayer layer[stack_most_layers];
};

// What a block has: looked up where it is needed, since registers are few.
struct FlowPart {
  Range in, vocab;              // rows
  Range out, states;            // units
  int first_channel, channels;  // of the states
  int first_head, heads;        // of those
  int first_group, groups;      // likewise: one or two
};

// A product as its kind has it in every layer.
enum FlowKind : int { flow_in, flow_out, flow_head };
struct FlowProduct {
  FlowMatrix matrix;
  Range rows;
  const Word* words;  // of x
  int groups;         // of the norm
  unsigned group_reciprocal;
  float eps;
};

struct FlowShared {
  FlowPart part;
  FlowProduct product[3];
  int head_of[flow_state_units * flow_unit];   // of a row of the state, from the first on
  int group_of[flow_state_units * flow_unit];  // likewise
  alignas(8) unsigned long long filled[flow_most_stages];
  alignas(8) unsigned long long emptied[flow_most_stages];
  alignas(16) float in_out[2][2][flow_states];  // B and C of the two groups that a block's states can be of
  float own[3][flow_state_units * flow_unit];   // of those channels: x, silu(z); of their heads: dt
  float y[flow_state_units * flow_unit];
  float* conv;
  void* state;
  float factors[flow_most_groups];
  StackLayer layer[stack_most_layers];
};

#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 900

__device__ __forceinline__ void consumers_meet() { asm volatile("bar.sync 1, %0;" ::"n"(flow_consumers) : "memory"); }

// Words to shared memory, once they have the number: two for each consumer and turn, some turns at a time. A warp looks
// at one of them until it is there: looking at all would be in the way of weights and of results.
__device__ __forceinline__ void gather(const Word* words, int pairs, unsigned number, unsigned* to) {
  constexpr int turns = 3;
  Patience patience;
  if (threadIdx.x % warp_size == 0) {
    const int first = static_cast<int>(threadIdx.x);
    const Word* last = words + (first + (pairs - 1 - first) / flow_consumers * flow_consumers) * 2;
    while (first < pairs && !is_of(look(last), number)) patience.lose();
  }
  __syncwarp();
#pragma unroll 1
  for (int from = static_cast<int>(threadIdx.x); from < pairs; from += turns * flow_consumers) {
    bool left;
    do {
      Word first[turns];
      Word second[turns];
      left = false;
#pragma unroll
      for (int i = 0; i < turns; ++i) {
        if (from + i * flow_consumers < pairs) look(words + (from + i * flow_consumers) * 2, first[i], second[i]);
      }
#pragma unroll
      for (int i = 0; i < turns; ++i) {
        if (from + i * flow_consumers >= pairs) continue;
        left = left || !is_of(first[i], number) || !is_of(second[i], number);
        *reinterpret_cast<uint2*>(to + (from + i * flow_consumers) * 2) =
            make_uint2(static_cast<unsigned>(first[i]), static_cast<unsigned>(second[i]));
      }
      if (left) patience.lose();
    } while (left);
  }
}

// One unit, of which this lane has a column: by a whole warp.
template <WeightFormat format>
__device__ __forceinline__ void post_unit(Word* to, float value, float gain, unsigned number) {
  using Words = UnitWords<format>;
  const int lane = static_cast<int>(threadIdx.x) % warp_size;
  float squares = value * value;
  value *= gain;
  if constexpr (!Words::rounded) {
    post(to + lane, __float_as_uint(value), number);
    squares = warp_sum(squares);
    if (lane < 2) post(to + 32 + lane, lane == 0 ? __float_as_uint(squares) : 0, number);
  } else {
    float largest = fmaxf(fabsf(value), 1e-30f);
#pragma unroll
    for (int step = warp_size / 2; step > 0; step /= 2) {
      squares += __shfl_xor_sync(all_lanes, squares, step);
      largest = fmaxf(largest, __shfl_xor_sync(all_lanes, largest, step));
    }
    const int integer = __float2int_rn(value * __fdividef(32512.0f, largest));
    // Word w of a plane, in the order of the codes: 8 bits, columns 4w to 4w + 3; 4 bits, every other of eight columns.
    // The high byte is that of the integer less its low byte, which is signed.
    const int word = lane % 8;
    constexpr bool whole = block_traits(format).code_bits == 8;
    const int from = whole ? word * 4 : word / 2 * 8 + word % 2;
    constexpr int apart = whole ? 1 : 2;
    const int planes = (integer & 255) | (integer + 128 & 0xff00);
    int four[4];
#pragma unroll
    for (int k = 0; k < 4; ++k) four[k] = __shfl_sync(all_lanes, planes, from + k * apart);
    const unsigned pick = lane < 8 ? 0x51u : 0x40u;
    unsigned packed =
        __byte_perm(__byte_perm(static_cast<unsigned>(four[0]), static_cast<unsigned>(four[1]), pick),
                    __byte_perm(static_cast<unsigned>(four[2]), static_cast<unsigned>(four[3]), pick), 0x5410);
    if (lane == Words::scale) packed = __float_as_uint(largest * (1.0f / 32512.0f));
    if (lane == Words::squares) packed = __float_as_uint(squares);
    if (lane < Words::count) post(to + lane, packed, number);
  }
}

// x of this lane, from the words of all units and 1 / rms of each group. reciprocal: 2^32 / units of a group, rounded
// up, or 0 for one group.
template <WeightFormat format>
__device__ __forceinline__ void take_own(OwnX<format>& own, const unsigned* words, const float* factors,
                                         unsigned reciprocal, int part, const RowPlaces& p) {
  using Words = UnitWords<format>;
  constexpr int columns = piece_columns(format);
#pragma unroll
  for (int piece = 0; piece < row_lane_columns / columns; ++piece) {
    const int col = own_column<format>(piece, part, p.parts);
    const bool inside = col < p.cols;
    const int unit = inside ? col / flow_unit : 0;
    const unsigned* of = words + unit * Words::count;
    const int group = reciprocal == 0 ? 0 : static_cast<int>(__umulhi(static_cast<unsigned>(unit), reciprocal));
    const float factor = inside ? factors[group] : 0.0f;
    if constexpr (!Words::rounded) {
      const auto* at = reinterpret_cast<const float2*>(of + col % flow_unit);
#pragma unroll
      for (int i = 0; i < columns; i += 2) {
        const float2 v = inside ? at[i / 2] : make_float2(0.0f, 0.0f);
        own.x[piece * columns + i] = v.x * factor;
        own.x[piece * columns + i + 1] = v.y * factor;
      }
    } else {
      constexpr int count = columns / 4;
      const int first = count == 8 ? 0 : col % flow_unit / 16 * 4;  // where a piece has half a unit
      int highs = 0;
      int lows = 0;
#pragma unroll
      for (int i = 0; i < count; i += 2) {
        const int2 h = *reinterpret_cast<const int2*>(of + first + i);
        const int2 l = *reinterpret_cast<const int2*>(of + 8 + first + i);
        own.high[piece * count + i] = h.x, own.high[piece * count + i + 1] = h.y;
        own.low[piece * count + i] = l.x, own.low[piece * count + i + 1] = l.y;
        constexpr int ones = 0x01010101;
        highs = __dp4a(h.y, ones, __dp4a(h.x, ones, highs));
        lows = __dp4a(l.y, ones, __dp4a(l.x, ones, lows));
      }
      own.scale[piece] = __uint_as_float(of[Words::scale]) * factor;
      own.sum[piece] = highs * 256 + lows;
    }
  }
}

// Rows of a weight through the ring, by one thread. At most `depth` stages are under way at a time, of which `behind`
// is the oldest: whatever else is loaded waits behind them.
__device__ __forceinline__ void fetch_rows(const FlowTask& s, FlowShared& shared, const FlowMatrix& m,
                                           const std::uint8_t* from, const Range& rows, unsigned memory, int depth,
                                           RingPlace& ring, RingPlace& behind, int& ahead) {
#pragma unroll 1
  for (int row = rows.begin; row < rows.end; row += m.stage_rows) {
    const auto count = static_cast<unsigned>(min(m.stage_rows, rows.end - row));
    if (ahead == depth) {
      barrier_wait(shared_address(&shared.filled[behind.index]), behind.parity);
      behind.next(s.stages);
    } else {
      ++ahead;
    }
    barrier_wait(shared_address(&shared.emptied[ring.index]),
                 ring.parity ^ 1);  // a fresh barrier counts as emptied once
    const unsigned to = memory + static_cast<unsigned>(ring.index) * s.stage_bytes;
    const unsigned full = shared_address(&shared.filled[ring.index]);
    const unsigned codes = count * static_cast<unsigned>(m.places.code_row);
    const unsigned scales = count * static_cast<unsigned>(m.places.scale_row);
    const unsigned supers = count * static_cast<unsigned>(m.places.super_row);
    const auto offset = [&](int bytes) { return static_cast<std::int64_t>(row) * bytes; };
    barrier_expect(full, codes + scales + supers);
    bulk_copy(to, from + offset(m.places.code_row), codes, full);
    if (scales != 0) bulk_copy(to + m.places.scale_at, from + m.scales_at + offset(m.places.scale_row), scales, full);
    if (supers != 0) bulk_copy(to + m.places.super_at, from + m.supers_at + offset(m.places.super_row), supers, full);
    ring.next(s.stages);
  }
}

// Rows of a weight times x: each warp's part of each row's sum to `partial`; the consumers meet in the end.
template <WeightFormat format>
__device__ __forceinline__ void multiply(const FlowTask& s, FlowShared& shared, const FlowMatrix& m, const Range& rows,
                                         const unsigned char* memory, const OwnX<format>& own, float* partial,
                                         RingPlace& ring) {
  constexpr int at_once = rows_at_once(format);
  const int warp = static_cast<int>(threadIdx.x) / warp_size;
  const int lane = static_cast<int>(threadIdx.x) % warp_size;
  const int part = warp % m.places.parts;
  const int team = warp / m.places.parts;
  const int teams = flow_warps / m.places.parts;
#pragma unroll 1
  for (int row = rows.begin; row < rows.end; row += m.stage_rows) {
    const int count = min(m.stage_rows, rows.end - row);
    barrier_wait(shared_address(&shared.filled[ring.index]), ring.parity);
    const unsigned char* stage = memory + static_cast<unsigned>(ring.index) * s.stage_bytes;
#pragma unroll 1
    for (int r = team; r < count; r += teams * at_once) {
      float sums[at_once];
#pragma unroll
      for (int i = 0; i < at_once; ++i) {
        sums[i] = dot_row<format>(own, stage, m.places, min(r + i * teams, count - 1), part);
      }
      const float sum = warp_sums<at_once>(sums);
      const int which = r + lane / (warp_size / at_once) * teams;
      if (lane % (warp_size / at_once) == 0 && which < count)
        partial[(row - rows.begin + which) * m.places.parts + part] = sum;
    }
    __syncwarp();
    if (lane == 0) barrier_arrive(shared_address(&shared.emptied[ring.index]));
    ring.next(s.stages);
  }
  consumers_meet();
}

__device__ __forceinline__ float row_sum(const float* partial, int parts, int row) {
  float sum = 0.0f;
#pragma unroll 1
  for (int p = 0; p < parts; ++p) sum += partial[row * parts + p];
  return sum;
}

// x of all units as the phase before left it, and 1 / rms of each of `groups`. The consumers meet.
template <WeightFormat format>
__device__ __forceinline__ void take_x(OwnX<format>& own, const FlowProduct& product, unsigned number, unsigned* x,
                                       float* factors) {
  using Words = UnitWords<format>;
  const int warp = static_cast<int>(threadIdx.x) / warp_size;
  const int lane = static_cast<int>(threadIdx.x) % warp_size;
  const int units = product.matrix.places.cols / flow_unit;
  const int per_group = units / product.groups;
  gather(product.words, units * Words::count / 2, number, x);
  consumers_meet();
#pragma unroll 1
  for (int g = warp; g < product.groups; g += flow_warps) {
    float squares = 0.0f;
#pragma unroll 1
    for (int i = lane; i < per_group; i += warp_size) {
      squares += __uint_as_float(x[(g * per_group + i) * Words::count + Words::squares]);
    }
    squares = warp_sum(squares);
    if (lane == 0) factors[g] = 1.0f / sqrtf(squares / static_cast<float>(per_group * flow_unit) + product.eps);
  }
  consumers_meet();
  take_own<format>(own, x, factors, product.group_reciprocal, warp % product.matrix.places.parts,
                   product.matrix.places);
}

// What a row of in_proj meets after its sum. Numbers of the rows of a block lie in shared memory, where they come while
// the rows are multiplied: bias, the convolution's bias or dt's, taps, window.
struct FlowEnd {
  enum class Kind { none, z, convolved, dt } kind;
  int row;
  int channel;  // of the convolution, or the head

  __device__ __forceinline__ FlowEnd(const FlowTask& s, const Range& rows, int own) : row(rows.begin + own) {
    const int inner = s.heads * s.head_dim;
    const int channels = inner + 2 * s.groups * flow_states;
    kind = row >= rows.end ? Kind::none : row < inner ? Kind::z : row < inner + channels ? Kind::convolved : Kind::dt;
    channel = kind == Kind::dt ? row - inner - channels : row - inner;
  }
  static __device__ __forceinline__ void bring(float* to, const float* from) {
    if (from == nullptr) {
      *to = 0.0f;
    } else {
      async_copy<4>(to, from);
    }
  }
  __device__ __forceinline__ void fetch(const FlowTask& s, const StackLayer& layer, const float* conv, float* ends,
                                        int apart) const {
    if (kind == Kind::none) return;
    bring(ends, layer.in_bias == nullptr ? nullptr : layer.in_bias + row);
    if (kind == Kind::dt) bring(ends + apart, layer.dt_bias + channel);
    if (kind != Kind::convolved) return;
    bring(ends + apart, layer.conv_bias == nullptr ? nullptr : layer.conv_bias + channel);
    const float* state = conv + layer.conv_offset + static_cast<std::int64_t>(channel) * (s.taps - 1);
#pragma unroll
    for (int k = 0; k < flow_most_taps; ++k) {
      const int tap = k - (flow_most_taps - s.taps);  // zeros before the first
      bring(ends + (2 + k) * apart,
            tap < 0 ? nullptr : layer.conv_weight + static_cast<std::int64_t>(channel) * s.taps + tap);
      if (k + 1 < flow_most_taps) bring(ends + (2 + flow_most_taps + k) * apart, tap < 0 ? nullptr : state + tap);
    }
  }
  // What a sum becomes; the window moves on.
  [[nodiscard]] __device__ __forceinline__ float finish(const FlowTask& s, const StackLayer& layer, float* conv,
                                                        const float* ends, int apart, float value) const {
    async_copies_done();
    value += ends[0];
    if (kind == Kind::dt) return step_size(value, ends[apart], s.dt_min, s.dt_max);
    if (kind == Kind::z) return silu(value);
    float* state = conv + layer.conv_offset + static_cast<std::int64_t>(channel) * (s.taps - 1);
    float window[flow_most_taps];
    float sum = ends[apart];
#pragma unroll
    for (int k = 0; k < flow_most_taps; ++k) {
      window[k] = k + 1 < flow_most_taps ? ends[(2 + flow_most_taps + k) * apart] : value;
      sum += ends[(2 + k) * apart] * window[k];
    }
#pragma unroll
    for (int k = 1; k < flow_most_taps; ++k) {
      const int tap = k - (flow_most_taps - s.taps);
      if (tap > 0) state[tap - 1] = window[k];
    }
    return silu(sum);
  }
};
// This lane's part of a row of the state: eight lanes share a row.
template <class State>
struct FlowState {
  static constexpr int quads = flow_states / (4 * flow_state_lanes);
  using Quad = std::conditional_t<sizeof(State) == 4, float4, uint2>;
  Quad raw[quads];

  __device__ __forceinline__ void take(const State* row) {
#pragma unroll
    for (int q = 0; q < quads; ++q) raw[q] = *reinterpret_cast<const Quad*>(row + q * 4 * flow_state_lanes);
  }
  // One token, back to memory; the row's h . C. `in` and `out` are B and C, from this lane's states on.
  __device__ __forceinline__ float step(State* row, float decay, float weight, const float* in, const float* out) {
    float sum = 0.0f;
#pragma unroll
    for (int q = 0; q < quads; ++q) {
      const float4 b = *reinterpret_cast<const float4*>(in + q * 4 * flow_state_lanes);
      const float4 c = *reinterpret_cast<const float4*>(out + q * 4 * flow_state_lanes);
      float4 h;
      if constexpr (sizeof(State) == 4) {
        h = raw[q];
      } else {
        h = widened(raw[q].x, raw[q].y);
      }
      h.x = decay * h.x + weight * b.x;
      h.y = decay * h.y + weight * b.y;
      h.z = decay * h.z + weight * b.z;
      h.w = decay * h.w + weight * b.w;
      sum += h.x * c.x + h.y * c.y + (h.z * c.z + h.w * c.w);
      if constexpr (sizeof(State) == 4) {
        raw[q] = h;
      } else {
        raw[q] = rounded(h);
      }
    }
#pragma unroll
    for (int step = flow_state_lanes / 2; step > 0; step /= 2) sum += __shfl_xor_sync(all_lanes, sum, step);
#pragma unroll
    for (int q = 0; q < quads; ++q) *reinterpret_cast<Quad*>(row + q * 4 * flow_state_lanes) = raw[q];
    return sum;
  }
};

// One value of the embedding's row.
template <WeightFormat format>
__device__ __forceinline__ float embedded(const FlowTask& s, std::int64_t id, int col) {
  const FlowMatrix& m = s.table;
  const PackedWeight table{s.embedding,   s.embedding + m.scales_at, s.embedding + m.supers_at, m.places.rows,
                           m.places.cols, m.places.code_row,         m.places.scale_row,        m.places.super_row};
  float values[8];
  load_values<format>(table, id, col / 8 * 8, values);
  float value = values[0];
#pragma unroll
  for (int i = 1; i < 8; ++i) {
    if (col % 8 == i) value = values[i];
  }
  return value;
}

// What follows in_proj: the rows' ends, the recurrence and the gate.
template <WeightFormat format, class State>
__device__ __forceinline__ void finish_in(const FlowTask& s, FlowShared& shared, const StackLayer& layer,
                                          const float* partial, float* ends, unsigned number) {
  using Words = UnitWords<format>;
  const int own = static_cast<int>(threadIdx.x);
  const int warp = own / warp_size;
  const int lane = own % warp_size;
  const FlowPart& part = shared.part;
  if (own < part.in.count()) {
    const FlowEnd end(s, part.in, own);
    const float value = end.finish(s, layer, shared.conv, ends, s.ends_apart, row_sum(partial, s.in.places.parts, own));
    post(s.proj_words + part.in.begin + own, __float_as_uint(value), number);
  }
  const int channel = own / flow_state_lanes;  // from the block's first on
  const bool has_state = channel < part.channels;
  State* const row =
      static_cast<State*>(shared.state) + layer.state_offset +
      (static_cast<std::int64_t>(part.first_channel + channel) * flow_states + own % flow_state_lanes * 4);
  FlowState<State> held;
  float rate = 0.0f;
  float skip = 0.0f;
  if (has_state) {
    held.take(row);
    rate = layer.a[part.first_head + shared.head_of[channel]];
    skip = layer.d[part.first_head + shared.head_of[channel]];
  }
  const bool posts_y = warp < part.states.count();  // a unit
  const float gate_gain = posts_y ? layer.gate_norm[(part.states.begin + warp) * flow_unit + lane] : 0.0f;
  {
    // One of B or C, and one of x, silu(z) and dt.
    constexpr int most = flow_state_units * flow_unit;
    const int inner = s.heads * s.head_dim;
    const int kind = own / most;
    const bool is_c = own % (2 * flow_states) >= flow_states;
    const Word* const wide_at = s.proj_words + 2 * inner +
                                (part.first_group + own / (2 * flow_states) + (is_c ? s.groups : 0)) * flow_states +
                                own % flow_states;
    const Word* const single_at = s.proj_words + own % most +
                                  (kind == 0   ? inner + part.first_channel
                                   : kind == 1 ? part.first_channel
                                               : 2 * inner + 2 * s.groups * flow_states + part.first_head);
    bool wide_wanted = own / (2 * flow_states) < part.groups;
    bool single_wanted = kind < 2 ? own % most < part.channels : kind == 2 && own % most < part.heads;
    Patience patience;
    if (lane == 0) {
      while (wide_wanted && !is_of(look(wide_at), number)) patience.lose();
      while (single_wanted && !is_of(look(single_at), number)) patience.lose();
    }
    __syncwarp();
    while (wide_wanted || single_wanted) {
      patience.lose();

      Word wide = 0;
      Word single = 0;
      if (wide_wanted) wide = look(wide_at);
      if (single_wanted) single = look(single_at);
      if (wide_wanted && is_of(wide, number)) {
        (&shared.in_out[0][0][0])[own] = __uint_as_float(static_cast<unsigned>(wide));
        wide_wanted = false;
      }
      if (single_wanted && is_of(single, number)) {
        (&shared.own[0][0])[own] = __uint_as_float(static_cast<unsigned>(single));
        single_wanted = false;
      }
    }
  }
  consumers_meet();
  if (has_state) {
    const float dt = shared.own[2][shared.head_of[channel]];
    const float input = shared.own[0][channel];
    const float* const b = &shared.in_out[shared.group_of[channel]][0][own % flow_state_lanes * 4];
    const float sum = held.step(row, expf(dt * rate), dt * input, b, b + flow_states);
    if (own % flow_state_lanes == 0) {
      shared.y[channel] = (sum + skip * input) * shared.own[1][channel];
    }
    if (own % flow_state_lanes == 0 && layer.log_decay != nullptr && (part.first_channel + channel) % s.head_dim == 0) {
      layer.log_decay[part.first_head + shared.head_of[channel]] = dt * rate;
    }
  }
  consumers_meet();
  if (posts_y) {
    post_unit<format>(s.y_words + (part.states.begin + warp) * Words::count, shared.y[warp * flow_unit + lane],
                      gate_gain, number);
  }
}

template <WeightFormat format, class State>
__device__ __forceinline__ void compute(const FlowTask& s, FlowShared& shared, unsigned char* memory) {
  using Words = UnitWords<format>;
  const int own = static_cast<int>(threadIdx.x);
  const int warp = own / warp_size;
  const int lane = own % warp_size;
  const FlowPart& part = shared.part;
  const auto out_row = [&] { return (part.out.begin + warp) * flow_unit + lane; };
  auto* partial = reinterpret_cast<float*>(memory + s.partial_at);
  const std::int64_t id = known_id(s, s.table.places.rows);
  const unsigned base = *s.count + 1;
  float old = 0.0f;  // the residual of this lane's row of out_proj
  if (warp < part.out.count()) {
    old = embedded<format>(s, id, out_row());
    post_unit<format>(s.residual_words + (part.out.begin + warp) * Words::count, old, shared.layer[0].norm[out_row()],
                      base);
  }
  float* const ends = reinterpret_cast<float*>(memory + s.ends_at) + own;
  RingPlace ring;
  // One piece of code for all products: a block meets each of its instructions twice a layer.
#pragma unroll 1
  for (int turn = 0; turn <= 2 * s.layers; ++turn) {
    const int l = turn / 2;
    const int kind = l == s.layers ? flow_head : turn % 2;
    const FlowProduct& product = shared.product[kind];
    const unsigned number = base + static_cast<unsigned>(l);
    if (product.rows.count() == 0) continue;
    const StackLayer& layer = shared.layer[kind == flow_head ? 0 : l];
    float bias = 0.0f;
    float gain = 0.0f;
    const bool posts_out = kind == flow_out && warp < part.out.count();  // a unit
    if (kind == flow_in) {
      FlowEnd(s, product.rows, own).fetch(s, layer, shared.conv, ends, s.ends_apart);
    } else if (posts_out) {
      if (layer.out_bias != nullptr) bias = layer.out_bias[out_row()];
      gain = (l + 1 == s.layers ? s.final_norm : shared.layer[l + 1 == s.layers ? 0 : l + 1].norm)[out_row()];
    }
    OwnX<format> x;
    take_x<format>(x, product, number, reinterpret_cast<unsigned*>(memory + s.x_at), shared.factors);
    multiply<format>(s, shared, product.matrix, product.rows, memory, x, partial, ring);
    if (kind == flow_in) {
      finish_in<format, State>(s, shared, layer, partial, ends, number);
    } else if (kind == flow_head) {
#pragma unroll 1
      for (int row = own; row < product.rows.count(); row += flow_consumers) {
        s.logits[product.rows.begin + row] = row_sum(partial, product.matrix.places.parts, row);
      }
    } else if (posts_out) {
      old += row_sum(partial, product.matrix.places.parts, warp * flow_unit + lane) + bias;
      post_unit<format>(s.residual_words + (part.out.begin + warp) * Words::count, old, gain, number + 1);
      if (l + 1 == s.layers) s.residual[out_row()] = old;
    }
  }
  // The last block has rows of all kinds: what it has seen says that every block has read the count.
  if (blockIdx.x + 1 == gridDim.x && own == 0) *s.count = base + static_cast<unsigned>(s.layers);
}

#endif

template <WeightFormat format, class State>
__global__ void __launch_bounds__(flow_threads, 1) token_stream_kernel(const __grid_constant__ FlowTask s) {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 900
  extern __shared__ __align__(128) unsigned char flow_memory[];
  __shared__ FlowShared shared;
  if (threadIdx.x == 0) {
    for (int stage = 0; stage < s.stages; ++stage) {
      barrier_init(shared_address(&shared.filled[stage]), 1);
      barrier_init(shared_address(&shared.emptied[stage]), flow_warps);
    }
    barrier_init_done();
  }
  bring_layers(shared.layer, s.layer, s.layers);
  if (threadIdx.x == 0) {
    FlowPart& part = shared.part;
    const int inner = s.heads * s.head_dim;
    const int group_size = inner / s.groups;
    part.in = own_part(s.in.places.rows);
    part.out = own_part(s.out.places.rows / flow_unit);
    part.states = own_part(inner / flow_unit);
    part.vocab = own_part(s.logits != nullptr ? s.table.places.rows : 0);
    part.first_channel = part.states.begin * flow_unit;
    part.channels = part.states.count() * flow_unit;
    const int last = max(part.first_channel + part.channels - 1, part.first_channel);
    part.first_head = part.first_channel / s.head_dim;
    part.first_group = part.first_channel / group_size;
    part.heads = part.channels == 0 ? 0 : last / s.head_dim - part.first_head + 1;
    part.groups = part.channels == 0 ? 0 : last / group_size - part.first_group + 1;
#pragma unroll 1
    for (int i = 0; i < part.channels; ++i) {
      shared.head_of[i] = (part.first_channel + i) / s.head_dim - part.first_head;
      shared.group_of[i] = (part.first_channel + i) / group_size - part.first_group;
    }
    shared.product[flow_in] = {s.in, part.in, s.residual_words, 1, 0, s.eps};
    shared.product[flow_out] = {
        s.out, {part.out.begin * flow_unit, part.out.end * flow_unit}, s.y_words, s.groups, s.group_reciprocal, s.eps};
    shared.product[flow_head] = {s.table, part.vocab, s.residual_words, 1, 0, s.final_eps};
    shared.conv = *s.conv_table;
    shared.state = *s.state_table;
  }
  __syncthreads();
  if (threadIdx.x >= flow_consumers) {
    if (threadIdx.x != flow_consumers) return;
    const FlowPart& part = shared.part;
    RingPlace ring;
    RingPlace behind;
    int ahead = 0;
    const auto* const state = static_cast<const State*>(*s.state_table);
#pragma unroll 1
    for (int l = 0; l < s.layers; ++l) {
      if (part.channels != 0) {
        const std::int64_t first =
            shared.layer[l].state_offset + static_cast<std::int64_t>(part.first_channel) * flow_states;
        asm volatile("cp.async.bulk.prefetch.L2.global [%0], %1;" ::"l"(state + first),
                     "r"(part.channels * flow_states * static_cast<int>(sizeof(State)))
                     : "memory");
      }
      fetch_rows(s, shared, s.in, shared.layer[l].in_proj, part.in, shared_address(flow_memory), flow_depth(format),
                 ring, behind, ahead);
      fetch_rows(s, shared, s.out, shared.layer[l].out_proj, {part.out.begin * flow_unit, part.out.end * flow_unit},
                 shared_address(flow_memory), flow_depth(format), ring, behind, ahead);
    }
    fetch_rows(s, shared, s.table, s.head, part.vocab, shared_address(flow_memory), flow_depth(format), ring, behind,
               ahead);
    return;
  }
  compute<format, State>(s, shared, flow_memory);
#endif
}

// q6_k is left to stream_tiles.cu: no test writes it.
[[nodiscard]] constexpr bool flows(WeightFormat format) { return dots_rows(format) && format != WeightFormat::q6_k; }

[[nodiscard]] bool fits(const CudaStream& on, const StackStepArgs& args) {
  const LayerStepArgs& first = args.layers[0];
  const SsdStepArgs& s = first.step;
  const std::int64_t inner = s.heads * s.head_dim;
  const std::int64_t d_model = first.in_proj->cols();
  const std::int64_t blocks = on.card().multiprocessors;
  const WeightFormat format = first.in_proj->format();
  if (on.card().major < 9 || !flows(format) || !is_uniform(args) || first.in_proj->rows() < blocks ||
      share(first.in_proj->rows(), blocks) > flow_consumers || first.in_proj->rows() > flow_most_proj ||
      d_model % flow_unit != 0 || d_model > flow_most_columns || inner % flow_unit != 0 || inner > flow_most_columns ||
      share(inner / flow_unit, blocks) > flow_state_units || share(d_model / flow_unit, blocks) > flow_warps) {
    return false;
  }
  if (s.d_state != flow_states || s.groups > flow_most_groups ||
      inner / s.groups % (flow_state_units * flow_unit) != 0 || s.conv_weight.shape[1] > flow_most_taps ||
      s.conv_weight.shape[1] < 2) {
    return false;
  }
  return args.head->rows() <= INT32_MAX / blocks;  // rows times blocks are shared out in 32 bits
}

// Lays a weight out; false where its rows are no multiples of what bulk copies move.
bool place(const Weight& weight, FlowMatrix& m, unsigned& stage_bytes) {
  const PackedLayout p = packed_layout(weight.format(), weight.rows(), weight.cols());
  m.scales_at = p.scales_at, m.supers_at = p.supers_at;
  m.places.code_row = static_cast<int>(p.code_row), m.places.scale_row = static_cast<int>(p.scale_row);
  m.places.super_row = static_cast<int>(p.super_row);
  m.places.rows = static_cast<int>(p.rows), m.places.cols = static_cast<int>(p.cols);
  m.places.parts = 1;
  while (m.places.parts * warp_size * row_lane_columns < m.places.cols) m.places.parts *= 2;
  if (m.places.parts > flow_warps) return false;
  const std::int64_t least = std::int64_t{flow_warps} / m.places.parts * rows_at_once(weight.format());
  const std::int64_t bytes = least * (p.code_row + p.scale_row + p.super_row);
  m.stage_rows = static_cast<int>(least * std::max<std::int64_t>(1, flow_stage_bytes / bytes));
  m.places.scale_at = rounded_up(m.stage_rows * p.code_row);
  m.places.super_at = m.places.scale_at + rounded_up(m.stage_rows * p.scale_row);
  stage_bytes = std::max(stage_bytes, m.places.super_at + rounded_up(m.stage_rows * p.super_row));
  return p.code_row % 16 == 0 && p.scale_row % 16 == 0 && p.super_row % 16 == 0;
}

template <WeightFormat format, class State>
bool run(CudaStream& on, const StackStepArgs& args, FlowTask& s) {
  const LayerStepArgs& first = args.layers[0];
  const std::int64_t blocks = on.card().multiprocessors;
  if (!place(*first.in_proj, s.in, s.stage_bytes) || !place(*first.out_proj, s.out, s.stage_bytes) ||
      !place(*args.head, s.table, s.stage_bytes)) {
    return false;
  }
  const std::int64_t x_bytes = std::max(s.in.places.cols, s.out.places.cols) / flow_unit * UnitWords<format>::count * 4;
  const std::int64_t partials = std::max({share(s.in.places.rows, blocks) * s.in.places.parts,
                                          share(s.out.places.rows / flow_unit, blocks) * flow_unit * s.out.places.parts,
                                          share(s.table.places.rows, blocks) * s.table.places.parts});
  s.ends_apart = static_cast<int>(share(s.in.places.rows, blocks));
  const std::int64_t rest =
      rounded_up(x_bytes) + rounded_up(partials * 4) + rounded_up(std::int64_t{s.ends_apart} * flow_end_numbers * 4);
  const std::int64_t room = on.card().shared_bytes - static_cast<std::int64_t>(sizeof(FlowShared)) - 1024 - rest;
  s.stages = static_cast<int>(std::min<std::int64_t>(flow_most_stages, room / s.stage_bytes));
  if (s.stages < 2) return false;
  const std::uint64_t units_of_group = static_cast<std::uint64_t>(s.out.places.cols / flow_unit / s.groups);
  s.group_reciprocal =
      s.groups == 1 ? 0 : static_cast<unsigned>(((std::uint64_t{1} << 32) + units_of_group - 1) / units_of_group);
  s.x_at = static_cast<unsigned>(s.stages) * s.stage_bytes;
  s.partial_at = s.x_at + rounded_up(x_bytes);
  s.ends_at = s.partial_at + rounded_up(partials * 4);
  return launch_on_all(on, "token stream", token_stream_kernel<format, State>, flow_threads,
                       static_cast<std::size_t>(s.x_at) + static_cast<std::size_t>(rest), s);
}

}  // namespace

bool token_stream(Stream& stream, const StackStepArgs& args) {
  CudaStream& on = backend(stream);
  if (!fits(on, args)) return false;
  FlowTask s{};
  static_cast<StackTask&>(s) = stack_task(on, args, s.layer);
  s.residual_words = s.words;
  s.y_words = s.residual_words + flow_x_words;
  s.proj_words = s.y_words + flow_x_words;
  const bool rounded = args.layers[0].step.state_dtype == DType::bf16;
  bool done = false;
  with_format(args.layers[0].in_proj->format(), [&](auto format) {
    if constexpr (flows(decltype(format)::value)) {
      constexpr WeightFormat of = decltype(format)::value;
      done = rounded ? run<of, __nv_bfloat16>(on, args, s) : run<of, float>(on, args, s);
    }
  });
  return done;
}

}  // namespace holdfast::cuda
