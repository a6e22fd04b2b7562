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
// Whoever has channels of the states makes their rows of in_proj itself, so that only B and C are wanted from other
// blocks; these rows come first, and are with everybody when the others are done. Where that would be uneven, all
// blocks share the rows and post them all.
//
// Results are posted with the number of the phase they belong to, which who needs them looks at until it is right:
// words of one value, packets of three. One is written again a layer later, by when everybody has read it: every block
// has rows of in_proj, which the recurrence wants as words or as its y, and all units of y are read by all blocks that
// have rows of out_proj before these post. A block without rows of out_proj must not wait for y. All blocks run at once
// (a cooperative launch), or none. No sum depends on who is first.
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
constexpr int flow_threads = flow_consumers + 4 * warp_size;  // one of the last warps fetches; registers move by fours
// Registers of a thread, of 96 that all begin with.
[[maybe_unused]] constexpr int flow_consumer_registers = 112;
[[maybe_unused]] constexpr int flow_fetcher_registers = 32;
constexpr int flow_most_groups = 64;
constexpr int flow_most_taps = 4;
constexpr int flow_most_stages = 8;
constexpr int flow_most_blocks = 256;
constexpr int flow_in_numbers = 2 + 2 * flow_most_taps - 1;  // that a row of in_proj meets after its sum
constexpr int flow_end_numbers = flow_in_numbers + 2;        // and one of out_proj
constexpr int flow_unit = 32;                                // columns of x that are left together
constexpr int flow_state_units = 2;                          // that a block has at most
[[maybe_unused]] constexpr int flow_state_lanes = 8;         // that share a row of the state
constexpr int flow_states = 128;                             // N
constexpr unsigned flow_stage_bytes = 40 * 1024;             // about
constexpr std::int64_t flow_most_columns = 8192;
constexpr std::int64_t flow_most_proj = 20480;

// Stages that are fetched at a time. The whole ring at once would keep every small load of its multiprocessor waiting
// for 3 to 5 us, and one stage alone does not reach the memory's speed: two while warps multiply, one while they wait
// for each other's results.
[[maybe_unused]] constexpr int flow_depth_multiplying = 2;
[[maybe_unused]] constexpr int flow_depth_waiting = 1;

// Words of a unit. 16-bit weights: 32 values, squares. Quantised: 8 words of high bytes, 8 of low ones, scale, squares.
// They are posted three at a time with the number.
template <WeightFormat format>
struct UnitWords {
  static constexpr bool rounded = is_quantised(format);
  static constexpr int apart = rounded ? 18 : 34;  // in shared memory
  enum Place : int { scale = 16, squares = rounded ? 17 : 32, count };
};
constexpr std::int64_t flow_x_packets = flow_most_columns / flow_unit * UnitWords<WeightFormat::bf16>::count / 3;
static_assert(word_count_bytes + flow_most_proj * sizeof(Word) <= packets_at);
static_assert(packets_at + 2 * flow_x_packets * sizeof(Packet) <= CudaStream::exchange_bytes);

// A weight's layout, without its place; and how it goes through the ring.
struct FlowMatrix {
  RowPlaces places;                   // in a stage
  std::int64_t scales_at, supers_at;  // in device memory
  int stage_rows;                     // of a stage
};

struct FlowTask : StackTask {
  FlowMatrix in, out, table;  // the last: embedding and head
  Packet* y_packets;          // units of E; those of StackTask are units of D, its words (2 E + 2 G N + H)
  int stages;
  unsigned stage_bytes;
  unsigned x_at, partial_at, ends_at;  // in shared memory
  int ends_apart;
  unsigned group_reciprocal;                     // 2^32 / units of a group of y, rounded up; 0 for one group
  bool local;                                    // whoever has channels of the states makes their rows of in_proj
  std::uint16_t first_bc[flow_most_blocks + 1];  // of each block, where so: the first of its rows of B and C
  StackLayer layer[stack_most_layers];
};

// Rows of a weight that a block has, counted through all runs.
struct FlowRows {
  int count;
  int posted;  // so many first ones are wanted by other blocks, at once
  Range run[4];
};

// What a block has: looked up where it is needed, since registers are few.
struct FlowPart {
  Range out, states;            // units
  int first_channel, channels;  // of the states
  int first_head, heads;        // of those
  int first_group, groups;      // likewise: one or two
};

