// Figures of one GPU, each beside the floor that bytes and operations set:  gpu_bench
// [7b|130m|ops|train|steps|full7b|adapters] [bf16|q8|q4|q4_k]
// ...
//   gpu_bench layer SHAPE times each operation of one layer in a long pass, and says what share of a pass it is;
//   prefill SHAPE times passes alone; scan is a part of ops. gpu_bench trace SHAPE runs one long pass, gpu_bench trace
//   SHAPE FORMAT BATCH two tokens of so many sequences, gpu_bench trace train each of training's operations once, for a
//   profiler. gpu_bench sample times draws, alone, in the decoding of 130m and in replies written together. gpu_bench
//   state times a token's states, gpu_bench drift SHAPE|FOLDER says what states of bf16 cost in accuracy. gpu_bench
//   position SHAPE FORMAT decodes after 65 536 tokens beside the beginning, gpu_bench SHAPE one one sequence in bf16
//   and nothing else.
// Before a model is timed, a long pass and single steps must give the same logits.
#include <algorithm>
#include <bit>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <functional>
#include <string>
#include <vector>

#include "engine/batch_generate.h"
#include "engine/model.h"
#include "engine/shape.h"
#include "kernels/causal_conv1d.h"
#include "kernels/cuda/step_heads.h"
#include "kernels/linear.h"
#include "kernels/rms_norm.h"
#include "kernels/sample.h"
#include "kernels/ssd_scan.h"
#include "tests/gpu/train_bench.h"
#include "tests/support/data.h"

namespace holdfast {
namespace {

using Clock = std::chrono::steady_clock;

// Median seconds of one call, from `rounds` rounds of `calls` calls.
double median_seconds(Stream& stream, int rounds, int calls, const std::function<void()>& work) {
  work();
  work();
  stream.synchronize();
  std::vector<double> seconds;
  for (int r = 0; r < rounds; ++r) {
    const auto begin = Clock::now();
    for (int c = 0; c < calls; ++c) work();
    stream.synchronize();
    seconds.push_back(std::chrono::duration<double>(Clock::now() - begin).count() / calls);
  }
  std::sort(seconds.begin(), seconds.end());
  return seconds[seconds.size() / 2];
}

Tensor random_tensor(Stream& stream, const Shape& shape, std::uint64_t seed, double scale = 1.0) {
  test::Random random(seed);
  std::vector<float> some = random.normals(std::min<std::int64_t>(shape.elements(), 1 << 20), scale);
  std::vector<float> all(static_cast<std::size_t>(shape.elements()));
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = some[(i * 7 + i / some.size()) % some.size()];
  Tensor tensor(stream.device(), DType::f32, shape);
  stream.copy(tensor.view(), view_of(std::span<const float>(all), shape));
  stream.synchronize();
  return tensor;
}

// The same numbers in bf16, rounded towards zero.
Tensor random_rounded(Stream& stream, const Shape& shape, std::uint64_t seed) {
  test::Random random(seed);
  const std::vector<float> some = random.normals(std::min<std::int64_t>(shape.elements(), 1 << 20));
  std::vector<std::uint16_t> all(static_cast<std::size_t>(shape.elements()));
  for (std::size_t i = 0; i < all.size(); ++i) {
    all[i] =
        static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(some[(i * 7 + i / some.size()) % some.size()]) >> 16);
  }
  Tensor tensor(stream.device(), DType::bf16, shape);
  stream.copy(tensor.view(), {all.data(), DType::bf16, shape, DeviceKind::cpu});
  stream.synchronize();
  return tensor;
}

Tensor between(Stream& stream, const Shape& shape, std::uint64_t seed, double low, double high) {
  const std::vector<float> values = test::Random(seed).uniforms(shape.elements(), low, high);
  Tensor tensor(stream.device(), DType::f32, shape);
  stream.copy(tensor.view(), view_of(std::span<const float>(values), shape));
  stream.synchronize();
  return tensor;
}

struct Ceilings {
  double bytes, products;  // per second
};

Ceilings ceilings(Stream& stream) {
  const std::int64_t count = std::int64_t{1} << 30;
  Tensor a(stream.device(), DType::u8, Shape{2 * count});
  Tensor b(stream.device(), DType::u8, Shape{2 * count});
  stream.fill_zero(a.view());
  const double copy = median_seconds(stream, 5, 3, [&] { stream.copy(b.view(), a.view()); });
  const std::int64_t n = 8192;
  std::vector<std::byte> encoded(static_cast<std::size_t>(n * n) * 2);
  const std::vector<float> row = test::Random(3).normals(n);
  for (std::int64_t r = 0; r < n; ++r) encode_row(WeightFormat::bf16, row, encoded.data() + r * n * 2);
  const Weight w = Weight::pack(stream, "w", WeightFormat::bf16, n, n, encoded);
  Tensor x = random_tensor(stream, {n, n}, 5);
  Tensor y(stream.device(), DType::f32, {n, n});
  const double product =
      median_seconds(stream, 5, 5, [&] { linear(stream, {.y = y.view(), .x = x.view(), .w = &w, .bias = {}}); });
  return {4.0 * static_cast<double>(count) / copy, 2.0 * std::pow(static_cast<double>(n), 3) / product};
}

double largest_difference(const std::vector<float>& a, const std::vector<float>& b) {
  double difference = 0.0;
  double largest = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (!std::isfinite(a[i]) || !std::isfinite(b[i])) return INFINITY;
    difference = std::max(difference, std::abs(static_cast<double>(a[i]) - static_cast<double>(b[i])));
    largest = std::max(largest, std::abs(static_cast<double>(b[i])));
  }
  return difference / largest;
}

