// One token of one sequence through all layers in one kernel: a block per multiprocessor, which stays for the whole
// token. What a layer computes has three phases, each of whose results all blocks need for the next one:
//   in_proj, with the norm before it, the convolution's step, dt and silu(z) after it
//   the recurrence and the gate                                                       half a warp per row of the state
//   out_proj, with the gated norm before it and the residual after it
// Rows of weights and of states are shared by the blocks evenly, rows of a block by its warps.
//
// Results are posted in device memory as words of 8 bytes: the value and the number of the layer it belongs to, counted
// over all tokens. Who needs a value looks at its word until the number is right, so that a result costs one store and
// one load and there is no barrier of the grid. A word is written again one layer later, by when everybody has read it:
// all of a phase's results come from all of the phase before, and a block reads all it needs before it posts. All
// blocks run at once (a cooperative launch), or none. Every block has rows of in_proj; one without rows of out_proj
// must not wait for y, which may be written again without it.
//
// What does not depend on the phase before is in registers when its results come: weights, which are fetched layers
// ahead through a ring in shared memory, gains, the convolution's taps and states, and the states. No sum depends
// on who is first: the same token gives the same bits.
#include "kernels/cuda/bulk.cuh"
#include "kernels/cuda/ssd.cuh"
#include "kernels/cuda/stack_task.cuh"
#include "kernels/cuda/state_quads.cuh"
#include "kernels/cuda/token_step.h"
#include "kernels/cuda/weight_codes.cuh"

namespace holdfast::cuda {
namespace {

constexpr int token_warps = 8;
constexpr int token_threads = token_warps * warp_size;
constexpr int token_most_groups = 16;
constexpr int token_most_taps = 4;
constexpr int token_most_slots = 8;
constexpr int token_state_rows = 2 * token_warps;  // rows of the state that a block has at most
constexpr int token_piece = warp_size * 8;         // columns of which a lane has eight

constexpr std::int64_t token_residual_words = 1024;
constexpr std::int64_t token_proj_words = 8192;
constexpr std::int64_t token_y_words = 2048;
static_assert(word_count_bytes + (token_residual_words + token_proj_words + token_y_words) * sizeof(Word) <=
              packets_at);

// A weight's layout, without its place.
struct TokenMatrix {
  std::int64_t code_row, scale_row, scales_at;  // in device memory
  unsigned scales_in;                           // where scales begin in a slot
  int rows, cols;
};

struct TokenTask : StackTask {
  TokenMatrix in, out, table;  // the last: embedding and head
  Word* residual_words;        // (D)
  Word* proj_words;            // (2 E + 2 G N + H)
  Word* y_words;               // (E)
  int slots;                   // of the ring: a layer's rows of in_proj, and from out_at on those of out_proj
  int head_rows;               // of the head that a slot takes
  unsigned slot_bytes, out_at;
  bool state_rounded;
  StackLayer layer[stack_most_layers];
};

// x of a product in shared memory: the first four of every eight columns, then the second four, so that lanes with
// eight columns each meet no bank twice.
template <int pieces>
struct TokenX {
  static constexpr int half = pieces * token_piece / 2;
  alignas(16) float values[2 * half];
  alignas(16) float squares[token_threads];  // of each thread's columns; with several groups of 64 columns each
  static __device__ __forceinline__ int place(int col) { return col / 8 * 4 + col % 4 + col % 8 / 4 * half; }
};

template <int pieces>
struct TokenShared {
  alignas(8) unsigned long long filled[2][token_most_slots];  // of in_proj's and of out_proj's part
  alignas(16) TokenX<pieces> in;
  alignas(16) TokenX<2 * pieces> out;
  alignas(16) float in_out[2][2][128];  // B and C of the two groups that a block's rows of the state can be of
  float own[3][token_state_rows];       // of those rows: x, silu(z); of their heads: dt
  float scales[token_most_groups];
  StackLayer layer[stack_most_layers];
};

#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 900

// Pairs of words, one per consumer and turn, once they have the number.
template <int turns>
__device__ __forceinline__ void take_words(const Word* words, int pairs, unsigned number, float2 (&values)[turns]) {
  const int own = static_cast<int>(threadIdx.x);
  bool wanted[turns];
#pragma unroll
  for (int i = 0; i < turns; ++i) {
    wanted[i] = own + i * token_threads < pairs;
    values[i] = make_float2(0.0f, 0.0f);
  }
  Patience patience;
  bool left;
  do {
    Word first[turns];
    Word second[turns];
    left = false;
#pragma unroll
    for (int i = 0; i < turns; ++i) {
      if (wanted[i]) look(words + (own + i * token_threads) * 2, first[i], second[i]);
    }
#pragma unroll
    for (int i = 0; i < turns; ++i) {
      if (!wanted[i]) continue;
      if (is_of(first[i], number) && is_of(second[i], number)) {
        values[i] = make_float2(value_of(first[i]), value_of(second[i]));
        wanted[i] = false;
      } else {
        left = true;
      }
    }
    if (left) patience.lose();
  } while (left);
}

template <int turns>
__device__ __forceinline__ void load_pairs(const float* from, int pairs, float2 (&values)[turns]) {
  const int own = static_cast<int>(threadIdx.x);
#pragma unroll
  for (int i = 0; i < turns; ++i) {
    const int pair = own + i * token_threads;
    values[i] = pair < pairs ? reinterpret_cast<const float2*>(from)[pair] : make_float2(0.0f, 0.0f);
  }
}

// Each thread's pairs times their gains into x. Values beyond the pairs are zero.
template <int pieces, int turns>
__device__ __forceinline__ void put_x(TokenX<pieces>& x, int pairs, const float2 (&values)[turns],
                                      const float2 (&gains)[turns], bool grouped) {
  const int own = static_cast<int>(threadIdx.x);
  float mine = 0.0f;
#pragma unroll
  for (int i = 0; i < turns; ++i) {
    const int pair = own + i * token_threads;
    if (pair < pairs) {
      *reinterpret_cast<float2*>(x.values + x.place(pair * 2)) =
          make_float2(values[i].x * gains[i].x, values[i].y * gains[i].y);
    }
    const float square = values[i].x * values[i].x + values[i].y * values[i].y;
    mine += square;
    if (grouped && pair / warp_size * 64 < pieces * token_piece) {
      const float sum = warp_sum(square);
      if (own % warp_size == 0) x.squares[pair / warp_size] = sum;
    }
  }
  if (!grouped) x.squares[own] = mine;
}

// 1 / rms over all columns, of each thread's squares.
__device__ __forceinline__ float inverse_rms(const float* squares, int cols, float eps) {
  static_assert(token_threads == 8 * warp_size);
  const int lane = static_cast<int>(threadIdx.x) % warp_size;
  const float4 a = reinterpret_cast<const float4*>(squares)[lane];
  const float4 b = reinterpret_cast<const float4*>(squares)[lane + warp_size];
  return rsqrtf(warp_sum(a.x + a.y + a.z + a.w + (b.x + b.y + b.z + b.w)) / static_cast<float>(cols) + eps);
}

// The value, of which the compiler knows nothing: it is kept, not computed again where it is used.
__device__ __forceinline__ int kept(int value) {
  asm volatile("" : "+r"(value));
  return value;
}

// This lane's eight columns of a piece of a row.
template <WeightFormat format>
struct TokenPiece {
  CodeWords<format> codes = {};
  GroupScale group = {0.0f, 0.0f};

