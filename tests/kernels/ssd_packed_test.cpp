// ssd_scan_packed and ssd_scan_backward against the recurrence in double, forwards and backwards, on every instruction
// set; the oracle's gradients against its own differences; and the laws of packed sequences.
//
// Faults that were planted in kernels/cpu/ssd_scan.cpp and ssd_backward.cpp, and seen to fail here:
//   the state not begun anew at a sequence; the initial state given to the first sequence alone; the decay of
//   states over a chunk lost; gradients carried over a boundary; a clamped dt let through; of the gradient of a
//   log decay, the column sums lost or kept in float, or H0 with the tokens, the tokens with dH1, or H0 with dH1
//   lost; the direct gradient of dt through the state lost, or A in the other; D dY lost; dt lost in dB; W
//   without its decays; heads of later batches written over the earlier ones; the group index off; d_initial
//   written instead of added to; sums of decays in one float; one future token let into the triangle; the
//   padding of a turned state left as it was.
#include <QTest>
#include <cmath>

#include "kernels/error.h"
#include "kernels/ssd_scan.h"
#include "tests/oracle/differences.h"
#include "tests/support/data.h"
#include "tests/support/packing.h"
#include "tests/support/ssd_data.h"
#include "tests/support/targets.h"

using namespace holdfast;
using test::Comparison;
using test::GuardedFloats;
using test::Packing;
using test::Random;
using test::SsdData;

namespace {

// Random packed sequences with the gradients of their outputs; padding rows have inputs, but no gradients.
struct PackedScan {
  Packing packing;
  SsdData data;
  std::vector<float> dy;  // (T, H*P)
  bool with_initial = true;
  std::vector<float> before;  // what parameters' gradients are added to

