// One step of training against the golden gradients and against laws that need no reference.
//
// Faults that were planted in training/model_pass.cpp and trainer.cpp, and seen to fail here:
//   the residual's own gradient lost; the head's gradient lost where it is tied; A not brought up to date after an
//   update; out_proj's gradient left out; a layer's output added to the first residual; a wrong row in the order of
//   ids; kept convolutions all in one place; layers given up before convolutions; a refused step that counts; moments
//   not restored; a layer's gradients handed over for their sum before its backward; a gap between two parts of a sum.
#include "training/trainer.h"

#include <QTemporaryDir>
#include <QTest>
#include <cmath>

#include "engine/checkpoint.h"
#include "kernels/error.h"
#include "tests/engine/golden.h"
#include "tests/support/compare.h"
#include "tests/support/data.h"

using namespace holdfast;
using test::compare_bitwise;
using test::compare_relative;
using test::Golden;
using test::golden_path;

namespace {

Mamba2Config tiny(std::int64_t groups = 1, bool tied = true) {
  Mamba2Config config;
  config.d_model = 24;
  config.n_layer = 2;
  config.n_heads = 4;
  config.head_dim = 12;
  config.d_state = 10;
  config.n_groups = groups;
  config.d_conv = 4;
  config.vocab_size = 50;
  config.vocab_used = 50;
  config.tied_embeddings = tied;
  return config;
}

TrainBatch random_batch(std::vector<std::int32_t> lengths, std::uint64_t seed, std::int64_t vocabulary = 50) {
  test::Random random(seed);
  TrainBatch batch;
  batch.starts = {0};
  for (const std::int32_t length : lengths) {
    for (std::int32_t i = 0; i < length; ++i) {
      batch.ids.push_back(static_cast<TokenId>(random.below(vocabulary)));
      batch.targets.push_back(i % 5 == 0 ? -1 : static_cast<TokenId>(random.below(vocabulary)));
      batch.weights.push_back(i % 7 == 0 ? 0.5f : 1.0f);
    }
    batch.starts.push_back(batch.starts.back() + length);
  }
  return batch;
}

std::vector<float> all_values(const std::vector<Trainer::NamedValues>& parts) {
  std::vector<float> all;
  for (const auto& part : parts) all.insert(all.end(), part.values.begin(), part.values.end());
  return all;
}

std::unique_ptr<Trainer> make(Stream& stream, const Mamba2Config& model, TrainerConfig config = {}) {
  config.micro_batch_tokens = 512;
  config.seed = 3;
  return Trainer::create(stream, model, config);
}

// One rank that believes in others: keeps what it was handed, as it was then.
class HeardReducer final : public Reducer {
 public:
  struct Part {
    const float* begin;
    std::vector<float> values;
  };
  [[nodiscard]] int rank() const noexcept override { return 0; }
  [[nodiscard]] int ranks() const noexcept override { return 2; }
  void begin_sum(Stream& stream, TensorView gradients) override {
    stream.synchronize();
    const auto* begin = gradients.as<float>();
    parts.push_back({begin, {begin, begin + gradients.shape.elements()}});
  }
  void wait(Stream&) override { waited = true; }
  void sum(std::span<double>) override {}
  void gather(Stream&, TensorView) override {}
  std::vector<Part> parts;
  bool waited = false;
};

}  // namespace

class TrainerTest : public QObject {
  Q_OBJECT

