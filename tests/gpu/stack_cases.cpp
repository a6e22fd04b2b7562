// Whole stacks of layers in one kernel, against the definitions in double, token after token; and against the layers
// one by one over a long text.
//
// Faults planted in kernels/cuda and seen to fail here: listed in tests/gpu/README.md.
#include <exception>
#include <string>
#include <thread>
#include <tuple>

#include "engine/model.h"
#include "engine/shape.h"
#include "kernels/ssd_scan.h"
#include "kernels/stack_step.h"
#include "tests/gpu/cases.h"
#include "tests/gpu/gpu_floats.h"
#include "tests/gpu/gpu_rounded.h"
#include "tests/gpu/gpu_values.h"
#include "tests/oracle/rms_norm.h"
#include "tests/oracle/ssd.h"
#include "tests/support/data.h"

namespace holdfast::test {
namespace {

struct StackShape {
  std::int64_t d_model, heads, head_dim, d_state, groups, vocab, layers, taps;
  [[nodiscard]] std::int64_t inner() const { return heads * head_dim; }
  [[nodiscard]] std::int64_t channels() const { return inner() + 2 * groups * d_state; }
  [[nodiscard]] std::int64_t width() const { return inner() + channels() + heads; }
};

// A weight on the GPU and what it decodes to.
struct TestWeight {
  Weight packed;
  std::vector<float> values;

  TestWeight(Stream& stream, Random& random, WeightFormat format, std::int64_t rows, std::int64_t cols, double size) {
    const std::size_t row_bytes = encoded_row_bytes(format, cols);
    std::vector<std::byte> encoded(static_cast<std::size_t>(rows) * row_bytes);
    values.resize(static_cast<std::size_t>(rows * cols));
    for (std::int64_t r = 0; r < rows; ++r) {
      std::byte* at = encoded.data() + static_cast<std::size_t>(r) * row_bytes;
      encode_row(format, random.normals(cols, size), at);
      decode_row(format, at,
                 std::span(values).subspan(static_cast<std::size_t>(r * cols), static_cast<std::size_t>(cols)));
    }
    packed = Weight::pack(stream, "w", format, rows, cols, encoded);
  }

  // W x (+ bias), in double.
  [[nodiscard]] oracle::Numbers times(const oracle::Numbers& x, const std::vector<float>& bias) const {
    oracle::Numbers y;
    for (std::int64_t r = 0; r < packed.rows(); ++r) {
      double sum = bias.empty() ? 0.0 : static_cast<double>(bias[static_cast<std::size_t>(r)]);
      const float* row = values.data() + r * packed.cols();
      for (std::int64_t k = 0; k < packed.cols(); ++k) {
        sum += static_cast<double>(row[k]) * x[static_cast<std::size_t>(k)].value;
      }
      y.emplace_back(sum);
    }
    return y;
  }
};

struct TestLayer {
  TestWeight in_proj, out_proj;
  std::vector<float> norm, gate_norm, in_bias, out_bias, conv_weight, conv_bias, dt_bias, a, d;
  GpuFloats norm_on, gate_norm_on, in_bias_on, out_bias_on, conv_weight_on, conv_bias_on, dt_bias_on, a_on, d_on,
      log_decay_on;

