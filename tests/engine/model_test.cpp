// The model against the golden files of every layout, and against laws that need no reference.
//
// Planted faults seen caught: see the list at the end of this comment, each planted in engine/model.cpp.
//   conv state of the wrong layer; z taken from the last columns; residual not accumulated; a block's state not carried
//   over; the last logits taken from the block's first row; group norm over all channels.

#include "engine/model.h"

#include <QTest>
#include <algorithm>
#include <utility>

#include "engine/checkpoint.h"
#include "kernels/error.h"
#include "kernels/ssd_scan.h"
#include "tests/engine/golden.h"
#include "tests/support/compare.h"
#include "tests/support/data.h"

using namespace holdfast;
using holdfast::test::compare_bitwise;
using holdfast::test::compare_relative;
using holdfast::test::Golden;
using holdfast::test::golden_path;

namespace {

struct Outcome {
  std::vector<float> logits;  // of all tokens
  std::vector<float> conv, ssm;
};

std::vector<float> values_of(ConstTensorView view) {
  const auto* begin = view.as<float>();
  return {begin, begin + view.shape.elements()};
}

// Reads ids in the given pieces (their lengths add up to the number of ids).
Outcome read_in_pieces(const Mamba2Model& model, Stream& stream, std::span<const TokenId> ids,
                       std::span<const std::size_t> pieces) {
  State state(model.device(), model.config());
  Outcome outcome;
  const auto v = static_cast<std::size_t>(model.config().vocab_size);
  outcome.logits.resize(ids.size() * v);
  std::size_t at = 0;
  for (const std::size_t length : pieces) {
    const SequenceInput input{ids.subspan(at, length), &state, std::span(outcome.logits).subspan(at * v, length * v)};
    model.forward(stream, {&input, 1}, LogitRows::all);
    at += length;
  }
  outcome.conv = values_of(std::as_const(state).conv());
  outcome.ssm = values_of(std::as_const(state).ssm());
  return outcome;
}

// The processor, with little memory left.
class SmallDevice final : public Device {
 public:
  explicit SmallDevice(std::size_t free) : free_(free) {}
  [[nodiscard]] DeviceKind kind() const noexcept override { return DeviceKind::cpu; }
  [[nodiscard]] std::string description() const override { return "small"; }
  [[nodiscard]] Memory memory() const override { return {free_, free_}; }
  [[nodiscard]] void* allocate(std::size_t bytes) override { return Device::cpu()->allocate(bytes); }
  void release(void* memory, std::size_t bytes) noexcept override { Device::cpu()->release(memory, bytes); }

 private:
  std::size_t free_;
};

Outcome read_all(const Mamba2Model& model, Stream& stream, std::span<const TokenId> ids) {
  const std::size_t whole = ids.size();
  return read_in_pieces(model, stream, ids, {&whole, 1});
}

Outcome read_step_by_step(const Mamba2Model& model, Stream& stream, std::span<const TokenId> ids) {
  const std::vector<std::size_t> ones(ids.size(), 1);
  return read_in_pieces(model, stream, ids, ones);
}

std::vector<TokenId> greedy(const Mamba2Model& model, Stream& stream, std::span<const TokenId> prompt, int count) {
  State state(model.device(), model.config());
  std::vector<float> logits(static_cast<std::size_t>(model.config().vocab_size));
  model.forward(stream, prompt, state, logits);
  std::vector<TokenId> drawn;
  for (int i = 0; i < count; ++i) {
    drawn.push_back(static_cast<TokenId>(std::max_element(logits.begin(), logits.end()) - logits.begin()));
    model.forward(stream, {&drawn.back(), 1}, state, logits);
  }
  return drawn;
}

// Small, odd in every dimension.
Mamba2Config odd_config(std::int64_t groups) {
  Mamba2Config config;
  config.d_model = 40;
  config.n_layer = 2;
  config.vocab_size = 77;
  config.n_heads = 6;
  config.head_dim = 13;
  config.d_state = 19;
  config.n_groups = groups;
  config.linear_bias = groups > 1;
  config.conv_bias = groups != 2;
  config.tied_embeddings = groups == 1;
  return config;
}

std::vector<TokenId> random_ids(std::int64_t count, std::int64_t vocab, std::uint64_t seed) {
  test::Random random(seed);
  std::vector<TokenId> ids;
  for (std::int64_t i = 0; i < count; ++i) ids.push_back(static_cast<TokenId>(random.below(vocab)));
  return ids;
}

}  // namespace