  PackedScan(std::vector<std::int64_t> lengths, oracle::SsdShape shape, std::uint64_t seed)
      : packing(std::move(lengths)), data(with_tokens(shape, packing.tokens()), seed) {
    Random random(seed + 1000);
    dy = random.normals(data.shape.tokens * data.shape.inner());
    packing.fill_padding(dy, data.shape.inner(), 0.0f);
    before = random.normals(std::max(data.shape.heads, std::ssize(data.state)));
  }
  static oracle::SsdShape with_tokens(oracle::SsdShape shape, std::int64_t tokens) {
    shape.tokens = tokens;
    return shape;
  }
};

std::vector<float> values_of(const GuardedFloats& buffer) { return {buffer.values().begin(), buffer.values().end()}; }

constexpr std::int64_t dt_gap = 3;  // rows of dt are so much wider than the heads

SsdPackedInputs inputs_of(const PackedScan& s, GuardedFloats& xbc, GuardedFloats& dt) {
  const oracle::SsdShape& shape = s.data.shape;
  const std::int64_t stride = shape.heads + dt_gap;
  for (std::int64_t t = 0; t < shape.tokens; ++t) {
    std::copy_n(s.data.dt_raw.begin() + t * shape.heads, shape.heads, dt.data() + t * stride);
  }
  SsdPackedInputs in{.xbc = xbc.view(Shape{shape.tokens, shape.conv_dim()}),
                     .dt_raw = {dt.data(), DType::f32, Shape{shape.tokens, shape.heads}, DeviceKind::cpu},
                     .dt_stride = stride,
                     .dt_bias = view_of(std::span(s.data.dt_bias), Shape{shape.heads}),
                     .a = view_of(std::span(s.data.a), Shape{shape.heads}),
                     .d = view_of(std::span(s.data.d), Shape{shape.heads}),
                     .heads = shape.heads,
                     .head_dim = shape.head_dim,
                     .d_state = shape.d_state,
                     .groups = shape.groups,
                     .dt_min = s.data.dt_min,
                     .dt_max = s.data.dt_max,
                     .rows = s.packing.rows()};
  if (s.with_initial) {
    in.initial = view_of(std::span(s.data.state), Shape{shape.heads, shape.head_dim, shape.d_state});
  }
  return in;
}

std::vector<float> run_forward(const PackedScan& s, int threads, Comparison* intact = nullptr) {
  const oracle::SsdShape& shape = s.data.shape;
  GuardedFloats xbc(s.data.xbc, 5), dt(shape.tokens * (shape.heads + dt_gap), 7), y(shape.tokens * shape.inner(), 1);
  Stream stream(Device::cpu(), threads);
  ssd_scan_packed(stream, {.y = y.view(Shape{shape.tokens, shape.inner()}), .in = inputs_of(s, xbc, dt)});
  if (intact != nullptr) *intact = y.intact();
  return values_of(y);
}

struct Gradients {
  std::vector<float> xbc, dt_raw, a_log, d, dt_bias, initial;
  Comparison intact;
};

Gradients run_backward(const PackedScan& s, int threads) {
  const oracle::SsdShape& shape = s.data.shape;
  const std::int64_t stride = shape.heads + 2;
  const auto start = [&](std::int64_t count) { return std::span(s.before).first(static_cast<std::size_t>(count)); };
  GuardedFloats xbc(s.data.xbc, 5), dt(shape.tokens * (shape.heads + dt_gap), 7), dy(s.dy, 3);
  GuardedFloats d_xbc(std::ssize(s.data.xbc), 1), d_dt(shape.tokens * stride, 2);
  GuardedFloats d_a_log(start(shape.heads), 1), d_d(start(shape.heads), 2), d_dt_bias(start(shape.heads), 3);
  GuardedFloats d_initial(start(std::ssize(s.data.state)), 5);
  Stream stream(Device::cpu(), threads);
  ssd_scan_backward(stream, {.d_xbc = d_xbc.view(Shape{shape.tokens, shape.conv_dim()}),
                             .d_dt_raw = {d_dt.data(), DType::f32, Shape{shape.tokens, shape.heads}, DeviceKind::cpu},
                             .d_dt_stride = stride,
                             .d_a_log = d_a_log.view(Shape{shape.heads}),
                             .d_d = d_d.view(Shape{shape.heads}),
                             .d_dt_bias = d_dt_bias.view(Shape{shape.heads}),
                             .d_initial = d_initial.view(Shape{shape.heads, shape.head_dim, shape.d_state}),
                             .dy = dy.view(Shape{shape.tokens, shape.inner()}),
                             .in = inputs_of(s, xbc, dt)});
  Gradients got{values_of(d_xbc),     {},        values_of(d_a_log), values_of(d_d), values_of(d_dt_bias),
                values_of(d_initial), {true, ""}};
  for (std::int64_t t = 0; t < shape.tokens; ++t) {
    got.dt_raw.insert(got.dt_raw.end(), d_dt.data() + t * stride, d_dt.data() + t * stride + shape.heads);
  }
  for (const GuardedFloats* buffer : {&d_xbc, &d_dt, &d_a_log, &d_d, &d_dt_bias, &d_initial}) {
    if (got.intact) got.intact = buffer->intact();
  }
  return got;
}

oracle::Numbers initial_of(const PackedScan& s) {
  return s.with_initial ? oracle::exact(s.data.state) : oracle::Numbers(s.data.state.size());
}

// The oracle's gradients of one sequence alone.
oracle::SsdGradients expected_of(const PackedScan& s, std::size_t sequence) {
  oracle::SsdShape shape = s.data.shape;
  shape.tokens = s.packing.lengths[sequence];
  const auto rows = [&](const std::vector<float>& values, std::int64_t width) {
    return oracle::exact(s.packing.of_sequence(values, width, sequence));
  };
  return oracle::ssd_backward(shape, s.data.parameters(), rows(s.data.xbc, shape.conv_dim()),
                              rows(s.data.dt_raw, shape.heads), initial_of(s), rows(s.dy, shape.inner()));
}

struct Expected {
  std::vector<oracle::SsdGradients> of;
  oracle::Numbers a_log, d, dt_bias, initial;  // with what they are added to
  explicit Expected(const PackedScan& s) {
    const auto start = [&](std::size_t count) { return oracle::exact(std::span(s.before).first(count)); };
    a_log = d = dt_bias = start(s.data.a.size());
    initial = start(s.data.state.size());
    for (std::size_t i = 0; i < s.packing.lengths.size(); ++i) {
      of.push_back(expected_of(s, i));
      test::add_numbers(a_log, of.back().a_log);
      test::add_numbers(d, of.back().d);
      test::add_numbers(dt_bias, of.back().dt_bias);
      test::add_numbers(initial, of.back().state);
    }
  }
};

Comparison named(const std::string& what, const Comparison& result) { return {result.ok, what + ": " + result.report}; }

Comparison compare_gradients(const PackedScan& s, const Gradients& got, const Expected& want) {
  std::vector<Comparison> all{named("bounds", got.intact), named("a_log", oracle::compare(got.a_log, want.a_log)),
                              named("d", oracle::compare(got.d, want.d)),
                              named("dt_bias", oracle::compare(got.dt_bias, want.dt_bias)),
                              named("initial", oracle::compare(got.initial, want.initial))};
  for (std::size_t i = 0; i < want.of.size(); ++i) {
    const oracle::SsdShape& shape = s.data.shape;
    all.push_back(named("xbc", oracle::compare(s.packing.of_sequence(got.xbc, shape.conv_dim(), i), want.of[i].xbc)));
    all.push_back(
        named("dt_raw", oracle::compare(s.packing.of_sequence(got.dt_raw, shape.heads, i), want.of[i].dt_raw)));
  }
  for (const Comparison& one : all) {
    if (!one) return one;
  }
  return {true, ""};
}

Comparison compare_all_bitwise(const Gradients& got, const Gradients& want) {
  for (const Comparison& one :
       {named("xbc", test::compare_bitwise(got.xbc, want.xbc)),
        named("dt_raw", test::compare_bitwise(got.dt_raw, want.dt_raw)),
        named("a_log", test::compare_bitwise(got.a_log, want.a_log)), named("d", test::compare_bitwise(got.d, want.d)),
        named("dt_bias", test::compare_bitwise(got.dt_bias, want.dt_bias)),
        named("initial", test::compare_bitwise(got.initial, want.initial))}) {
    if (!one) return one;
  }
  return {true, ""};
}

}  // namespace