  TestLayer(Stream& stream, Random& random, WeightFormat format, const StackShape& s, bool biased)
      : in_proj(stream, random, format, s.width(), s.d_model, 0.05),
        out_proj(stream, random, format, s.d_model, s.inner(), 0.05),
        norm(random.uniforms(s.d_model, 0.5, 1.5)),
        gate_norm(random.uniforms(s.inner(), 0.5, 1.5)),
        in_bias(biased ? random.normals(s.width(), 0.1) : std::vector<float>()),
        out_bias(biased ? random.normals(s.d_model, 0.1) : std::vector<float>()),
        conv_weight(random.normals(s.channels() * s.taps, 0.5)),
        conv_bias(biased ? std::vector<float>() : random.normals(s.channels(), 0.5)),
        dt_bias(random.uniforms(s.heads, -6.0, 1.0)),
        a(random.uniforms(s.heads, -16.0, -0.01)),
        d(random.normals(s.heads)),
        norm_on(stream, norm),
        gate_norm_on(stream, gate_norm),
        in_bias_on(stream, in_bias),
        out_bias_on(stream, out_bias),
        conv_weight_on(stream, conv_weight),
        conv_bias_on(stream, conv_bias),
        dt_bias_on(stream, dt_bias),
        a_on(stream, a),
        d_on(stream, d),
        log_decay_on(stream, s.heads) {}
};

// What a stack computes with, and its states after some tokens in double.
class TestStack {
 public:
  TestStack(Stream& stream, WeightFormat format, const StackShape& shape, bool biased, bool tied, bool rounded_states)
      : shape_(shape),
        rounded_states_(rounded_states),
        random_(31),
        embedding_(stream, random_, format, shape.vocab, shape.d_model, 1.0),
        head_(stream, random_, format, tied ? 4 : shape.vocab, shape.d_model, 0.05),
        norm_(random_.uniforms(shape.d_model, 0.5, 1.5)),
        norm_on_(stream, norm_),
        tied_(tied) {
    for (std::int64_t l = 0; l < shape.layers; ++l) layers_.emplace_back(stream, random_, format, shape, biased);
    conv_start_ = random_.normals(shape.layers * shape.channels() * (shape.taps - 1));
    ssm_start_ = random_.normals(shape.layers * shape.inner() * shape.d_state);
    if (rounded_states) round_all(ssm_start_);
    conv_ = oracle::exact(conv_start_);
    ssm_ = oracle::exact(ssm_start_);
  }

  // One token in double: logits; the states go on.
  std::vector<double> expected(std::int32_t id) {
    const StackShape& s = shape_;
    const auto row = std::span(embedding_.values)
                         .subspan(static_cast<std::size_t>(id * s.d_model), static_cast<std::size_t>(s.d_model));
    oracle::Numbers residual = oracle::exact(row);
    for (std::int64_t l = 0; l < s.layers; ++l) {
      const TestLayer& w = layers_[static_cast<std::size_t>(l)];
      const oracle::Numbers proj = w.in_proj.times(normed(residual, w.norm), w.in_bias);
      oracle::SsdParameters parameters{oracle::exact(w.dt_bias), oracle::exact(w.a), oracle::exact(w.d)};
      const oracle::SsdStepResult step =
          oracle::ssd_step({1, s.heads, s.head_dim, s.d_state, s.groups}, parameters, proj,
                           oracle::exact(w.conv_weight), oracle::exact(w.conv_bias), part(conv_, l), part(ssm_, l));
      put(conv_, l, step.conv_state);
      put(ssm_, l, rounded_states_ ? rounded(step.state) : step.state);
      log_decay_.assign(step.log_decay.begin(), step.log_decay.end());
      const oracle::Numbers y =
          exactly(oracle::gated_rms_norm(exactly(step.y), {}, oracle::exact(w.gate_norm), s.groups, double{1e-5f}));
      const oracle::Numbers out = w.out_proj.times(y, w.out_bias);
      for (std::size_t i = 0; i < residual.size(); ++i) residual[i] = residual[i].value + out[i].value;
    }
    residual_ = residual;
    return oracle::values(head().times(normed(residual, norm_), {}));
  }

