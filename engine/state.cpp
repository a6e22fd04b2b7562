#include "engine/state.h"

#include <utility>

namespace holdfast {
namespace {

// Rows [index] of a tensor's first dimension.
TensorView state_slice(TensorView whole, std::int64_t index, const Shape& shape) {
  return {whole.as<float>() + index * shape.elements(), DType::f32, shape, whole.where};
}

}  // namespace

State::State(std::shared_ptr<Device> device, const Mamba2Config& config)
    : conv_(Tensor::zeros(device, DType::f32, {config.n_layer, config.conv_dim(), config.d_conv - 1})),
      ssm_(Tensor::zeros(device, DType::f32, {config.n_layer, config.n_heads, config.head_dim, config.d_state})) {}

State State::clone(Stream& stream) const { return State(conv_.clone(stream), ssm_.clone(stream)); }

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