std::vector<TokenId> some_ids(std::int64_t count, const Mamba2Config& config) {
  test::Random random(8);
  std::vector<TokenId> ids;
  for (std::int64_t i = 0; i < count; ++i) ids.push_back(static_cast<TokenId>(random.below(config.vocab_size)));
  return ids;
}

// One long pass against single steps, on the last of 96 tokens.
double pass_against_steps(Stream& stream, const Mamba2Model& model) {
  const std::vector<TokenId> ids = some_ids(96, model.config());
  std::vector<float> whole(static_cast<std::size_t>(model.config().vocab_size));
  std::vector<float> stepped = whole;
  State a(model.device(), model.config());
  State b(model.device(), model.config());
  model.forward(stream, ids, a, whole);
  for (const TokenId id : ids) model.forward(stream, {&id, 1}, b, stepped);
  return largest_difference(stepped, whole);
}

void decode(Stream& stream, const Mamba2Model& model, std::int64_t batch, double bandwidth,
            DType state_dtype = DType::f32, const SampleParams& drawn_by = {}) {
  std::vector<State> states;
  for (std::int64_t b = 0; b < batch; ++b) states.emplace_back(model.device(), model.config(), state_dtype);
  const auto count = static_cast<std::size_t>(batch);
  std::vector<TokenId> ids = some_ids(batch, model.config());
  const std::vector<SampleParams> params(count, drawn_by);
  const std::vector<float> uniform = test::Random(2).uniforms(batch, 0.0, 0.999);
  std::vector<float> log_probs(count);
  std::vector<SequenceInput> inputs;
  std::vector<State*> all;
  for (std::size_t b = 0; b < count; ++b) {
    inputs.push_back({{&ids[b], 1}, &states[b], {}});
    all.push_back(&states[b]);
  }
  ConstTensorView logits = model.forward_on_device(stream, inputs);
  // As a session does: the next step is under way before the token is known here.
  const double seconds = median_seconds(stream, 9, 16, [&] {
    sample_begin(stream,
                 {.logits = logits, .params = params, .uniform = uniform, .seen = {}, .tokens = {}, .log_probs = {}});
    logits = model.forward_drawn(stream, all);
    sample_end(stream, ids, log_probs);
  });
  const Mamba2Config& c = model.config();
  const double table = c.tied_embeddings ? 0.0 : static_cast<double>(model.weights().embedding.bytes());
  const bool may_wait = std::ranges::any_of(states, [](const State& state) { return state.pending() > 0; });
  const double bytes = static_cast<double>(model.weights().bytes()) - table +
                       static_cast<double>(batch) * State::bytes_per_token(c, state_dtype, may_wait);
  std::printf("decode B %-3lld, states %-4s %9.1f tok/s  %8.3f ms  floor %8.3f ms  %5.1f %%\n",
              static_cast<long long>(batch), std::string(name(state_dtype)).c_str(),
              static_cast<double>(batch) / seconds, seconds * 1e3, bytes / bandwidth * 1e3,
              100.0 * bytes / bandwidth / seconds);
  std::fflush(stdout);
}