  struct Run {
    std::vector<std::vector<float>> logits;
    std::vector<float> conv, ssm, log_decay, residual;  // of the last layer
  };
  Run run(Stream& stream, std::span<const std::int32_t> ids) {
    const StackShape& s = shape_;
    GpuFloats conv(stream, conv_start_), residual(stream, s.d_model);
    GpuValues ssm(stream, ssm_start_, rounded_states_);
    const TensorView states = ssm.view(Shape{std::ssize(ssm_start_)});
    GpuFloats normed(stream, s.d_model), proj(stream, s.width()), y(stream, s.inner()), head_normed(stream, s.d_model);
    const std::int64_t addresses[2] = {static_cast<std::int64_t>(reinterpret_cast<std::uintptr_t>(conv.data())),
                                       static_cast<std::int64_t>(reinterpret_cast<std::uintptr_t>(states.data))};
    Tensor table(stream.device(), DType::i64, Shape{2});
    stream.copy(table.view(), {addresses, DType::i64, Shape{2}, DeviceKind::cpu});
    auto* at = table.view().as<std::int64_t>();
    std::vector<LayerStepArgs> layers;
    for (std::int64_t l = 0; l < s.layers; ++l) {
      TestLayer& w = layers_[static_cast<std::size_t>(l)];
      layers.push_back({.residual = residual.view(Shape{1, s.d_model}),
                        .normed = normed.view(Shape{1, s.d_model}),
                        .norm = w.norm_on.view(Shape{s.d_model}),
                        .in_proj = &w.in_proj.packed,
                        .step = {.y = y.view(Shape{1, s.inner()}),
                                 .conv = {},
                                 .state = {},
                                 .proj = proj.view(Shape{1, s.width()}),
                                 .conv_weight = w.conv_weight_on.view(Shape{s.channels(), s.taps}),
                                 .dt_bias = w.dt_bias_on.view(Shape{s.heads}),
                                 .a = w.a_on.view(Shape{s.heads}),
                                 .d = w.d_on.view(Shape{s.heads}),
                                 .heads = s.heads,
                                 .head_dim = s.head_dim,
                                 .d_state = s.d_state,
                                 .groups = s.groups,
                                 .log_decay = w.log_decay_on.view(Shape{1, s.heads}),
                                 .conv_table = {at, DType::i64, Shape{1}, DeviceKind::cuda},
                                 .state_table = {at + 1, DType::i64, Shape{1}, DeviceKind::cuda},
                                 .conv_offset = l * s.channels() * (s.taps - 1),
                                 .state_offset = l * s.inner() * s.d_state,
                                 .state_dtype = states.dtype},
                        .gate_norm = w.gate_norm_on.view(Shape{s.inner()}),
                        .out_proj = &w.out_proj.packed});
      if (!w.in_bias.empty()) {
        layers.back().in_proj_bias = w.in_bias_on.view(Shape{s.width()});
        layers.back().out_proj_bias = w.out_bias_on.view(Shape{s.d_model});
      }
      if (!w.conv_bias.empty()) layers.back().step.conv_bias = w.conv_bias_on.view(Shape{s.channels()});
    }
    Run result;
    for (const std::int32_t id : ids) {
      const GpuIds id_on(stream, std::span(&id, 1));
      GpuFloats logits(stream, s.vocab);
      const StackStepArgs args{.ids = id_on.view(),
                               .embedding = &embedding_.packed,
                               .layers = layers,
                               .norm = norm_on_.view(Shape{s.d_model}),
                               .head = &head().packed,
                               .head_normed = head_normed.view(Shape{1, s.d_model}),
                               .logits = logits.view(Shape{1, s.vocab})};
      stack_step(stream, args);
      result.logits.push_back(logits.values());
      verify(logits.intact(), "logits");
    }
    GpuFloats& log_decay = layers_.back().log_decay_on;
    for (const GpuFloats* buffer : {&conv, &residual, &proj, &y, &log_decay}) verify(buffer->intact(), "stack_step");
    result.residual = residual.values();
    result.conv = conv.values();
    result.ssm = ssm.values();
    result.log_decay = log_decay.values();
    return result;
  }

  [[nodiscard]] std::vector<double> residual() const { return oracle::values(residual_); }  // of the last token
  [[nodiscard]] std::vector<double> conv() const { return oracle::values(conv_); }
  [[nodiscard]] std::vector<double> ssm() const { return oracle::values(ssm_); }
  [[nodiscard]] std::vector<double> log_decay() const { return oracle::values(log_decay_); }

 private:
  [[nodiscard]] const TestWeight& head() const { return tied_ ? embedding_ : head_; }
  // Values without the history of their rounding: what is compared is the whole, within one tolerance.
  static oracle::Numbers exactly(const oracle::Numbers& numbers) {
    oracle::Numbers out;
    for (const oracle::Bounded& number : numbers) out.emplace_back(number.value);
    return out;
  }
  static oracle::Numbers rounded(const oracle::Numbers& numbers) {
    std::vector<float> values;
    for (const oracle::Bounded& number : numbers) values.push_back(static_cast<float>(number.value));
    round_all(values);
    return oracle::exact(values);
  }
  static oracle::Numbers normed(const oracle::Numbers& x, const std::vector<float>& weight) {
    return exactly(oracle::rms_norm(x, oracle::exact(weight), {}, double{1e-5f}).y);
  }
  [[nodiscard]] oracle::Numbers part(const oracle::Numbers& all, std::int64_t layer) const {
    const std::int64_t each = std::ssize(all) / shape_.layers;
    return {all.begin() + layer * each, all.begin() + (layer + 1) * each};
  }
  void put(oracle::Numbers& all, std::int64_t layer, const oracle::Numbers& values) const {
    const oracle::Numbers exact = exactly(values);
    std::copy(exact.begin(), exact.end(), all.begin() + layer * (std::ssize(all) / shape_.layers));
  }

