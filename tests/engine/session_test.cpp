// Sessions, snapshots and the sampler's repeatability.
//
// Planted faults seen caught: the last drawn token not read before a stop; draws counted from zero after a restore;
// logits left out of the snapshot; the stop string's tail dropped at a stop; one flipped byte in a snapshot file.

#include "engine/session.h"

#include <QTemporaryDir>
#include <QTest>
#include <fstream>
#include <utility>

#include "kernels/error.h"
#include "tests/support/compare.h"
#include "tests/support/data.h"

using namespace holdfast;
using holdfast::test::compare_bitwise;

namespace {

// A vocabulary of single letters, so that stop strings run over token borders.
class LetterTokenizer final : public Tokenizer {
 public:
  std::vector<TokenId> encode(std::string_view text, bool) const override { return {text.begin(), text.end()}; }
  std::string decode(std::span<const TokenId> ids, bool) const override {
    std::string text;
    for (const TokenId id : ids) text += bytes(id);
    return text;
  }
  std::string_view bytes(TokenId id) const override {
    return std::string_view("abcdefgh").substr(static_cast<std::size_t>(id) % 8, 1);
  }
  std::string piece(TokenId id) const override { return std::string(bytes(id)); }
  std::optional<TokenId> find(std::string_view) const override { return {}; }
  std::int32_t size() const noexcept override { return 77; }
  std::optional<TokenId> bos() const noexcept override { return {}; }
  std::optional<TokenId> eos() const noexcept override { return {}; }
  std::string_view kind() const noexcept override { return "letters"; }
};

Mamba2Config small_config() {
  Mamba2Config config;
  config.d_model = 32;
  config.n_layer = 2;
  config.vocab_size = 80;
  config.vocab_used = 77;
  config.n_heads = 4;
  config.head_dim = 16;
  config.d_state = 16;
  config.tied_embeddings = true;
  return config;
}

class Bench {
 public:
  explicit Bench(std::uint64_t seed = 3)
      : stream(Device::cpu(), 2), model(Mamba2Model::random(stream, small_config(), WeightFormat::f32, seed)) {}
  Session session() { return {model, std::make_shared<LetterTokenizer>(), stream}; }
  Stream stream;
  std::shared_ptr<const Mamba2Model> model;
};

const std::vector<TokenId> prompt{1, 2, 3, 4, 5, 6, 7};

GenerateOptions options(std::int64_t tokens) {
  GenerateOptions o;
  o.max_tokens = tokens;
  o.sampler.params = {.temperature = 1.0f, .top_k = 0, .top_p = 0.95f, .min_p = 0.0f, .repetition_penalty = 1.1f};
  o.sampler.seed = 42;
  return o;
}

std::vector<float> ssm_of(const Session& session) {
  const ConstTensorView view = session.state().ssm();
  return {view.as<float>(), view.as<float>() + view.shape.elements()};
}

}  // namespace

class SessionTest : public QObject {
  Q_OBJECT

 private slots:
  void stopped_and_continued_text_is_that_of_an_uninterrupted_run() {
    Bench bench;
    Session whole = bench.session();
    whole.read(prompt);
    const auto want = whole.generate(options(60), {}, {}).tokens;
    QCOMPARE(want.size(), std::size_t{60});
    for (const std::size_t stop_after : {1U, 2U, 17U, 59U}) {
      Session parts = bench.session();
      parts.read(prompt);
      std::stop_source source;
      std::size_t seen = 0;
      auto first = parts.generate(
          options(60),
          [&](const TokenEvent&) {
            if (++seen == stop_after) source.request_stop();
          },
          source.get_token());
      QCOMPARE(first.reason, StopReason::cancelled);
      QCOMPARE(first.tokens.size(), stop_after);
      const auto rest = parts.generate(options(60 - static_cast<std::int64_t>(stop_after)), {}, {}).tokens;
      first.tokens.insert(first.tokens.end(), rest.begin(), rest.end());
      QCOMPARE(first.tokens, want);
      HOLDFAST_COMPARE(compare_bitwise(ssm_of(parts), ssm_of(whole)));
    }
  }

  void a_restored_snapshot_goes_on_bit_for_bit() {
    Bench bench;
    QTemporaryDir folder;
    const auto file = std::filesystem::path(folder.path().toStdString()) / "state.safetensors";
    Session one = bench.session();
    one.read(prompt);
    one.generate(options(20), {}, {});
    one.snapshot().save(file);
    const auto want = one.generate(options(30), {}, {}).tokens;
    Session other = bench.session();
    other.restore(Snapshot::load(file, bench.model->config()));
    QCOMPARE(other.generate(options(30), {}, {}).tokens, want);
    QCOMPARE(other.tokens_read(), one.tokens_read());
    QCOMPARE(other.prefix_hash(), one.prefix_hash());
    HOLDFAST_COMPARE(compare_bitwise(ssm_of(other), ssm_of(one)));
  }

  void a_snapshot_of_other_weights_is_refused_with_the_reason() {
    Bench bench(3);
    Bench other(4);
    Session from = bench.session();
    from.read(prompt);
    Session to = other.session();
    to.read(prompt);
    const auto before = ssm_of(to);
    try {
      to.restore(from.snapshot());
      QFAIL("restored a state of other weights");
    } catch (const FormatError& error) {
      QVERIFY(QString(error.what()).contains("random-3-f32"));
      QVERIFY(QString(error.what()).contains("random-4-f32"));
    }
    HOLDFAST_COMPARE(compare_bitwise(ssm_of(to), before));
  }