 private slots:
  void gradients_are_those_of_the_golden_files_data() {
    QTest::addColumn<QString>("name");
    for (const char* name : {"hf-g1-tied", "hf-g2-untied", "ssm-g4"}) QTest::newRow(name) << name;
  }
  void gradients_are_those_of_the_golden_files() {
    QFETCH(QString, name);
    const std::string folder = name.toStdString();
    const Golden golden(folder);
    const auto ids = golden.ids("ids");
    const auto mask = golden.floats("loss_mask");
    TrainBatch batch;
    for (std::size_t i = 0; i + 1 < ids.size(); ++i) {
      batch.ids.push_back(static_cast<TokenId>(ids[i]));
      batch.targets.push_back(static_cast<TokenId>(ids[i + 1]));
      batch.weights.push_back(mask[i]);
    }
    Stream stream(Device::cpu(), 2);
    TrainerConfig config;
    config.micro_batch_tokens = 256;
    const auto trainer = Trainer::create(stream, Checkpoint::open(golden_path(folder + "/hf")), config);
    const StepResult result = trainer->gradients({&batch, 1});
    QVERIFY2(std::abs(result.loss / static_cast<double>(golden.floats("loss")[0]) - 1.0) < 1e-4,
             qPrintable(QString::number(result.loss)));
    for (const auto& part : trainer->named_gradients()) {
      const auto want = golden.floats("grad." + part.name);
      const auto compared = compare_relative(part.values, want, 1e-3);
      QVERIFY2(compared.ok, (part.name + ": " + compared.report).c_str());
    }
  }

  void gradients_are_the_slopes_of_the_loss() {
    Stream stream(Device::cpu(), 2);
    const auto trainer = make(stream, tiny(2, false));
    const TrainBatch batch = random_batch({40, 70, 9}, 5);
    (void)trainer->gradients({&batch, 1});
    const auto gradients = trainer->named_gradients();
    const auto parameters = trainer->named_parameters();
    test::Random random(9);
    for (std::size_t p = 0; p < parameters.size(); ++p) {
      // Along a random direction: the slope is the sum of gradient times direction.
      const auto direction = random.normals(std::ssize(parameters[p].values), 1.0);
      double slope = 0.0;
      for (std::size_t i = 0; i < direction.size(); ++i) {
        slope += static_cast<double>(direction[i]) * static_cast<double>(gradients[p].values[i]);
      }
      double losses[2];
      constexpr double step = 2e-4;
      for (const int sign : {0, 1}) {
        std::vector<float> moved = parameters[p].values;
        for (std::size_t i = 0; i < moved.size(); ++i) {
          moved[i] += static_cast<float>((sign == 0 ? -step : step) * static_cast<double>(direction[i]));
        }
        trainer->set_parameter(parameters[p].name, moved);
        losses[sign] = trainer->evaluate({&batch, 1}).loss;
      }
      trainer->set_parameter(parameters[p].name, parameters[p].values);
      const double got = (losses[1] - losses[0]) / (2.0 * step);
      // A float loss of about 4 divided by the step, and the curvature.
      QVERIFY2(std::abs(got - slope) < 1e-2 + 0.02 * std::abs(slope),
               qPrintable(QString::fromStdString(parameters[p].name) + QString(": %1, want %2").arg(got).arg(slope)));
    }
  }

  void one_batch_is_learned_by_heart() {
    Stream stream(Device::cpu(), 2);
    const auto trainer = make(stream, tiny());
    const TrainBatch batch = random_batch({60}, 4);
    double loss = 0.0;
    for (int i = 0; i < 400 && (i == 0 || loss > 0.008); ++i) loss = trainer->step({&batch, 1}, 1e-2).loss;
    QVERIFY2(loss < 0.01, qPrintable(QString::number(loss)));
  }

  void ten_steps_are_five_a_save_and_five() {
    QTemporaryDir folder;
    const std::filesystem::path file = std::filesystem::path(folder.path().toStdString()) / "run.safetensors";
    Stream stream(Device::cpu(), 2);
    const auto run = [&](Trainer& trainer, int from, int to) {
      for (int i = from; i < to; ++i) {
        const TrainBatch batch = random_batch({30, 50}, static_cast<std::uint64_t>(100 + i));
        QVERIFY(trainer.step({&batch, 1}, 1e-3).taken());
      }
    };
    const auto whole = make(stream, tiny());
    run(*whole, 0, 10);
    const auto first = make(stream, tiny());
    run(*first, 0, 5);
    first->save(file);
    TrainerConfig other;
    other.seed = 99;  // other first values, so that what is restored shows
    other.micro_batch_tokens = 512;
    const auto second = Trainer::create(stream, tiny(), other);
    second->restore(file);
    QCOMPARE(second->steps_taken(), 5);
    run(*second, 5, 10);
    HOLDFAST_COMPARE(compare_bitwise(all_values(second->named_parameters()), all_values(whole->named_parameters())));
  }

