// What the inspector says, against its definitions in double on the same states and decays.
//
// Faults that were planted in engine/inspection.cpp, and seen to fail here:
//   retention that counts the writing token's own decay; a layer's decays put where its neighbour's belong; means over
//   the tokens of earlier samples too; a sample one token late; a file whose checksum is not looked at; stretches whose
//   rests are not kept, whose means stop at a seam, or whose first sample waits for more tokens than it has; files of
//   the first version refused; of what was read while it was held: a sample's own reads counted, the norm of the sample
//   that wrote in place of the one that reads, a mean read where the sum belongs.
#include "engine/inspection.h"

#include <xxhash.h>

#include <QTemporaryDir>
#include <QTest>
#include <algorithm>
#include <cmath>
#include <optional>

#include "engine/safetensors.h"
#include "engine/session.h"
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

  // The definition as it is written, sample by sample, in double from single steps.
  void what_was_read_while_held_is_the_sum_of_its_definition() {
    Stream stream(Device::cpu(), 2);
    const auto model = Mamba2Model::random(stream, small_config(), WeightFormat::f32, 7);
    const auto ids = some_tokens(150);
    Recorder steps;
    State state(model->device(), model->config());
    for (const TokenId id : ids) model->forward(stream, {&id, 1}, state, {}, &steps);
    for (const std::int64_t every : {1, 7, 16, 149, 1000}) {
      const Inspection seen = Inspection::of(*model, stream, ids, {.every = every});
      for (std::size_t l = 0; l < 3; ++l) {
        for (std::size_t h = 0; h < 4; ++h) {
          const auto trace = [&](std::int64_t t, std::size_t kind) {
            return static_cast<double>(steps.traces[l][(static_cast<std::size_t>(t) * 4 + h) * 3 + kind]);
          };
          const auto left = [&](std::int64_t written, std::int64_t at) {
            double sum = 0.0;
            for (std::int64_t t = written + 1; t <= at; ++t)
              sum += static_cast<double>(steps.decays[l][static_cast<std::size_t>(t) * 4 + h]);
            return std::exp(sum);
          };
          std::vector<double> want;
          for (std::int64_t begin = 0; begin < 150; begin += every) {
            const std::int64_t end = std::min<std::int64_t>(begin + every, 150);
            const std::int64_t middle = (begin + end - 1) / 2;
            double write = 0.0, held = 0.0;
            for (std::int64_t t = begin; t < end; ++t) write += trace(t, 0) / static_cast<double>(end - begin);
            for (std::int64_t later = end; later < 150; later += every) {
              const std::int64_t last = std::min<std::int64_t>(later + every, 150) - 1;
              double read = 0.0;
              for (std::int64_t t = later; t <= last; ++t) read += trace(t, 1);
              const auto matrix =
                  std::span<const float>(steps.states_of[l][static_cast<std::size_t>(last)]).subspan(h * 480, 480);
              held += read * write * left(middle, last) / oracle::frobenius_norm(matrix);
            }
            want.push_back(held);
          }
          const auto made = seen.read_while_held(static_cast<std::int64_t>(l), static_cast<std::int64_t>(h));
          const std::vector<float> got(made.begin(), made.end());
          HOLDFAST_COMPARE(compare_relative(got, want, 2e-4));  // as the samples above: a scan's rounding
        }
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

  // A text watched in stretches, some of a token or two, in passes of one token and of many: each kept in a file of its
  // own, and joined.
  void stretches_that_were_kept_apart_are_joined_to_what_one_recorder_saw() {
    Stream stream(Device::cpu(), 1);
    const auto config = small_config();
    const auto model = Mamba2Model::random(stream, config, WeightFormat::f32, 7);
    const auto ids = some_tokens(333);
    const auto text = std::span<const TokenId>(ids);
    QTemporaryDir folder;
    const std::filesystem::path file = std::filesystem::path(folder.path().toStdString()) / "kept";
    State state(model->device(), config), whole_state(model->device(), config);
    InspectionRecorder whole(config, {.every = 16});
    Recorder steps;
    State step_state(model->device(), config);
    for (const TokenId id : ids) model->forward(stream, {&id, 1}, step_state, {}, &steps);
    std::optional<Inspection> joined;
    std::uint64_t hash = 0;
    std::size_t at = 0;
    for (const std::size_t count : {70, 1, 1, 30, 2, 64, 65, 13, 16, 1, 1, 1, 1, 67}) {
      const auto own = text.subspan(at, count);
      InspectionRecorder recorder(config, {.every = 16}, static_cast<std::int64_t>(at));
      const auto read = [&](std::span<const TokenId> part) {
        model->forward(stream, part, state, {}, &recorder);
        model->forward(stream, part, whole_state, {}, &whole);
      };
      if (count > 60) {
        read(own);
      } else {
        for (std::size_t i = 0; i < count; ++i) read(own.subspan(i, 1));
      }
      recorder.seen().keep(file, "weights 1",
                           {.from = static_cast<std::int64_t>(at), .after = hash, .tokens = {own.begin(), own.end()}});
      const SeenStretch kept = Inspection::stretch_of(file);
      QCOMPARE(kept.from, static_cast<std::int64_t>(at));
      QCOMPARE(kept.after, hash);
      QVERIFY(std::ranges::equal(kept.tokens, own));
      const Inspection seen = Inspection::load(file, "weights 1", config);
      joined ? joined->append(seen) : void(joined = seen);
      hash = prefix_hash(hash, own);
      at += count;
    }
    QCOMPARE(at, ids.size());
    QCOMPARE(joined->tokens(), std::int64_t{333});
    // In double, from the decays of single steps; and against the recorder that saw all.
    int near = 0;
    for (std::int64_t written = 0; written < 333; written += 7) {
      for (const std::int64_t reach : {0, 1, 2, 5, 40, 200}) {
        const std::int64_t last = std::min<std::int64_t>(332, written + reach);
        const auto got = joined->retention(written, last), seen = whole.seen().retention(written, last);
        for (std::size_t l = 0; l < 3; ++l) {
          for (std::size_t h = 0; h < 4; ++h) {
            double sum = 0.0;
            for (auto t = static_cast<std::size_t>(written + 1); t <= static_cast<std::size_t>(last); ++t) {
              sum += static_cast<double>(steps.decays[l][t * 4 + h]);
            }
            if (sum < -0.01 && sum > -4.0) ++near;
            QVERIFY2(std::abs(got[l * 4 + h] - std::exp(sum)) <= 1e-5,
                     qPrintable(QString::number(got[l * 4 + h] - std::exp(sum))));
            QVERIFY(std::abs(got[l * 4 + h] - seen[l * 4 + h]) <= 1e-5);
          }
        }
      }
    }
    QVERIFY(near > 500);
    // Single tokens are sampled too, as many of them as make a sample; means reach over seams.
    QVERIFY(joined->samples() >= whole.seen().samples() - 2);
    std::int64_t begin = 0;
    for (std::int64_t s = 0; s < joined->samples(); ++s) {
      const std::int64_t end = joined->sample_end(s);
      QVERIFY(end > begin && end <= 333);
      std::vector<double> want;
      for (std::size_t l = 0; l < 3; ++l) {
        for (std::size_t h = 0; h < 4; ++h) {
          double sum = 0.0;
          for (auto t = static_cast<std::size_t>(begin); t < static_cast<std::size_t>(end); ++t) {
            sum += static_cast<double>(steps.traces[l][(t * 4 + h) * 3]);
          }
          want.push_back(sum / static_cast<double>(end - begin));
        }
      }
      HOLDFAST_COMPARE(compare_relative(joined->values(Inspection::Series::write, s), want, 1e-4));
      begin = end;
    }
    QVERIFY(begin > 333 - 32);
    // A beginning is what was seen of it, and what follows a cut goes on from it.
    const Inspection part = joined->first(90);
    QCOMPARE(part.tokens(), std::int64_t{90});
    QCOMPARE(part.retention(5, 89), joined->retention(5, 89));
    HOLDFAST_COMPARE(
        test::compare_bitwise(part.values(Inspection::Series::norm, 0), joined->values(Inspection::Series::norm, 0)));
    Mamba2Config other = config;
    other.n_layer = 2;
    QVERIFY_EXCEPTION_THROWN((void)Inspection::load(file, "weights 2", config), FormatError);
    QVERIFY_EXCEPTION_THROWN((void)Inspection::load(file, "weights 1", other), FormatError);
    QVERIFY_EXCEPTION_THROWN(
        joined->append(Inspection::of(*Mamba2Model::random(stream, other, WeightFormat::f32, 7), stream, ids)),
        ArgumentError);
  }

  // However short each is: a token or three at a time, and there are as many samples as for one recorder.
  void stretches_shorter_than_a_sample_are_sampled() {
    Stream stream(Device::cpu(), 1);
    const auto config = small_config();
    const auto model = Mamba2Model::random(stream, config, WeightFormat::f32, 7);
    const auto ids = some_tokens(96);
    State state(model->device(), config);
    std::optional<Inspection> joined;
    for (std::size_t at = 0, count = 1; at < ids.size(); at += count, count = count % 3 + 1) {
      InspectionRecorder recorder(config, {.every = 16}, static_cast<std::int64_t>(at));
      for (std::size_t i = at; i < std::min(at + count, ids.size()); ++i) {
        model->forward(stream, std::span(ids).subspan(i, 1), state, {}, &recorder);
      }
      joined ? joined->append(recorder.seen()) : void(joined = recorder.seen());
    }
    QCOMPARE(joined->tokens(), std::int64_t{96});
    QCOMPARE(joined->samples(), std::int64_t{6});
    for (std::int64_t s = 0; s < 6; ++s) QCOMPARE(joined->sample_end(s), (s + 1) * 16);
  }

  void a_stretch_is_read_again_from_the_state_before_it() {
    Stream stream(Device::cpu(), 1);
    const auto config = small_config();
    const auto model = Mamba2Model::random(stream, config, WeightFormat::f32, 7);
    const auto ids = some_tokens(200);
    const auto text = std::span<const TokenId>(ids);
    State state(model->device(), config);
    model->forward(stream, text.first(77), state, {});
    Inspection joined = Inspection::of(*model, stream, text.first(77), {.every = 16});
    const Inspection rest =
        Inspection::behind(state, 77, *model, stream, text.subspan(77), {.every = 16, .keep_states = true});
    QCOMPARE(rest.tokens(), std::int64_t{123});
    joined.append(rest);
    const Inspection whole = Inspection::of(*model, stream, ids, {.every = 200, .keep_states = true});
    for (const auto& [written, at] : {std::pair{0, 199}, {76, 77}, {75, 199}, {90, 140}}) {
      const auto got = joined.retention(written, at), want = whole.retention(written, at);
      for (std::size_t i = 0; i < got.size(); ++i) QVERIFY(std::abs(got[i] - want[i]) < 1e-5);
    }
    HOLDFAST_COMPARE(compare_relative(joined.states(), whole.states(), 1e-4));
    for (const auto series : {Inspection::Series::norm, Inspection::Series::stable_rank}) {
      HOLDFAST_COMPARE(compare_relative(joined.values(series, joined.samples() - 1), whole.values(series, 0), 1e-4));
    }
  }

  // As earlier versions wrote them: of a beginning, without its place and without what is left over a step.
  void files_of_the_first_version_are_read() {
    Stream stream(Device::cpu(), 1);
    const auto config = small_config();
    const auto model = Mamba2Model::random(stream, config, WeightFormat::f32, 7);
    const auto ids = some_tokens(150);
    QTemporaryDir folder;
    const std::filesystem::path file = std::filesystem::path(folder.path().toStdString()) / "kept";
    const Inspection whole = Inspection::of(*model, stream, ids, {});
    State state(model->device(), config);
    model->forward(stream, std::span(ids).first(100), state, {});
    Inspection::of(*model, stream, std::span(ids).first(100), {})
        .keep(file, "k", {.from = 0, .after = 0, .tokens = {ids.begin(), ids.begin() + 100}});
    {
      const SafetensorsFile now = SafetensorsFile::open(file);
      std::vector<SafetensorsTensor> tensors;
      std::vector<std::vector<std::byte>> bytes;
      bytes.reserve(now.tensors().size());
      std::vector<const SafetensorsTensor*> by_name;
      for (const SafetensorsTensor& tensor : now.tensors()) {
        if (tensor.name == "place" || tensor.name == "rests" || tensor.name == "open_traces" ||
            tensor.name == "sample_traced") {
          continue;
        }
        tensors.push_back(tensor);
        tensors.back().bytes = bytes.emplace_back(tensor.bytes.begin(), tensor.bytes.end());
      }
      for (const SafetensorsTensor& tensor : tensors) by_name.push_back(&tensor);
      std::ranges::sort(by_name, {}, &SafetensorsTensor::name);
      std::uint64_t hash = 0;
      for (const SafetensorsTensor* tensor : by_name) {
        hash = XXH3_64bits_withSeed(tensor->bytes.data(), tensor->bytes.size(), hash);
      }
      write_safetensors(file, tensors, {{"inspection", "1"}, {"model", "k"}, {"checksum", std::to_string(hash)}});
    }
    const SeenStretch stretch = Inspection::stretch_of(file);
    QCOMPARE(stretch.from, std::int64_t{0});
    QCOMPARE(stretch.after, std::uint64_t{0});
    Inspection seen = Inspection::load(file, "k", config);
    seen.append(Inspection::behind(state, 100, *model, stream, std::span(ids).subspan(100)));
    QCOMPARE(seen.sample_end(seen.samples() - 1), std::int64_t{150});
    for (const auto& [written, at] : {std::pair{0, 99}, {0, 149}, {99, 100}, {120, 149}}) {
      const auto got = seen.retention(written, at), want = whole.retention(written, at);
      for (std::size_t i = 0; i < got.size(); ++i) QVERIFY(std::abs(got[i] - want[i]) <= 1e-5);
    }
  }

  void a_damaged_file_is_refused() {
    Stream stream(Device::cpu(), 1);
    const auto config = small_config();
    const auto model = Mamba2Model::random(stream, config, WeightFormat::f32, 7);
    QTemporaryDir folder;
    const std::filesystem::path file = std::filesystem::path(folder.path().toStdString()) / "kept";
    Inspection::of(*model, stream, some_tokens(40), {})
        .keep(file, "k", {.from = 0, .after = 0, .tokens = some_tokens(40)});
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
