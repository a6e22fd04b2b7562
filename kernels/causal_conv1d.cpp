#include "kernels/causal_conv1d.h"

#include <string>

#include "kernels/error.h"

namespace holdfast {
namespace {

void conv_require_width(std::int64_t taps, const char* op) {
  if (taps < 2) {
    throw ArgumentError(std::string(op) + ": weight: width " + std::to_string(taps) + ", want at least 2");
  }
}

void conv_require_stride(std::int64_t stride, std::int64_t channels, const std::string& what) {
  if (stride < channels) {
    throw ArgumentError(what + ": " + std::to_string(stride) + ", want at least the " + std::to_string(channels) +
                        " channels of a row");
  }
}

}  // namespace

void causal_conv1d(Stream& stream, const CausalConv1dArgs& args) {
  const DeviceKind where = stream.kind();
  const std::int64_t channels = args.y.shape[1];
  const std::int64_t taps = args.weight.shape[1];
  conv_require_width(taps, "causal_conv1d");
  const DType dtype = activation_dtype(args.y, where, "causal_conv1d: y");
  require(args.y, Shape{args.y.shape[0], channels}, dtype, where, "causal_conv1d: y");
  require(args.x, args.y.shape, dtype, where, "causal_conv1d: x");
  require(args.weight, Shape{channels, taps}, DType::f32, where, "causal_conv1d: weight");
  require(args.state, Shape{channels, taps - 1}, DType::f32, where, "causal_conv1d: state");
  if (args.bias) require(args.bias, Shape{channels}, DType::f32, where, "causal_conv1d: bias");
  conv_require_stride(args.x_stride, channels, "causal_conv1d: x_stride");
  if (args.y.shape.elements() == 0) return;
  return where == DeviceKind::cpu ? cpu::causal_conv1d(stream, args) : cuda::causal_conv1d(stream, args);
}

void causal_conv1d_packed(Stream& stream, const CausalConv1dPackedArgs& args) {
  const DeviceKind where = stream.kind();
  const std::int64_t channels = args.y.shape[1];
  const std::int64_t taps = args.weight.shape[1];
  conv_require_width(taps, "causal_conv1d_packed");
  const DType dtype = activation_dtype(args.y, where, "causal_conv1d_packed: y");
  require(args.y, Shape{args.y.shape[0], channels}, dtype, where, "causal_conv1d_packed: y");
  require(args.x, args.y.shape, dtype, where, "causal_conv1d_packed: x");
  require(args.weight, Shape{channels, taps}, DType::f32, where, "causal_conv1d_packed: weight");
  if (args.bias) require(args.bias, Shape{channels}, DType::f32, where, "causal_conv1d_packed: bias");
  if (args.initial) {
    require(args.initial, Shape{channels, taps - 1}, DType::f32, where, "causal_conv1d_packed: initial");
  }
  conv_require_stride(args.x_stride, channels, "causal_conv1d_packed: x_stride");
  require_packed(args.rows, args.y.shape[0], where, "causal_conv1d_packed");
  if (args.y.shape.elements() == 0) return;
  return where == DeviceKind::cpu ? cpu::causal_conv1d_packed(stream, args) : cuda::causal_conv1d_packed(stream, args);
}

void causal_conv1d_backward(Stream& stream, const CausalConv1dBackwardArgs& args) {
  const DeviceKind where = stream.kind();
  const std::string op = "causal_conv1d_backward";
  const std::int64_t channels = args.dy.shape[1];
  const std::int64_t taps = args.weight.shape[1];
  conv_require_width(taps, "causal_conv1d_backward");
  const DType dtype = activation_dtype(args.dy, where, op + ": dy");
  require(args.dy, Shape{args.dy.shape[0], channels}, dtype, where, op + ": dy");
  require(args.x, args.dy.shape, dtype, where, op + ": x");
  require(args.dx, args.dy.shape, dtype, where, op + ": dx");
  require(args.weight, Shape{channels, taps}, DType::f32, where, op + ": weight");
  if (args.bias) require(args.bias, Shape{channels}, DType::f32, where, op + ": bias");
  if (args.initial) require(args.initial, Shape{channels, taps - 1}, DType::f32, where, op + ": initial");
  if (args.d_weight) require(args.d_weight, Shape{channels, taps}, DType::f32, where, op + ": d_weight");
  if (args.d_bias) require(args.d_bias, Shape{channels}, DType::f32, where, op + ": d_bias");
  if (args.d_initial) require(args.d_initial, Shape{channels, taps - 1}, DType::f32, where, op + ": d_initial");
  conv_require_stride(args.x_stride, channels, op + ": x_stride");
  conv_require_stride(args.dx_stride, channels, op + ": dx_stride");
  require_packed(args.rows, args.dy.shape[0], where, op);
  if (args.dy.shape.elements() == 0) return;
  return where == DeviceKind::cpu ? cpu::causal_conv1d_backward(stream, args)
                                  : cuda::causal_conv1d_backward(stream, args);
}

}  // namespace holdfast