  __device__ __forceinline__ void take(const TokenMatrix& m, const unsigned char* slot, int row, int col) {
    constexpr int count = CodeWords<format>::count;
    const unsigned char* at = slot + row * static_cast<int>(m.code_row) + col * count / 2;
    if constexpr (count == 4) {
      const uint4 v = *reinterpret_cast<const uint4*>(at);
      codes.w[0] = v.x, codes.w[1] = v.y, codes.w[2] = v.z, codes.w[3] = v.w;
    } else if constexpr (count == 2) {
      const uint2 v = *reinterpret_cast<const uint2*>(at);
      codes.w[0] = v.x, codes.w[1] = v.y;
    } else {
      codes.w[0] = *reinterpret_cast<const unsigned*>(at);
    }
    if constexpr (is_quantised(format)) {
      const PackedWeight here{nullptr, slot + m.scales_in, nullptr, m.rows, m.cols, m.code_row, m.scale_row, 0};
      group = group_scale<format>(here, row, col);
    }
  }
  __device__ __forceinline__ void widen(float (&values)[8]) const {
    widen_codes<format>(codes, values);
    if constexpr (is_quantised(format)) {
#pragma unroll
      for (int k = 0; k < 8; ++k) {
        values[k] = group.scale * values[k];
        if constexpr (block_traits(format).affine) values[k] += group.base;
      }
    }
  }
};

// Rows of a weight that this warp has, in registers: row i of it is row `first + i token_warps` of those in the slot.
template <WeightFormat format, int rows, int pieces>
struct TokenRows {
  TokenPiece<format> own[rows][pieces];

