// What the inspector says, against its definitions in double on the same states and decays.
//
// Faults that were planted in engine/inspection.cpp, and seen to fail here:
//   retention that counts the writing token's own decay; a layer's decays put where its neighbour's belong; means over
//   the tokens of earlier samples too; a sample one token late; a file whose checksum is not looked at.
#include "engine/inspection.h"

#include <QTemporaryDir>
#include <QTest>
#include <cmath>

#include "engine/safetensors.h"
#include "kernels/error.h"
#include "tests/oracle/state_stats.h"
#include "tests/support/compare.h"
#include "tests/support/data.h"

using namespace holdfast;
using test::compare_relative;

namespace {

Mamba2Config small_config() {
  Mamba2Config config;
  config.d_model = 40;
  config.n_layer = 3;
  config.n_heads = 4;
  config.head_dim = 20;
  config.d_state = 24;
  config.n_groups = 2;
  config.d_conv = 4;
  config.vocab_size = 77;
  config.vocab_used = 77;
  config.tied_embeddings = true;
  return config;
}

std::vector<TokenId> some_tokens(std::int64_t count) {
  test::Random random(3);
  std::vector<TokenId> ids;
  for (std::int64_t i = 0; i < count; ++i) ids.push_back(static_cast<TokenId>(random.below(77)));
  return ids;
}

// The same text token by token: decays, traces and states as the probe sees them.
class Recorder : public Probe {
 public:
  ProbeWish wish(int, std::int64_t) override { return {.trace = true, .states = true}; }
  void layer(const ProbeView& view) override {
    const auto l = static_cast<std::size_t>(view.layer);
    decays[l].insert(decays[l].end(), view.log_decay.begin(), view.log_decay.end());
    traces[l].insert(traces[l].end(), view.trace.begin(), view.trace.end());
  }
  void states(const ProbeStates& shown) override {
    const std::size_t size = shown.states.size() / 3;
    for (std::size_t l = 0; l < 3; ++l) {
      const auto own = shown.states.subspan(l * size, size);
      states_of[l].push_back({own.begin(), own.end()});
    }
  }
  std::vector<float> decays[3], traces[3];
  std::vector<std::vector<float>> states_of[3];
};

}  // namespace

class InspectionTest : public QObject {
  Q_OBJECT

 private slots:
  void every_figure_is_that_of_its_definition() {
    Stream stream(Device::cpu(), 2);
    const auto model = Mamba2Model::random(stream, small_config(), WeightFormat::f32, 7);
    const auto ids = some_tokens(150);
    const Inspection seen = Inspection::of(*model, stream, ids, {.every = 16});
    Recorder steps;
    State state(model->device(), model->config());
    for (const TokenId id : ids) model->forward(stream, {&id, 1}, state, {}, &steps);
    QCOMPARE(seen.tokens(), 150);
    QCOMPARE(seen.samples(), 10);
    QCOMPARE(seen.sample_end(9), 150);

    // Decays: a scan and a step of the same model agree to rounding, which 150 sums of about 1e-2 keep under 1e-5.
    const auto decay = [&](std::int64_t t, std::int64_t l, std::int64_t h) {
      return static_cast<double>(steps.decays[l][static_cast<std::size_t>(t * 4 + h)]);
    };
    for (const auto& [written, at] : {std::pair{0, 149}, {37, 38}, {80, 80}, {149, 149}, {5, 120}}) {
      const auto got = seen.retention(written, at);
      for (std::int64_t l = 0; l < 3; ++l) {
        for (std::int64_t h = 0; h < 4; ++h) {
          double sum = 0.0;
          for (int t = written + 1; t <= at; ++t) sum += decay(t, l, h);
          const double value = got[static_cast<std::size_t>(l * 4 + h)];
          QVERIFY2(std::abs(value - std::exp(sum)) <= 1e-5, qPrintable(QString::number(value - std::exp(sum))));
          const auto sums = seen.decay_sums(l, h);
          QVERIFY(
              std::abs(std::exp(sums[static_cast<std::size_t>(at + 1)] - sums[static_cast<std::size_t>(written + 1)]) -
                       value) < 1e-12);
        }
      }
    }
    const auto half = seen.half_life(10, 90);
    for (std::int64_t l = 0; l < 3; ++l) {
      for (std::int64_t h = 0; h < 4; ++h) {
        double sum = 0.0;
        for (int t = 10; t < 90; ++t) sum -= decay(t, l, h);
        const double want = std::log(2.0) * 80.0 / sum;
        QVERIFY(std::abs(half[static_cast<std::size_t>(l * 4 + h)] / want - 1.0) < 1e-4);
      }
    }
    // Samples.
    for (const std::int64_t sample : {0, 4, 9}) {
      const std::int64_t begin = sample * 16;
      const std::int64_t end = seen.sample_end(sample);
      std::vector<double> want[Inspection::series_count];
      for (std::size_t l = 0; l < 3; ++l) {
        for (std::int64_t h = 0; h < 4; ++h) {
          for (std::int64_t kind = 0; kind < 3; ++kind) {
            double sum = 0.0;
            for (std::int64_t t = begin; t < end; ++t) {
              sum += static_cast<double>(steps.traces[l][static_cast<std::size_t>((t * 4 + h) * 3 + kind)]);
            }
            want[kind].push_back(sum / static_cast<double>(end - begin));
          }
          const auto head = std::span<const float>(steps.states_of[l][static_cast<std::size_t>(end - 1)])
                                .subspan(static_cast<std::size_t>(h * 20 * 24), 20 * 24);
          const double norm = oracle::frobenius_norm(head);
          want[3].push_back(norm);
          want[4].push_back(std::pow(norm / oracle::spectral_norm(head, 20, 24), 2.0));
        }
      }
      for (int i = 0; i < Inspection::series_count; ++i) {
        // A scan's rounding, larger than that of the figures; the rank's quotient as in state_stats_test.
        HOLDFAST_COMPARE(
            compare_relative(seen.values(static_cast<Inspection::Series>(i), sample), want[i], i == 4 ? 4e-3 : 1e-4));
      }
    }
  }

