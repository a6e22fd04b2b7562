#include "kernels/matmul.h"

#include <string>
#include <string_view>

#include "kernels/error.h"
#include "kernels/linear.h"

namespace holdfast {
namespace {

void matmul_require_stride(std::int64_t stride, std::int64_t columns, const char* what) {
  if (stride != 0 && stride < columns) {
    throw ArgumentError(std::string(what) + ": " + std::to_string(stride) + ", want 0 or at least the " +
                        std::to_string(columns) + " columns of a row");
  }
}

void matmul_require_rank(ConstTensorView tensor, const char* what) {
  if (tensor.shape.rank() != 2) {
    throw ArgumentError(std::string(what) + ": shape " + tensor.shape.to_string() + ", want a matrix");
  }
}

// What is added to keeps the precision of sums.
void matmul_require_accumulate(bool accumulate, ConstTensorView into, const char* what) {
  if (accumulate && into.dtype != DType::f32) {
    throw ArgumentError(std::string(what) + ": " + std::string(name(into.dtype)) + ", want f32 to be added to");
  }
}

}  // namespace

void matmul(Stream& stream, const MatmulArgs& args) {
  const DeviceKind where = stream.kind();
  matmul_require_rank(args.c, "matmul: c");
  matmul_require_rank(args.a, "matmul: a");
  const std::int64_t m = args.c.shape[0];
  const std::int64_t n = args.c.shape[1];
  const std::int64_t k = args.a.shape[args.transpose_a ? 0 : 1];
  const DType dtype = activation_dtype(args.a, where, "matmul: a");
  const Shape a_shape = args.transpose_a ? Shape{k, m} : Shape{m, k};
  const Shape b_shape = args.transpose_b ? Shape{n, k} : Shape{k, n};
  require(args.a, a_shape, dtype, where, "matmul: a");
  require(args.b, b_shape, dtype, where, "matmul: b");
  const bool narrow = dtype == DType::bf16 && args.c.dtype == DType::bf16;
  require(args.c, Shape{m, n}, narrow ? DType::bf16 : DType::f32, where, "matmul: c");
  if (args.bias) require(args.bias, Shape{n}, DType::f32, where, "matmul: bias");
  matmul_require_stride(args.c_stride, n, "matmul: c_stride");
  matmul_require_stride(args.a_stride, a_shape[1], "matmul: a_stride");
  matmul_require_stride(args.b_stride, b_shape[1], "matmul: b_stride");
  if (m == 0 || n == 0) return;
  return where == DeviceKind::cpu ? cpu::matmul(stream, args) : cuda::matmul(stream, args);
}

void bias_backward(Stream& stream, const BiasBackwardArgs& args) {
  const DeviceKind where = stream.kind();
  matmul_require_rank(args.dy, "bias_backward: dy");
  const Shape rows{args.dy.shape[0], args.dy.shape[1]};
  require(args.dy, rows, activation_dtype(args.dy, where, "bias_backward: dy"), where, "bias_backward: dy");
  require(args.d_bias, Shape{rows[1]}, DType::f32, where, "bias_backward: d_bias");
  matmul_require_stride(args.dy_stride, rows[1], "bias_backward: dy_stride");
  if (rows.elements() == 0) return;
  return where == DeviceKind::cpu ? cpu::bias_backward(stream, args) : cuda::bias_backward(stream, args);
}

void frozen_linear(Stream& stream, const FrozenLinearArgs& args) {
  const DeviceKind where = stream.kind();
  if (where == DeviceKind::cpu) {
    return linear(stream, {.y = args.y, .x = args.x, .w = args.w, .bias = args.bias, .accumulate = args.accumulate});
  }
  if (args.w == nullptr || !*args.w) throw ArgumentError("frozen_linear: w: no weight");
  if (args.w->packed().device()->kind() != where) {
    throw ArgumentError("frozen_linear: w: the weight is on another device than the stream");
  }
  matmul_require_rank(args.x, "frozen_linear: x");
  const std::int64_t rows = args.x.shape[0];
  const DType dtype = activation_dtype(args.x, where, "frozen_linear: x");
  require(args.x, Shape{rows, args.w->cols()}, dtype, where, "frozen_linear: x");
  require(args.y, Shape{rows, args.w->rows()}, activation_dtype(args.y, where, "frozen_linear: y"), where,
          "frozen_linear: y");
  if (args.bias) require(args.bias, Shape{args.w->rows()}, DType::f32, where, "frozen_linear: bias");
  matmul_require_accumulate(args.accumulate, args.y, "frozen_linear: y");
  if (args.y.shape.elements() == 0) return;
  cuda::frozen_linear(stream, args);
}

void linear_input_backward(Stream& stream, const LinearInputBackwardArgs& args) {
  const DeviceKind where = stream.kind();
  if (args.w == nullptr || !*args.w) throw ArgumentError("linear_input_backward: w: no weight");
  if (args.w->packed().device()->kind() != where) {
    throw ArgumentError("linear_input_backward: w: the weight is on another device than the stream");
  }
  matmul_require_rank(args.dy, "linear_input_backward: dy");
  const std::int64_t rows = args.dy.shape[0];
  const DType dtype = activation_dtype(args.dy, where, "linear_input_backward: dy");
  require(args.dy, Shape{rows, args.w->rows()}, dtype, where, "linear_input_backward: dy");
  require(args.dx, Shape{rows, args.w->cols()}, activation_dtype(args.dx, where, "linear_input_backward: dx"), where,
          "linear_input_backward: dx");
  matmul_require_accumulate(args.accumulate, args.dx, "linear_input_backward: dx");
  if (args.dx.shape.elements() == 0) return;
  return where == DeviceKind::cpu ? cpu::linear_input_backward(stream, args)
                                  : cuda::linear_input_backward(stream, args);
}

}  // namespace holdfast