// Decode of one sequence after `tokens` tokens beside decode at the beginning, in turns.
void decode_at(Stream& stream, const Mamba2Model& model, std::int64_t tokens) {
  State first(model.device(), model.config());
  State later(model.device(), model.config());
  const std::vector<TokenId> ids = some_ids(tokens, model.config());
  const SequenceInput text{ids, &later, {}};
  (void)model.forward_on_device(stream, {&text, 1});
  stream.synchronize();
  const auto seconds = [&](State& state) {
    TokenId id = 1;
    State* const one = &state;
    const SequenceInput begin{{&id, 1}, &state, {}};
    ConstTensorView logits = model.forward_on_device(stream, {&begin, 1});
    const SampleParams params;
    const float uniform = 0.5f;
    float log_prob = 0.0f;
    return median_seconds(stream, 5, 16, [&] {
      sample_begin(stream, {.logits = logits,
                            .params = {&params, 1},
                            .uniform = {&uniform, 1},
                            .seen = {},
                            .tokens = {},
                            .log_probs = {}});
      logits = model.forward_drawn(stream, {&one, 1});
      sample_end(stream, {&id, 1}, {&log_prob, 1});
    });
  };
  std::vector<double> ratios, early, late;
  for (int round = 0; round < 9; ++round) {
    early.push_back(seconds(first));
    late.push_back(seconds(later));
    ratios.push_back(late.back() / early.back());
  }
  for (auto* all : {&ratios, &early, &late}) std::sort(all->begin(), all->end());
  std::printf("decode after %lld tokens %.1f tok/s, at the beginning %.1f tok/s, ratio of times %.4f (%.4f to %.4f)\n",
              static_cast<long long>(tokens), 1.0 / late[4], 1.0 / early[4], ratios[4], ratios[0], ratios[8]);
}

// What states of bf16 cost: the same text, drawn by the model with states of f32, read token by token with both.
void drift(Stream& stream, const Mamba2Model& model, std::int64_t tokens) {
  State wide(model.device(), model.config());
  State narrow(model.device(), model.config(), DType::bf16);
  const auto v = static_cast<std::size_t>(model.config().vocab_size);
  std::vector<float> exact(v), rounded(v);
  test::Random random(9);
  TokenId id = 1;
  double worst = 0.0;
  double at_end = 0.0;
  std::int64_t agree = 0;
  std::int64_t looked = 0;
  for (std::int64_t t = 1; t <= tokens; ++t) {
    const bool look = t > tokens - 1024 || t % 64 == 0;
    const TokenId now = id;
    const SequenceInput input{{&now, 1}, &narrow, {}};
    const ConstTensorView other = model.forward_on_device(stream, {&input, 1});
    if (look) stream.copy(view_of(std::span<float>(rounded), other.shape), other);
    const SequenceInput same{{&now, 1}, &wide, {}};
    const ConstTensorView logits = model.forward_on_device(stream, {&same, 1});
    if (look) stream.copy(view_of(std::span<float>(exact), logits.shape), logits);
    SampleParams params;
    params.temperature = 1.0f;
    const auto uniform = static_cast<float>(random.uniform()) * 0.9999f;
    float log_prob = 0.0f;
    sample(stream, {.logits = logits,
                    .params = {&params, 1},
                    .uniform = {&uniform, 1},
                    .seen = {},
                    .tokens = {&id, 1},
                    .log_probs = {&log_prob, 1}});
    if (!look) continue;
    at_end = largest_difference(rounded, exact);
    worst = std::max(worst, at_end);
    agree += std::max_element(rounded.begin(), rounded.end()) - rounded.begin() ==
             std::max_element(exact.begin(), exact.end()) - exact.begin();
    ++looked;
  }
  std::printf(
      "states of bf16 against f32 over %lld tokens: logits differ by %.2e at the end, %.2e at most, "
      "the likeliest token is the same in %lld of %lld places\n",
      static_cast<long long>(tokens), at_end, worst, static_cast<long long>(agree), static_cast<long long>(looked));
}

void prefill(Stream& stream, const Mamba2Model& model, std::int64_t tokens, double products) {
  const std::vector<TokenId> ids = some_ids(tokens, model.config());
  State state(model.device(), model.config());
  const double seconds = median_seconds(stream, 3, 1, [&] {
    const SequenceInput input{ids, &state, {}};
    (void)model.forward_on_device(stream, {&input, 1});
  });
  const Mamba2Config& c = model.config();
  const double operations = 2.0 * static_cast<double>(tokens) * static_cast<double>(c.n_layer) *
                            static_cast<double>(c.d_model * (c.in_proj_rows() + c.d_inner()));
  std::printf("prefill %-6lld %9.0f tok/s  %8.2f ms  floor %8.2f ms  %5.1f %%\n", static_cast<long long>(tokens),
              static_cast<double>(tokens) / seconds, seconds * 1e3, operations / products * 1e3,
              100.0 * operations / products / seconds);
  std::fflush(stdout);
}

WeightFormat format_of(const std::string& name) {
  if (name == "f32") return WeightFormat::f32;
  if (name == "q8") return WeightFormat::q8_0;
  if (name == "q4_k") return WeightFormat::q4_k;
  return name == "q4" ? WeightFormat::q4_1 : WeightFormat::bf16;
}

