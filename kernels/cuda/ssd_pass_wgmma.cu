// States along the sequences for the gradients of the scan, with products of warpgroups (sm_90a): forwards H before
// each chunk, backwards dH after it, as ssd_scan_backward_mma.cu has them. One warpgroup keeps the state in its
// registers, as the sums of the product; a copy of 16 bits goes through shared memory to its place in one piece. One
// thread asks for tiles, some chunks ahead.
#include "kernels/cuda/ssd.cuh"
#include "kernels/cuda/ssd_backward.cuh"
#include "kernels/cuda/wgmma.cuh"

namespace holdfast::cuda {
namespace {

constexpr int state_threads = 128;
[[maybe_unused]] constexpr int state_warps = state_threads / warp_size;
constexpr int pass_threads = state_threads + warp_size;
constexpr int pass_stages = 3;

template <int N>
struct PassTiles {
  __nv_bfloat16 left[tile_rows * tile_columns];                     // x or dy
  __nv_bfloat16 right[N / tile_columns][tile_rows * tile_columns];  // B or C
};
template <int N>
struct PassShared {
  PassTiles<N> tiles[pass_stages];
  __nv_bfloat16 copy[2][N / tile_columns][tile_rows * tile_columns];
  float steps[pass_stages][2 * back_rows];
};
struct PassBarriers {
  std::uint64_t full[pass_stages], empty[pass_stages];
};

#if defined(__CUDA_ARCH_FEAT_SM90_ALL)

__device__ __forceinline__ void state_warps_meet() { asm volatile("bar.sync 1, %0;" ::"n"(state_threads) : "memory"); }

// From shared to device memory, behind the thread's back.
__device__ __forceinline__ void bulk_store(void* to, unsigned from, unsigned bytes) {
  asm volatile("cp.async.bulk.global.shared::cta.bulk_group [%0], [%1], %2;" ::"l"(to), "r"(from), "r"(bytes)
               : "memory");
  asm volatile("cp.async.bulk.commit_group;" ::: "memory");
}

template <int N, bool backwards>
__device__ __forceinline__ void feed_pass(PassShared<N>& shared, PassBarriers& barriers, const CUtensorMap& left,
                                          const CUtensorMap& xbc, const ScanBack& s, std::int64_t head,
                                          std::int64_t first, int count) {
  constexpr int halves = N / tile_columns;
  const std::int64_t group = head / (s.heads / s.groups);
  const int right_at = static_cast<int>(s.inner + ((backwards ? s.groups : 0) + group) * N);
  for (int i = 0; i < count; ++i) {
    const int stage = i % pass_stages;
    if (i >= pass_stages) barrier_wait_round(barriers.empty[stage], i / pass_stages - 1);
    const std::int64_t unit = backwards ? first - i : first + i;
    const int row = static_cast<int>(unit) * back_rows;
    PassTiles<N>& tiles = shared.tiles[stage];
    const unsigned full = shared_address(&barriers.full[stage]);
    barrier_expect(full, (1 + halves) * tile_bytes + sizeof shared.steps[0]);
    copy_box(shared_address(tiles.left), left, static_cast<int>(head) * tile_columns, row, full);
    for (int half = 0; half < halves; ++half) {
      copy_box(shared_address(tiles.right[half]), xbc, right_at + half * tile_columns, row, full);
    }
    bulk_copy(shared_address(shared.steps[stage]), s.steps_of(unit, head), sizeof shared.steps[0], full);
  }
}

#endif

// Grid (H, sequences * segments). copies = false is the first pass of several segments.
template <int N, bool backwards, bool copies>
__global__ void __launch_bounds__(pass_threads, 2)
    ssd_pass_warpgroup_kernel(const __grid_constant__ CUtensorMap left, const __grid_constant__ CUtensorMap xbc,
                              ScanBack s, StatePass pass) {
#if defined(__CUDA_ARCH_FEAT_SM90_ALL)
  __shared__ PassBarriers barriers;
  extern __shared__ unsigned char wide_pass_memory[];
  auto& shared =
      *reinterpret_cast<PassShared<N>*>((reinterpret_cast<std::uintptr_t>(wide_pass_memory) + 1023) / 1024 * 1024);
  const int warp = __shfl_sync(all_lanes, static_cast<int>(threadIdx.x) / warp_size, 0);
  const int lane = static_cast<int>(threadIdx.x) % warp_size;
  if (threadIdx.x == 0) {
    for (int i = 0; i < pass_stages; ++i) {
      barrier_init(shared_address(&barriers.full[i]), 1);
      barrier_init(shared_address(&barriers.empty[i]), state_warps);
    }
    barrier_init_done();
  }
  __syncthreads();
  wait_for_previous();
  const std::int64_t head = blockIdx.x;
  const int segment = static_cast<int>(blockIdx.y) % pass.segments;
  const std::int64_t sequence = blockIdx.y / static_cast<unsigned>(pass.segments);
  const std::int64_t base = s.begins[sequence];
  const std::int64_t units = s.begins[sequence + 1] - base;
  const std::int64_t begin = base + units * segment / pass.segments;
  const std::int64_t end = base + units * (segment + 1) / pass.segments;
  const int count = static_cast<int>(end - begin);
  const std::int64_t first_unit = backwards ? end - 1 : begin;
  if (warp == state_warps) {
    if (lane == 0) feed_pass<N, backwards>(shared, barriers, left, xbc, s, head, first_unit, count);
    return;
  }
  const int first = warp * 16;
  const std::int64_t size = std::int64_t{tile_columns} * N;
  const auto place = [&](int j, int half) { return (first + lane / 4 + half * 8) * N + j * 8 + lane % 4 * 2; };
  float* own = pass.states + (blockIdx.y * s.heads + head) * size;
  const float* start = !copies || (pass.segments == 1 && (backwards || s.initial == nullptr)) ? nullptr
                       : pass.segments > 1                                                    ? own
                                                                                              : s.initial + head * size;
  float h[N / 8][4];
#pragma unroll
  for (int j = 0; j < N / 8; ++j) {
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      const float2 pair =
          start == nullptr ? make_float2(0.0f, 0.0f) : *reinterpret_cast<const float2*>(start + place(j, half));
      h[j][half * 2] = pair.x, h[j][half * 2 + 1] = pair.y;
    }
  }
  unsigned added[tile_rows / 16][4];
  float last = 0.0f;
  const auto prepare = [&](int i, unsigned(&to)[tile_rows / 16][4]) {
    if (i >= count) return;
    const int stage = i % pass_stages;
    barrier_wait_round(barriers.full[stage], i / pass_stages);
    const float* steps = shared.steps[stage];
    last = steps[back_rows - 1];
    turned_operand(to, shared.tiles[stage].left, first, [&](int t) {
      const float2 sum = *reinterpret_cast<const float2*>(&steps[t]);
      if (backwards) return make_float2(exp2_quick(sum.x), exp2_quick(sum.y));
      const float2 dt = *reinterpret_cast<const float2*>(&steps[back_rows + t]);
      return make_float2(exp2_quick(last - sum.x) * dt.x, exp2_quick(last - sum.y) * dt.y);
    });
  };
  prepare(0, added);
  float total = 0.0f;
  for (int i = 0; i < count; ++i) {
    if constexpr (copies) {
      if (threadIdx.x == 0) asm volatile("cp.async.bulk.wait_group.read 1;" ::: "memory");  // of the copy before last
      state_warps_meet();
      leave_sums<N>(h, shared.copy[i % 2], first);
      show_to_products();
      state_warps_meet();
      if (threadIdx.x == 0) {
        const std::int64_t unit = backwards ? first_unit - i : first_unit + i;
        bulk_store(pass.copies + (unit * s.heads + head) * size, shared_address(shared.copy[i % 2]),
                   sizeof shared.copy[0]);
      }
    }
    const int stage = i % pass_stages;
    const float keep = exp2_quick(last);
    total += last;
#pragma unroll
    for (int j = 0; j < N / 8; ++j) {
#pragma unroll
      for (int k = 0; k < 4; ++k) h[j][k] *= keep;
    }
    hold(h);
    products_begin();
#pragma unroll
    for (int k = 0; k < tile_rows / 16; ++k) {
      add_product(h, added[k], k_down_rows(shared_address(shared.tiles[stage].right), k));
    }
    products_commit();
    unsigned next[tile_rows / 16][4];
    prepare(i + 1, next);
    products_wait<0>();
    hold(h);
    keep_until_here(added);
    __syncwarp();
    if (lane == 0) barrier_arrive(shared_address(&barriers.empty[stage]));
#pragma unroll
    for (int k = 0; k < tile_rows / 16; ++k) {
#pragma unroll
      for (int j = 0; j < 4; ++j) added[k][j] = next[k][j];
    }
  }
  if (copies && threadIdx.x == 0) asm volatile("cp.async.bulk.wait_group 0;" ::: "memory");
  if (!copies && threadIdx.x == 0) pass.decays[blockIdx.y * s.heads + head] = total;
  float* to = own;
  if constexpr (copies) {
    if (pass.last == nullptr || segment != (backwards ? 0 : pass.segments - 1)) return;
    to = pass.last + (sequence * s.heads + head) * size;
  }
#pragma unroll
  for (int j = 0; j < N / 8; ++j) {
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      *reinterpret_cast<float2*>(to + place(j, half)) = make_float2(h[j][half * 2], h[j][half * 2 + 1]);
    }
  }
#endif
}

