// ssd_scan against the recurrence in double, on every instruction set, and the laws of a scan.
//
// Faults that were planted in kernels/cpu/ssd_scan.cpp, and seen to fail here:
//   the decay of the state over a chunk lost, or of the state in y; the group index off by one; the state not
//   carried over a chunk border, or over a segment border; the token itself left out of the triangle, or one
//   future token let in; sums of decays in one float; D x lost; dt not clamped from below; y written one column
//   past the head.
#include "kernels/ssd_scan.h"

#include <QTest>
#include <cmath>

#include "kernels/error.h"
#include "tests/support/data.h"
#include "tests/support/ssd_data.h"
#include "tests/support/targets.h"

using namespace holdfast;
using test::Comparison;
using test::GuardedFloats;
using test::SsdData;

namespace {

struct ScanRun {
  std::vector<float> y, state, log_decay;
};

std::vector<float> copy_of(std::span<const float> values) { return {values.begin(), values.end()}; }

// Tokens [first, last) of `data` from `state`. dt stands in rows that are wider than the heads, as in in_proj's output,
// and all buffers stand off their alignment.
ScanRun run_scan(const SsdData& data, int threads, std::int64_t chunk, std::int64_t first, std::int64_t last,
                 std::span<const float> state, Comparison* intact = nullptr) {
  const oracle::SsdShape& s = data.shape;
  const std::int64_t tokens = last - first;
  const std::int64_t dt_stride = s.heads + 3;
  Stream stream(Device::cpu(), threads);
  GuardedFloats y(tokens * s.inner(), 1);
  GuardedFloats h(state, 2);
  GuardedFloats log_decay(tokens * s.heads, 3);
  const std::span xbc_all(data.xbc);
  GuardedFloats xbc(
      xbc_all.subspan(static_cast<std::size_t>(first * s.conv_dim()), static_cast<std::size_t>(tokens * s.conv_dim())),
      5);
  GuardedFloats dt(tokens * dt_stride, 7);
  for (std::int64_t t = 0; t < tokens; ++t) {
    std::copy_n(data.dt_raw.begin() + (first + t) * s.heads, s.heads, dt.data() + t * dt_stride);
  }
  TensorView dt_view = view_of(dt.values(), Shape{tokens * dt_stride});
  dt_view.shape = Shape{tokens, s.heads};
  ssd_scan(stream, {.y = y.view(Shape{tokens, s.heads, s.head_dim}),
                    .state = h.view(Shape{s.heads, s.head_dim, s.d_state}),
                    .xbc = xbc.view(Shape{tokens, s.conv_dim()}),
                    .dt_raw = dt_view,
                    .dt_stride = dt_stride,
                    .dt_bias = view_of(std::span(data.dt_bias), Shape{s.heads}),
                    .a = view_of(std::span(data.a), Shape{s.heads}),
                    .d = view_of(std::span(data.d), Shape{s.heads}),
                    .groups = s.groups,
                    .dt_min = data.dt_min,
                    .dt_max = data.dt_max,
                    .chunk = chunk,
                    .log_decay = log_decay.view(Shape{tokens, s.heads})});
  if (intact != nullptr) {
    for (const GuardedFloats* buffer : {&y, &h, &log_decay, &xbc, &dt}) {
      *intact = buffer->intact();
      if (!*intact) break;
    }
  }
  return {copy_of(y.values()), copy_of(h.values()), copy_of(log_decay.values())};
}

ScanRun run_scan(const SsdData& data, int threads, std::int64_t chunk) {
  return run_scan(data, threads, chunk, 0, data.shape.tokens, data.state);
}

oracle::Numbers twice_the_bound(const oracle::Numbers& numbers, std::span<const float> around) {
  oracle::Numbers result = numbers;
  for (std::size_t i = 0; i < result.size(); ++i) {
    result[i].value = static_cast<double>(around[i]);
    result[i].bound *= 2.0;
  }
  return result;
}

}  // namespace

class SsdScanTest : public QObject {
  Q_OBJECT

  static void shapes() {
    QTest::addColumn<std::int64_t>("heads");
    QTest::addColumn<std::int64_t>("head_dim");
    QTest::addColumn<std::int64_t>("d_state");
    QTest::addColumn<std::int64_t>("groups");
    QTest::addColumn<std::int64_t>("tokens");
    struct Row {
      const char* name;
      std::int64_t heads, head_dim, d_state, groups;
    };
    const Row rows[] = {{"golden, one group", 8, 16, 16, 1},          {"golden, two groups", 6, 32, 32, 2},
                        {"golden, four groups", 4, 64, 64, 4},        {"odd", 6, 5, 7, 2},
                        {"odd, wider than a register", 2, 37, 19, 1}, {"smallest", 1, 1, 1, 1},
                        {"published heads", 2, 64, 128, 1},           {"one wide head", 1, 100, 24, 1}};
    for (const Row& row : rows) {
      for (const std::int64_t tokens : {1, 2, 3, 63, 64, 65, 130, 257}) {
        QTest::addRow("%s, T=%d", row.name, static_cast<int>(tokens))
            << row.heads << row.head_dim << row.d_state << row.groups << tokens;
      }
    }
  }
  static SsdData fetch() {
    QFETCH(std::int64_t, heads);
    QFETCH(std::int64_t, head_dim);
    QFETCH(std::int64_t, d_state);
    QFETCH(std::int64_t, groups);
    QFETCH(std::int64_t, tokens);
    return {{tokens, heads, head_dim, d_state, groups}, 7};
  }

