// Activations in bf16, as long passes have them: inputs are bf16 numbers exactly, results are rounded once more, and
// products on tensor cores round what the chunked form makes on the way. And a layer's token in fused kernels against
// the same ops one by one.
//
// Faults planted in kernels/cuda and seen to fail here: listed in tests/gpu/README.md.
#include <bit>
#include <cmath>
#include <string>

#include "kernels/causal_conv1d.h"
#include "kernels/layer_step.h"
#include "kernels/linear.h"
#include "kernels/rms_norm.h"
#include "kernels/ssd_scan.h"
#include "tests/gpu/cases.h"
#include "tests/gpu/gpu_floats.h"
#include "tests/gpu/gpu_rounded.h"
#include "tests/oracle/causal_conv1d.h"
#include "tests/oracle/linear.h"
#include "tests/oracle/rms_norm.h"
#include "tests/support/data.h"
#include "tests/support/ssd_data.h"

namespace holdfast::test {
namespace {

void norms_agree(Stream& stream, std::int64_t rows, std::int64_t cols, std::int64_t groups) {
  Random random(5);
  const std::int64_t stride = cols + 24;
  std::vector<float> x = random.normals(rows * cols);
  const std::vector<float> weight = random.normals(cols);
  std::vector<float> wide = random.normals(rows * stride, 2.0);
  round_all(wide);
  GpuFloats weight_on(stream, weight);
  GpuFloats x_exact(stream, x);
  GpuRounded y(stream, rows * cols);
  const Shape shape{rows, cols};
  rms_norm(stream, {.y = y.view(shape), .x = x_exact.view(shape), .weight = weight_on.view(Shape{cols})});
  const auto plain = oracle::rms_norm(oracle::exact(x), oracle::exact(weight), {}, double{1e-5f});
  verify(compare_rounded(y.values(), plain.y, 0.0), "plain");
  round_all(x);
  std::vector<float> z;
  for (std::int64_t r = 0; r < rows; ++r)
    z.insert(z.end(), wide.begin() + r * stride, wide.begin() + r * stride + cols);
  GpuRounded x_on(stream, x);
  GpuRounded z_on(stream, wide);
  gated_rms_norm(stream, {.y = x_on.view(shape),
                          .x = x_on.view(shape),
                          .z = z_on.view(shape),
                          .z_stride = stride,
                          .weight = weight_on.view(Shape{cols}),
                          .groups = groups});
  const oracle::Numbers gated =
      oracle::gated_rms_norm(oracle::exact(x), oracle::exact(z), oracle::exact(weight), groups, double{1e-5f});
  verify(compare_rounded(x_on.values(), gated, 0.0), "gated");
}

void conv_agrees(Stream& stream, std::int64_t tokens, std::int64_t channels) {
  Random random(7);
  const std::int64_t stride = channels + 8;
  std::vector<float> wide = random.normals(tokens * stride);
  round_all(wide);
  const std::vector<float> weight = random.normals(channels * 4);
  const std::vector<float> bias = random.normals(channels);
  const std::vector<float> state = random.normals(channels * 3);
  std::vector<float> x;
  for (std::int64_t t = 0; t < tokens; ++t)
    x.insert(x.end(), wide.begin() + t * stride, wide.begin() + t * stride + channels);
  const auto want = oracle::causal_conv1d(oracle::exact(x), oracle::exact(weight), oracle::exact(bias),
                                          oracle::exact(state), channels);
  GpuRounded x_on(stream, wide);
  GpuFloats weight_on(stream, weight), bias_on(stream, bias), state_on(stream, state);
  GpuRounded y(stream, tokens * channels);
  causal_conv1d(stream, {.y = y.view(Shape{tokens, channels}),
                         .state = state_on.view(Shape{channels, 3}),
                         .x = x_on.view(Shape{tokens, channels}),
                         .x_stride = stride,
                         .weight = weight_on.view(Shape{channels, 4}),
                         .bias = bias_on.view(Shape{channels})});
  verify(compare_rounded(y.values(), want.y, 0.0), "y");
  verify(oracle::compare(state_on.values(), want.state), "state");
}

struct RoundedScan {
  std::vector<float> y, state, log_decay;
};
RoundedScan run_scan(Stream& stream, const SsdData& data, bool dt_rounded) {
  const oracle::SsdShape& s = data.shape;
  GpuRounded xbc(stream, data.xbc);
  GpuFloats dt(stream, data.dt_raw);
  GpuRounded dt_16(stream, data.dt_raw);
  GpuFloats dt_bias(stream, data.dt_bias), a(stream, data.a), d(stream, data.d), h(stream, data.state);
  GpuRounded y(stream, s.tokens * s.inner());
  GpuFloats log_decay(stream, s.tokens * s.heads);
  const Shape steps{s.tokens, s.heads};
  ssd_scan(stream, {.y = y.view(Shape{s.tokens, s.heads, s.head_dim}),
                    .state = h.view(Shape{s.heads, s.head_dim, s.d_state}),
                    .xbc = xbc.view(Shape{s.tokens, s.conv_dim()}),
                    .dt_raw = dt_rounded ? dt_16.view(steps) : dt.view(steps),
                    .dt_stride = s.heads,
                    .dt_bias = dt_bias.view(Shape{s.heads}),
                    .a = a.view(Shape{s.heads}),
                    .d = d.view(Shape{s.heads}),
                    .groups = s.groups,
                    .log_decay = log_decay.view(steps)});
  verify(h.intact(), "state");
  verify(log_decay.intact(), "log_decay");
  return {y.values(), h.values(), log_decay.values()};
}

// Scores, weighted x and the state's copy are rounded to bf16: two times at most 2^-8 of the terms (each term goes
// through one or two of them), and the running sum of
// dt A, of size up to |log_decay| * 64, moves exponentials by its own rounding.
void scan_agrees(Stream& stream, const oracle::SsdShape& shape, bool dt_rounded, double slow) {
  SsdData data(shape, 7);
  round_all(data.xbc);
  if (dt_rounded) round_all(data.dt_raw);
  for (float& a : data.a) a *= static_cast<float>(slow);  // long memories: what is carried between chunks counts
  const oracle::SsdResult want = data.expected();
  const RoundedScan got = run_scan(stream, data, dt_rounded);
  const double extra = 1.75 * 0x1p-8;
  verify(compare_rounded(got.y, want.y, extra), "y");
  std::vector<double> allowed;
  for (const oracle::Bounded& number : want.state) allowed.push_back(number.bound + extra * number.size + 1e-30);
  verify(compare(got.state, oracle::values(want.state), allowed), "state");
  verify(oracle::compare(got.log_decay, want.log_decay), "log_decay");
  const RoundedScan again = run_scan(stream, data, dt_rounded);
  verify(compare_bitwise(again.y, got.y), "the same scan twice, y");
  verify(compare_bitwise(again.state, got.state), "the same scan twice, state");
}

// More than 2^31 numbers of x, B and C: the whole against pieces, at the end and where 32 bits would have ended.
void scan_is_long(Stream& stream) {
  const oracle::SsdShape s{1250048, 24, 64, 128, 1};
  const SsdData data({1000, s.heads, s.head_dim, s.d_state, s.groups}, 11);
  const auto repeated = [&](const std::vector<float>& values, std::int64_t columns) {
    const std::int64_t count = s.tokens * columns;
    Tensor tensor(stream.device(), DType::bf16, Shape{count});
    const auto part = [&](std::int64_t first, std::int64_t size) {
      return TensorView{tensor.view().as<std::uint16_t>() + first, DType::bf16, Shape{size}, DeviceKind::cuda};
    };
    std::vector<std::uint16_t> bits;
    for (const float value : values) bits.push_back(bf16_bits(value));
    std::int64_t filled = std::ssize(bits);
    stream.copy(part(0, filled), {bits.data(), DType::bf16, Shape{filled}, DeviceKind::cpu});
    while (filled < count) {
      const std::int64_t more = std::min(filled, count - filled);
      stream.copy(part(filled, more), part(0, more));
      filled += more;
    }
    stream.synchronize();
    return tensor;
  };
  Tensor xbc = repeated(data.xbc, s.conv_dim());
  Tensor dt = repeated(data.dt_raw, s.heads);
  std::vector<float> slow = data.a;
  for (float& a : slow) a *= 0.01f;
  GpuFloats dt_bias(stream, data.dt_bias), a(stream, slow), d(stream, data.d);
  Tensor y(stream.device(), DType::bf16, Shape{s.tokens, s.inner()});
  const auto run = [&](std::initializer_list<std::int64_t> ends) {
    GpuFloats state(stream, data.state);
    std::int64_t begin = 0;
    for (const std::int64_t end : ends) {
      const std::int64_t count = end - begin;
      const auto from = [&](Tensor& of, std::int64_t columns) {
        return TensorView{of.view().as<std::uint16_t>() + begin * columns, DType::bf16, Shape{count, columns},
                          DeviceKind::cuda};
      };
      TensorView out = from(y, s.inner());
      out.shape = Shape{count, s.heads, s.head_dim};
      ssd_scan(stream, {.y = out,
                        .state = state.view(Shape{s.heads, s.head_dim, s.d_state}),
                        .xbc = from(xbc, s.conv_dim()),
                        .dt_raw = from(dt, s.heads),
                        .dt_stride = s.heads,
                        .dt_bias = dt_bias.view(Shape{s.heads}),
                        .a = a.view(Shape{s.heads}),
                        .d = d.view(Shape{s.heads}),
                        .groups = s.groups});
      begin = end;
    }
    std::vector<float> seen = state.values();
    for (const std::int64_t row : {(std::int64_t{1} << 31) / s.conv_dim() - 100, s.tokens - 200}) {
      std::vector<std::uint16_t> bits(static_cast<std::size_t>(200 * s.inner()));
      const Shape shape{std::ssize(bits)};
      stream.copy({bits.data(), DType::bf16, shape, DeviceKind::cpu},
                  {y.view().as<std::uint16_t>() + row * s.inner(), DType::bf16, shape, DeviceKind::cuda});
      for (const std::uint16_t value : bits) seen.push_back(bf16_value(value));
    }
    return seen;
  };
  const std::vector<float> whole = run({s.tokens});
  stream.fill_zero(y.view());
  verify(compare_relative(whole, run({400000, 800064, s.tokens}), 8e-3), "the whole against pieces");
}

void linear_agrees(Stream& stream, WeightFormat format, std::int64_t rows, std::int64_t outputs, std::int64_t cols,
                   bool rounded_y) {
  Random random(23);
  std::vector<float> x = random.normals(rows * cols);
  round_all(x);
  const std::vector<float> bias = random.normals(outputs);
  std::vector<float> w;
  std::vector<std::byte> encoded(static_cast<std::size_t>(outputs) * encoded_row_bytes(format, cols));
  for (std::int64_t r = 0; r < outputs; ++r) {
    std::byte* at = encoded.data() + static_cast<std::size_t>(r) * encoded_row_bytes(format, cols);
    encode_row(format, random.normals(cols), at);
    std::vector<float> row(static_cast<std::size_t>(cols));
    decode_row(format, at, row);
    w.insert(w.end(), row.begin(), row.end());
  }
  const oracle::LinearResult want = oracle::linear(x, w, bias, {}, rows, outputs, cols);
  const double weight_rounding = block_columns(format) > 1 ? 0x1.02p-8 : 0.0;
  std::vector<double> allowed;
  for (std::size_t i = 0; i < want.y.size(); ++i) {
    // A bf16 y is rounded before and after the bias (|bias| < 5).
    allowed.push_back(want.terms[i] * (static_cast<double>(cols + 8) * 0x1p-24 + weight_rounding) +
                      (rounded_y ? bf16_rounding * (2.0 * std::abs(want.y[i]) + 5.0) : 0.0));
  }
  const Weight weight = Weight::pack(stream, "w", format, outputs, cols, encoded);
  GpuRounded x_on(stream, x);
  GpuFloats bias_on(stream, bias);
  GpuRounded y_16(stream, rows * outputs);
  GpuFloats y_32(stream, rows * outputs);
  const Shape shape{rows, outputs};
  linear(stream, {.y = rounded_y ? y_16.view(shape) : y_32.view(shape),
                  .x = x_on.view(Shape{rows, cols}),
                  .w = &weight,
                  .bias = bias_on.view(Shape{outputs})});
  verify(compare(rounded_y ? y_16.values() : y_32.values(), want.y, allowed), "linear");
}

// Steps whose states are bf16 between tokens: each begins with exact bf16 numbers, y is as exact as with f32, and what
// is left is rounded once.
void rounded_states_agree(Stream& stream, oracle::SsdShape shape, std::int64_t batch) {
  shape.tokens = 3;
  std::vector<SsdData> sequences;
  std::vector<GpuFloats> conv;
  std::vector<GpuRounded> state;
  std::vector<std::int64_t> addresses;
  const auto address = [](const void* at) { return static_cast<std::int64_t>(reinterpret_cast<std::uintptr_t>(at)); };
  for (std::int64_t b = 0; b < batch; ++b) {
    sequences.emplace_back(shape, 60 + static_cast<std::uint64_t>(b));
    round_all(sequences.back().state);
    conv.emplace_back(stream, sequences.back().conv_state);
    state.emplace_back(stream, sequences.back().state);
  }
  for (GpuFloats& c : conv) addresses.push_back(address(c.data()));
  for (GpuRounded& h : state) addresses.push_back(address(h.view(Shape{1}).data));
  Tensor tables(stream.device(), DType::i64, Shape{2 * batch});
  stream.copy(tables.view(), {addresses.data(), DType::i64, tables.shape(), DeviceKind::cpu});
  auto* at = tables.view().as<std::int64_t>();
  const SsdData& data = sequences[0];
  GpuFloats conv_weight(stream, data.conv_weight), conv_bias(stream, data.conv_bias);
  GpuFloats dt_bias(stream, data.dt_bias), a(stream, data.a), d(stream, data.d);
  for (std::int64_t t = 0; t < shape.tokens; ++t) {
    std::vector<float> rows;
    std::vector<oracle::SsdStepResult> want;
    for (std::size_t b = 0; b < sequences.size(); ++b) {
      const std::vector<float> row = sequences[b].proj(t);
      rows.insert(rows.end(), row.begin(), row.end());
      want.push_back(oracle::ssd_step(shape, data.parameters(), oracle::exact(row), oracle::exact(data.conv_weight),
                                      oracle::exact(data.conv_bias), oracle::exact(conv[b].values()),
                                      oracle::exact(state[b].values())));
    }
    GpuFloats proj(stream, rows);
    GpuFloats y(stream, batch * shape.inner());
    ssd_step(stream, {.y = y.view(Shape{batch, shape.inner()}),
                      .conv = {},
                      .state = {},
                      .proj = proj.view(Shape{batch, std::ssize(rows) / batch}),
                      .conv_weight = conv_weight.view(Shape{shape.conv_dim(), data.width}),
                      .conv_bias = conv_bias.view(Shape{shape.conv_dim()}),
                      .dt_bias = dt_bias.view(Shape{shape.heads}),
                      .a = a.view(Shape{shape.heads}),
                      .d = d.view(Shape{shape.heads}),
                      .heads = shape.heads,
                      .head_dim = shape.head_dim,
                      .d_state = shape.d_state,
                      .groups = shape.groups,
                      .conv_table = {at, DType::i64, Shape{batch}, DeviceKind::cuda},
                      .state_table = {at + batch, DType::i64, Shape{batch}, DeviceKind::cuda},
                      .state_dtype = DType::bf16});
    const std::vector<float> got = y.values();
    for (std::size_t b = 0; b < sequences.size(); ++b) {
      const std::string where = "token " + std::to_string(t) + ", sequence " + std::to_string(b);
      const auto inner = static_cast<std::size_t>(shape.inner());
      verify(oracle::compare(std::span(got).subspan(b * inner, inner), want[b].y), where + ", y");
      verify(compare_rounded(state[b].values(), want[b].state, 0.0), where + ", state");
    }
  }
}

struct StepShape {
  std::int64_t d_model, heads, head_dim, d_state, groups;
};

void layer_op_by_op(Stream& stream, const LayerStepArgs& args, TensorView proj) {
  rms_norm(stream, {.y = args.normed, .x = args.residual, .weight = args.norm, .residual = {}, .eps = args.eps});
  linear(stream, {.y = proj, .x = args.normed, .w = args.in_proj, .bias = args.in_proj_bias});
  ssd_step(stream, args.step);
  gated_rms_norm(stream, {.y = args.step.y,
                          .x = args.step.y,
                          .z = {},
                          .z_stride = 0,
                          .weight = args.gate_norm,
                          .groups = args.step.groups,
                          .eps = args.eps});
  linear(stream,
         {.y = args.residual, .x = args.step.y, .w = args.out_proj, .bias = args.out_proj_bias, .accumulate = true});
}

// The same token through the fused kernels and through the five ops, from the same states, several tokens long.
void layer_agrees(Stream& stream, WeightFormat format, const StepShape& s, bool bias) {
  if (!cuda::has_layer_step(stream)) return;
  Random random(31);
  const std::int64_t inner = s.heads * s.head_dim;
  const std::int64_t channels = inner + 2 * s.groups * s.d_state;
  const std::int64_t width = inner + channels + s.heads;
  const auto weight = [&](std::int64_t rows, std::int64_t cols) {
    std::vector<std::byte> encoded(static_cast<std::size_t>(rows) * encoded_row_bytes(format, cols));
    for (std::int64_t r = 0; r < rows; ++r) {
      encode_row(format, random.normals(cols, 0.05),
                 encoded.data() + static_cast<std::size_t>(r) * encoded_row_bytes(format, cols));
    }
    return Weight::pack(stream, "w", format, rows, cols, encoded);
  };
  const Weight in_proj = weight(width, s.d_model);
  const Weight out_proj = weight(s.d_model, inner);
  GpuFloats norm(stream, random.uniforms(s.d_model, 0.5, 1.5)), gate_norm(stream, random.uniforms(inner, 0.5, 1.5));
  GpuFloats in_bias(stream, random.normals(width, 0.1)), out_bias(stream, random.normals(s.d_model, 0.1));
  GpuFloats conv_weight(stream, random.normals(channels * 4, 0.5)), conv_bias(stream, random.normals(channels, 0.5));
  GpuFloats dt_bias(stream, random.uniforms(s.heads, -6.0, 1.0)), a(stream, random.uniforms(s.heads, -16.0, -0.01));
  GpuFloats d(stream, random.normals(s.heads));
  const std::vector<float> conv_values = random.normals(channels * 3);
  const std::vector<float> state_values = random.normals(inner * s.d_state);
  const std::vector<float> residual_values = random.normals(s.d_model);
  std::vector<std::vector<float>> results;
  for (const bool fused : {true, false}) {
    GpuFloats conv(stream, conv_values), state(stream, state_values), residual(stream, residual_values);
    GpuFloats normed(stream, s.d_model), proj(stream, width), y(stream, inner);
    const std::int64_t addresses[2] = {static_cast<std::int64_t>(reinterpret_cast<std::uintptr_t>(conv.data())),
                                       static_cast<std::int64_t>(reinterpret_cast<std::uintptr_t>(state.data()))};
    Tensor table(stream.device(), DType::i64, Shape{2});
    stream.copy(table.view(), {addresses, DType::i64, Shape{2}, DeviceKind::cpu});
    auto* at = table.view().as<std::int64_t>();
    LayerStepArgs args{.residual = residual.view(Shape{1, s.d_model}),
                       .normed = normed.view(Shape{1, s.d_model}),
                       .norm = norm.view(Shape{s.d_model}),
                       .in_proj = &in_proj,
                       .step = {.y = y.view(Shape{1, inner}),
                                .conv = {},
                                .state = {},
                                .proj = proj.view(Shape{1, width}),
                                .conv_weight = conv_weight.view(Shape{channels, 4}),
                                .conv_bias = conv_bias.view(Shape{channels}),
                                .dt_bias = dt_bias.view(Shape{s.heads}),
                                .a = a.view(Shape{s.heads}),
                                .d = d.view(Shape{s.heads}),
                                .heads = s.heads,
                                .head_dim = s.head_dim,
                                .d_state = s.d_state,
                                .groups = s.groups,
                                .conv_table = {at, DType::i64, Shape{1}, DeviceKind::cuda},
                                .state_table = {at + 1, DType::i64, Shape{1}, DeviceKind::cuda}},
                       .gate_norm = gate_norm.view(Shape{inner}),
                       .out_proj = &out_proj};
    if (bias) {
      args.in_proj_bias = in_bias.view(Shape{width});
      args.out_proj_bias = out_bias.view(Shape{s.d_model});
    }
    for (int token = 0; token < 4; ++token) {
      if (fused) {
        verify(cuda::layer_step(stream, args), "this shape must take the fused kernels");
      } else {
        layer_op_by_op(stream, args, proj.view(Shape{1, width}));
      }
    }
    std::vector<float> all = residual.values();
    for (const GpuFloats* buffer : {&conv, &state}) {
      const std::vector<float> values = buffer->values();
      all.insert(all.end(), values.begin(), values.end());
    }
    for (const GpuFloats* buffer : {&conv, &state, &residual, &proj, &y}) verify(buffer->intact(), "layer_step");
    results.push_back(all);
  }
  // Both round in f32; a quantised weight's activations are rounded to 16 bits on different grids.
  const double allowed = block_columns(format) > 1 ? 3e-4 : 2e-5;
  verify(compare_relative(results[0], results[1], allowed), "fused against op by op");
}

}  // namespace

void add_rounded_cases(GpuCases& cases) {
  struct Norm {
    std::int64_t rows, cols, groups;
  };
  for (const Norm& n : {Norm{3, 7, 1}, Norm{2, 96, 3}, Norm{3, 8192, 8}, Norm{1, 20000, 4}}) {
    cases.push_back({"bf16 norms, " + std::to_string(n.cols) + " columns, groups " + std::to_string(n.groups),
                     [=](Stream& stream) { norms_agree(stream, n.rows, n.cols, n.groups); }});
  }
  for (const std::int64_t tokens : {1, 2, 33, 100}) {
    cases.push_back(
        {"bf16 causal_conv1d T=" + std::to_string(tokens), [=](Stream& stream) { conv_agrees(stream, tokens, 136); }});
  }
  for (const bool rounded : {false, true}) {
    for (const std::int64_t tokens : {1, 17, 63, 64, 65, 130, 700}) {
      for (const oracle::SsdShape& s :
           {oracle::SsdShape{tokens, 4, 64, 128, 2}, oracle::SsdShape{tokens, 3, 64, 64, 3},
            oracle::SsdShape{tokens, 1, 64, 128, 1}, oracle::SsdShape{tokens, 3, 8, 16, 1}}) {
        const double slow = tokens == 700 ? 0.002 : 1.0;
        cases.push_back({"bf16 ssd_scan H=" + std::to_string(s.heads) + ", P=" + std::to_string(s.head_dim) + ", N=" +
                             std::to_string(s.d_state) + ", T=" + std::to_string(tokens) + (rounded ? ", dt bf16" : ""),
                         [=](Stream& stream) { scan_agrees(stream, s, rounded, slow); }});
      }
    }
  }
  // Long enough to be cut into segments.
  cases.push_back({"bf16 ssd_scan in segments", [](Stream& stream) {
                     scan_agrees(stream, {4000, 2, 64, 128, 1}, false, 0.001);
                   }});
  cases.push_back({"a scan of 1250048 tokens", scan_is_long});
  for (const WeightFormat format : {WeightFormat::bf16, WeightFormat::q8_0, WeightFormat::q4_1}) {
    for (const std::int64_t rows : {3, 40, 130}) {
      for (const bool rounded : {false, true}) {
        cases.push_back({"linear from bf16, " + std::string(name(format)) + ", M=" + std::to_string(rows) +
                             (rounded ? ", to bf16" : ""),
                         [=](Stream& stream) { linear_agrees(stream, format, rows, 136, 96, rounded); }});
      }
    }
  }
  for (const oracle::SsdShape& s : {oracle::SsdShape{0, 4, 64, 128, 2}, oracle::SsdShape{0, 6, 5, 7, 2},
                                    oracle::SsdShape{0, 2, 16, 64, 1}, oracle::SsdShape{0, 3, 32, 256, 3}}) {
    for (const std::int64_t batch : {1, 3}) {
      cases.push_back({"ssd_step with states of bf16, P=" + std::to_string(s.head_dim) +
                           ", N=" + std::to_string(s.d_state) + ", B=" + std::to_string(batch),
                       [=](Stream& stream) { rounded_states_agree(stream, s, batch); }});
    }
  }
  cases.push_back({"ssd_step with states of bf16, 18 sequences of a 7B layer", [](Stream& stream) {
                     rounded_states_agree(stream, {0, 128, 64, 128, 8}, 18);
                   }});
  cases.push_back({"ssd_step with states of bf16, 17 sequences, N=64", [](Stream& stream) {
                     rounded_states_agree(stream, {0, 144, 32, 64, 3}, 17);
                   }});
  cases.push_back({"ssd_step with states of bf16, 15 sequences, N=256", [](Stream& stream) {
                     rounded_states_agree(stream, {0, 96, 48, 256, 2}, 15);
                   }});
  const StepShape shapes[] = {{768, 24, 64, 128, 1}, {256, 8, 64, 64, 2}, {4096, 128, 64, 128, 8}, {64, 4, 16, 64, 1}};
  for (const WeightFormat format :
       {WeightFormat::bf16, WeightFormat::q8_0, WeightFormat::q4_0, WeightFormat::q4_1, WeightFormat::q4_k}) {
    for (const StepShape& s : shapes) {
      if (s.d_model % block_columns(format) != 0) continue;
      if (format == WeightFormat::q4_k && s.d_model < 768) continue;
      cases.push_back({"layer_step in fused kernels, " + std::string(name(format)) + ", D=" + std::to_string(s.d_model),
                       [=](Stream& stream) { layer_agrees(stream, format, s, s.d_model == 256); }});
    }
  }
}

}  // namespace holdfast::test