class SsdPackedTest : public QObject {
  Q_OBJECT

  static std::vector<std::pair<std::string, PackedScan>> cases() {
    std::vector<std::pair<std::string, PackedScan>> all;
    all.emplace_back("one sequence", PackedScan({64}, {0, 2, 16, 16, 1}, 1));
    all.emplace_back("several, padded", PackedScan({63, 1, 130, 64}, {0, 4, 24, 20, 2}, 2));
    all.emplace_back("odd", PackedScan({100, 65}, {0, 6, 5, 7, 2}, 3));
    all.emplace_back("odd, wider than a register", PackedScan({70, 64}, {0, 2, 37, 19, 1}, 4));
    all.emplace_back("smallest", PackedScan({1, 2, 3}, {0, 1, 1, 1, 1}, 5));
    all.emplace_back("a group for each head", PackedScan({129}, {0, 3, 8, 12, 3}, 6));
    all.emplace_back("published heads", PackedScan({90}, {0, 2, 64, 128, 1}, 7));
    all.emplace_back("long", PackedScan({700, 500}, {0, 2, 4, 8, 1}, 8));
    all.emplace_back("no initial state", PackedScan({65, 20}, {0, 3, 9, 18, 1}, 9));
    all.back().second.with_initial = false;
    return all;
  }