 private slots:
  void agrees_with_the_recurrence_data() { shapes(); }
  void agrees_with_the_recurrence() {
    const SsdData data = fetch();
    const oracle::SsdResult want = data.expected();
    for (const test::Target& target : test::cpu_targets()) {
      const test::UseTarget use(target);
      for (const std::int64_t chunk : {1, 16, 64, 100, 256}) {
        Comparison intact;
        const int threads = 1 + static_cast<int>(chunk % 3);
        const ScanRun got = run_scan(data, threads, chunk, 0, data.shape.tokens, data.state, &intact);
        const auto where = target.name + ", chunk " + std::to_string(chunk);
        for (const Comparison& result : {oracle::compare(got.y, want.y), oracle::compare(got.state, want.state),
                                         oracle::compare(got.log_decay, want.log_decay), intact}) {
          QVERIFY2(result.ok, (where + ": " + result.report).c_str());
        }
      }
    }
  }

  void dt_is_clamped_on_both_sides() {
    SsdData data({70, 3, 8, 16, 1}, 11);
    data.dt_min = 0.05f;
    data.dt_max = 0.1f;
    const oracle::SsdResult want = data.expected();
    const ScanRun got = run_scan(data, 2, 32);
    HOLDFAST_COMPARE(oracle::compare(got.y, want.y));
    HOLDFAST_COMPARE(oracle::compare(got.state, want.state));
  }

  void decays_that_underflow_are_zero_and_finite() {
    SsdData data({130, 2, 8, 16, 1}, 12);
    for (float& raw : data.dt_raw) raw += 20.0f;  // exp(-300) per token
    const oracle::SsdResult want = data.expected();
    for (const std::int64_t chunk : {1, 64, 256}) {
      const ScanRun got = run_scan(data, 2, chunk);
      HOLDFAST_COMPARE(oracle::compare(got.y, want.y));
      HOLDFAST_COMPARE(oracle::compare(got.state, want.state));
    }
  }

  // After tokens whose log decays sum to -15000, sums kept in one float would be exact to 1e-3 only.
  void small_decays_late_in_a_chunk_are_as_exact_as_early_ones() {
    SsdData data({256, 2, 8, 16, 1}, 13);
    data.a = {-16.0f, -16.0f};
    data.dt_bias = {0.0f, 0.0f};
    for (std::size_t i = 0; i < data.dt_raw.size(); ++i) data.dt_raw[i] = i < 100 ? 19.0f : -5.5f;
    const oracle::SsdResult want = data.expected();
    const ScanRun got = run_scan(data, 1, 256);
    HOLDFAST_COMPARE(oracle::compare(got.y, want.y));
    HOLDFAST_COMPARE(oracle::compare(got.state, want.state));
  }

  void any_chunk_gives_the_same() {
    const SsdData data({150, 4, 24, 20, 2}, 14);
    const oracle::SsdResult bounds = data.expected();
    const ScanRun want = run_scan(data, 1, 1);
    for (const std::int64_t chunk : {2, 7, 64, 149, 150, 151, 100000}) {
      const ScanRun got = run_scan(data, 1, chunk);
      HOLDFAST_COMPARE(oracle::compare(got.y, twice_the_bound(bounds.y, want.y)));
      HOLDFAST_COMPARE(oracle::compare(got.state, twice_the_bound(bounds.state, want.state)));
    }
  }

  void any_split_gives_the_same_with_the_state_carried() {
    const SsdData data({150, 4, 24, 20, 2}, 15);
    const oracle::SsdResult bounds = data.expected();
    const ScanRun whole = run_scan(data, 1, 64);
    for (const std::int64_t split : {1, 3, 63, 64, 65, 149}) {
      const ScanRun head = run_scan(data, 1, 64, 0, split, data.state);
      const ScanRun tail = run_scan(data, 1, 64, split, 150, head.state);
      std::vector<float> y = head.y;
      y.insert(y.end(), tail.y.begin(), tail.y.end());
      HOLDFAST_COMPARE(oracle::compare(y, twice_the_bound(bounds.y, whole.y)));
      HOLDFAST_COMPARE(oracle::compare(tail.state, twice_the_bound(bounds.state, whole.state)));
    }
  }

  // Longer than what is held of G and B at a time.
  void a_long_sequence_goes_by_segments() {
    const SsdData data({1100, 2, 4, 8, 2}, 16);
    const oracle::SsdResult want = data.expected();
    for (const std::int64_t chunk : {64, 200}) {
      const ScanRun got = run_scan(data, 2, chunk);
      HOLDFAST_COMPARE(oracle::compare(got.y, want.y));
      HOLDFAST_COMPARE(oracle::compare(got.state, want.state));
      HOLDFAST_COMPARE(oracle::compare(got.log_decay, want.log_decay));
    }
  }

