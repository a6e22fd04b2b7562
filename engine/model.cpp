#include "engine/model.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "engine/run_memory.h"
#include "kernels/adamw.h"
#include "kernels/causal_conv1d.h"
#include "kernels/error.h"
#include "kernels/layer_step.h"
#include "kernels/linear.h"
#include "kernels/rms_norm.h"
#include "kernels/ssd_scan.h"
#include "kernels/stack_step.h"
#include "kernels/state_stats.h"
#include "kernels/step_inputs.h"

namespace holdfast {
namespace {

// Activations of one block of rows stay under this, so that memory is bounded however long the input. A GPU needs many
// rows to be busy.
constexpr std::int64_t workspace_budget = std::int64_t{20} << 20;
constexpr std::int64_t gpu_workspace_budget = std::int64_t{1} << 30;
constexpr std::int64_t most_rows = 1024;
constexpr std::int64_t gpu_most_rows = 16384;
constexpr std::int64_t gpu_head_rows = 256;  // whose logits are made at a time when all are asked for
constexpr std::int64_t gpu_exact_rows = 32;  // up to here products round little, and so activations stay f32
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
  return c.in_proj_rows() + c.conv_dim() + c.d_inner() + 4 * c.d_model + c.n_heads + 1;
}

std::int64_t block_rows(const Mamba2Config& c, DeviceKind where) {
  const bool gpu = where == DeviceKind::cuda;
  const std::int64_t budget = gpu ? gpu_workspace_budget : workspace_budget;
  const std::int64_t fit = budget / (floats_per_row(c) * static_cast<std::int64_t>(sizeof(float)));
  return std::clamp(fit / chunk_length * chunk_length, chunk_length, gpu ? gpu_most_rows : most_rows);
}

// Sequences laid end to end and cut into blocks of at most `most` rows, and of about as many each. A sequence is cut at
// multiples of the scan's chunk where it can be, so that no chunk is shorter than it need be.
std::vector<Block> cut_into_blocks(std::span<const SequenceInput> sequences, std::int64_t most) {
  std::int64_t all = 0;
  for (const SequenceInput& s : sequences) all += std::ssize(s.tokens);
  const std::int64_t wanted = std::max<std::int64_t>((all + most - 1) / most, 1);
  std::int64_t rows = ((all - 1) / (wanted * chunk_length) + 1) * chunk_length;
  // Where sequences meet in a block less than a chunk may stay free.
  if (wanted > 1 && sequences.size() > 1) rows = std::min(rows + chunk_length, most);
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
  [[nodiscard]] static std::size_t bytes(const Mamba2Config& c, std::int64_t rows, std::int64_t head_rows,
                                         std::int64_t more_floats) {
    const std::int64_t floats = rows * (floats_per_row(c) + 8) + head_rows * c.vocab_size + more_floats;
    return static_cast<std::size_t>(floats) * sizeof(float) + 19 * 64;
  }
  // head_rows: of the logits that are kept here; 0 where they go straight to the caller.
  // dtype: of what the mixer works on; the residual is f32 always.
  // wide_state: floats of one layer's state, where states are narrower.
  // seen_layers: whose decays are kept for a probe; 0 without one.
  Activations(Stream& stream, const Mamba2Config& c, std::int64_t rows, std::int64_t head_rows, DType dtype,
              std::int64_t wide_state_floats, std::int64_t seen_layers, const ProbeWish& wish)
      : rows_(rows), where_(stream.kind()) {
    const std::int64_t seen = seen_layers * c.n_heads * (wish.trace ? 4 : 1);
    const std::int64_t figures = wish.norm || wish.stable_rank ? 2 * c.n_layer * c.n_heads : 0;
    next_ =
        static_cast<std::byte*>(stream.workspace(bytes(c, rows, head_rows, rows * seen + figures + wide_state_floats)));
    residual = cut(DType::f32, c.d_model);
    normed = cut(dtype, c.d_model);
    head_normed = cut(DType::f32, c.d_model);
    picked = cut(DType::f32, c.d_model);
    proj = cut(dtype, c.in_proj_rows());
    xbc = cut(dtype, c.conv_dim());
    y = cut(dtype, c.d_inner());
    if (seen_layers > 0) {
      log_decay = cut(DType::f32, seen_layers * c.n_heads);
      log_decay.shape = Shape{seen_layers * rows, c.n_heads};
    }
    if (seen_layers > 0 && wish.trace) {
      trace = cut(DType::f32, seen_layers * 3 * c.n_heads);
      trace.shape = Shape{seen_layers * rows, 3 * c.n_heads};
    }
    inputs = cut(DType::i64, 4);
    inputs.shape = Shape{4 * rows};
    auto* begin = inputs.as<std::int64_t>();
    conv_table = {begin, DType::i64, Shape{rows}, where_};
    state_table = {begin + rows, DType::i64, Shape{rows}, where_};
    pending_table = {begin + 2 * rows, DType::i64, Shape{rows}, where_};
    ids = {begin + 3 * rows, DType::i32, Shape{rows}, where_};
    pending_turns = {ids.as<std::int32_t>() + rows, DType::i32, Shape{rows}, where_};
    rows_ = head_rows;
    logits = cut(DType::f32, c.vocab_size);
    rows_ = 1;
    wide_state = cut(DType::f32, wide_state_floats);
    rows_ = 2;
    if (figures > 0) figure_rows = cut(DType::f32, c.n_layer * c.n_heads);
  }

  TensorView residual, normed, picked;      // (rows, D)
  TensorView head_normed;                   // (rows, D)  f32
  TensorView proj;                          // (rows, E + C + H)
  TensorView xbc;                           // (rows, C)
  TensorView y;                             // (rows, E)
  TensorView log_decay, trace;              // (seen layers * rows, H) and (seen layers * rows, 3 * H); only for a probe
  TensorView figure_rows;                   // (2, L * H)  norms and ranks; only for a probe
  TensorView inputs;                        // (4 * rows)  the five that follow, which come with one copy
  TensorView ids;                           // (rows)
  TensorView conv_table, state_table;       // (rows)  addresses of the sequences' states; on a GPU
  TensorView pending_table, pending_turns;  // (rows)  of tokens that wait beside them (kernels/ssd_scan.h)
  TensorView logits;                        // (head_rows, V)
  TensorView wide_state;                    // (1, H * P * N) or nothing

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
  const std::int64_t offset = begin * cols * static_cast<std::int64_t>(byte_size(matrix.dtype));
  return {matrix.as<std::byte>() + offset, matrix.dtype, Shape{count, cols}, matrix.where};
}

// One forward pass over one block.
class BlockPass {
 public:
  BlockPass(Stream& stream, std::uint64_t serial, const Mamba2Config& config, const Weights& weights,
            std::span<const SequenceInput> sequences, const Block& block, LogitRows wanted, bool on_device,
            Probe* probe, bool drawn = false)
      : stream_(stream),
        serial_(serial),
        config_(config),
        weights_(weights),
        sequences_(sequences),
        block_(block),
        wanted_(wanted),
        probe_(probe),
        on_device_(on_device),
        drawn_(drawn),
        rows_(block.back().row + block.back().count),
        steps_(std::all_of(block.begin(), block.end(), [](const Segment& s) { return s.count == 1; })),
        wish_(wish_of(probe, block)),
        act_(stream, config, rows_, on_device || stream.kind() == DeviceKind::cuda ? head_rows() : 0, dtype(),
             wide_state_floats(),
             probe == nullptr ? 0
             : steps_         ? config.n_layer
                              : 1,
             wish_) {}