void bench_model(Stream& stream, const std::string& shape, const std::string& format, const Ceilings& top, bool wide) {
  const auto begin = Clock::now();
  const auto model = Mamba2Model::random(stream, shape_config(shape), format_of(format), 1);
  std::printf("-- %s %s, made in %.1f s, %.2f GiB; a pass and steps differ by %.1e\n", shape.c_str(), format.c_str(),
              std::chrono::duration<double>(Clock::now() - begin).count(),
              static_cast<double>(model->weights().bytes()) / (1 << 30), pass_against_steps(stream, *model));
  for (const std::int64_t batch : wide ? std::vector<std::int64_t>{1, 4, 16, 64} : std::vector<std::int64_t>{1}) {
    decode(stream, *model, batch, top.bytes);
    if (batch == 1 || batch == 64) decode(stream, *model, batch, top.bytes, DType::bf16);
  }
  if (!wide) return;
  for (const std::int64_t tokens : {4096, 16384}) prefill(stream, *model, tokens, top.products);
}

void bench_scan(Stream& stream, std::int64_t heads, std::int64_t groups, std::int64_t tokens, bool rounded) {
  const std::int64_t channels = heads * 64 + 2 * groups * 128;
  const Shape xbc_shape{tokens, channels};
  Tensor xbc = rounded ? random_rounded(stream, xbc_shape, 1) : random_tensor(stream, xbc_shape, 1);
  Tensor dt = rounded ? random_rounded(stream, {tokens, heads}, 2) : random_tensor(stream, {tokens, heads}, 2);
  Tensor bias = between(stream, {heads}, 3, -6.0, -2.5);
  Tensor a = between(stream, {heads}, 4, -16.0, -1.0);
  Tensor y(stream.device(), rounded ? DType::bf16 : DType::f32, {tokens, heads, 64});
  Tensor state = Tensor::zeros(stream.device(), DType::f32, {heads, 64, 128});
  const double seconds = median_seconds(stream, 5, 5, [&] {
    ssd_scan(stream, {.y = y.view(),
                      .state = state.view(),
                      .xbc = xbc.view(),
                      .dt_raw = dt.view(),
                      .dt_stride = heads,
                      .dt_bias = bias.view(),
                      .a = a.view(),
                      .d = bias.view(),
                      .groups = groups});
  });
  std::printf("ssd_scan %s %3lld heads, T %-6lld %8.3f ms\n", rounded ? "bf16" : "f32 ", static_cast<long long>(heads),
              static_cast<long long>(tokens), seconds * 1e3);
}

// Each operation of a layer in a pass over `tokens` rows, beside its floor.
void bench_layer(Stream& stream, const std::string& shape, std::int64_t tokens, const Ceilings& top) {
  Mamba2Config c = shape_config(shape);
  const std::int64_t layers = c.n_layer;
  c.n_layer = 1;
  const Weights weights = Weights::random(stream, c, WeightFormat::bf16, 1);
  const LayerWeights& w = weights.layers[0];
  State state(stream.device(), c);
  const std::int64_t width = c.in_proj_rows();
  Tensor residual = random_tensor(stream, {tokens, c.d_model}, 1);
  Tensor normed(stream.device(), DType::bf16, {tokens, c.d_model});
  Tensor proj(stream.device(), DType::bf16, {tokens, width});
  Tensor xbc(stream.device(), DType::bf16, {tokens, c.conv_dim()});
  Tensor y(stream.device(), DType::bf16, {tokens, c.d_inner()});
  const auto columns = [&](std::int64_t first, std::int64_t count) {
    return ConstTensorView{proj.view().as<std::uint16_t>() + first, DType::bf16, Shape{tokens, count},
                           DeviceKind::cuda};
  };
  TensorView heads = y.view();
  heads.shape = Shape{tokens, c.n_heads, c.head_dim};
  struct Line {
    const char* what;
    double bytes, operations;  // per token
    std::function<void()> work;
  };
  const auto n = [](std::int64_t count) { return static_cast<double>(count); };
  const std::vector<Line> lines = {
      {"rms_norm", n(c.d_model) * 6, 0,
       [&] { rms_norm(stream, {.y = normed.view(), .x = residual.view(), .weight = w.norm.view(), .residual = {}}); }},
      {"in_proj", 0, 2 * n(c.d_model * width),
       [&] { linear(stream, {.y = proj.view(), .x = normed.view(), .w = &w.in_proj, .bias = {}}); }},
      {"causal_conv1d", n(c.conv_dim()) * 4, 0,
       [&] {
         causal_conv1d(stream, {.y = xbc.view(),
                                .state = state.conv(0),
                                .x = columns(c.d_inner(), c.conv_dim()),
                                .x_stride = width,
                                .weight = w.conv_weight.view(),
                                .bias = w.conv_bias.view()});
       }},
      {"ssd_scan", 2 * n(c.conv_dim() + c.d_inner() + c.n_heads), 0,
       [&] {
         ssd_scan(stream, {.y = heads,
                           .state = state.ssm(0),
                           .xbc = xbc.view(),
                           .dt_raw = columns(c.d_inner() + c.conv_dim(), c.n_heads),
                           .dt_stride = width,
                           .dt_bias = w.dt_bias.view(),
                           .a = w.a.view(),
                           .d = w.d.view(),
                           .groups = c.n_groups});
       }},
      {"gated_rms_norm", n(c.d_inner()) * 6, 0,
       [&] {
         gated_rms_norm(stream, {.y = y.view(),
                                 .x = y.view(),
                                 .z = columns(0, c.d_inner()),
                                 .z_stride = width,
                                 .weight = w.gate_norm.view(),
                                 .groups = c.n_groups});
       }},
      {"out_proj", 0, 2 * n(c.d_inner() * c.d_model), [&] {
         linear(stream, {.y = residual.view(), .x = y.view(), .w = &w.out_proj, .bias = {}, .accumulate = true});
       }}};
  std::vector<double> seconds;
  double total = 0.0;
  for (const Line& line : lines) {
    seconds.push_back(median_seconds(stream, 7, 5, line.work));
    total += seconds.back();
  }
  const auto t = static_cast<double>(tokens);
  std::printf("one layer of %s, %lld tokens\n", shape.c_str(), static_cast<long long>(tokens));
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const double floor = std::max(t * lines[i].bytes / top.bytes, t * lines[i].operations / top.products);
    std::printf("  %-16s %8.1f us  floor %8.1f us  %5.1f %%  share %5.1f %%\n", lines[i].what, seconds[i] * 1e6,
                floor * 1e6, 100.0 * floor / seconds[i], 100.0 * seconds[i] / total);
  }
  std::printf("  sum of a layer   %8.1f us: %.0f tokens/s\n", total * 1e6, t / (total * static_cast<double>(layers)));
}