 private slots:
  void the_packed_scan_agrees_with_the_recurrence() {
    for (const auto& [name, s] : cases()) {
      for (const test::Target& target : test::cpu_targets()) {
        const test::UseTarget use(target);
        Comparison intact;
        const std::vector<float> got = run_forward(s, 2, &intact);
        QVERIFY2(intact.ok, (name + ", " + target.name + ": " + intact.report).c_str());
        for (std::size_t i = 0; i < s.packing.lengths.size(); ++i) {
          oracle::SsdShape shape = s.data.shape;
          shape.tokens = s.packing.lengths[i];
          const auto want = oracle::ssd(
              shape, s.data.parameters(), oracle::exact(s.packing.of_sequence(s.data.xbc, shape.conv_dim(), i)),
              oracle::exact(s.packing.of_sequence(s.data.dt_raw, shape.heads, i)), initial_of(s));
          const Comparison result = oracle::compare(s.packing.of_sequence(got, shape.inner(), i), want.y);
          QVERIFY2(result.ok, (name + ", " + target.name + ": " + result.report).c_str());
        }
      }
    }
  }

  void the_gradients_agree_with_the_recurrence_backwards() {
    for (const auto& [name, s] : cases()) {
      const Expected want(s);
      for (const test::Target& target : test::cpu_targets()) {
        const test::UseTarget use(target);
        const Comparison result = compare_gradients(s, run_backward(s, 2), want);
        QVERIFY2(result.ok, (name + ", " + target.name + ": " + result.report).c_str());
      }
    }
  }

  void a_clamped_dt_has_no_gradient() {
    PackedScan s({70, 130}, {0, 3, 8, 16, 1}, 11);
    s.data.dt_min = 0.05f;
    s.data.dt_max = 0.1f;
    const Gradients got = run_backward(s, 2);
    HOLDFAST_COMPARE(compare_gradients(s, got, Expected(s)));
    const auto zeros = std::count(got.dt_raw.begin(), got.dt_raw.end(), 0.0f);
    QVERIFY(zeros > 100 && zeros < std::ssize(got.dt_raw) - 10);
  }

  void decays_that_underflow_leave_exact_gradients() {
    PackedScan s({130}, {0, 2, 8, 16, 1}, 12);
    for (float& raw : s.data.dt_raw) raw += 20.0f;  // exp(-300) per token
    HOLDFAST_COMPARE(compare_gradients(s, run_backward(s, 1), Expected(s)));
  }

  // With dt A near -8, what passes between neighbours is far smaller than what stands on the diagonal of a chunk.
  void gradients_of_strong_decays_do_not_drown() {
    PackedScan s({128, 64}, {0, 2, 8, 16, 1}, 13);
    s.data.a = {-16.0f, -8.0f};
    s.data.dt_bias = {0.0f, 1.0f};
    HOLDFAST_COMPARE(compare_gradients(s, run_backward(s, 1), Expected(s)));
  }

  void small_decays_late_in_a_chunk_are_as_exact_as_early_ones() {
    PackedScan s({128}, {0, 2, 8, 16, 1}, 14);
    s.data.a = {-16.0f, -16.0f};
    s.data.dt_bias = {0.0f, 0.0f};
    for (std::size_t i = 0; i < s.data.dt_raw.size(); ++i) s.data.dt_raw[i] = i % 128 < 70 ? 19.0f : -5.5f;
    HOLDFAST_COMPARE(compare_gradients(s, run_backward(s, 1), Expected(s)));
  }

