// Adapters and initial states beside frozen weights: their gradients against those of all weights and against slopes of
// the loss, what is saved, what is merged, and what is left alone.
//
// Faults that were planted in training/model_pass.cpp, trainer.cpp and kernels/cpu, and seen to fail here:
//   the adapter's strength forgotten forwards, in dB, or in the head's; dA from x A^T in place of s dy B; dx without
//   the adapter; the embedding's adapter left out of its rows, or its B without a gradient; a tied head without the
//   adapter; the first layer's norm not made again where nothing below it is trained;
//   a state's gradient of the last sequences alone, not of the first; the gradients of the scan taken from
//   zero states; the backward pass ended above the first layer; frozen weights loaded in the stored format, whatever
//   was asked for; frozen weights left out of the estimate; first moments not restored; another alpha accepted.
#include <QTemporaryDir>
#include <QTest>
#include <atomic>
#include <cmath>

#include "engine/checkpoint.h"
#include "engine/session.h"
#include "kernels/error.h"
#include "tests/engine/golden.h"
#include "tests/support/compare.h"
#include "tests/support/data.h"
#include "tests/training/frozen_training.h"
#include "tests/training/training_data.h"
#include "training/checkpoint_in_memory.h"
#include "training/trainer.h"

using namespace holdfast;
using namespace holdfast::test::frozen;
using test::compare_bitwise;
using test::compare_relative;

namespace {

// The loss of one target at one place, from logits (tokens, V).
double loss_at(const std::vector<float>& logits, std::size_t place, TokenId target) {
  double sum = 0.0;
  const float* row = logits.data() + place * static_cast<std::size_t>(vocabulary);
  for (std::int64_t v = 0; v < vocabulary; ++v) sum += std::exp(static_cast<double>(row[v]));
  return std::log(sum) - static_cast<double>(row[target]);
}

TrainBatch one_target(TrainBatch batch, std::size_t place, TokenId target) {
  std::ranges::fill(batch.targets, -1);
  batch.targets[place] = target;
  batch.weights.clear();
  return batch;
}

// The processor's memory, counted.
class CountingDevice final : public Device {
 public:
  [[nodiscard]] DeviceKind kind() const noexcept override { return DeviceKind::cpu; }
  [[nodiscard]] std::string description() const override { return "counted"; }
  [[nodiscard]] Memory memory() const override { return Device::cpu()->memory(); }
  [[nodiscard]] void* allocate(std::size_t bytes) override {
    void* memory = Device::cpu()->allocate(bytes);
    now_ += bytes;
    most_ = std::max(most_, now_);
    return memory;
  }
  void release(void* memory, std::size_t bytes) noexcept override {
    Device::cpu()->release(memory, bytes);
    now_ -= bytes;
  }
  [[nodiscard]] std::size_t most() const noexcept { return most_; }

 private:
  std::size_t now_ = 0;
  std::size_t most_ = 0;
};

void add_modes() {
  QTest::addColumn<bool>("state");
  QTest::newRow("adapters") << false;
  QTest::newRow("states") << true;
}

}  // namespace

class FrozenTrainerTest : public QObject {
  Q_OBJECT

 private:
  QTemporaryDir folder_;
  [[nodiscard]] std::filesystem::path file(const char* name) const { return folder_.filePath(name).toStdString(); }

 private slots:
  void adapters_have_the_gradients_of_their_products_data() {
    QTest::addColumn<bool>("tied");
    QTest::addColumn<bool>("below");  // the first layer: then its input has a gradient
    QTest::newRow("tied") << true << true;
    QTest::newRow("untied") << false << true;
    QTest::newRow("matrices of layers alone") << true << false;
  }
  // With dW of the merged model: dB = s dW A^T and dA = s B^T dW.
  void adapters_have_the_gradients_of_their_products() {
    QFETCH(bool, tied);
    QFETCH(bool, below);
    Stream stream(Device::cpu(), 2);
    const auto base = initial_model(small_model(tied), 7);
    TrainerConfig config = config_of(Trained::lora);
    config.lora.targets.embedding = config.lora.targets.lm_head = below;
    const auto trainer = Trainer::create(stream, base, config);
    scatter(*trainer, 11);
    const TrainBatch batch = batch_of({40, 70, 9}, 5);
    const double loss = trainer->gradients({&batch, 1}).loss;
    const auto whole = Trainer::create(stream, trainer->checkpoint(), config_of(Trained::full));
    const double want_loss = whole->gradients({&batch, 1}).loss;
    QVERIFY2(std::abs(loss - want_loss) < 1e-5, qPrintable(QString("%1, want %2").arg(loss).arg(want_loss)));
    QCOMPARE(trainer->adapter().matrices.size(), !below ? 4u : tied ? 5u : 6u);
    HOLDFAST_COMPARE(compare_with_products(*trainer, *whole, 1e-4));
  }

