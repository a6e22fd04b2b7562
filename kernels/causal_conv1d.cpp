#include "kernels/causal_conv1d.h"

#include <string>

#include "kernels/error.h"

namespace holdfast {

void causal_conv1d(Stream& stream, const CausalConv1dArgs& args) {
  const DeviceKind where = stream.kind();
  const std::int64_t channels = args.y.shape[1];
  const std::int64_t taps = args.weight.shape[1];
  if (taps < 2) {
    throw ArgumentError("causal_conv1d: weight: width " + std::to_string(taps) + ", want at least 2");
  }
  const DType dtype = activation_dtype(args.y, where, "causal_conv1d: y");
  require(args.y, Shape{args.y.shape[0], channels}, dtype, where, "causal_conv1d: y");
  require(args.x, args.y.shape, dtype, where, "causal_conv1d: x");
  require(args.weight, Shape{channels, taps}, DType::f32, where, "causal_conv1d: weight");
  require(args.state, Shape{channels, taps - 1}, DType::f32, where, "causal_conv1d: state");
  if (args.bias) require(args.bias, Shape{channels}, DType::f32, where, "causal_conv1d: bias");
  if (args.x_stride < channels) {
    throw ArgumentError("causal_conv1d: x_stride: " + std::to_string(args.x_stride) + ", want at least the " +
                        std::to_string(channels) + " channels of a row");
  }
  if (args.y.shape.elements() == 0) return;
  return where == DeviceKind::cpu ? cpu::causal_conv1d(stream, args) : cuda::causal_conv1d(stream, args);
}

}  // namespace holdfast
