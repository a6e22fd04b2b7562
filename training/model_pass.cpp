#include "training/model_pass.h"

#include <algorithm>

#include "kernels/adamw.h"
#include "kernels/causal_conv1d.h"
#include "kernels/cross_entropy.h"
#include "kernels/linear.h"
#include "kernels/matmul.h"
#include "kernels/minus_exp.h"
#include "kernels/rms_norm.h"
#include "kernels/ssd_scan.h"

namespace holdfast {
namespace {

// Columns of the buffers, f32 ones and those of the activations' type apart: one list for the size and the making.
struct PassColumns {
  std::int64_t exact = 0;    // f32
  std::int64_t rounded = 0;  // of the activations' type
};

PassColumns columns_of(const Mamba2Config& c, const PassShape& shape) {
  PassColumns columns;
  columns.exact = (c.n_layer + 1) * c.d_model + c.d_model + 1;  // residuals, their gradient, losses
  const std::int64_t kept = std::max<std::int64_t>(shape.kept_layers, 1);
  columns.rounded = kept * (c.in_proj_rows() + c.d_inner());
  columns.rounded += std::max<std::int64_t>(shape.kept_convolutions, 1) * c.conv_dim();
  columns.rounded += 2 * c.d_model + c.d_inner();                    // normed, mixed, gated
  columns.rounded += c.d_inner() + c.conv_dim() + c.in_proj_rows();  // gradients of scanned, xbc and proj
  columns.rounded += 2 * shape.lora_rank;                            // inner and its gradient
  columns.exact += 2 * shape.lora_rank;                              // rows and theirs
  return columns;
}

}  // namespace

PassShape training_pass_shape(const TrainerConfig& config, std::int64_t rows, std::int64_t kept_layers,
                              std::int64_t kept_convolutions) {
  PassShape shape{
      .rows = rows, .kept_layers = kept_layers, .kept_convolutions = kept_convolutions, .dtype = config.compute};
  if (config.trained == Trained::lora) {
    shape.lora_rank = config.lora.rank;
    shape.lora_scale = config.lora.scale();
  }
  return shape;
}

std::size_t ModelPass::bytes(const Mamba2Config& model, const PassShape& shape) {
  const PassColumns columns = columns_of(model, shape);
  const std::int64_t of_row = columns.exact * 4 + columns.rounded * static_cast<std::int64_t>(byte_size(shape.dtype));
  return static_cast<std::size_t>(shape.rows * of_row + PackedPass::elements(shape.rows, model.vocab_size) * 4);
}

// The states at the ends of chunks and their gradients, or the logits of a block of rows, or a decoded matrix: the same
// memory serves all, but that the CPU has logits of their own. The sizes are those of the ops.
std::size_t ModelPass::scratch_bytes(const Mamba2Config& model, const PassShape& shape, DeviceKind where, bool frozen) {
  const std::int64_t chunks = shape.rows / PackedRows::unit;
  const std::int64_t states = chunks * model.d_inner() * model.d_state;
  const std::int64_t decays = shape.rows * model.n_heads;
  if (where == DeviceKind::cpu) {
    const std::int64_t block = std::clamp<std::int64_t>((std::int64_t{16} << 20) / model.vocab_size, 64, 1024);
    const std::int64_t logits = std::min(shape.rows, block) * model.vocab_size * 4;
    const std::int64_t of_head = 2 * states / model.n_heads;
    const std::int64_t heads = std::clamp<std::int64_t>((std::int64_t{16} << 20) / of_head, 1, model.n_heads);
    const std::int64_t scan = (heads * of_head + 4 * decays) * 4;
    constexpr std::int64_t panels = std::int64_t{8} << 20;
    return static_cast<std::size_t>(logits + std::max(scan, panels));
  }
  const std::int64_t width = shape.dtype == DType::f32 ? 4 : 2;
  const auto block_rows = [&](std::int64_t bytes, std::int64_t each) {
    return std::min(shape.rows, std::max<std::int64_t>(bytes / (model.vocab_size * each) / 128 * 128, 128));
  };
  std::int64_t logits = block_rows(std::int64_t{512} << 20, 4) * model.vocab_size * 4;
  if (width == 2) logits += block_rows(std::int64_t{768} << 20, 2) * model.vocab_size * 2;
  const std::int64_t decoded_head = frozen ? model.vocab_size * model.d_model * width : 0;
  const std::int64_t decoded = frozen ? model.in_proj_rows() * model.d_model * width : 0;
  // Where the scan takes tensor cores, the states of all chunks are kept in bf16.
  const bool copies = width == 2 && model.head_dim == 64 && (model.d_state == 64 || model.d_state == 128);
  const std::int64_t scan = states * (copies ? 4 : 8) + 8 * decays * 4;
  constexpr std::int64_t products = std::int64_t{64} << 20;
  return static_cast<std::size_t>(products + std::max({scan, logits + decoded_head, decoded}));
}

ModelPass::ModelPass(Stream& stream, std::shared_ptr<Device> memory, const Mamba2Config& model, const ModelSlots& slots,
                     Parameters& parameters, const Weights* frozen, const PassShape& shape)
    : stream_(stream),
      memory_(std::move(memory)),
      model_(model),
      slots_(slots),
      parameters_(parameters),
      frozen_(frozen),
      shape_(shape) {
  inputs_ = Tensor(memory_, DType::i32, {PackedPass::elements(shape.rows, model.vocab_size)});
  for (std::int64_t i = 0; i <= model.n_layer; ++i) residual_.push_back(allocate(DType::f32, model.d_model));
  for (std::int64_t i = 0; i < std::max<std::int64_t>(shape.kept_layers, 1); ++i) {
    proj_.push_back(allocate(shape.dtype, model.in_proj_rows()));
    scanned_.push_back(allocate(shape.dtype, model.d_inner()));
  }
  for (std::int64_t i = 0; i < std::max<std::int64_t>(shape.kept_convolutions, 1); ++i) {
    xbc_.push_back(allocate(shape.dtype, model.conv_dim()));
  }
  normed_ = allocate(shape.dtype, model.d_model);
  gated_ = allocate(shape.dtype, model.d_inner());
  mixed_ = allocate(shape.dtype, model.d_model);
  d_residual_ = allocate(DType::f32, model.d_model);
  d_scanned_ = allocate(shape.dtype, model.d_inner());
  d_xbc_ = allocate(shape.dtype, model.conv_dim());
  d_proj_ = allocate(shape.dtype, model.in_proj_rows());
  losses_ = Tensor(memory_, DType::f32, {shape.rows});
  if (shape.lora_rank > 0) {
    for (Tensor* tensor : {&inner_, &d_inner_}) *tensor = allocate(shape.dtype, shape.lora_rank);
    for (Tensor* tensor : {&rows_, &d_rows_}) *tensor = allocate(DType::f32, shape.lora_rank);
  }
  if (frozen_ == nullptr) a_ = Tensor(memory_, DType::f32, {slots.a_logs.count});
}

Tensor ModelPass::allocate(DType dtype, std::int64_t columns) { return Tensor(memory_, dtype, {shape_.rows, columns}); }

TensorView ModelPass::rows_of(Tensor& buffer, std::int64_t rows) {
  TensorView view = buffer.view();
  view.shape = Shape{rows, buffer.shape()[1]};
  return view;
}

TensorView ModelPass::rounded_gradient(std::int64_t rows) {
  return shape_.dtype == DType::f32 ? TensorView{} : rows_of(mixed_, rows);
}

TensorView ModelPass::proj_of(std::int64_t layer, std::int64_t rows) {
  return rows_of(proj_[static_cast<std::size_t>(keeps(layer) ? layer - (model_.n_layer - shape_.kept_layers) : 0)],
                 rows);
}
TensorView ModelPass::scanned_of(std::int64_t layer, std::int64_t rows) {
  const std::int64_t first = model_.n_layer - shape_.kept_layers;
  return rows_of(scanned_[static_cast<std::size_t>(keeps(layer) ? layer - first : 0)], rows);
}
TensorView ModelPass::xbc_of(std::int64_t layer, std::int64_t rows) {
  const std::int64_t first = model_.n_layer - shape_.kept_convolutions;
  return rows_of(xbc_[static_cast<std::size_t>(keeps_convolution(layer) ? layer - first : 0)], rows);
}
TensorView ModelPass::residual_of(std::int64_t layer, std::int64_t rows) {
  return rows_of(residual_[static_cast<std::size_t>(layer)], rows);
}

TensorView ModelPass::columns(TensorView matrix, std::int64_t first, std::int64_t count) const {
  matrix.data = matrix.as<std::byte>() + first * static_cast<std::int64_t>(byte_size(matrix.dtype));
  matrix.shape = Shape{matrix.shape[0], count};
  return matrix;
}

ConstTensorView ModelPass::matrix(const Slot& slot) {
  return shape_.dtype == DType::f32 ? ConstTensorView(parameters_.master(slot)) : parameters_.rounded(slot);
}

ConstTensorView ModelPass::vector(const Slot& slot) {
  return slot ? ConstTensorView(parameters_.master(slot)) : ConstTensorView{};
}

ConstTensorView ModelPass::a(std::int64_t layer) {
  const Slot& slot = slots_.layers[static_cast<std::size_t>(layer)].a_log;
  return {a_.view().as<float>() + slot.offset - slots_.a_logs.offset, DType::f32, slot.shape, stream_.kind()};
}

void ModelPass::weights_changed() {
  if (frozen_ == nullptr) minus_exp(stream_, a_.view(), parameters_.masters(slots_.a_logs));
}

ModelPass::LayerVectors ModelPass::vectors(std::int64_t layer) {
  const LayerSlots& at = slots_.layers[static_cast<std::size_t>(layer)];
  if (frozen_ == nullptr) {
    return {vector(at.norm),
            vector(at.in_proj_bias),
            vector(at.conv_weight),
            vector(at.conv_bias),
            vector(at.dt_bias),
            a(layer),
            vector(at.d),
            vector(at.gate_norm),
            vector(at.out_proj_bias),
            {}};
  }
  const LayerWeights& w = frozen_->layers[static_cast<std::size_t>(layer)];
  const auto view = [](const Tensor& tensor) { return tensor ? tensor.view() : ConstTensorView{}; };
  return {view(w.norm), view(w.in_proj_bias), view(w.conv_weight),   view(w.conv_bias),   view(w.dt_bias), view(w.a),
          view(w.d),    view(w.gate_norm),    view(w.out_proj_bias), vector(at.ssm_state)};
}

ModelPass::Matrix ModelPass::in_proj(std::int64_t layer) const {
  const auto i = static_cast<std::size_t>(layer);
  return {slots_.layers[i].in_proj, slots_.layers[i].in_proj_lora,
          frozen_ == nullptr ? nullptr : &frozen_->layers[i].in_proj};
}

ModelPass::Matrix ModelPass::out_proj(std::int64_t layer) const {
  const auto i = static_cast<std::size_t>(layer);
  return {slots_.layers[i].out_proj, slots_.layers[i].out_proj_lora,
          frozen_ == nullptr ? nullptr : &frozen_->layers[i].out_proj};
}

ConstTensorView ModelPass::norm_f() {
  return frozen_ == nullptr ? vector(slots_.norm_f) : ConstTensorView(frozen_->norm_f.view());
}

bool ModelPass::trained_below(std::int64_t layer) const {
  return layer > 0 || frozen_ == nullptr || static_cast<bool>(slots_.embedding_lora);
}

void ModelPass::product(TensorView y, ConstTensorView x, const Matrix& w, ConstTensorView bias) {
  if (w.frozen == nullptr) {
    matmul(stream_, {.c = y, .a = x, .b = matrix(w.slot), .transpose_b = true, .bias = bias});
    return;
  }
  frozen_linear(stream_, {.y = y, .x = x, .w = w.frozen, .bias = bias});
  if (!w.lora) return;
  const TensorView inner = rows_of(inner_, x.shape[0]);
  matmul(stream_, {.c = inner, .a = x, .b = matrix(w.lora.a), .transpose_b = true});
  matmul(
      stream_,
      {.c = y, .a = inner, .b = matrix(w.lora.b), .transpose_b = true, .accumulate = true, .scale = shape_.lora_scale});
}

void ModelPass::product_backward(TensorView dx, ConstTensorView dy, const Matrix& w) {
  if (w.frozen == nullptr) {
    if (dx) matmul(stream_, {.c = dx, .a = dy, .b = matrix(w.slot)});
    return;
  }
  if (dx) linear_input_backward(stream_, {.dx = dx, .dy = dy, .w = w.frozen});
  if (!w.lora) return;
  const TensorView d_inner = rows_of(d_inner_, dy.shape[0]);
  matmul(stream_, {.c = d_inner, .a = dy, .b = matrix(w.lora.b), .scale = shape_.lora_scale});
  if (dx) matmul(stream_, {.c = dx, .a = d_inner, .b = matrix(w.lora.a), .accumulate = true});
}

void ModelPass::matrix_backward(ConstTensorView dy, ConstTensorView x, const Matrix& w) {
  if (w.frozen == nullptr) {
    matmul(stream_, {.c = parameters_.gradient(w.slot), .a = dy, .b = x, .transpose_a = true, .accumulate = true});
    return;
  }
  if (!w.lora) return;
  const TensorView inner = rows_of(inner_, x.shape[0]);
  const TensorView d_inner = rows_of(d_inner_, x.shape[0]);  // as product_backward left it
  matmul(stream_, {.c = inner, .a = x, .b = matrix(w.lora.a), .transpose_b = true});
  matmul(stream_, {.c = parameters_.gradient(w.lora.b),
                   .a = dy,
                   .b = inner,
                   .transpose_a = true,
                   .accumulate = true,
                   .scale = shape_.lora_scale});
  matmul(stream_, {.c = parameters_.gradient(w.lora.a), .a = d_inner, .b = x, .transpose_a = true, .accumulate = true});
}

// An adapter of the embedding adds s B[id] A to a token's row. In f32 throughout: the products are small.
void ModelPass::embed(const PassInputs& in) {
  const TensorView y = rows_of(residual_[0], in.rows);
  if (frozen_ == nullptr) {
    embedding_from_table(stream_, {.y = y, .ids = in.ids, .table = vector(slots_.embedding)});
    return;
  }
  embedding(stream_, {.y = y, .ids = in.ids, .table = &frozen_->embedding});
  const LoraSlots& lora = slots_.embedding_lora;
  if (!lora) return;
  const TensorView rows = rows_of(rows_, in.rows);
  embedding_from_table(stream_, {.y = rows, .ids = in.ids, .table = vector(lora.b)});
  matmul(stream_, {.c = y, .a = rows, .b = vector(lora.a), .accumulate = true, .scale = shape_.lora_scale});
}

void ModelPass::embed_backward(const PassInputs& in) {
  const TensorView dy = rows_of(d_residual_, in.rows);
  if (frozen_ == nullptr) {
    embedding_backward(
        stream_, {.d_table = parameters_.gradient(slots_.embedding), .dy = dy, .order = in.order, .begins = in.begins});
    return;
  }
  const LoraSlots& lora = slots_.embedding_lora;
  if (!lora) return;
  const TensorView rows = rows_of(rows_, in.rows);
  const TensorView d_rows = rows_of(d_rows_, in.rows);
  const float scale = shape_.lora_scale;
  embedding_from_table(stream_, {.y = rows, .ids = in.ids, .table = vector(lora.b)});
  matmul(stream_, {.c = d_rows, .a = dy, .b = vector(lora.a), .transpose_b = true, .scale = scale});
  embedding_backward(stream_,
                     {.d_table = parameters_.gradient(lora.b), .dy = d_rows, .order = in.order, .begins = in.begins});
  matmul(
      stream_,
      {.c = parameters_.gradient(lora.a), .a = rows, .b = dy, .transpose_a = true, .accumulate = true, .scale = scale});
}

void ModelPass::norm(TensorView y, ConstTensorView x, ConstTensorView weight) {
  rms_norm(stream_, {.y = y, .x = x, .weight = weight, .residual = {}, .eps = model_.norm_eps});
}

void ModelPass::norm_of_sum(TensorView y, std::int64_t layer, std::int64_t rows, ConstTensorView weight) {
  if (layer == 0) return norm(y, residual_of(0, rows), weight);
  rms_norm(stream_, {.y = y,
                     .x = residual_of(layer - 1, rows),
                     .weight = weight,
                     .residual = {},
                     .added = rows_of(mixed_, rows),
                     .sum = residual_of(layer, rows),
                     .eps = model_.norm_eps});
}

void ModelPass::gate(TensorView y, ConstTensorView scanned, ConstTensorView proj, ConstTensorView weight) {
  ConstTensorView z = proj;
  z.shape = Shape{proj.shape[0], model_.d_inner()};
  gated_rms_norm(stream_, {.y = y,
                           .x = scanned,
                           .z = z,
                           .z_stride = model_.in_proj_rows(),
                           .weight = weight,
                           .groups = model_.n_groups,
                           .eps = model_.norm_eps});
}

void ModelPass::convolve(const PassInputs& in, std::int64_t layer, TensorView xbc, TensorView proj) {
  const LayerVectors at = vectors(layer);
  causal_conv1d_packed(stream_, {.y = xbc,
                                 .x = columns(proj, model_.d_inner(), model_.conv_dim()),
                                 .x_stride = model_.in_proj_rows(),
                                 .weight = at.conv_weight,
                                 .bias = at.conv_bias,
                                 .rows = in.packed});
}

namespace {

SsdPackedInputs scan_inputs(const Mamba2Config& c, ConstTensorView xbc, ConstTensorView dt_raw, ConstTensorView dt_bias,
                            ConstTensorView a, ConstTensorView d, ConstTensorView initial, const PackedRows& rows) {
  return {.xbc = xbc,
          .dt_raw = dt_raw,
          .dt_stride = c.in_proj_rows(),
          .dt_bias = dt_bias,
          .a = a,
          .d = d,
          .initial = initial,
          .heads = c.n_heads,
          .head_dim = c.head_dim,
          .d_state = c.d_state,
          .groups = c.n_groups,
          .dt_min = c.dt_min,
          .dt_max = c.dt_max,
          .rows = rows};
}

}  // namespace

// A layer from its normed residual up to its scan: leaves proj, xbc and scanned.
void ModelPass::mix(const PassInputs& in, std::int64_t layer, TensorView proj, TensorView xbc, TensorView scanned) {
  const LayerVectors at = vectors(layer);
  product(proj, rows_of(normed_, in.rows), in_proj(layer), at.in_proj_bias);
  convolve(in, layer, xbc, proj);
  const TensorView dt_raw = columns(proj, model_.d_inner() + model_.conv_dim(), model_.n_heads);
  ssd_scan_packed(
      stream_, {.y = scanned, .in = scan_inputs(model_, xbc, dt_raw, at.dt_bias, at.a, at.d, at.initial, in.packed)});
}

void ModelPass::forward(const PassInputs& in) {
  embed(in);
  for (std::int64_t i = 0; i < model_.n_layer; ++i) {
    const LayerVectors at = vectors(i);
    const TensorView proj = proj_of(i, in.rows);
    const TensorView scanned = scanned_of(i, in.rows);
    norm_of_sum(rows_of(normed_, in.rows), i, in.rows, at.norm);
    mix(in, i, proj, xbc_of(i, in.rows), scanned);
    const TensorView gated = rows_of(gated_, in.rows);
    gate(gated, scanned, proj, at.gate_norm);
    product(rows_of(mixed_, in.rows), gated, out_proj(i), at.out_proj_bias);
  }
}

void ModelPass::head(const PassInputs& in, float scale, bool with_gradients) {
  const TensorView normed = rows_of(normed_, in.rows);
  norm_of_sum(normed, model_.n_layer, in.rows, norm_f());
  TensorView losses = losses_.view();
  losses.shape = Shape{in.rows};
  CrossEntropyArgs args{.loss = losses, .x = normed, .targets = in.targets, .weights = in.weights, .scale = scale};
  if (with_gradients) args.dx = normed;
  if (frozen_ == nullptr) {
    const Slot& slot = slots_.lm_head ? slots_.lm_head : slots_.embedding;
    args.head = matrix(slot);
    if (with_gradients) args.d_head = parameters_.gradient(slot);
  } else {
    args.frozen = &frozen_->head();
    // A tied embedding's adapter acts here too.
    const LoraSlots& lora = model_.tied_embeddings ? slots_.embedding_lora : slots_.lm_head_lora;
    if (lora) args.low_rank = {.a = matrix(lora.a), .b = matrix(lora.b), .scale = shape_.lora_scale};
    if (lora && with_gradients) {
      args.low_rank.d_a = parameters_.gradient(lora.a);
      args.low_rank.d_b = parameters_.gradient(lora.b);
    }
  }
  cross_entropy(stream_, args);
  if (with_gradients) {
    rms_norm_backward(stream_, {.dx = rows_of(d_residual_, in.rows),
                                .d_weight = parameters_.gradient(slots_.norm_f),
                                .dy = normed,
                                .x = residual_of(model_.n_layer, in.rows),
                                .weight = norm_f(),
                                .rounded = rounded_gradient(in.rows),
                                .eps = model_.norm_eps});
  }
}

// d_residual_ in: of the layer's output; out: of its input. Likewise what is rounded of it.
void ModelPass::backward_layer(const PassInputs& in, std::int64_t layer) {
  const LayerSlots& slots = slots_.layers[static_cast<std::size_t>(layer)];
  const LayerVectors at = vectors(layer);
  const TensorView proj = proj_of(layer, in.rows);
  const TensorView scanned = scanned_of(layer, in.rows);
  const TensorView residual = residual_of(layer, in.rows);
  const TensorView normed = rows_of(normed_, in.rows);
  const TensorView xbc = xbc_of(layer, in.rows);
  if (!keeps(layer)) {
    norm(normed, residual, at.norm);
    mix(in, layer, proj, xbc, scanned);
  } else if (!keeps_convolution(layer)) {
    convolve(in, layer, xbc, proj);
  }
  const TensorView d_residual = rows_of(d_residual_, in.rows);
  const TensorView d_rounded = rounded_gradient(in.rows);
  const TensorView d_out = d_rounded ? d_rounded : d_residual;
  const TensorView gated = rows_of(gated_, in.rows);
  product_backward(gated, d_out, out_proj(layer));
  if (slots.out_proj_bias) {
    bias_backward(stream_,
                  {.d_bias = parameters_.gradient(slots.out_proj_bias), .dy = d_residual, .dy_stride = model_.d_model});
  }
  const std::int64_t width = model_.in_proj_rows();
  const TensorView d_proj = rows_of(d_proj_, in.rows);
  const TensorView d_scanned = rows_of(d_scanned_, in.rows);
  gated_rms_norm_backward(stream_, {.dx = d_scanned,
                                    .dz = columns(d_proj, 0, model_.d_inner()),
                                    .dz_stride = width,
                                    .d_weight = parameters_.gradient(slots.gate_norm),
                                    .dy = gated,
                                    .x = scanned,
                                    .z = columns(proj, 0, model_.d_inner()),
                                    .z_stride = width,
                                    .weight = at.gate_norm,
                                    .y = gated,
                                    .groups = model_.n_groups,
                                    .eps = model_.norm_eps});
  matrix_backward(d_out, gated, out_proj(layer));
  const std::int64_t dt_column = model_.d_inner() + model_.conv_dim();
  const TensorView d_xbc = rows_of(d_xbc_, in.rows);
  ssd_scan_backward(stream_, {.d_xbc = d_xbc,
                              .d_dt_raw = columns(d_proj, dt_column, model_.n_heads),
                              .d_dt_stride = width,
                              .d_a_log = parameters_.gradient(slots.a_log),
                              .d_d = parameters_.gradient(slots.d),
                              .d_dt_bias = parameters_.gradient(slots.dt_bias),
                              .d_initial = parameters_.gradient(slots.ssm_state),
                              .dy = d_scanned,
                              .in = scan_inputs(model_, xbc, columns(proj, dt_column, model_.n_heads), at.dt_bias, at.a,
                                                at.d, at.initial, in.packed)});
  // The first layer's input has no gradient to give where nothing below it and nothing in its in_proj is trained.
  if (!trained_below(layer) && !slots.in_proj_lora) return;
  causal_conv1d_backward(stream_, {.dx = columns(d_proj, model_.d_inner(), model_.conv_dim()),
                                   .dx_stride = width,
                                   .d_weight = parameters_.gradient(slots.conv_weight),
                                   .d_bias = parameters_.gradient(slots.conv_bias),
                                   .dy = d_xbc,
                                   .x = columns(proj, model_.d_inner(), model_.conv_dim()),
                                   .x_stride = width,
                                   .weight = at.conv_weight,
                                   .bias = at.conv_bias,
                                   .rows = in.packed});
  if (slots.in_proj_bias) {
    bias_backward(stream_, {.d_bias = parameters_.gradient(slots.in_proj_bias), .dy = d_proj, .dy_stride = width});
  }
  product_backward(trained_below(layer) ? normed : TensorView{}, d_proj, in_proj(layer));
  if (trained_below(layer)) {
    rms_norm_backward(stream_, {.dx = d_residual,
                                .d_weight = parameters_.gradient(slots.norm),
                                .dy = normed,
                                .x = residual,
                                .weight = at.norm,
                                .y = normed,
                                .rounded = d_rounded,
                                .accumulate = true,
                                .eps = model_.norm_eps});
  } else {
    norm(normed, residual, at.norm);
  }
  matrix_backward(d_proj, normed, in_proj(layer));
}

double ModelPass::loss(const PackedPass& pass) {
  const PassInputs in = pass.upload(stream_, inputs_.view());
  forward(in);
  head(in, 1.0f, false);
  TensorView losses = losses_.view();
  losses.shape = Shape{in.rows};
  return sum(stream_, losses);
}

ConstTensorView ModelPass::row_losses(const PackedPass& pass) {
  TensorView losses = losses_.view();
  losses.shape = Shape{pass.rows()};
  return losses;
}

double ModelPass::loss_and_gradients(const PackedPass& pass, float scale, const LayerDone& layer_done) {
  const PassInputs in = pass.upload(stream_, inputs_.view());
  forward(in);
  pass.upload_order(stream_, inputs_.view());
  head(in, scale, true);
  for (std::int64_t i = model_.n_layer - 1; i >= 0; --i) {
    backward_layer(in, i);
    if (layer_done) layer_done(i);
  }
  embed_backward(in);
  TensorView losses = losses_.view();
  losses.shape = Shape{in.rows};
  return sum(stream_, losses);
}

}  // namespace holdfast