  void gradients_are_the_slopes_of_the_loss_data() {
    QTest::addColumn<bool>("state");
    QTest::addColumn<int>("frozen");
    QTest::newRow("adapters, f32") << false << static_cast<int>(LoadDType::stored);
    QTest::newRow("adapters, 8 bits") << false << static_cast<int>(LoadDType::q8);
    QTest::newRow("adapters, 4 bits") << false << static_cast<int>(LoadDType::q4);
    QTest::newRow("states, f32") << true << static_cast<int>(LoadDType::stored);
    QTest::newRow("states, 4 bits") << true << static_cast<int>(LoadDType::q4);
  }
  void gradients_are_the_slopes_of_the_loss() {
    QFETCH(bool, state);
    QFETCH(int, frozen);
    Stream stream(Device::cpu(), 2);
    const auto config = config_of(state ? Trained::state : Trained::lora, static_cast<LoadDType>(frozen));
    const auto trainer = Trainer::create(stream, initial_model(small_model(false), 7), config);
    scatter(*trainer, 12);
    const TrainBatch batch = batch_of({40, 70, 9}, 5);
    (void)trainer->gradients({&batch, 1});
    const auto gradients = trainer->named_gradients();
    const auto parameters = trainer->named_parameters();
    test::Random random(9);
    for (std::size_t p = 0; p < parameters.size(); ++p) {
      const Slope slope = slope_of(*trainer, batch, parameters[p], gradients[p], state ? 2e-2 : 1e-3, random);
      // A float loss of about 6 divided by the step, and the curvature. Quantised products take x in 16 bits, which
      // moves the loss by some millionths.
      const double allowed = (state ? 1e-4 : 3e-3) + (frozen == 0 ? 0.0 : state ? 3e-4 : 3e-3);
      QVERIFY2(std::abs(slope.measured - slope.told) < allowed + 0.02 * std::abs(slope.told),
               qPrintable(QString::fromStdString(parameters[p].name) +
                          QString(": %1, want %2").arg(slope.measured).arg(slope.told)));
      QVERIFY2(std::abs(slope.told) > 3.0 * allowed,
               qPrintable(QString::fromStdString(parameters[p].name) +
                          QString(": a slope of %1 shows nothing").arg(slope.told)));
    }
  }

  // Both sequences begin with the state, so the gradient is the sum over both.
  void the_gradient_of_a_state_is_a_sum_over_sequences() {
    Stream stream(Device::cpu(), 2);
    const auto trainer = Trainer::create(stream, initial_model(small_model(true), 7), config_of(Trained::state));
    scatter(*trainer, 13);
    const TrainBatch first = batch_of({40}, 21), second = batch_of({33}, 22);
    TrainBatch both = first;
    both.ids.insert(both.ids.end(), second.ids.begin(), second.ids.end());
    both.targets.insert(both.targets.end(), second.targets.begin(), second.targets.end());
    both.weights.insert(both.weights.end(), second.weights.begin(), second.weights.end());
    both.starts = {0, 40, 73};
    const auto gradients = [&](const TrainBatch& batch, std::vector<float>& into) {
      const double weight = trainer->gradients({&batch, 1}).weight;
      into = all_of(trainer->named_gradients());
      return weight;
    };
    std::vector<float> one, two, sum;
    const double one_weight = gradients(first, one), two_weight = gradients(second, two), weight = gradients(both, sum);
    for (std::size_t i = 0; i < one.size(); ++i) {
      one[i] = static_cast<float>(
          (one_weight * static_cast<double>(one[i]) + two_weight * static_cast<double>(two[i])) / weight);
    }
    HOLDFAST_COMPARE(compare_relative(sum, one, 1e-4));
  }