  void how_often_it_samples_does_not_change_the_decays() {
    Stream stream(Device::cpu(), 1);
    const auto model = Mamba2Model::random(stream, small_config(), WeightFormat::f32, 7);
    const auto ids = some_tokens(90);
    const auto a = Inspection::of(*model, stream, ids, {.every = 7}).retention(3, 80);
    const auto b = Inspection::of(*model, stream, ids, {.every = 2000}).retention(3, 80);
    for (std::size_t i = 0; i < a.size(); ++i) QVERIFY(std::abs(a[i] - b[i]) < 1e-5);
  }

  void the_last_states_are_kept_when_asked_for() {
    Stream stream(Device::cpu(), 1);
    const auto model = Mamba2Model::random(stream, small_config(), WeightFormat::f32, 7);
    const auto ids = some_tokens(33);
    const Inspection seen = Inspection::of(*model, stream, ids, {.every = 16, .keep_states = true});
    State state(model->device(), model->config());
    std::vector<float> logits(77);
    model->forward(stream, ids, state, logits);
    const auto want = std::as_const(state).ssm();
    QCOMPARE(std::ssize(seen.states()), want.shape.elements());
    HOLDFAST_COMPARE(compare_relative(seen.states(), std::span(want.as<float>(), seen.states().size()), 1e-5));
    QVERIFY(Inspection::of(*model, stream, ids, {}).states().empty());
  }

  void it_can_be_stopped_and_saved() {
    Stream stream(Device::cpu(), 1);
    const auto model = Mamba2Model::random(stream, small_config(), WeightFormat::f32, 7);
    const auto ids = some_tokens(90);
    std::stop_source stop;
    const Inspection seen = Inspection::of(
        *model, stream, ids, {.every = 10},
        [&](std::int64_t read) {
          if (read == 30) stop.request_stop();
        },
        stop.get_token());
    QCOMPARE(seen.tokens(), 30);
    QTemporaryDir folder;
    const std::filesystem::path file = std::filesystem::path(folder.path().toStdString()) / "seen.safetensors";
    seen.save(file);
    const auto read = SafetensorsFile::open(file);
    QVERIFY(read.get("log_decay").shape == (Shape{30, 3, 4}));
    QVERIFY(read.get("stable_rank").shape == (Shape{3, 3, 4}));
  }

