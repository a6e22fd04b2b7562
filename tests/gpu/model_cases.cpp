// The model on the GPU against the golden files of every layout, and laws that need no reference.
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>

#include "engine/batch_generate.h"
#include "engine/checkpoint.h"
#include "engine/model.h"
#include "engine/session.h"
#include "engine/shape.h"
#include "kernels/error.h"
#include "kernels/sample.h"
#include "tests/engine/golden.h"
#include "tests/gpu/cases.h"
#include "tests/support/data.h"

namespace holdfast::test {
namespace {

struct Outcome {
  std::vector<float> logits, conv, ssm;
};

std::vector<float> fetched(Stream& stream, ConstTensorView view) {
  std::vector<float> values(static_cast<std::size_t>(view.shape.elements()));
  stream.copy(view_of(std::span<float>(values), view.shape), view);
  return values;
}

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
  outcome.conv = fetched(stream, std::as_const(state).conv());
  outcome.ssm = fetched(stream, std::as_const(state).ssm());
  return outcome;
}
Outcome read_all(const Mamba2Model& model, Stream& stream, std::span<const TokenId> ids) {
  const std::size_t whole = ids.size();
  return read_in_pieces(model, stream, ids, {&whole, 1});
}
Outcome read_step_by_step(const Mamba2Model& model, Stream& stream, std::span<const TokenId> ids) {
  const std::vector<std::size_t> ones(ids.size(), 1);
  return read_in_pieces(model, stream, ids, ones);
}

// A greedy answer with logits and draws that never leave the GPU.
std::vector<TokenId> greedy(const Mamba2Model& model, Stream& stream, std::span<const TokenId> prompt, int count) {
  State state(model.device(), model.config());
  std::vector<TokenId> drawn;
  std::span<const TokenId> next = prompt;
  for (int i = 0; i < count; ++i) {
    const SequenceInput input{next, &state, {}};
    const ConstTensorView logits = model.forward_on_device(stream, {&input, 1});
    const SampleParams params;
    const float uniform = 0.0f;
    TokenId token = 0;
    float log_prob = 0.0f;
    sample(stream, {.logits = logits,
                    .params = {&params, 1},
                    .uniform = {&uniform, 1},
                    .seen = {},
                    .tokens = {&token, 1},
                    .log_probs = {&log_prob, 1},
                    .vocab_size = 0});  // padding too: so did the reference
    drawn.push_back(token);
    next = {&drawn.back(), 1};
  }
  return drawn;
}

void golden_agrees(Stream& stream, const std::filesystem::path& folder, const std::string& name,
                   const std::string& layout, LoadDType dtype, double tolerance) {
  const Golden golden(name);
  const auto model = Mamba2Model::load(stream, Checkpoint::open(folder / name / layout), dtype);
  const auto ids = golden.ids("ids");
  for (const bool steps : {false, true}) {
    const Outcome got = steps ? read_step_by_step(*model, stream, ids) : read_all(*model, stream, ids);
    const std::string how = steps ? "step by step, " : "at once, ";
    verify(compare_relative(got.logits, golden.floats("logits"), tolerance), how + "logits");
    verify(compare_relative(got.ssm, golden.floats("ssm_state"), tolerance), how + "ssm state");
    verify(compare_relative(got.conv, golden.conv_state(), tolerance), how + "conv state");
  }
  if (dtype == LoadDType::f32) {
    verify(greedy(*model, stream, std::span(ids).first(20), 40) == golden.ids("greedy_from_20"), "greedy text");
  }
}

void quantised_agrees(Stream& stream, const std::filesystem::path& folder, const std::string& format) {
  const Golden golden("gguf-k");
  const auto model = Mamba2Model::load(stream, Checkpoint::open(folder / "gguf-k" / ("model-" + format + ".gguf")));
  const auto ids = golden.ids("ids");
  const auto want = golden.floats("logits." + format);
  // Steps multiply in f32. A long pass rounds activations and decoded weights to bf16.
  verify(compare_relative(read_step_by_step(*model, stream, ids).logits, want, 1e-3), "step by step");
  verify(compare_relative(read_all(*model, stream, ids).logits, want, 2e-2), "at once");
}

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
  Random random(seed);
  std::vector<TokenId> ids;
  for (std::int64_t i = 0; i < count; ++i) ids.push_back(static_cast<TokenId>(random.below(vocab)));
  return ids;
}