  void nothing_passes_from_one_sequence_to_the_next() {
    Stream stream(Device::cpu(), 2);
    const auto trainer = make(stream, tiny(2));
    // Gradients of the second sequence alone, behind two different first ones without a loss.
    std::vector<float> seen[2];
    for (const std::uint64_t other : {1, 2}) {
      TrainBatch batch = random_batch({67, 45}, other);
      const TrainBatch same = random_batch({45}, 77);
      for (std::size_t i = 0; i < 67; ++i) batch.targets[i] = -1;
      for (std::size_t i = 0; i < 45; ++i) {
        batch.ids[67 + i] = same.ids[i];
        batch.targets[67 + i] = same.targets[i];
        batch.weights[67 + i] = same.weights[i];
      }
      (void)trainer->gradients({&batch, 1});
      for (const auto& part : trainer->named_gradients()) {
        if (part.name != "embedding")
          seen[other - 1].insert(seen[other - 1].end(), part.values.begin(), part.values.end());
      }
    }
    HOLDFAST_COMPARE(compare_bitwise(seen[0], seen[1]));
  }

  void micro_batches_add_up() {
    Stream stream(Device::cpu(), 2);
    const auto trainer = make(stream, tiny());
    const TrainBatch both = random_batch({40, 33}, 8);
    std::array<TrainBatch, 2> apart;
    for (int i = 0; i < 2; ++i) {
      const std::size_t begin = i == 0 ? 0 : 40;
      const std::size_t end = i == 0 ? 40 : 73;
      const auto cut = [&](auto& to, const auto& from) {
        to.assign(from.begin() + static_cast<std::ptrdiff_t>(begin), from.begin() + static_cast<std::ptrdiff_t>(end));
      };
      cut(apart[static_cast<std::size_t>(i)].ids, both.ids);
      cut(apart[static_cast<std::size_t>(i)].targets, both.targets);
      cut(apart[static_cast<std::size_t>(i)].weights, both.weights);
    }
    const double loss = trainer->gradients({&both, 1}).loss;
    const auto want = all_values(trainer->named_gradients());
    QVERIFY(std::abs(trainer->gradients(apart).loss - loss) < 1e-5);
    HOLDFAST_COMPARE(compare_relative(all_values(trainer->named_gradients()), want, 1e-5));
  }

  void what_is_computed_again_is_the_same() {
    Stream stream(Device::cpu(), 2);
    const TrainBatch batch = random_batch({90, 20}, 8);
    std::vector<float> seen[2];
    for (const int all : {0, 1}) {
      TrainerConfig config;
      config.recompute = all == 1 ? Recompute::all : Recompute::none;
      const auto trainer = make(stream, tiny(), config);
      QCOMPARE(trainer->memory().kept_layers, all == 1 ? 0 : 2);
      (void)trainer->gradients({&batch, 1});
      seen[all] = all_values(trainer->named_gradients());
    }
    HOLDFAST_COMPARE(compare_bitwise(seen[0], seen[1]));
  }

