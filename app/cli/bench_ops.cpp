#include "app/cli/bench_ops.h"

#include <algorithm>
#include <chrono>
#include <functional>
#include <random>
#include <utility>

#include "kernels/causal_conv1d.h"
#include "kernels/layer_step.h"
#include "kernels/linear.h"
#include "kernels/rms_norm.h"
#include "kernels/ssd_scan.h"

namespace holdfast::cli {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::int64_t op_most_rows = 16384;
constexpr double op_round_seconds = 0.02;
constexpr int op_rounds = 5;

double number(std::int64_t value) { return static_cast<double>(value); }

class OpTimer {
 public:
  OpTimer(const Mamba2Model& model, Stream& stream, std::int64_t rows, bool prefill)
      : c_(model.config()), weights_(model.weights()), stream_(stream), rows_(rows), prefill_(prefill) {}

  [[nodiscard]] std::vector<OpTime> pass() {
    const DType dtype = pass_dtype();
    const double wide = number(static_cast<std::int64_t>(byte_size(dtype)));
    Tensor residual = values(DType::f32, c_.d_model), normed = values(dtype, c_.d_model);
    Tensor proj = values(dtype, c_.in_proj_rows()), xbc = values(dtype, c_.conv_dim()), y = values(dtype, c_.d_inner());
    State state(stream_.device(), c_);
    const double d = number(c_.d_model), e = number(c_.d_inner()), c = number(c_.conv_dim()), t = number(rows_);
    each_layer("rms_norm", 0.0, t * d * (4.0 + wide), [&](std::int64_t i) {
      rms_norm(
          stream_,
          {.y = normed.view(), .x = residual.view(), .weight = at(i).norm.view(), .residual = {}, .eps = c_.norm_eps});
    });
    product(
        "in_proj", [&](std::int64_t i) { return &at(i).in_proj; }, proj.view(), normed.view(), false);
    each_layer("causal_conv1d", 2.0 * t * c * number(c_.d_conv), t * c * 2.0 * wide, [&](std::int64_t i) {
      causal_conv1d(stream_, {.y = xbc.view(),
                              .state = state.conv(i),
                              .x = columns(proj, c_.d_inner(), c_.conv_dim()),
                              .x_stride = c_.in_proj_rows(),
                              .weight = at(i).conv_weight.view(),
                              .bias = or_none(at(i).conv_bias)});
    });
    TensorView scanned = y.view();
    scanned.shape = Shape{rows_, c_.n_heads, c_.head_dim};
    each_layer("ssd_scan", 5.0 * t * e * number(c_.d_state),
               t * (c + e + number(c_.n_heads)) * wide + 8.0 * e * number(c_.d_state), [&](std::int64_t i) {
                 ssd_scan(stream_, {.y = scanned,
                                    .state = state.ssm(i),
                                    .xbc = xbc.view(),
                                    .dt_raw = columns(proj, c_.d_inner() + c_.conv_dim(), c_.n_heads),
                                    .dt_stride = c_.in_proj_rows(),
                                    .dt_bias = at(i).dt_bias.view(),
                                    .a = at(i).a.view(),
                                    .d = at(i).d.view(),
                                    .groups = c_.n_groups,
                                    .dt_min = c_.dt_min,
                                    .dt_max = c_.dt_max});
               });
    each_layer("gated_rms_norm", 0.0, 3.0 * t * e * wide, [&](std::int64_t i) {
      gated_rms_norm(stream_, {.y = y.view(),
                               .x = y.view(),
                               .z = columns(proj, 0, c_.d_inner()),
                               .z_stride = c_.in_proj_rows(),
                               .weight = at(i).gate_norm.view(),
                               .groups = c_.n_groups,
                               .eps = c_.norm_eps});
    });
    product(
        "out_proj", [&](std::int64_t i) { return &at(i).out_proj; }, residual.view(), y.view(), true);
    return std::move(times_);
  }

