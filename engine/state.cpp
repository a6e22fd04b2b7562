#include "engine/state.h"

#include <string>
#include <utility>

#include "kernels/adamw.h"
#include "kernels/error.h"
#include "kernels/ssd_scan.h"

namespace holdfast {
namespace {

// Rows [index] of a tensor's first dimension.
TensorView state_slice(TensorView whole, std::int64_t index, const Shape& shape) {
  const auto bytes = static_cast<std::int64_t>(byte_size(whole.dtype)) * shape.elements();
  return {whole.as<std::byte>() + index * bytes, whole.dtype, shape, whole.where};
}

}  // namespace

DType State::checked_dtype(const Device& device, DType ssm) {
  if (ssm != DType::f32 && ssm != DType::bf16) {
    throw ArgumentError("state: " + std::string(name(ssm)) + ", want f32 or bf16");
  }
  if (ssm == DType::bf16 && device.kind() == DeviceKind::cpu) {
    throw ArgumentError("state: bf16, the CPU keeps states in f32: bf16 saves memory and time on a GPU alone");
  }
  return ssm;
}

State::State(std::shared_ptr<Device> device, const Mamba2Config& config, DType ssm)
    : conv_(Tensor::zeros(device, DType::f32, {config.n_layer, config.conv_dim(), config.d_conv - 1})),
      ssm_(Tensor::zeros(device, checked_dtype(*device, ssm),
                         {config.n_layer, config.n_heads, config.head_dim, config.d_state})) {}

State State::clone(Stream& stream) const {
  State copy(conv_.clone(stream), ssm_.clone(stream));
  if (pending_count_ > 0) copy.pending_ = pending_.clone(stream), copy.pending_count_ = pending_count_;
  return copy;
}

TensorView State::ssm() {
  (void)std::as_const(*this).ssm();
  return ssm_.view();
}

ConstTensorView State::ssm() const {
  if (pending_count_ > 0) {
    throw ArgumentError("state: " + std::to_string(pending_count_) + " tokens wait beside it, want it settled first");
  }
  return ssm_.view();
}

std::int64_t State::groups_times_n() const {
  const Shape& s = ssm_.shape();
  return (conv_.shape()[1] - s[1] * s[2]) / 2;
}

void State::make_room_for_pending() {
  const Shape& s = ssm_.shape();
  if (pending_) return;
  pending_ = Tensor(ssm_.device(), DType::f32,
                    {s[0], pending_tokens, pending_floats(s[1], s[2], groups_times_n() / s[3], s[3])});
}

State::Turn State::next_turn(std::size_t place) {
  const auto address = [](const Tensor& tensor) {
    return static_cast<std::int64_t>(reinterpret_cast<std::uintptr_t>(tensor.view().data));
  };
  const bool in_turn = (turns_++ + place) % pending_tokens == 0;
  const bool moves = in_turn || pending_count_ + 1 == pending_tokens;
  const Turn turn{address(ssm_), address(pending_), pending_count_, moves};
  pending_count_ = moves ? 0 : pending_count_ + 1;
  return turn;
}

void State::settle(Stream& stream) {
  if (pending_count_ == 0) return;
  ssd_settle(stream, {.state = ssm_.view(),
                      .pending = pending_.view(),
                      .tokens = pending_count_,
                      .groups = groups_times_n() / ssm_.shape()[3]});
  pending_count_ = 0;
}

std::size_t State::pending_bytes(const Mamba2Config& c) {
  return static_cast<std::size_t>(c.n_layer * pending_tokens *
                                  pending_floats(c.n_heads, c.head_dim, c.n_groups, c.d_state)) *
         sizeof(float);
}

double State::bytes_per_token(const Mamba2Config& c, DType ssm, bool may_wait) {
  const auto recurrent = static_cast<double>(c.n_layer * c.d_inner() * c.d_state) * static_cast<double>(byte_size(ssm));
  const double windows =
      static_cast<double>(c.n_layer * c.conv_dim() * (c.d_conv - 1)) * static_cast<double>(sizeof(float));
  if (!may_wait) return 2.0 * (recurrent + windows);
  constexpr double tokens = pending_tokens;
  const double one = static_cast<double>(pending_bytes(c)) / tokens;
  return 2.0 * windows + recurrent * (1.0 + 1.0 / tokens) + one * (1.0 + (tokens - 1.0) / 2.0);
}

void State::take(Stream& stream, const State& other) {
  stream.copy(conv(), other.conv());
  const ConstTensorView from = other.ssm();
  if (from.dtype == ssm_dtype()) {
    stream.copy(ssm(), from);
  } else if (from.where == ssm_.view().where) {
    convert(stream, ssm(), from);
  } else {  // f32 on the one side, bf16 on the GPU: it is converted there
    const bool up = from.where == DeviceKind::cpu;
    Tensor wide(up ? ssm_.device() : other.ssm_.device(), DType::f32, from.shape);
    if (up) stream.copy(wide.view(), from);
    up ? convert(stream, ssm(), wide.view()) : convert(stream, wide.view(), from);
    if (!up) stream.copy(ssm(), wide.view());
    stream.synchronize();
  }
  stream.synchronize();
}

TensorView State::conv(std::int64_t layer) {
  const Shape& all = conv_.shape();
  return state_slice(conv_.view(), layer, {all[1], all[2]});
}

TensorView State::ssm(std::int64_t layer) {
  const Shape& all = ssm_.shape();
  return state_slice(ssm_.view(), layer, {all[1], all[2], all[3]});
}

void State::reset(Stream& stream) {
  pending_count_ = 0;
  stream.fill_zero(conv_.view());
  stream.fill_zero(ssm_.view());
}

}  // namespace holdfast