  // A budget is kept; what is cheaper to compute again is given up first, and nothing of it changes a bit.
  void a_budget_of_memory_is_kept() {
    Stream stream(Device::cpu(), 2);
    const TrainBatch batch = random_batch({90, 20}, 8);
    TrainerConfig config;
    config.micro_batch_tokens = 512;
    Mamba2Config model = tiny();
    model.n_layer = 4;
    const auto whole = make(stream, model, config);
    QCOMPARE(whole->memory().kept_layers, 4);
    QCOMPARE(whole->memory().kept_convolutions, 4);
    (void)whole->gradients({&batch, 1});
    const auto want = all_values(whole->named_gradients());
    std::vector<std::pair<std::int64_t, std::int64_t>> kept;
    for (std::size_t budget = whole->memory().bytes() - 1; kept.empty() || kept.back().first > 0;) {
      config.memory_budget = budget;
      const auto trainer = make(stream, model, config);
      const MemoryEstimate& memory = trainer->memory();
      kept.emplace_back(memory.kept_layers, memory.kept_convolutions);
      if (memory.kept_layers > 0) QVERIFY(memory.bytes() <= budget);
      (void)trainer->gradients({&batch, 1});
      HOLDFAST_COMPARE(compare_bitwise(all_values(trainer->named_gradients()), want));
      budget = memory.bytes() - 1;
    }
    // The place of one layer is always there, for those that are not kept.
    const std::vector<std::pair<std::int64_t, std::int64_t>> expected{{4, 3}, {4, 2}, {4, 1}, {3, 0}, {2, 0}, {1, 0}};
    for (std::size_t i = 0; i < expected.size(); ++i) QVERIFY(i < kept.size() && kept[i] == expected[i]);
  }

  void gradients_are_handed_over_once_and_complete() {
    Mamba2Config model = tiny();
    model.n_layer = 10;
    model.d_model = 200;
    model.n_heads = 8;
    model.head_dim = 50;
    const auto heard = std::make_shared<HeardReducer>();
    TrainerConfig config;
    config.micro_batch_tokens = 128;
    Stream stream(Device::cpu(), 2);
    const auto trainer = Trainer::create(stream, model, config, {}, heard);
    const TrainBatch batches[] = {random_batch({40, 9}, 1), random_batch({17}, 2)};
    (void)trainer->gradients(batches);
    // Five layers make a part here: two of layers, then the embedding, then the vectors of all layers.
    QCOMPARE(heard->parts.size(), 4u);
    std::ranges::sort(heard->parts, {}, &HeardReducer::Part::begin);
    std::int64_t total = 0;
    for (std::size_t i = 0; i < heard->parts.size(); ++i) {
      const HeardReducer::Part& part = heard->parts[i];
      const auto count = std::ssize(part.values);
      total += count;
      if (i > 0) QVERIFY(part.begin == heard->parts[i - 1].begin + std::ssize(heard->parts[i - 1].values));
      QVERIFY(std::ranges::equal(part.values, std::span(part.begin, static_cast<std::size_t>(count))));
    }
    QVERIFY(total >= trainer->trained_numbers());
    QVERIFY(heard->waited);
  }

  void a_refused_step_changes_nothing() {
    QTemporaryDir folder;
    const auto file = [&](const char* name) { return std::filesystem::path(folder.path().toStdString()) / name; };
    Stream stream(Device::cpu(), 1);
    const auto trainer = make(stream, tiny());
    const TrainBatch batch = random_batch({40}, 8);
    (void)trainer->step({&batch, 1}, 1e-3);
    const auto before = all_values(trainer->named_parameters());
    QCOMPARE(trainer->step({&batch, 1}, 1e-3, {.loss = 0.1}).refusal, Refusal::loss_spike);
    QCOMPARE(trainer->step({&batch, 1}, 1e-3, {.gradient_norm = 1e-9}).refusal, Refusal::gradient_spike);
    TrainBatch empty = batch;
    std::fill(empty.targets.begin(), empty.targets.end(), -1);
    QVERIFY_EXCEPTION_THROWN((void)trainer->step({&empty, 1}, 1e-3), NumericError);
    TrainBatch wrong = batch;
    wrong.ids[3] = 50;
    QVERIFY_EXCEPTION_THROWN((void)trainer->step({&wrong, 1}, 1e-3), ArgumentError);
    QCOMPARE(trainer->steps_taken(), 1);
    HOLDFAST_COMPARE(compare_bitwise(all_values(trainer->named_parameters()), before));
    // Broken weights give no finite loss.
    auto norm = trainer->named_parameters().back().values;
    norm[0] = std::numeric_limits<float>::quiet_NaN();
    trainer->set_parameter("norm_f", norm);
    QCOMPARE(trainer->step({&batch, 1}, 1e-3).refusal, Refusal::loss_not_finite);
    (void)file;
  }

