#include "kernels/adamw.h"

#include <string>

#include "kernels/error.h"

namespace holdfast {
namespace {

bool is_f32_or_bf16(ConstTensorView tensor) { return tensor.dtype == DType::f32 || tensor.dtype == DType::bf16; }

}  // namespace

void adamw(Stream& stream, const AdamwArgs& args) {
  const DeviceKind where = stream.kind();
  const Shape shape{args.master.shape.elements()};
  require(args.master, shape, DType::f32, where, "adamw: master");
  require(args.gradient, shape, DType::f32, where, "adamw: gradient");
  require(args.first, shape, DType::f32, where, "adamw: first");
  require(args.second, shape, DType::f32, where, "adamw: second");
  if (args.rounded) require(args.rounded, shape, DType::bf16, where, "adamw: rounded");
  if (args.step < 1) throw ArgumentError("adamw: step: " + std::to_string(args.step) + ", want at least 1");
  if (shape[0] == 0) return;
  return where == DeviceKind::cpu ? cpu::adamw(stream, args) : cuda::adamw(stream, args);
}

double sum_of_squares(Stream& stream, ConstTensorView values) {
  const DeviceKind where = stream.kind();
  require(values, Shape{values.shape.elements()}, DType::f32, where, "sum_of_squares: values");
  if (values.shape[0] == 0) return 0.0;
  return where == DeviceKind::cpu ? cpu::sum_of_squares(stream, values) : cuda::sum_of_squares(stream, values);
}

double sum(Stream& stream, ConstTensorView values) {
  const DeviceKind where = stream.kind();
  require(values, Shape{values.shape.elements()}, DType::f32, where, "sum: values");
  if (values.shape[0] == 0) return 0.0;
  return where == DeviceKind::cpu ? cpu::sum(stream, values) : cuda::sum(stream, values);
}

void convert(Stream& stream, TensorView to, ConstTensorView from) {
  const DeviceKind where = stream.kind();
  if (!is_f32_or_bf16(from)) {
    throw ArgumentError("convert: from: " + std::string(name(from.dtype)) + ", want f32 or bf16");
  }
  require(from, from.shape, from.dtype, where, "convert: from");
  require(to, from.shape, from.dtype == DType::f32 ? DType::bf16 : DType::f32, where, "convert: to");
  if (from.shape.elements() == 0) return;
  return where == DeviceKind::cpu ? cpu::convert(stream, to, from) : cuda::convert(stream, to, from);
}

void add(Stream& stream, TensorView to, ConstTensorView from) {
  const DeviceKind where = stream.kind();
  if (!is_f32_or_bf16(from)) {
    throw ArgumentError("add: from: " + std::string(name(from.dtype)) + ", want f32 or bf16");
  }
  require(from, from.shape, from.dtype, where, "add: from");
  require(to, from.shape, DType::f32, where, "add: to");
  if (from.shape.elements() == 0) return;
  return where == DeviceKind::cpu ? cpu::add(stream, to, from) : cuda::add(stream, to, from);
}

}  // namespace holdfast