  void run() {
    pending_ = may_keep_pending();
    for (const Segment& s : block_) {
      State& state = *sequences_[s.sequence].state;
      pending_ ? state.make_room_for_pending() : state.settle(stream_);
    }
    bring_inputs();
    if (steps_ && stream_.kind() == DeviceKind::cuda) {
      // All that decides which work is recorded: figures only move what lies behind the rest.
      const std::uint64_t seen = probe_ == nullptr ? 0 : wish_.trace ? 2 : 1;
      const auto rows = static_cast<std::uint64_t>(rows_);
      const auto rounded = static_cast<std::uint64_t>(state_dtype() == DType::bf16);
      stream_.repeat(serial_ << 24 | rounded << 23 | static_cast<std::uint64_t>(pending_) << 22 | rows << 4 |
                         seen << 2 | static_cast<std::uint64_t>(wanted_),
                     [this] { compute(); });
    } else {
      compute();
    }
    if (probe_ == nullptr) return;
    if (steps_) show_layers();
    if (wish_.norm || wish_.stable_rank || wish_.states) show_states();
  }

  // Logits of the block's last rows, where they were computed; (ends, V).
  [[nodiscard]] ConstTensorView logits_here() { return row_range(act_.logits, 0, ends()); }

  void take_logits() {
    if (wanted_ == LogitRows::all) all_logits();
    if (wanted_ == LogitRows::last) last_logits();
  }