  [[nodiscard]] std::vector<OpTime> step() {
    Tensor residual = values(DType::f32, c_.d_model), normed = values(DType::f32, c_.d_model);
    Tensor proj = values(DType::f32, c_.in_proj_rows()), y = values(DType::f32, c_.d_inner());
    Tensor logits(stream_.device(), DType::f32, {rows_, c_.vocab_size});
    std::vector<State> states;
    for (std::int64_t b = 0; b < rows_; ++b) states.emplace_back(stream_.device(), c_);
    const Tensor conv_table = table(states, [](State& state) { return state.conv().data; });
    const Tensor state_table = table(states, [](State& state) { return state.ssm().data; });
    const double b = number(rows_), e = number(c_.d_inner());
    const double state_bytes = b * 8.0 * (e * number(c_.d_state) + number(c_.conv_dim() * (c_.d_conv - 1)));
    const double state_operations = 5.0 * b * e * number(c_.d_state);
    const auto step_of = [&](std::int64_t i) {
      conv_.clear(), ssm_.clear();
      for (State& state : states) {
        if (stream_.kind() == DeviceKind::cuda) break;
        conv_.push_back(state.conv(i).as<float>());
        ssm_.push_back(state.ssm(i).as<float>());
      }
      const bool gpu = stream_.kind() == DeviceKind::cuda;
      return SsdStepArgs{.y = y.view(),
                         .conv = conv_,
                         .state = ssm_,
                         .proj = proj.view(),
                         .conv_weight = at(i).conv_weight.view(),
                         .conv_bias = or_none(at(i).conv_bias),
                         .dt_bias = at(i).dt_bias.view(),
                         .a = at(i).a.view(),
                         .d = at(i).d.view(),
                         .heads = c_.n_heads,
                         .head_dim = c_.head_dim,
                         .d_state = c_.d_state,
                         .groups = c_.n_groups,
                         .dt_min = c_.dt_min,
                         .dt_max = c_.dt_max,
                         .conv_table = gpu ? conv_table.view() : ConstTensorView{},
                         .state_table = gpu ? state_table.view() : ConstTensorView{},
                         .conv_offset = i * c_.conv_dim() * (c_.d_conv - 1),
                         .state_offset = i * c_.d_inner() * c_.d_state};
    };
    product(
        "in_proj", [&](std::int64_t i) { return &at(i).in_proj; }, proj.view(), normed.view(), false);
    each_layer("ssd_step", state_operations, state_bytes + b * 4.0 * (number(c_.in_proj_rows()) + e),
               [&](std::int64_t i) { ssd_step(stream_, step_of(i)); });
    product(
        "out_proj", [&](std::int64_t i) { return &at(i).out_proj; }, residual.view(), y.view(), true);
    const double matrices = number(c_.d_model) * (number(c_.in_proj_rows()) + e);
    each_layer("layer", state_operations + 2.0 * b * matrices,
               state_bytes + number(static_cast<std::int64_t>(at(0).in_proj.bytes() + at(0).out_proj.bytes())),
               [&](std::int64_t i) {
                 layer_step(stream_, {.residual = residual.view(),
                                      .normed = normed.view(),
                                      .norm = at(i).norm.view(),
                                      .in_proj = &at(i).in_proj,
                                      .in_proj_bias = or_none(at(i).in_proj_bias),
                                      .step = step_of(i),
                                      .gate_norm = at(i).gate_norm.view(),
                                      .out_proj = &at(i).out_proj,
                                      .out_proj_bias = or_none(at(i).out_proj_bias),
                                      .eps = c_.norm_eps});
               });
    const Weight& head = weights_.head();
    times_.push_back(timed("head", 1, 2.0 * b * number(head.rows() * head.cols()),
                           number(static_cast<std::int64_t>(head.bytes())) + 4.0 * b * number(head.rows()),
                           [&] { linear(stream_, {.y = logits.view(), .x = normed.view(), .w = &head, .bias = {}}); }));
    return std::move(times_);
  }

 private:
  [[nodiscard]] const LayerWeights& at(std::int64_t i) const { return weights_.layers[static_cast<std::size_t>(i)]; }
  static ConstTensorView or_none(const Tensor& tensor) { return tensor ? tensor.view() : ConstTensorView{}; }

  // A long pass on a GPU rounds activations to bf16, unless the weights are finer.
  [[nodiscard]] DType pass_dtype() const {
    const WeightFormat format = at(0).in_proj.format();
    const bool fine = format == WeightFormat::f32 || format == WeightFormat::f16;
    return stream_.kind() == DeviceKind::cpu || fine ? DType::f32 : DType::bf16;
  }

