// Norms, convolution, scan and step against their definitions in double, and the laws of the recurrence.
//
// Faults planted in kernels/cuda and seen to fail here: listed in tests/gpu/README.md.
#include <string>

#include "kernels/causal_conv1d.h"
#include "kernels/rms_norm.h"
#include "kernels/ssd_scan.h"
#include "tests/gpu/cases.h"
#include "tests/gpu/gpu_floats.h"
#include "tests/oracle/causal_conv1d.h"
#include "tests/oracle/rms_norm.h"
#include "tests/support/data.h"
#include "tests/support/ssd_data.h"

namespace holdfast::test {
namespace {

std::string sizes(std::initializer_list<std::int64_t> values) {
  std::string text;
  for (const std::int64_t value : values) text += (text.empty() ? "" : " x ") + std::to_string(value);
  return text;
}

void rms_norm_agrees(Stream& stream, std::int64_t rows, std::int64_t cols, bool residual, std::int64_t misalign) {
  Random random(3);
  const std::vector<float> x = random.normals(rows * cols);
  const std::vector<float> weight = random.normals(cols);
  const std::vector<float> old = residual ? random.normals(rows * cols) : std::vector<float>();
  const oracle::RmsNormResult want =
      oracle::rms_norm(oracle::exact(x), oracle::exact(weight), oracle::exact(old), double{1e-5f});
  GpuFloats x_on(stream, x, misalign);
  GpuFloats weight_on(stream, weight, misalign);
  GpuFloats residual_on(stream, old, misalign);
  GpuFloats y(stream, rows * cols, misalign);
  const Shape shape{rows, cols};
  RmsNormArgs args{.y = y.view(shape), .x = x_on.view(shape), .weight = weight_on.view(Shape{cols})};
  if (residual) args.residual = residual_on.view(shape);
  rms_norm(stream, args);
  verify(oracle::compare(y.values(), want.y), "y");
  verify(y.intact(), "y");
  if (residual) {
    verify(oracle::compare(residual_on.values(), want.residual), "residual");
    return;
  }
  args.y = x_on.view(shape);  // in place
  rms_norm(stream, args);
  verify(compare_bitwise(x_on.values(), y.values()), "in place");
}

void gated_norm_agrees(Stream& stream, std::int64_t rows, std::int64_t cols, std::int64_t groups, bool gate,
                       std::int64_t misalign) {
  Random random(5);
  const std::int64_t stride = cols + 12;
  const std::vector<float> x = random.normals(rows * cols);
  const std::vector<float> weight = random.normals(cols);
  const std::vector<float> wide = random.normals(rows * stride, 2.0);
  std::vector<float> z;
  for (std::int64_t r = 0; gate && r < rows; ++r) {
    z.insert(z.end(), wide.begin() + r * stride, wide.begin() + r * stride + cols);
  }
  const oracle::Numbers want =
      oracle::gated_rms_norm(oracle::exact(x), oracle::exact(z), oracle::exact(weight), groups, double{1e-5f});
  GpuFloats x_on(stream, x, misalign);
  GpuFloats z_on(stream, wide, misalign);
  GpuFloats weight_on(stream, weight, misalign);
  const Shape shape{rows, cols};
  GatedRmsNormArgs args{
      .y = x_on.view(shape), .x = x_on.view(shape), .z = {}, .weight = weight_on.view(Shape{cols}), .groups = groups};
  if (gate) {
    args.z = z_on.view(shape);
    args.z_stride = stride;
  }
  gated_rms_norm(stream, args);
  verify(oracle::compare(x_on.values(), want), "y");
  verify(x_on.intact(), "y");
}

void conv_agrees(Stream& stream, std::int64_t tokens, std::int64_t channels, std::int64_t taps, bool bias) {
  Random random(7);
  const bool aligned = channels % 8 == 0;  // then the wide kernel
  const std::int64_t stride = channels + (aligned ? 8 : 5);
  const std::vector<float> wide = random.normals(tokens * stride);
  const std::vector<float> weight = random.normals(channels * taps);
  const std::vector<float> bias_values = bias ? random.normals(channels) : std::vector<float>();
  const std::vector<float> state = random.normals(channels * (taps - 1));
  std::vector<float> x;
  for (std::int64_t t = 0; t < tokens; ++t) {
    x.insert(x.end(), wide.begin() + t * stride, wide.begin() + t * stride + channels);
  }
  const oracle::CausalConv1dResult want = oracle::causal_conv1d(
      oracle::exact(x), oracle::exact(weight), oracle::exact(bias_values), oracle::exact(state), channels);
  GpuFloats x_on(stream, wide, aligned ? 0 : 1);
  GpuFloats weight_on(stream, weight, aligned ? 0 : 2);
  GpuFloats bias_on(stream, bias_values, 3);
  GpuFloats state_on(stream, state, 1);
  GpuFloats y(stream, tokens * channels, aligned ? 0 : 1);
  CausalConv1dArgs args{.y = y.view(Shape{tokens, channels}),
                        .state = state_on.view(Shape{channels, taps - 1}),
                        .x = x_on.view(Shape{tokens, channels}),
                        .x_stride = stride,
                        .weight = weight_on.view(Shape{channels, taps})};
  if (bias) args.bias = bias_on.view(Shape{channels});
  causal_conv1d(stream, args);
  verify(oracle::compare(y.values(), want.y), "y");
  verify(oracle::compare(state_on.values(), want.state), "state");
  verify(y.intact(), "y");
  verify(state_on.intact(), "state");
}

struct ScanRun {
  std::vector<float> y, state, log_decay;
};

// Tokens [first, last) from `state`; dt stands in rows wider than the heads, as in in_proj's output.
ScanRun run_scan(Stream& stream, const SsdData& data, std::int64_t first, std::int64_t last,
                 std::span<const float> state, std::int64_t misalign) {
  const oracle::SsdShape& s = data.shape;
  const std::int64_t tokens = last - first;
  const std::int64_t dt_stride = s.heads + 3;
  std::vector<float> dt(static_cast<std::size_t>(tokens * dt_stride), std::nanf(""));
  for (std::int64_t t = 0; t < tokens; ++t) {
    std::copy_n(data.dt_raw.begin() + (first + t) * s.heads, s.heads, dt.begin() + t * dt_stride);
  }
  GpuFloats xbc(stream,
                std::span(data.xbc).subspan(static_cast<std::size_t>(first * s.conv_dim()),
                                            static_cast<std::size_t>(tokens * s.conv_dim())),
                misalign);
  GpuFloats dt_on(stream, dt, misalign);
  GpuFloats dt_bias(stream, data.dt_bias), a(stream, data.a), d(stream, data.d);
  GpuFloats y(stream, tokens * s.inner(), misalign);
  GpuFloats h(stream, state, misalign);
  GpuFloats log_decay(stream, tokens * s.heads, misalign);
  ssd_scan(stream, {.y = y.view(Shape{tokens, s.heads, s.head_dim}),
                    .state = h.view(Shape{s.heads, s.head_dim, s.d_state}),
                    .xbc = xbc.view(Shape{tokens, s.conv_dim()}),
                    .dt_raw = dt_on.view(Shape{tokens, s.heads}),
                    .dt_stride = dt_stride,
                    .dt_bias = dt_bias.view(Shape{s.heads}),
                    .a = a.view(Shape{s.heads}),
                    .d = d.view(Shape{s.heads}),
                    .groups = s.groups,
                    .dt_min = data.dt_min,
                    .dt_max = data.dt_max,
                    .log_decay = log_decay.view(Shape{tokens, s.heads})});
  for (const GpuFloats* buffer : {&y, &h, &log_decay}) verify(buffer->intact(), "scan");
  return {y.values(), h.values(), log_decay.values()};
}

void scan_agrees(Stream& stream, const oracle::SsdShape& shape, std::int64_t misalign, bool clamped) {
  SsdData data(shape, 7);
  if (clamped) data.dt_min = 0.01f, data.dt_max = 0.5f;
  const oracle::SsdResult want = data.expected();
  const ScanRun got = run_scan(stream, data, 0, shape.tokens, data.state, misalign);
  verify(oracle::compare(got.y, want.y), "y");
  verify(oracle::compare(got.state, want.state), "state");
  verify(oracle::compare(got.log_decay, want.log_decay), "log_decay");
  const ScanRun again = run_scan(stream, data, 0, shape.tokens, data.state, misalign);
  verify(compare_bitwise(again.y, got.y), "the same scan twice, y");
  verify(compare_bitwise(again.state, got.state), "the same scan twice, state");
  if (shape.tokens < 2) return;
  const std::int64_t middle = shape.tokens * 2 / 3;
  const ScanRun front = run_scan(stream, data, 0, middle, data.state, misalign);
  const ScanRun back = run_scan(stream, data, middle, shape.tokens, front.state, misalign);
  verify(oracle::compare(back.state, want.state), "state of a scan in two parts");
  std::vector<float> whole = front.y;
  whole.insert(whole.end(), back.y.begin(), back.y.end());
  verify(oracle::compare(whole, want.y), "y of a scan in two parts");
}

void step_agrees(Stream& stream, const oracle::SsdShape& shape, std::int64_t batch, bool bias) {
  std::vector<SsdData> sequences;
  for (std::int64_t b = 0; b < batch; ++b) sequences.emplace_back(shape, 40 + static_cast<std::uint64_t>(b));
  const SsdData& data = sequences[0];
  std::vector<GpuFloats> conv, state;
  std::vector<float*> conv_at, state_at;
  for (const SsdData& own : sequences) {
    conv.emplace_back(stream, own.conv_state, 1);
    state.emplace_back(stream, own.state, batch % 2 == 0 ? 0 : 1);
    conv_at.push_back(conv.back().data());
    state_at.push_back(state.back().data());
  }
  GpuFloats conv_weight(stream, data.conv_weight), conv_bias(stream, data.conv_bias);
  GpuFloats dt_bias(stream, data.dt_bias), a(stream, data.a), d(stream, data.d);
  std::vector<oracle::Numbers> conv_want, state_want;
  for (const SsdData& own : sequences) {
    conv_want.push_back(oracle::exact(own.conv_state));
    state_want.push_back(oracle::exact(own.state));
  }
  for (std::int64_t t = 0; t < shape.tokens; ++t) {
    std::vector<float> rows;
    for (const SsdData& own : sequences) {
      const std::vector<float> row = own.proj(t);
      rows.insert(rows.end(), row.begin(), row.end());
    }
    GpuFloats proj(stream, rows, 1);
    GpuFloats y(stream, batch * shape.inner(), 1);
    GpuFloats log_decay(stream, batch * shape.heads, 1);
    SsdStepArgs args{.y = y.view(Shape{batch, shape.inner()}),
                     .conv = conv_at,
                     .state = state_at,
                     .proj = proj.view(Shape{batch, std::ssize(rows) / batch}),
                     .conv_weight = conv_weight.view(Shape{shape.conv_dim(), data.width}),
                     .dt_bias = dt_bias.view(Shape{shape.heads}),
                     .a = a.view(Shape{shape.heads}),
                     .d = d.view(Shape{shape.heads}),
                     .heads = shape.heads,
                     .head_dim = shape.head_dim,
                     .d_state = shape.d_state,
                     .groups = shape.groups,
                     .log_decay = log_decay.view(Shape{batch, shape.heads})};
    if (bias) args.conv_bias = conv_bias.view(Shape{shape.conv_dim()});
    ssd_step(stream, args);
    const std::vector<float> got = y.values();
    for (std::int64_t b = 0; b < batch; ++b) {
      const auto at = static_cast<std::size_t>(b);
      const oracle::SsdStepResult want = oracle::ssd_step(
          shape, data.parameters(), oracle::exact(sequences[at].proj(t)), oracle::exact(data.conv_weight),
          bias ? oracle::exact(data.conv_bias) : oracle::Numbers(), conv_want[at], state_want[at]);
      const std::string where = "token " + std::to_string(t) + ", sequence " + std::to_string(b);
      verify(oracle::compare(std::span(got).subspan(at * static_cast<std::size_t>(shape.inner()),
                                                    static_cast<std::size_t>(shape.inner())),
                             want.y),
             where + ", y");
      verify(oracle::compare(conv[at].values(), want.conv_state), where + ", conv state");
      verify(oracle::compare(state[at].values(), want.state), where + ", state");
      verify(conv[at].intact(), where + ", conv state");
      verify(state[at].intact(), where + ", state");
      conv_want[at] = want.conv_state;
      state_want[at] = want.state;
    }
    verify(y.intact(), "y");
  }
}

}  // namespace

void add_norm_cases(GpuCases& cases) {
  for (const auto& [rows, cols] : std::initializer_list<std::pair<std::int64_t, std::int64_t>>{
           {1, 1}, {3, 7}, {2, 40}, {5, 768}, {2, 1025}, {3, 4096}}) {
    for (const bool residual : {false, true}) {
      for (const std::int64_t misalign : {0, 1}) {
        cases.push_back({"rms_norm " + sizes({rows, cols}) + (residual ? " + residual" : "") +
                             (misalign == 0 ? "" : ", misaligned"),
                         [=](Stream& stream) { rms_norm_agrees(stream, rows, cols, residual, misalign); }});
      }
    }
  }
  struct Gated {
    std::int64_t rows, cols, groups;
  };
  for (const Gated& g : {Gated{1, 1, 1}, Gated{3, 14, 2}, Gated{2, 96, 3}, Gated{2, 1536, 1}, Gated{3, 8192, 8}}) {
    for (const bool gate : {false, true}) {
      for (const std::int64_t misalign : {0, 1}) {
        cases.push_back({"gated_rms_norm " + sizes({g.rows, g.cols}) + ", groups " + std::to_string(g.groups) +
                             (gate ? ", gate" : "") + (misalign == 0 ? "" : ", misaligned"),
                         [=](Stream& stream) { gated_norm_agrees(stream, g.rows, g.cols, g.groups, gate, misalign); }});
      }
    }
  }
}

void add_conv_cases(GpuCases& cases) {
  for (const std::int64_t taps : {2, 3, 4, 8}) {
    for (const std::int64_t tokens : {1, 2, 3, 31, 32, 33, 100}) {
      for (const std::int64_t channels : {1, 130, 256}) {
        const bool bias = (tokens + channels) % 3 != 0;
        cases.push_back({"causal_conv1d T=" + std::to_string(tokens) + ", C=" + std::to_string(channels) +
                             ", K=" + std::to_string(taps),
                         [=](Stream& stream) { conv_agrees(stream, tokens, channels, taps, bias); }});
      }
    }
  }
}

namespace {
const std::vector<oracle::SsdShape>& ssd_shapes() {
  static const std::vector<oracle::SsdShape> shapes{
      {0, 8, 16, 16, 1}, {0, 6, 32, 32, 2},  {0, 4, 64, 64, 4},  {0, 6, 5, 7, 2},    {0, 2, 37, 19, 1},
      {0, 1, 1, 1, 1},   {0, 2, 64, 128, 1}, {0, 4, 64, 128, 2}, {0, 1, 100, 24, 1}, {0, 1, 20, 200, 1}};
  return shapes;
}
}  // namespace

void add_scan_cases(GpuCases& cases) {
  for (oracle::SsdShape shape : ssd_shapes()) {
    for (const std::int64_t tokens : {1, 2, 15, 17, 64, 65, 130, 257}) {
      shape.tokens = tokens;
      const std::int64_t misalign = tokens % 2;
      cases.push_back({"ssd_scan " + sizes({shape.heads, shape.head_dim, shape.d_state}) + ", groups " +
                           std::to_string(shape.groups) + ", T=" + std::to_string(tokens),
                       [=](Stream& stream) { scan_agrees(stream, shape, misalign, tokens == 65); }});
    }
  }
}

void add_step_cases(GpuCases& cases) {
  for (oracle::SsdShape shape : ssd_shapes()) {
    for (const std::int64_t batch : {1, 2, 3}) {
      shape.tokens = 5;
      cases.push_back({"ssd_step " + sizes({shape.heads, shape.head_dim, shape.d_state}) + ", groups " +
                           std::to_string(shape.groups) + ", B=" + std::to_string(batch),
                       [=](Stream& stream) { step_agrees(stream, shape, batch, batch != 2); }});
    }
  }
  // So many states that stream_heads.cu takes them; an even number of sequences, so that they lie on borders of 16
  // bytes.
  cases.push_back({"ssd_step of 18 sequences of a 7B layer", [](Stream& stream) {
                     step_agrees(stream, {2, 128, 64, 128, 8}, 18, true);
                   }});
  cases.push_back({"ssd_step of 18 sequences, N=64", [](Stream& stream) {
                     step_agrees(stream, {2, 144, 32, 64, 3}, 18, true);
                   }});
  cases.push_back({"ssd_step of 14 sequences, N=256", [](Stream& stream) {
                     step_agrees(stream, {2, 96, 48, 256, 2}, 14, false);
                   }});
  cases.push_back({"ssd_step of more sequences than one launch takes", [](Stream& stream) {
                     step_agrees(stream, {2, 2, 4, 8, 1}, 150, true);
                   }});
}

}  // namespace holdfast::test
