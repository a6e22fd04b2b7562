// What the inspector measures on a GPU: norms and ranks of states, traces of tokens, decays of steps, against their
// definitions in double; and that a pass that is looked at computes what it computes unseen.
//
// Faults for kernels/cuda that these cases are there for: listed in tests/gpu/README.md.
#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "engine/inspection.h"
#include "engine/model.h"
#include "kernels/ssd_scan.h"
#include "kernels/state_stats.h"
#include "tests/gpu/cases.h"
#include "tests/gpu/gpu_values.h"
#include "tests/oracle/state_stats.h"
#include "tests/support/data.h"
#include "tests/support/ssd_data.h"

namespace holdfast::test {
namespace {

// Sums of up to 65 536 float products, their roots and a quotient.
constexpr double inspector_tolerance = 1e-5;
// Singular values that are as good as equal: the quotient lies between them, within 2^-8 of the larger.
constexpr double inspector_rank_tolerance = 4e-3;

std::span<const float> part(std::span<const float> all, std::int64_t first, std::int64_t count) {
  return all.subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(count));
}

void stats_agree(Stream& stream, std::int64_t heads, std::int64_t rows, std::int64_t cols, std::int64_t misalign) {
  Random random(static_cast<std::uint64_t>(rows * 100 + cols));
  std::vector<float> state = random.normals(heads * rows * cols);
  // The first head: nearly one direction, as states after a long text are. The last: nothing.
  for (std::int64_t i = 0; i < rows * cols; ++i) {
    float& first = state[static_cast<std::size_t>(i)];
    first = first * 0.05f + static_cast<float>((i / cols + 1) * (i % cols - 3));
    if (heads > 1) state[static_cast<std::size_t>((heads - 1) * rows * cols + i)] = 0.0f;
  }
  GpuFloats state_on(stream, state, misalign);
  GpuFloats norm(stream, heads, misalign), rank(stream, heads, 3);
  const StateStatsArgs args{.norm = norm.view(Shape{heads}),
                            .stable_rank = rank.view(Shape{heads}),
                            .state = state_on.view(Shape{heads, rows, cols})};
  state_stats(stream, args);
  std::vector<double> norms, ranks;
  for (std::int64_t h = 0; h < heads; ++h) {
    const auto head = part(state, h * rows * cols, rows * cols);
    norms.push_back(oracle::frobenius_norm(head));
    const double largest = oracle::spectral_norm(head, rows, cols);
    ranks.push_back(largest > 0.0 ? std::pow(norms.back() / largest, 2.0) : 0.0);
  }
  const std::vector<float> norm_got = norm.values();
  const std::vector<float> rank_got = rank.values();
  for (std::size_t h = 0; h < norms.size(); ++h) {
    const std::string where = "head " + std::to_string(h);
    const std::vector<double> norm_room{inspector_tolerance * norms[h]};
    const std::vector<double> rank_room{(h == 0 ? inspector_tolerance : inspector_rank_tolerance) * ranks[h]};
    verify(compare(part(norm_got, static_cast<std::int64_t>(h), 1), std::span(norms).subspan(h, 1), norm_room),
           where + ", norm");
    verify(compare(part(rank_got, static_cast<std::int64_t>(h), 1), std::span(ranks).subspan(h, 1), rank_room),
           where + ", rank");
  }
  verify(norm.intact(), "norm");
  verify(rank.intact(), "rank");
  GpuFloats alone(stream, heads);  // without the rank
  state_stats(stream, {.norm = alone.view(Shape{heads}), .state = args.state});
  verify(compare_bitwise(alone.values(), norm_got), "norm without a rank");
  state_stats(stream, args);
  verify(compare_bitwise(rank.values(), rank_got), "the same twice");
}

void trace_agrees(Stream& stream, const oracle::SsdShape& s, bool rounded, std::int64_t misalign) {
  const SsdData data(s, 23);
  Random random(5);
  const auto in_type = [&](std::vector<float> values) {
    if (rounded) round_all(values);
    return values;
  };
  const std::vector<float> xbc = in_type(data.xbc);
  const std::vector<float> y = in_type(random.normals(s.tokens * s.inner(), 2.0));
  const std::vector<float> log_decay = random.uniforms(s.tokens * s.heads, -3.0, -1e-4);
  GpuValues xbc_on(stream, xbc, rounded, misalign), y_on(stream, y, rounded, misalign);
  GpuFloats decay_on(stream, log_decay, misalign), a(stream, data.a), d(stream, data.d);
  GpuFloats trace(stream, s.tokens * s.heads * 3, 1);
  ssd_trace(stream, {.trace = trace.view(Shape{s.tokens, s.heads, 3}),
                     .y = y_on.view(Shape{s.tokens, s.heads, s.head_dim}),
                     .xbc = xbc_on.view(Shape{s.tokens, s.conv_dim()}),
                     .log_decay = decay_on.view(Shape{s.tokens, s.heads}),
                     .a = a.view(Shape{s.heads}),
                     .d = d.view(Shape{s.heads}),
                     .d_state = s.d_state,
                     .groups = s.groups});
  std::vector<double> want, room;
  for (std::int64_t t = 0; t < s.tokens; ++t) {
    for (std::int64_t h = 0; h < s.heads; ++h) {
      const auto x = part(xbc, t * s.conv_dim() + h * s.head_dim, s.head_dim);
      const auto b = part(xbc, t * s.conv_dim() + s.inner() + h / (s.heads / s.groups) * s.d_state, s.d_state);
      const auto skip = static_cast<double>(data.d[static_cast<std::size_t>(h)]);
      const double x_length = oracle::frobenius_norm(x);
      double read = 0.0, size = 0.0;
      for (std::int64_t p = 0; p < s.head_dim; ++p) {
        const double own = y[static_cast<std::size_t>(t * s.inner() + h * s.head_dim + p)];
        const double through = skip * static_cast<double>(x[static_cast<std::size_t>(p)]);
        read += (own - through) * (own - through);
        size += (std::abs(own) + std::abs(through)) * (std::abs(own) + std::abs(through));
      }
      const double dt = static_cast<double>(log_decay[static_cast<std::size_t>(t * s.heads + h)]) /
                        static_cast<double>(data.a[static_cast<std::size_t>(h)]);
      want.insert(want.end(), {dt * x_length * oracle::frobenius_norm(b), std::sqrt(read), std::abs(skip) * x_length});
      // What was read is a difference: as exact as its terms are large.
      for (const double of : {want[want.size() - 3], std::sqrt(size), want.back()}) {
        room.push_back(inspector_tolerance * of + 1e-30);
      }
    }
  }
  verify(compare(trace.values(), want, room), "trace");
  verify(trace.intact(), "trace");
}

void step_trace_agrees(Stream& stream, const oracle::SsdShape& shape, std::int64_t batch) {
  std::vector<SsdData> sequences;
  for (std::int64_t b = 0; b < batch; ++b) sequences.emplace_back(shape, 60 + static_cast<std::uint64_t>(b));
  const SsdData& data = sequences[0];
  std::vector<GpuFloats> conv, state;
  std::vector<float*> conv_at, state_at;
  std::vector<float> rows;
  for (const SsdData& own : sequences) {
    conv.emplace_back(stream, own.conv_state, 1);
    state.emplace_back(stream, own.state);
    conv_at.push_back(conv.back().data());
    state_at.push_back(state.back().data());
    const std::vector<float> row = own.proj(0);
    rows.insert(rows.end(), row.begin(), row.end());
  }
  GpuFloats conv_weight(stream, data.conv_weight), dt_bias(stream, data.dt_bias), a(stream, data.a), d(stream, data.d);
  GpuFloats proj(stream, rows), y(stream, batch * shape.inner());
  GpuFloats log_decay(stream, batch * shape.heads, 1), trace(stream, batch * shape.heads * 3, 1);
  ssd_step(stream, {.y = y.view(Shape{batch, shape.inner()}),
                    .conv = conv_at,
                    .state = state_at,
                    .proj = proj.view(Shape{batch, std::ssize(rows) / batch}),
                    .conv_weight = conv_weight.view(Shape{shape.conv_dim(), data.width}),
                    .dt_bias = dt_bias.view(Shape{shape.heads}),
                    .a = a.view(Shape{shape.heads}),
                    .d = d.view(Shape{shape.heads}),
                    .heads = shape.heads,
                    .head_dim = shape.head_dim,
                    .d_state = shape.d_state,
                    .groups = shape.groups,
                    .log_decay = log_decay.view(Shape{batch, shape.heads}),
                    .trace = trace.view(Shape{batch, shape.heads, 3})});
  std::vector<double> want, room, decay_want, decay_room;
  for (const SsdData& own : sequences) {
    // The convolution in double, then the recurrence without its D x.
    const std::vector<float> row = own.proj(0);
    oracle::Numbers xbc;
    for (std::int64_t c = 0; c < shape.conv_dim(); ++c) {
      oracle::Bounded sum;
      for (std::int64_t k = 0; k < data.width; ++k) {
        const float input = k + 1 < data.width ? own.conv_state[static_cast<std::size_t>(c * (data.width - 1) + k)]
                                               : row[static_cast<std::size_t>(shape.inner() + c)];
        sum =
            sum + oracle::Bounded(static_cast<double>(data.conv_weight[static_cast<std::size_t>(c * data.width + k)])) *
                      oracle::Bounded(static_cast<double>(input));
      }
      xbc.push_back(oracle::silu(sum));
    }
    oracle::SsdParameters without = data.parameters();
    for (auto& skip : without.d) skip = 0.0;
    oracle::SsdShape one = shape;
    one.tokens = 1;
    const oracle::Numbers dt_raw = oracle::exact(part(own.dt_raw, 0, shape.heads));
    const oracle::SsdResult memory = oracle::ssd(one, without, xbc, dt_raw, oracle::exact(own.state));
    const auto length = [](const oracle::Numbers& numbers, std::int64_t first, std::int64_t count) {
      oracle::Bounded sum;
      for (std::int64_t i = first; i < first + count; ++i) {
        sum = sum + numbers[static_cast<std::size_t>(i)] * numbers[static_cast<std::size_t>(i)];
      }
      return oracle::sqrt(sum);
    };
    for (std::int64_t h = 0; h < shape.heads; ++h) {
      const auto at = static_cast<std::size_t>(h);
      const oracle::Bounded dt = -memory.log_decay[at] / oracle::Bounded(-static_cast<double>(data.a[at]));
      const oracle::Bounded x = length(xbc, h * shape.head_dim, shape.head_dim);
      const oracle::Bounded b =
          length(xbc, shape.inner() + h / (shape.heads / shape.groups) * shape.d_state, shape.d_state);
      const oracle::Bounded write = dt * x * b;
      const oracle::Bounded read = length(memory.y, h * shape.head_dim, shape.head_dim);
      const oracle::Bounded skip = x * oracle::Bounded(std::abs(static_cast<double>(data.d[at])));
      for (const oracle::Bounded& number : {write, read, skip}) {
        want.push_back(number.value);
        room.push_back(2.0 * number.bound + 1e-30);
      }
      decay_want.push_back(memory.log_decay[at].value);
      decay_room.push_back(2.0 * memory.log_decay[at].bound + 1e-30);
    }
  }
  verify(compare(trace.values(), want, room), "trace");
  verify(compare(log_decay.values(), decay_want, decay_room), "log_decay");
  verify(trace.intact(), "trace");
}

// Takes all that there is to see, or the decays alone.
class InspectorWitness final : public Probe {
 public:
  explicit InspectorWitness(bool everything) : everything_(everything) {}
  ProbeWish wish(int, std::int64_t) override { return {everything_, everything_, everything_, everything_}; }
  void layer(const ProbeView& view) override {
    of_layer.resize(std::max(of_layer.size(), static_cast<std::size_t>(view.layer + 1)));
    auto& own = of_layer[static_cast<std::size_t>(view.layer)];
    own.decays.insert(own.decays.end(), view.log_decay.begin(), view.log_decay.end());
    own.traces.insert(own.traces.end(), view.trace.begin(), view.trace.end());
  }
  void states(const ProbeStates& shown) override {
    norm.assign(shown.norm.begin(), shown.norm.end());
    rank.assign(shown.stable_rank.begin(), shown.stable_rank.end());
    state.assign(shown.states.begin(), shown.states.end());
  }
  struct Layer {
    std::vector<float> decays, traces;
  };
  std::vector<Layer> of_layer;
  std::vector<float> norm, rank, state;