  // Rows of numbers between -1 and 1.
  [[nodiscard]] Tensor values(DType dtype, std::int64_t columns) {
    std::minstd_rand random(static_cast<std::uint32_t>(columns));
    std::uniform_real_distribution<float> between(-1.0f, 1.0f);
    std::vector<float> some(static_cast<std::size_t>(rows_ * columns));
    for (float& value : some) value = between(random);
    Tensor tensor(stream_.device(), dtype, {rows_, columns});
    if (dtype == DType::f32) {
      stream_.copy(tensor.view(), view_of(std::span(std::as_const(some)), tensor.view().shape));
    } else {
      std::vector<std::byte> encoded(some.size() * 2);
      encode_row(WeightFormat::bf16, some, encoded.data());
      stream_.copy(tensor.view(), {encoded.data(), DType::bf16, tensor.view().shape, DeviceKind::cpu});
    }
    stream_.synchronize();
    return tensor;
  }
  [[nodiscard]] ConstTensorView columns(const Tensor& matrix, std::int64_t first, std::int64_t count) const {
    const ConstTensorView view = matrix.view();
    const std::int64_t offset = first * static_cast<std::int64_t>(byte_size(view.dtype));
    return {view.as<std::byte>() + offset, view.dtype, Shape{rows_, count}, view.where};
  }
  template <class Address>
  [[nodiscard]] Tensor table(std::vector<State>& states, Address address) {
    std::vector<std::int64_t> list;
    for (State& state : states) {
      list.push_back(static_cast<std::int64_t>(reinterpret_cast<std::uintptr_t>(address(state))));
    }
    Tensor tensor(stream_.device(), DType::i64, {rows_});
    stream_.copy(tensor.view(), {list.data(), DType::i64, {rows_}, DeviceKind::cpu});
    stream_.synchronize();
    return tensor;
  }

  template <class Pick>
  void product(const char* op, Pick pick, TensorView y, ConstTensorView x, bool accumulate) {
    const Weight& w = *pick(0);
    const double moved = number(static_cast<std::int64_t>(w.bytes())) +
                         number(x.shape[0] * w.cols()) * number(static_cast<std::int64_t>(byte_size(x.dtype))) +
                         number(y.shape[0] * w.rows()) * number(static_cast<std::int64_t>(byte_size(y.dtype))) *
                             (accumulate ? 2.0 : 1.0);
    each_layer(op, 2.0 * number(rows_) * number(w.rows() * w.cols()), moved, [&](std::int64_t i) {
      linear(stream_, {.y = y, .x = x, .w = pick(i), .bias = {}, .accumulate = accumulate});
    });
  }

  // The same operation of all layers after each other, so that each finds its weights in memory and not in a cache.
  void each_layer(const char* op, double operations, double bytes, const std::function<void(std::int64_t)>& work) {
    times_.push_back(timed(op, c_.n_layer, operations, bytes, [&] {
      for (std::int64_t i = 0; i < c_.n_layer; ++i) work(i);
    }));
  }

  [[nodiscard]] OpTime timed(const char* op, std::int64_t layers, double operations, double bytes,
                             const std::function<void()>& work) {
    // Apart from what a model records on this stream: those keys begin with its number.
    const std::uint64_t key = std::uint64_t{1} << 63 | static_cast<std::uint64_t>(rows_) << 16 |
                              static_cast<std::uint64_t>(times_.size()) << 1 | (prefill_ ? 1u : 0u);
    const auto run = [&] { prefill_ ? work() : stream_.repeat(key, work); };
    const auto seconds_of = [&](int runs) {
      const auto begin = Clock::now();
      for (int r = 0; r < runs; ++r) run();
      stream_.synchronize();
      return std::chrono::duration<double>(Clock::now() - begin).count() / runs;
    };
    (void)seconds_of(2);
    const int runs = std::clamp(static_cast<int>(op_round_seconds / seconds_of(1)), 1, 1000);
    std::vector<double> seconds;
    for (int r = 0; r < op_rounds; ++r) seconds.push_back(seconds_of(runs));
    std::ranges::sort(seconds);
    return {.op = op,
            .prefill = prefill_,
            .rows = rows_,
            .seconds = seconds[op_rounds / 2] / number(layers),
            .operations = operations,
            .bytes = bytes};
  }

  const Mamba2Config& c_;
  const Weights& weights_;
  Stream& stream_;
  std::int64_t rows_;
  bool prefill_;
  std::vector<OpTime> times_;
  std::vector<float*> conv_, ssm_;
};

}  // namespace

std::vector<OpTime> time_pass_ops(const Mamba2Model& model, Stream& stream, std::int64_t rows) {
  return OpTimer(model, stream, std::min(rows, op_most_rows), true).pass();
}

std::vector<OpTime> time_step_ops(const Mamba2Model& model, Stream& stream, std::int64_t rows) {
  return OpTimer(model, stream, rows, false).step();
}

}  // namespace holdfast::cli
