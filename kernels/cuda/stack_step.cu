// One token of each of several sequences through a stack of layers with bf16 weights. A layer in five kernels:
//   gain rows    what the layer before left is added to the residual, which times the norm's gain is put into bf16
//   product      in_proj, and times 1 / rms (batch_product.cu)
//   step rows    the convolution's step of x, B and C, step sizes (step_rows.cu)
//   step heads   the recurrence and the gate, times the gated norm's gain (stream_heads.cu, or step_heads.cu for few
//                states, and then step rows makes the gates)
//   product      out_proj, and times each group's 1 / rms
// Sums of squares lie beside x. Products that are not ours, and groups that ours cannot tell apart, take rows that were
// normed: norm rows stands for gain rows, gate rows before out_proj. So do all products of small layers, which are too
// short to hide the reading of squares.
// Up to most_split_rows sequences x goes through products as two bf16 rows each, rounded and what the rounding left,
// since the weight's bytes set the time: it keeps 16 bits, and the next kernel adds the two results. With more, x is
// rounded. Products leave their sums where the next kernel adds them: over those two, and over parts of the columns.
#include <algorithm>

#include "kernels/cuda/batch_product.h"
#include "kernels/cuda/products.h"
#include "kernels/cuda/reduce.cuh"
#include "kernels/cuda/ssd.cuh"
#include "kernels/cuda/step_heads.h"
#include "kernels/cuda/step_rows.h"
#include "kernels/cuda/token_step.h"
#include "kernels/cuda/token_stream.h"
#include "kernels/linear.h"
#include "kernels/ssd_scan.h"
#include "kernels/stack_step.h"