void any_split_gives_the_same(Stream& stream) {
  for (const std::int64_t groups : {1, 2, 3}) {
    const auto model = Mamba2Model::random(stream, odd_config(groups), WeightFormat::f32, 7);
    const auto ids = random_ids(201, 77, 1);
    const Outcome whole = read_all(*model, stream, ids);
    verify(compare_bitwise(read_all(*model, stream, ids).logits, whole.logits), "the same run twice");
    for (const std::size_t split : {1U, 2U, 63U, 64U, 65U, 200U}) {
      const std::array pieces{split, ids.size() - split};
      const Outcome parts = read_in_pieces(*model, stream, ids, pieces);
      verify(compare_relative(parts.logits, whole.logits, 2e-5), "logits, split " + std::to_string(split));
      verify(compare_relative(parts.ssm, whole.ssm, 2e-5), "state, split " + std::to_string(split));
    }
    verify(compare_relative(read_step_by_step(*model, stream, ids).logits, whole.logits, 2e-5), "step by step");
  }
}

// Sequences join and leave between steps: recorded work of a batch size serves them all.
void batches_change_between_steps(Stream& stream) {
  const auto model = Mamba2Model::random(stream, odd_config(2), WeightFormat::f32, 7);
  const std::size_t count = 5;
  std::vector<State> alone, together;
  for (std::size_t i = 0; i < count; ++i) {
    alone.emplace_back(model->device(), model->config());
    together.emplace_back(model->device(), model->config());
  }
  Random random(12);
  for (int step = 0; step < 24; ++step) {
    std::vector<TokenId> ids(count);
    std::vector<std::vector<float>> logits(count, std::vector<float>(77));
    std::vector<SequenceInput> inputs;
    for (std::size_t i = 0; i < count; ++i) {
      if (random.uniform() < 0.4) continue;
      ids[i] = static_cast<TokenId>(random.below(77));
      inputs.push_back({{&ids[i], 1}, &together[i], logits[i]});
    }
    if (inputs.empty()) continue;
    model->forward(stream, inputs, LogitRows::last);
    for (std::size_t i = 0; i < count; ++i) {
      if (std::none_of(inputs.begin(), inputs.end(), [&](const SequenceInput& in) { return in.state == &together[i]; }))
        continue;
      std::vector<float> own(77);
      model->forward(stream, {&ids[i], 1}, alone[i], own);
      verify(compare_relative(logits[i], own, 1e-5),
             "step " + std::to_string(step) + ", sequence " + std::to_string(i));
    }
  }
}

void snapshots_move_between_devices(Stream& stream) {
  const auto config = odd_config(2);
  Stream cpu_stream(Device::cpu(), 2);
  const auto gpu = Mamba2Model::random(stream, config, WeightFormat::f32, 7);
  const auto cpu = Mamba2Model::random(cpu_stream, config, WeightFormat::f32, 7);
  const auto ids = random_ids(60, 77, 9);
  Session there(gpu, nullptr, stream);
  there.read(std::span(ids).first(40));
  Session here(cpu, nullptr, cpu_stream);
  here.restore(there.snapshot());
  here.read(std::span(ids).subspan(40));
  Session back(gpu, nullptr, stream);
  back.restore(here.snapshot());
  there.read(std::span(ids).subspan(40));
  verify(compare_relative(here.logits(), there.logits(), 2e-5), "logits on the CPU from a GPU's state");
  verify(compare_bitwise(back.logits(), here.logits()), "logits restored");
  verify(compare_relative(fetched(stream, back.state().ssm()), fetched(stream, there.state().ssm()), 2e-5), "state");
}

