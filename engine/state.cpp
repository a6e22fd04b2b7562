#include "engine/state.h"

#include <string>
#include <utility>

#include "kernels/adamw.h"
#include "kernels/error.h"

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

State State::clone(Stream& stream) const { return State(conv_.clone(stream), ssm_.clone(stream)); }

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
  stream.fill_zero(conv_.view());
  stream.fill_zero(ssm_.view());
}

}  // namespace holdfast