// A product as its kind has it in every layer.
enum FlowKind : int { flow_in, flow_out, flow_head };
struct FlowProduct {
  FlowMatrix matrix;
  FlowRows rows;
  const Packet* units;  // of x
  int groups;           // of the norm
  float share;          // 1 / columns of one
  unsigned group_reciprocal;
  float eps;
};

struct FlowShared {
  FlowPart part;
  FlowProduct product[3];
  int head_of[flow_state_units * flow_unit];   // of a row of the state, from the first on
  int group_of[flow_state_units * flow_unit];  // likewise
  volatile bool multiplying;                   // tell_fetcher()
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

// The threads of four warps take registers or give some back; nothing where code is not for sm_90a itself.
template <int count, bool more>
__device__ __forceinline__ void have_registers() {
#if defined(__CUDA_ARCH_FEAT_SM90_ALL)
  if constexpr (more) {
    asm volatile("setmaxnreg.inc.sync.aligned.u32 %0;" ::"n"(count));
  } else {
    asm volatile("setmaxnreg.dec.sync.aligned.u32 %0;" ::"n"(count));
  }
#endif
}

// The row in a place among those of a block.
__device__ __forceinline__ int row_of(const FlowRows& rows, int at) {
  int i = 0;
  while (at >= rows.run[i].count()) at -= rows.run[i++].count();
  return rows.run[i].begin + at;
}

// Those that post wait for all consumers, who do not wait for them.
__device__ __forceinline__ void posters_meet(bool posts) {
  if (posts) {
    asm volatile("bar.sync 2, %0;" ::"n"(flow_consumers) : "memory");
  } else {
    asm volatile("bar.arrive 2, %0;" ::"n"(flow_consumers) : "memory");
  }
}

// Units to shared memory, once they have the number: some packets of each consumer at a time. A warp looks at one of
// them until it is there: looking at all would be in the way of weights and of results.
template <WeightFormat format>
__device__ __forceinline__ void gather(const Packet* packets, int units, unsigned number, unsigned* to) {
  using Words = UnitWords<format>;
  constexpr int turns = 3;
  constexpr int of_unit = Words::count / 3;
  const int count = units * of_unit;
  const int own = static_cast<int>(threadIdx.x);
  Patience patience;
  if (own % warp_size == 0 && own < count) {
    const Packet* last = packets + (own + (count - 1 - own) / flow_consumers * flow_consumers);
    while (look(last).number != number) patience.lose();
  }
  __syncwarp();
#pragma unroll 1
  for (int from = own; from < count; from += turns * flow_consumers) {
    bool left;
    do {
      Packet packet[turns];
      left = false;
#pragma unroll
      for (int i = 0; i < turns; ++i) {
        if (from + i * flow_consumers < count) packet[i] = look(packets + from + i * flow_consumers);
      }
#pragma unroll
      for (int i = 0; i < turns; ++i) {
        const int at = from + i * flow_consumers;
        if (at >= count) continue;
        left = left || packet[i].number != number;
        unsigned* const place = to + at / of_unit * Words::apart + at % of_unit * 3;
        place[0] = packet[i].first, place[1] = packet[i].second, place[2] = packet[i].third;
      }
      if (left) patience.lose();
    } while (left);
  }
}

// One unit, of which this lane has a column: by a whole warp.
template <WeightFormat format>
__device__ __forceinline__ void post_unit(Packet* units, int unit, float value, float gain, unsigned number) {
  using Words = UnitWords<format>;
  const int lane = static_cast<int>(threadIdx.x) % warp_size;
  float squares = value * value;
  value *= gain;
  unsigned word;  // of this lane; squares come behind the last
  if constexpr (!Words::rounded) {
    word = __float_as_uint(value);
    squares = warp_sum(squares);
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
    const int of_plane = lane % 8;
    constexpr bool whole = block_traits(format).code_bits == 8;
    const int from = whole ? of_plane * 4 : of_plane / 2 * 8 + of_plane % 2;
    constexpr int apart = whole ? 1 : 2;
    const int planes = (integer & 255) | (integer + 128 & 0xff00);
    int four[4];
#pragma unroll
    for (int k = 0; k < 4; ++k) four[k] = __shfl_sync(all_lanes, planes, from + k * apart);
    const unsigned pick = lane < 8 ? 0x51u : 0x40u;
    word = __byte_perm(__byte_perm(static_cast<unsigned>(four[0]), static_cast<unsigned>(four[1]), pick),
                       __byte_perm(static_cast<unsigned>(four[2]), static_cast<unsigned>(four[3]), pick), 0x5410);
    if (lane == Words::scale) word = __float_as_uint(largest * (1.0f / 32512.0f));
  }
  constexpr int packets = Words::count / 3;
  Packet packet;
  packet.first = __shfl_sync(all_lanes, word, lane * 3);
  packet.second = __shfl_sync(all_lanes, word, lane * 3 + 1);
  packet.third = __shfl_sync(all_lanes, word, lane * 3 + 2);
  packet.number = number;
  if (lane == packets - 1) packet.third = __float_as_uint(squares);
  if (lane < packets) post(units + unit * packets + lane, packet);
}

// x of this lane, from the words of all units and 1 / rms of each group. reciprocal: 2^32 / units of a group, rounded
// up, or 0 for one group, whose 1 / rms is `whole`.
template <WeightFormat format>
__device__ __forceinline__ void take_own(OwnX<format>& own, const unsigned* words, const float* factors, float whole,
                                         unsigned reciprocal, int part, const RowPlaces& p) {
  using Words = UnitWords<format>;
  constexpr int columns = piece_columns(format);
#pragma unroll
  for (int piece = 0; piece < row_lane_columns / columns; ++piece) {
    const int col = own_column<format>(piece, part, p.parts);
    const bool inside = col < p.cols;
    const int unit = inside ? col / flow_unit : 0;
    const unsigned* of = words + unit * Words::apart;
    float factor = whole;
    if (reciprocal != 0) factor = factors[__umulhi(static_cast<unsigned>(unit), reciprocal)];
    if (!inside) factor = 0.0f;
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

// `ahead` stages are under way, of which `behind` is the oldest.
struct FlowFetch {
  RingPlace ring, behind;
  int ahead = 0;
};

// Rows of a weight through the ring, by one thread.
__device__ __forceinline__ void fetch_rows(const FlowTask& s, FlowShared& shared, const FlowProduct& product,
                                           const std::uint8_t* from, unsigned memory, FlowFetch& f) {
  const FlowMatrix m = product.matrix;
  const FlowRows& rows = product.rows;
  int run = 0;
  int row = rows.run[0].begin;
  int left = rows.run[0].count();
#pragma unroll 1
  for (int first = 0; first < rows.count; first += m.stage_rows) {
    const int count = min(m.stage_rows, rows.count - first);
    const int stage = f.ring.index;
    const unsigned to = memory + static_cast<unsigned>(stage) * s.stage_bytes;
    const unsigned full = shared_address(&shared.filled[stage]);
    int at = 0;  // rows of the stage that are under way
    do {
      while (left == 0) ++run, row = rows.run[run].begin, left = rows.run[run].count();
      const int now = min(count - at, left);
      const auto place = [&](unsigned base, int bytes) { return to + base + static_cast<unsigned>(at * bytes); };
      const auto home = [&](std::int64_t base, int bytes) {
        return from + base + static_cast<std::int64_t>(row) * bytes;
      };
      const unsigned codes_at = place(0, m.places.code_row);
      const unsigned scales_at = place(m.places.scale_at, m.places.scale_row);
      const unsigned supers_at = place(m.places.super_at, m.places.super_row);
      const std::uint8_t* const codes = home(0, m.places.code_row);
      const std::uint8_t* const scales = home(m.scales_at, m.places.scale_row);
      const std::uint8_t* const supers = home(m.supers_at, m.places.super_row);
      if (at == 0) {  // everything is known before the wait: what follows it is in the way of the next stage
        const auto bytes = static_cast<unsigned>(count * (m.places.code_row + m.places.scale_row + m.places.super_row));
        barrier_wait(shared_address(&shared.emptied[stage]),
                     f.ring.parity ^ 1);  // a fresh barrier counts as emptied once
        barrier_expect(full, bytes);
        for (; f.ahead >= (shared.multiplying ? flow_depth_multiplying : flow_depth_waiting); --f.ahead) {
          barrier_wait(shared_address(&shared.filled[f.behind.index]), f.behind.parity);
          f.behind.next(s.stages);
        }
      }
      bulk_copy(codes_at, codes, static_cast<unsigned>(now * m.places.code_row), full);
      if (m.places.scale_row != 0) bulk_copy(scales_at, scales, static_cast<unsigned>(now * m.places.scale_row), full);
      if (m.places.super_row != 0) bulk_copy(supers_at, supers, static_cast<unsigned>(now * m.places.super_row), full);
      at += now, row += now, left -= now;
    } while (at < count);
    ++f.ahead;
    f.ring.next(s.stages);
  }
}

// Whether stages of a product are still to come. It only says how far to fetch ahead, so it may be read while it is
// written.
__device__ __forceinline__ void tell_fetcher(FlowShared& shared, bool multiplying) { shared.multiplying = multiplying; }

// The part of the columns and the first of the rows that a warp has.
struct FlowTeam {
  int part, team, teams;
  __device__ __forceinline__ explicit FlowTeam(int parts) {  // a power of two
    const int warp = static_cast<int>(threadIdx.x) / warp_size;
    const int shift = 31 - __clz(parts);
    part = warp & (parts - 1), team = warp >> shift, teams = flow_warps >> shift;
  }
};

// Rows of a weight times x: each warp's part of each row's sum to `partial`. What a stage's rows were summed to meets
// in the warp while the next stage's come from shared memory. aside(first, next): when rows first to next - 1 have
// been multiplied by this warp, and are in `partial` if the posted ones end among them.
template <WeightFormat format, class Aside>
__device__ __forceinline__ void multiply(const FlowTask& s, FlowShared& shared, const FlowProduct& product,
                                         const unsigned char* memory, const OwnX<format>& own, float* partial,
                                         RingPlace& ring, Aside&& aside) {
  constexpr int at_once = rows_at_once(format);
  const RowPlaces places = product.matrix.places;
  const int stage_rows = product.matrix.stage_rows;
  const int rows = product.rows.count;
  const int posted = product.rows.posted;
  const int lane = static_cast<int>(threadIdx.x) % warp_size;
  const FlowTeam of(places.parts);
  const RowSpots<format> spots(places, of.part);
  const unsigned filled = shared_address(shared.filled);
  const unsigned emptied = shared_address(shared.emptied);
  float sums[at_once];
  int row = -1;  // of the first of these sums
  int end = 0;   // of the rows of their stage
  const auto leave = [&] {
    if (row < 0) return;
    const float sum = warp_sums<at_once>(sums);
    const int which = row + lane / (warp_size / at_once) * of.teams;
    if (lane % (warp_size / at_once) == 0 && which < end) partial[which * places.parts + of.part] = sum;
    row = -1;
  };
  if (threadIdx.x == 0) tell_fetcher(shared, stage_rows < rows);
#pragma unroll 1
  for (int first = 0; first < rows; first += stage_rows) {
    const int next = first + stage_rows;
    const int count = min(stage_rows, rows - first);
    if (next >= rows && threadIdx.x == 0) tell_fetcher(shared, false);
    barrier_wait(filled + static_cast<unsigned>(ring.index) * 8, ring.parity);
    const unsigned char* stage = memory + static_cast<unsigned>(ring.index) * s.stage_bytes;
#pragma unroll 1
    for (int r = of.team; r < count; r += of.teams * at_once) {
      RowPieces<format> pieces[at_once];
#pragma unroll
      for (int i = 0; i < at_once; ++i) {  // what comes behind a stage's last row is left out of the sums
        pieces[i].load(stage, places, spots, r + i * of.teams);
      }
      leave();
#pragma unroll
      for (int i = 0; i < at_once; ++i) sums[i] = pieces[i].dot(own);
      row = first + r, end = first + count;
    }
    __syncwarp();
    if (lane == 0) barrier_arrive(emptied + static_cast<unsigned>(ring.index) * 8);
    ring.next(s.stages);
    if (first < posted && posted <= next) leave();
    aside(first, next);
  }
  leave();
}

__device__ __forceinline__ float row_sum(const float* partial, int parts, int row) {
  float sum = 0.0f;
  if (parts % 4 == 0) {
#pragma unroll 1
    for (int p = 0; p < parts; p += 4) {
      const float4 four = *reinterpret_cast<const float4*>(partial + row * parts + p);
      sum += four.x + four.y + (four.z + four.w);
    }
  } else {
#pragma unroll 1
    for (int p = 0; p < parts; ++p) sum += partial[row * parts + p];
  }
  return sum;
}

// x of all units as the phase before left it, times 1 / rms of its group. The consumers meet.
template <WeightFormat format>
__device__ __forceinline__ void take_x(OwnX<format>& own, const FlowProduct& product, unsigned number, unsigned* x,
                                       float* factors) {
  using Words = UnitWords<format>;
  const int warp = static_cast<int>(threadIdx.x) / warp_size;
  const int lane = static_cast<int>(threadIdx.x) % warp_size;
  const RowPlaces places = product.matrix.places;
  const int units = places.cols / flow_unit;
  gather<format>(product.units, units, number, x);
  consumers_meet();
  const auto factor_of = [&](int first, int count) {
    float squares = 0.0f;
#pragma unroll 4
    for (int i = lane; i < count; i += warp_size) {
      squares += __uint_as_float(x[(first + i) * Words::apart + Words::squares]);
    }
    return rsqrtf(warp_sum(squares) * product.share + product.eps);
  };
  float whole = 0.0f;
  if (product.groups == 1) {  // each warp for itself
    whole = factor_of(0, units);
  } else {
    const int per_group = units / product.groups;
#pragma unroll 1
    for (int g = warp; g < product.groups; g += flow_warps) {
      const float factor = factor_of(g * per_group, per_group);
      if (lane == 0) factors[g] = factor;
    }
    consumers_meet();
  }
  take_own<format>(own, x, factors, whole, product.group_reciprocal, FlowTeam(places.parts).part, places);
}

// What a row of in_proj meets after its sum. Numbers of the rows of a block lie in shared memory, where they come while
// the rows are multiplied: bias, the convolution's bias or dt's, taps, window.
struct FlowEnd {
  enum class Kind { none, z, convolved, dt } kind = Kind::none;
  int row;
  int channel = 0;  // of z or of the convolution, or the head

  __device__ __forceinline__ FlowEnd(const FlowTask& s, int which) : row(which) {  // none below 0
    if (row < 0) return;
    const int inner = s.heads * s.head_dim;
    const int channels = inner + 2 * s.groups * flow_states;
    kind = row < inner ? Kind::z : row < inner + channels ? Kind::convolved : Kind::dt;
    channel = kind == Kind::z ? row : kind == Kind::dt ? row - inner - channels : row - inner;
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

// The recurrence of a block's channels and their gate.
template <WeightFormat format, class State>
struct FlowRecurrence {
  static constexpr int most = flow_state_units * flow_unit;
  int channel;  // from the block's first on
  bool has_state;
  bool wanted;  // one of B or C
  const Word* at;
  Word seen = 0;
  State* row;
  FlowState<State> held;
  float rate, skip;
  float gain;  // of the gate's norm

  // Looks for what is needed while sums meet.
  __device__ __forceinline__ FlowRecurrence(const FlowTask& s, const FlowShared& shared, const StackLayer& layer) {
    const int own = static_cast<int>(threadIdx.x);
    const int warp = own / warp_size;
    const FlowPart& part = shared.part;
    const bool is_c = own % (2 * flow_states) >= flow_states;
    wanted = own / (2 * flow_states) < part.groups;
    at = s.words + 2 * s.heads * s.head_dim +
         (part.first_group + own / (2 * flow_states) + (is_c ? s.groups : 0)) * flow_states + own % flow_states;
    if (wanted) seen = look(at);
    channel = own / flow_state_lanes;
    has_state = channel < part.channels;
    // Without one, the block's first: what is loaded under a condition does not stay in registers.
    const int loaded = has_state ? channel : 0;
    row = static_cast<State*>(shared.state) + layer.state_offset +
          (static_cast<std::int64_t>(part.first_channel + loaded) * flow_states + own % flow_state_lanes * 4);
    held.take(row);
    rate = layer.a[part.first_head + shared.head_of[loaded]];
    skip = layer.d[part.first_head + shared.head_of[loaded]];
    gain = layer.gate_norm[(part.states.begin + (warp < part.states.count() ? warp : 0)) * flow_unit + own % warp_size];
  }

  // The rows' ends, but of those that are posted already. What is local goes to its place, the rest is posted.
  __device__ __forceinline__ void end_rows(const FlowTask& s, FlowShared& shared, const StackLayer& layer,
                                           const float* partial, float* ends, const FlowEnd& end, unsigned number) {
    const int own = static_cast<int>(threadIdx.x);
    const FlowPart& part = shared.part;
    const float value = end.finish(s, layer, shared.conv, ends, s.ends_apart, row_sum(partial, s.in.places.parts, own));
    if (!s.local) {
      post(s.words + end.row, value, number);
    } else if (end.kind == FlowEnd::Kind::dt) {
      shared.own[2][end.channel - part.first_head] = value;
    } else {
      shared.own[end.kind == FlowEnd::Kind::z ? 1 : 0][end.channel - part.first_channel] = value;
    }
  }

  // B and C, and what other blocks have of x, silu(z) and dt.
  __device__ __forceinline__ void await(const FlowTask& s, FlowShared& shared, unsigned number) {
    const int own = static_cast<int>(threadIdx.x);
    const FlowPart& part = shared.part;
    const int inner = s.heads * s.head_dim;
    const int kind = own / most;
    bool single = !s.local && (kind < 2 ? own % most < part.channels : kind == 2 && own % most < part.heads);
    const Word* const single_at = s.words + own % most +
                                  (kind == 0   ? inner + part.first_channel
                                   : kind == 1 ? part.first_channel
                                               : 2 * inner + 2 * s.groups * flow_states + part.first_head);
    Patience patience;
    if (own % warp_size == 0) {  // one lane until its words are there
      for (; wanted && !is_of(seen, number); seen = look(at)) patience.lose();
      while (single && !is_of(look(single_at), number)) patience.lose();
    }
    __syncwarp();
    Word other = 0;
    while (wanted || single) {
      if (wanted && !is_of(seen, number)) seen = look(at);
      if (single) other = look(single_at);
      if (wanted && is_of(seen, number)) {
        (&shared.in_out[0][0][0])[own] = value_of(seen);
        wanted = false;
      }
      if (single && is_of(other, number)) {
        (&shared.own[0][0])[own] = value_of(other);
        single = false;
      }
      patience.lose();
    }
  }

  __device__ __forceinline__ void step(const FlowTask& s, FlowShared& shared, const StackLayer& layer) {
    if (!has_state) return;
    const int lane = static_cast<int>(threadIdx.x) % flow_state_lanes;
    const int head = shared.head_of[channel];
    const float dt = shared.own[2][head];
    const float input = shared.own[0][channel];
    const float* const b = &shared.in_out[shared.group_of[channel]][0][lane * 4];
    const float sum = held.step(row, expf(dt * rate), dt * input, b, b + flow_states);
    if (lane != 0) return;
    shared.y[channel] = (sum + skip * input) * shared.own[1][channel];
    const FlowPart& part = shared.part;
    if (layer.log_decay != nullptr && (part.first_channel + channel) % s.head_dim == 0) {
      layer.log_decay[part.first_head + head] = dt * rate;
    }
  }

  __device__ __forceinline__ void post_y(const FlowTask& s, const FlowShared& shared, unsigned number) const {
    const int own = static_cast<int>(threadIdx.x);
    const int warp = own / warp_size;
    if (warp >= shared.part.states.count()) return;
    post_unit<format>(s.y_packets, shared.part.states.begin + warp, shared.y[warp * flow_unit + own % warp_size], gain,
                      number);
  }
};

template <WeightFormat format, class State>
__device__ __forceinline__ void compute(const FlowTask& s, FlowShared& shared, unsigned char* memory) {
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
    post_unit<format>(s.packets, part.out.begin + warp, old, shared.layer[0].norm[out_row()], base);
  }
  float* const ends = reinterpret_cast<float*>(memory + s.ends_at) + own;
  const int end_row = own < shared.product[flow_in].rows.count ? row_of(shared.product[flow_in].rows, own) : -1;
  const bool ends_late = end_row >= 0 && own >= shared.product[flow_in].rows.posted;
  const auto fetch_ends = [&](int l) {
    FlowEnd(s, end_row).fetch(s, shared.layer[l], shared.conv, ends, s.ends_apart);
  };
  fetch_ends(0);
  RingPlace ring;
  // One piece of code for all products: a block meets each of its instructions twice a layer.
#pragma unroll 1
  for (int turn = 0; turn <= 2 * s.layers; ++turn) {
    const int l = turn / 2;
    const int kind = l == s.layers ? flow_head : turn % 2;
    const FlowProduct& product = shared.product[kind];
    const unsigned number = base + static_cast<unsigned>(l);
    const bool wants_ends = kind == flow_out && l + 1 < s.layers;  // for the layer to come
    if (product.rows.count == 0) {
      if (wants_ends) fetch_ends(l + 1);
      continue;
    }
    const StackLayer& layer = shared.layer[kind == flow_head ? 0 : l];
    const bool posts_out = kind == flow_out && warp < part.out.count();  // a unit
    float* const out_ends = ends + flow_in_numbers * s.ends_apart;
    if (posts_out) {
      const float* const norm = l + 1 == s.layers ? s.final_norm : shared.layer[l + 1].norm;
      async_copy<4>(out_ends, norm + out_row());
      FlowEnd::bring(out_ends + s.ends_apart, layer.out_bias == nullptr ? nullptr : layer.out_bias + out_row());
    }
    OwnX<format> x;
    take_x<format>(x, product, number, reinterpret_cast<unsigned*>(memory + s.x_at), shared.factors);
    multiply<format>(s, shared, product, memory, x, partial, ring, [&](int first, int next) {
      if (wants_ends && first == 0) fetch_ends(l + 1);
      const int posted = product.rows.posted;
      if (first >= posted || posted > next) return;
      posters_meet(warp * warp_size < posted);
      if (own >= posted) return;
      async_copies_done();
      const FlowEnd end(s, end_row);
      post(s.words + end.row,
           end.finish(s, layer, shared.conv, ends, s.ends_apart, row_sum(partial, product.matrix.places.parts, own)),
           number);
    });
    async_copies_done();  // before other loads, which it would wait for
    if (kind == flow_in) {
      FlowRecurrence<format, State> recurrence(s, shared, layer);
      consumers_meet();
      if (ends_late) recurrence.end_rows(s, shared, layer, partial, ends, FlowEnd(s, end_row), number);
      recurrence.await(s, shared, number);
      consumers_meet();
      recurrence.step(s, shared, layer);
      consumers_meet();
      recurrence.post_y(s, shared, number);
      continue;
    }
    consumers_meet();
    if (kind == flow_head) {
#pragma unroll 1
      for (int row = own; row < product.rows.count; row += flow_consumers) {
        s.logits[product.rows.run[0].begin + row] = row_sum(partial, product.matrix.places.parts, row);
      }
    } else if (posts_out) {
      old += row_sum(partial, product.matrix.places.parts, own) + out_ends[s.ends_apart];
      post_unit<format>(s.packets, part.out.begin + warp, old, out_ends[0], number + 1);
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
    shared.multiplying = false;
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
    part.out = own_part(s.out.places.rows / flow_unit);
    part.states = own_part(inner / flow_unit);
    part.first_channel = part.states.begin * flow_unit;
    part.channels = part.states.count() * flow_unit;
    const int last = max(part.first_channel + part.channels - 1, part.first_channel);
    part.first_head = part.first_channel / s.head_dim;
    part.first_group = part.first_channel / group_size;
    part.heads = part.channels == 0 ? 0 : last / s.head_dim - part.first_head + 1;
    part.groups = part.channels == 0 ? 0 : last / group_size - part.first_group + 1;
#pragma unroll 1
    for (int i = 0; i < max(part.channels, 1); ++i) {  // FlowRecurrence looks at the first one in any case
      shared.head_of[i] = (part.first_channel + i) / s.head_dim - part.first_head;
      shared.group_of[i] = (part.first_channel + i) / group_size - part.first_group;
    }
    const auto one = [](Range run) { return FlowRows{run.count(), 0, {run}}; };
    FlowRows in = one(own_part(s.in.places.rows));
    if (s.local) {
      const int bc = 2 * inner;
      const int dt = bc + 2 * s.groups * flow_states;
      const int posted = s.first_bc[blockIdx.x + 1] - s.first_bc[blockIdx.x];
      in = {posted + part.heads + 2 * part.channels,
            posted,
            {{bc + s.first_bc[blockIdx.x], bc + s.first_bc[blockIdx.x + 1]},
             {dt + part.first_head, dt + part.first_head + part.heads},
             {part.first_channel, part.first_channel + part.channels},
             {inner + part.first_channel, inner + part.first_channel + part.channels}}};
    }
    shared.product[flow_in] = {s.in, in, s.packets, 1, 1.0f / static_cast<float>(s.in.places.cols), 0, s.eps};
    shared.product[flow_out] = {s.out,
                                one({part.out.begin * flow_unit, part.out.end * flow_unit}),
                                s.y_packets,
                                s.groups,
                                1.0f / static_cast<float>(group_size),
                                s.group_reciprocal,
                                s.eps};
    shared.product[flow_head] = {s.table,
                                 one(own_part(s.logits != nullptr ? s.table.places.rows : 0)),
                                 s.packets,
                                 1,
                                 1.0f / static_cast<float>(s.table.places.cols),
                                 0,
                                 s.final_eps};
    shared.conv = *s.conv_table;
    shared.state = *s.state_table;
  }
  __syncthreads();
  if (threadIdx.x >= flow_consumers) {
    have_registers<flow_fetcher_registers, false>();
    if (threadIdx.x != flow_consumers) return;
    const FlowPart& part = shared.part;
    FlowFetch fetch;
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
      fetch_rows(s, shared, shared.product[flow_in], shared.layer[l].in_proj, shared_address(flow_memory), fetch);
      fetch_rows(s, shared, shared.product[flow_out], shared.layer[l].out_proj, shared_address(flow_memory), fetch);
    }
    fetch_rows(s, shared, shared.product[flow_head], s.head, shared_address(flow_memory), fetch);
    return;
  }
  have_registers<flow_consumer_registers, true>();
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
  if (on.card().major < 9 || blocks > flow_most_blocks || !flows(format) || !is_uniform(args) ||
      first.in_proj->rows() < blocks || share(first.in_proj->rows(), blocks) > flow_consumers ||
      first.in_proj->rows() > flow_most_proj || d_model % flow_unit != 0 || d_model > flow_most_columns ||
      inner % flow_unit != 0 || inner > flow_most_columns || share(inner / flow_unit, blocks) > flow_state_units ||
      share(d_model / flow_unit, blocks) > flow_warps) {
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

// Gives B's and C's rows of in_proj to the blocks with the fewest rows where each block makes the rows of its own
// channels. Says how many a block has at most, or 0 where that would be many more than an even share.
std::int64_t share_locally(FlowTask& s, std::int64_t blocks) {
  const std::int64_t units = std::int64_t{s.heads} * s.head_dim / flow_unit;
  std::int64_t own[flow_most_blocks] = {};
  std::int64_t most = 0;
  for (std::int64_t b = 0; b < blocks; ++b) {
    const std::int64_t first = units * b / blocks * flow_unit;
    const std::int64_t end = units * (b + 1) / blocks * flow_unit;
    if (first != end) own[b] = 2 * (end - first) + (end - 1) / s.head_dim - first / s.head_dim + 1;
    most = std::max(most, own[b]);
  }
  const std::int64_t bc = 2 * std::int64_t{s.groups} * flow_states;
  const auto room = [&](std::int64_t rows) {
    std::int64_t sum = 0;
    for (std::int64_t b = 0; b < blocks; ++b) sum += std::max<std::int64_t>(rows - own[b], 0);
    return sum;
  };
  std::int64_t rows = (2 * units * flow_unit + bc) / blocks;
  while (room(rows) < bc) ++rows;
  most = std::max(most, rows);
  std::int64_t given = 0;
  bool idle = false;
  for (std::int64_t b = 0; b < blocks; ++b) {
    const std::int64_t now = std::min(std::max<std::int64_t>(rows - own[b], 0), bc - given);
    idle = idle || own[b] + now == 0;
    s.first_bc[b] = static_cast<std::uint16_t>(given);
    given += now;
  }
  s.first_bc[blocks] = static_cast<std::uint16_t>(given);
  return idle || most * 8 > share(s.in.places.rows, blocks) * 9 || most > flow_consumers ? 0 : most;
}

template <WeightFormat format, class State>
bool run(CudaStream& on, const StackStepArgs& args, FlowTask& s) {
  const LayerStepArgs& first = args.layers[0];
  const std::int64_t blocks = on.card().multiprocessors;
  if (!place(*first.in_proj, s.in, s.stage_bytes) || !place(*first.out_proj, s.out, s.stage_bytes) ||
      !place(*args.head, s.table, s.stage_bytes)) {
    return false;
  }
  const std::int64_t x_bytes = std::max(s.in.places.cols, s.out.places.cols) / flow_unit * UnitWords<format>::apart * 4;
  const std::int64_t local_rows = share_locally(s, blocks);
  s.local = local_rows != 0;
  const std::int64_t in_rows = s.local ? local_rows : share(s.in.places.rows, blocks);
  const std::int64_t partials = std::max({in_rows * s.in.places.parts,
                                          share(s.out.places.rows / flow_unit, blocks) * flow_unit * s.out.places.parts,
                                          share(s.table.places.rows, blocks) * s.table.places.parts});
  s.ends_apart = static_cast<int>(std::max(in_rows, share(s.out.places.rows / flow_unit, blocks) * flow_unit));
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
  s.y_packets = s.packets + flow_x_packets;
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
