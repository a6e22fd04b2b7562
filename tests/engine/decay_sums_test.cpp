// Running sums of log decays: what is left of any token, against the recurrence in double over long texts, and what
// others may have done to a packed form.
//
// Faults that were planted in engine/decay_sums.cpp, and seen to fail here:
//   differences rounded one by one; the sums kept in float; the rest of a block left out; a block's head off by one;
//   the open block forgotten when packed; joined stretches that forget what was left over a step, or carry it twice.
#include "engine/decay_sums.h"

#include <QTest>
#include <cmath>

#include "kernels/error.h"
#include "kernels/ssd_scan.h"
#include "tests/oracle/ssd.h"
#include "tests/support/data.h"
#include "tests/support/ssd_data.h"

using namespace holdfast;
using test::SsdData;

namespace {

constexpr std::int64_t long_text = 20000;

// Heads of all kinds: some forget at once, some hold on to a token for the whole text.
SsdData long_data() {
  SsdData data({.tokens = long_text, .heads = 6, .head_dim = 2, .d_state = 3, .groups = 1}, 17);
  data.a = {-16.0f, -0.9f, -0.03f, -2e-3f, -1e-4f, -3e-6f};
  return data;
}

std::vector<float> decays_of(const SsdData& data) {
  const oracle::SsdShape& s = data.shape;
  std::vector<float> y(static_cast<std::size_t>(s.tokens * s.inner())), state = data.state;
  std::vector<float> log_decay(static_cast<std::size_t>(s.tokens * s.heads));
  Stream stream(Device::cpu(), 2);
  const auto vector = [&](const std::vector<float>& v) { return view_of(std::span(v), Shape{s.heads}); };
  ssd_scan(stream, {.y = view_of(std::span(y), Shape{s.tokens, s.heads, s.head_dim}),
                    .state = view_of(std::span(state), Shape{s.heads, s.head_dim, s.d_state}),
                    .xbc = view_of(std::span(data.xbc), Shape{s.tokens, s.conv_dim()}),
                    .dt_raw = view_of(std::span(data.dt_raw), Shape{s.tokens, s.heads}),
                    .dt_stride = s.heads,
                    .dt_bias = vector(data.dt_bias),
                    .a = vector(data.a),
                    .d = vector(data.d),
                    .groups = s.groups,
                    .log_decay = view_of(std::span(log_decay), Shape{s.tokens, s.heads})});
  return log_decay;
}

DecaySums sums_of(const std::vector<float>& log_decay, std::int64_t heads) {
  DecaySums sums(heads);
  for (std::size_t t = 0; t < log_decay.size(); t += static_cast<std::size_t>(heads)) {
    sums.append(std::span(log_decay).subspan(t, static_cast<std::size_t>(heads)));
  }
  return sums;
}

// By the definition, in double, from what the kernel was given: (tokens + 1, heads).
std::vector<std::vector<double>> definition_of(const SsdData& data) {
  const auto heads = static_cast<std::size_t>(data.shape.heads);
  std::vector<std::vector<double>> sums(static_cast<std::size_t>(long_text + 1), std::vector<double>(heads));
  for (std::size_t t = 0; t < static_cast<std::size_t>(long_text); ++t) {
    for (std::size_t h = 0; h < heads; ++h) {
      const double raw = static_cast<double>(data.dt_raw[t * heads + h]) + static_cast<double>(data.dt_bias[h]);
      sums[t + 1][h] = sums[t][h] + std::log1p(std::exp(raw)) * static_cast<double>(data.a[h]);
    }
  }
  return sums;
}

// What is left of tokens written and looked at near and far from each other.
void compare_with_definition(const DecaySums& sums, const std::vector<std::vector<double>>& want) {
  test::Random random(4);
  int between = 0;  // pairs of which something is left and something lost: what the test is about
  for (int pair = 0; pair < 3000; ++pair) {
    const std::int64_t written = pair < 2 ? 0 : random.below(long_text);
    const std::int64_t reach = pair % 3 == 0 ? long_text : pair % 3 == 1 ? 200 : 8;
    const std::int64_t at = pair == 0 ? long_text : std::min(long_text, written + random.below(reach));
    const auto first = sums.after(written), last = sums.after(at);
    for (std::size_t h = 0; h < first.size(); ++h) {
      const double got = std::exp(last[h] - first[h]);
      const double wanted =
          std::exp(want[static_cast<std::size_t>(at)][h] - want[static_cast<std::size_t>(written)][h]);
      if (wanted > 0.01 && wanted < 0.99) ++between;
      QVERIFY2(std::abs(got - wanted) <= 1e-5, qPrintable(QStringLiteral("head %1, tokens %2 to %3: %4, want %5")
                                                              .arg(h)
                                                              .arg(written)
                                                              .arg(at)
                                                              .arg(got, 0, 'g', 12)
                                                              .arg(wanted, 0, 'g', 12)));
    }
  }
  QVERIFY(between > 2000);
}

}  // namespace