 private:
  [[nodiscard]] std::int64_t ends() const {
    return std::count_if(block_.begin(), block_.end(), [](const Segment& s) { return s.last; });
  }
  [[nodiscard]] std::int64_t head_rows() const {
    if (wanted_ == LogitRows::all) return std::min(rows_, gpu_head_rows);
    return wanted_ == LogitRows::last ? ends() : 0;
  }

  // Room for what is made of states in bf16: a layer's for the scan, all layers' for a probe.
  [[nodiscard]] std::int64_t wide_state_floats() const {
    if (state_dtype() == DType::f32) return 0;
    const bool seen = wish_.norm || wish_.stable_rank || wish_.states;
    if (steps_ && !seen) return 0;
    return config_.d_inner() * config_.d_state * (seen ? config_.n_layer : 1);
  }

  // Long passes on a GPU round activations to bf16, as their products do, unless the weights are finer than that.
  [[nodiscard]] DType dtype() const {
    if (stream_.kind() == DeviceKind::cpu || rows_ <= gpu_exact_rows || steps_) return DType::f32;
    for (const LayerWeights& w : weights_.layers) {
      for (const Weight* matrix : {&w.in_proj, &w.out_proj}) {
        const bool fine = matrix->format() == WeightFormat::f32 || matrix->format() == WeightFormat::f16;
        if (fine || matrix->cols() % 8 != 0) return DType::f32;
      }
    }
    return DType::bf16;
  }

  // Of all sequences of a block.
  [[nodiscard]] DType state_dtype() const { return sequences_[block_[0].sequence].state->ssm_dtype(); }

  // What differs from call to call: ids and, on a GPU, where the states are.
  void bring_inputs() {
    if (steps_ && stream_.kind() == DeviceKind::cuda) return bring_step();
    const auto rows = static_cast<std::size_t>(rows_);
    std::vector<std::int64_t> inputs(4 * rows);
    auto* ids = reinterpret_cast<std::byte*>(inputs.data() + 3 * rows);
    for (const Segment& s : block_) {
      const auto tokens =
          sequences_[s.sequence].tokens.subspan(static_cast<std::size_t>(s.begin), static_cast<std::size_t>(s.count));
      std::memcpy(ids, tokens.data(), tokens.size_bytes());
      ids += tokens.size_bytes();
    }
    stream_.copy(act_.inputs, {inputs.data(), DType::i64, act_.inputs.shape, DeviceKind::cpu});
  }
  void bring_step() {
    std::vector<std::int64_t> conv, state, pending;
    std::vector<std::int32_t> ids, turns;
    for (const Segment& s : block_) {
      const SequenceInput& sequence = sequences_[s.sequence];
      conv.push_back(address(sequence.state->conv()));
      if (pending_) {
        const State::Turn turn = sequence.state->next_turn(conv.size() - 1);
        state.push_back(turn.state);
        pending.push_back(turn.pending);
        turns.push_back(turn.moves ? ~turn.count : turn.count);
      } else {
        state.push_back(address(sequence.state->ssm()));
      }
      if (!drawn_) ids.push_back(sequence.tokens[static_cast<std::size_t>(s.begin)]);
    }
    step_inputs(stream_,
                {.inputs = act_.inputs, .conv = conv, .state = state, .pending = pending, .ids = ids, .turns = turns});
  }
  static std::int64_t address(TensorView tensor) {
    return static_cast<std::int64_t>(reinterpret_cast<std::uintptr_t>(tensor.data));
  }