  void y_before_a_changed_token_is_bitwise_the_same() {
    const SsdData data({100, 4, 20, 12, 2}, 17);
    const ScanRun want = run_scan(data, 2, 32);
    for (const std::int64_t t : {1, 5, 31, 32, 33, 99}) {
      SsdData changed = data;
      for (std::int64_t c = 0; c < data.shape.conv_dim(); ++c) {
        changed.xbc[static_cast<std::size_t>(t * data.shape.conv_dim() + c)] += 3.0f;
      }
      for (std::int64_t h = 0; h < 4; ++h) changed.dt_raw[static_cast<std::size_t>(t * 4 + h)] += 1.0f;
      const ScanRun got = run_scan(changed, 2, 32);
      const auto before = static_cast<std::size_t>(t * data.shape.inner());
      HOLDFAST_COMPARE(test::compare_bitwise(std::span(got.y).first(before), std::span(want.y).first(before)));
      QVERIFY(!test::compare_bitwise(std::span(got.y).subspan(before), std::span(want.y).subspan(before)));
    }
  }

  void heads_of_other_groups_do_not_matter() {
    const SsdData data({70, 4, 8, 12, 2}, 18);
    SsdData changed = data;
    for (std::int64_t t = 0; t < 70; ++t) {  // group 1: its B and C
      const auto row = static_cast<std::size_t>(t * data.shape.conv_dim() + data.shape.inner());
      for (std::size_t n = 0; n < 12; ++n) changed.xbc[row + 12 + n] = changed.xbc[row + 36 + n] = 9.0f;
    }
    const ScanRun want = run_scan(data, 1, 32);
    const ScanRun got = run_scan(changed, 1, 32);
    HOLDFAST_COMPARE(test::compare_bitwise(std::span(got.state).first(2 * 8 * 12), std::span(want.state).first(192)));
    QVERIFY(!test::compare_bitwise(std::span(got.state).subspan(192), std::span(want.state).subspan(192)));
  }

  void dt_of_zero_keeps_the_state_bitwise() {
    SsdData data({75, 3, 9, 18, 1}, 19);
    data.dt_max = 0.0f;
    for (const std::int64_t chunk : {1, 16, 64}) {
      const ScanRun got = run_scan(data, 2, chunk);
      HOLDFAST_COMPARE(test::compare_bitwise(got.state, data.state));
      HOLDFAST_COMPARE(oracle::compare(got.y, data.expected().y));
    }
  }

  void the_same_run_is_bitwise_equal_with_any_number_of_threads() {
    for (const std::int64_t heads : {1, 2, 5}) {  // few heads: their columns are split
      const SsdData data({130, heads, 70, 40, 1}, 20);
      const ScanRun want = run_scan(data, 1, 64);
      for (const int threads : {1, 2, 3}) {
        const ScanRun got = run_scan(data, threads, 64);
        HOLDFAST_COMPARE(test::compare_bitwise(got.y, want.y));
        HOLDFAST_COMPARE(test::compare_bitwise(got.state, want.state));
      }
    }
  }

  void wrong_arguments_are_refused_by_name() {
    const SsdData data({4, 2, 3, 5, 1}, 21);
    Stream stream(Device::cpu(), 1);
    std::vector<float> y(24), state = data.state;
    const auto good = [&] {
      return SsdScanArgs{.y = view_of(std::span(y), Shape{4, 2, 3}),
                         .state = view_of(std::span(state), Shape{2, 3, 5}),
                         .xbc = view_of(std::span(data.xbc), Shape{4, 16}),
                         .dt_raw = view_of(std::span(data.dt_raw), Shape{4, 2}),
                         .dt_stride = 2,
                         .dt_bias = view_of(std::span(data.dt_bias), Shape{2}),
                         .a = view_of(std::span(data.a), Shape{2}),
                         .d = view_of(std::span(data.d), Shape{2})};
    };
    const auto refused = [&](const SsdScanArgs& args, const char* part) {
      try {
        ssd_scan(stream, args);
      } catch (const ArgumentError& error) {
        return QString(error.what()).contains(part);
      }
      return false;
    };
    ssd_scan(stream, good());
    SsdScanArgs args = good();
    args.groups = 3;
    QVERIFY(refused(args, "ssd_scan: groups: 3, want a divisor of 2 heads"));
    args = good();
    args.chunk = 0;
    QVERIFY(refused(args, "ssd_scan: chunk: 0"));
    args = good();
    args.dt_stride = 1;
    QVERIFY(refused(args, "ssd_scan: dt_stride: 1"));
    args = good();
    args.dt_max = -1.0f;
    QVERIFY(refused(args, "dt_min"));
    args = good();
    args.xbc.shape = Shape{4, 15};
    QVERIFY(refused(args, "ssd_scan: xbc: shape (4, 15), want (4, 16)"));
    args = good();
    args.a.dtype = DType::bf16;
    QVERIFY(refused(args, "ssd_scan: a: bf16, want f32"));
  }
};

QTEST_GUILESS_MAIN(SsdScanTest)
#include "ssd_scan_test.moc"