  __device__ __forceinline__ void take(const TokenMatrix& m, const unsigned char* slot, int first, int count) {
    const int lane = static_cast<int>(threadIdx.x) % warp_size;
#pragma unroll
    for (int i = 0; i < rows; ++i) {
      const int row = first + i * token_warps;
#pragma unroll
      for (int p = 0; p < pieces; ++p) {
        const int col = p * token_piece + lane * 8;
        own[i][p] = {};
        if (row < count && col < m.cols) own[i][p].take(m, slot, row, col);
      }
    }
  }
  // Times x, of which a group of `group` columns is multiplied by its scale; or without scales (null). `all`: this warp
  // has as many rows, or one less.
  __device__ __forceinline__ void dot(const TokenX<pieces>& x, int cols, const float* scales, int group, bool all,
                                      float (&sums)[rows]) const {
    const int lane = static_cast<int>(threadIdx.x) % warp_size;
    float part[pieces][8];
#pragma unroll
    for (int p = 0; p < pieces; ++p) {
      const int col = p * token_piece + lane * 8;
      float4 a = make_float4(0.0f, 0.0f, 0.0f, 0.0f);
      float4 b = a;
      if (col < cols) {
        a = *reinterpret_cast<const float4*>(x.values + x.place(col));
        b = *reinterpret_cast<const float4*>(x.values + x.place(col + 4));
        if (scales != nullptr) {
          const float scale = scales[col / group];
          a.x *= scale, a.y *= scale, a.z *= scale, a.w *= scale;
          b.x *= scale, b.y *= scale, b.z *= scale, b.w *= scale;
        }
      }
      part[p][0] = a.x, part[p][1] = a.y, part[p][2] = a.z, part[p][3] = a.w;
      part[p][4] = b.x, part[p][5] = b.y, part[p][6] = b.z, part[p][7] = b.w;
    }
#pragma unroll
    for (int i = 0; i < rows; ++i) {
      sums[i] = 0.0f;
      if (i + 1 == rows && !all) break;
      constexpr int ways = 4;  // sums that do not wait for each other
      float way[ways] = {};
#pragma unroll
      for (int p = 0; p < pieces; ++p) {
        float values[8];
        own[i][p].widen(values);
#pragma unroll
        for (int k = 0; k < 8; ++k) way[k % ways] += values[k] * part[p][k];
      }
      sums[i] = way[0] + way[1] + (way[2] + way[3]);
    }
  }
};

// Lanes that end up with one and the same of `rows` sums.
[[nodiscard]] constexpr int lanes_of_sum(int rows) { return rows == 1 ? 32 : rows == 2 ? 16 : rows <= 4 ? 8 : 4; }
// Sums over a warp of `rows` values at once, up to 8: the sum of value i ends in the lanes from i lanes_of_sum on.
template <int rows>
__device__ __forceinline__ float sum_each(const float (&values)[rows]) {
  constexpr int count = warp_size / lanes_of_sum(rows);
  const int lane = static_cast<int>(threadIdx.x) % warp_size;
  float v[count];
#pragma unroll
  for (int i = 0; i < count; ++i) v[i] = i < rows ? values[i < rows ? i : 0] : 0.0f;
  int step = warp_size / 2;
#pragma unroll
  for (int left = count; left > 1; left /= 2) {
    const bool upper = (lane & step) != 0;
#pragma unroll
    for (int i = 0; i < left / 2; ++i) {
      const float keep = upper ? v[i + left / 2] : v[i];
      const float give = upper ? v[i] : v[i + left / 2];
      v[i] = keep + __shfl_xor_sync(all_lanes, give, step);
    }
    step /= 2;
  }
  float sum = v[0];
#pragma unroll
  for (int s = lanes_of_sum(rows) / 2; s > 0; s /= 2) sum += __shfl_xor_sync(all_lanes, sum, s);
  return sum;
}

// What a row of in_proj meets after its sum.
struct TokenEnd {
  enum class Kind { none, z, convolved, dt } kind = Kind::none;
  int row = 0;
  int channel = 0;                        // of the convolution, or the head
  float bias = 0.0f;                      // of in_proj
  float start = 0.0f;                     // of the convolution's sum, or dt's bias
  float weight[token_most_taps] = {};     // the last taps; zeros before them
  float state[token_most_taps - 1] = {};  // likewise

