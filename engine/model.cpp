#include "engine/model.h"

#include <algorithm>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "kernels/causal_conv1d.h"
#include "kernels/error.h"
#include "kernels/linear.h"
#include "kernels/rms_norm.h"
#include "kernels/ssd_scan.h"

namespace holdfast {
namespace {

// Activations of one block of rows stay under this, so that memory is bounded however long the input.
constexpr std::int64_t workspace_budget = std::int64_t{20} << 20;
constexpr std::int64_t chunk_length = 64;

// A stretch of one sequence's tokens inside a block of rows.
struct Segment {
  std::size_t sequence = 0;
  std::int64_t begin = 0;  // in the sequence's tokens
  std::int64_t count = 0;
  std::int64_t row = 0;  // first row in the block
  bool last = false;     // ends its sequence
};
using Block = std::vector<Segment>;

std::int64_t floats_per_row(const Mamba2Config& c) {
  return c.in_proj_rows() + c.conv_dim() + c.d_inner() + 3 * c.d_model + c.n_heads + 1;
}

std::int64_t block_rows(const Mamba2Config& c) {
  const std::int64_t fit = workspace_budget / (floats_per_row(c) * static_cast<std::int64_t>(sizeof(float)));
  return std::clamp(fit / chunk_length * chunk_length, chunk_length, std::int64_t{1024});
}

// Sequences laid end to end and cut into blocks of at most `rows` rows. A sequence is cut at multiples of the scan's
// chunk where it can be, so that no chunk is shorter than it need be.
std::vector<Block> cut_into_blocks(std::span<const SequenceInput> sequences, std::int64_t rows) {
  std::vector<Block> blocks;
  std::int64_t used = rows;
  for (std::size_t s = 0; s < sequences.size(); ++s) {
    const auto total = static_cast<std::int64_t>(sequences[s].tokens.size());
    for (std::int64_t begin = 0; begin < total;) {
      const bool fits = total - begin <= rows - used;
      if (used == rows || (!fits && rows - used < chunk_length)) {
        blocks.emplace_back();
        used = 0;
      }
      const std::int64_t room = rows - used;
      const std::int64_t count = total - begin <= room ? total - begin : room / chunk_length * chunk_length;
      blocks.back().push_back({s, begin, count, used, begin + count == total});
      begin += count;
      used += count;
    }
  }
  return blocks;
}

// The buffers of one block, cut from the stream's workspace.
class Activations {
 public:
  Activations(Stream& stream, const Mamba2Config& c, std::int64_t rows, bool with_probe)
      : rows_(rows), where_(stream.kind()) {
    const auto bytes = static_cast<std::size_t>(rows * floats_per_row(c)) * sizeof(float) + 16 * 64;
    next_ = static_cast<std::byte*>(stream.workspace(bytes));
    residual = cut(DType::f32, c.d_model);
    normed = cut(DType::f32, c.d_model);
    picked = cut(DType::f32, c.d_model);
    proj = cut(DType::f32, c.in_proj_rows());
    xbc = cut(DType::f32, c.conv_dim());
    y = cut(DType::f32, c.d_inner());
    if (with_probe) log_decay = cut(DType::f32, c.n_heads);
    ids = cut(DType::i32, 1);
    ids.shape = Shape{rows};
  }

  TensorView residual, normed, picked;  // (rows, D)
  TensorView proj;                      // (rows, E + C + H)
  TensorView xbc;                       // (rows, C)
  TensorView y;                         // (rows, E)
  TensorView log_decay;                 // (rows, H); only for a probe
  TensorView ids;                       // (rows)