class ModelTest : public QObject {
  Q_OBJECT

 private slots:
  void what_has_no_room_is_refused_before_it_is_read() {
    const std::shared_ptr<const Checkpoint> checkpoint = Checkpoint::open(golden_path("hf-g1-tied/hf"));
    const auto said = [&](std::size_t free) {
      Stream stream(std::make_shared<SmallDevice>(free), 1);
      try {
        (void)Mamba2Model::load(stream, checkpoint, LoadDType::f32);
      } catch (const DeviceError& error) {
        return QString::fromUtf8(error.what());
      }
      return QString();
    };
    const std::size_t whole = weight_bytes(DeviceKind::cpu, *checkpoint, LoadDType::f32);
    QCOMPARE(said(whole), QString());
    QVERIFY(said(whole - 1).contains(QStringLiteral("the weights need ")));
    QVERIFY(said(whole - 1).contains(QStringLiteral("of memory are free; ")));
    QVERIFY(said(1).contains(QStringLiteral("no smaller format fits either")));
  }

  void golden_checkpoints_give_golden_logits_and_states_data() {
    QTest::addColumn<QString>("model");
    QTest::addColumn<QString>("layout");
    QTest::addColumn<QString>("dtype");
    QTest::addColumn<int>("threads");
    QTest::addColumn<double>("tolerance");
    for (const char* model : {"hf-g1-tied", "hf-g2-untied", "ssm-g4"}) {
      for (const char* layout : {"hf", "mamba_ssm"}) {
        for (const int threads : {1, 2, 3}) {
          QTest::addRow("%s %s f32 threads %d", model, layout, threads) << model << layout << "f32" << threads << 2e-4;
          QTest::addRow("%s %s bf16 threads %d", model, layout, threads)
              << model << layout << "bf16" << threads << 1e-2;
        }
      }
    }
  }
  void golden_checkpoints_give_golden_logits_and_states() {
    QFETCH(QString, model);
    QFETCH(QString, layout);
    QFETCH(QString, dtype);
    QFETCH(int, threads);
    QFETCH(double, tolerance);
    const Golden golden(model.toStdString());
    Stream stream(Device::cpu(), threads);
    const auto loaded = Mamba2Model::load(stream, Checkpoint::open(golden_path((model + "/" + layout).toStdString())),
                                          load_dtype(dtype.toStdString()));
    const auto ids = golden.ids("ids");
    for (const Outcome& outcome : {read_all(*loaded, stream, ids), read_step_by_step(*loaded, stream, ids)}) {
      HOLDFAST_COMPARE(compare_relative(outcome.logits, golden.floats("logits"), tolerance));
      HOLDFAST_COMPARE(compare_relative(outcome.ssm, golden.floats("ssm_state"), tolerance));
      HOLDFAST_COMPARE(compare_relative(outcome.conv, golden.conv_state(), tolerance));
    }
    if (dtype == "f32") {
      const auto prompt = std::span(ids).first(20);
      QVERIFY(greedy(*loaded, stream, prompt, 40) == golden.ids("greedy_from_20"));
    }
  }

  void quantised_gguf_gives_the_logits_of_its_own_weights_data() {
    QTest::addColumn<QString>("format");
    for (const char* format : {"q8_0", "q4_0", "q5_1", "q4_k_m", "q6_k"}) QTest::addRow("%s", format) << format;
  }
  void quantised_gguf_gives_the_logits_of_its_own_weights() {
    QFETCH(QString, format);
    const Golden golden("gguf-k");
    Stream stream(Device::cpu(), 2);
    const auto file = golden_path("gguf-k") / ("model-" + format.toStdString() + ".gguf");
    const auto model = Mamba2Model::load(stream, Checkpoint::open(file));
    const auto ids = golden.ids("ids");
    const auto want = golden.floats("logits." + format.toStdString());
    HOLDFAST_COMPARE(compare_relative(read_all(*model, stream, ids).logits, want, 1e-3));
    HOLDFAST_COMPARE(compare_relative(read_step_by_step(*model, stream, ids).logits, want, 1e-3));
  }