  StackShape shape_;
  bool rounded_states_;
  Random random_;
  TestWeight embedding_, head_;
  std::vector<float> norm_;
  GpuFloats norm_on_;
  bool tied_;
  std::vector<TestLayer> layers_;
  std::vector<float> conv_start_, ssm_start_;
  oracle::Numbers conv_, ssm_, log_decay_, residual_;
};

void stack_agrees(Stream& stream, WeightFormat format, const StackShape& shape, bool biased,
                  bool rounded_states = false) {
  TestStack stack(stream, format, shape, biased, !biased, rounded_states);
  const std::vector<std::int32_t> ids{0, static_cast<std::int32_t>(shape.vocab - 1), 5, 5, 3};
  // f32 throughout, but for the activations that meet quantised weights: 16 bits, on grids set by the largest of 16
  // or 32.
  double allowed = block_columns(format) > 1 ? 3e-4 : 2e-5;
  // A state near the middle of two bf16 numbers may be rounded to either, 2^-8 of it apart; few are.
  if (rounded_states) allowed = bf16_rounding;
  const TestStack::Run got = stack.run(stream, ids);
  for (std::size_t t = 0; t < ids.size(); ++t) {
    verify(compare_relative(got.logits[t], stack.expected(ids[t]), allowed), "logits of token " + std::to_string(t));
  }
  verify(compare_relative(got.residual, stack.residual(), allowed), "the residual");
  verify(compare_relative(got.conv, stack.conv(), allowed), "conv states");
  verify(compare_relative(got.ssm, stack.ssm(), allowed), "states");
  verify(compare_relative(got.log_decay, stack.log_decay(), allowed), "log decays of the last layer");
  const TestStack::Run again = stack.run(stream, ids);
  verify(compare_bitwise(again.logits.back(), got.logits.back()), "the same tokens twice, logits");
  verify(compare_bitwise(again.ssm, got.ssm), "the same tokens twice, states");
}

// Streams of one card that step at the same time, each with its own model.
void streams_agree(Stream& stream, WeightFormat format, const StackShape& shape) {
  Stream other(stream.device());
  TestStack first(stream, format, shape, false, false, false);
  TestStack second(other, format, shape, true, false, false);
  std::vector<std::int32_t> ids;
  for (std::int32_t i = 0; i < 300; ++i) ids.push_back(i * 7 % 100);
  const TestStack::Run first_alone = first.run(stream, ids);
  const TestStack::Run second_alone = second.run(other, ids);
  TestStack::Run second_beside;
  std::exception_ptr error;
  std::thread beside([&] {
    try {
      second_beside = second.run(other, ids);
    } catch (...) {
      error = std::current_exception();
    }
  });
  TestStack::Run first_beside;
  try {
    first_beside = first.run(stream, ids);
  } catch (...) {
    error = std::current_exception();
  }
  beside.join();
  if (error) std::rethrow_exception(error);
  verify(compare_bitwise(first_beside.logits.back(), first_alone.logits.back()), "the first stream's logits");
  verify(compare_bitwise(second_beside.logits.back(), second_alone.logits.back()), "the other stream's logits");
}

// Two equal sequences against one of them alone, which takes other kernels.
void long_text_agrees(Stream& stream, WeightFormat format, std::int64_t tokens, double allowed) {
  Mamba2Config config = shape_config("384,6,12,64,128,1,1024");
  const auto model = Mamba2Model::random(stream, config, format, 7);
  State alone(model->device(), config), first(model->device(), config), second(model->device(), config);
  Random random(5);
  std::vector<float> one(1024), a(1024), b(1024);
  for (std::int64_t t = 0; t < tokens; ++t) {
    const auto id = static_cast<TokenId>(random.below(1024));
    const bool last = t + 1 == tokens;
    model->forward(stream, {&id, 1}, alone, last ? std::span<float>(one) : std::span<float>());
    const SequenceInput both[2] = {{{&id, 1}, &first, last ? std::span<float>(a) : std::span<float>()},
                                   {{&id, 1}, &second, last ? std::span<float>(b) : std::span<float>()}};
    model->forward(stream, both, last ? LogitRows::last : LogitRows::none);
  }
  verify(compare_relative(one, a, allowed), "logits after " + std::to_string(tokens) + " tokens");
}

// Gains of norms that are all one in a random model, and would be missed by nobody.
void vary_gains(Stream& stream, const Mamba2Model& model) {
  Random random(13);
  const auto vary = [&](ConstTensorView gain) {
    const std::vector<float> values = random.uniforms(gain.shape.elements(), 0.5, 1.5);
    stream.copy({const_cast<void*>(gain.data), gain.dtype, gain.shape, gain.where},
                view_of(std::span(values), gain.shape));
  };
  for (const LayerWeights& layer : model.weights().layers) {
    vary(layer.norm.view());
    vary(layer.gate_norm.view());
  }
  vary(model.weights().norm_f.view());
  stream.synchronize();
}

// Sequences that advance together, and each of them alone, whose activations are f32.
struct TwoWays {
  TwoWays(Stream& stream, const std::string& shape, std::int64_t count, DType state_dtype, bool biased)
      : config(shape_config(shape)),
        // Up to 32 rows keep 16 bits through products, more are rounded to 8.
        allowed(state_dtype == DType::bf16 || count > 32 ? 3e-2 : 1e-4) {
    config.linear_bias = biased;
    model = Mamba2Model::random(stream, config, WeightFormat::bf16, 7, state_dtype);
    vary_gains(stream, *model);
    for (std::int64_t i = 0; i < count; ++i) {
      alone.push_back(model->new_state());
      together.push_back(model->new_state());
    }
  }
  Mamba2Config config;
  double allowed;
  std::shared_ptr<const Mamba2Model> model;
  std::vector<State> alone, together;
};

void batch_agrees(Stream& stream, const std::string& shape, std::int64_t count, DType state_dtype) {
  TwoWays ways(stream, shape, count, state_dtype, count <= 7 || count == 40);
  const Mamba2Model* const model = ways.model.get();
  const double allowed = ways.allowed;
  std::vector<State>& alone = ways.alone;
  std::vector<State>& together = ways.together;
  Random random(12);
  for (int step = 0; step < 5; ++step) {
    std::vector<TokenId> ids;
    std::vector<std::vector<float>> logits(together.size(), std::vector<float>(1004));
    std::vector<SequenceInput> inputs;
    for (std::size_t i = 0; i < together.size(); ++i) ids.push_back(static_cast<TokenId>(random.below(1004)));
    for (std::size_t i = 0; i < together.size(); ++i) inputs.push_back({{&ids[i], 1}, &together[i], logits[i]});
    // All logits are made of the residual that the layers leave, the last ones on the way.
    model->forward(stream, inputs, step % 2 == 0 ? LogitRows::last : LogitRows::all);
    for (std::size_t i = 0; i < together.size(); ++i) {
      std::vector<float> own(1004);
      model->forward(stream, {&ids[i], 1}, alone[i], own);
      verify(compare_relative(logits[i], own, allowed),
             "step " + std::to_string(step) + ", sequence " + std::to_string(i));
    }
  }
}

// What waits beside a state, put into it.
void settle_agrees(Stream& stream, std::int64_t heads, std::int64_t head_dim, std::int64_t d_state, std::int64_t groups,
                   int tokens, bool rounded) {
  constexpr std::int64_t layers = 2;
  Random random(21);
  const std::int64_t inner = heads * head_dim;
  const std::int64_t apart = pending_floats(heads, head_dim, groups, d_state);
  std::vector<float> state = random.normals(layers * inner * d_state);
  if (rounded) round_all(state);
  std::vector<float> pending = random.uniforms(layers * pending_tokens * apart, 0.1, 1.0);
  const auto token = [&](std::int64_t layer, int i) { return pending.data() + (layer * pending_tokens + i) * apart; };
  std::vector<double> want(state.begin(), state.end());
  for (std::int64_t at = 0; at < std::ssize(want); ++at) {
    const std::int64_t layer = at / (inner * d_state);
    const std::int64_t row = at / d_state % inner;
    const std::int64_t head = row / head_dim;
    double& h = want[static_cast<std::size_t>(at)];
    for (int i = 0; i < tokens; ++i) {
      const float* of = token(layer, i);
      const double in = of[inner + head / (heads / groups) * d_state + at % d_state];
      const float* pace = of + inner + groups * d_state + head;
      h = double{pace[heads]} * h + double{pace[0]} * double{of[row]} * in;
    }
  }
  GpuValues state_on(stream, state, rounded);
  GpuFloats pending_on(stream, pending);
  const Shape shape{layers, heads, head_dim, d_state};
  ssd_settle(stream, {.state = state_on.view(shape),
                      .pending = pending_on.view(Shape{layers, pending_tokens, apart}),
                      .tokens = tokens,
                      .groups = groups});
  verify(compare_relative(state_on.values(), want, rounded ? bf16_rounding : 2e-6), "states");
}

// Both ways where tokens are left pending; one sequence joins late, one leaves.
void pending_agrees(Stream& stream, const std::string& shape, std::int64_t count, DType state_dtype) {
  TwoWays ways(stream, shape, count, state_dtype, count % 2 == 1);
  const Mamba2Model* const model = ways.model.get();
  const double allowed = ways.allowed;
  std::vector<State>& alone = ways.alone;
  std::vector<State>& together = ways.together;
  Random random(12);
  const auto vocab = static_cast<std::size_t>(ways.config.vocab_size);
  constexpr int steps = 2 * pending_tokens + 3;
  for (int step = 0; step < steps; ++step) {
    const std::size_t first = step < 3 ? 1 : 0;
    const std::size_t end = together.size() - (step >= steps - 4 ? 1 : 0);
    std::vector<TokenId> ids;
    std::vector<SequenceInput> inputs;
    for (std::size_t i = first; i < end; ++i) ids.push_back(static_cast<TokenId>(random.below(ways.config.vocab_size)));
    for (std::size_t i = first; i < end; ++i) inputs.push_back({{&ids[i - first], 1}, &together[i], {}});
    const ConstTensorView there = model->forward_on_device(stream, inputs);
    std::vector<float> logits(ids.size() * vocab);
    stream.copy(view_of(std::span(logits), there.shape), there);
    int pending = 0;
    for (std::size_t i = first; i < end; ++i) {
      std::vector<float> own(vocab);
      model->forward(stream, {&ids[i - first], 1}, alone[i], own);
      verify(compare_relative(std::span(logits).subspan((i - first) * vocab, vocab), own, allowed),
             "step " + std::to_string(step) + ", sequence " + std::to_string(i));
      pending += together[i].pending();
    }
    verify(pending > 0, "tokens are left pending");
  }
  const auto remembered = [&](const State& state) {  // widened
    State here(Device::cpu(), ways.config);
    here.take(stream, state);
    const auto* values = here.ssm().as<float>();
    return std::vector<float>(values, values + here.ssm().shape.elements());
  };
  for (std::size_t i = 0; i < together.size(); i += 5) {
    State copy = together[i].clone(stream);
    for (State* state : {&copy, &together[i]}) {
      state->settle(stream);
      verify(compare_relative(remembered(*state), remembered(alone[i]), allowed),
             "state of sequence " + std::to_string(i));
    }
  }
  // One that goes on alone.
  std::vector<float> own(vocab), after(vocab);
  const TokenId id = 3;
  model->forward(stream, {&id, 1}, alone[1], own);
  model->forward(stream, {&id, 1}, together[1], after);
  verify(compare_relative(after, own, allowed), "a sequence that goes on alone");
}

}  // namespace

void add_stack_cases(GpuCases& cases) {
  for (const WeightFormat format : {WeightFormat::bf16, WeightFormat::q4_1}) {
    cases.push_back({"stack_step of two streams at once, " + std::string(name(format)), [=](Stream& stream) {
                       streams_agree(stream, format, {384, 12, 64, 64, 1, 100, 6, 4});
                     }});
  }
  cases.push_back({"stack_step of two streams at once, wide, bf16", [](Stream& stream) {
                     streams_agree(stream, WeightFormat::bf16, {1056, 34, 64, 128, 2, 100, 3, 4});
                   }});
  // Too wide for the kernel that keeps weights in registers (token_step.cu): token_stream.cu.
  for (const auto& [format, s, rounded] :
       {std::tuple{WeightFormat::bf16, StackShape{1056, 34, 64, 128, 2, 333, 3, 4}, false},
        {WeightFormat::bf16, {1056, 68, 32, 128, 1, 1003, 2, 3}, true},
        {WeightFormat::q8_0, {1536, 48, 64, 128, 1, 1004, 2, 3}, false},
        {WeightFormat::q4_0, {1536, 24, 128, 128, 3, 516, 2, 2}, true},
        {WeightFormat::q4_1, {2048, 48, 64, 128, 4, 332, 2, 4}, false},
        {WeightFormat::q4_k, {2048, 64, 64, 128, 8, 700, 2, 4}, false},
        {WeightFormat::q4_k, {2048, 64, 64, 128, 1, 300, 2, 4}, true},
        {WeightFormat::q8_0, {1280, 120, 64, 128, 5, 300, 2, 3}, true},
        {WeightFormat::bf16, {2048, 64, 64, 128, 4, 301, 2, 4}, false}}) {
    cases.push_back({"stack_step wide, " + std::string(name(format)) + ", D=" + std::to_string(s.d_model) +
                         ", groups " + std::to_string(s.groups) + (rounded ? ", states of bf16" : ""),
                     [=, format = format, s = s, rounded = rounded](Stream& stream) {
                       stack_agrees(stream, format, s, s.groups > 1, rounded);
                     }});
  }
  for (const StackShape& s : {StackShape{1024, 32, 64, 128, 1, 332, 2, 4}, {104, 4, 16, 64, 1, 61, 3, 4}}) {
    cases.push_back({"stack_step bf16, D=" + std::to_string(s.d_model),
                     [=](Stream& stream) { stack_agrees(stream, WeightFormat::bf16, s, false); }});
  }
  const StackShape shapes[] = {{768, 24, 64, 128, 1, 1004, 3, 4}, {512, 16, 64, 128, 1, 332, 2, 4},
                               {384, 12, 64, 64, 1, 100, 4, 4},   {64, 4, 16, 64, 1, 52, 3, 2},
                               {256, 8, 64, 64, 2, 100, 2, 4},    {128, 16, 20, 64, 1, 300, 2, 3},
                               {320, 5, 128, 128, 5, 140, 2, 4}};
  for (const WeightFormat format : {WeightFormat::bf16, WeightFormat::q8_0, WeightFormat::q4_0, WeightFormat::q4_1}) {
    for (const StackShape& s : shapes) {
      if (s.width() % 4 != 0 && block_columns(format) > 1) continue;  // rows of these shapes go by fours
      cases.push_back({"stack_step " + std::string(name(format)) + ", D=" + std::to_string(s.d_model) + ", groups " +
                           std::to_string(s.groups),
                       [=](Stream& stream) { stack_agrees(stream, format, s, s.groups > 1); }});
    }
  }
  cases.push_back({"stack_step bf16, V odd", [](Stream& stream) {
                     stack_agrees(stream, WeightFormat::bf16, {96 * 2, 9, 64, 128, 1, 1003, 2, 4}, true);
                   }});
  for (const std::size_t i : {0U, 2U, 4U, 6U}) {
    cases.push_back({"stack_step bf16, states of bf16, D=" + std::to_string(shapes[i].d_model),
                     [s = shapes[i]](Stream& stream) { stack_agrees(stream, WeightFormat::bf16, s, true, true); }});
  }
  for (const WeightFormat format : {WeightFormat::bf16, WeightFormat::q4_1}) {
    cases.push_back({"stack_step " + std::string(name(format)) + ", a layer of 7B", [=](Stream& stream) {
                       stack_agrees(stream, format, {4096, 128, 64, 128, 8, 1004, 1, 4}, false);
                     }});
  }
  for (const std::int64_t count : {2, 7, 32, 33, 64, 67}) {
    for (const DType states : {DType::f32, DType::bf16}) {
      if (states == DType::bf16 && count != 7 && count != 33 && count != 67) continue;
      cases.push_back({"batch_step of " + std::to_string(count) + " sequences, states " + std::string(name(states)),
                       [=](Stream& stream) { batch_agrees(stream, "192,3,9,64,128,3,1004", count, states); }});
    }
  }
  // In_proj in one part of its columns, by blocks of 16 of its rows.
  for (const std::int64_t count : {2, 7, 32, 33, 64}) {
    cases.push_back({"batch_step of " + std::to_string(count) + " sequences, few columns", [=](Stream& stream) {
                       batch_agrees(stream, "256,2,12,64,64,2,1004", count, count == 7 ? DType::bf16 : DType::f32);
                     }});
  }
  // Parts of out_proj's columns that begin inside a group, the recurrence with many parts at work; groups that no block
  // of the recurrence has alone, and more of them than a part of out_proj can hold.
  for (const char* shape : {"320,2,20,64,128,5,1004", "256,2,12,64,256,4,1004", "96,2,5,16,64,1,1004",
                            "192,2,12,16,64,4,1004", "128,1,96,64,64,96,1004"}) {
    for (const std::int64_t count : {5, 31, 64}) {
      cases.push_back({"batch_step of " + std::to_string(count) + " sequences, " + shape, [=](Stream& stream) {
                         batch_agrees(stream, shape, count, count == 31 ? DType::bf16 : DType::f32);
                       }});
    }
  }
  for (const std::int64_t count : {3, 5, 16, 40, 64}) {
    cases.push_back({"batch_step of " + std::to_string(count) + " sequences, a layer of 7B",
                     [=](Stream& stream) { batch_agrees(stream, "4096,1,128,64,128,8,1004", count, DType::f32); }});
  }
  for (const auto& [tokens, rounded] : {std::pair{0, false}, {1, false}, {3, true}, {7, false}, {8, true}}) {
    cases.push_back({"ssd_settle of " + std::to_string(tokens) + " tokens" + (rounded ? ", states of bf16" : ""),
                     [tokens = tokens, rounded = rounded](Stream& stream) {
                       settle_agrees(stream, 6, 20, 36, 3, tokens, rounded);
                       settle_agrees(stream, 3, 64, 128, 1, tokens, rounded);
                     }});
  }
  for (const auto& [shape, count, states] : {std::tuple{"4096,1,128,64,128,8,1004", 64, DType::f32},
                                             {"4096,1,128,64,128,8,1004", 7, DType::f32},
                                             {"4096,2,128,64,128,8,1004", 33, DType::bf16},
                                             {"320,2,20,64,128,5,1004", 31, DType::f32},
                                             {"64,1,64,64,64,1,100", 9, DType::f32},
                                             {"256,2,12,64,64,2,1004", 64, DType::f32},
                                             {"256,2,12,64,256,4,1004", 65, DType::bf16},
                                             {"256,1,12,128,128,1,1004", 31, DType::f32},
                                             {"2600,1,82,64,128,2,1004", 9, DType::f32}}) {
    cases.push_back({"batch_step of " + std::to_string(count) + " sequences, " + shape + ", states " +
                         std::string(name(states)) + " that tokens wait for",
                     [=, shape = shape, count = count, states = states](Stream& stream) {
                       pending_agrees(stream, shape, count, states);
                     }});
  }
  for (const std::int64_t count : {5, 33}) {  // large enough for products that apply the norms, and odd
    cases.push_back({"batch_step of " + std::to_string(count) + " sequences, 2600,1,82,64,128,2,1004",
                     [=](Stream& stream) { batch_agrees(stream, "2600,1,82,64,128,2,1004", count, DType::f32); }});
  }
  for (const auto& [format, allowed] : {std::pair{WeightFormat::bf16, 1e-4}, {WeightFormat::q8_0, 2e-3}}) {
    cases.push_back(
        {"stack_step over a long text, " + std::string(name(format)),
         [=, format = format, allowed = allowed](Stream& stream) { long_text_agrees(stream, format, 1500, allowed); }});
  }
}

}  // namespace holdfast::test