  void a_new_adapter_changes_nothing_yet() {
    Stream stream(Device::cpu(), 2);
    const auto base = initial_model(small_model(true), 7);
    const TrainBatch batch = batch_of({60}, 4);
    const auto whole = Trainer::create(stream, base, config_of(Trained::full));
    const double want = whole->evaluate({&batch, 1}).loss;
    for (const Trained trained : {Trained::lora, Trained::state}) {
      const auto trainer = Trainer::create(stream, base, config_of(trained));
      QVERIFY(std::abs(trainer->evaluate({&batch, 1}).loss - want) < 1e-5);
    }
  }

  void one_batch_is_learned_data() { add_modes(); }
  void one_batch_is_learned() {
    QFETCH(bool, state);
    Stream stream(Device::cpu(), 2);
    const auto trainer =
        Trainer::create(stream, initial_model(small_model(true), 7), config_of(state ? Trained::state : Trained::lora));
    const TrainBatch batch = batch_of({12}, 4);
    const double before = trainer->evaluate({&batch, 1}).loss;
    for (int i = 0; i < 40; ++i) (void)trainer->step({&batch, 1}, state ? 0.3 : 1e-2);
    const double after = trainer->evaluate({&batch, 1}).loss;
    QVERIFY2(after < (state ? 0.98 : 0.2) * before, qPrintable(QString("%1 after %2").arg(after).arg(before)));
  }

  void frozen_weights_stay_as_they_were_data() { add_modes(); }
  void frozen_weights_stay_as_they_were() {
    QFETCH(bool, state);
    Stream stream(Device::cpu(), 2);
    const auto base = initial_model(small_model(false), 7);
    auto config = config_of(state ? Trained::state : Trained::lora, LoadDType::q8);
    config.lora.targets = {true, false, false, false};
    const auto trainer = Trainer::create(stream, base, config);
    const TrainBatch batch = batch_of({60, 30}, 4);
    const double before = trainer->evaluate({&batch, 1}).loss;
    const auto parameters = trainer->named_parameters();
    for (int i = 0; i < 3; ++i) QVERIFY(trainer->step({&batch, 1}, 1e-2).taken());
    QVERIFY(trainer->evaluate({&batch, 1}).loss < before);
    QCOMPARE(parameters.size(), state ? 2u : 4u);
    const auto trained = trainer->checkpoint();
    for (const StoredTensor& tensor : trained->tensors()) {
      if (!state && tensor.name.ends_with("in_proj")) continue;
      const auto& want = base->get(tensor.name).bytes;
      QVERIFY2(std::ranges::equal(tensor.bytes, want), tensor.name.c_str());
    }
    // What was trained put back, the very same loss: nothing else has moved.
    for (const auto& part : parameters) trainer->set_parameter(part.name, part.values);
    QCOMPARE(trainer->evaluate({&batch, 1}).loss, before);
  }

  void a_merged_model_gives_the_logits_of_training_data() {
    QTest::addColumn<bool>("tied");
    QTest::addColumn<int>("frozen");
    QTest::newRow("tied, f32") << true << static_cast<int>(LoadDType::stored);
    QTest::newRow("untied, f32") << false << static_cast<int>(LoadDType::stored);
  }
  void a_merged_model_gives_the_logits_of_training() {
    QFETCH(bool, tied);
    Stream stream(Device::cpu(), 2);
    const auto base = initial_model(small_model(tied), 7);
    const auto trainer = Trainer::create(stream, base, config_of(Trained::lora));
    const TrainBatch batch = batch_of({40}, 4);
    for (int i = 0; i < 5; ++i) (void)trainer->step({&batch, 1}, 1e-2);
    const std::string name = tied ? "tied" : "untied";
    trainer->adapter().save(file(name.c_str()));
    const auto merged = merge(base, LoraAdapter::load(file(name.c_str()), base->config()));
    const auto model = Mamba2Model::load(stream, merged);
    State state(model->device(), model->config());
    std::vector<float> logits(40 * static_cast<std::size_t>(vocabulary));
    const SequenceInput input{batch.ids, &state, logits};
    model->forward(stream, {&input, 1}, LogitRows::all);
    for (const std::size_t place : {0, 1, 17, 39}) {
      for (const TokenId target : {0, 150, 299}) {
        const TrainBatch one = one_target(batch, place, target);
        const double got = trainer->evaluate({&one, 1}).loss;
        const double want = loss_at(logits, place, target);
        QVERIFY2(std::abs(got - want) < 2e-5 * std::abs(want) + 1e-5,
                 qPrintable(QString("%1, %2: %3, want %4").arg(place).arg(target).arg(got).arg(want)));
      }
    }
  }