  // 1e-5: f32 rounding of a few hundred dependent operations, on values that are normed at each layer.
  void any_split_gives_the_same() {
    for (const std::int64_t groups : {1, 2, 3}) {
      Stream stream(Device::cpu(), 2);
      const auto model = Mamba2Model::random(stream, odd_config(groups), WeightFormat::f32, 7);
      const auto ids = random_ids(201, 77, 1);
      const Outcome whole = read_all(*model, stream, ids);
      for (const std::size_t split : {1U, 2U, 3U, 63U, 64U, 65U, 128U, 200U}) {
        const std::array pieces{split, ids.size() - split};
        const Outcome parts = read_in_pieces(*model, stream, ids, pieces);
        HOLDFAST_COMPARE(compare_relative(parts.logits, whole.logits, 1e-5));
        HOLDFAST_COMPARE(compare_relative(parts.ssm, whole.ssm, 1e-5));
        HOLDFAST_COMPARE(compare_relative(parts.conv, whole.conv, 1e-5));
      }
      HOLDFAST_COMPARE(compare_relative(read_step_by_step(*model, stream, ids).logits, whole.logits, 1e-5));
    }
  }

  void inputs_longer_than_a_block_are_carried_over() {
    Stream stream(Device::cpu(), 2);
    const auto model = Mamba2Model::random(stream, odd_config(2), WeightFormat::f32, 7);
    const auto ids = random_ids(2500, 77, 2);
    const Outcome whole = read_all(*model, stream, ids);
    const std::array pieces{std::size_t{700}, std::size_t{700}, std::size_t{700}, std::size_t{400}};
    HOLDFAST_COMPARE(compare_relative(read_in_pieces(*model, stream, ids, pieces).logits, whole.logits, 1e-5));
    std::vector<float> last(77);
    State state(model->device(), model->config());
    model->forward(stream, ids, state, last);
    HOLDFAST_COMPARE(compare_bitwise(last, std::span(whole.logits).last(77)));
  }

  void later_tokens_do_not_change_earlier_logits() {
    Stream stream(Device::cpu(), 2);
    const auto model = Mamba2Model::random(stream, odd_config(2), WeightFormat::f32, 7);
    auto ids = random_ids(100, 77, 3);
    const Outcome before = read_all(*model, stream, ids);
    ids[80] = (ids[80] + 1) % 77;
    const Outcome after = read_all(*model, stream, ids);
    HOLDFAST_COMPARE(compare_bitwise(std::span(after.logits).first(80 * 77), std::span(before.logits).first(80 * 77)));
    QVERIFY(!compare_bitwise(std::span(after.logits).last(77), std::span(before.logits).last(77)).ok);
  }

  void the_same_run_twice_is_bitwise_equal_for_any_threads() {
    const auto ids = random_ids(150, 77, 4);
    Stream one(Device::cpu(), 1);
    const auto model = Mamba2Model::random(one, odd_config(2), WeightFormat::bf16, 7);
    const Outcome first = read_all(*model, one, ids);
    for (const int threads : {1, 2, 3}) {
      Stream stream(Device::cpu(), threads);
      const Outcome again = read_all(*model, stream, ids);
      HOLDFAST_COMPARE(compare_bitwise(again.logits, first.logits));
      HOLDFAST_COMPARE(compare_bitwise(again.ssm, first.ssm));
    }
  }

