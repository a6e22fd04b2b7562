// sample against filters that sort everything, its distribution by chi-square, and what it refuses.
//
// Faults that were planted in kernels/cpu/sample.cpp, and seen to fail here:
//   the penalty of negative logits divided; top-p one token short, or of the whole instead of what top-k left;
//   a bin of candidates too few; NaN unseen in whole registers; the highest id of equals; padding drawn; log-
//   probabilities of the wrong distribution; min-p without effect; among the likeliest, a later one of equals, a
//   register unread, the drawn token's logit left out.
#include "kernels/sample.h"

#include <QTest>
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "kernels/error.h"
#include "tests/oracle/sample.h"
#include "tests/support/data.h"
#include "tests/support/targets.h"

using namespace holdfast;
using test::Random;

namespace {

constexpr float sample_infinity = std::numeric_limits<float>::infinity();

struct Sampled {
  std::vector<std::int32_t> tokens;
  std::vector<float> log_probs;
};

// One row of logits, drawn from with each number of `uniform`.
Sampled sample_row(std::span<const float> logits, const SampleParams& params, std::span<const float> uniform,
                   std::span<const std::int32_t> seen = {}, std::int32_t vocab_size = 0, int threads = 2) {
  const auto batch = static_cast<std::int64_t>(uniform.size());
  std::vector<float> rows;
  for (std::int64_t i = 0; i < batch; ++i) rows.insert(rows.end(), logits.begin(), logits.end());
  const std::vector<SampleParams> all(uniform.size(), params);
  const std::vector<std::span<const std::int32_t>> all_seen(uniform.size(), seen);
  Sampled result{std::vector<std::int32_t>(uniform.size(), -1), std::vector<float>(uniform.size())};
  Stream stream(Device::cpu(), threads);
  holdfast::sample(stream, {.logits = view_of(std::span(std::as_const(rows)), Shape{batch, std::ssize(logits)}),
                            .params = all,
                            .uniform = uniform,
                            .seen = all_seen,
                            .tokens = result.tokens,
                            .log_probs = result.log_probs,
                            .vocab_size = vocab_size});
  return result;
}

template <class Caught>
std::string sample_message(std::span<const float> logits, const SampleParams& params, float uniform = 0.5f,
                           std::span<const std::int32_t> seen = {}) {
  try {
    (void)sample_row(logits, params, {&uniform, 1}, seen);
  } catch (const Caught& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace

class SampleTest : public QObject {
  Q_OBJECT

  static std::vector<std::pair<const char*, SampleParams>> settings() {
    return {
        {"temperature 1", {.temperature = 1.0f}},
        {"temperature 0.3", {.temperature = 0.3f}},
        {"temperature 5", {.temperature = 5.0f}},
        {"top-k 1", {.temperature = 1.0f, .top_k = 1}},
        {"top-k 7", {.temperature = 1.5f, .top_k = 7}},
        {"top-k beyond the vocabulary", {.temperature = 1.0f, .top_k = 100000}},
        {"top-p 0.9", {.temperature = 1.0f, .top_p = 0.9f}},
        {"top-p of next to nothing", {.temperature = 1.0f, .top_p = 1e-6f}},
        {"min-p 0.05", {.temperature = 1.0f, .min_p = 0.05f}},
        {"top-k, then top-p of the rest", {.temperature = 2.0f, .top_k = 12, .top_p = 0.7f}},
        {"all of them", {.temperature = 0.8f, .top_k = 40, .top_p = 0.95f, .min_p = 0.02f, .repetition_penalty = 1.3f}},
        {"penalty alone", {.temperature = 1.0f, .repetition_penalty = 2.0f}},
        {"reward", {.temperature = 1.0f, .top_k = 9, .repetition_penalty = 0.7f}}};
  }

 private slots:
  void draws_follow_the_filtered_distribution_data() {
    QTest::addColumn<int>("setting");
    QTest::addColumn<int>("vocab");
    for (std::size_t i = 0; i < settings().size(); ++i) {
      for (const int vocab : {1, 5, 60, 400}) {
        QTest::addRow("%s, V=%d", settings()[i].first, vocab) << static_cast<int>(i) << vocab;
      }
    }
  }
  // Nothing is drawn that the filters removed, and the counts of 8000 draws fit by chi-square. Seeds are fixed; the
  // limit of mean + 5 deviations is passed by a right sampler in all but about one seed of a million.
  void draws_follow_the_filtered_distribution() {
    QFETCH(int, setting);
    QFETCH(int, vocab);
    const SampleParams params = settings()[static_cast<std::size_t>(setting)].second;
    Random random(static_cast<std::uint64_t>(100 + vocab));
    std::vector<float> logits = random.normals(vocab, 2.0);
    if (vocab > 20) logits[3] = -sample_infinity;  // a forbidden token
    std::vector<std::int32_t> seen;
    for (std::int32_t id = 0; id < vocab; id += 3) seen.push_back(id);
    const std::vector<double> want = oracle::sample_distribution(logits, params, seen, vocab);
    constexpr int draws = 8000;
    std::vector<float> uniform;
    for (int i = 0; i < draws; ++i) uniform.push_back(static_cast<float>(random.below(1 << 24)) * 0x1p-24f);
    const Sampled got = sample_row(logits, params, uniform, seen);
    std::vector<int> counts(want.size());
    for (const std::int32_t token : got.tokens) {
      QVERIFY2(token >= 0 && token < vocab && want[static_cast<std::size_t>(token)] > 0.0,
               ("drew " + std::to_string(token)).c_str());
      ++counts[static_cast<std::size_t>(token)];
    }
    double chi_square = 0.0;
    double rest_want = 0.0;  // rare tokens are counted together: chi-square needs five of each
    double rest_got = 0.0;
    int cells = 0;
    for (std::size_t i = 0; i < want.size(); ++i) {
      const double expected = want[i] * draws;
      if (expected < 5.0) {
        rest_want += expected;
        rest_got += counts[i];
        continue;
      }
      chi_square += (counts[i] - expected) * (counts[i] - expected) / expected;
      ++cells;
    }
    if (rest_want >= 5.0) {
      chi_square += (rest_got - rest_want) * (rest_got - rest_want) / rest_want;
      ++cells;
    }
    const double freedom = std::max(1, cells - 1);
    const double limit = freedom + 5.0 * std::sqrt(2.0 * freedom) + 15.0;  // the tail is longer than a normal's
    QVERIFY2(chi_square < limit, std::to_string(chi_square).c_str());
  }

  // Which tokens survive, exactly: every survivor is drawn by some uniform number, no other ever.
  void filters_keep_exactly_the_right_tokens_data() {
    QTest::addColumn<int>("setting");
    QTest::addColumn<int>("vocab");
    for (std::size_t i = 0; i < settings().size(); ++i) {
      for (const int vocab : {1, 5, 17, 60}) {  // each survivor must be likely enough to be met
        QTest::addRow("%s, V=%d", settings()[i].first, vocab) << static_cast<int>(i) << vocab;
      }
    }
  }
  void filters_keep_exactly_the_right_tokens() {
    QFETCH(int, setting);
    QFETCH(int, vocab);
    const SampleParams params = settings()[static_cast<std::size_t>(setting)].second;
    Random random(static_cast<std::uint64_t>(200 + vocab));
    const std::vector<float> logits = random.uniforms(vocab, -2.0, 2.0);
    const std::vector<double> want = oracle::sample_distribution(logits, params, {}, vocab);
    std::vector<float> uniform;
    for (int i = 0; i < 4096; ++i) uniform.push_back(static_cast<float>(i) / 4096.0f);
    for (const test::Target& target : test::cpu_targets()) {
      const test::UseTarget use(target);
      std::vector<bool> drawn(want.size());
      for (const std::int32_t token : sample_row(logits, params, uniform).tokens) {
        drawn[static_cast<std::size_t>(token)] = true;
      }
      for (std::size_t i = 0; i < want.size(); ++i) {
        if (want[i] == 0.0) QVERIFY(!drawn[i]);
        if (want[i] > 1.0 / 4096.0) QVERIFY(drawn[i]);  // wider than the grid of uniform numbers
      }
    }
  }

  void greedy_takes_the_largest_and_the_lowest_id_of_equals() {
    const SampleParams greedy;
    for (const test::Target& target : test::cpu_targets()) {
      const test::UseTarget use(target);
      for (const std::size_t vocab : {1u, 2u, 15u, 16u, 17u, 50u, 1000u}) {
        for (const std::size_t at : {std::size_t{0}, vocab / 2, vocab - 1}) {
          std::vector<float> logits(vocab, -3.0f);
          logits[at] = 5.0f;
          logits[vocab - 1] = 5.0f;
          QCOMPARE(sample_row(logits, greedy, {{0.9f}}).tokens[0], static_cast<std::int32_t>(at));
        }
      }
    }
    const std::vector<float> all_equal(33, -1.0f);
    QCOMPARE(sample_row(all_equal, greedy, {{0.9f}}).tokens[0], 0);
  }

  void a_penalty_changes_what_greedy_takes_by_sign() {
    const SampleParams params{.repetition_penalty = 2.0f};
    const std::vector<std::int32_t> seen{0};
    QCOMPARE(sample_row({{4.0f, 3.0f}}, params, {{0.0f}}, seen).tokens[0], 1);    // 4 / 2 < 3
    QCOMPARE(sample_row({{-1.0f, -1.5f}}, params, {{0.0f}}, seen).tokens[0], 1);  // -1 * 2 < -1.5
    QCOMPARE(sample_row({{4.0f, 1.0f}}, params, {{0.0f}}, seen).tokens[0], 0);
  }

  void log_probabilities_are_of_the_plain_logits() {
    Random random(7);
    const std::vector<float> logits = random.normals(500, 3.0);
    const std::vector<double> want = oracle::log_softmax(logits, 500);
    std::vector<float> uniform;
    for (int i = 0; i < 200; ++i) uniform.push_back(static_cast<float>(random.uniform()) * 0.999f);
    const std::vector<std::int32_t> seen{1, 2, 3};
    const SampleParams params{.temperature = 1.7f, .top_k = 50, .repetition_penalty = 1.5f};
    for (const test::Target& target : test::cpu_targets()) {
      const test::UseTarget use(target);
      const Sampled got = sample_row(logits, params, uniform, seen);
      std::vector<double> expected;
      for (const std::int32_t token : got.tokens) expected.push_back(want[static_cast<std::size_t>(token)]);
      // The sum of 500 weights in float is exact to 500 roundings; its log adds that, absolutely.
      HOLDFAST_COMPARE(test::compare(got.log_probs, expected, {{500.0 * 0x1p-24}}));
    }
  }

  void ids_beyond_the_vocabulary_are_never_drawn() {
    std::vector<float> logits(64, 0.0f);
    logits[50] = 100.0f;
    logits[51] = std::numeric_limits<float>::quiet_NaN();  // padding may hold anything
    std::vector<float> uniform;
    for (int i = 0; i < 100; ++i) uniform.push_back(static_cast<float>(i) / 100.0f);
    for (const SampleParams& params :
         {SampleParams{}, SampleParams{.temperature = 9.0f}, SampleParams{.temperature = 1.0f, .top_p = 0.99f}}) {
      const Sampled got = sample_row(logits, params, uniform, {}, 50);
      QVERIFY(std::all_of(got.tokens.begin(), got.tokens.end(), [](std::int32_t id) { return id >= 0 && id < 50; }));
      QVERIFY(std::abs(got.log_probs[0] + std::log(50.0f)) < 1e-5f);  // softmax over the 50, a few units of f32
    }
  }

  void rows_have_their_own_parameters_and_threads_do_not_matter() {
    Random random(8);
    const std::vector<float> logits = random.normals(4 * 300);
    const std::vector<SampleParams> params{{}, {.temperature = 1.0f}, {.temperature = 1.0f, .top_k = 1}, {.top_k = 5}};
    const std::vector<float> uniform{0.9f, 0.3f, 0.9f, 0.1f};
    std::vector<std::int32_t> want;
    for (const int threads : {1, 2, 3}) {
      Stream stream(Device::cpu(), threads);
      std::vector<std::int32_t> tokens(4);
      std::vector<float> log_probs(4);
      holdfast::sample(stream, {.logits = view_of(std::span(logits), Shape{4, 300}),
                                .params = params,
                                .uniform = uniform,
                                .seen = {},
                                .tokens = tokens,
                                .log_probs = log_probs});
      for (const std::size_t row : {0u, 2u, 3u}) {
        const auto begin = logits.begin() + static_cast<std::ptrdiff_t>(row * 300);
        QCOMPARE(tokens[row], static_cast<std::int32_t>(std::max_element(begin, begin + 300) - begin));
      }
      if (want.empty()) want = tokens;
      QCOMPARE(tokens, want);
    }
  }

  void extreme_temperatures_and_penalties_are_finite() {
    Random random(9);
    const std::vector<float> logits = random.normals(100, 5.0);
    const auto best = static_cast<std::int32_t>(std::max_element(logits.begin(), logits.end()) - logits.begin());
    const std::vector<std::int32_t> seen{0, 5, best};
    QCOMPARE(sample_row(logits, {.temperature = 1e-38f}, {{0.99f}}).tokens[0], best);
    for (const float penalty : {1e-38f, 1e38f}) {
      const SampleParams params{.temperature = 1e30f, .top_p = 0.9f, .repetition_penalty = penalty};
      const std::int32_t token = sample_row(logits, params, {{0.7f}}, seen).tokens[0];
      QVERIFY(token >= 0 && token < 100);
    }
  }

  void logits_that_are_no_numbers_are_refused_with_their_row() {
    const SampleParams greedy;
    for (const test::Target& target : test::cpu_targets()) {
      const test::UseTarget use(target);
      for (const std::size_t at : {0u, 15u, 16u, 36u}) {
        std::vector<float> logits(37, 1.0f);
        logits[at] = std::numeric_limits<float>::quiet_NaN();
        const std::string message = sample_message<NumericError>(logits, greedy);
        QVERIFY2(message == "sample: row 0: a logit is NaN, want finite logits", message.c_str());
      }
    }
    QVERIFY(sample_message<NumericError>({{1.0f, sample_infinity}}, greedy).starts_with("sample: row 0: a logit is +"));
    const std::vector<float> none(20, -sample_infinity);
    QVERIFY(sample_message<NumericError>(none, greedy).starts_with("sample: row 0: all logits are -infinity"));

    std::vector<float> rows(3 * 4, 1.0f);
    rows[2 * 4 + 1] = std::numeric_limits<float>::quiet_NaN();
    const std::vector<SampleParams> params(3);
    const std::vector<float> uniform(3);
    std::vector<std::int32_t> tokens(3);
    std::vector<float> log_probs(3);
    Stream stream(Device::cpu(), 2);
    try {
      holdfast::sample(stream, {.logits = view_of(std::span(std::as_const(rows)), Shape{3, 4}),
                                .params = params,
                                .uniform = uniform,
                                .seen = {},
                                .tokens = tokens,
                                .log_probs = log_probs});
      QFAIL("no error");
    } catch (const NumericError& error) {
      QVERIFY(QString(error.what()).contains("row 2"));
    }
  }

  void parameters_out_of_range_are_refused_by_name() {
    const std::vector<float> logits(8, 0.0f);
    const auto message = [&](const SampleParams& params, float uniform = 0.5f,
                             std::span<const std::int32_t> seen = {}) {
      return QString::fromStdString(sample_message<ArgumentError>(logits, params, uniform, seen));
    };
    QVERIFY(message({.temperature = -1.0f}).contains("temperature"));
    QVERIFY(message({.temperature = std::nanf("")}).contains("temperature"));
    QVERIFY(message({.top_k = -1}).contains("top_k"));
    QVERIFY(message({.top_p = 0.0f}).contains("top_p"));
    QVERIFY(message({.top_p = 1.5f}).contains("top_p"));
    QVERIFY(message({.min_p = 1.0f}).contains("min_p"));
    QVERIFY(message({.repetition_penalty = 0.0f}).contains("repetition_penalty"));
    QVERIFY(message({.temperature = 1.0f}, 1.0f).contains("uniform"));
    const std::vector<std::int32_t> beyond{8};
    const std::vector<std::int32_t> unsorted{3, 2};
    QVERIFY(message({}, 0.5f, beyond).contains("seen token 8"));
    QVERIFY(message({}, 0.5f, unsorted).contains("seen token 2"));
  }

  void top_tokens_come_likeliest_first() {
    const std::vector<float> logits{0.0f, 2.0f, 1.0f, 2.0f, -sample_infinity};
    const std::vector<TokenProbability> top = top_tokens(logits, 3);
    const std::vector<double> want = oracle::log_softmax(logits, 5);
    QCOMPARE(top.size(), std::size_t{3});
    QCOMPARE(top[0].token, 1);
    QCOMPARE(top[1].token, 3);
    QCOMPARE(top[2].token, 2);
    for (const TokenProbability& entry : top) {
      const double error = static_cast<double>(entry.log_prob) - want[static_cast<std::size_t>(entry.token)];
      QVERIFY(std::abs(error) < 1e-6);  // a few units of f32 of numbers near 1
    }
    QCOMPARE(top_tokens(logits, 100).size(), std::size_t{5});
    QVERIFY(top_tokens(logits, 0).empty());
    QVERIFY_EXCEPTION_THROWN((void)top_tokens({{std::nanf("")}}, 1), NumericError);
  }
  // Few values, so that many are equal; lengths around those of the registers, and rows in rising order, where each
  // value is above the bar.
  void top_tokens_are_those_of_a_sorted_row() {
    Random random(11);
    for (const test::Target& target : test::cpu_targets()) {
      const test::UseTarget use(target);
      for (const int length : {1, 2, 7, 31, 32, 33, 64, 100, 517, 4099}) {
        std::vector<float> logits;
        for (int i = 0; i < length; ++i) logits.push_back(static_cast<float>(std::floor(random.normal() * 8.0)));
        if (length % 2 != 0) std::sort(logits.begin(), logits.end());
        std::vector<std::int32_t> order(logits.size());
        std::iota(order.begin(), order.end(), 0);
        std::stable_sort(order.begin(), order.end(), [&](std::int32_t a, std::int32_t b) {
          return logits[static_cast<std::size_t>(a)] > logits[static_cast<std::size_t>(b)];
        });
        const std::vector<double> want = oracle::log_softmax(logits, length);
        const std::int32_t other = order.back();
        const TokenProbability drawn{other, static_cast<float>(want[static_cast<std::size_t>(other)])};
        for (const int n : {1, 5, 40, length}) {
          const std::vector<TokenProbability> top = top_tokens(logits, n);
          const std::vector<TokenProbability> by_drawn = top_tokens(logits, n, drawn);
          QCOMPARE(top.size(), static_cast<std::size_t>(std::min(n, length)));
          QCOMPARE(by_drawn.size(), top.size());
          for (std::size_t i = 0; i < top.size(); ++i) {
            QCOMPARE(top[i].token, order[i]);
            QCOMPARE(by_drawn[i].token, order[i]);
            const double right = want[static_cast<std::size_t>(order[i])];
            const double tolerance = 1e-5;  // a few units of f32 of numbers below 64
            QVERIFY(std::abs(static_cast<double>(top[i].log_prob) - right) < tolerance);
            QVERIFY(std::abs(static_cast<double>(by_drawn[i].log_prob) - right) < tolerance);
          }
        }
      }
    }
    QVERIFY_EXCEPTION_THROWN((void)top_tokens({{1.0f}}, 1, TokenProbability{1, 0.0f}), ArgumentError);
    QVERIFY_EXCEPTION_THROWN((void)top_tokens({{1.0f}}, 1, TokenProbability{-1, 0.0f}), ArgumentError);
  }
};

QTEST_GUILESS_MAIN(SampleTest)
#include "sample_test.moc"
