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
  columns.rounded += c.d_model + c.d_inner() + c.conv_dim();                         // normed, gated, xbc
  columns.rounded += c.d_model + 2 * c.d_inner() + c.conv_dim() + c.in_proj_rows();  // their gradients
  if (shape.dtype != DType::f32) columns.rounded += c.d_model;                       // d_rounded
  return columns;
}

}  // namespace

std::size_t ModelPass::bytes(const Mamba2Config& model, const PassShape& shape) {
  const PassColumns columns = columns_of(model, shape);
  const std::int64_t of_row = columns.exact * 4 + columns.rounded * static_cast<std::int64_t>(byte_size(shape.dtype));
  return static_cast<std::size_t>(shape.rows * of_row + PackedPass::elements(shape.rows, model.vocab_size) * 4);
}

std::size_t ModelPass::scratch_bytes(const Mamba2Config& model, const PassShape& shape, DeviceKind where) {
  // The states at the ends of chunks and their gradients are most of it.
  const std::int64_t chunks = shape.rows / PackedRows::unit;
  const std::int64_t states = chunks * model.d_inner() * model.d_state;
  const std::int64_t logits = std::min<std::int64_t>(shape.rows, 4096) * model.vocab_size;
  const std::int64_t scan = where == DeviceKind::cpu ? states * 4 : states * 8;
  return static_cast<std::size_t>(std::max(scan, logits * 6));
}

ModelPass::ModelPass(Stream& stream, std::shared_ptr<Device> memory, const Mamba2Config& model, const ModelSlots& slots,
                     Parameters& parameters, const PassShape& shape)
    : stream_(stream),
      memory_(std::move(memory)),
      model_(model),
      slots_(slots),
      parameters_(parameters),
      shape_(shape) {
  inputs_ = Tensor(memory_, DType::i32, {PackedPass::elements(shape.rows, model.vocab_size)});
  for (std::int64_t i = 0; i <= model.n_layer; ++i) residual_.push_back(allocate(DType::f32, model.d_model));
  for (std::int64_t i = 0; i < std::max<std::int64_t>(shape.kept_layers, 1); ++i) {
    proj_.push_back(allocate(shape.dtype, model.in_proj_rows()));
    scanned_.push_back(allocate(shape.dtype, model.d_inner()));
  }
  normed_ = allocate(shape.dtype, model.d_model);
  gated_ = allocate(shape.dtype, model.d_inner());
  xbc_ = allocate(shape.dtype, model.conv_dim());
  d_residual_ = allocate(DType::f32, model.d_model);
  if (shape.dtype != DType::f32) d_rounded_ = allocate(shape.dtype, model.d_model);
  d_normed_ = allocate(shape.dtype, model.d_model);
  d_gated_ = allocate(shape.dtype, model.d_inner());
  d_scanned_ = allocate(shape.dtype, model.d_inner());
  d_xbc_ = allocate(shape.dtype, model.conv_dim());
  d_proj_ = allocate(shape.dtype, model.in_proj_rows());
  losses_ = Tensor(memory_, DType::f32, {shape.rows});
  a_ = Tensor(memory_, DType::f32, {slots.a_logs.count});
}

Tensor ModelPass::allocate(DType dtype, std::int64_t columns) { return Tensor(memory_, dtype, {shape_.rows, columns}); }