// A million tokens at once and in pieces that are cut elsewhere: nothing on the way counts in 32 bits. Pieces end at
// multiples of a chunk, so that both round alike but for products of other sizes.
void a_million_tokens_at_once(Stream& stream) {
  constexpr std::int64_t tokens = 1048576;
  const auto model = Mamba2Model::random(stream, shape_config("130m"), WeightFormat::bf16, 1);
  const auto v = static_cast<std::size_t>(model->config().vocab_size);
  const auto ids = random_ids(tokens, model->config().vocab_size, 3);
  State whole(model->device(), model->config()), parts(model->device(), model->config());
  std::vector<float> at_once(v), in_pieces(v);
  model->forward(stream, ids, whole, at_once);
  std::span<const TokenId> rest(ids);
  for (const std::size_t piece : {300032U, 64U, 500032U}) {
    model->forward(stream, rest.first(piece), parts, {});
    rest = rest.subspan(piece);
  }
  model->forward(stream, rest, parts, in_pieces);
  verify(compare_relative(at_once, in_pieces, 2e-2), "logits");
  verify(
      compare_relative(fetched(stream, std::as_const(whole).ssm()), fetched(stream, std::as_const(parts).ssm()), 2e-2),
      "state");
}

// The states that a probe is shown.
class StateWatcher final : public Probe {
 public:
  ProbeWish wish(int, std::int64_t) override { return {.norm = true, .states = true}; }
  void layer(const ProbeView&) override {}
  void states(const ProbeStates& shown) override { seen.assign(shown.states.begin(), shown.states.end()); }
  std::vector<float> seen;
};

// A session's turn, in which the model reads what was drawn before it is known, against one step after the other: the
// same tokens, likeliest tokens, logits and state, bit for bit, also where it is cancelled, watched or stopped.
void turns_run_ahead(Stream& stream) {
  const Mamba2Config config = shape_config("384,3,12,64,128,1,1024");
  const auto model = Mamba2Model::random(stream, config, WeightFormat::bf16, 7);
  const auto ids = random_ids(33, 1024, 3);
  const auto v = static_cast<std::size_t>(config.vocab_size);
  SamplerConfig sampler;
  sampler.params = {0.9f, 200, 0.95f, 0.0f, 1.1f};
  sampler.seed = 5;
  // Step by step.
  State state = model->new_state();
  std::vector<float> logits(v);
  model->forward(stream, ids, state, logits);
  std::vector<TokenId> seen(ids.begin(), ids.end());
  std::vector<TokenProbability> want;
  std::vector<std::vector<TokenProbability>> beside;
  for (std::uint64_t i = 0; i < 40; ++i) {
    std::ranges::sort(seen);
    seen.erase(std::unique(seen.begin(), seen.end()), seen.end());
    const std::span<const TokenId> kept = seen;
    const float uniform = uniform_draw(sampler.seed, i);
    TokenProbability drawn;
    sample(stream, {.logits = view_of(std::span<const float>(logits), Shape{1, config.vocab_size}),
                    .params = {&sampler.params, 1},
                    .uniform = {&uniform, 1},
                    .seen = {&kept, 1},
                    .tokens = {&drawn.token, 1},
                    .log_probs = {&drawn.log_prob, 1},
                    .vocab_size = static_cast<std::int32_t>(config.vocab_used)});
    want.push_back(drawn);
    beside.push_back(top_tokens(
        std::span<const float>(logits).first(config.vocab_used > 0 ? static_cast<std::size_t>(config.vocab_used) : v),
        3, drawn));
    model->forward(stream, {&drawn.token, 1}, state, logits);
    seen.push_back(drawn.token);
  }
  const std::vector<float> want_state = fetched(stream, std::as_const(state).ssm());
  for (const char* way : {"plain", "alternatives", "in two turns", "cancelled", "kept", "watched"}) {
    const std::string name(way);
    Session session(model, nullptr, stream);
    session.read(ids);
    StateWatcher watcher;
    if (name == "watched") session.set_probe(&watcher);
    GenerateOptions options;
    options.max_tokens = name == "in two turns" ? 17 : 40;
    options.sampler = sampler;
    options.alternatives = name == "alternatives" ? 3 : 0;
    std::size_t at = 0;
    std::stop_source cancel;
    std::optional<Snapshot> kept;
    const auto look = [&](const TokenEvent& event) {
      verify(at < want.size() && event.token == want[at].token && event.log_prob == want[at].log_prob,
             name + ": token " + std::to_string(at));
      if (options.alternatives > 0) {
        verify(std::ranges::equal(
                   event.alternatives, beside[at],
                   [](const auto& a, const auto& b) { return a.token == b.token && a.log_prob == b.log_prob; }),
               name + ": likeliest tokens " + std::to_string(at));
      }
      ++at;
      if (name == "kept" && at == 20) kept = session.snapshot();
      if (name == "cancelled" && at == 9) cancel.request_stop();
    };
    const GenerateResult first = session.generate(options, look, cancel.get_token());
    verify(name != "cancelled" || (first.reason == StopReason::cancelled && at == 9), name + ": reason");
    if (at < 40) {
      options.max_tokens = 40 - static_cast<std::int64_t>(at);
      (void)session.generate(options, look, {});
    }
    verify(at == 40 && session.tokens_read() == ids.size() + 40 && session.draws() == 40, name + ": counts");
    verify(compare_bitwise(session.logits(), logits), name + ": logits");
    verify(compare_bitwise(fetched(stream, session.state().ssm()), want_state), name + ": state");
    if (!kept) continue;
    // What was kept while a token was shown goes on from there.
    Session other(model, nullptr, stream);
    other.restore(*kept);
    at = 20;
    options.max_tokens = 20;
    (void)other.generate(options, look, {});
    verify(at == 40 && compare_bitwise(other.logits(), logits), name + ": goes on");
  }
  // What listens may throw: the token it saw is read all the same.
  GenerateOptions options;
  options.max_tokens = 40;
  options.sampler = sampler;
  Session session(model, nullptr, stream);
  session.read(ids);
  try {
    (void)session.generate(options, [](const TokenEvent&) { throw 1; }, {});
    verify(false, "what on_token throws must come through");
  } catch (int) {
  }
  verify(session.tokens_read() == ids.size() + 1, "a token that was shown is read");
  std::size_t at = 1;
  options.max_tokens = 39;
  (void)session.generate(
      options, [&](const TokenEvent& event) { verify(event.token == want[at++].token, "after the throw"); }, {});
  verify(at == 40 && compare_bitwise(session.logits(), logits), "goes on after the throw");
}