  void a_kept_inspection_comes_back_and_goes_on() {
    Stream stream(Device::cpu(), 1);
    const auto config = small_config();
    const auto model = Mamba2Model::random(stream, config, WeightFormat::f32, 7);
    const auto ids = some_tokens(150);
    // Watched on the way: a text read at once, then tokens one by one.
    State state(model->device(), config);
    InspectionRecorder first(config, {.every = 16});
    model->forward(stream, std::span(ids).first(70), state, {}, &first);
    for (std::size_t i = 70; i < 100; ++i) model->forward(stream, std::span(ids).subspan(i, 1), state, {}, &first);
    QCOMPARE(first.seen().tokens(), std::int64_t{100});
    QCOMPARE(first.seen().samples(), std::int64_t{2});
    QCOMPARE(first.seen().sample_end(0), std::int64_t{70});
    QCOMPARE(first.seen().sample_end(1), std::int64_t{86});
    QTemporaryDir folder;
    const std::filesystem::path file = std::filesystem::path(folder.path().toStdString()) / "kept";
    first.seen().keep(file, "weights 1", std::span(ids).first(100));
    QVERIFY(Inspection::text_of(file) == std::vector<TokenId>(ids.begin(), ids.begin() + 100));
    QVERIFY_EXCEPTION_THROWN((void)Inspection::load(file, "weights 2", config), FormatError);
    Mamba2Config other = config;
    other.n_layer = 2;
    QVERIFY_EXCEPTION_THROWN((void)Inspection::load(file, "weights 1", other), FormatError);
    InspectionRecorder second(Inspection::load(file, "weights 1", config), config, {.every = 16});
    second.sample_at(150);
    for (std::size_t i = 100; i < 150; ++i) model->forward(stream, std::span(ids).subspan(i, 1), state, {}, &second);
    const Inspection whole = Inspection::of(*model, stream, ids, {.every = 150});
    const Inspection& seen = second.seen();
    QCOMPARE(seen.tokens(), std::int64_t{150});
    QCOMPARE(seen.sample_end(seen.samples() - 1), std::int64_t{150});
    QCOMPARE(seen.sample_of(0), std::int64_t{0});
    QCOMPARE(seen.sample_of(70), std::int64_t{1});
    QCOMPARE(seen.sample_of(149), seen.samples() - 1);
    for (const auto& [written, at] : {std::pair{0, 149}, {69, 70}, {90, 140}}) {
      const auto got = seen.retention(written, at), want = whole.retention(written, at);
      for (std::size_t i = 0; i < got.size(); ++i) QVERIFY(std::abs(got[i] - want[i]) < 1e-5);
    }
    for (const auto series : {Inspection::Series::norm, Inspection::Series::stable_rank}) {
      HOLDFAST_COMPARE(compare_relative(seen.values(series, seen.samples() - 1), whole.values(series, 0), 1e-4));
    }
    // A beginning is what was seen of it.
    const Inspection part = seen.first(90);
    QCOMPARE(part.tokens(), std::int64_t{90});
    QCOMPARE(part.samples(), std::int64_t{2});
    QCOMPARE(part.retention(5, 89), seen.retention(5, 89));
    HOLDFAST_COMPARE(
        test::compare_bitwise(part.values(Inspection::Series::norm, 1), seen.values(Inspection::Series::norm, 1)));
    // The mean of a sample is one over its own tokens, whichever passes they came in.
    const Inspection early = Inspection::of(*model, stream, std::span(ids).first(70), {.every = 70});
    HOLDFAST_COMPARE(
        compare_relative(seen.values(Inspection::Series::write, 0), early.values(Inspection::Series::write, 0), 1e-4));
  }

  void a_damaged_file_is_refused() {
    Stream stream(Device::cpu(), 1);
    const auto config = small_config();
    const auto model = Mamba2Model::random(stream, config, WeightFormat::f32, 7);
    QTemporaryDir folder;
    const std::filesystem::path file = std::filesystem::path(folder.path().toStdString()) / "kept";
    Inspection::of(*model, stream, some_tokens(40), {}).keep(file, "k", some_tokens(40));
    QFile bytes(QString::fromStdString(file.string()));
    QVERIFY(bytes.open(QIODevice::ReadWrite));
    const QByteArray good = bytes.readAll();
    for (const qsizetype at : {good.size() - 1, good.size() / 2, good.size() * 3 / 4}) {
      QByteArray bad = good;
      bad[at] = static_cast<char>(bad[at] ^ 1);
      bytes.seek(0);
      bytes.write(bad);
      bytes.flush();
      QVERIFY_EXCEPTION_THROWN((void)Inspection::load(file, "k", config), FormatError);
    }
    bytes.resize(good.size() / 2);
    QVERIFY_EXCEPTION_THROWN((void)Inspection::load(file, "k", config), FormatError);
    QVERIFY_EXCEPTION_THROWN((void)Inspection::load(file.string() + "x", "k", config), IoError);
  }

  void bad_arguments_are_refused() {
    Stream stream(Device::cpu(), 1);
    const auto model = Mamba2Model::random(stream, small_config(), WeightFormat::f32, 7);
    const auto ids = some_tokens(9);
    QVERIFY_EXCEPTION_THROWN((void)Inspection::of(*model, stream, {}, {}), ArgumentError);
    QVERIFY_EXCEPTION_THROWN((void)Inspection::of(*model, stream, ids, {.every = 0}), ArgumentError);
    const Inspection seen = Inspection::of(*model, stream, ids, {});
    QVERIFY_EXCEPTION_THROWN((void)seen.retention(3, 9), ArgumentError);
    QVERIFY_EXCEPTION_THROWN((void)seen.retention(3, 2), ArgumentError);
    QVERIFY_EXCEPTION_THROWN((void)seen.half_life(2, 2), ArgumentError);
  }
};

QTEST_GUILESS_MAIN(InspectionTest)
#include "inspection_test.moc"
