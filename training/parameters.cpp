#include "training/parameters.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "kernels/adamw.h"
#include "kernels/error.h"

namespace holdfast {
namespace {

std::int64_t up_to(std::int64_t value, std::int64_t whole) { return (value + whole - 1) / whole * whole; }

// [from.offset, from.offset + from.count) within [begin, end).
FlatRange overlap(FlatRange from, std::int64_t begin, std::int64_t end) {
  const std::int64_t first = std::max(from.offset, begin);
  const std::int64_t last = std::min(from.offset + from.count, end);
  return {first, std::max<std::int64_t>(0, last - first)};
}

TensorView part_of(Tensor& flat, std::int64_t offset, std::int64_t count) {
  TensorView part = flat.view();
  part.data = part.as<std::byte>() + offset * static_cast<std::int64_t>(byte_size(part.dtype));
  part.shape = Shape{count};
  return part;
}

}  // namespace

Slot ParameterLayout::add_decayed(std::string name, const Shape& shape) {
  if (decayed_ != size_) throw ArgumentError(name + ": decays, want it before all that does not");
  const Slot slot = add(std::move(name), shape);
  decayed_ = size_;
  return slot;
}

Slot ParameterLayout::add_undecayed(std::string name, const Shape& shape) { return add(std::move(name), shape); }

Slot ParameterLayout::add(std::string name, const Shape& shape) {
  const Slot slot{size_, shape};
  size_ += up_to(shape.elements(), alignment);
  numbers_ += shape.elements();
  slots_.push_back({std::move(name), slot});
  return slot;
}

const NamedSlot& ParameterLayout::find(std::string_view name) const {
  const auto found = std::ranges::find(slots_, name, &NamedSlot::name);
  if (found == slots_.end()) throw ArgumentError(std::string(name) + ": no parameter that is trained");
  return *found;
}

std::int64_t ParameterLayout::padded_size(int ranks) const noexcept { return up_to(size_, alignment * ranks); }

std::size_t Parameters::weight_bytes(const ParameterLayout& layout, bool with_rounded, int ranks) noexcept {
  const auto all = static_cast<std::size_t>(layout.padded_size(ranks));
  return all * sizeof(float) + (with_rounded ? static_cast<std::size_t>(layout.decayed()) * 2 : 0);
}

std::size_t Parameters::gradient_bytes(const ParameterLayout& layout, int ranks) noexcept {
  return static_cast<std::size_t>(layout.padded_size(ranks)) * sizeof(float);
}

std::size_t Parameters::moment_bytes(const ParameterLayout& layout, int ranks) noexcept {
  return static_cast<std::size_t>(layout.padded_size(ranks) / ranks) * 2 * sizeof(float);
}

Parameters::Parameters(Stream& stream, std::shared_ptr<Device> memory, ParameterLayout layout, bool with_rounded,
                       int rank, int ranks)
    : layout_(std::move(layout)), share_(layout_.padded_size(ranks) / ranks), own_{rank * share_, share_} {
  const Shape all{ranks * share_};
  masters_ = Tensor(memory, DType::f32, all);
  gradients_ = Tensor(memory, DType::f32, all);
  first_ = Tensor(memory, DType::f32, {share_});
  second_ = Tensor(memory, DType::f32, {share_});
  if (with_rounded && layout_.decayed() > 0) rounded_ = Tensor(memory, DType::bf16, {layout_.decayed()});
  for (Tensor* tensor : {&masters_, &gradients_, &first_, &second_, &rounded_}) {
    if (*tensor) stream.fill_zero(tensor->view());
  }
}

TensorView Parameters::view(Tensor& flat, const Slot& slot) {
  if (!slot || !flat) return {};
  TensorView part = part_of(flat, slot.offset, slot.shape.elements());
  part.shape = slot.shape;
  return part;
}

double Parameters::gradient_norm(Stream& stream) { return std::sqrt(sum_of_squares(stream, gradients_.view())); }

void Parameters::update(Stream& stream, const AdamWConfig& config, double learning_rate, double gradient_scale,
                        std::int64_t step, Reducer* reducer) {
  const FlatRange decays = overlap(own_, 0, layout_.decayed());
  const FlatRange stays = overlap(own_, layout_.decayed(), layout_.padded_size(1));
  if (decays.count > 0) update_range(stream, config, learning_rate, gradient_scale, step, decays, true);
  if (stays.count > 0) update_range(stream, config, learning_rate, gradient_scale, step, stays, false);
  if (reducer == nullptr) return;
  reducer->gather(stream, masters_.view());
  masters_changed(stream);
}

void Parameters::update_range(Stream& stream, const AdamWConfig& config, double learning_rate, double gradient_scale,
                              std::int64_t step, FlatRange range, bool decays) {
  const std::int64_t here = range.offset - own_.offset;
  AdamwArgs args;
  args.master = part_of(masters_, range.offset, range.count);
  args.gradient = part_of(gradients_, range.offset, range.count);
  args.first = part_of(first_, here, range.count);
  args.second = part_of(second_, here, range.count);
  if (decays && rounded_) args.rounded = part_of(rounded_, range.offset, range.count);
  args.learning_rate = static_cast<float>(learning_rate);
  args.beta1 = config.beta1;
  args.beta2 = config.beta2;
  args.eps = config.eps;
  args.decay = decays ? config.weight_decay : 0.0f;
  args.gradient_scale = static_cast<float>(gradient_scale);
  args.step = step;
  adamw(stream, args);
}

void Parameters::masters_changed(Stream& stream) {
  if (rounded_) convert(stream, rounded_.view(), part_of(masters_, 0, layout_.decayed()));
}

void Parameters::reset_moments(Stream& stream) {
  stream.fill_zero(first_.view());
  stream.fill_zero(second_.view());
}

TensorView Parameters::gather_moment(Stream& stream, Moment which, Reducer* reducer) {
  Tensor& own = which == Moment::first ? first_ : second_;
  stream.copy(part_of(gradients_, own_.offset, own_.count), own.view());
  if (reducer != nullptr) reducer->gather(stream, gradients_.view());
  return gradients_.view();
}

void Parameters::scatter_moment(Stream& stream, Moment which) {
  Tensor& own = which == Moment::first ? first_ : second_;
  stream.copy(own.view(), part_of(gradients_, own_.offset, own_.count));
}

}  // namespace holdfast