  void a_session_begins_with_the_state() {
    Stream stream(Device::cpu(), 2);
    const auto base = initial_model(small_model(true), 7);
    const auto trainer = Trainer::create(stream, base, config_of(Trained::state, LoadDType::q8));
    const TrainBatch batch = batch_of({12}, 4);
    const double before = trainer->evaluate({&batch, 1}).loss;
    for (int i = 0; i < 10; ++i) (void)trainer->step({&batch, 1}, 0.3);
    trainer->initial_state().save(file("state.safetensors"));
    const auto model = Mamba2Model::load(stream, base, LoadDType::q8);
    QCOMPARE(trainer->model()->fingerprint(), model->fingerprint());
    Session session(model, test::golden_tokenizer(), stream);
    session.restore(Snapshot::load(file("state.safetensors"), base->config()));
    QCOMPARE(session.tokens_read(), 0u);
    session.read(batch.ids);
    const std::vector<float> logits(session.logits().begin(), session.logits().end());
    for (const TokenId target : {0, 150, 299}) {
      const TrainBatch one = one_target(batch, 11, target);
      const double got = trainer->evaluate({&one, 1}).loss;
      const double want = loss_at(logits, 0, target);
      QVERIFY2(std::abs(got - want) < 1e-4, qPrintable(QString("%1, want %2").arg(got).arg(want)));
    }
    QVERIFY(trainer->evaluate({&batch, 1}).loss < before);
  }

  void ten_steps_are_five_a_save_and_five_data() { add_modes(); }
  void ten_steps_are_five_a_save_and_five() {
    QFETCH(bool, state);
    Stream stream(Device::cpu(), 2);
    const auto base = initial_model(small_model(true), 7);
    TrainerConfig config = config_of(state ? Trained::state : Trained::lora, LoadDType::q4);
    const auto run = [&](Trainer& trainer, int from, int to) {
      for (int i = from; i < to; ++i) {
        const TrainBatch batch = batch_of({30, 50}, static_cast<std::uint64_t>(100 + i));
        QVERIFY(trainer.step({&batch, 1}, 1e-2).taken());
      }
    };
    const auto whole = Trainer::create(stream, base, config);
    run(*whole, 0, 10);
    const auto first = Trainer::create(stream, base, config);
    run(*first, 0, 5);
    const auto path = file(state ? "run-state.safetensors" : "run-lora.safetensors");
    first->save(path);
    config.seed = 99;  // other first values, so that what is restored shows
    const auto second = Trainer::create(stream, base, config);
    second->restore(path);
    QCOMPARE(second->steps_taken(), 5);
    run(*second, 5, 10);
    HOLDFAST_COMPARE(compare_bitwise(all_of(second->named_parameters()), all_of(whole->named_parameters())));
    // Another choice of what is trained, another strength of the adapter.
    TrainerConfig other = config;
    other.trained = state ? Trained::lora : Trained::state;
    const auto third = Trainer::create(stream, base, other);
    QVERIFY_EXCEPTION_THROWN(third->restore(path), FormatError);
    if (state) return;
    other = config;
    other.lora.alpha = 16.0f;
    const auto fourth = Trainer::create(stream, base, other);
    QVERIFY_EXCEPTION_THROWN(fourth->restore(path), FormatError);
  }