// Sequences that end at different tokens, and others that begin beside those that go on.
void replies_of_a_batch_are_those_of_sessions(Stream& stream) {
  const auto model = Mamba2Model::random(stream, shape_config("384,3,12,64,128,1,1024"), WeightFormat::bf16, 7);
  std::vector<std::vector<TokenId>> texts;
  std::vector<BatchPrompt> prompts;
  for (const std::int64_t length : {5, 1, 17, 17, 40, 3, 9, 2, 33}) texts.push_back(random_ids(length, 1024, 3));
  const SampleParams ways[] = {
      {0.0f, 0, 1.0f, 0.0f, 1.2f}, {0.9f, 0, 1.0f, 0.0f, 1.0f}, {1.0f, 200, 0.95f, 0.0f, 1.1f}};
  for (std::size_t i = 0; i < texts.size(); ++i) {
    prompts.push_back({.tokens = texts[i], .sampler = {.params = ways[i % 3], .seed = 100 + i}});
  }
  std::vector<TokenId> stops;
  for (TokenId id = 0; id < 1024; id += 24) stops.push_back(id);
  for (const std::int64_t together : {1, 3, 9}) {
    std::vector<BatchReply> got(texts.size());
    std::vector<std::vector<TokenId>> shown(texts.size());
    const BatchOptions options{
        .batch = together,
        .max_tokens = 30,
        .stop_tokens = stops,
        .on_token = [&](std::size_t index, TokenId token, float) { shown[index].push_back(token); }};
    generate_batch(*model, stream, prompts, options,
                   [&](std::size_t index, BatchReply reply) { got[index] = std::move(reply); });
    bool stopped = false;
    bool went_on = false;
    for (std::size_t i = 0; i < texts.size(); ++i) {
      Session session(model, nullptr, stream);
      session.read(texts[i]);
      double log_prob = 0.0;
      const GenerateResult want =
          session.generate({.max_tokens = 30, .sampler = prompts[i].sampler, .stop_tokens = stops, .stop_strings = {}},
                           [&](const TokenEvent& event) { log_prob += static_cast<double>(event.log_prob); }, {});
      const std::string where = std::to_string(together) + " together, reply " + std::to_string(i);
      verify(got[i].tokens == want.tokens && shown[i] == want.tokens, where + ": tokens");
      verify(got[i].reason == want.reason, where + ": reason");
      verify(std::abs(got[i].log_prob - log_prob) < 1e-3, where + ": log_prob");
      (want.reason == StopReason::stop_token ? stopped : went_on) = true;
    }
    verify(stopped && went_on, "some replies must stop early and some must not");
  }
}