 private:
  TensorView cut(DType dtype, std::int64_t cols) {
    const TensorView view{next_, dtype, Shape{rows_, cols}, where_};
    next_ += (view.bytes() + 63) / 64 * 64;
    return view;
  }
  std::int64_t rows_;
  DeviceKind where_;
  std::byte* next_;
};

TensorView row_range(TensorView matrix, std::int64_t begin, std::int64_t count) {
  const std::int64_t cols = matrix.shape[1];
  return {matrix.as<float>() + begin * cols, DType::f32, Shape{count, cols}, matrix.where};
}

// One forward pass over one block.
class BlockPass {
 public:
  BlockPass(Stream& stream, const Mamba2Config& config, const Weights& weights,
            std::span<const SequenceInput> sequences, const Block& block, Probe* probe)
      : stream_(stream),
        config_(config),
        weights_(weights),
        sequences_(sequences),
        block_(block),
        probe_(probe),
        rows_(block.back().row + block.back().count),
        act_(stream, config, rows_, probe != nullptr),
        steps_(std::all_of(block.begin(), block.end(), [](const Segment& s) { return s.count == 1; })) {}

  void run(LogitRows rows) {
    read_ids();
    for (std::int64_t i = 0; i < config_.n_layer; ++i) layer(i);
    if (rows == LogitRows::all) all_logits();
    if (rows == LogitRows::last) last_logits();
  }

 private:
  void read_ids() {
    std::vector<TokenId> ids;
    ids.reserve(static_cast<std::size_t>(rows_));
    for (const Segment& s : block_) {
      const auto tokens =
          sequences_[s.sequence].tokens.subspan(static_cast<std::size_t>(s.begin), static_cast<std::size_t>(s.count));
      ids.insert(ids.end(), tokens.begin(), tokens.end());
    }
    stream_.copy(act_.ids, {ids.data(), DType::i32, Shape{rows_}, DeviceKind::cpu});
    embedding(stream_, {.y = act_.residual, .ids = act_.ids, .table = &weights_.embedding});
  }

  void layer(std::int64_t i) {
    const LayerWeights& w = weights_.layers[static_cast<std::size_t>(i)];
    rms_norm(stream_,
             {.y = act_.normed, .x = act_.residual, .weight = w.norm.view(), .residual = {}, .eps = config_.norm_eps});
    linear(stream_, {.y = act_.proj, .x = act_.normed, .w = &w.in_proj, .bias = bias(w.in_proj_bias)});
    if (steps_) {
      step(i, w);
    } else {
      for (const Segment& s : block_) scan(i, w, s);
    }
    linear(stream_,
           {.y = act_.residual, .x = act_.y, .w = &w.out_proj, .bias = bias(w.out_proj_bias), .accumulate = true});
    if (probe_ != nullptr) show_to_probe(i);
  }

  static ConstTensorView bias(const Tensor& tensor) { return tensor ? tensor.view() : ConstTensorView{}; }

  // One token of each sequence: convolution, recurrence and gate in one pass over the states.
  void step(std::int64_t i, const LayerWeights& w) {
    std::vector<float*> conv;
    std::vector<float*> ssm;
    for (const Segment& s : block_) {
      conv.push_back(sequences_[s.sequence].state->conv(i).as<float>());
      ssm.push_back(sequences_[s.sequence].state->ssm(i).as<float>());
    }
    ssd_step(stream_, {.y = act_.y,
                       .conv = conv,
                       .state = ssm,
                       .proj = act_.proj,
                       .conv_weight = w.conv_weight.view(),
                       .conv_bias = bias(w.conv_bias),
                       .dt_bias = w.dt_bias.view(),
                       .a = w.a.view(),
                       .d = w.d.view(),
                       .heads = config_.n_heads,
                       .head_dim = config_.head_dim,
                       .d_state = config_.d_state,
                       .groups = config_.n_groups,
                       .dt_min = config_.dt_min,
                       .dt_max = config_.dt_max,
                       .log_decay = act_.log_decay});
    gated_rms_norm(stream_, {.y = act_.y,
                             .x = act_.y,
                             .z = {},
                             .z_stride = 0,
                             .weight = w.gate_norm.view(),
                             .groups = config_.n_groups,
                             .eps = config_.norm_eps});
  }