namespace holdfast::cuda {
namespace {

constexpr std::int64_t most_split_rows = 32;
constexpr int most_row_threads = 1024;
constexpr int most_row_quads = 4;  // of a row that a thread holds
constexpr int join_threads = 256;
constexpr int gain_threads = 128;                                   // of four columns each
constexpr std::int64_t large_layer_bytes = std::int64_t{32} << 20;  // of in_proj and out_proj

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

// Four columns of a row, summed over the parts that a product left.
__device__ __forceinline__ void sum_parts(const float* sums, std::int64_t row, std::int64_t rows, std::int64_t parts,
                                          std::int64_t columns, std::int64_t col, float (&sum)[4]) {
  load_piece<float, 4>(sums + row * columns + col, sum);
#pragma unroll 4
  for (std::int64_t part = 1; part < parts; ++part) {
    float more[4];
    load_piece<float, 4>(sums + (part * rows + row) * columns + col, more);
#pragma unroll
    for (int i = 0; i < 4; ++i) sum[i] += more[i];
  }
}

struct NormRowsTask {
  RowsOut out;
  float* residual;    // (B, D)
  const float* sums;  // (parts, B, D): what is added to it; or null
  std::int64_t parts;
  const float* bias;  // (D) the same, or null
  const float* gain;  // (D)
  float eps;
  float* squares;  // (B, blocks of a row): the sum of each block's squares, where the product norms
};

// Grid (blocks of a row, B): a thread holds `quads` fours of its row. What no kernel nearby writes is fetched before
// the wait. Where the product norms, a row has several blocks and is left as it is but for the gain.
template <int quads, bool normed>
__global__ void __launch_bounds__(normed ? most_row_threads : gain_threads)
    batch_norm_rows_kernel(const __grid_constant__ NormRowsTask s) {
  __shared__ float room[most_row_threads / warp_size];
  const std::int64_t row = blockIdx.y;
  const std::int64_t columns = s.out.columns;
  const std::int64_t first = static_cast<std::int64_t>(blockIdx.x) * blockDim.x * quads * 4;
  float values[quads][4] = {};
  float gain[quads][4] = {};
#pragma unroll
  for (int q = 0; q < quads; ++q) {
    const std::int64_t col = first + (static_cast<std::int64_t>(q) * blockDim.x + threadIdx.x) * 4;
    if (col >= columns) continue;
    load_piece<float, 4>(s.gain + col, gain[q]);
    if (s.bias == nullptr) continue;
    load_piece<float, 4>(s.bias + col, values[q]);
  }
  let_next_start();  // what a product does before it waits touches its weight alone
  wait_for_previous();
  float squares = 0.0f;
#pragma unroll
  for (int q = 0; q < quads; ++q) {
    const std::int64_t col = first + (static_cast<std::int64_t>(q) * blockDim.x + threadIdx.x) * 4;
    if (col >= columns) continue;
    float* at = s.residual + row * columns + col;
    float held[4];
    load_piece<float, 4>(at, held);
    if (s.sums != nullptr) {
      float added[4];
      sum_parts(s.sums, row, s.out.rows, s.parts, columns, col, added);
#pragma unroll
      for (int i = 0; i < 4; ++i) held[i] += added[i] + values[q][i];
      store_piece<float, 4>(at, held);
    }
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      values[q][i] = held[i];
      squares += held[i] * held[i];
    }
  }
  const float sum = block_sum(squares, room);
  const float scale = normed ? 1.0f / sqrtf(sum / static_cast<float>(columns) + s.eps) : 1.0f;
  if (!normed && threadIdx.x == 0) s.squares[row * gridDim.x + blockIdx.x] = sum;
#pragma unroll
  for (int q = 0; q < quads; ++q) {
    const std::int64_t col = first + (static_cast<std::int64_t>(q) * blockDim.x + threadIdx.x) * 4;
    if (col >= columns) continue;
#pragma unroll
    for (int i = 0; i < 4; ++i) values[q][i] *= scale * gain[q][i];
    put_quad(s.out, row, col, values[q]);
  }
}

struct GateRowsTask {
  RowsOut out;
  const float* y;     // (B, E)  gated
  const float* gain;  // (E)
  std::int64_t groups;
  float eps;
};

// Grid (G, B): a thread holds `quads` fours of its group.
template <int quads>
__global__ void __launch_bounds__(most_row_threads) batch_gate_rows_kernel(const __grid_constant__ GateRowsTask s) {
  __shared__ float room[most_row_threads / warp_size];
  const std::int64_t row = blockIdx.y;
  const std::int64_t size = s.out.columns / s.groups;
  const std::int64_t first = blockIdx.x * size;
  float values[quads][4];
  float gain[quads][4];
#pragma unroll
  for (int q = 0; q < quads; ++q) {
    const std::int64_t col = (static_cast<std::int64_t>(q) * blockDim.x + threadIdx.x) * 4;
    if (col < size) load_piece<float, 4>(s.gain + first + col, gain[q]);
  }
  let_next_start();  // what a product does before it waits touches its weight alone
  wait_for_previous();
  float squares = 0.0f;
#pragma unroll
  for (int q = 0; q < quads; ++q) {
    const std::int64_t col = (static_cast<std::int64_t>(q) * blockDim.x + threadIdx.x) * 4;
    if (col >= size) continue;
    load_piece<float, 4>(s.y + row * s.out.columns + first + col, values[q]);
#pragma unroll
    for (int i = 0; i < 4; ++i) squares += values[q][i] * values[q][i];
  }
  const float scale = 1.0f / sqrtf(block_sum(squares, room) / static_cast<float>(size) + s.eps);
#pragma unroll
  for (int q = 0; q < quads; ++q) {
    const std::int64_t col = (static_cast<std::int64_t>(q) * blockDim.x + threadIdx.x) * 4;
    if (col >= size) continue;
#pragma unroll
    for (int i = 0; i < 4; ++i) values[q][i] *= scale * gain[q][i];
    put_quad(s.out, row, first + col, values[q]);
  }
}

// Grid (quads of a row, B).
__global__ void __launch_bounds__(join_threads)
    batch_join_rows_kernel(float* y, const float* sums, std::int64_t parts, std::int64_t rows, std::int64_t columns) {
  wait_for_previous();
  const std::int64_t col = (static_cast<std::int64_t>(blockIdx.x) * join_threads + threadIdx.x) * 4;
  if (col >= columns) return;
  float sum[4];
  sum_parts(sums, blockIdx.y, rows, parts, columns, col, sum);
  store_piece<float, 4>(y + blockIdx.y * columns + col, sum);
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
        large_((width_ + inner_) * d_model_ * 2 >= large_layer_bytes),
        split_(rows_ <= most_split_rows),
        in_(plan(width_, d_model_)),
        out_(plan(d_model_, inner_)),
        head_(plan(args.head->rows(), d_model_)),
        stride_((width_ + step_.heads + 3) / 4 * 4) {}

  [[nodiscard]] bool fits() const {
    if (rows_ < 2 || rows_ > 65535 || !on_.products().available() || d_model_ % 8 != 0 || inner_ % 8 != 0 ||
        std::max(d_model_, inner_ / step_.groups) > most_row_threads * most_row_quads * 4 ||
        inner_ / step_.groups % 4 != 0 || args_.head->rows() % 4 != 0 ||
        step_.conv_weight.shape[1] > widest_step_conv) {
      return false;
    }
    const auto plain = [](const Weight& w) { return w.format() == WeightFormat::bf16; };
    if (!plain(*args_.head)) return false;
    for (const LayerStepArgs& layer : args_.layers) {
      if (layer.step.pending_table && !can_stream_heads(on_, heads(layer))) return false;
      if (!plain(*layer.in_proj) || !plain(*layer.out_proj) || layer.step.trace || !layer.step.conv_table ||
          !layer.step.state_table || !can_step_heads(heads(layer))) {
        return false;
      }
    }
    return true;
  }

  // Whether tokens may wait beside states.
  [[nodiscard]] bool keeps_pending() const {
    if (!fits()) return false;
    static float* const somewhere = nullptr;
    HeadSteps h = heads(args_.layers[0]);
    h.pending = &somewhere;
    return can_stream_heads(on_, h);
  }

  void run() {
    const KeptUntilHere kept{on_};
    norms_out_ = large_ && out_.parts > 0 && inner_ / step_.groups % 64 == 0 &&
                 batch_product_norms(inner_, out_.parts, step_.groups);
    const std::int64_t x_count = (split_ ? 2 : 1) * rows_ * std::max(d_model_, inner_);
    const std::int64_t sum_count =
        rows_ * std::max({in_.sums * width_, out_.sums * d_model_, args_.logits ? head_.sums * args_.head->rows() : 0});
    const std::int64_t square_count =
        rows_ * std::max(blocks_for(d_model_, 4 * gain_threads), static_cast<unsigned>(inner_ / step_head_rows));
    const std::size_t bytes = scratch_bytes(x_count, 2) + scratch_bytes(sum_count, 4) +
                              scratch_bytes(rows_ * stride_, 4) + scratch_bytes(square_count, 4);
    auto* next = static_cast<std::byte*>(stream_.scratch(bytes));
    if (large_) on_.keep_in_cache(next, bytes);
    x_ = cut_scratch<__nv_bfloat16>(next, x_count);
    sums_ = cut_scratch<float>(next, sum_count);
    proj_ = cut_scratch<float>(next, rows_ * stride_);
    squares_ = cut_scratch<float>(next, square_count);
    cuda::embedding(stream_, {.y = args_.layers[0].residual, .ids = args_.ids, .table = args_.embedding});
    const LayerStepArgs* before = nullptr;
    for (const LayerStepArgs& layer : args_.layers) {
      product(*layer.in_proj, in_, d_model_, sums_, norm(before, layer.norm, layer.eps, in_));
      conv(layer);
      product(*layer.out_proj, out_, inner_, sums_, recur(layer));
      before = &layer;
    }
    const LeftNorm left = norm(before, args_.norm, args_.eps, head_);  // the residual has all layers now
    if (!args_.logits) return;
    auto* logits = args_.logits.as<float>();
    product(*args_.head, head_, d_model_, head_.sums == 1 ? logits : sums_, left);
    if (head_.sums == 1) return;
    const std::int64_t vocab = args_.head->rows();
    prefer_shared(batch_join_rows_kernel);
    launch(on_, "batch join rows",
           {.grid = dim3(blocks_for(vocab / 4, join_threads), static_cast<unsigned>(rows_)),
            .block = dim3(join_threads),
            .overlaps = true},
           batch_join_rows_kernel, logits, sums_, head_.sums, rows_, vocab);
  }

 private:
  // What is kept in the cache for these kernels is not kept for others, whatever ends them.
  struct KeptUntilHere {
    CudaStream& on;
    ~KeptUntilHere() { on.keep_in_cache(nullptr, 0); }
  };
  struct ProductPlan {
    std::int64_t parts;  // of batch_product; 0: cuBLASLt takes it
    std::int64_t sums;   // rows that are left for each sequence
  };
  // What a product has to do for x in x_: its squares lie in squares_. No units: nothing.
  struct LeftNorm {
    std::int64_t units = 0, groups = 1;
    float eps = 0.0f;
  };
  [[nodiscard]] ProductPlan plan(std::int64_t outputs, std::int64_t columns) const {
    const std::int64_t each = split_ ? 2 : 1;
    const std::int64_t parts = batch_product_parts(on_, each * rows_, outputs, columns);
    return {parts, each * std::max<std::int64_t>(parts, 1)};
  }

  [[nodiscard]] HeadSteps heads(const LayerStepArgs& layer) const {
    const SsdStepArgs& s = layer.step;
    HeadSteps h;
    h.y = s.y.as<float>();
    h.z = proj_, h.x = h.z + inner_, h.bc = h.x + inner_, h.dt = h.x + channels_, h.decay = h.dt + s.heads;
    h.z_stride = h.x_stride = h.bc_stride = h.dt_stride = stride_;
    h.state = static_cast<void* const*>(s.state_table.data);
    h.state_offset = s.state_offset;
    h.state_rounded = s.state_dtype == DType::bf16;
    h.dt_bias = s.dt_bias.as<float>(), h.a = s.a.as<float>(), h.d = s.d.as<float>();
    h.sequences = rows_;
    h.heads = s.heads, h.head_dim = s.head_dim, h.d_state = s.d_state, h.groups = s.groups;
    h.dt_min = s.dt_min, h.dt_max = s.dt_max;
    if (s.pending_table) {
      h.pending = static_cast<float* const*>(s.pending_table.data);
      h.turns = s.pending_turns.as<std::int32_t>();
      h.pending_offset = s.pending_offset;
      h.pending_apart = pending_floats(s.heads, s.head_dim, s.groups, s.d_state);
    }
    if (!large_ || !can_stream_heads(on_, h)) return h;
    h.z = sums_, h.z_stride = width_, h.z_left = true, h.z_parts = in_.sums;
    h.z_bias = float_or_null(layer.in_proj_bias);
    return h;
  }

  // The residual with what the layer before left for it, normed, to x_, or ready to be normed by the product.
  [[nodiscard]] LeftNorm norm(const LayerStepArgs* before, ConstTensorView gain, float eps, const ProductPlan& next) {
    const bool adds = before != nullptr;
    const NormRowsTask task{.out = {x_, rows_, d_model_, split_},
                            .residual = args_.layers[0].residual.as<float>(),
                            .sums = adds ? sums_ : nullptr,
                            .parts = out_.sums,
                            .bias = adds ? float_or_null(before->out_proj_bias) : nullptr,
                            .gain = gain.as<float>(),
                            .eps = eps,
                            .squares = squares_};
    if (next.parts == 0 || !large_) {
      rows("batch norm rows", d_model_, dim3(1, static_cast<unsigned>(rows_)), task, batch_norm_rows_kernel<1, true>,
           batch_norm_rows_kernel<2, true>, batch_norm_rows_kernel<4, true>);
      return {};
    }
    const unsigned blocks = blocks_for(d_model_, 4 * gain_threads);
    prefer_shared(batch_norm_rows_kernel<1, false>);
    launch(on_, "batch gain rows",
           {.grid = dim3(blocks, static_cast<unsigned>(rows_)), .block = dim3(gain_threads), .overlaps = true},
           batch_norm_rows_kernel<1, false>, task);
    return {.units = blocks, .groups = 1, .eps = eps};
  }

  // The recurrence, and its norm to x_, or x_ ready to be normed by the product.
  [[nodiscard]] LeftNorm recur(const LayerStepArgs& layer) {
    HeadSteps steps = heads(layer);
    if (!norms_out_) {
      step_heads(on_, steps);
      gate(layer);
      return {};
    }
    steps.y = nullptr;
    steps.gained = x_;
    steps.split = split_;
    steps.gain = layer.gate_norm.as<float>();
    steps.squares = squares_;
    step_heads(on_, steps);
    return {.units = inner_ / square_channels(on_, steps), .groups = step_.groups, .eps = layer.eps};
  }

  // Launches a block for each of some rows of so many columns.
  template <class Task>
  void rows(const char* what, std::int64_t columns, dim3 grid, const Task& task, void (*one)(Task), void (*two)(Task),
            void (*four)(Task)) {
    const std::int64_t quads = (columns / 4 + most_row_threads - 1) / most_row_threads;
    const std::int64_t each = quads == 3 ? 4 : quads;
    const std::int64_t threads = std::max<std::int64_t>((columns / 4 + each - 1) / each, 64);
    auto* kernel = each == 1 ? one : each == 2 ? two : four;
    prefer_shared(kernel);
    launch(on_, what,
           {.grid = grid, .block = dim3((static_cast<unsigned>(threads) + 31U) / 32U * 32U), .overlaps = true}, kernel,
           task);
  }

  void conv(const LayerStepArgs& layer) {
    const SsdStepArgs& s = layer.step;
    const HeadSteps h = heads(layer);
    // The kernel before is a product.
    step_rows(on_,
              {.rows = proj_,
               .stride = stride_,
               .sums = sums_,
               .parts = in_.sums,
               .columns = width_,
               .bias = float_or_null(layer.in_proj_bias),
               .window = static_cast<float* const*>(s.conv_table.data),
               .window_offset = s.conv_offset,
               .conv_weight = s.conv_weight.as<float>(),
               .conv_bias = float_or_null(s.conv_bias),
               .taps = static_cast<int>(s.conv_weight.shape[1]),
               .sequences = rows_,
               .inner = inner_,
               .channels = channels_,
               .heads = s.heads,
               .finished = true,
               .leaves_z = h.z_left,
               .pending = h.pending,
               .turns = h.turns,
               .pending_offset = h.pending_offset,
               .pending_apart = h.pending_apart,
               .pending_channels = inner_ + s.groups * s.d_state,
               .dt_bias = s.dt_bias.as<float>(),
               .a = s.a.as<float>(),
               .dt_min = s.dt_min,
               .dt_max = s.dt_max,
               .log_decay = s.log_decay ? s.log_decay.as<float>() : nullptr},
              true);
  }

  void gate(const LayerStepArgs& layer) {
    const GateRowsTask task{.out = {x_, rows_, inner_, split_},
                            .y = layer.step.y.as<float>(),
                            .gain = layer.gate_norm.as<float>(),
                            .groups = layer.step.groups,
                            .eps = layer.eps};
    rows("batch gate rows", inner_ / layer.step.groups,
         dim3(static_cast<unsigned>(layer.step.groups), static_cast<unsigned>(rows_)), task, batch_gate_rows_kernel<1>,
         batch_gate_rows_kernel<2>, batch_gate_rows_kernel<4>);
  }

  void product(const Weight& weight, const ProductPlan& plan, std::int64_t columns, float* y, const LeftNorm& left) {
    const auto* w = static_cast<const __nv_bfloat16*>(weight.packed().view().data);
    const std::int64_t rows = (split_ ? 2 : 1) * rows_;
    if (plan.parts > 0) {
      return batch_product(on_, {.x = x_,
                                 .w = w,
                                 .y = y,
                                 .rows = rows,
                                 .outputs = weight.rows(),
                                 .columns = columns,
                                 .parts = plan.parts,
                                 .squares = left.units == 0 ? nullptr : squares_,
                                 .norm_rows = rows_,
                                 .units = left.units,
                                 .groups = left.groups,
                                 .eps = left.eps});
    }
    on_.products().run(on_, {.m = rows,
                             .n = weight.rows(),
                             .k = columns,
                             .x = x_,
                             .x_stride = columns,
                             .w = w,
                             .w_stride = columns,
                             .type = CUDA_R_16BF,
                             .y = y,
                             .y_stride = weight.rows()});
  }

  Stream& stream_;
  CudaStream& on_;
  const StackStepArgs& args_;
  std::int64_t rows_, d_model_;
  const SsdStepArgs& step_;
  std::int64_t inner_, channels_, width_;
  bool large_;
  bool split_;
  ProductPlan in_, out_, head_;
  std::int64_t stride_;  // of proj's rows
  __nv_bfloat16* x_ = nullptr;
  float* sums_ = nullptr;  // what a product left
  float* proj_ = nullptr;
  float* squares_ = nullptr;
  bool norms_out_ = false;
};

}  // namespace

bool keeps_pending(Stream& stream, const StackStepArgs& args) {
  return args.layers[0].residual.shape[0] > 1 && BatchStep(stream, args).keeps_pending();
}

bool stack_step(Stream& stream, const StackStepArgs& args) {
  if (args.layers[0].residual.shape[0] == 1) return token_step(stream, args) || token_stream(stream, args);
  BatchStep step(stream, args);
  if (!step.fits()) return false;
  step.run();
  return true;
}

}  // namespace holdfast::cuda
