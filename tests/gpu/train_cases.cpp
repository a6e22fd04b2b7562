// Training's operations against the oracles: f32 within their bounds, bf16 with the roundings that each kernel makes.
// Everything runs twice and must give the same bits.
//
// Faults planted in kernels/cuda and seen to fail here: listed in tests/gpu/README.md.
#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>

#include "kernels/adamw.h"
#include "kernels/causal_conv1d.h"
#include "kernels/cross_entropy.h"
#include "kernels/linear.h"
#include "kernels/matmul.h"
#include "kernels/rms_norm.h"
#include "kernels/ssd_scan.h"
#include "tests/gpu/cases.h"
#include "tests/gpu/gpu_values.h"
#include "tests/oracle/adamw.h"
#include "tests/oracle/causal_conv1d.h"
#include "tests/oracle/cross_entropy.h"
#include "tests/oracle/matmul.h"
#include "tests/oracle/rms_norm.h"
#include "tests/oracle/ssd.h"
#include "tests/support/data.h"
#include "tests/support/packing.h"
#include "tests/support/ssd_data.h"

namespace holdfast::test {
namespace {

using Floats = std::vector<float>;

std::string type_name(bool rounded) { return rounded ? "bf16 " : "f32 "; }

Floats some(Random& random, std::int64_t count, bool rounded, double deviation = 1.0) {
  Floats values = random.normals(count, deviation);
  if (rounded) round_all(values);
  return values;
}

// The first `width` of every `stride` values.
Floats narrowed(const Floats& wide, std::int64_t rows, std::int64_t stride, std::int64_t width) {
  Floats values;
  for (std::int64_t r = 0; r < rows; ++r)
    values.insert(values.end(), wide.begin() + r * stride, wide.begin() + r * stride + width);
  return values;
}

// What stands between the rows must still be NaN, as it was.
void verify_untouched(const Floats& wide, std::int64_t rows, std::int64_t stride, std::int64_t width,
                      const std::string& where) {
  for (std::int64_t r = 0; r < rows; ++r) {
    for (std::int64_t i = width; i < stride; ++i) {
      verify(std::isnan(wide[static_cast<std::size_t>(r * stride + i)]), where + ": written between its rows");
    }
  }
}

oracle::Numbers plus(oracle::Numbers numbers, const Floats& before) {
  for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = numbers[i] + oracle::Bounded(before[i]);
  return numbers;
}

// run() gives all results of a call; the second call must give the bits of the first.
template <class Run>
auto twice(const Run& run) {
  const std::vector<Floats> first = run();
  const std::vector<Floats> second = run();
  for (std::size_t i = 0; i < first.size(); ++i) {
    for (std::size_t k = 0; k < first[i].size(); ++k) {
      const bool same = std::bit_cast<std::uint32_t>(first[i][k]) == std::bit_cast<std::uint32_t>(second[i][k]);
      verify(same, "the same call twice: result " + std::to_string(i) + " differs at " + std::to_string(k));
    }
  }
  return first;
}

// ---- products

struct MatmulCase {
  std::int64_t m, n, k;
  bool transpose_a, transpose_b, rounded, rounded_c;
  bool extras;  // bias, scale, wider rows, accumulation
};

void matmul_agrees(Stream& stream, const MatmulCase& s) {
  Random random(41);
  const std::int64_t a_rows = s.transpose_a ? s.k : s.m;
  const std::int64_t a_cols = s.transpose_a ? s.m : s.k;
  const std::int64_t b_rows = s.transpose_b ? s.n : s.k;
  const std::int64_t b_cols = s.transpose_b ? s.k : s.n;
  const std::int64_t wider = s.extras ? 8 : 0;
  const std::int64_t c_stride = s.n + wider;
  const bool accumulate = s.extras;
  const float scale = s.extras ? 0.375f : 1.0f;
  const Floats a = some(random, a_rows * (a_cols + wider), s.rounded);
  const Floats b = some(random, b_rows * (b_cols + wider), s.rounded);
  const Floats bias = random.normals(s.n);
  const Floats before = some(random, s.m * c_stride, s.rounded_c);
  GpuValues a_on(stream, a, s.rounded), b_on(stream, b, s.rounded), bias_on(stream, bias, false);
  const auto results = twice([&] {
    GpuValues c_on =
        accumulate ? GpuValues(stream, before, s.rounded_c) : GpuValues(stream, s.m * c_stride, s.rounded_c);
    MatmulArgs args{.c = c_on.view(Shape{s.m, s.n}),
                    .a = a_on.view(Shape{a_rows, a_cols}),
                    .b = b_on.view(Shape{b_rows, b_cols}),
                    .transpose_a = s.transpose_a,
                    .transpose_b = s.transpose_b,
                    .accumulate = accumulate,
                    .scale = scale};
    if (s.extras) {
      args.bias = bias_on.view(Shape{s.n});
      args.c_stride = c_stride, args.a_stride = a_cols + wider, args.b_stride = b_cols + wider;
    }
    cuda::matmul(stream, args);
    return std::vector<Floats>{c_on.values()};
  });
  const oracle::Numbers products = oracle::matmul(oracle::exact(narrowed(a, a_rows, a_cols + wider, a_cols)),
                                                  oracle::exact(narrowed(b, b_rows, b_cols + wider, b_cols)),
                                                  {s.m, s.n, s.k, s.transpose_a, s.transpose_b});
  oracle::Numbers want;
  std::vector<double> allowed;
  for (std::int64_t i = 0; i < s.m * s.n; ++i) {
    const oracle::Bounded product = oracle::Bounded(scale) * products[static_cast<std::size_t>(i)];
    oracle::Bounded sum = product;
    if (accumulate) sum = sum + oracle::Bounded(before[static_cast<std::size_t>(i / s.n * c_stride + i % s.n)]);
    const double unbiased = sum.value;
    if (s.extras) sum = sum + oracle::Bounded(bias[static_cast<std::size_t>(i % s.n)]);
    want.push_back(sum);
    // A bf16 c is rounded before and after the bias, and cuBLASLt rounds what it adds to c as well. Tensor cores cut
    // off where f32 rounds: twice the bound.
    const double added = accumulate ? std::abs(product.value) : 0.0;
    const double roundings = std::abs(sum.value) + std::abs(unbiased) + added;
    allowed.push_back(2.0 * sum.bound + 1e-30 + (s.rounded_c ? bf16_rounding * roundings : 0.0));
  }
  verify(compare(narrowed(results[0], s.m, c_stride, s.n), oracle::values(want), allowed), "c");
}

void bias_backward_agrees(Stream& stream, std::int64_t rows, std::int64_t cols, bool rounded) {
  Random random(42);
  const std::int64_t stride = cols + 3;
  const Floats wide = some(random, rows * stride, rounded);
  const Floats before = random.normals(cols);
  GpuValues dy(stream, wide, rounded);
  const auto results = twice([&] {
    GpuValues d_bias(stream, before, false);
    cuda::bias_backward(stream,
                        {.d_bias = d_bias.view(Shape{cols}), .dy = dy.view(Shape{rows, cols}), .dy_stride = stride});
    return std::vector<Floats>{d_bias.values()};
  });
  oracle::Numbers want(static_cast<std::size_t>(cols));
  for (std::int64_t r = 0; r < rows; ++r) {
    for (std::int64_t i = 0; i < cols; ++i) {
      auto& sum = want[static_cast<std::size_t>(i)];
      sum = sum + oracle::Bounded(wide[static_cast<std::size_t>(r * stride + i)]);
    }
  }
  verify_values(results[0], plus(want, before), false, 0.0, "d_bias");
}

// A weight and what it holds, decoded.
struct SomeWeight {
  Weight packed;
  Floats values;
  SomeWeight(Stream& stream, WeightFormat format, std::int64_t rows, std::int64_t cols, std::uint64_t seed) {
    Random random(seed);
    std::vector<std::byte> encoded(static_cast<std::size_t>(rows) * encoded_row_bytes(format, cols));
    for (std::int64_t r = 0; r < rows; ++r) {
      std::byte* at = encoded.data() + static_cast<std::size_t>(r) * encoded_row_bytes(format, cols);
      encode_row(format, random.normals(cols), at);
      Floats row(static_cast<std::size_t>(cols));
      decode_row(format, at, row);
      values.insert(values.end(), row.begin(), row.end());
    }
    packed = Weight::pack(stream, "w", format, rows, cols, encoded);
  }
};

void input_backward_agrees(Stream& stream, WeightFormat format, std::int64_t rows, std::int64_t outputs,
                           std::int64_t cols, bool rounded) {
  Random random(43);
  const SomeWeight weight(stream, format, outputs, cols, 44);
  const Floats dy = some(random, rows * outputs, rounded);
  const Floats before = random.normals(rows * cols);
  GpuValues dy_on(stream, dy, rounded);
  const auto results = twice([&] {
    GpuValues dx = rounded ? GpuValues(stream, rows * cols, true) : GpuValues(stream, before, false);
    cuda::linear_input_backward(stream, {.dx = dx.view(Shape{rows, cols}),
                                         .dy = dy_on.view(Shape{rows, outputs}),
                                         .w = &weight.packed,
                                         .accumulate = !rounded});
    return std::vector<Floats>{dx.values()};
  });
  oracle::Numbers want = oracle::matmul(oracle::exact(dy), oracle::exact(weight.values), {rows, cols, outputs});
  if (!rounded) want = plus(want, before);
  const double decoded = rounded && format != WeightFormat::bf16 ? 0x1.02p-8 : 0.0;
  verify_values(results[0], want, rounded, decoded, "dx");
}

// Formats that bf16 does not hold are rounded to it for bf16 rows.
void frozen_linear_agrees(Stream& stream, WeightFormat format, std::int64_t rows, std::int64_t outputs,
                          std::int64_t cols, bool rounded) {
  Random random(56);
  const SomeWeight weight(stream, format, outputs, cols, 57);
  const Floats x = some(random, rows * cols, rounded);
  const Floats before = random.normals(rows * outputs), bias = random.normals(outputs);
  GpuValues x_on(stream, x, rounded), bias_on(stream, bias, false);
  const auto results = twice([&] {
    GpuValues sum(stream, before, false), y(stream, rows * outputs, rounded);
    FrozenLinearArgs args{.y = sum.view(Shape{rows, outputs}), .x = x_on.view(Shape{rows, cols}), .w = &weight.packed};
    args.accumulate = true;
    cuda::frozen_linear(stream, args);
    args.y = y.view(Shape{rows, outputs});
    args.bias = bias_on.view(Shape{outputs});
    args.accumulate = false;
    cuda::frozen_linear(stream, args);
    return std::vector<Floats>{sum.values(), y.values()};
  });
  const oracle::Numbers products =
      oracle::matmul(oracle::exact(x), oracle::exact(weight.values), {rows, outputs, cols, false, true});
  oracle::Numbers biased = products;
  for (std::size_t i = 0; i < biased.size(); ++i) {
    biased[i] = biased[i] + oracle::Bounded(bias[i % static_cast<std::size_t>(outputs)]);
  }
  const double decoded = rounded && format != WeightFormat::bf16 ? 0x1.02p-8 : 0.0;
  verify_values(results[0], plus(products, before), false, decoded, "y +=");
  verify_values(results[1], biased, rounded, decoded + (rounded ? 0x1p-8 : 0.0), "y");
}

// ---- convolution

struct ConvCase {
  std::vector<std::int64_t> lengths;
  std::int64_t channels, taps;
  bool bias, initial, rounded;
};

void conv_agrees(Stream& stream, const ConvCase& s) {
  Random random(45);
  const Packing packing(s.lengths);
  const std::int64_t tokens = packing.tokens();
  const std::int64_t stride = s.channels + (s.channels % 8 == 0 ? 16 : 3);
  const Floats wide = some(random, tokens * stride, s.rounded);
  const Floats x = narrowed(wide, tokens, stride, s.channels);
  Floats dy = some(random, tokens * s.channels, s.rounded);
  packing.fill_padding(dy, s.channels, 0.0f);
  const Floats weight = random.normals(s.channels * s.taps, 0.5);
  const Floats bias = s.bias ? random.normals(s.channels) : Floats();
  const Floats initial = random.normals(s.channels * (s.taps - 1));
  const Floats no_initial(initial.size(), 0.0f);
  const Floats& used = s.initial ? initial : no_initial;
  const Floats weight_before = random.normals(s.channels * s.taps);
  const Floats bias_before = random.normals(s.channels);
  GpuValues x_on(stream, wide, s.rounded), dy_on(stream, dy, s.rounded), weight_on(stream, weight, false);
  GpuValues bias_on(stream, s.bias ? bias : Floats(1), false), initial_on(stream, initial, false);
  const GpuIds units(stream, packing.sequence_of_unit);
  const PackedRows rows{units.view(), std::ssize(s.lengths)};
  const Shape shape{tokens, s.channels};
  const ConstTensorView no_view{};
  const ConstTensorView bias_view = s.bias ? ConstTensorView(bias_on.view(Shape{s.channels})) : no_view;
  const ConstTensorView initial_view =
      s.initial ? ConstTensorView(initial_on.view(Shape{s.channels, s.taps - 1})) : no_view;
  const auto results = twice([&] {
    GpuValues y(stream, tokens * s.channels, s.rounded), dx(stream, tokens * stride, s.rounded);
    GpuValues d_weight(stream, weight_before, false), d_bias(stream, bias_before, false),
        d_initial(stream, initial, false);
    cuda::causal_conv1d_packed(stream, {.y = y.view(shape),
                                        .x = x_on.view(shape),
                                        .x_stride = stride,
                                        .weight = weight_on.view(Shape{s.channels, s.taps}),
                                        .bias = bias_view,
                                        .initial = initial_view,
                                        .rows = rows});
    CausalConv1dBackwardArgs args{.dx = dx.view(shape),
                                  .dx_stride = stride,
                                  .d_weight = d_weight.view(Shape{s.channels, s.taps}),
                                  .dy = dy_on.view(shape),
                                  .x = x_on.view(shape),
                                  .x_stride = stride,
                                  .weight = weight_on.view(Shape{s.channels, s.taps}),
                                  .bias = bias_view,
                                  .initial = initial_view,
                                  .rows = rows};
    if (s.bias) args.d_bias = d_bias.view(Shape{s.channels});
    if (s.initial) args.d_initial = d_initial.view(Shape{s.channels, s.taps - 1});
    cuda::causal_conv1d_backward(stream, args);
    return std::vector<Floats>{y.values(), dx.values(), d_weight.values(), d_bias.values(), d_initial.values()};
  });
  verify_untouched(results[1], tokens, stride, s.channels, "dx");
  const Floats dx = narrowed(results[1], tokens, stride, s.channels);
  oracle::Numbers d_weight, d_bias, d_initial;
  for (std::size_t i = 0; i < s.lengths.size(); ++i) {
    const oracle::Numbers own = oracle::exact(packing.of_sequence(x, s.channels, i));
    const auto y =
        oracle::causal_conv1d(own, oracle::exact(weight), oracle::exact(bias), oracle::exact(used), s.channels);
    const auto back =
        oracle::causal_conv1d_backward(own, oracle::exact(weight), oracle::exact(bias), oracle::exact(used),
                                       oracle::exact(packing.of_sequence(dy, s.channels, i)), s.channels);
    // The quick sigmoid of bf16 kernels is good to 2^-18 or so.
    const double quick = s.rounded ? 0x1p-18 : 0.0;
    verify_values(packing.of_sequence(results[0], s.channels, i), y.y, s.rounded, quick, "y");
    verify_values(packing.of_sequence(dx, s.channels, i), back.x, s.rounded, quick, "dx");
    add_numbers(d_weight, back.weight);
    if (s.bias) add_numbers(d_bias, back.bias);
    add_numbers(d_initial, back.state);
  }
  const double quick = s.rounded ? 0x1p-18 : 0.0;
  verify_values(results[2], plus(d_weight, weight_before), false, quick, "d_weight");
  if (s.bias) verify_values(results[3], plus(d_bias, bias_before), false, quick, "d_bias");
  if (s.initial) verify_values(results[4], plus(d_initial, initial), false, quick, "d_initial");
  packing.for_padding([&](std::int64_t row) {
    for (std::int64_t c = 0; c < s.channels; ++c)
      verify(dx[static_cast<std::size_t>(row * s.channels + c)] == 0.0f, "dx of padding: want 0");
  });
}

// ---- norms

void norm_agrees(Stream& stream, std::int64_t rows, std::int64_t cols, bool rounded, bool accumulate) {
  Random random(46);
  const Floats x = random.normals(rows * cols);
  const Floats dy = some(random, rows * cols, rounded);
  const Floats weight = random.uniforms(cols, 0.5, 1.5);
  const Floats before = random.normals(rows * cols);
  const Floats weight_before = random.normals(cols);
  GpuValues x_on(stream, x, false), dy_on(stream, dy, rounded), weight_on(stream, weight, false);
  const Shape shape{rows, cols};
  const auto results = twice([&] {
    GpuValues dx = accumulate ? GpuValues(stream, before, false) : GpuValues(stream, rows * cols, false);
    GpuValues d_weight(stream, weight_before, false);
    RmsNormBackwardArgs args{.dx = dx.view(shape),
                             .d_weight = d_weight.view(Shape{cols}),
                             .dy = dy_on.view(shape),
                             .x = x_on.view(shape),
                             .weight = weight_on.view(Shape{cols}),
                             .accumulate = accumulate};
    cuda::rms_norm_backward(stream, args);
    // With what else it can give, y in dy's place: the gradients must be the same bits.
    GpuValues again = accumulate ? GpuValues(stream, before, false) : GpuValues(stream, rows * cols, false);
    GpuValues y(stream, dy, rounded), narrow(stream, rows * cols, true);
    args.dx = again.view(shape), args.d_weight = {};
    args.dy = y.view(shape), args.y = y.view(shape), args.rounded = narrow.view(shape);
    cuda::rms_norm_backward(stream, args);
    verify(compare_bitwise(again.values(), dx.values()), "dx, with y");
    Floats rounding = dx.values();
    round_all(rounding);
    verify(compare_bitwise(narrow.values(), rounding), "dx rounded");
    return std::vector<Floats>{dx.values(), d_weight.values(), y.values()};
  });
  auto want =
      oracle::rms_norm_backward(oracle::exact(x), {}, oracle::exact(weight), oracle::exact(dy), 1, double{1e-5f});
  if (accumulate) want.x = plus(want.x, before);
  verify_values(results[0], want.x, false, 0.0, "dx");
  verify_values(results[1], plus(want.weight, weight_before), false, 0.0, "d_weight");
  const oracle::Numbers normed = oracle::rms_norm(oracle::exact(x), oracle::exact(weight), {}, double{1e-5f}).y;
  verify_values(results[2], normed, rounded, 0.0, "y");
}

// The norm of x and what was added to it, which must give the bits of the norm of their sum.
void norm_of_sum_agrees(Stream& stream, std::int64_t rows, std::int64_t cols, bool rounded) {
  Random random(59);
  const Floats x = random.normals(rows * cols), added = some(random, rows * cols, rounded);
  const Floats weight = random.uniforms(cols, 0.5, 1.5);
  const Shape shape{rows, cols};
  GpuValues x_on(stream, x, false), added_on(stream, added, rounded), weight_on(stream, weight, false);
  const auto results = twice([&] {
    GpuValues y(stream, rows * cols, rounded), sum(stream, rows * cols, false);
    RmsNormArgs args{.y = y.view(shape),
                     .x = x_on.view(shape),
                     .weight = weight_on.view(Shape{cols}),
                     .added = added_on.view(shape),
                     .sum = sum.view(shape)};
    cuda::rms_norm(stream, args);
    GpuValues in_place(stream, x, false), again(stream, rows * cols, rounded);
    args.x = args.sum = in_place.view(shape);
    args.y = again.view(shape);
    cuda::rms_norm(stream, args);
    verify(compare_bitwise(in_place.values(), sum.values()), "the sum in the place of x");
    verify(compare_bitwise(again.values(), y.values()), "y, the sum in the place of x");
    args.x = sum.view(shape), args.added = {}, args.sum = {};
    cuda::rms_norm(stream, args);
    verify(compare_bitwise(again.values(), y.values()), "the norm of the sum");
    return std::vector<Floats>{y.values(), sum.values()};
  });
  const auto want = oracle::rms_norm(oracle::exact(x), oracle::exact(weight), oracle::exact(added), double{1e-5f});
  verify_values(results[0], want.y, rounded, 0.0, "y");
  verify_values(results[1], want.residual, false, 0.0, "sum");
}

void gated_norm_agrees(Stream& stream, std::int64_t rows, std::int64_t cols, std::int64_t groups, bool rounded) {
  Random random(47);
  const std::int64_t stride = cols + (cols % 8 == 0 ? 24 : 5);
  const Floats x = some(random, rows * cols, rounded);
  const Floats dy = some(random, rows * cols, rounded);
  const Floats wide = some(random, rows * stride, rounded, 2.0);
  const Floats weight = random.uniforms(cols, 0.5, 1.5);
  const Floats weight_before = random.normals(cols);
  GpuValues x_on(stream, x, rounded), dy_on(stream, dy, rounded), z_on(stream, wide, rounded);
  GpuValues weight_on(stream, weight, false);
  const Shape shape{rows, cols};
  const auto results = twice([&] {
    GpuValues dx(stream, rows * cols, rounded), dz(stream, rows * stride, rounded);
    GpuValues d_weight(stream, weight_before, false);
    GatedRmsNormBackwardArgs args{.dx = dx.view(shape),
                                  .dz = dz.view(shape),
                                  .dz_stride = stride,
                                  .d_weight = d_weight.view(Shape{cols}),
                                  .dy = dy_on.view(shape),
                                  .x = x_on.view(shape),
                                  .z = z_on.view(shape),
                                  .z_stride = stride,
                                  .weight = weight_on.view(Shape{cols}),
                                  .groups = groups};
    cuda::gated_rms_norm_backward(stream, args);
    GpuValues again(stream, rows * cols, rounded), y(stream, dy, rounded);
    args.dx = again.view(shape), args.d_weight = {};
    args.dy = y.view(shape), args.y = y.view(shape);
    cuda::gated_rms_norm_backward(stream, args);
    verify(compare_bitwise(again.values(), dx.values()), "dx, with y");
    GpuValues forward(stream, rows * cols, rounded);
    cuda::gated_rms_norm(stream, {.y = forward.view(shape),
                                  .x = x_on.view(shape),
                                  .z = z_on.view(shape),
                                  .z_stride = stride,
                                  .weight = weight_on.view(Shape{cols}),
                                  .groups = groups});
    return std::vector<Floats>{dx.values(), dz.values(), d_weight.values(), y.values(), forward.values()};
  });
  verify_untouched(results[1], rows, stride, cols, "dz");
  const auto want = oracle::rms_norm_backward(oracle::exact(x), oracle::exact(narrowed(wide, rows, stride, cols)),
                                              oracle::exact(weight), oracle::exact(dy), groups, double{1e-5f});
  const double quick = rounded ? 0x1p-18 : 0.0;
  verify_values(results[0], want.x, rounded, quick, "dx");
  verify_values(narrowed(results[1], rows, stride, cols), want.z, rounded, quick, "dz");
  verify_values(results[2], plus(want.weight, weight_before), false, quick, "d_weight");
  const oracle::Numbers normed =
      oracle::gated_rms_norm(oracle::exact(x), oracle::exact(narrowed(wide, rows, stride, cols)), oracle::exact(weight),
                             groups, double{1e-5f});
  verify_values(results[3], normed, rounded, quick, "y");
  verify_values(results[4], normed, rounded, quick, "y, forward");
}

// ---- the scan

struct ScanCase {
  std::vector<std::int64_t> lengths;
  std::int64_t heads, head_dim, d_state, groups;
  bool initial, rounded;
  double slow;  // of A: long memories are what is carried between chunks
  bool clamped = false;
};

struct ScanResults {
  Floats y, xbc, dt, a_log, d, dt_bias, initial;
};

void scan_agrees(Stream& stream, const ScanCase& s) {
  const Packing packing(s.lengths);
  const std::int64_t tokens = packing.tokens();
  SsdData data({tokens, s.heads, s.head_dim, s.d_state, s.groups}, 48);
  Random random(49);
  if (s.clamped) data.dt_min = 0.01f, data.dt_max = 0.5f;
  for (float& a : data.a) a *= static_cast<float>(s.slow);
  if (s.rounded) round_all(data.xbc), round_all(data.dt_raw);
  const std::int64_t inner = data.shape.inner();
  const std::int64_t channels = data.shape.conv_dim();
  Floats dy = some(random, tokens * inner, s.rounded);
  packing.fill_padding(dy, inner, 0.0f);
  const Floats of_heads = random.normals(s.heads);
  const Floats start = s.initial ? data.state : Floats(data.state.size(), 0.0f);
  const std::int64_t dt_stride = s.heads + 5;
  Floats dt_wide(static_cast<std::size_t>(tokens * dt_stride), std::nanf(""));
  for (std::int64_t t = 0; t < tokens; ++t)
    std::copy_n(data.dt_raw.begin() + t * s.heads, s.heads, dt_wide.begin() + t * dt_stride);
  GpuValues xbc(stream, data.xbc, s.rounded), dt(stream, dt_wide, s.rounded), dy_on(stream, dy, s.rounded);
  GpuValues dt_bias(stream, data.dt_bias, false), a(stream, data.a, false), d(stream, data.d, false);
  GpuValues initial(stream, data.state, false);
  const GpuIds units(stream, packing.sequence_of_unit);
  const Shape of_states{s.heads, s.head_dim, s.d_state};
  SsdPackedInputs in{.xbc = xbc.view(Shape{tokens, channels}),
                     .dt_raw = dt.view(Shape{tokens, s.heads}),
                     .dt_stride = dt_stride,
                     .dt_bias = dt_bias.view(Shape{s.heads}),
                     .a = a.view(Shape{s.heads}),
                     .d = d.view(Shape{s.heads}),
                     .heads = s.heads,
                     .head_dim = s.head_dim,
                     .d_state = s.d_state,
                     .groups = s.groups,
                     .dt_min = data.dt_min,
                     .dt_max = data.dt_max,
                     .rows = {units.view(), std::ssize(s.lengths)}};
  if (s.initial) in.initial = initial.view(of_states);
  const auto results = twice([&] {
    GpuValues y(stream, tokens * inner, s.rounded), d_xbc(stream, tokens * channels, s.rounded);
    GpuValues d_dt(stream, tokens * dt_stride, s.rounded), d_a_log(stream, of_heads, false);
    GpuValues d_d(stream, of_heads, false), d_dt_bias(stream, of_heads, false), d_initial(stream, data.state, false);
    cuda::ssd_scan_packed(stream, {.y = y.view(Shape{tokens, inner}), .in = in});
    SsdScanBackwardArgs args{.d_xbc = d_xbc.view(Shape{tokens, channels}),
                             .d_dt_raw = d_dt.view(Shape{tokens, s.heads}),
                             .d_dt_stride = dt_stride,
                             .d_a_log = d_a_log.view(Shape{s.heads}),
                             .d_d = d_d.view(Shape{s.heads}),
                             .d_dt_bias = d_dt_bias.view(Shape{s.heads}),
                             .dy = dy_on.view(Shape{tokens, inner}),
                             .in = in};
    if (s.initial) args.d_initial = d_initial.view(of_states);
    cuda::ssd_scan_backward(stream, args);
    return std::vector<Floats>{y.values(),   d_xbc.values(),     d_dt.values(),     d_a_log.values(),
                               d_d.values(), d_dt_bias.values(), d_initial.values()};
  });
  verify_untouched(results[2], tokens, dt_stride, s.heads, "d_dt_raw");
  const Floats d_dt = narrowed(results[2], tokens, dt_stride, s.heads);
  // Roundings of a term on its way, each 2^-8 at most: a weighted input or score 1, a state's copy on top 2; B's
  // gradient weights x as well 3; two copies of states meet in the gradient of a decay 4.
  const double once = s.rounded && s.head_dim == 64 ? 0x1p-8 : 0.0;
  const double quick = s.rounded ? 0x1p-20 : 0.0;
  oracle::Numbers a_log, d_d, d_dt_bias, d_initial;
  for (std::size_t i = 0; i < s.lengths.size(); ++i) {
    oracle::SsdShape shape = data.shape;
    shape.tokens = s.lengths[i];
    const oracle::Numbers own_xbc = oracle::exact(packing.of_sequence(data.xbc, channels, i));
    const oracle::Numbers own_dt = oracle::exact(packing.of_sequence(data.dt_raw, s.heads, i));
    const auto y = oracle::ssd(shape, data.parameters(), own_xbc, own_dt, oracle::exact(start));
    const auto back = oracle::ssd_backward(shape, data.parameters(), own_xbc, own_dt, oracle::exact(start),
                                           oracle::exact(packing.of_sequence(dy, inner, i)));
    const std::string where = " of sequence " + std::to_string(i);
    verify_values(packing.of_sequence(results[0], inner, i), y.y, s.rounded, 2.0 * once + quick, "y" + where);
    verify_values(packing.of_sequence(results[1], channels, i), back.xbc, s.rounded, 3.0 * once + quick,
                  "d_xbc" + where);
    verify_values(packing.of_sequence(d_dt, s.heads, i), back.dt_raw, s.rounded, 4.0 * once + quick,
                  "d_dt_raw" + where);
    add_numbers(a_log, back.a_log);
    add_numbers(d_d, back.d);
    add_numbers(d_dt_bias, back.dt_bias);
    add_numbers(d_initial, back.state);
  }
  verify_values(results[3], plus(a_log, of_heads), false, 4.0 * once + quick, "d_a_log");
  verify_values(results[4], plus(d_d, of_heads), false, quick, "d_d");
  verify_values(results[5], plus(d_dt_bias, of_heads), false, 4.0 * once + quick, "d_dt_bias");
  if (s.initial) verify_values(results[6], plus(d_initial, data.state), false, 2.0 * once + quick, "d_initial");
  packing.for_padding([&](std::int64_t row) {
    for (std::int64_t c = 0; c < channels; ++c)
      verify(results[1][static_cast<std::size_t>(row * channels + c)] == 0.0f, "d_xbc of padding: want 0");
    for (std::int64_t h = 0; h < s.heads; ++h)
      verify(d_dt[static_cast<std::size_t>(row * s.heads + h)] == 0.0f, "d_dt_raw of padding: want 0");
  });
}

// ---- the loss

struct EntropyCase {
  std::int64_t tokens, width, vocabulary;
  bool rounded;
  int frozen;  // -1: a plain head; else the WeightFormat of a packed one
};

void entropy_agrees(Stream& stream, const EntropyCase& s) {
  Random random(50);
  const Floats x = some(random, s.tokens * s.width, s.rounded, 0.5);
  const bool frozen = s.frozen >= 0;
  const auto format = static_cast<WeightFormat>(frozen ? s.frozen : 0);
  std::optional<SomeWeight> weight;
  if (frozen) weight.emplace(stream, format, s.vocabulary, s.width, 51);
  const Floats head = frozen ? weight->values : some(random, s.vocabulary * s.width, s.rounded);
  std::vector<std::int32_t> targets;
  Floats weights;
  for (std::int64_t t = 0; t < s.tokens; ++t) {
    targets.push_back(t % 5 == 3 ? -1 : static_cast<std::int32_t>(random.below(s.vocabulary)));
    weights.push_back(t % 7 == 2 ? 0.0f : static_cast<float>(random.uniform(0.2, 1.0)));
  }
  const float scale = 0.125f;
  const Floats before = random.normals(s.vocabulary * s.width, 0.01);
  GpuValues x_on(stream, x, s.rounded), head_on(stream, head, s.rounded), weights_on(stream, weights, false);
  const GpuIds targets_on(stream, targets);
  const Shape shape{s.tokens, s.width};
  const auto results = twice([&] {
    GpuValues loss(stream, s.tokens, false), alone(stream, s.tokens, false), dx(stream, s.tokens * s.width, s.rounded);
    GpuValues d_head(stream, before, false);
    CrossEntropyArgs args{.loss = loss.view(Shape{s.tokens}),
                          .dx = dx.view(shape),
                          .d_head = {},
                          .x = x_on.view(shape),
                          .head = {},
                          .targets = targets_on.view(),
                          .weights = weights_on.view(Shape{s.tokens}),
                          .scale = scale};
    if (frozen) {
      args.frozen = &weight->packed;
    } else {
      args.head = head_on.view(Shape{s.vocabulary, s.width});
      args.d_head = d_head.view(Shape{s.vocabulary, s.width});
    }
    cuda::cross_entropy(stream, args);
    args.loss = alone.view(Shape{s.tokens});
    args.dx = {}, args.d_head = {};
    cuda::cross_entropy(stream, args);
    verify(compare_bitwise(alone.values(), loss.values()), "the loss alone");
    GpuValues in_place(stream, x, s.rounded), d_head_again(stream, before, false);
    args.x = in_place.view(shape), args.dx = in_place.view(shape);
    if (!frozen) args.d_head = d_head_again.view(Shape{s.vocabulary, s.width});
    cuda::cross_entropy(stream, args);
    verify(compare_bitwise(in_place.values(), dx.values()), "dx in the place of x");
    verify(compare_bitwise(d_head_again.values(), d_head.values()), "d_head with dx in the place of x");
    return std::vector<Floats>{loss.values(), dx.values(), d_head.values()};
  });
  const auto want = oracle::cross_entropy(oracle::exact(x), oracle::exact(head), targets, weights, double{scale});
  // A quantised head is decoded to bf16; gradients of logits are rounded once; the quick exponential is good to 2^-18.
  const double decoded = s.rounded && frozen && block_columns(format) > 1 ? 0x1.02p-8 : 0.0;
  const double rounding = s.rounded ? 0x1p-8 + 0x1p-18 : 0.0;
  verify_values(results[0], want.loss, false, 3.0 * decoded + (s.rounded ? 0x1p-18 : 0.0), "loss");
  if (decoded == 0.0) {
    verify_values(results[1], want.x, s.rounded, rounding, "dx");
    if (!frozen) verify_values(results[2], plus(want.head, before), false, rounding, "d_head");
  } else {  // the softmax moves with the head's rounding: exp turns it into a factor
    verify(compare_relative(results[1], oracle::values(want.x), 0.05), "dx");
  }
}

// A head W + s B A, made whole by the oracle alone.
void low_rank_agrees(Stream& stream, std::int64_t tokens, std::int64_t vocabulary, std::int64_t rank, bool rounded) {
  constexpr std::int64_t width = 64;
  constexpr float strength = 0.75f;
  Random random(58);
  const Floats x = some(random, tokens * width, rounded, 0.5), head = some(random, vocabulary * width, rounded, 0.3);
  const Floats a = some(random, rank * width, rounded, 0.3), b = some(random, vocabulary * rank, rounded, 0.3);
  const Floats a_before = random.normals(rank * width, 0.01), b_before = random.normals(vocabulary * rank, 0.01);
  std::vector<std::int32_t> targets;
  Floats weights;
  for (std::int64_t t = 0; t < tokens; ++t) {
    targets.push_back(t % 5 == 3 ? -1 : static_cast<std::int32_t>(random.below(vocabulary)));
    weights.push_back(static_cast<float>(random.uniform(0.2, 1.0)));
  }
  GpuValues x_on(stream, x, rounded), head_on(stream, head, rounded), weights_on(stream, weights, false);
  GpuValues a_on(stream, a, rounded), b_on(stream, b, rounded);
  const GpuIds targets_on(stream, targets);
  const auto results = twice([&] {
    GpuValues loss(stream, tokens, false), dx(stream, tokens * width, rounded);
    GpuValues d_a(stream, a_before, false), d_b(stream, b_before, false);
    CrossEntropyArgs args{.loss = loss.view(Shape{tokens}),
                          .dx = dx.view(Shape{tokens, width}),
                          .x = x_on.view(Shape{tokens, width}),
                          .head = head_on.view(Shape{vocabulary, width}),
                          .targets = targets_on.view(),
                          .weights = weights_on.view(Shape{tokens}),
                          .scale = 0.125f};
    args.low_rank = {.a = a_on.view(Shape{rank, width}),
                     .b = b_on.view(Shape{vocabulary, rank}),
                     .d_a = d_a.view(Shape{rank, width}),
                     .d_b = d_b.view(Shape{vocabulary, rank}),
                     .scale = strength};
    cuda::cross_entropy(stream, args);
    GpuValues in_place(stream, x, rounded), d_a_again(stream, a_before, false), d_b_again(stream, b_before, false);
    args.x = in_place.view(Shape{tokens, width}), args.dx = in_place.view(Shape{tokens, width});
    args.low_rank.d_a = d_a_again.view(Shape{rank, width}), args.low_rank.d_b = d_b_again.view(Shape{vocabulary, rank});
    cuda::cross_entropy(stream, args);
    verify(compare_bitwise(in_place.values(), dx.values()), "dx in the place of x");
    verify(compare_bitwise(d_a_again.values(), d_a.values()), "d_a with dx in the place of x");
    verify(compare_bitwise(d_b_again.values(), d_b.values()), "d_b with dx in the place of x");
    return std::vector<Floats>{loss.values(), dx.values(), d_a.values(), d_b.values()};
  });
  oracle::Numbers whole = oracle::exact(head);
  const oracle::Numbers added = oracle::matmul(oracle::exact(b), oracle::exact(a), {vocabulary, width, rank});
  const oracle::Bounded s(strength);
  for (std::size_t i = 0; i < whole.size(); ++i) whole[i] = whole[i] + s * added[i];
  const auto want = oracle::cross_entropy(oracle::exact(x), whole, targets, weights, 0.125);
  oracle::Numbers want_b = oracle::matmul(want.head, oracle::exact(a), {vocabulary, rank, width, false, true});
  oracle::Numbers want_a = oracle::matmul(oracle::exact(b), want.head, {rank, width, vocabulary, true, false});
  for (oracle::Numbers* numbers : {&want_a, &want_b}) {
    for (oracle::Bounded& number : *numbers) number = s * number;
  }
  want_a = plus(want_a, a_before), want_b = plus(want_b, b_before);
  if (!rounded) {
    verify_values(results[0], want.loss, false, 0x1p-18, "loss");
    verify_values(results[1], want.x, false, 0x1p-18, "dx");
    verify_values(results[2], want_a, false, 0x1p-18, "d_a");
    verify_values(results[3], want_b, false, 0x1p-18, "d_b");
    return;
  }
  // x A^T is rounded before it meets B, and exp makes a factor of what that moves; gradients are rounded twice more.
  verify(compare_relative(results[0], oracle::values(want.loss), 0.005), "loss");
  verify(compare_relative(results[1], oracle::values(want.x), 0.03), "dx");
  verify(compare_relative(results[2], oracle::values(want_a), 0.03), "d_a");
  verify(compare_relative(results[3], oracle::values(want_b), 0.03), "d_b");
}

// ---- tables and flat ranges

void embedding_agrees(Stream& stream, std::int64_t tokens, std::int64_t vocabulary, std::int64_t width,
                      std::int64_t misalign) {
  Random random(52);
  const Floats table = random.normals(vocabulary * width);
  const Floats dy = random.normals(tokens * width);
  const Floats before = random.normals(vocabulary * width);
  std::vector<std::int32_t> ids;
  for (std::int64_t t = 0; t < tokens; ++t) {
    ids.push_back(static_cast<std::int32_t>(t % 3 == 0 ? 1 : random.below(vocabulary)));
  }
  std::vector<std::int32_t> order(ids.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](std::int32_t a, std::int32_t b) {
    return ids[static_cast<std::size_t>(a)] < ids[static_cast<std::size_t>(b)];
  });
  std::vector<std::int32_t> begins(static_cast<std::size_t>(vocabulary) + 1);
  for (const std::int32_t id : ids) ++begins[static_cast<std::size_t>(id) + 1];
  std::partial_sum(begins.begin(), begins.end(), begins.begin());
  GpuValues table_on(stream, table, false, misalign), dy_on(stream, dy, false, misalign);
  const GpuIds ids_on(stream, ids), order_on(stream, order), begins_on(stream, begins);
  const auto results = twice([&] {
    GpuValues y(stream, tokens * width, false, misalign), d_table(stream, before, false, misalign);
    cuda::embedding_from_table(
        stream,
        {.y = y.view(Shape{tokens, width}), .ids = ids_on.view(), .table = table_on.view(Shape{vocabulary, width})});
    cuda::embedding_backward(stream, {.d_table = d_table.view(Shape{vocabulary, width}),
                                      .dy = dy_on.view(Shape{tokens, width}),
                                      .order = order_on.view(),
                                      .begins = begins_on.view()});
    return std::vector<Floats>{y.values(), d_table.values()};
  });
  Floats rows;
  Floats sums = before;  // in the order of t: the very same f32 additions
  for (std::size_t t = 0; t < ids.size(); ++t) {
    const auto id = static_cast<std::size_t>(ids[t]);
    const auto columns = static_cast<std::size_t>(width);
    rows.insert(rows.end(), table.begin() + static_cast<std::ptrdiff_t>(id * columns),
                table.begin() + static_cast<std::ptrdiff_t>((id + 1) * columns));
    for (std::size_t i = 0; i < columns; ++i) sums[id * columns + i] += dy[t * columns + i];
  }
  verify(compare_bitwise(results[0], rows), "embedding_from_table");
  verify(compare_bitwise(results[1], sums), "embedding_backward");
}

void adamw_agrees(Stream& stream, std::int64_t count, std::int64_t misalign, bool rounded) {
  Random random(53);
  const Floats master = random.normals(count), gradient = random.normals(count, 3.0);
  const Floats first = random.normals(count, 0.1);
  Floats second = random.normals(count);
  for (float& value : second) value *= value;
  GpuValues gradient_on(stream, gradient, false, misalign);
  AdamwArgs args;
  args.learning_rate = 0.01f, args.decay = 0.1f, args.gradient_scale = 0.25f, args.step = 7;
  const auto results = twice([&] {
    GpuValues w(stream, master, false, misalign), m(stream, first, false, misalign), v(stream, second, false, misalign);
    GpuValues narrow(stream, count, true);
    const Shape shape{count};
    args.master = w.view(shape), args.gradient = gradient_on.view(shape);
    args.first = m.view(shape), args.second = v.view(shape);
    args.rounded = rounded ? narrow.view(shape) : TensorView{};
    cuda::adamw(stream, args);
    return std::vector<Floats>{w.values(), m.values(), v.values(), narrow.values()};
  });
  const oracle::AdamwNumbers want =
      oracle::adamw({oracle::exact(master), oracle::exact(first), oracle::exact(second)}, oracle::exact(gradient),
                    {double{args.learning_rate}, double{args.beta1}, double{args.beta2}, double{args.eps},
                     double{args.decay}, double{args.gradient_scale}, args.step});
  verify_values(results[0], want.master, false, 0.0, "master");
  verify_values(results[1], want.first, false, 0.0, "first");
  verify_values(results[2], want.second, false, 0.0, "second");
  Floats narrow = results[0];
  round_all(narrow);
  if (rounded) verify(compare_bitwise(results[3], narrow), "rounded: want the new masters in bf16");
}

void sums_agree(Stream& stream, std::int64_t count, std::int64_t misalign) {
  Random random(54);
  Floats values = random.normals(count);
  double squares = 0.0;
  double plain = 0.0;
  double size = 0.0;
  for (const float value : values) {
    squares += double{value} * double{value};
    plain += double{value};
    size += std::abs(double{value});
  }
  GpuValues on(stream, values, false, misalign);
  const Shape shape{count};
  const double got = cuda::sum_of_squares(stream, on.view(shape));
  verify(std::abs(got - squares) <= 1e-13 * squares, "sum_of_squares");
  verify(cuda::sum_of_squares(stream, on.view(shape)) == got, "sum_of_squares twice");
  verify(std::abs(cuda::sum(stream, on.view(shape)) - plain) <= 1e-13 * size, "sum");
  for (const float bad : {std::nanf(""), INFINITY}) {
    values[static_cast<std::size_t>(count / 2)] = bad;
    GpuValues bad_on(stream, values, false, misalign);
    verify(!std::isfinite(cuda::sum_of_squares(stream, bad_on.view(shape))), "sum_of_squares hides what is not finite");
    verify(!std::isfinite(cuda::sum(stream, bad_on.view(shape))), "sum hides what is not finite");
  }
}

void conversions_agree(Stream& stream, std::int64_t count, std::int64_t misalign) {
  Random random(55);
  const Floats values = random.normals(count);
  Floats narrow = values;
  round_all(narrow);
  const Shape shape{count};
  GpuValues exact(stream, values, false, misalign), rounded(stream, narrow, true);
  GpuValues to_narrow(stream, count, true), to_wide(stream, count, false, misalign);
  GpuValues sum(stream, values, false, misalign), other_sum(stream, values, false, misalign);
  cuda::convert(stream, to_narrow.view(shape), exact.view(shape));
  cuda::convert(stream, to_wide.view(shape), rounded.view(shape));
  cuda::add(stream, sum.view(shape), exact.view(shape));
  cuda::add(stream, other_sum.view(shape), rounded.view(shape));
  Floats doubled, mixed;
  for (std::size_t i = 0; i < values.size(); ++i) {
    doubled.push_back(values[i] + values[i]);
    mixed.push_back(values[i] + narrow[i]);
  }
  verify(compare_bitwise(to_narrow.values(), narrow), "convert to bf16");
  verify(compare_bitwise(to_wide.values(), narrow), "convert to f32");
  verify(compare_bitwise(sum.values(), doubled), "add f32");
  verify(compare_bitwise(other_sum.values(), mixed), "add bf16");
}

void add_product_cases(GpuCases& cases) {
  struct Size {
    std::int64_t m, n, k;
  };
  for (const Size& size : {Size{1, 1, 1}, Size{128, 192, 96}, Size{67, 45, 131}, Size{8, 136, 320}}) {
    for (int turns = 0; turns < 4; ++turns) {
      for (int types = 0; types < 3; ++types) {
        for (const bool extras : {false, true}) {
          const MatmulCase s{size.m, size.n, size.k, (turns & 1) != 0, (turns & 2) != 0, types > 0, types == 2, extras};
          cases.push_back({"train: matmul " + std::to_string(s.m) + " x " + std::to_string(s.n) + " x " +
                               std::to_string(s.k) + (s.transpose_a ? " a^T" : "") + (s.transpose_b ? " b^T" : "") +
                               (types == 0   ? " f32"
                                : types == 1 ? " bf16 to f32"
                                             : " bf16") +
                               (extras ? " extras" : ""),
                           [=](Stream& stream) { matmul_agrees(stream, s); }});
        }
      }
    }
  }
  for (const bool rounded : {false, true}) {
    for (const std::int64_t rows : {1, 255, 1000}) {
      for (const std::int64_t cols : {1, 131, 320}) {
        cases.push_back(
            {"train: bias_backward " + type_name(rounded) + std::to_string(rows) + " x " + std::to_string(cols),
             [=](Stream& stream) { bias_backward_agrees(stream, rows, cols, rounded); }});
      }
    }
  }
  for (const WeightFormat format :
       {WeightFormat::f32, WeightFormat::f16, WeightFormat::bf16, WeightFormat::q8_0, WeightFormat::q4_1}) {
    for (const bool rounded : {false, true}) {
      for (const std::int64_t outputs : {72, 77}) {
        cases.push_back({"train: linear_input_backward " + type_name(rounded) + std::string(name(format)) + ", " +
                             std::to_string(outputs) + " outputs",
                         [=](Stream& stream) { input_backward_agrees(stream, format, 37, outputs, 96, rounded); }});
        cases.push_back({"train: frozen_linear " + type_name(rounded) + std::string(name(format)) + ", " +
                             std::to_string(outputs) + " outputs",
                         [=](Stream& stream) { frozen_linear_agrees(stream, format, 37, outputs, 96, rounded); }});
      }
    }
  }
}

void add_layer_cases(GpuCases& cases) {
  for (const bool rounded : {false, true}) {
    for (const ConvCase& s :
         {ConvCase{{64, 100, 1, 130}, 136, 4, true, true, rounded}, ConvCase{{200}, 136, 4, false, false, rounded},
          ConvCase{{70, 64}, 5, 4, true, true, rounded}, ConvCase{{65, 2, 64}, 6, 2, true, true, rounded},
          ConvCase{{65, 2, 64}, 7, 8, false, true, rounded}, ConvCase{{3, 3, 128}, 40, 3, true, false, rounded},
          ConvCase{{100, 64, 300}, 520, 4, true, false, rounded}, ConvCase{{9000, 70}, 264, 4, true, true, rounded},
          // More units than blocks are at work at a time: several in one stretch.
          ConvCase{{70000, 100, 64, 9000, 128, 30000}, 8, 4, true, true, rounded}}) {
      cases.push_back({"train: causal_conv1d " + type_name(rounded) + std::to_string(s.channels) +
                           " channels, K=" + std::to_string(s.taps) + ", " + std::to_string(s.lengths.size()) +
                           " sequences from " + std::to_string(s.lengths[0]),
                       [=](Stream& stream) { conv_agrees(stream, s); }});
    }
    for (const std::int64_t cols : {5, 64, 512, 768, 1024, 1536, 4096, 8192, 8196, 771}) {
      for (const std::int64_t rows : {1, 3}) {
        cases.push_back(
            {"train: rms_norm_backward " + type_name(rounded) + std::to_string(rows) + " x " + std::to_string(cols),
             [=](Stream& stream) { norm_agrees(stream, rows, cols, rounded, rows == 3); }});
      }
    }
    cases.push_back({"train: rms_norm_backward " + type_name(rounded) + "many rows",
                     [=](Stream& stream) { norm_agrees(stream, 2500, 64, rounded, true); }});
    for (const std::int64_t cols : {5, 64, 768, 1536, 4096, 8196, 20001}) {
      cases.push_back({"train: rms_norm of a sum " + type_name(rounded) + "7 x " + std::to_string(cols),
                       [=](Stream& stream) { norm_of_sum_agrees(stream, 7, cols, rounded); }});
    }
    struct Gated {
      std::int64_t rows, cols, groups;
    };
    for (const Gated& g :
         {Gated{3, 7, 1}, Gated{2, 96, 3}, Gated{3, 1024, 1}, Gated{2, 1536, 1}, Gated{3, 8192, 8}, Gated{1, 20000, 4},
          Gated{2, 6144, 1}, Gated{2500, 64, 2}, Gated{8200, 144, 2}, Gated{8193, 520, 1}, Gated{8192, 1032, 1}}) {
      if (!rounded && g.rows > 8000) continue;  // what takes many rows takes bf16 alone
      cases.push_back({"train: gated_rms_norm_backward " + type_name(rounded) + std::to_string(g.rows) + " x " +
                           std::to_string(g.cols) + ", groups " + std::to_string(g.groups),
                       [=](Stream& stream) { gated_norm_agrees(stream, g.rows, g.cols, g.groups, rounded); }});
    }
  }
}

void add_packed_scan_cases(GpuCases& cases) {
  const std::vector<std::int64_t> some_lengths{64, 130, 1, 200};
  // More chunks than a GPU has room for at once: then a block takes several heads, one after the other.
  std::vector<std::int64_t> many_lengths;
  for (std::int64_t i = 0; i < 264; ++i) many_lengths.push_back(i % 12 == 0 ? 64 : 3 + i % 7);
  const std::vector<ScanCase> all{
      {some_lengths, 4, 8, 16, 2, true, false, 1.0},
      {some_lengths, 3, 5, 7, 1, false, false, 0.01},
      {{300}, 2, 64, 64, 1, true, false, 0.01},
      {{100, 64}, 2, 64, 128, 2, true, false, 1.0, true},
      {{65}, 2, 16, 200, 1, false, false, 0.05},
      {some_lengths, 3, 8, 16, 1, true, true, 0.01},  // no tensor cores for this shape
      {some_lengths, 4, 64, 128, 2, true, true, 1.0},
      {some_lengths, 4, 64, 128, 2, true, true, 0.01},
      {some_lengths, 3, 64, 64, 3, false, true, 0.01},
      {{100, 64}, 6, 64, 128, 1, true, true, 0.01, true},
      {{1}, 1, 64, 128, 1, false, true, 1.0},
      {{64, 64, 64}, 20, 64, 64, 1, true, true, 0.1},
      {{100}, 40, 64, 64, 1, false, true, 0.1},
      {many_lengths, 3, 64, 64, 1, true, true, 0.05},
      {many_lengths, 4, 64, 128, 2, true, true, 0.2},
      {{2000}, 1, 64, 64, 1, true, true, 0.001},             // in segments
      {{1500, 64, 1300}, 1, 64, 64, 1, true, true, 0.003}};  // in segments, of unequal sequences
  for (const ScanCase& s : all) {
    cases.push_back({"train: ssd_scan " + type_name(s.rounded) + "H=" + std::to_string(s.heads) +
                         ", P=" + std::to_string(s.head_dim) + ", N=" + std::to_string(s.d_state) + ", " +
                         std::to_string(s.lengths.size()) + " sequences from " + std::to_string(s.lengths[0]) +
                         ", A x " + std::to_string(s.slow),
                     [=](Stream& stream) { scan_agrees(stream, s); }});
  }
}

void add_loss_cases(GpuCases& cases) {
  const int plain = -1;
  const int q8 = static_cast<int>(WeightFormat::q8_0);
  const int bf16 = static_cast<int>(WeightFormat::bf16);
  const int f32 = static_cast<int>(WeightFormat::f32);
  for (const EntropyCase& s :
       {EntropyCase{70, 24, 203, false, plain}, EntropyCase{130, 64, 1000, false, plain},
        EntropyCase{1, 7, 5, false, plain}, EntropyCase{33, 32, 77, false, f32}, EntropyCase{33, 32, 96, false, q8},
        EntropyCase{130, 64, 1000, true, plain}, EntropyCase{70, 24, 203, true, plain},
        EntropyCase{13, 16, 5000, true, plain}, EntropyCase{11, 16, 50288, true, plain},
        EntropyCase{301, 8, 16388, true, plain}, EntropyCase{140, 8, 57344, true, plain},
        EntropyCase{5, 8, 57352, true, plain}, EntropyCase{7, 8, 20001, true, plain},
        EntropyCase{64, 64, 512, true, bf16}, EntropyCase{64, 64, 512, true, q8}}) {
    cases.push_back({"train: cross_entropy " + type_name(s.rounded) + std::to_string(s.tokens) + " x " +
                         std::to_string(s.width) + " x " + std::to_string(s.vocabulary) +
                         (s.frozen < 0 ? "" : ", frozen " + std::string(name(static_cast<WeightFormat>(s.frozen)))),
                     [=](Stream& stream) { entropy_agrees(stream, s); }});
  }
}

void add_low_rank_cases(GpuCases& cases) {
  for (const bool rounded : {false, true}) {
    for (const std::int64_t rank : {5, 16}) {
      cases.push_back({"train: cross_entropy " + type_name(rounded) + "with a part of rank " + std::to_string(rank),
                       [=](Stream& stream) { low_rank_agrees(stream, 130, 203, rank, rounded); }});
    }
  }
}

void add_flat_cases(GpuCases& cases) {
  for (const std::int64_t misalign : {0, 1}) {
    for (const std::int64_t width : {1, 24, 600}) {
      cases.push_back({"train: embedding " + std::to_string(width) + " columns, off by " + std::to_string(misalign),
                       [=](Stream& stream) { embedding_agrees(stream, 300, 40, width, misalign); }});
    }
    for (const std::int64_t count : {1, 7, 4096, 100003}) {
      const std::string where = std::to_string(count) + ", off by " + std::to_string(misalign);
      cases.push_back(
          {"train: adamw " + where, [=](Stream& stream) { adamw_agrees(stream, count, misalign, misalign == 0); }});
      cases.push_back({"train: sums of " + where, [=](Stream& stream) { sums_agree(stream, count, misalign); }});
      cases.push_back(
          {"train: conversions of " + where, [=](Stream& stream) { conversions_agree(stream, count, misalign); }});
    }
  }
}

}  // namespace

void add_train_cases(GpuCases& cases) {
  add_product_cases(cases);
  add_layer_cases(cases);
  add_packed_scan_cases(cases);
  add_loss_cases(cases);
  add_low_rank_cases(cases);
  add_flat_cases(cases);
}

}  // namespace holdfast::test