  void scan(std::int64_t i, const LayerWeights& w, const Segment& s) {
    State& state = *sequences_[s.sequence].state;
    const std::int64_t width = config_.in_proj_rows();
    const float* proj = row_range(act_.proj, s.row, s.count).as<float>();
    const auto columns = [&](std::int64_t first, std::int64_t count) {  // of proj; rows stand `width` apart
      return ConstTensorView{proj + first, DType::f32, Shape{s.count, count}, act_.proj.where};
    };
    const TensorView xbc = row_range(act_.xbc, s.row, s.count);
    TensorView y = row_range(act_.y, s.row, s.count);
    causal_conv1d(stream_, {.y = xbc,
                            .state = state.conv(i),
                            .x = columns(config_.d_inner(), config_.conv_dim()),
                            .x_stride = width,
                            .weight = w.conv_weight.view(),
                            .bias = bias(w.conv_bias)});
    y.shape = Shape{s.count, config_.n_heads, config_.head_dim};
    ssd_scan(stream_, {.y = y,
                       .state = state.ssm(i),
                       .xbc = xbc,
                       .dt_raw = columns(config_.d_inner() + config_.conv_dim(), config_.n_heads),
                       .dt_stride = width,
                       .dt_bias = w.dt_bias.view(),
                       .a = w.a.view(),
                       .d = w.d.view(),
                       .groups = config_.n_groups,
                       .dt_min = config_.dt_min,
                       .dt_max = config_.dt_max,
                       .chunk = chunk_length,
                       .log_decay = probe_ == nullptr ? TensorView{} : row_range(act_.log_decay, s.row, s.count)});
    y.shape = Shape{s.count, config_.d_inner()};
    gated_rms_norm(stream_, {.y = y,
                             .x = y,
                             .z = columns(0, config_.d_inner()),
                             .z_stride = width,
                             .weight = w.gate_norm.view(),
                             .groups = config_.n_groups,
                             .eps = config_.norm_eps});
  }

  void show_to_probe(std::int64_t i) {
    for (const Segment& s : block_) {
      const auto decays = on_cpu(row_range(act_.log_decay, s.row, s.count));
      const auto state = on_cpu(sequences_[s.sequence].state->ssm(i));
      probe_->layer(static_cast<int>(s.sequence), i, s.count, decays, state);
    }
  }

  std::vector<float> on_cpu(ConstTensorView tensor) {
    std::vector<float> values(static_cast<std::size_t>(tensor.shape.elements()));
    stream_.copy(view_of(std::span<float>(values), tensor.shape), tensor);
    return values;
  }

  // Head of `rows` rows of the residual, into memory of the CPU.
  void head(TensorView residual, std::span<float> logits) {
    const std::int64_t rows = residual.shape[0];
    const TensorView normed = row_range(act_.normed, 0, rows);
    rms_norm(stream_,
             {.y = normed, .x = residual, .weight = weights_.norm_f.view(), .residual = {}, .eps = config_.norm_eps});
    const Shape shape{rows, config_.vocab_size};
    if (residual.where == DeviceKind::cpu) {
      linear(stream_, {.y = view_of(logits, shape), .x = normed, .w = &weights_.head(), .bias = {}});
      return;
    }
    Tensor there(stream_.device(), DType::f32, shape);
    linear(stream_, {.y = there.view(), .x = normed, .w = &weights_.head(), .bias = {}});
    stream_.copy(view_of(logits, shape), there.view());
  }

  void all_logits() {
    const auto v = static_cast<std::size_t>(config_.vocab_size);
    for (const Segment& s : block_) {
      head(row_range(act_.residual, s.row, s.count),
           sequences_[s.sequence].logits.subspan(static_cast<std::size_t>(s.begin) * v,
                                                 static_cast<std::size_t>(s.count) * v));
    }
  }

