// One token of each of several sequences through a stack of layers with bf16 weights. A layer in six kernels:
//   norm rows    what the layer before left is added to the residual, which is normed and put into bf16
//   product      in_proj
//   conv rows    the convolution's step of x, B and C
//   step heads   the recurrence and the gate (step_heads.cu)
//   gate rows    the gated norm, into bf16
//   product      out_proj
// Up to split_rows sequences x goes through products as two bf16 rows each, rounded and what the rounding left, since
// the weight's bytes set the time: it keeps 16 bits, and the next kernel adds the two results. With more, x is rounded.
#include <algorithm>

#include "kernels/cuda/products.h"
#include "kernels/cuda/reduce.cuh"
#include "kernels/cuda/ssd.cuh"
#include "kernels/cuda/step_heads.h"
#include "kernels/linear.h"
#include "kernels/stack_step.h"

namespace holdfast::cuda {
namespace {

constexpr std::int64_t most_split_rows = 32;
constexpr int norm_threads = 512;
constexpr int norm_quads = 4;  // of a row that a thread holds
constexpr int conv_threads = 256;
constexpr int widest_conv = 8;
constexpr int gate_threads = 256;

struct RowsOut {
  __nv_bfloat16* x;   // (B, cols) rounded; where split, (B, cols) below: what the rounding left
  std::int64_t rows;  // B
  std::int64_t columns;
  bool split;
};

__device__ __forceinline__ void put_quad(const RowsOut& out, std::int64_t row, std::int64_t col,
                                         const float (&values)[4]) {
  store_piece<__nv_bfloat16, 4>(out.x + row * out.columns + col, values);
  if (!out.split) return;
  float rest[4];
#pragma unroll
  for (int i = 0; i < 4; ++i) rest[i] = values[i] - to_float(__float2bfloat16_rn(values[i]));
  store_piece<__nv_bfloat16, 4>(out.x + (out.rows + row) * out.columns + col, rest);
}

struct NormRowsTask {
  RowsOut out;
  float* residual;    // (B, D)
  const float* sums;  // (2 B, D): what is added to it; or null
  const float* bias;  // (D) the same, or null
  const float* gain;  // (D)
  float eps;
};

// Grid (B).
__global__ void __launch_bounds__(norm_threads) batch_norm_rows_kernel(const __grid_constant__ NormRowsTask s) {
  __shared__ float room[norm_threads / warp_size];
  wait_for_previous();
  let_next_start();
  const std::int64_t row = blockIdx.x;
  const std::int64_t columns = s.out.columns;
  float values[norm_quads][4];
  float squares = 0.0f;
#pragma unroll
  for (int q = 0; q < norm_quads; ++q) {
    const std::int64_t col = (static_cast<std::int64_t>(q) * blockDim.x + threadIdx.x) * 4;
    if (col >= columns) break;
    float* at = s.residual + row * columns + col;
    load_piece<float, 4>(at, values[q]);
    if (s.sums != nullptr) {
      float high[4];
      float low[4];
      load_piece<float, 4>(s.sums + row * columns + col, high);
      load_piece<float, 4>(s.sums + (s.out.rows + row) * columns + col, low);
#pragma unroll
      for (int i = 0; i < 4; ++i) {
        values[q][i] += high[i] + low[i] + (s.bias == nullptr ? 0.0f : s.bias[col + i]);
      }
      store_piece<float, 4>(at, values[q]);
    }
#pragma unroll
    for (int i = 0; i < 4; ++i) squares += values[q][i] * values[q][i];
  }
  const float scale = 1.0f / sqrtf(block_sum(squares, room) / static_cast<float>(columns) + s.eps);
#pragma unroll
  for (int q = 0; q < norm_quads; ++q) {
    const std::int64_t col = (static_cast<std::int64_t>(q) * blockDim.x + threadIdx.x) * 4;
    if (col >= columns) break;
    float gain[4];
    load_piece<float, 4>(s.gain + col, gain);
#pragma unroll
    for (int i = 0; i < 4; ++i) values[q][i] *= scale * gain[i];
    put_quad(s.out, row, col, values[q]);
  }
}

struct ConvRowsTask {
  float* proj;         // (B, stride): z | x | B | C | dt, x, B and C convolved
  const float* sums;   // (2 B, width) of the product; or null where it wrote proj itself
  const float* bias;   // (width) or null
  float* const* conv;  // (B)
  std::int64_t conv_offset;
  const float* weight;     // (C, K)
  const float* conv_bias;  // (C) or null
  std::int64_t rows, width, stride, inner, channels;
  int taps;
};

// Grid (columns, B): all columns where there are sums, else those of x, B and C.
__global__ void __launch_bounds__(conv_threads) batch_conv_rows_kernel(const __grid_constant__ ConvRowsTask s) {
  const std::int64_t b = blockIdx.y;
  const std::int64_t first = s.sums == nullptr ? s.inner : 0;
  const std::int64_t col = first + static_cast<std::int64_t>(blockIdx.x) * conv_threads + threadIdx.x;
  const std::int64_t channel = col - s.inner;
  const bool convolved = channel >= 0 && channel < s.channels;
  float kept[widest_conv - 1];
  float weight[widest_conv];
  float sum = 0.0f;
  float* state = nullptr;
  if (convolved) {  // nothing of this is written by the kernel before
    state = s.conv[b] + s.conv_offset + channel * (s.taps - 1);
    sum = s.conv_bias == nullptr ? 0.0f : s.conv_bias[channel];
#pragma unroll
    for (int k = 0; k < widest_conv; ++k) {
      if (k < s.taps) weight[k] = s.weight[channel * s.taps + k];
      if (k + 1 < s.taps) kept[k] = state[k];
    }
  }
  wait_for_previous();
  let_next_start();
  if (col >= (s.sums == nullptr ? s.inner + s.channels : s.width)) return;
  float* at = s.proj + b * s.stride + col;
  float value = s.sums == nullptr ? *at : s.sums[b * s.width + col] + s.sums[(s.rows + b) * s.width + col];
  if (s.bias != nullptr) value += s.bias[col];
  if (convolved) {
#pragma unroll
    for (int k = 0; k < widest_conv; ++k) {
      if (k >= s.taps) break;
      const float input = k + 1 < s.taps ? kept[k < widest_conv - 1 ? k : 0] : value;
      sum += weight[k] * input;
      if (k > 0) state[k - 1] = input;
    }
    value = silu(sum);
  }
  *at = value;
}

struct GateRowsTask {
  RowsOut out;
  const float* y;        // (B, E)  gated
  const float* squares;  // (B, E / step_head_rows)
  const float* gain;     // (E)
  std::int64_t groups;
  float eps;
};

// Grid (G, B).
__global__ void __launch_bounds__(gate_threads) batch_gate_rows_kernel(const __grid_constant__ GateRowsTask s) {
  __shared__ float room[gate_threads / warp_size];
  wait_for_previous();
  let_next_start();
  const std::int64_t row = blockIdx.y;
  const std::int64_t size = s.out.columns / s.groups;
  const std::int64_t first = blockIdx.x * size;
  const float* squares = s.squares + (row * s.out.columns + first) / step_head_rows;
  float sum = 0.0f;
  for (std::int64_t i = threadIdx.x; i < size / step_head_rows; i += gate_threads) sum += squares[i];
  const float scale = 1.0f / sqrtf(block_sum(sum, room) / static_cast<float>(size) + s.eps);
  for (std::int64_t col = first + threadIdx.x * 4; col < first + size; col += gate_threads * 4) {
    float values[4];
    float gain[4];
    load_piece<float, 4>(s.y + row * s.out.columns + col, values);
    load_piece<float, 4>(s.gain + col, gain);
#pragma unroll
    for (int i = 0; i < 4; ++i) values[i] *= scale * gain[i];
    put_quad(s.out, row, col, values);
  }
}

// y = sums[row] + sums[rows + row]. Grid (quads of a row, B).
__global__ void __launch_bounds__(gate_threads)
    batch_join_rows_kernel(float* y, const float* sums, std::int64_t rows, std::int64_t columns) {
  wait_for_previous();
  const std::int64_t col = (static_cast<std::int64_t>(blockIdx.x) * gate_threads + threadIdx.x) * 4;
  if (col >= columns) return;
  float high[4];
  float low[4];
  load_piece<float, 4>(sums + blockIdx.y * columns + col, high);
  load_piece<float, 4>(sums + (rows + blockIdx.y) * columns + col, low);
#pragma unroll
  for (int i = 0; i < 4; ++i) high[i] += low[i];
  store_piece<float, 4>(y + blockIdx.y * columns + col, high);
}

[[nodiscard]] const float* float_or_null(ConstTensorView tensor) { return tensor ? tensor.as<float>() : nullptr; }

class BatchStep {
 public:
  BatchStep(Stream& stream, const StackStepArgs& args)
      : stream_(stream),
        on_(backend(stream)),
        args_(args),
        rows_(args.layers[0].residual.shape[0]),
        d_model_(args.layers[0].residual.shape[1]),
        step_(args.layers[0].step),
        inner_(step_.heads * step_.head_dim),
        channels_(inner_ + 2 * step_.groups * step_.d_state),
        width_(inner_ + channels_ + step_.heads),
        split_(rows_ <= most_split_rows),
        stride_(split_ ? (width_ + 3) / 4 * 4 : width_) {}