template <int N, bool backwards, bool copies>
void launch_pass(CudaStream& on, const ScanBack& s, const StatePass& pass) {
  const CUtensorMap xbc = map_tiles(s.xbc, s.channels, s.tokens, s.channels * 2);
  const CUtensorMap left = backwards ? map_tiles(s.dy, s.inner, s.tokens, s.inner * 2) : xbc;
  const std::size_t shared = sizeof(PassShared<N>) + 1024;
  allow_shared(ssd_pass_warpgroup_kernel<N, backwards, copies>, shared);
  launch(on, copies ? "ssd_scan_backward states" : "ssd_scan_backward segments",
         {.grid = dim3(static_cast<unsigned>(s.heads), static_cast<unsigned>(s.sequences * pass.segments)),
          .block = dim3(pass_threads),
          .shared = shared,
          .overlaps = true},
         ssd_pass_warpgroup_kernel<N, backwards, copies>, left, xbc, s, pass);
}

template <int N>
void launch_pass(CudaStream& on, const ScanBack& s, const StatePass& pass, bool backwards, bool copies) {
  if (backwards) return copies ? launch_pass<N, true, true>(on, s, pass) : launch_pass<N, true, false>(on, s, pass);
  copies ? launch_pass<N, false, true>(on, s, pass) : launch_pass<N, false, false>(on, s, pass);
}

}  // namespace

void pass_states_by_warpgroups(CudaStream& on, const ScanBack& s, const StatePass& pass, bool backwards, bool copies) {
  s.d_state == 128 ? launch_pass<128>(on, s, pass, backwards, copies) : launch_pass<64>(on, s, pass, backwards, copies);
}

}  // namespace holdfast::cuda