  void the_oracle_agrees_with_its_own_differences() {
    const oracle::SsdShape shape{5, 4, 2, 3, 2};
    const SsdData data(shape, 15);
    Random random(16);
    oracle::Numbers xbc = oracle::exact(data.xbc), dt_raw = oracle::exact(data.dt_raw);
    oracle::Numbers state = oracle::exact(data.state);
    const oracle::Numbers dy = oracle::exact(random.normals(shape.tokens * shape.inner()));
    oracle::SsdParameters parameters = data.parameters();
    parameters.dt_bias = {-1.0, 0.5, -2.0, 0.0};
    parameters.dt_min = 0.2;  // some are clamped, none within a difference of the limits
    parameters.dt_max = 1.5;
    oracle::Numbers a_log;
    for (const oracle::Bounded& a : parameters.a) a_log.emplace_back(std::log(-a.value));
    const auto gradients = oracle::ssd_backward(shape, parameters, xbc, dt_raw, state, dy);
    const auto loss = [&] {
      for (std::size_t h = 0; h < a_log.size(); ++h) parameters.a[h] = -std::exp(a_log[h].value);
      return oracle::weighted_sum(dy, oracle::ssd(shape, parameters, xbc, dt_raw, state).y);
    };
    HOLDFAST_COMPARE(oracle::compare_with_differences(xbc, gradients.xbc, loss));
    HOLDFAST_COMPARE(oracle::compare_with_differences(dt_raw, gradients.dt_raw, loss));
    HOLDFAST_COMPARE(oracle::compare_with_differences(state, gradients.state, loss));
    HOLDFAST_COMPARE(oracle::compare_with_differences(a_log, gradients.a_log, loss));
    HOLDFAST_COMPARE(oracle::compare_with_differences(parameters.d, gradients.d, loss));
    HOLDFAST_COMPARE(oracle::compare_with_differences(parameters.dt_bias, gradients.dt_bias, loss));
    std::size_t clamped = 0;
    for (const oracle::Bounded& gradient : gradients.dt_raw) clamped += gradient.value == 0.0 ? 1 : 0;
    QVERIFY(clamped > 0 && clamped < gradients.dt_raw.size());
  }

  void packed_sequences_are_bitwise_what_each_is_alone() {
    const PackedScan s({100, 64, 7, 200}, {0, 4, 20, 12, 2}, 17);
    const std::vector<float> y = run_forward(s, 2);
    const Gradients packed = run_backward(s, 2);
    const std::int64_t channels = s.data.shape.conv_dim(), heads = s.data.shape.heads, inner = s.data.shape.inner();
    for (std::size_t i = 0; i < s.packing.lengths.size(); ++i) {
      PackedScan alone({s.packing.lengths[i]}, s.data.shape, 17);
      const auto rows = [&](const std::vector<float>& values, std::int64_t width) {
        const auto first = values.begin() + s.packing.begins[i] * width;
        return std::vector(first, first + alone.packing.tokens() * width);
      };
      alone.data.xbc = rows(s.data.xbc, channels);
      alone.data.dt_raw = rows(s.data.dt_raw, heads);
      alone.data.state = s.data.state;
      alone.data.dt_bias = s.data.dt_bias;
      alone.data.a = s.data.a;
      alone.data.d = s.data.d;
      alone.dy = rows(s.dy, inner);
      HOLDFAST_COMPARE(test::compare_bitwise(run_forward(alone, 1), rows(y, inner)));
      const Gradients got = run_backward(alone, 1);
      HOLDFAST_COMPARE(test::compare_bitwise(got.xbc, rows(packed.xbc, channels)));
      HOLDFAST_COMPARE(test::compare_bitwise(got.dt_raw, rows(packed.dt_raw, heads)));
    }
  }

  void nothing_leaks_over_a_boundary() {
    const PackedScan s({64, 70, 64}, {0, 2, 12, 10, 1}, 18);
    PackedScan changed = s;  // all of the sequence in the middle
    const auto change = [&](std::vector<float>& values, std::int64_t width) {
      for (std::int64_t i = 64 * width; i < 192 * width; ++i) values[static_cast<std::size_t>(i)] += 1.0f;
    };
    change(changed.data.xbc, s.data.shape.conv_dim());
    change(changed.data.dt_raw, s.data.shape.heads);
    change(changed.dy, s.data.shape.inner());
    const std::vector<float> y = run_forward(s, 1), other_y = run_forward(changed, 1);
    const Gradients want = run_backward(s, 1), got = run_backward(changed, 1);
    for (const std::size_t i : {std::size_t{0}, std::size_t{2}}) {
      const auto same = [&](const std::vector<float>& a, const std::vector<float>& b, std::int64_t width) {
        return test::compare_bitwise(s.packing.of_sequence(a, width, i), s.packing.of_sequence(b, width, i));
      };
      HOLDFAST_COMPARE(same(other_y, y, s.data.shape.inner()));
      HOLDFAST_COMPARE(same(got.xbc, want.xbc, s.data.shape.conv_dim()));
      HOLDFAST_COMPARE(same(got.dt_raw, want.dt_raw, s.data.shape.heads));
    }
    QVERIFY(!test::compare_bitwise(got.xbc, want.xbc));
  }