  void last_logits() {
    std::vector<const Segment*> ends;
    for (const Segment& s : block_) {
      if (s.last) ends.push_back(&s);
    }
    if (ends.empty()) return;
    if (ends.size() == 1) {
      head(row_range(act_.residual, ends[0]->row + ends[0]->count - 1, 1), sequences_[ends[0]->sequence].logits);
      return;
    }
    for (std::size_t n = 0; n < ends.size(); ++n) {
      stream_.copy(row_range(act_.picked, static_cast<std::int64_t>(n), 1),
                   row_range(act_.residual, ends[n]->row + ends[n]->count - 1, 1));
    }
    const auto v = static_cast<std::size_t>(config_.vocab_size);
    std::vector<float> logits(ends.size() * v);
    head(row_range(act_.picked, 0, static_cast<std::int64_t>(ends.size())), logits);
    for (std::size_t n = 0; n < ends.size(); ++n) {
      std::copy_n(logits.begin() + static_cast<std::ptrdiff_t>(n * v), v, sequences_[ends[n]->sequence].logits.begin());
    }
  }

  Stream& stream_;
  const Mamba2Config& config_;
  const Weights& weights_;
  std::span<const SequenceInput> sequences_;
  const Block& block_;
  Probe* probe_;
  std::int64_t rows_;
  Activations act_;
  bool steps_;  // every sequence has one token here
};

void check_inputs(const Mamba2Config& config, std::span<const SequenceInput> sequences, LogitRows rows) {
  const auto v = static_cast<std::size_t>(config.vocab_size);
  for (const SequenceInput& s : sequences) {
    if (s.tokens.empty()) throw ArgumentError("forward: a sequence has no tokens, want at least one");
    if (s.state == nullptr) throw ArgumentError("forward: a sequence has no state");
    for (const TokenId id : s.tokens) {
      if (id < 0 || id >= config.vocab_size) {
        throw ArgumentError("token id " + std::to_string(id) + ": want 0 to " + std::to_string(config.vocab_size - 1));
      }
    }
    const std::size_t want = rows == LogitRows::none ? 0 : rows == LogitRows::last ? v : v * s.tokens.size();
    if (s.logits.size() != want) {
      throw ArgumentError("forward: room for " + std::to_string(s.logits.size()) + " logits, want " +
                          std::to_string(want));
    }
  }
}

}  // namespace

std::shared_ptr<const Mamba2Model> Mamba2Model::load(Stream& stream, std::shared_ptr<const Checkpoint> checkpoint,
                                                     LoadDType dtype, const std::function<void(double)>& progress) {
  std::shared_ptr<Mamba2Model> model(new Mamba2Model);
  model->device_ = stream.device();
  model->config_ = checkpoint->config();
  model->dtype_ = dtype;
  model->weights_ = Weights::load(stream, *checkpoint, dtype, progress);
  model->checkpoint_ = std::move(checkpoint);
  return model;
}

std::shared_ptr<const Mamba2Model> Mamba2Model::random(Stream& stream, const Mamba2Config& config, WeightFormat format,
                                                       std::uint64_t seed) {
  config.validate();
  std::shared_ptr<Mamba2Model> model(new Mamba2Model);
  model->device_ = stream.device();
  model->config_ = config;
  model->weights_ = Weights::random(stream, config, format, seed);
  model->fingerprint_ = "random-" + std::to_string(seed) + "-" + std::string(name(format));
  return model;
}

const std::string& Mamba2Model::fingerprint() const {
  std::call_once(fingerprint_once_, [this] {
    if (checkpoint_ != nullptr) {
      fingerprint_ = checkpoint_->fingerprint() + "-" + std::string(name(dtype_));
    }
  });
  return fingerprint_;
}

void Mamba2Model::forward(Stream& stream, std::span<const SequenceInput> sequences, LogitRows rows,
                          Probe* probe) const {
  check_inputs(config_, sequences, rows);
  for (const Block& block : cut_into_blocks(sequences, block_rows(config_))) {
    BlockPass(stream, config_, weights_, sequences, block, probe).run(rows);
  }
}

void Mamba2Model::forward(Stream& stream, std::span<const TokenId> tokens, State& state, std::span<float> logits,
                          Probe* probe) const {
  const SequenceInput sequence{tokens, &state, logits};
  forward(stream, {&sequence, 1}, logits.empty() ? LogitRows::none : LogitRows::last, probe);
}

}  // namespace holdfast