  [[nodiscard]] bool fits() const {
    if (rows_ < 2 || rows_ > 65535 || !on_.products().available() || d_model_ % 8 != 0 || inner_ % 8 != 0 ||
        d_model_ > norm_threads * norm_quads * 4 || stride_ % 4 != 0 || inner_ / step_.groups % step_head_rows != 0 ||
        args_.head->rows() % 4 != 0 || step_.conv_weight.shape[1] > widest_conv) {
      return false;
    }
    const auto plain = [](const Weight& w) { return w.format() == WeightFormat::bf16; };
    if (!plain(*args_.head)) return false;
    for (const LayerStepArgs& layer : args_.layers) {
      const bool biased = layer.in_proj_bias || layer.out_proj_bias;
      if (!plain(*layer.in_proj) || !plain(*layer.out_proj) || layer.step.trace || !layer.step.conv_table ||
          !layer.step.state_table || (biased && !split_) || !can_step_heads(heads(layer, nullptr, nullptr))) {
        return false;
      }
    }
    return true;
  }

  void run() {
    const std::int64_t parts = split_ ? 2 : 1;
    const std::int64_t widest = std::max({width_, d_model_, args_.logits ? args_.head->rows() : 0});
    const std::int64_t x_count = parts * rows_ * std::max(d_model_, inner_);
    const std::int64_t sum_count = split_ ? parts * rows_ * widest : 0;
    const std::int64_t square_count = rows_ * inner_ / step_head_rows;
    auto* next =
        static_cast<std::byte*>(stream_.scratch(scratch_bytes(x_count, 2) + scratch_bytes(sum_count, 4) +
                                                scratch_bytes(rows_ * stride_, 4) + scratch_bytes(square_count, 4)));
    x_ = cut_scratch<__nv_bfloat16>(next, x_count);
    sums_ = cut_scratch<float>(next, sum_count);
    proj_ = cut_scratch<float>(next, rows_ * stride_);
    squares_ = cut_scratch<float>(next, square_count);
    cuda::embedding(stream_, {.y = args_.layers[0].residual, .ids = args_.ids, .table = args_.embedding});
    const LayerStepArgs* before = nullptr;
    for (const LayerStepArgs& layer : args_.layers) {
      norm(before, layer.norm, layer.eps);
      product(*layer.in_proj, d_model_, split_ ? sums_ : proj_, false);
      conv(layer);
      step_heads(on_, heads(layer, proj_, squares_));
      gate(layer);
      product(*layer.out_proj, inner_, split_ ? sums_ : layer.residual.as<float>(), !split_);
      before = &layer;
    }
    if (!args_.logits) return;
    norm(before, args_.norm, args_.eps);
    auto* logits = args_.logits.as<float>();
    product(*args_.head, d_model_, split_ ? sums_ : logits, false);
    const std::int64_t vocab = args_.head->rows();
    if (split_) {
      launch(on_, "batch join rows",
             {.grid = dim3(blocks_for(vocab / 4, gate_threads), static_cast<unsigned>(rows_)),
              .block = dim3(gate_threads),
              .overlaps = true},
             batch_join_rows_kernel, logits, sums_, rows_, vocab);
    }
  }