  void sequences_of_a_batch_do_not_influence_each_other() {
    Stream stream(Device::cpu(), 2);
    const auto model = Mamba2Model::random(stream, odd_config(3), WeightFormat::f32, 7);
    const std::array lengths{37, 1, 150};
    std::vector<std::vector<TokenId>> ids;
    std::vector<std::vector<float>> alone;
    for (std::size_t i = 0; i < lengths.size(); ++i) {
      ids.push_back(random_ids(lengths[i], 77, 10 + i));
      State state(model->device(), model->config());
      std::vector<float> logits(77);
      model->forward(stream, ids.back(), state, logits);
      const TokenId next = 5;
      std::vector<float> stepped(77);
      model->forward(stream, {&next, 1}, state, stepped);
      logits.insert(logits.end(), stepped.begin(), stepped.end());
      alone.push_back(logits);
    }
    std::vector<State> states;
    std::vector<std::vector<float>> logits(3, std::vector<float>(77));
    std::vector<SequenceInput> inputs;
    for (std::size_t i = 0; i < 3; ++i) states.emplace_back(model->device(), model->config());
    for (std::size_t i = 0; i < 3; ++i) inputs.push_back({ids[i], &states[i], logits[i]});
    model->forward(stream, inputs, LogitRows::last);
    for (std::size_t i = 0; i < 3; ++i) {
      HOLDFAST_COMPARE(compare_relative(logits[i], std::vector<float>(alone[i].begin(), alone[i].begin() + 77), 1e-5));
    }
    const TokenId next = 5;
    for (auto& input : inputs) input.tokens = {&next, 1};
    model->forward(stream, inputs, LogitRows::last);
    for (std::size_t i = 0; i < 3; ++i) {
      HOLDFAST_COMPARE(compare_relative(logits[i], std::vector<float>(alone[i].begin() + 77, alone[i].end()), 1e-5));
    }
  }

  void quantised_weights_at_load_stay_near() {
    const Golden golden("ssm-g4");
    Stream stream(Device::cpu(), 2);
    const auto checkpoint = std::shared_ptr<const Checkpoint>(Checkpoint::open(golden_path("ssm-g4/hf")));
    const auto ids = golden.ids("ids");
    // Bounds of what rounding to 8 and 4 bits costs in this model: 1/127 and 1/15 of a group's range, averaged out.
    for (const auto& [dtype, tolerance] : {std::pair{LoadDType::q8, 0.05}, {LoadDType::q4, 0.5}}) {
      const auto model = Mamba2Model::load(stream, checkpoint, dtype);
      QVERIFY(model->weights().bytes() < checkpoint->stored_bytes() / 3);
      HOLDFAST_COMPARE(compare_relative(read_all(*model, stream, ids).logits, golden.floats("logits"), tolerance));
    }
  }

  void ids_outside_the_vocabulary_are_refused_before_anything_changes() {
    Stream stream(Device::cpu(), 1);
    const auto model = Mamba2Model::random(stream, odd_config(1), WeightFormat::f32, 7);
    State state(model->device(), model->config());
    std::vector<float> logits(77);
    for (const TokenId bad : {-1, 77, 1 << 30}) {
      const std::array<TokenId, 3> ids{1, bad, 2};
      QVERIFY_THROWS_EXCEPTION(ArgumentError, model->forward(stream, ids, state, logits));
    }
    const auto ssm = values_of(std::as_const(state).ssm());
    QVERIFY(std::all_of(ssm.begin(), ssm.end(), [](float v) { return v == 0.0f; }));
  }

  void states_of_bf16_are_refused_on_the_cpu() {
    Stream stream(Device::cpu(), 1);
    QVERIFY_THROWS_EXCEPTION(ArgumentError, State(Device::cpu(), odd_config(1), DType::bf16));
    QVERIFY_THROWS_EXCEPTION(ArgumentError,
                             Mamba2Model::random(stream, odd_config(1), WeightFormat::f32, 7, DType::bf16));
  }

  void a_state_takes_what_another_remembers() {
    Stream stream(Device::cpu(), 1);
    const auto model = Mamba2Model::random(stream, odd_config(2), WeightFormat::f32, 7);
    const std::array<TokenId, 3> ids{1, 5, 2};
    State from = model->new_state();
    State to = model->new_state();
    std::vector<float> logits(77), again(77);
    model->forward(stream, ids, from, logits);
    to.take(stream, from);
    model->forward(stream, std::span(ids).first(1), from, logits);
    model->forward(stream, std::span(ids).first(1), to, again);
    HOLDFAST_COMPARE(compare_bitwise(again, logits));
  }

  void a_state_beside_which_tokens_wait_is_not_whole() {
    Stream stream(Device::cpu(), 1);
    State state(Device::cpu(), odd_config(1));
    state.make_room_for_pending();
    const State::Turn turn = state.next_turn(1);
    QVERIFY(turn.count == 0 && !turn.moves && turn.pending != 0);
    QCOMPARE(state.pending(), 1);
    QVERIFY_THROWS_EXCEPTION(ArgumentError, (void)state.ssm());
    QVERIFY_THROWS_EXCEPTION(ArgumentError, (void)std::as_const(state).ssm());
    QCOMPARE(state.clone(stream).pending(), 1);
    state.reset(stream);
    QCOMPARE(state.pending(), 0);
    const auto ssm = values_of(std::as_const(state).ssm());
    QVERIFY(std::all_of(ssm.begin(), ssm.end(), [](float v) { return v == 0.0f; }));
  }