class DecaySumsTest : public QObject {
  Q_OBJECT

 private slots:
  void what_is_left_of_any_token_is_exact_over_a_long_text() {
    const SsdData data = long_data();
    const std::int64_t heads = data.shape.heads;
    const DecaySums sums = sums_of(decays_of(data), heads);
    QCOMPARE(sums.tokens(), long_text);
    compare_with_definition(sums, definition_of(data));
    QVERIFY2(sums.bytes() < static_cast<std::size_t>(long_text * heads * 4), qPrintable(QString::number(sums.bytes())));
  }

  // Stretches that were kept apart, each from 0, of every length around a block's and of one token.
  void joined_stretches_are_exact_over_any_number_of_seams() {
    const SsdData data = long_data();
    const std::int64_t heads = data.shape.heads;
    const std::vector<float> decays = decays_of(data);
    const std::vector<std::int64_t> lengths{1, 1, 2, 63, 64, 65, 7, 127, 128, 129, 1, 31, 500, 3};
    DecaySums joined(heads);
    int seams = 0;
    for (std::int64_t at = 0; at < long_text; ++seams) {
      const std::int64_t count = std::min(lengths[static_cast<std::size_t>(seams) % lengths.size()], long_text - at);
      const DecaySums own = sums_of({decays.begin() + at * heads, decays.begin() + (at + count) * heads}, heads);
      joined.append(DecaySums::unpack(own.packed(), own.rests(), heads, count, "test"));
      at += count;
    }
    QVERIFY(seams > 200);
    QCOMPARE(joined.tokens(), long_text);
    compare_with_definition(joined, definition_of(data));
    // They are sums like any other: they go on, and come back from their packed form.
    const DecaySums back = DecaySums::unpack(joined.packed(), joined.rests(), heads, long_text, "test");
    for (const std::int64_t t : {std::int64_t{1}, std::int64_t{777}, long_text}) {
      QCOMPARE(back.after(t), joined.after(t));
    }
    QVERIFY_EXCEPTION_THROWN(joined.append(DecaySums(heads + 1)), ArgumentError);
  }

  void all_ways_to_ask_agree() {
    test::Random random(9);
    std::vector<float> decays = random.uniforms(5 * 200, -0.7, 0.0);
    decays[17] = -1e9f;  // nothing is left, and later sums stay finite
    const DecaySums sums = sums_of(decays, 5);
    const std::vector<float> rows = sums.differences(60, 200);
    for (std::int64_t h = 0; h < 5; ++h) {
      const std::vector<double> head = sums.of_head(h);
      QCOMPARE(std::ssize(head), std::int64_t{201});
      for (const std::int64_t t : {0, 1, 63, 64, 65, 127, 128, 130, 199, 200}) {
        QCOMPARE(sums.after(t)[static_cast<std::size_t>(h)], head[static_cast<std::size_t>(t)]);
      }
      for (std::int64_t t = 60; t < 200; ++t) {
        const double step = head[static_cast<std::size_t>(t + 1)] - head[static_cast<std::size_t>(t)];
        QVERIFY(std::abs(step - static_cast<double>(rows[static_cast<std::size_t>((t - 60) * 5 + h)])) < 1e-6);
        QVERIFY(std::abs(step - static_cast<double>(decays[static_cast<std::size_t>(t * 5 + h)])) < 4e-6);
      }
    }
    QVERIFY(std::exp(sums.after(5)[2]) < 1e-50);
  }

  void the_packed_form_comes_back_and_goes_on() {
    test::Random random(2);
    const std::vector<float> decays = random.uniforms(3 * 150, -0.3, 0.0);
    for (const std::size_t tokens : {0U, 1U, 64U, 130U}) {
      const DecaySums some = sums_of({decays.begin(), decays.begin() + static_cast<std::ptrdiff_t>(3 * tokens)}, 3);
      DecaySums back = DecaySums::unpack(some.packed(), some.rests(), 3, static_cast<std::int64_t>(tokens), "test");
      QCOMPARE(back.after(back.tokens()), some.after(some.tokens()));
      for (std::size_t t = tokens; t < 150; ++t) back.append(std::span(decays).subspan(3 * t, 3));
      const auto want = sums_of(decays, 3).after(150), got = back.after(150);
      for (std::size_t h = 0; h < 3; ++h) QVERIFY(std::abs(got[h] - want[h]) <= 4e-6);
    }
  }