 private:
  [[nodiscard]] HeadSteps heads(const LayerStepArgs& layer, const float* proj, float* squares) const {
    const SsdStepArgs& s = layer.step;
    HeadSteps h;
    h.y = s.y.as<float>();
    h.squares = squares;
    h.log_decay = s.log_decay ? s.log_decay.as<float>() : nullptr;
    h.z = proj, h.xbc = proj + inner_, h.dt = proj + inner_ + channels_;
    h.z_stride = h.xbc_stride = h.dt_stride = stride_;
    h.state = static_cast<void* const*>(s.state_table.data);
    h.state_offset = s.state_offset;
    h.state_rounded = s.state_dtype == DType::bf16;
    h.dt_bias = s.dt_bias.as<float>(), h.a = s.a.as<float>(), h.d = s.d.as<float>();
    h.sequences = rows_;
    h.heads = s.heads, h.head_dim = s.head_dim, h.d_state = s.d_state, h.groups = s.groups;
    h.dt_min = s.dt_min, h.dt_max = s.dt_max;
    return h;
  }

  // The residual with what the layer before left for it, normed, to x_.
  void norm(const LayerStepArgs* before, ConstTensorView gain, float eps) {
    const bool adds = before != nullptr && split_;
    const NormRowsTask task{.out = {x_, rows_, d_model_, split_},
                            .residual = args_.layers[0].residual.as<float>(),
                            .sums = adds ? sums_ : nullptr,
                            .bias = adds ? float_or_null(before->out_proj_bias) : nullptr,
                            .gain = gain.as<float>(),
                            .eps = eps};
    const std::int64_t threads = std::clamp<std::int64_t>((d_model_ / 4 + 31) / 32 * 32, 64, norm_threads);
    launch(
        on_, "batch norm rows",
        {.grid = dim3(static_cast<unsigned>(rows_)), .block = dim3(static_cast<unsigned>(threads)), .overlaps = true},
        batch_norm_rows_kernel, task);
  }

