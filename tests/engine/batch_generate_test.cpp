// Many replies at once are those of each alone.
//
// Faults that were planted in engine/batch_generate.cpp, and seen to fail here: the second prompt begun from the first
// one's state; a draw counted twice.
#include "engine/batch_generate.h"

#include <QTest>
#include <map>

#include "kernels/error.h"
#include "tests/support/data.h"

using namespace holdfast;

namespace {

Mamba2Config batch_config() {
  Mamba2Config config;
  config.d_model = 40;
  config.n_layer = 2;
  config.n_heads = 4;
  config.head_dim = 20;
  config.d_state = 24;
  config.n_groups = 1;
  config.d_conv = 4;
  config.vocab_size = 77;
  config.vocab_used = 70;
  config.tied_embeddings = true;
  return config;
}

std::vector<std::vector<TokenId>> some_prompts() {
  test::Random random(5);
  std::vector<std::vector<TokenId>> prompts;
  for (const int length : {5, 1, 17, 17, 40, 3, 9}) {
    prompts.emplace_back();
    for (int i = 0; i < length; ++i) prompts.back().push_back(static_cast<TokenId>(random.below(70)));
  }
  prompts[3] = prompts[2];
  return prompts;
}

}  // namespace

class BatchGenerateTest : public QObject {
  Q_OBJECT

 private slots:
  void replies_are_those_of_sessions_data() {
    QTest::addColumn<int>("batch");
    QTest::addColumn<float>("temperature");
    QTest::addColumn<float>("penalty");
    QTest::newRow("greedy, one at a time") << 1 << 0.0f << 1.0f;
    QTest::newRow("greedy, three") << 3 << 0.0f << 1.0f;
    QTest::newRow("drawn, three") << 3 << 0.9f << 1.0f;
    QTest::newRow("drawn with a penalty, all") << 8 << 1.0f << 1.2f;
  }
  void replies_are_those_of_sessions() {
    QFETCH(int, batch);
    QFETCH(float, temperature);
    QFETCH(float, penalty);
    Stream stream(Device::cpu(), 2);
    const auto model = Mamba2Model::random(stream, batch_config(), WeightFormat::f32, 7);
    const auto prompts = some_prompts();
    std::vector<BatchPrompt> jobs;
    for (std::size_t i = 0; i < prompts.size(); ++i) {
      jobs.push_back(
          {prompts[i], {.params = {.temperature = temperature, .repetition_penalty = penalty}, .seed = 100 + i}});
    }
    const BatchOptions options{.batch = batch, .max_tokens = 30, .stop_tokens = {3, 11}};
    std::map<std::size_t, BatchReply> got;
    generate_batch(*model, stream, jobs, options, [&](std::size_t i, BatchReply reply) { got[i] = std::move(reply); });
    QCOMPARE(got.size(), prompts.size());
    for (std::size_t i = 0; i < prompts.size(); ++i) {
      Session session(model, nullptr, stream);
      session.read(prompts[i]);
      double log_prob = 0.0;
      const GenerateResult want =
          session.generate({.max_tokens = 30, .sampler = jobs[i].sampler, .stop_tokens = {3, 11}, .stop_strings = {}},
                           [&](const TokenEvent& e) { log_prob += static_cast<double>(e.log_prob); }, {});
      QCOMPARE(got[i].tokens, want.tokens);
      QCOMPARE(got[i].reason, want.reason);
      QVERIFY(std::abs(got[i].log_prob - log_prob) < 1e-4);
    }
  }

  void what_is_not_wanted_ends() {
    Stream stream(Device::cpu(), 1);
    const auto model = Mamba2Model::random(stream, batch_config(), WeightFormat::f32, 7);
    const auto prompts = some_prompts();
    std::vector<BatchPrompt> jobs;
    for (const auto& prompt : prompts) jobs.push_back({prompt, {}});
    std::map<std::size_t, BatchReply> got;
    int asked = 0;
    generate_batch(
        *model, stream, jobs, {.batch = 2, .max_tokens = 20, .stop_tokens = {}},
        [&](std::size_t i, BatchReply reply) { got[i] = std::move(reply); }, {},
        [&](std::size_t i) { return i != 4 && (i != 0 || ++asked < 6); });
    QCOMPARE(got.size(), prompts.size());
    QCOMPARE(got[4].reason, StopReason::cancelled);
    QVERIFY(got[4].tokens.empty());
    QCOMPARE(got[0].reason, StopReason::cancelled);
    QCOMPARE(got[0].tokens.size(), std::size_t{5});
    QCOMPARE(got[6].tokens.size(), std::size_t{20});
  }

  void it_can_be_stopped() {
    Stream stream(Device::cpu(), 1);
    const auto model = Mamba2Model::random(stream, batch_config(), WeightFormat::f32, 7);
    const auto prompts = some_prompts();
    std::vector<BatchPrompt> jobs;
    for (const auto& prompt : prompts) jobs.push_back({prompt, {}});
    std::stop_source stop;
    int done = 0;
    generate_batch(
        *model, stream, jobs, {.batch = 2, .max_tokens = 20, .stop_tokens = {}},
        [&](std::size_t, BatchReply reply) {
          if (++done == 2) stop.request_stop();
          if (done > 2) QCOMPARE(reply.reason, StopReason::cancelled);
        },
        stop.get_token());
    QVERIFY(done >= 2 && done <= 4);
  }

  void bad_arguments_are_refused() {
    Stream stream(Device::cpu(), 1);
    const auto model = Mamba2Model::random(stream, batch_config(), WeightFormat::f32, 7);
    const std::vector<BatchPrompt> empty{{{}, {}}};
    const auto ignore = [](std::size_t, const BatchReply&) {};
    QVERIFY_EXCEPTION_THROWN(generate_batch(*model, stream, empty, {}, ignore), ArgumentError);
    QVERIFY_EXCEPTION_THROWN(generate_batch(*model, stream, {}, {.batch = 0, .stop_tokens = {}}, ignore), ArgumentError);
  }
};

QTEST_GUILESS_MAIN(BatchGenerateTest)
#include "batch_generate_test.moc"