  void a_beginning_is_what_its_tokens_alone_would_be_and_goes_on() {
    test::Random random(12);
    const std::vector<float> decays = random.uniforms(3 * 200, -0.3, 0.0);
    const DecaySums whole = sums_of(decays, 3);
    for (const std::size_t tokens : {0U, 1U, 63U, 64U, 100U, 128U, 195U, 200U}) {
      DecaySums some = whole.first(static_cast<std::int64_t>(tokens));
      const DecaySums alone = sums_of({decays.begin(), decays.begin() + static_cast<std::ptrdiff_t>(3 * tokens)}, 3);
      QCOMPARE(some.tokens(), alone.tokens());
      for (std::int64_t h = 0; h < 3; ++h) QCOMPARE(some.of_head(h), alone.of_head(h));
      QVERIFY(some.packed() == alone.packed());
      QCOMPARE(some.after(some.tokens()), alone.after(alone.tokens()));
      for (std::size_t t = tokens; t < 200; ++t) some.append(std::span(decays).subspan(3 * t, 3));
      for (std::int64_t h = 0; h < 3; ++h) {
        const std::vector<double> got = some.of_head(h), want = whole.of_head(h);
        for (std::size_t t = 0; t <= 200; ++t) QVERIFY(std::abs(got[t] - want[t]) < 8e-6);
      }
    }
    QVERIFY_EXCEPTION_THROWN((void)whole.first(201), ArgumentError);
  }

  void damaged_packed_forms_are_refused() {
    test::Random random(2);
    const DecaySums sums = sums_of(random.uniforms(3 * 70, -0.3, 0.0), 3);
    const std::vector<std::byte> packed = sums.packed();
    const auto unpack = [&](std::span<const std::byte> bytes, std::int64_t heads, std::int64_t tokens) {
      (void)DecaySums::unpack(bytes, {}, heads, tokens, "test");
    };
    QVERIFY_EXCEPTION_THROWN(unpack(std::span(packed).first(packed.size() - 1), 3, 70), FormatError);
    QVERIFY_EXCEPTION_THROWN(unpack(packed, 3, 69), FormatError);
    QVERIFY_EXCEPTION_THROWN(unpack(packed, 4, 70), FormatError);
    QVERIFY_EXCEPTION_THROWN(unpack(packed, 3, std::int64_t{1} << 62), FormatError);
    QVERIFY_EXCEPTION_THROWN(unpack(packed, -1, 70), FormatError);
    for (const float rest : {-0.1f, 3.0f, std::nanf("")}) {
      const std::vector<float> rests{0.5f, rest, 0.0f};
      QVERIFY_EXCEPTION_THROWN((void)DecaySums::unpack(packed, rests, 3, 70, "test"), FormatError);
    }
    QVERIFY_EXCEPTION_THROWN((void)DecaySums::unpack(packed, std::vector<float>(2), 3, 70, "test"), FormatError);
    const std::vector<std::byte> endless(300, std::byte{0xff});
    QVERIFY_EXCEPTION_THROWN(unpack(endless, 3, 70), FormatError);
  }

  void what_is_no_decay_is_refused() {
    DecaySums sums(2);
    QVERIFY_EXCEPTION_THROWN(sums.append(std::vector<float>{-0.1f}), ArgumentError);
    QVERIFY_EXCEPTION_THROWN(sums.append(std::vector<float>{-0.1f, 0.1f}), NumericError);
    QVERIFY_EXCEPTION_THROWN(sums.append(std::vector<float>{-0.1f, std::nanf("")}), NumericError);
    QCOMPARE(sums.tokens(), std::int64_t{0});
    QVERIFY_EXCEPTION_THROWN((void)sums.after(1), ArgumentError);
    QVERIFY_EXCEPTION_THROWN((void)sums.of_head(2), ArgumentError);
    QVERIFY_EXCEPTION_THROWN((void)sums.differences(0, 1), ArgumentError);
  }
};

QTEST_GUILESS_MAIN(DecaySumsTest)
#include "decay_sums_test.moc"