  // On a GPU this is what is recorded: nothing in it looks at the sequences but through act_ (when steps_).
  void compute() {
    if (steps_) return step();
    embedding(stream_, {.y = act_.residual, .ids = act_.ids, .table = &weights_.embedding});
    for (std::int64_t i = 0; i < config_.n_layer; ++i) {
      pass(i, weights_.layers[static_cast<std::size_t>(i)]);
      if (probe_ != nullptr) show_layer(i, act_.log_decay, act_.trace);
    }
    if (logits_are_kept()) head(ends_of_residual(), act_.logits);
  }
  [[nodiscard]] bool logits_are_kept() const { return wanted_ == LogitRows::last && act_.logits.shape[0] != 0; }

  // The last row of each sequence that ends in this block, as a matrix.
  TensorView ends_of_residual() {
    if (steps_) return act_.residual;
    std::int64_t count = 0;
    for (const Segment& s : block_) {
      if (!s.last) continue;
      if (ends() == 1) return row_range(act_.residual, s.row + s.count - 1, 1);
      stream_.copy(row_range(act_.picked, count++, 1), row_range(act_.residual, s.row + s.count - 1, 1));
    }
    return row_range(act_.picked, 0, count);
  }

  void pass(std::int64_t i, const LayerWeights& w) {
    rms_norm(stream_,
             {.y = act_.normed, .x = act_.residual, .weight = w.norm.view(), .residual = {}, .eps = config_.norm_eps});
    linear(stream_, {.y = act_.proj, .x = act_.normed, .w = &w.in_proj, .bias = bias(w.in_proj_bias)});
    for (const Segment& s : block_) scan(i, w, s);
    linear(stream_,
           {.y = act_.residual, .x = act_.y, .w = &w.out_proj, .bias = bias(w.out_proj_bias), .accumulate = true});
  }

  static ConstTensorView bias(const Tensor& tensor) { return tensor ? tensor.view() : ConstTensorView{}; }

  // One token of each sequence.
  void step() {
    const bool gpu = stream_.kind() == DeviceKind::cuda;  // there tables name the states
    std::vector<LayerStepArgs> layers;
    for (std::int64_t i = 0; i < config_.n_layer; ++i) {
      for (const Segment& s : block_) {
        if (gpu) break;
        conv_at_.push_back(sequences_[s.sequence].state->conv(i).as<float>());
        ssm_at_.push_back(sequences_[s.sequence].state->ssm(i).as<float>());
      }
    }
    for (std::int64_t i = 0; i < config_.n_layer; ++i) layers.push_back(layer_args(i, gpu));
    stack_step(stream_, stack_args(layers));
  }
  [[nodiscard]] StackStepArgs stack_args(std::span<const LayerStepArgs> layers) {
    return {.ids = act_.ids,
            .embedding = &weights_.embedding,
            .layers = layers,
            .norm = weights_.norm_f.view(),
            .head = &weights_.head(),
            .head_normed = act_.head_normed,
            .logits = logits_are_kept() ? act_.logits : TensorView{},
            .eps = config_.norm_eps};
  }

  // Whether the step's tokens may wait beside their states: only where nobody is told what states became.
  [[nodiscard]] bool may_keep_pending() {
    if (!on_device_ || !steps_ || rows_ < 2 || stream_.kind() == DeviceKind::cpu) return false;
    const auto format = [](const LayerWeights& w) { return std::pair(w.in_proj.format(), w.out_proj.format()); };
    for (const LayerWeights& w : weights_.layers) {
      if (format(w) != format(weights_.layers[0])) return false;
    }
    const LayerStepArgs first = layer_args(0, true);
    return keeps_pending(stream_, stack_args({&first, 1}));
  }