  __device__ __forceinline__ TokenEnd(const TokenTask& s, int own_row, bool posts) : row(own_row) {
    const int inner = s.heads * s.head_dim;
    const int channels = inner + 2 * s.groups * s.d_state;
    kind = !posts ? Kind::none : row < inner ? Kind::z : row < inner + channels ? Kind::convolved : Kind::dt;
    channel = kind == Kind::dt ? row - inner - channels : row - inner;
  }
  __device__ __forceinline__ void take(const TokenTask& s, const StackLayer& layer, const float* conv) {
    if (layer.in_bias != nullptr && kind != Kind::none) bias = layer.in_bias[row];
    if (kind == Kind::dt) start = layer.dt_bias[channel];
    if (kind != Kind::convolved) return;
    if (layer.conv_bias != nullptr) start = layer.conv_bias[channel];
    const float* from = conv + layer.conv_offset + channel * (s.taps - 1);
    if (s.taps == token_most_taps) {
      load_piece<float, token_most_taps>(layer.conv_weight + channel * token_most_taps, weight);
#pragma unroll
      for (int k = 0; k < token_most_taps - 1; ++k) state[k] = from[k];
      return;
    }
#pragma unroll
    for (int k = 0; k < token_most_taps; ++k) {
      const int tap = k - (token_most_taps - s.taps);
      if (tap < 0) continue;
      weight[k] = layer.conv_weight[channel * s.taps + tap];
      if (k + 1 < token_most_taps) state[k < token_most_taps - 1 ? k : 0] = from[tap];
    }
  }
  // The convolution's sum without the token's own tap.
  [[nodiscard]] __device__ __forceinline__ float lead() const {
    float sum = start;
#pragma unroll
    for (int k = 0; k + 1 < token_most_taps; ++k) sum += weight[k] * state[k];
    return sum;
  }
  [[nodiscard]] __device__ __forceinline__ float finish(const TokenTask& s, float led, float value) const {
    if (kind == Kind::dt) return step_size(value, start, s.dt_min, s.dt_max);
    return silu_quick(kind == Kind::z ? value : led + weight[token_most_taps - 1] * value);
  }
  // The window moves on.
  __device__ __forceinline__ void keep(const TokenTask& s, const StackLayer& layer, float* conv, float value) const {
    if (kind != Kind::convolved) return;
    float* to = conv + layer.conv_offset + channel * (s.taps - 1) + s.taps - token_most_taps;
#pragma unroll
    for (int k = 0; k + 2 < token_most_taps; ++k) {
      if (k + s.taps >= token_most_taps) to[k] = state[k + 1];
    }
    to[token_most_taps - 2] = value;
  }
};

// This lane's part of a row of the state: 16 lanes share one.
struct TokenState {
  uint4 raw[2];  // four states each, as they lie in memory
  float rate = 0.0f;
  float skip = 0.0f;