void bench_prefill(Stream& stream, const std::string& shape, const Ceilings& top) {
  const auto model = Mamba2Model::random(stream, shape_config(shape), WeightFormat::bf16, 1);
  std::printf("-- %s bf16; a pass and steps differ by %.1e\n", shape.c_str(), pass_against_steps(stream, *model));
  for (const std::int64_t tokens : {4096, 16384}) prefill(stream, *model, tokens, top.products);
}

// One token's convolution, recurrence and gate over the heads of 7B, in recorded work; as many layers' states as do not
// fit the cache together.
void bench_step(Stream& stream, std::int64_t batch, double bandwidth, DType dtype = DType::f32) {
  const std::int64_t heads = 128, head_dim = 64, d_state = 128, groups = 8;
  const std::int64_t inner = heads * head_dim;
  const std::int64_t channels = inner + 2 * groups * d_state;
  const std::int64_t layers = batch == 1 ? 32 : 4;
  std::vector<Tensor> states;
  std::vector<std::int64_t> addresses;
  for (std::int64_t b = 0; b < batch; ++b) {
    const Shape shape{layers, inner, d_state};
    states.push_back(dtype == DType::f32 ? random_tensor(stream, shape, 11) : random_rounded(stream, shape, 11));
  }
  for (const Tensor& s : states) {
    addresses.push_back(static_cast<std::int64_t>(reinterpret_cast<std::uintptr_t>(s.view().data)));
  }
  Tensor conv = random_tensor(stream, {batch, layers, channels, 3}, 12);
  for (std::int64_t b = 0; b < batch; ++b) {
    addresses.push_back(static_cast<std::int64_t>(
        reinterpret_cast<std::uintptr_t>(conv.view().as<float>() + b * layers * channels * 3)));
  }
  Tensor tables(stream.device(), DType::i64, Shape{2 * batch});
  stream.copy(tables.view(), {addresses.data(), DType::i64, tables.shape(), DeviceKind::cpu});
  Tensor proj = random_tensor(stream, {batch, inner + channels + heads}, 13);
  Tensor y(stream.device(), DType::f32, {batch, inner});
  Tensor conv_weight = random_tensor(stream, {channels, 4}, 14);
  Tensor vector = random_tensor(stream, {channels}, 15);
  Tensor a = random_tensor(stream, {heads}, 16, 0.001);
  const TensorView of_heads{vector.view().data, DType::f32, Shape{heads}, DeviceKind::cuda};
  auto* at = tables.view().as<std::int64_t>();
  const double seconds =
      median_seconds(stream, 9, 3,
                     [&] {
                       stream.repeat(static_cast<std::uint64_t>(batch) << 40 | static_cast<std::uint64_t>(dtype), [&] {
                         for (std::int64_t l = 0; l < layers; ++l) {
                           ssd_step(stream, {.y = y.view(),
                                             .conv = {},
                                             .state = {},
                                             .proj = proj.view(),
                                             .conv_weight = conv_weight.view(),
                                             .conv_bias = vector.view(),
                                             .dt_bias = of_heads,
                                             .a = a.view(),
                                             .d = of_heads,
                                             .heads = heads,
                                             .head_dim = head_dim,
                                             .d_state = d_state,
                                             .groups = groups,
                                             .conv_table = {at + batch, DType::i64, Shape{batch}, DeviceKind::cuda},
                                             .state_table = {at, DType::i64, Shape{batch}, DeviceKind::cuda},
                                             .conv_offset = l * channels * 3,
                                             .state_offset = l * inner * d_state,
                                             .state_dtype = dtype});
                         }
                       });
                     }) /
      static_cast<double>(layers);
  // The recurrence and the gate alone, of rows whose convolution is done.
  Tensor dt = between(stream, {batch, heads}, 17, 0.001, 0.1);
  Tensor decay = between(stream, {batch, heads}, 18, 0.9, 0.999);
  cuda::HeadSteps rows;
  rows.y = y.view().as<float>();
  rows.z = proj.view().as<float>(), rows.x = rows.z + inner, rows.bc = rows.x + inner;
  rows.dt = dt.view().as<float>(), rows.decay = decay.view().as<float>();
  rows.z_stride = rows.x_stride = rows.bc_stride = inner + channels + heads, rows.dt_stride = heads;
  rows.state = reinterpret_cast<void* const*>(at);
  rows.state_rounded = dtype == DType::bf16;
  rows.a = a.view().as<float>(), rows.d = of_heads.as<float>(), rows.dt_bias = of_heads.as<float>();
  rows.sequences = batch, rows.heads = heads, rows.head_dim = head_dim, rows.d_state = d_state, rows.groups = groups;
  const double alone = median_seconds(stream, 9, 3,
                                      [&] {
                                        stream.repeat(std::uint64_t{1} << 60 | static_cast<std::uint64_t>(batch) << 40 |
                                                          static_cast<std::uint64_t>(dtype),
                                                      [&] {
                                                        for (std::int64_t l = 0; l < layers; ++l) {
                                                          rows.state_offset = l * inner * d_state;
                                                          cuda::step_heads(cuda::backend(stream), rows);
                                                        }
                                                      });
                                      }) /
                       static_cast<double>(layers);
  const double bytes = static_cast<double>(batch * inner * d_state) * (dtype == DType::f32 ? 8.0 : 4.0);
  const auto say = [&](const char* what, double took) {
    std::printf("%s, 7B heads, B %-3lld, states %-4s %8.2f us  %6.2f TB/s  %5.1f %%\n", what,
                static_cast<long long>(batch), std::string(name(dtype)).c_str(), took * 1e6, bytes / took * 1e-12,
                100.0 * bytes / bandwidth / took);
  };
  say("ssd_step", seconds);
  say("  its recurrence alone", alone);
}