  [[nodiscard]] LayerStepArgs layer_args(std::int64_t i, bool gpu) {
    const LayerWeights& w = weights_.layers[static_cast<std::size_t>(i)];
    return {.residual = act_.residual,
            .normed = act_.normed,
            .norm = w.norm.view(),
            .in_proj = &w.in_proj,
            .in_proj_bias = bias(w.in_proj_bias),
            .step = {.y = act_.y,
                     .conv = of_layer(conv_at_, i),
                     .state = of_layer(ssm_at_, i),
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
                     .log_decay = of_layer(act_.log_decay, i),
                     .trace = step_trace(i),
                     .conv_table = gpu ? act_.conv_table : TensorView{},
                     .state_table = gpu ? act_.state_table : TensorView{},
                     .conv_offset = i * config_.conv_dim() * (config_.d_conv - 1),
                     .state_offset = i * config_.d_inner() * config_.d_state,
                     .state_dtype = state_dtype(),
                     .pending_table = pending_ ? act_.pending_table : TensorView{},
                     .pending_turns = pending_ ? act_.pending_turns : TensorView{},
                     .pending_offset =
                         i * pending_tokens *
                         pending_floats(config_.n_heads, config_.head_dim, config_.n_groups, config_.d_state)},
            .gate_norm = w.gate_norm.view(),
            .out_proj = &w.out_proj,
            .out_proj_bias = bias(w.out_proj_bias),
            .eps = config_.norm_eps};
  }

  // A layer's rows of what is kept for a probe when all layers are.
  [[nodiscard]] TensorView of_layer(TensorView kept, std::int64_t i) const {
    return kept ? row_range(kept, i * rows_, rows_) : TensorView{};
  }
  [[nodiscard]] std::span<float* const> of_layer(const std::vector<float*>& all, std::int64_t i) const {
    const auto rows = static_cast<std::size_t>(rows_);
    return all.empty() ? std::span<float* const>() : std::span(all).subspan(static_cast<std::size_t>(i) * rows, rows);
  }
  [[nodiscard]] TensorView step_trace(std::int64_t i) const {
    TensorView trace = of_layer(act_.trace, i);
    if (trace) trace.shape = Shape{rows_, config_.n_heads, 3};
    return trace;
  }