  void conv(const LayerStepArgs& layer) {
    const SsdStepArgs& s = layer.step;
    const ConvRowsTask task{.proj = proj_,
                            .sums = split_ ? sums_ : nullptr,
                            .bias = float_or_null(layer.in_proj_bias),
                            .conv = static_cast<float* const*>(s.conv_table.data),
                            .conv_offset = s.conv_offset,
                            .weight = s.conv_weight.as<float>(),
                            .conv_bias = float_or_null(s.conv_bias),
                            .rows = rows_,
                            .width = width_,
                            .stride = stride_,
                            .inner = inner_,
                            .channels = channels_,
                            .taps = static_cast<int>(s.conv_weight.shape[1])};
    launch(on_, "batch conv rows",
           {.grid = dim3(blocks_for(split_ ? width_ : channels_, conv_threads), static_cast<unsigned>(rows_)),
            .block = dim3(conv_threads),
            .overlaps = true},
           batch_conv_rows_kernel, task);
  }

  void gate(const LayerStepArgs& layer) {
    const GateRowsTask task{.out = {x_, rows_, inner_, split_},
                            .y = layer.step.y.as<float>(),
                            .squares = squares_,
                            .gain = layer.gate_norm.as<float>(),
                            .groups = layer.step.groups,
                            .eps = layer.eps};
    launch(on_, "batch gate rows",
           {.grid = dim3(static_cast<unsigned>(layer.step.groups), static_cast<unsigned>(rows_)),
            .block = dim3(gate_threads),
            .overlaps = true},
           batch_gate_rows_kernel, task);
  }

  void product(const Weight& weight, std::int64_t columns, float* y, bool accumulate) {
    on_.products().run(on_, {.m = (split_ ? 2 : 1) * rows_,
                             .n = weight.rows(),
                             .k = columns,
                             .x = x_,
                             .x_stride = columns,
                             .w = weight.packed().view().data,
                             .w_stride = columns,
                             .type = CUDA_R_16BF,
                             .y = y,
                             .y_stride = weight.rows(),
                             .accumulate = accumulate});
  }

  Stream& stream_;
  CudaStream& on_;
  const StackStepArgs& args_;
  std::int64_t rows_, d_model_;
  const SsdStepArgs& step_;
  std::int64_t inner_, channels_, width_;
  bool split_;
  std::int64_t stride_;  // of proj's rows
  __nv_bfloat16* x_ = nullptr;
  float* sums_ = nullptr;  // (2 B, width) or (2 B, D), only where split
  float* proj_ = nullptr;
  float* squares_ = nullptr;
};

}  // namespace

bool stack_step(Stream& stream, const StackStepArgs& args) {
  BatchStep step(stream, args);
  if (!step.fits()) return false;
  step.run();
  return true;
}

}  // namespace holdfast::cuda