 private:
  bool everything_;
};

Mamba2Config published_heads() {  // those of every published model, so that the fast kernels are taken
  Mamba2Config config;
  config.d_model = 128;
  config.n_layer = 3;
  config.vocab_size = 96;
  config.n_heads = 4;
  config.head_dim = 64;
  config.d_state = 128;
  config.n_groups = 1;
  config.tied_embeddings = true;
  return config;
}

std::vector<TokenId> inspector_ids(std::int64_t count, std::int64_t vocab) {
  Random random(8);
  std::vector<TokenId> ids;
  for (std::int64_t i = 0; i < count; ++i) ids.push_back(static_cast<TokenId>(random.below(vocab)));
  return ids;
}

// A probe sees of steps what it sees of one pass, and neither the decays alone nor everything changes what is computed.
void a_probe_sees_steps(Stream& stream, WeightFormat format, double tolerance) {
  const Mamba2Config config = published_heads();
  const auto model = Mamba2Model::random(stream, config, format, 7);
  const auto ids = inspector_ids(24, config.vocab_size);  // more than one replay of every recorded step
  State unseen(model->device(), config), light(model->device(), config), full(model->device(), config),
      whole(model->device(), config);
  InspectorWitness decays(false), everything(true), pass(true);
  std::vector<float> plain(static_cast<std::size_t>(config.vocab_size)), looked_at(plain.size());
  for (const TokenId& id : ids) {
    model->forward(stream, {&id, 1}, unseen, plain);
    model->forward(stream, {&id, 1}, light, looked_at, &decays);
    verify(compare_bitwise(looked_at, plain), "logits of a step whose decays are looked at");
    model->forward(stream, {&id, 1}, full, looked_at, &everything);
    verify(compare_relative(looked_at, plain, tolerance), "logits of a step that is looked at");
  }
  model->forward(stream, ids, whole, {}, &pass);
  const auto heads = config.n_heads;
  for (std::size_t l = 0; l < everything.of_layer.size(); ++l) {
    const std::string where = "layer " + std::to_string(l);
    verify(compare_relative(decays.of_layer[l].decays, pass.of_layer[l].decays, tolerance), where + ", decays");
    verify(compare_relative(everything.of_layer[l].decays, pass.of_layer[l].decays, tolerance),
           where + ", decays seen");
    for (std::int64_t kind = 0; kind < 3; ++kind) {
      std::vector<float> got, want;
      for (std::int64_t i = kind; i < std::ssize(ids) * heads * 3; i += 3) {
        got.push_back(everything.of_layer[l].traces.at(static_cast<std::size_t>(i)));
        want.push_back(pass.of_layer[l].traces.at(static_cast<std::size_t>(i)));
      }
      verify(compare_relative(got, want, tolerance), where + ", trace " + std::to_string(kind));
    }
  }
  std::vector<double> norms;
  for (std::int64_t i = 0; i < config.n_layer * heads; ++i) {
    norms.push_back(oracle::frobenius_norm(part(everything.state, i * 64 * 128, 64 * 128)));
  }
  verify(compare_relative(everything.norm, norms, inspector_tolerance), "norms of the states that were shown");
}

// Figures of an inspection against the definitions on the states it kept.
void inspection_agrees(Stream& stream) {
  Mamba2Config config = published_heads();
  config.head_dim = 20, config.d_state = 24, config.n_groups = 2;
  const auto model = Mamba2Model::random(stream, config, WeightFormat::f32, 7);
  const auto ids = inspector_ids(150, config.vocab_size);
  const Inspection seen = Inspection::of(*model, stream, ids, {.every = 16, .keep_states = true});
  verify(seen.tokens() == 150 && seen.samples() == 10, "150 tokens in 10 samples");
  std::vector<double> norms, ranks;
  for (std::int64_t i = 0; i < config.n_layer * config.n_heads; ++i) {
    const auto head = part(seen.states(), i * 20 * 24, 20 * 24);
    norms.push_back(oracle::frobenius_norm(head));
    ranks.push_back(std::pow(norms.back() / oracle::spectral_norm(head, 20, 24), 2.0));
  }
  verify(compare_relative(seen.values(Inspection::Series::norm, 9), norms, inspector_tolerance), "norm");
  verify(compare_relative(seen.values(Inspection::Series::stable_rank, 9), ranks, inspector_rank_tolerance), "rank");
  InspectorWitness steps(false);
  State state(model->device(), config);
  for (const TokenId& id : ids) model->forward(stream, {&id, 1}, state, {}, &steps);
  const auto kept = seen.retention(37, 149);
  for (std::int64_t l = 0; l < config.n_layer; ++l) {
    for (std::int64_t h = 0; h < config.n_heads; ++h) {
      double sum = 0.0;
      for (std::int64_t t = 38; t <= 149; ++t) {
        sum += static_cast<double>(
            steps.of_layer[static_cast<std::size_t>(l)].decays[static_cast<std::size_t>(t * config.n_heads + h)]);
      }
      const double error = kept[static_cast<std::size_t>(l * config.n_heads + h)] - std::exp(sum);
      verify(std::abs(error) <= 1e-5, "retention off by " + std::to_string(error));
    }
  }
}

}  // namespace