// What a draw takes on the GPU, begun one after the other without waiting, and what it makes of the time of a token.
void bench_sample(Stream& stream, double bandwidth) {
  struct Way {
    const char* what;
    SampleParams params;
  };
  const Way ways[] = {{"greedy", {}},
                      {"temperature", {0.8f, 0, 1.0f, 0.0f, 1.0f}},
                      {"min-p 0.05", {0.8f, 0, 1.0f, 0.05f, 1.0f}},
                      {"top-k 40", {0.8f, 40, 1.0f, 0.0f, 1.0f}},
                      {"top-p 0.95", {0.8f, 0, 0.95f, 0.0f, 1.0f}},
                      {"top-k and top-p", {0.8f, 40, 0.95f, 0.0f, 1.0f}}};
  for (const std::int64_t vocabulary : {32768, 50280}) {
    for (const std::int64_t rows : {1, 16}) {
      const Tensor logits = random_tensor(stream, {rows, vocabulary}, 21, 2.5);
      const std::vector<float> uniform = test::Random(2).uniforms(rows, 0.0, 0.999);
      std::printf("draws of %2lld rows of %lld:", static_cast<long long>(rows), static_cast<long long>(vocabulary));
      for (const Way& way : ways) {
        const std::vector<SampleParams> params(static_cast<std::size_t>(rows), way.params);
        const double seconds = median_seconds(stream, 9, 20, [&] {
          sample_begin(stream, {.logits = logits.view(),
                                .params = params,
                                .uniform = uniform,
                                .seen = {},
                                .tokens = {},
                                .log_probs = {}});
        });
        std::printf("  %s %.1f us", way.what, seconds * 1e6);
      }
      std::printf("\n");
    }
  }
  const auto model = Mamba2Model::random(stream, shape_config("130m"), WeightFormat::bf16, 1);
  for (const Way& way : ways) {
    std::printf("130m bf16, %s\n", way.what);
    for (const std::int64_t batch : {1, 16}) decode(stream, *model, batch, bandwidth, DType::f32, way.params);
  }
  const std::vector<TokenId> prompt = some_ids(64, model->config());
  for (const std::size_t replies : {std::size_t{16}, std::size_t{64}}) {
    std::vector<BatchPrompt> prompts(replies);
    for (std::size_t i = 0; i < replies; ++i) {
      prompts[i] = {.tokens = prompt, .sampler = {.params = {0.8f, 0, 0.95f, 0.0f, 1.0f}, .seed = i}};
    }
    const BatchOptions options{.batch = std::ssize(prompts), .max_tokens = 256, .stop_tokens = {}};
    const double seconds = median_seconds(
        stream, 3, 1, [&] { generate_batch(*model, stream, prompts, options, [](std::size_t, const BatchReply&) {}); });
    std::printf("%zu replies of 256 tokens together, top-p 0.95: %.0f tok/s\n", replies,
                static_cast<double>(replies) * 256.0 / seconds);
  }
}