  __device__ __forceinline__ void take(const TokenTask& s, const StackLayer& layer, const void* all, int head, int at) {
    const std::int64_t first = layer.state_offset + at;
#pragma unroll
    for (int q = 0; q < 2; ++q) {
      if (q * 64 >= s.d_state) break;
      if (s.state_rounded) {
        const uint2 v = *reinterpret_cast<const uint2*>(static_cast<const __nv_bfloat16*>(all) + first + q * 64);
        raw[q].x = v.x, raw[q].y = v.y;
      } else {
        raw[q] = *reinterpret_cast<const uint4*>(static_cast<const float*>(all) + first + q * 64);
      }
    }
    rate = layer.a[head];
    skip = layer.d[head];
  }
  __device__ __forceinline__ void put(const TokenTask& s, const StackLayer& layer, void* all, int at) const {
    const std::int64_t first = layer.state_offset + at;
#pragma unroll
    for (int q = 0; q < 2; ++q) {
      if (q * 64 >= s.d_state) break;
      if (s.state_rounded) {
        *reinterpret_cast<uint2*>(static_cast<__nv_bfloat16*>(all) + first + q * 64) = rounded(values(q));
      } else {
        *reinterpret_cast<uint4*>(static_cast<float*>(all) + first + q * 64) = raw[q];
      }
    }
  }
  [[nodiscard]] __device__ __forceinline__ float4 values(int q) const {
    return make_float4(__uint_as_float(raw[q].x), __uint_as_float(raw[q].y), __uint_as_float(raw[q].z),
                       __uint_as_float(raw[q].w));
  }
  // One token; this lane's part of h . C. `in` and `out` are B and C of the group, from this lane's states on.
  __device__ __forceinline__ float step(const TokenTask& s, float decay, float weight, const float* in,
                                        const float* out) {
    float sum = 0.0f;
#pragma unroll
    for (int q = 0; q < 2; ++q) {
      if (q * 64 >= s.d_state) break;
      const float4 b = *reinterpret_cast<const float4*>(in + q * 64);
      const float4 c = *reinterpret_cast<const float4*>(out + q * 64);
      float4 h = s.state_rounded ? widened(raw[q].x, raw[q].y) : values(q);
      h.x = decay * h.x + weight * b.x;
      h.y = decay * h.y + weight * b.y;
      h.z = decay * h.z + weight * b.z;
      h.w = decay * h.w + weight * b.w;
      sum += h.x * c.x + h.y * c.y + (h.z * c.z + h.w * c.w);
      raw[q] = make_uint4(__float_as_uint(h.x), __float_as_uint(h.y), __float_as_uint(h.z), __float_as_uint(h.w));
    }
    return sum;
  }
};

// Rows of a weight to a place in shared memory that nobody reads any more. By one thread.
__device__ __forceinline__ void fetch_rows(const TokenMatrix& m, const std::uint8_t* from, const Range& rows,
                                           unsigned to, unsigned filled) {
  const unsigned codes = static_cast<unsigned>(rows.count()) * static_cast<unsigned>(m.code_row);
  const unsigned scales = static_cast<unsigned>(rows.count()) * static_cast<unsigned>(m.scale_row);
  barrier_expect(filled, codes + scales);
  bulk_copy(to, from + rows.begin * m.code_row, codes, filled);
  if (scales != 0) bulk_copy(to + m.scales_in, from + m.scales_at + rows.begin * m.scale_row, scales, filled);
}

// The head's rows that one turn of the ring takes, after all layers.
__device__ __forceinline__ Range head_turn(const TokenTask& s, const Range& vocab, int turn) {
  const int begin = min(vocab.begin + turn * s.head_rows, vocab.end);
  return {begin, min(begin + s.head_rows, vocab.end)};
}

// Two neighbouring values of the embedding's row.
template <WeightFormat format>
__device__ __forceinline__ float2 embedded(const TokenTask& s, std::int64_t id, int col) {
  const TokenMatrix& m = s.table;
  const PackedWeight table{s.embedding, s.embedding + m.scales_at, nullptr, m.rows, m.cols, m.code_row, m.scale_row, 0};
  float values[8];
  load_values<format>(table, id, col / 8 * 8, values);
  float2 two = make_float2(values[0], values[1]);
#pragma unroll
  for (int i = 2; i < 8; i += 2) {
    if (col % 8 == i) two = make_float2(values[i], values[i + 1]);
  }
  return two;
}

// pieces: of in_proj's columns; out_proj has up to twice as many. in_rows, out_rows: that a warp has at most.
template <WeightFormat format, int pieces, int in_rows, int out_rows>
__device__ __forceinline__ void compute_token(const TokenTask& s, TokenShared<pieces>& shared,
                                              const unsigned char* ring) {
  constexpr int in_turns = (pieces + 1) / 2;
  constexpr int out_turns = pieces;
  const int own = static_cast<int>(threadIdx.x);
  const int warp = own / warp_size;
  const int lane = own % warp_size;
  const int inner = s.heads * s.head_dim;
  const int channels = inner + 2 * s.groups * s.d_state;
  const int group_size = inner / s.groups;
  const bool grouped = s.groups > 1;
  const int d_model = s.in.cols;
  const Range in = own_part(s.in.rows);
  const Range out = own_part(s.out.rows);
  const Range states = own_part(inner);
  const Range vocab = own_part(s.logits != nullptr ? s.table.rows : 0);
  // Of in_proj: the row whose sum ends in this lane, and whether this warp has as many rows as a warp may. Of out_proj
  // likewise.
  const int own_in = kept(in.begin + warp + lane / lanes_of_sum(in_rows) * token_warps);
  const bool posts_in = lane % lanes_of_sum(in_rows) == 0 && own_in < in.end;
  const bool all_in = warp + (in_rows - 1) * token_warps < in.count();
  const int own_out = kept(out.begin + warp + lane / lanes_of_sum(out_rows) * token_warps);
  const bool posts_out = lane % lanes_of_sum(out_rows) == 0 && own_out < out.end;
  const bool all_out = warp + (out_rows - 1) * token_warps < out.count();
  // Of the recurrence.
  const int channel = states.begin + own / 16;
  const bool has_state = channel < states.end;
  const int first_head = states.begin / s.head_dim;
  const int first_group = states.begin / group_size;
  const int head = kept(channel / s.head_dim);
  const int state_at = kept(channel * s.d_state + own % 16 * 4);
  const int group_slot = kept(has_state ? channel / group_size - first_group : 0);
  const bool logs_decay = has_state && own % 16 == 0 && channel % s.head_dim == 0;
  const float* const in_of_state = &shared.in_out[group_slot][0][own % 16 * 4];
  const float* const dt_of_state = &shared.own[2][has_state ? head - first_head : 0];
  // What this thread gathers for it: a pair of B or C, and one of x, silu(z) and dt.
  const int last = max(states.end - 1, states.begin);
  const Word* pair_at = nullptr;
  float2* pair_to = nullptr;
  if (states.count() != 0 && own / s.d_state <= last / group_size - first_group) {
    const int slot = own / s.d_state;
    const int pair = own % (s.d_state / 2);
    const bool is_c = own % s.d_state >= s.d_state / 2;
    pair_at = s.proj_words + 2 * inner + (first_group + slot + (is_c ? s.groups : 0)) * s.d_state + pair * 2;
    pair_to = reinterpret_cast<float2*>(&shared.in_out[slot][is_c ? 1 : 0][pair * 2]);
  }
  const Word* single_at = nullptr;
  const int single = own - (token_threads - 3 * token_state_rows);
  float* const single_to = &shared.own[0][0] + max(single, 0);
  if (single >= 0 && states.count() != 0) {
    const int i = single % token_state_rows;
    const int which = single / token_state_rows;
    if (which < 2 && states.begin + i < states.end) {
      single_at = s.proj_words + (which == 0 ? inner : 0) + states.begin + i;
    } else if (which == 2 && first_head + i <= last / s.head_dim) {
      single_at = s.proj_words + inner + channels + first_head + i;
    }
  }
  const bool fetches = own == token_threads - warp_size;         // of the warp with the fewest rows
  const auto fetch = [&](int turn, int slot, bool first_part) {  // of the ring: a layer, or rows of the head
    const unsigned to = shared_address(ring) + static_cast<unsigned>(slot) * s.slot_bytes;
    if (turn >= s.layers) {
      const Range rows = head_turn(s, vocab, turn - s.layers);
      if (!first_part && rows.count() != 0) {
        fetch_rows(s.table, s.head, rows, to, shared_address(&shared.filled[0][slot]));
      }
    } else if (first_part) {
      fetch_rows(s.in, shared.layer[turn].in_proj, in, to, shared_address(&shared.filled[0][slot]));
    } else if (out.count() != 0) {
      fetch_rows(s.out, shared.layer[turn].out_proj, out, to + s.out_at, shared_address(&shared.filled[1][slot]));
    }
  };
  if (fetches) {
    for (int turn = 0; turn < s.slots; ++turn) {
      fetch(turn, turn, true);
      fetch(turn, turn, false);
    }
  }
  const std::int64_t id = known_id(s, s.table.rows);
  const unsigned base = *s.count;
  float* const conv = *s.conv_table;
  void* const state = *s.state_table;
  float2 in_gains[in_turns];
  load_pairs(shared.layer[0].norm, d_model / 2, in_gains);
  TokenEnd end(s, own_in, posts_in);
  end.take(s, shared.layer[0], conv);
  TokenState held;
  if (has_state) held.take(s, shared.layer[0], state, head, state_at);
  float old = 0.0f;  // the residual of this thread's row of out_proj
  if (posts_out) {
    const float2 two = embedded<format>(s, id, own_out / 2 * 2);
    old = own_out % 2 == 0 ? two.x : two.y;
  }
  RingPlace slot;
  for (int l = 0; l < s.layers; ++l) {
    const StackLayer& layer = shared.layer[l];
    const unsigned number = base + static_cast<unsigned>(l) + 1;
    const unsigned char* memory = ring + static_cast<unsigned>(slot.index) * s.slot_bytes;
    float2 out_gains[out_turns];
    load_pairs(layer.gate_norm, inner / 2, out_gains);
    {
      TokenRows<format, in_rows, pieces> w;
      barrier_wait(shared_address(&shared.filled[0][slot.index]), slot.parity);
      w.take(s.in, memory, warp, in.count());
      const float led = end.lead();
      float2 x[in_turns];
      if (l == 0) {
#pragma unroll
        for (int i = 0; i < in_turns; ++i) {
          const int pair = own + i * token_threads;
          x[i] = pair < d_model / 2 ? embedded<format>(s, id, pair * 2) : make_float2(0.0f, 0.0f);
        }
      } else {
        take_words(s.residual_words, d_model / 2, number - 1, x);
      }
      put_x(shared.in, d_model / 2, x, in_gains, false);
      __syncthreads();
      float sums[in_rows];
      const float scale = inverse_rms(shared.in.squares, d_model, s.eps);
      w.dot(shared.in, d_model, nullptr, 1, all_in, sums);
      const float sum = sum_each<in_rows>(sums) * scale + end.bias;
      if (posts_in) post(s.proj_words + own_in, end.finish(s, led, sum), number);
      end.keep(s, layer, conv, sum);
      if (fetches) fetch(l + s.slots, slot.index, true);
    }
    {
      bool pair_wanted = pair_at != nullptr;
      bool single_wanted = single_at != nullptr;
      Patience patience;
      while (pair_wanted || single_wanted) {
        patience.lose();
        Word first = 0;
        Word second = 0;
        Word alone = 0;
        if (pair_wanted) look(pair_at, first, second);
        if (single_wanted) alone = look(single_at);
        if (pair_wanted && is_of(first, number) && is_of(second, number)) {
          *pair_to = make_float2(value_of(first), value_of(second));
          pair_wanted = false;
        }
        if (single_wanted && is_of(alone, number)) {
          *single_to = value_of(alone);
          single_wanted = false;
        }
      }
      __syncthreads();
      const float dt = *dt_of_state;
      const float x = shared.own[0][own / 16];
      const float gate = shared.own[1][own / 16];
      float sum = has_state ? held.step(s, expf(dt * held.rate), dt * x, in_of_state, in_of_state + 128) : 0.0f;
#pragma unroll
      for (int step = 8; step > 0; step /= 2) sum += __shfl_xor_sync(all_lanes, sum, step);
      if (has_state && own % 16 == 0) post(s.y_words + channel, (sum + held.skip * x) * gate, number);
      if (has_state) held.put(s, layer, state, state_at);
      if (logs_decay && layer.log_decay != nullptr) layer.log_decay[head] = dt * held.rate;
    }
    if (l + 1 < s.layers) {
      const StackLayer& next = shared.layer[l + 1];
      load_pairs(next.norm, d_model / 2, in_gains);
      end.take(s, next, conv);
      if (has_state) held.take(s, next, state, head, state_at);
    }
    if (out.count() != 0) {
      TokenRows<format, out_rows, 2 * pieces> w;
      barrier_wait(shared_address(&shared.filled[1][slot.index]), slot.parity);
      w.take(s.out, memory + s.out_at, warp, out.count());
      const float bias = posts_out && layer.out_bias != nullptr ? layer.out_bias[own_out] : 0.0f;
      float2 x[out_turns];
      take_words(s.y_words, inner / 2, number, x);
      put_x(shared.out, inner / 2, x, out_gains, grouped);
      __syncthreads();
      float scale = 1.0f;
      if (grouped) {
        if (own < s.groups) {
          float squares = 0.0f;
          for (int i = 0; i < group_size / 64; ++i) squares += shared.out.squares[own * (group_size / 64) + i];
          shared.scales[own] = rsqrtf(squares / static_cast<float>(group_size) + s.eps);
        }
        __syncthreads();
      } else {
        scale = inverse_rms(shared.out.squares, inner, s.eps);
      }
      float sums[out_rows];
      w.dot(shared.out, inner, grouped ? shared.scales : nullptr, group_size, all_out, sums);
      old += sum_each<out_rows>(sums) * scale + bias;
      if (posts_out) post(s.residual_words + own_out, old, number);
      if (posts_out && l + 1 == s.layers) s.residual[own_out] = old;
    }
    if (fetches) fetch(l + s.slots, slot.index, false);
    slot.next(s.slots);
  }
  // The last block has rows of all kinds: what it has seen says that every block has read the count.
  if (blockIdx.x + 1 == gridDim.x && own == 0) *s.count = base + static_cast<unsigned>(s.layers);
  if (vocab.count() == 0) return;
  load_pairs(s.final_norm, d_model / 2, in_gains);
  float2 x[in_turns];
  take_words(s.residual_words, d_model / 2, base + static_cast<unsigned>(s.layers), x);
  put_x(shared.in, d_model / 2, x, in_gains, false);
  __syncthreads();
  const float scale = inverse_rms(shared.in.squares, d_model, s.final_eps);
  for (int turn = 0;; ++turn) {
    const Range rows = head_turn(s, vocab, turn);
    if (rows.count() == 0) break;
    barrier_wait(shared_address(&shared.filled[0][slot.index]), slot.parity);
    TokenRows<format, in_rows, pieces> w;
    w.take(s.table, ring + static_cast<unsigned>(slot.index) * s.slot_bytes, warp, rows.count());
    __syncthreads();
    if (fetches) fetch(s.layers + turn + s.slots, slot.index, false);
    float sums[in_rows];
    w.dot(shared.in, d_model, nullptr, 1, true, sums);
    const float sum = sum_each<in_rows>(sums) * scale;
    const int row = warp + lane / lanes_of_sum(in_rows) * token_warps;
    if (lane % lanes_of_sum(in_rows) == 0 && row < rows.count()) s.logits[rows.begin + row] = sum;
    slot.next(s.slots);
  }
}

#endif

template <WeightFormat format, int pieces, int in_rows, int out_rows>
__global__ void __launch_bounds__(token_threads, 1) token_step_kernel(const __grid_constant__ TokenTask s) {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 900
  extern __shared__ __align__(128) unsigned char token_ring[];
  __shared__ TokenShared<pieces> shared;
  if (threadIdx.x == 0) {
    for (int part = 0; part < 2; ++part) {
      for (int slot = 0; slot < s.slots; ++slot) {
        barrier_init(shared_address(&shared.filled[part][slot]), 1);
      }
    }
    barrier_init_done();
  }
  bring_layers(shared.layer, s.layer, s.layers);
  __syncthreads();
  compute_token<format, pieces, in_rows, out_rows>(s, shared, token_ring);
#endif
}

[[nodiscard]] constexpr bool steps(WeightFormat format) {
  return format == WeightFormat::bf16 || format == WeightFormat::q8_0 || format == WeightFormat::q4_0 ||
         format == WeightFormat::q4_1;
}

[[nodiscard]] bool fits(const CudaStream& on, const StackStepArgs& args) {
  const LayerStepArgs& first = args.layers[0];
  const SsdStepArgs& s = first.step;
  const std::int64_t inner = s.heads * s.head_dim;
  const std::int64_t d_model = first.in_proj->cols();
  const std::int64_t blocks = on.card().multiprocessors;
  const WeightFormat format = first.in_proj->format();
  if (on.card().major < 9 || !steps(format) || !is_uniform(args) || first.in_proj->rows() < blocks ||
      share(inner, blocks) > token_state_rows || first.in_proj->rows() > token_proj_words ||
      d_model > token_residual_words || inner > token_y_words) {
    return false;
  }
  if ((s.d_state != 64 && s.d_state != 128) || s.groups > token_most_groups || d_model % 8 != 0 || inner % 64 != 0 ||
      inner / s.groups % 64 != 0 || s.conv_weight.shape[1] > token_most_taps || s.conv_weight.shape[1] < 2) {
    return false;
  }
  return args.head->rows() <= INT32_MAX / blocks;  // rows times blocks are shared out in 32 bits
}

// A weight of whose rows a slot takes so many; false where they are no multiples of what bulk copies move.
bool place(const Weight& weight, std::int64_t rows_in_slot, TokenMatrix& m) {
  const PackedLayout p = packed_layout(weight.format(), weight.rows(), weight.cols());
  m = {p.code_row,
       p.scale_row,
       p.scales_at,
       rounded_up(rows_in_slot * p.code_row),
       static_cast<int>(p.rows),
       static_cast<int>(p.cols)};
  return p.code_row % 16 == 0 && p.scale_row % 16 == 0;
}
[[nodiscard]] unsigned slot_bytes(const TokenMatrix& m, std::int64_t rows) {
  return m.scales_in + rounded_up(rows * m.scale_row);
}

template <WeightFormat format, int pieces, int in_rows, int out_rows>
bool run(CudaStream& on, const StackStepArgs& args, TokenTask& s) {
  const LayerStepArgs& first = args.layers[0];
  const std::int64_t blocks = on.card().multiprocessors;
  const std::int64_t of_in = share(first.in_proj->rows(), blocks);
  const std::int64_t of_out = share(first.out_proj->rows(), blocks);
  s.head_rows = in_rows * token_warps;
  if (!place(*first.in_proj, of_in, s.in) || !place(*first.out_proj, of_out, s.out) ||
      !place(*args.head, s.head_rows, s.table)) {
    return false;
  }
  s.out_at = slot_bytes(s.in, of_in);
  s.slot_bytes = std::max(s.out_at + slot_bytes(s.out, of_out), slot_bytes(s.table, s.head_rows));
  const std::int64_t room = on.card().shared_bytes - static_cast<std::int64_t>(sizeof(TokenShared<pieces>)) - 1024;
  s.slots = static_cast<int>(std::min<std::int64_t>(token_most_slots, room / s.slot_bytes));
  if (s.slots < 2) return false;
  return launch_on_all(on, "token step", token_step_kernel<format, pieces, in_rows, out_rows>, token_threads,
                       static_cast<std::size_t>(s.slots) * s.slot_bytes, s);
}

// The kernel for the shape.
template <WeightFormat format>
bool run(CudaStream& on, const StackStepArgs& args, TokenTask& s) {
  const LayerStepArgs& first = args.layers[0];
  const std::int64_t blocks = on.card().multiprocessors;
  const std::int64_t columns = std::max(first.in_proj->cols(), first.out_proj->cols() / 2);
  const std::int64_t pieces = (columns + token_piece - 1) / token_piece;
  const std::int64_t in_rows = share(share(first.in_proj->rows(), blocks), token_warps);
  const std::int64_t out_rows = share(share(first.out_proj->rows(), blocks), token_warps);
  if (out_rows > 1 || in_rows > 5) return false;
  if (in_rows > 4) return pieces <= 4 && run<format, 4, 5, 1>(on, args, s);
  if (pieces <= 1) return run<format, 1, 4, 1>(on, args, s);
  if (pieces <= 2) return run<format, 2, 4, 1>(on, args, s);
  return pieces <= 3 && run<format, 3, 4, 1>(on, args, s);
}

}  // namespace

bool token_step(Stream& stream, const StackStepArgs& args) {
  CudaStream& on = backend(stream);
  if (!fits(on, args)) return false;
  TokenTask s{};
  static_cast<StackTask&>(s) = stack_task(on, args, s.layer);
  s.residual_words = s.words;
  s.proj_words = s.residual_words + token_residual_words;
  s.y_words = s.proj_words + token_proj_words;
  s.state_rounded = args.layers[0].step.state_dtype == DType::bf16;
  bool done = false;
  with_format(args.layers[0].in_proj->format(), [&](auto format) {
    if constexpr (steps(decltype(format)::value)) done = run<decltype(format)::value>(on, args, s);
  });
  return done;
}

}  // namespace holdfast::cuda