  void a_refused_step_changes_nothing_data() { add_modes(); }
  void a_refused_step_changes_nothing() {
    QFETCH(bool, state);
    Stream stream(Device::cpu(), 1);
    const auto trainer =
        Trainer::create(stream, initial_model(small_model(true), 7), config_of(state ? Trained::state : Trained::lora));
    const TrainBatch batch = batch_of({40}, 8);
    (void)trainer->step({&batch, 1}, 1e-3);
    const auto before = all_of(trainer->named_parameters());
    QCOMPARE(trainer->step({&batch, 1}, 1e-3, {.loss = 0.1}).refusal, Refusal::loss_spike);
    QCOMPARE(trainer->step({&batch, 1}, 1e-3, {.gradient_norm = 1e-9}).refusal, Refusal::gradient_spike);
    TrainBatch wrong = batch;
    wrong.ids[3] = vocabulary;
    QVERIFY_EXCEPTION_THROWN((void)trainer->step({&wrong, 1}, 1e-3), ArgumentError);
    QCOMPARE(trainer->steps_taken(), 1);
    HOLDFAST_COMPARE(compare_bitwise(all_of(trainer->named_parameters()), before));
    auto first = trainer->named_parameters().front();
    first.values[0] = std::numeric_limits<float>::quiet_NaN();
    trainer->set_parameter(first.name, first.values);
    QVERIFY(!trainer->step({&batch, 1}, 1e-3).taken());
  }

  void what_is_computed_again_is_the_same_data() { add_modes(); }
  void what_is_computed_again_is_the_same() {
    QFETCH(bool, state);
    Stream stream(Device::cpu(), 2);
    const TrainBatch batch = batch_of({90, 20}, 8);
    std::vector<float> seen[2];
    for (const int all : {0, 1}) {
      TrainerConfig config = config_of(state ? Trained::state : Trained::lora);
      config.recompute = all == 1 ? Recompute::all : Recompute::none;
      const auto trainer = Trainer::create(stream, initial_model(small_model(true), 7), config);
      scatter(*trainer, 14);
      (void)trainer->gradients({&batch, 1});
      seen[all] = all_of(trainer->named_gradients());
    }
    HOLDFAST_COMPARE(compare_bitwise(seen[0], seen[1]));
  }

  void memory_is_what_was_told_data() {
    QTest::addColumn<int>("trained");
    QTest::addColumn<int>("frozen");
    QTest::addColumn<bool>("keep");
    QTest::newRow("adapters, f32") << 1 << static_cast<int>(LoadDType::stored) << true;
    QTest::newRow("adapters, 4 bits, nothing kept") << 1 << static_cast<int>(LoadDType::q4) << false;
    QTest::newRow("states, 8 bits") << 2 << static_cast<int>(LoadDType::q8) << true;
    QTest::newRow("all weights") << 0 << static_cast<int>(LoadDType::stored) << true;
  }
  void memory_is_what_was_told() {
    QFETCH(int, trained);
    QFETCH(int, frozen);
    QFETCH(bool, keep);
    Mamba2Config model = small_model(false);
    model.d_model = 512;
    model.n_layer = 10;
    model.n_heads = 16;
    model.head_dim = 64;
    model.d_state = 64;
    model.vocab_size = model.vocab_used = 2048;
    TrainerConfig config = config_of(static_cast<Trained>(trained), static_cast<LoadDType>(frozen));
    config.recompute = keep ? Recompute::none : Recompute::all;
    config.micro_batch_tokens = 512;
    const auto base = initial_model(model, 7);
    const auto counted = std::make_shared<CountingDevice>();
    std::size_t told = 0;
    {
      Stream stream(counted, 2);
      const auto trainer = Trainer::create(stream, base, config);
      told = trainer->memory().bytes();
      TrainBatch batch = batch_of({256, 256}, 8);
      (void)trainer->step({&batch, 1}, 1e-3);
    }
    const double ratio = static_cast<double>(told) / static_cast<double>(counted->most());
    QVERIFY2(ratio > 0.9 && ratio < 1.1,
             qPrintable(QString("%1 MiB told, %2 MiB taken").arg(told >> 20).arg(counted->most() >> 20)));
  }

  void what_was_not_trained_is_not_handed_out() {
    Stream stream(Device::cpu(), 1);
    const auto base = initial_model(small_model(true), 7);
    const auto states = Trainer::create(stream, base, config_of(Trained::state));
    QVERIFY_EXCEPTION_THROWN((void)states->adapter(), ArgumentError);
    const auto adapters = Trainer::create(stream, base, config_of(Trained::lora));
    QVERIFY_EXCEPTION_THROWN((void)adapters->initial_state(), ArgumentError);
  }
};

QTEST_GUILESS_MAIN(FrozenTrainerTest)
#include "frozen_trainer_test.moc"