// One long pass, for a profiler.
void trace_pass(Stream& stream, const std::string& shape) {
  const auto model = Mamba2Model::random(stream, shape_config(shape), WeightFormat::bf16, 1);
  const std::vector<TokenId> ids = some_ids(16384, model->config());
  State state(model->device(), model->config());
  const SequenceInput input{ids, &state, {}};
  (void)model->forward_on_device(stream, {&input, 1});
  stream.synchronize();
}

// Single tokens of some sequences, for a profiler.
void trace_steps(Stream& stream, const std::string& shape, const std::string& format, std::int64_t batch) {
  const auto model = Mamba2Model::random(stream, shape_config(shape), format_of(format), 1);
  std::vector<State> states;
  for (std::int64_t b = 0; b < batch; ++b) states.emplace_back(model->device(), model->config());
  const std::vector<TokenId> ids = some_ids(batch, model->config());
  for (int step = 0; step < 2; ++step) {
    std::vector<SequenceInput> inputs;
    for (std::size_t b = 0; b < states.size(); ++b) inputs.push_back({{&ids[b], 1}, &states[b], {}});
    (void)model->forward_on_device(stream, inputs);
    stream.synchronize();
  }
}

void bench_linear(Stream& stream, WeightFormat format, std::int64_t rows, std::int64_t outputs, std::int64_t cols,
                  double bandwidth) {
  // As many matrices as do not fit the cache together.
  const auto row_bytes = static_cast<std::int64_t>(encoded_row_bytes(format, cols));
  const std::int64_t copies = std::max<std::int64_t>(2, (std::int64_t{400} << 20) / (outputs * row_bytes));
  std::vector<Weight> weights;
  std::vector<std::byte> encoded(static_cast<std::size_t>(outputs * row_bytes));
  const std::vector<float> row = test::Random(3).normals(cols);
  for (std::int64_t r = 0; r < outputs; ++r) encode_row(format, row, encoded.data() + r * row_bytes);
  for (std::int64_t i = 0; i < copies; ++i)
    weights.push_back(Weight::pack(stream, "w", format, outputs, cols, encoded));
  Tensor x = random_tensor(stream, {rows, cols}, 1);
  Tensor y(stream.device(), DType::f32, {rows, outputs});
  std::uint64_t key =
      static_cast<std::uint64_t>(outputs * 131 + cols * 7 + rows) << 8 | static_cast<std::uint64_t>(format);
  const double seconds = median_seconds(stream, 7, 3,
                                        [&] {
                                          stream.repeat(key, [&] {
                                            for (const Weight& w : weights)
                                              linear(stream, {.y = y.view(), .x = x.view(), .w = &w, .bias = {}});
                                          });
                                        }) /
                         static_cast<double>(copies);
  const double bytes = static_cast<double>(weights[0].bytes());
  std::printf("linear %-5s M %-2lld %6lld x %-5lld %8.2f us  %6.2f TB/s  %5.1f %%\n", std::string(name(format)).c_str(),
              static_cast<long long>(rows), static_cast<long long>(outputs), static_cast<long long>(cols),
              seconds * 1e6, bytes / seconds * 1e-12, 100.0 * bytes / bandwidth / seconds);
}