  void a_damaged_snapshot_file_is_refused() {
    Bench bench;
    QTemporaryDir folder;
    const auto file = std::filesystem::path(folder.path().toStdString()) / "state.safetensors";
    Session session = bench.session();
    session.read(prompt);
    session.snapshot().save(file);
    std::ifstream in(file, std::ios::binary);
    const std::string good((std::istreambuf_iterator<char>(in)), {});
    for (std::size_t at = 9; at < good.size(); at += good.size() / 61) {
      std::string bad = good;
      bad[at] = static_cast<char>(bad[at] ^ 0x10);
      std::ofstream(file, std::ios::binary) << bad;
      QVERIFY_THROWS_EXCEPTION(Error, (void)Snapshot::load(file, bench.model->config()));
    }
    for (const std::size_t length : {std::size_t{0}, std::size_t{7}, good.size() / 2, good.size() - 1}) {
      std::ofstream(file, std::ios::binary) << good.substr(0, length);
      QVERIFY_THROWS_EXCEPTION(Error, (void)Snapshot::load(file, bench.model->config()));
    }
  }

  void a_stop_string_over_token_borders_ends_the_turn_also_across_a_stop() {
    Bench bench;
    Session whole = bench.session();
    whole.read(prompt);
    std::string text;
    const auto collect = [&](const TokenEvent& e) { text += e.bytes; };
    whole.generate(options(60), collect, {});
    const std::string stop = text.substr(30, 3);
    const std::size_t end = text.find(stop) + 3;
    for (const std::int64_t first : {std::int64_t{0}, static_cast<std::int64_t>(end) - 1}) {
      Session session = bench.session();
      session.read(prompt);
      auto o = options(first);
      o.stop_strings = {"zzz", stop};
      text.clear();
      session.generate(o, collect, {});
      o.max_tokens = 60;
      const auto result = session.generate(o, collect, {});
      QCOMPARE(result.reason, StopReason::stop_string);
      QCOMPARE(text.size(), end);
    }
  }

  void stop_tokens_end_the_turn_and_are_read() {
    Bench bench;
    Session session = bench.session();
    session.read(prompt);
    const auto free_run = session.generate(options(20), {}, {}).tokens;
    Session again = bench.session();
    again.read(prompt);
    auto o = options(20);
    o.stop_tokens = {free_run[7]};
    std::string_view last_bytes = "not called";
    const auto result = again.generate(o, [&](const TokenEvent& e) { last_bytes = e.bytes; }, {});
    QCOMPARE(result.reason, StopReason::stop_token);
    const auto first = std::find(free_run.begin(), free_run.end(), free_run[7]) - free_run.begin();
    QCOMPARE(result.tokens.size(), static_cast<std::size_t>(first) + 1);
    QVERIFY(last_bytes.empty());
    QCOMPARE(again.tokens_read(), prompt.size() + result.tokens.size());
  }

  void padding_ids_are_never_drawn() {
    Bench bench;
    Session session = bench.session();
    session.read(prompt);
    auto o = options(500);
    o.sampler.params = {.temperature = 5.0f};
    for (const TokenId id : session.generate(o, {}, {}).tokens) QVERIFY(id < 77);
  }

  void alternatives_are_the_likeliest_and_hold_the_drawn_token_when_greedy() {
    Bench bench;
    Session session = bench.session();
    session.read(prompt);
    auto o = options(5);
    o.sampler.params = {};
    o.alternatives = 3;
    session.generate(o,
                     [](const TokenEvent& e) {
                       QCOMPARE(e.alternatives.size(), std::size_t{3});
                       QCOMPARE(e.alternatives[0].token, e.token);
                       QCOMPARE(e.alternatives[0].log_prob, e.log_prob);
                       QVERIFY(e.alternatives[1].log_prob >= e.alternatives[2].log_prob);
                     },
                     {});
  }

  void generating_from_nothing_is_refused() {
    Bench bench;
    Session session = bench.session();
    QVERIFY_THROWS_EXCEPTION(ArgumentError, session.generate(options(1), {}, {}));
  }

  void sampler_settings_out_of_range_are_named() {
    SamplerConfig config;
    config.params.top_p = 0.0f;
    QVERIFY_THROWS_EXCEPTION(ArgumentError, config.validate());
    config.params = {.temperature = -1.0f};
    QVERIFY_THROWS_EXCEPTION(ArgumentError, config.validate());
    config.params = {.temperature = 1.0f, .min_p = 1.0f};
    QVERIFY_THROWS_EXCEPTION(ArgumentError, config.validate());
    config.params = {.repetition_penalty = 0.0f};
    QVERIFY_THROWS_EXCEPTION(ArgumentError, config.validate());
    config.params = {};
    config.validate();
  }

  // First words of Philox 4x32-10 for counter 0 and key 0, and for all ones: the known answers of its authors.
  void draws_are_philox() {
    QCOMPARE(uniform_draw(0, 0), static_cast<float>(0x6627e8d5U >> 8) * 0x1p-24f);
    double sum = 0.0;
    for (std::uint64_t i = 0; i < 10000; ++i) {
      const float u = uniform_draw(9, i);
      QVERIFY(u >= 0.0f && u < 1.0f);
      sum += static_cast<double>(u);
    }
    QVERIFY(std::abs(sum / 10000 - 0.5) < 0.015);  // five standard deviations of the mean
  }

  void the_prefix_hash_depends_on_order_and_not_on_pieces() {
    const std::vector<TokenId> ab{1, 2}, ba{2, 1};
    QVERIFY(prefix_hash(0, ab) != prefix_hash(0, ba));
    QCOMPARE(prefix_hash(prefix_hash(0, {ab.data(), 1}), {ab.data() + 1, 1}), prefix_hash(0, ab));
  }
};

QTEST_GUILESS_MAIN(SessionTest)
#include "session_test.moc"