  void states_move_in_turn() {
    std::vector<State> states;
    for (int i = 0; i < 3 * pending_tokens; ++i) states.emplace_back(Device::cpu(), odd_config(1));
    for (State& state : states) state.make_room_for_pending();
    std::vector<int> waiting(states.size());
    for (int pass = 0; pass < 5 * pending_tokens; ++pass) {
      int moved = 0;
      for (std::size_t i = 0; i < states.size(); ++i) {
        const State::Turn turn = states[i].next_turn(i);
        QCOMPARE(turn.count, waiting[i]);
        QVERIFY(turn.count < pending_tokens);
        QVERIFY(turn.moves || turn.count + 1 < pending_tokens);
        waiting[i] = turn.moves ? 0 : turn.count + 1;
        QCOMPARE(states[i].pending(), waiting[i]);
        moved += turn.moves ? 1 : 0;
      }
      QCOMPARE(moved, 3);  // as many in each pass
    }
  }

  void a_probe_sees_every_token_and_the_states() {
    class Seen : public Probe {
     public:
      ProbeWish wish(int, std::int64_t tokens) override {
        const bool all = tokens > 1;  // of a step the decays alone, but for the last one
        last = !decay_tokens.empty() && decay_tokens[0] == 89;
        return {.trace = all, .norm = last, .states = last};
      }
      void layer(const ProbeView& view) override {
        const auto l = static_cast<std::size_t>(view.layer);
        decay_tokens.resize(std::max(decay_tokens.size(), l + 1));
        decay_tokens[l] += view.tokens;
        for (const float d : view.log_decay) all_negative = all_negative && d < 0.0f;
        for (const float v : view.trace) all_traced = all_traced && v > 0.0f;
        traced += view.trace.size();
      }
      void states(const ProbeStates& shown) override {
        asked_for = asked_for && last;
        norms = shown.norm.size();
        ranks = shown.stable_rank.size();
        state.assign(shown.states.begin(), shown.states.end());
      }
      std::vector<std::int64_t> decay_tokens;
      std::vector<float> state;
      std::size_t traced = 0, norms = 0, ranks = 0;
      bool last = false, asked_for = true;
      bool all_negative = true;
      bool all_traced = true;
    };
    Stream stream(Device::cpu(), 2);
    const auto model = Mamba2Model::random(stream, odd_config(2), WeightFormat::f32, 7);
    const auto ids = random_ids(90, 77, 5);
    State state(model->device(), model->config());
    Seen seen;
    std::vector<float> logits(77);
    model->forward(stream, std::span(ids).first(80), state, logits, &seen);
    for (std::size_t i = 80; i < 90; ++i) model->forward(stream, std::span(ids).subspan(i, 1), state, logits, &seen);
    QCOMPARE(seen.decay_tokens, (std::vector<std::int64_t>{90, 90}));
    QVERIFY(seen.all_negative);
    QVERIFY(seen.all_traced);
    QCOMPARE(seen.traced, std::size_t{80 * 2 * 6 * 3});
    QVERIFY(seen.asked_for);
    QCOMPARE(seen.norms, std::size_t{2 * 6});
    QCOMPARE(seen.ranks, std::size_t{0});
    HOLDFAST_COMPARE(compare_bitwise(seen.state, values_of(std::as_const(state).ssm())));
    // Being looked at changes nothing.
    State unseen(model->device(), model->config());
    model->forward(stream, std::span(ids).first(80), unseen, logits);
    for (std::size_t i = 80; i < 90; ++i) model->forward(stream, std::span(ids).subspan(i, 1), unseen, logits);
    HOLDFAST_COMPARE(compare_bitwise(seen.state, values_of(std::as_const(unseen).ssm())));
  }
};

QTEST_GUILESS_MAIN(ModelTest)
#include "model_test.moc"