void bench_scans(Stream& stream, bool rounded) {
  for (const std::int64_t tokens : {4096, 32768}) bench_scan(stream, 128, 8, tokens, rounded);
  bench_scan(stream, 24, 1, 16384, rounded);
}

void bench_ops(Stream& stream, const Ceilings& top) {
  for (const bool rounded : {false, true}) bench_scans(stream, rounded);
  for (const std::int64_t batch : {1, 64}) bench_step(stream, batch, top.bytes);
  for (const WeightFormat format : {WeightFormat::bf16, WeightFormat::q8_0, WeightFormat::q4_1, WeightFormat::q4_k}) {
    bench_linear(stream, format, 1, 18560, 4096, top.bytes);
    bench_linear(stream, format, 1, 4096, 8192, top.bytes);
    bench_linear(stream, format, 1, 3352, 768, top.bytes);
    bench_linear(stream, format, 1, 768, 1536, top.bytes);
    bench_linear(stream, format, 4, 18560, 4096, top.bytes);
  }
  bench_linear(stream, WeightFormat::bf16, 16, 18560, 4096, top.bytes);
  bench_linear(stream, WeightFormat::bf16, 64, 18560, 4096, top.bytes);
}

}  // namespace
}  // namespace holdfast

int main(int argc, char** argv) {
  using namespace holdfast;
  try {
    Stream stream(Device::cuda());
    if (argc == 3 && std::string(argv[1]) == "trace") {
      std::string(argv[2]) == "train" ? test::trace_training(stream) : trace_pass(stream, argv[2]);
      return 0;
    }
    if (argc == 3 && std::string(argv[1]) == "drift") {
      const bool random = std::string(argv[2]).find('/') == std::string::npos;
      drift(stream,
            *(random ? Mamba2Model::random(stream, shape_config(argv[2]), WeightFormat::bf16, 1)
                     : Mamba2Model::load(stream, Checkpoint::open(argv[2]))),
            32768);
      return 0;
    }
    if (argc == 5 && std::string(argv[1]) == "trace") {
      trace_steps(stream, argv[2], argv[3], std::atoll(argv[4]));
      return 0;
    }
    const Ceilings top = ceilings(stream);
    std::printf("%s\ncopy %.2f TB/s, bf16 product of 8192^3 %.0f TFLOP/s\n", stream.device()->description().c_str(),
                top.bytes * 1e-12, top.products * 1e-12);
    std::string shape;
    for (int i = 1; i < argc; ++i) {
      const std::string word = argv[i];
      if (word == "state") {
        for (const std::int64_t batch : {1, 64}) bench_step(stream, batch, top.bytes);
        bench_step(stream, 64, top.bytes, DType::bf16);
      } else if (word == "sample") {
        bench_sample(stream, top.bytes);
      } else if (word == "ops") {
        bench_ops(stream, top);
      } else if (word == "scan") {
        bench_scans(stream, true);
      } else if (word == "layer" && i + 1 < argc) {
        const std::string of = argv[++i];
        bench_layer(stream, of, of == "7b" ? 4096 : 16384, top);
      } else if (word == "prefill" && i + 1 < argc) {
        bench_prefill(stream, argv[++i], top);
      } else if (word == "position" && i + 2 < argc) {
        const auto model = Mamba2Model::random(stream, shape_config(argv[i + 1]), format_of(argv[i + 2]), 1);
        i += 2;
        decode_at(stream, *model, 65536);
      } else if (word == "train") {
        test::bench_training(
            stream, [](Stream& on, const std::function<void()>& work) { return median_seconds(on, 5, 3, work); },
            top.bytes, top.products);
      } else if (word == "steps") {
        test::bench_full_steps(stream, "130m", 8 * 2048, 8, top.products);
        test::bench_full_steps(stream, "130m", 32 * 2048, 32, top.products);
        for (const double gibibytes : {26.4, 0.0}) {
          test::bench_full_steps(stream, "512,16,16,64,128,1,4096", 128 * 1024, 128, top.products, gibibytes);
        }
      } else if (word == "full7b") {
        test::bench_full_steps(stream, "7b", 2048, 1, top.products);
      } else if (word == "one") {
        bench_model(stream, shape, "bf16", top, false);
      } else if (word == "bf16" || word == "q8" || word == "q4" || word == "q4_k" || word == "f32") {
        if (shape == "adapters") {
          test::bench_adapters(stream, format_of(word), top.products);
        } else {
          bench_model(stream, shape, word, top, word == "bf16");
        }
      } else {
        shape = word;
      }
    }
  } catch (const std::exception& error) {
    std::fprintf(stderr, "gpu_bench: %s\n", error.what());
    return 1;
  }
  return 0;
}