  void padding_does_not_matter_and_has_no_gradients() {
    const PackedScan s({1, 90, 64, 33}, {0, 2, 12, 10, 1}, 19);
    PackedScan other = s;
    other.packing.fill_padding(other.data.xbc, s.data.shape.conv_dim(), 5.0f);
    other.packing.fill_padding(other.data.dt_raw, s.data.shape.heads, -3.0f);
    const Gradients want = run_backward(s, 1);
    HOLDFAST_COMPARE(compare_all_bitwise(run_backward(other, 1), want));
    s.packing.for_padding([&](std::int64_t row) {
      for (std::int64_t c = 0; c < s.data.shape.conv_dim(); ++c) {
        QCOMPARE(want.xbc[static_cast<std::size_t>(row * s.data.shape.conv_dim() + c)], 0.0f);
      }
      for (std::int64_t h = 0; h < s.data.shape.heads; ++h) {
        QCOMPARE(want.dt_raw[static_cast<std::size_t>(row * s.data.shape.heads + h)], 0.0f);
      }
    });
  }

  void any_number_of_threads_gives_the_same_bits_and_so_does_the_same_call() {
    for (const std::int64_t heads : {1, 2, 5}) {
      const PackedScan s({130, 40, 64}, {0, heads, 70, 40, 1}, 20);
      const std::vector<float> y = run_forward(s, 1);
      const Gradients want = run_backward(s, 1);
      for (const int threads : {1, 2, 3}) {
        HOLDFAST_COMPARE(test::compare_bitwise(run_forward(s, threads), y));
        HOLDFAST_COMPARE(compare_all_bitwise(run_backward(s, threads), want));
      }
    }
  }

  // More heads than the states of which are held at a time: dB and dC are summed over batches of heads.
  void many_heads_go_by_batches() {
    const PackedScan s({192}, {0, 48, 256, 256, 1}, 23);
    const Gradients whole = run_backward(s, 2);
    const std::int64_t inner = s.data.shape.inner(), half = inner / 2, states = 2 * s.data.shape.d_state;
    std::vector<std::vector<double>> sums;
    for (const std::int64_t part : {0, 1}) {
      PackedScan of_half({192}, {0, 24, 256, 256, 1}, 23);
      const auto columns = [&](const std::vector<float>& from, std::int64_t width, std::int64_t first,
                               std::int64_t count) {
        std::vector<float> to;
        for (std::int64_t t = 0; t < 192; ++t) {
          to.insert(to.end(), from.begin() + t * width + first, from.begin() + t * width + first + count);
        }
        return to;
      };
      const std::vector<float> x = columns(s.data.xbc, inner + states, part * half, half);
      const std::vector<float> bc = columns(s.data.xbc, inner + states, inner, states);
      of_half.data.xbc.clear();
      for (std::int64_t t = 0; t < 192; ++t) {
        of_half.data.xbc.insert(of_half.data.xbc.end(), x.begin() + t * half, x.begin() + (t + 1) * half);
        of_half.data.xbc.insert(of_half.data.xbc.end(), bc.begin() + t * states, bc.begin() + (t + 1) * states);
      }
      of_half.data.dt_raw = columns(s.data.dt_raw, 48, part * 24, 24);
      of_half.dy = columns(s.dy, inner, part * half, half);
      for (auto member : {&SsdData::dt_bias, &SsdData::a, &SsdData::d}) {
        std::copy_n((s.data.*member).begin() + part * 24, 24, (of_half.data.*member).begin());
      }
      std::copy_n(s.data.state.begin() + part * half * 256, half * 256, of_half.data.state.begin());
      const Gradients got = run_backward(of_half, 2);
      HOLDFAST_COMPARE(test::compare_bitwise(columns(got.xbc, half + states, 0, half),
                                             columns(whole.xbc, inner + states, part * half, half)));
      HOLDFAST_COMPARE(test::compare_bitwise(got.dt_raw, columns(whole.dt_raw, 48, part * 24, 24)));
      const std::vector<float> d_bc = columns(got.xbc, half + states, half, states);
      sums.emplace_back(d_bc.begin(), d_bc.end());
    }
    std::vector<float> d_bc;
    for (std::int64_t t = 0; t < 192; ++t) {
      const auto row = whole.xbc.begin() + t * (inner + states) + inner;
      d_bc.insert(d_bc.end(), row, row + states);
    }
    for (std::size_t i = 0; i < d_bc.size(); ++i) sums[0][i] += sums[1][i];
    // Sums over 48 heads in another order: 48 roundings of the largest are above that, a lost batch is far above.
    HOLDFAST_COMPARE(test::compare_relative(d_bc, sums[0], 48 * 0x1p-24));
  }