  // Each sequence's loss is what it is alone, however they are packed, and their mean by weight is the whole.
  void each_sequence_has_its_own_loss() {
    Stream stream(Device::cpu(), 1);
    const auto trainer = make(stream, tiny());
    const std::vector<TrainBatch> batches{random_batch({40, 3, 70}, 8), random_batch({12}, 9)};
    const EvaluateResult all = trainer->evaluate(batches);
    QCOMPARE(all.sequences.size(), 4u);
    double sum = 0.0;
    std::size_t next = 0;
    for (const TrainBatch& batch : batches) {
      for (std::size_t s = 0; s + 1 < batch.starts.size(); ++s) {
        const auto part = [&](const auto& values) {
          return std::vector(values.begin() + batch.starts[s], values.begin() + batch.starts[s + 1]);
        };
        const TrainBatch alone{
            .ids = part(batch.ids), .targets = part(batch.targets), .weights = part(batch.weights), .starts = {}};
        const EvaluateResult one = trainer->evaluate({&alone, 1});
        QVERIFY(std::abs(one.loss - all.sequences[next]) < 1e-5);
        QCOMPARE(one.sequences.size(), 1u);
        QVERIFY(std::abs(one.sequences[0] - one.loss) < 1e-6);
        sum += one.weight * all.sequences[next++];
      }
    }
    QVERIFY(std::abs(sum / all.weight - all.loss) < 1e-6);
  }

  void a_trained_model_is_exported_and_runs() {
    QTemporaryDir folder;
    const std::filesystem::path out = std::filesystem::path(folder.path().toStdString()) / "model";
    Stream stream(Device::cpu(), 1);
    const auto trainer = make(stream, tiny());
    const TrainBatch batch = random_batch({40}, 8);
    (void)trainer->step({&batch, 1}, 1e-3);
    trainer->export_model(out, ConvertDType::f32);
    const auto model = Mamba2Model::load(stream, Checkpoint::open(out));
    State state(model->device(), model->config());
    std::vector<float> logits(40 * 50);
    const SequenceInput input{batch.ids, &state, logits};
    model->forward(stream, {&input, 1}, LogitRows::all);
    double loss = 0.0, weight = 0.0;
    for (std::size_t t = 0; t < 40; ++t) {
      if (batch.targets[t] < 0) continue;
      double sum = 0.0;
      for (std::size_t v = 0; v < 50; ++v) sum += std::exp(static_cast<double>(logits[t * 50 + v]));
      const double w = static_cast<double>(batch.weights[t]);
      loss += w * (std::log(sum) - static_cast<double>(logits[t * 50 + static_cast<std::size_t>(batch.targets[t])]));
      weight += w;
    }
    QVERIFY(std::abs(loss / weight - trainer->evaluate({&batch, 1}).loss) < 1e-4);
  }

  void bad_files_are_refused_and_change_nothing() {
    QTemporaryDir folder;
    const std::filesystem::path file = std::filesystem::path(folder.path().toStdString()) / "run.safetensors";
    Stream stream(Device::cpu(), 1);
    make(stream, tiny(2))->save(file);
    const auto trainer = make(stream, tiny(1));
    const auto before = all_values(trainer->named_parameters());
    QVERIFY_EXCEPTION_THROWN(trainer->restore(file), FormatError);
    QVERIFY_EXCEPTION_THROWN(trainer->restore("/nowhere.safetensors"), IoError);
    HOLDFAST_COMPARE(compare_bitwise(all_values(trainer->named_parameters()), before));
  }
};

QTEST_GUILESS_MAIN(TrainerTest)
#include "trainer_test.moc"