TensorView ModelPass::rows_of(Tensor& buffer, std::int64_t rows) {
  TensorView view = buffer.view();
  view.shape = Shape{rows, buffer.shape()[1]};
  return view;
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

void ModelPass::weights_changed() { minus_exp(stream_, a_.view(), parameters_.masters(slots_.a_logs)); }

void ModelPass::norm(TensorView y, ConstTensorView x, const Slot& weight) {
  rms_norm(stream_, {.y = y, .x = x, .weight = vector(weight), .residual = {}, .eps = model_.norm_eps});
}

void ModelPass::gate(TensorView y, ConstTensorView scanned, ConstTensorView proj, const Slot& weight) {
  ConstTensorView z = proj;
  z.shape = Shape{proj.shape[0], model_.d_inner()};
  gated_rms_norm(stream_, {.y = y,
                           .x = scanned,
                           .z = z,
                           .z_stride = model_.in_proj_rows(),
                           .weight = vector(weight),
                           .groups = model_.n_groups,
                           .eps = model_.norm_eps});
}

void ModelPass::convolve(const PassInputs& in, std::int64_t layer, TensorView xbc, TensorView proj) {
  const LayerSlots& at = slots_.layers[static_cast<std::size_t>(layer)];
  causal_conv1d_packed(stream_, {.y = xbc,
                                 .x = columns(proj, model_.d_inner(), model_.conv_dim()),
                                 .x_stride = model_.in_proj_rows(),
                                 .weight = vector(at.conv_weight),
                                 .bias = vector(at.conv_bias),
                                 .rows = in.packed});
}

namespace {

SsdPackedInputs scan_inputs(const Mamba2Config& c, ConstTensorView xbc, ConstTensorView dt_raw, ConstTensorView dt_bias,
                            ConstTensorView a, ConstTensorView d, const PackedRows& rows) {
  return {.xbc = xbc,
          .dt_raw = dt_raw,
          .dt_stride = c.in_proj_rows(),
          .dt_bias = dt_bias,
          .a = a,
          .d = d,
          .heads = c.n_heads,
          .head_dim = c.head_dim,
          .d_state = c.d_state,
          .groups = c.n_groups,
          .dt_min = c.dt_min,
          .dt_max = c.dt_max,
          .rows = rows};
}

}  // namespace

// A layer up to its scan, from its residual: leaves normed_, proj, xbc_ and scanned.
void ModelPass::mix(const PassInputs& in, std::int64_t layer, TensorView proj, TensorView scanned) {
  const LayerSlots& at = slots_.layers[static_cast<std::size_t>(layer)];
  const TensorView normed = rows_of(normed_, in.rows);
  norm(normed, rows_of(residual_[static_cast<std::size_t>(layer)], in.rows), at.norm);
  matmul(stream_,
         {.c = proj, .a = normed, .b = matrix(at.in_proj), .transpose_b = true, .bias = vector(at.in_proj_bias)});
  const TensorView xbc = rows_of(xbc_, in.rows);
  convolve(in, layer, xbc, proj);
  const TensorView dt_raw = columns(proj, model_.d_inner() + model_.conv_dim(), model_.n_heads);
  ssd_scan_packed(
      stream_,
      {.y = scanned, .in = scan_inputs(model_, xbc, dt_raw, vector(at.dt_bias), a(layer), vector(at.d), in.packed)});
}

void ModelPass::forward(const PassInputs& in, bool keeping) {
  embedding_from_table(stream_,
                       {.y = rows_of(residual_[0], in.rows), .ids = in.ids, .table = vector(slots_.embedding)});
  const std::int64_t first_kept = model_.n_layer - shape_.kept_layers;
  for (std::int64_t i = 0; i < model_.n_layer; ++i) {
    const auto index = static_cast<std::size_t>(keeping && keeps(i) ? i - first_kept : 0);
    const TensorView proj = rows_of(proj_[index], in.rows);
    const TensorView scanned = rows_of(scanned_[index], in.rows);
    mix(in, i, proj, scanned);
    const LayerSlots& at = slots_.layers[static_cast<std::size_t>(i)];
    const TensorView gated = rows_of(gated_, in.rows);
    gate(gated, scanned, proj, at.gate_norm);
    const TensorView next = rows_of(residual_[static_cast<std::size_t>(i + 1)], in.rows);
    stream_.copy(next, rows_of(residual_[static_cast<std::size_t>(i)], in.rows));
    matmul(stream_, {.c = next,
                     .a = gated,
                     .b = matrix(at.out_proj),
                     .transpose_b = true,
                     .accumulate = true,
                     .bias = vector(at.out_proj_bias)});
  }
}

void ModelPass::head(const PassInputs& in, float scale, bool with_gradients) {
  const TensorView normed = rows_of(normed_, in.rows);
  norm(normed, rows_of(residual_.back(), in.rows), slots_.norm_f);
  const Slot& slot = slots_.lm_head ? slots_.lm_head : slots_.embedding;
  TensorView losses = losses_.view();
  losses.shape = Shape{in.rows};
  CrossEntropyArgs args{
      .loss = losses, .x = normed, .head = matrix(slot), .targets = in.targets, .weights = in.weights, .scale = scale};
  if (with_gradients) {
    args.dx = rows_of(d_normed_, in.rows);
    args.d_head = parameters_.gradient(slot);
  }
  cross_entropy(stream_, args);
  if (with_gradients) {
    rms_norm_backward(stream_, {.dx = rows_of(d_residual_, in.rows),
                                .d_weight = parameters_.gradient(slots_.norm_f),
                                .dy = rows_of(d_normed_, in.rows),
                                .x = rows_of(residual_.back(), in.rows),
                                .weight = vector(slots_.norm_f),
                                .eps = model_.norm_eps});
  }
}

// d_residual_ in: of the layer's output; out: of its input.
void ModelPass::backward_layer(const PassInputs& in, std::int64_t layer) {
  const LayerSlots& at = slots_.layers[static_cast<std::size_t>(layer)];
  const std::int64_t first_kept = model_.n_layer - shape_.kept_layers;
  const auto index = static_cast<std::size_t>(keeps(layer) ? layer - first_kept : 0);
  const TensorView proj = rows_of(proj_[index], in.rows);
  const TensorView scanned = rows_of(scanned_[index], in.rows);
  const TensorView residual = rows_of(residual_[static_cast<std::size_t>(layer)], in.rows);
  const TensorView normed = rows_of(normed_, in.rows);
  const TensorView xbc = rows_of(xbc_, in.rows);
  if (keeps(layer)) {
    norm(normed, residual, at.norm);
    convolve(in, layer, xbc, proj);
  } else {
    mix(in, layer, proj, scanned);
  }
  const TensorView gated = rows_of(gated_, in.rows);
  gate(gated, scanned, proj, at.gate_norm);

  const TensorView d_residual = rows_of(d_residual_, in.rows);
  TensorView d_out = d_residual;
  if (shape_.dtype != DType::f32) {
    d_out = rows_of(d_rounded_, in.rows);
    convert(stream_, d_out, d_residual);
  }
  const TensorView d_gated = rows_of(d_gated_, in.rows);
  matmul(stream_, {.c = d_gated, .a = d_out, .b = matrix(at.out_proj)});
  matmul(stream_,
         {.c = parameters_.gradient(at.out_proj), .a = d_out, .b = gated, .transpose_a = true, .accumulate = true});
  if (at.out_proj_bias) {
    bias_backward(stream_,
                  {.d_bias = parameters_.gradient(at.out_proj_bias), .dy = d_residual, .dy_stride = model_.d_model});
  }
  const std::int64_t width = model_.in_proj_rows();
  const TensorView d_proj = rows_of(d_proj_, in.rows);
  const TensorView d_scanned = rows_of(d_scanned_, in.rows);
  gated_rms_norm_backward(stream_, {.dx = d_scanned,
                                    .dz = columns(d_proj, 0, model_.d_inner()),
                                    .dz_stride = width,
                                    .d_weight = parameters_.gradient(at.gate_norm),
                                    .dy = d_gated,
                                    .x = scanned,
                                    .z = columns(proj, 0, model_.d_inner()),
                                    .z_stride = width,
                                    .weight = vector(at.gate_norm),
                                    .groups = model_.n_groups,
                                    .eps = model_.norm_eps});
  const std::int64_t dt_column = model_.d_inner() + model_.conv_dim();
  const TensorView d_xbc = rows_of(d_xbc_, in.rows);
  ssd_scan_backward(stream_, {.d_xbc = d_xbc,
                              .d_dt_raw = columns(d_proj, dt_column, model_.n_heads),
                              .d_dt_stride = width,
                              .d_a_log = parameters_.gradient(at.a_log),
                              .d_d = parameters_.gradient(at.d),
                              .d_dt_bias = parameters_.gradient(at.dt_bias),
                              .dy = d_scanned,
                              .in = scan_inputs(model_, xbc, columns(proj, dt_column, model_.n_heads),
                                                vector(at.dt_bias), a(layer), vector(at.d), in.packed)});
  causal_conv1d_backward(stream_, {.dx = columns(d_proj, model_.d_inner(), model_.conv_dim()),
                                   .dx_stride = width,
                                   .d_weight = parameters_.gradient(at.conv_weight),
                                   .d_bias = parameters_.gradient(at.conv_bias),
                                   .dy = d_xbc,
                                   .x = columns(proj, model_.d_inner(), model_.conv_dim()),
                                   .x_stride = width,
                                   .weight = vector(at.conv_weight),
                                   .bias = vector(at.conv_bias),
                                   .rows = in.packed});
  const TensorView d_normed = rows_of(d_normed_, in.rows);
  matmul(stream_, {.c = d_normed, .a = d_proj, .b = matrix(at.in_proj)});
  matmul(stream_,
         {.c = parameters_.gradient(at.in_proj), .a = d_proj, .b = normed, .transpose_a = true, .accumulate = true});
  if (at.in_proj_bias) {
    bias_backward(stream_, {.d_bias = parameters_.gradient(at.in_proj_bias), .dy = d_proj, .dy_stride = width});
  }
  rms_norm_backward(stream_, {.dx = d_residual,
                              .d_weight = parameters_.gradient(at.norm),
                              .dy = d_normed,
                              .x = residual,
                              .weight = vector(at.norm),
                              .accumulate = true,
                              .eps = model_.norm_eps});
}

double ModelPass::loss(const PackedPass& pass) {
  const PassInputs in = pass.upload(stream_, inputs_.view());
  forward(in, false);
  head(in, 1.0f, false);
  TensorView losses = losses_.view();
  losses.shape = Shape{in.rows};
  return sum(stream_, losses);
}

double ModelPass::loss_and_gradients(const PackedPass& pass, float scale,
                                     const std::function<void(std::int64_t)>& layer_done) {
  const PassInputs in = pass.upload(stream_, inputs_.view());
  forward(in, true);
  head(in, scale, true);
  for (std::int64_t i = model_.n_layer - 1; i >= 0; --i) {
    backward_layer(in, i);
    if (layer_done) layer_done(i);
  }
  embedding_backward(stream_, {.d_table = parameters_.gradient(slots_.embedding),
                               .dy = rows_of(d_residual_, in.rows),
                               .order = in.order,
                               .begins = in.begins});
  TensorView losses = losses_.view();
  losses.shape = Shape{in.rows};
  return sum(stream_, losses);
}

}  // namespace holdfast