  void gradients_that_nobody_wants_may_be_absent() {
    const PackedScan s({70}, {0, 2, 12, 10, 1}, 21);
    const oracle::SsdShape& shape = s.data.shape;
    const Gradients want = run_backward(s, 1);
    GuardedFloats xbc(s.data.xbc), dt(shape.tokens * (shape.heads + dt_gap)), dy(s.dy);
    GuardedFloats d_xbc(std::ssize(s.data.xbc)), d_dt(shape.tokens * shape.heads);
    Stream stream(Device::cpu(), 1);
    ssd_scan_backward(stream, {.d_xbc = d_xbc.view(Shape{shape.tokens, shape.conv_dim()}),
                               .d_dt_raw = d_dt.view(Shape{shape.tokens, shape.heads}),
                               .d_dt_stride = shape.heads,
                               .dy = dy.view(Shape{shape.tokens, shape.inner()}),
                               .in = inputs_of(s, xbc, dt)});
    HOLDFAST_COMPARE(test::compare_bitwise(d_xbc.values(), want.xbc));
    HOLDFAST_COMPARE(test::compare_bitwise(d_dt.values(), want.dt_raw));
  }

  void wrong_arguments_are_refused_by_name() {
    const PackedScan s({64, 64}, {0, 2, 3, 5, 1}, 22);
    GuardedFloats xbc(s.data.xbc), dt(128 * (2 + dt_gap)), y(128 * 6);
    Stream stream(Device::cpu(), 1);
    const SsdScanPackedArgs good{.y = y.view(Shape{128, 6}), .in = inputs_of(s, xbc, dt)};
    ssd_scan_packed(stream, good);
    const auto refused = [&](const SsdScanPackedArgs& args, const char* part) {
      try {
        ssd_scan_packed(stream, args);
      } catch (const ArgumentError& error) {
        return QString(error.what()).contains(part);
      }
      return false;
    };
    SsdScanPackedArgs args = good;
    args.in.groups = 3;
    QVERIFY(refused(args, "ssd_scan_packed: groups: 3"));
    args = good;
    args.in.rows.sequences = 3;
    QVERIFY(refused(args, "ssd_scan_packed: 3 sequences, but sequence_of_unit names 2"));
    args = good;
    const std::vector<std::int32_t> gap{0, 2};
    args.in.rows.sequence_of_unit.data = gap.data();
    QVERIFY(refused(args, "sequence_of_unit[1]: 2, want 0 or 1"));
    args = good;
    args.y.shape = Shape{127, 6};
    args.in.xbc.shape = Shape{127, 16};
    args.in.dt_raw.shape = Shape{127, 2};
    QVERIFY(refused(args, "127 rows, want a multiple of 64"));
    args = good;
    args.in.initial.shape = Shape{2, 3, 4};
    QVERIFY(refused(args, "ssd_scan_packed: initial: shape (2, 3, 4), want (2, 3, 5)"));
  }
};

QTEST_GUILESS_MAIN(SsdPackedTest)
#include "ssd_packed_test.moc"