void add_inspector_cases(GpuCases& cases) {
  struct Sizes {
    std::int64_t heads, rows, cols;
  };
  for (const Sizes& s : {Sizes{3, 64, 128}, Sizes{4, 7, 33}, Sizes{2, 33, 7}, Sizes{1, 1, 5}, Sizes{1, 5, 1},
                         Sizes{2, 64, 16}, Sizes{2, 20, 300}, Sizes{2, 300, 20}, Sizes{200, 64, 128}}) {
    for (const std::int64_t misalign : {0, 1}) {
      cases.push_back({"inspector: state_stats " + std::to_string(s.heads) + " x " + std::to_string(s.rows) + " x " +
                           std::to_string(s.cols) + (misalign == 0 ? "" : ", misaligned"),
                       [=](Stream& stream) { stats_agree(stream, s.heads, s.rows, s.cols, misalign); }});
    }
  }
  const oracle::SsdShape shapes[] = {{37, 6, 20, 24, 2}, {5, 8, 64, 128, 1}, {3, 4, 1, 1, 4}, {130, 3, 37, 19, 1}};
  for (const oracle::SsdShape& shape : shapes) {
    const std::string name = "T=" + std::to_string(shape.tokens) + ", " + std::to_string(shape.heads) + " x " +
                             std::to_string(shape.head_dim) + " x " + std::to_string(shape.d_state) + ", groups " +
                             std::to_string(shape.groups);
    for (const bool rounded : {false, true}) {
      cases.push_back({"inspector: ssd_trace " + name + (rounded ? ", bf16" : ""),
                       [=](Stream& stream) { trace_agrees(stream, shape, rounded, rounded ? 0 : 1); }});
    }
    for (const std::int64_t batch : {1, 3}) {
      cases.push_back({"inspector: trace of a step, " + name + ", B=" + std::to_string(batch),
                       [=](Stream& stream) { step_trace_agrees(stream, shape, batch); }});
    }
  }
  cases.push_back({"inspector: a probe sees steps, f32",
                   [](Stream& stream) { a_probe_sees_steps(stream, WeightFormat::f32, 1e-4); }});
  // Steps of rounded weights multiply in f32, and so does a pass of as few rows.
  cases.push_back({"inspector: a probe sees steps, bf16",
                   [](Stream& stream) { a_probe_sees_steps(stream, WeightFormat::bf16, 1e-2); }});
  cases.push_back({"inspector: figures of an inspection", inspection_agrees});
}

}  // namespace holdfast::test