  void scan(std::int64_t i, const LayerWeights& w, const Segment& s) {
    State& state = *sequences_[s.sequence].state;
    const std::int64_t width = config_.in_proj_rows();
    const TensorView proj = row_range(act_.proj, s.row, s.count);
    const auto columns = [&](std::int64_t first, std::int64_t count) {  // of proj; rows stand `width` apart
      const std::int64_t offset = first * static_cast<std::int64_t>(byte_size(proj.dtype));
      return ConstTensorView{proj.as<std::byte>() + offset, proj.dtype, Shape{s.count, count}, proj.where};
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
    // The scan's states are f32.
    const bool rounded = state.ssm_dtype() == DType::bf16;
    const TensorView kept = state.ssm(i);
    const TensorView h = rounded ? TensorView{act_.wide_state.data, DType::f32, kept.shape, kept.where} : kept;
    if (rounded) convert(stream_, h, kept);
    ssd_scan(stream_, {.y = y,
                       .state = h,
                       .xbc = xbc,
                       .dt_raw = columns(config_.d_inner() + config_.conv_dim(), config_.n_heads),
                       .dt_stride = width,
                       .dt_bias = w.dt_bias.view(),
                       .a = w.a.view(),
                       .d = w.d.view(),
                       .groups = config_.n_groups,
                       .dt_min = config_.dt_min,
                       .dt_max = config_.dt_max,
                       .log_decay = probe_ == nullptr ? TensorView{} : row_range(act_.log_decay, s.row, s.count)});
    if (rounded) convert(stream_, kept, h);
    if (act_.trace) {
      TensorView trace = row_range(act_.trace, s.row, s.count);
      trace.shape = Shape{s.count, config_.n_heads, 3};
      ssd_trace(stream_, {.trace = trace,
                          .y = y,
                          .xbc = xbc,
                          .log_decay = row_range(act_.log_decay, s.row, s.count),
                          .a = w.a.view(),
                          .d = w.d.view(),
                          .d_state = config_.d_state,
                          .groups = config_.n_groups});
    }
    y.shape = Shape{s.count, config_.d_inner()};
    gated_rms_norm(stream_, {.y = y,
                             .x = y,
                             .z = columns(0, config_.d_inner()),
                             .z_stride = width,
                             .weight = w.gate_norm.view(),
                             .groups = config_.n_groups,
                             .eps = config_.norm_eps});
  }

  static ProbeWish wish_of(Probe* probe, const Block& block) {
    ProbeWish all;
    for (const Segment& s : block) {
      if (probe == nullptr) break;
      const ProbeWish wish = probe->wish(static_cast<int>(s.sequence), s.count);
      all.trace |= wish.trace, all.norm |= wish.norm, all.stable_rank |= wish.stable_rank, all.states |= wish.states;
    }
    return all;
  }

  // After a step: what all layers left, which comes with one copy each.
  void show_layers() {
    std::vector<float> decay_room, trace_room;
    const ConstTensorView log_decay = on_cpu(act_.log_decay, decay_room);
    const ConstTensorView trace = act_.trace ? on_cpu(act_.trace, trace_room) : ConstTensorView{};
    for (std::int64_t i = 0; i < config_.n_layer; ++i) {
      show_rows(i, i * rows_, log_decay, trace);
    }
  }
  // After a layer of a longer pass.
  void show_layer(std::int64_t i, ConstTensorView log_decay, ConstTensorView trace) {
    std::vector<float> decay_room, trace_room;
    show_rows(i, 0, on_cpu(log_decay, decay_room), trace ? on_cpu(trace, trace_room) : ConstTensorView{});
  }
  void show_rows(std::int64_t i, std::int64_t first, ConstTensorView log_decay, ConstTensorView trace) {
    const std::int64_t heads = config_.n_heads;
    for (const Segment& s : block_) {
      const auto part = [&](ConstTensorView of, std::int64_t width) {
        return std::span(of.as<float>() + (first + s.row) * width, static_cast<std::size_t>(s.count * width));
      };
      probe_->layer({static_cast<int>(s.sequence), i, s.count, part(log_decay, heads),
                     trace ? part(trace, 3 * heads) : std::span<const float>()});
    }
  }

  void show_states() {
    const std::int64_t all = config_.n_layer * config_.n_heads;
    for (const Segment& s : block_) {
      ConstTensorView states = std::as_const(*sequences_[s.sequence].state).ssm();
      if (states.dtype == DType::bf16) {
        const TensorView wide{act_.wide_state.data, DType::f32, states.shape, states.where};
        convert(stream_, wide, states);
        states = wide;
      }
      ProbeStates shown;
      shown.sequence = static_cast<int>(s.sequence);
      std::vector<float> figure_room, state_room;
      if (act_.figure_rows) {
        TensorView norm = row_range(act_.figure_rows, 0, 1);
        TensorView rank = row_range(act_.figure_rows, 1, 1);
        norm.shape = rank.shape = Shape{all};
        ConstTensorView matrices = states;
        matrices.shape = Shape{all, config_.head_dim, config_.d_state};
        StateStatsArgs args{.norm = norm, .state = matrices};
        if (wish_.stable_rank) args.stable_rank = rank;
        state_stats(stream_, args);
        const auto figures =
            std::span(on_cpu(act_.figure_rows, figure_room).as<float>(), static_cast<std::size_t>(2 * all));
        shown.norm = figures.first(static_cast<std::size_t>(all));
        if (wish_.stable_rank) shown.stable_rank = figures.subspan(static_cast<std::size_t>(all));
      }
      if (wish_.states) {
        states = on_cpu(states, state_room);
        shown.states = std::span(states.as<float>(), static_cast<std::size_t>(states.shape.elements()));
      }
      probe_->states(shown);
    }
  }

  // The tensor itself, or a copy in `room`.
  ConstTensorView on_cpu(ConstTensorView tensor, std::vector<float>& room) {
    if (tensor.where == DeviceKind::cpu) return tensor;
    room.resize(static_cast<std::size_t>(tensor.shape.elements()));
    stream_.copy(view_of(std::span<float>(room), tensor.shape), tensor);
    return view_of(std::span<const float>(room), tensor.shape);
  }

  // Logits of some rows of the residual.
  void head(TensorView residual, TensorView logits) {
    const TensorView normed = row_range(act_.head_normed, 0, residual.shape[0]);
    rms_norm(stream_,
             {.y = normed, .x = residual, .weight = weights_.norm_f.view(), .residual = {}, .eps = config_.norm_eps});
    linear(stream_, {.y = logits, .x = normed, .w = &weights_.head(), .bias = {}});
  }
  // The same, into memory of the CPU.
  void head(TensorView residual, std::span<float> logits) {
    const Shape shape{residual.shape[0], config_.vocab_size};
    if (residual.where == DeviceKind::cpu) return head(residual, view_of(logits, shape));
    const auto v = static_cast<std::size_t>(config_.vocab_size);
    for (std::int64_t first = 0; first < shape[0]; first += act_.logits.shape[0]) {
      const std::int64_t count = std::min(act_.logits.shape[0], shape[0] - first);
      const TensorView there = row_range(act_.logits, 0, count);
      head(row_range(residual, first, count), there);
      const auto part = logits.subspan(static_cast<std::size_t>(first) * v, static_cast<std::size_t>(count) * v);
      stream_.copy(view_of(part, there.shape), there);
    }
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
    const std::int64_t count = ends();
    if (count == 0) return;
    const bool here = act_.logits.shape[0] != 0;  // computed already
    const auto v = static_cast<std::size_t>(config_.vocab_size);
    std::vector<float> all;
    if (!here && count > 1) {
      all.resize(static_cast<std::size_t>(count) * v);
      head(ends_of_residual(), std::span(all));
    }
    std::int64_t row = 0;
    for (const Segment& s : block_) {
      if (!s.last) continue;
      const std::span<float> to = sequences_[s.sequence].logits;
      if (here) {
        stream_.copy(view_of(to, Shape{1, config_.vocab_size}), row_range(act_.logits, row, 1));
      } else if (count == 1) {
        head(ends_of_residual(), to);
      } else {
        std::copy_n(all.begin() + static_cast<std::ptrdiff_t>(static_cast<std::size_t>(row) * v), v, to.begin());
      }
      ++row;
    }
  }

  Stream& stream_;
  std::uint64_t serial_;
  const Mamba2Config& config_;
  const Weights& weights_;
  std::span<const SequenceInput> sequences_;
  const Block& block_;
  LogitRows wanted_;
  Probe* probe_;
  bool on_device_;
  bool drawn_;  // tokens are those that were drawn last on the stream
  std::int64_t rows_;
  bool steps_;            // every sequence has one token here
  bool pending_ = false;  // and it may wait beside the state
  ProbeWish wish_;
  std::vector<float*> conv_at_, ssm_at_;  // where the sequences' states are, layer by layer; on the CPU
  Activations act_;
};

void check_tokens(const Mamba2Config& config, std::span<const SequenceInput> sequences) {
  for (const SequenceInput& s : sequences) {
    if (s.tokens.empty()) throw ArgumentError("forward: a sequence has no tokens, want at least one");
    if (s.state == nullptr) throw ArgumentError("forward: a sequence has no state");
    if (s.state->ssm_dtype() != sequences[0].state->ssm_dtype()) {
      throw ArgumentError("forward: states of f32 and of bf16 in one pass, want one type");
    }
    for (const TokenId id : s.tokens) {
      if (id < 0 || id >= config.vocab_size) {
        throw ArgumentError("token id " + std::to_string(id) + ": want 0 to " + std::to_string(config.vocab_size - 1));
      }
    }
  }
}

void check_room(const Mamba2Config& config, std::span<const SequenceInput> sequences, LogitRows rows) {
  const auto v = static_cast<std::size_t>(config.vocab_size);
  for (const SequenceInput& s : sequences) {
    const std::size_t want = rows == LogitRows::none ? 0 : rows == LogitRows::last ? v : v * s.tokens.size();
    if (s.logits.size() != want) {
      throw ArgumentError("forward: room for " + std::to_string(s.logits.size()) + " logits, want " +
                          std::to_string(want));
    }
  }
}

}  // namespace

Mamba2Model::Mamba2Model() {
  static std::atomic<std::uint64_t> models{0};
  serial_ = ++models;
}

std::shared_ptr<const Mamba2Model> Mamba2Model::load(Stream& stream, std::shared_ptr<const Checkpoint> checkpoint,
                                                     LoadDType dtype, const std::function<void(double)>& progress,
                                                     DType state_dtype) {
  std::shared_ptr<Mamba2Model> model(new Mamba2Model);
  model->device_ = stream.device();
  model->state_dtype_ = State::checked_dtype(*model->device_, state_dtype);
  model->config_ = checkpoint->config();
  model->dtype_ = dtype;
  model->weights_ = Weights::load(stream, *checkpoint, dtype, progress);
  model->checkpoint_ = std::move(checkpoint);
  return model;
}

std::shared_ptr<const Mamba2Model> Mamba2Model::random(Stream& stream, const Mamba2Config& config, WeightFormat format,
                                                       std::uint64_t seed, DType state_dtype) {
  config.validate();
  std::shared_ptr<Mamba2Model> model(new Mamba2Model);
  model->device_ = stream.device();
  model->state_dtype_ = State::checked_dtype(*model->device_, state_dtype);
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

std::size_t forward_workspace_bytes(DeviceKind where, const Mamba2Config& config, std::int64_t prompt,
                                    std::int64_t sequences) {
  const std::int64_t most = block_rows(config, where);
  const std::int64_t blocks = (prompt + most - 1) / most;
  const std::int64_t rows = prompt == 0 ? 1 : (prompt + blocks - 1) / blocks;
  return std::max(Activations::bytes(config, rows, 1, 0), Activations::bytes(config, sequences, sequences, 0));
}

void Mamba2Model::forward(Stream& stream, std::span<const SequenceInput> sequences, LogitRows rows,
                          Probe* probe) const {
  check_tokens(config_, sequences);
  check_room(config_, sequences, rows);
  for (const Block& block : cut_into_blocks(sequences, block_rows(config_, stream.kind()))) {
    BlockPass pass(stream, serial_, config_, weights_, sequences, block, rows, false, probe);
    pass.run();
    pass.take_logits();
  }
}

ConstTensorView Mamba2Model::forward_on_device(Stream& stream, std::span<const SequenceInput> sequences) const {
  check_tokens(config_, sequences);
  const std::vector<Block> blocks = cut_into_blocks(sequences, block_rows(config_, stream.kind()));
  if (blocks.empty() || (sequences.size() > 1 && blocks.size() > 1)) {
    throw ArgumentError("forward_on_device: " + std::to_string(sequences.size()) + " sequences in " +
                        std::to_string(blocks.size()) + " blocks, want one sequence, or one block of them");
  }
  ConstTensorView logits;
  for (const Block& block : blocks) {
    BlockPass pass(stream, serial_, config_, weights_, sequences, block, LogitRows::last, true, nullptr);
    pass.run();
    logits = pass.logits_here();
  }
  return logits;
}

ConstTensorView Mamba2Model::forward_drawn(Stream& stream, std::span<State* const> states) const {
  if (stream.kind() == DeviceKind::cpu) throw ArgumentError("forward_drawn: a stream of the CPU, want one of a GPU");
  const TokenId unknown = 0;
  std::vector<SequenceInput> sequences;
  for (State* state : states) sequences.push_back({.tokens = {&unknown, 1}, .state = state, .logits = {}});
  check_tokens(config_, sequences);
  const std::vector<Block> blocks = cut_into_blocks(sequences, block_rows(config_, stream.kind()));
  if (blocks.size() != 1) {
    throw ArgumentError("forward_drawn: " + std::to_string(states.size()) + " sequences in " +
                        std::to_string(blocks.size()) + " blocks, want one");
  }
  BlockPass pass(stream, serial_, config_, weights_, sequences, blocks[0], LogitRows::last, true, nullptr, true);
  pass.run();
  return pass.logits_here();
}

void Mamba2Model::forward(Stream& stream, std::span<const TokenId> tokens, State& state, std::span<float> logits,
                          Probe* probe) const {
  const SequenceInput sequence{tokens, &state, logits};
  forward(stream, {&sequence, 1}, logits.empty() ? LogitRows::none : LogitRows::last, probe);
}

}  // namespace holdfast