// Passes and steps with states of bf16 stay close to those of f32; what leaves the GPU is f32 and comes back exactly.
void states_of_bf16(Stream& stream) {
  const Mamba2Config config = shape_config("384,3,12,64,128,1,1024");
  const auto model = Mamba2Model::random(stream, config, WeightFormat::bf16, 7, DType::bf16);
  const auto ids = random_ids(140, 1024, 3);
  Session session(model, nullptr, stream);
  verify(session.state().ssm_dtype() == DType::bf16, "the model's sessions keep bf16");
  session.read(std::span(ids).first(100));
  for (std::size_t i = 100; i < 120; ++i) session.read(std::span(ids).subspan(i, 1));
  State wide(model->device(), config);
  std::vector<float> logits(1024);
  model->forward(stream, std::span(ids).first(120), wide, logits);
  verify(compare_relative(session.logits(), logits, 3e-2), "against states of f32");
  const Snapshot kept = session.snapshot();
  const ConstTensorView ssm = std::as_const(kept.state).ssm();
  verify(ssm.dtype == DType::f32 && ssm.where == DeviceKind::cpu, "a snapshot is f32, on the CPU");
  StateWatcher watcher;
  session.set_probe(&watcher);
  session.read(std::span(ids).subspan(120, 20));
  session.set_probe(nullptr);
  const Snapshot later = session.snapshot();
  const ConstTensorView watched = std::as_const(later.state).ssm();
  verify(compare_bitwise(watcher.seen, std::span(watched.as<float>(), watcher.seen.size())), "what a probe is shown");
  Session other(model, nullptr, stream);
  other.restore(kept);
  other.read(std::span(ids).subspan(120, 20));
  verify(compare_bitwise(other.logits(), session.logits()), "restored");
  State narrow(model->device(), config, DType::bf16);
  const auto one = std::span(ids).first(1);
  const SequenceInput mixed[2] = {{one, &wide, {}}, {one, &narrow, {}}};
  bool refused = false;
  try {
    model->forward(stream, mixed, LogitRows::none);
  } catch (const ArgumentError&) {
    refused = true;
  }
  verify(refused, "states of two types in one pass must be refused");
}

}  // namespace

GpuCases model_cases(const std::string& golden) {
  GpuCases cases;
  for (const char* name : {"hf-g1-tied", "hf-g2-untied", "ssm-g4"}) {
    for (const char* layout : {"hf", "mamba_ssm"}) {
      for (const auto& [dtype, tolerance] : {std::pair{LoadDType::f32, 2e-4}, {LoadDType::bf16, 1e-2}}) {
        cases.push_back({"golden " + std::string(name) + " " + layout + " " + std::string(holdfast::name(dtype)),
                         [=, tolerance = tolerance, dtype = dtype](Stream& stream) {
                           golden_agrees(stream, golden, name, layout, dtype, tolerance);
                         }});
      }
    }
  }
  for (const char* format : {"q8_0", "q4_0", "q5_1", "q4_k_m", "q6_k"}) {
    cases.push_back(
        {"golden gguf " + std::string(format), [=](Stream& stream) { quantised_agrees(stream, golden, format); }});
  }
  cases.push_back({"a million tokens at once", a_million_tokens_at_once});
  cases.push_back({"any split gives the same", any_split_gives_the_same});
  cases.push_back({"batches change between steps", batches_change_between_steps});
  cases.push_back({"snapshots move between devices", snapshots_move_between_devices});
  cases.push_back({"model with states of bf16", states_of_bf16});
  cases.push_back({"turns run ahead", turns_run_ahead});
  cases.push_back({"replies of a batch are those of sessions", replies_of_a_batch_are_those_of_sessions});
  return cases;
}

}  // namespace holdfast::test
