#include "kernels/rms_norm.h"

#include <string>

#include "kernels/error.h"

namespace holdfast {

void rms_norm(Stream& stream, const RmsNormArgs& args) {
  const DeviceKind where = stream.kind();
  const Shape rows{args.y.shape[0], args.y.shape[1]};
  require(args.y, rows, activation_dtype(args.y, where, "rms_norm: y"), where, "rms_norm: y");
  require(args.x, rows, DType::f32, where, "rms_norm: x");
  require(args.weight, Shape{rows[1]}, DType::f32, where, "rms_norm: weight");
  if (args.residual) require(args.residual, rows, DType::f32, where, "rms_norm: residual");
  if (static_cast<bool>(args.added) != static_cast<bool>(args.sum) || (args.added && args.residual)) {
    throw ArgumentError("rms_norm: added, sum, residual: want added and sum, or residual, or none");
  }
  if (args.added) {
    require(args.added, rows, args.y.dtype, where, "rms_norm: added");
    require(args.sum, rows, DType::f32, where, "rms_norm: sum");
  }
  if (rows.elements() == 0) return;
  return where == DeviceKind::cpu ? cpu::rms_norm(stream, args) : cuda::rms_norm(stream, args);
}

void gated_rms_norm(Stream& stream, const GatedRmsNormArgs& args) {
  const DeviceKind where = stream.kind();
  const Shape rows{args.y.shape[0], args.y.shape[1]};
  const DType dtype = activation_dtype(args.y, where, "gated_rms_norm: y");
  require(args.y, rows, dtype, where, "gated_rms_norm: y");
  require(args.x, rows, dtype, where, "gated_rms_norm: x");
  require(args.weight, Shape{rows[1]}, DType::f32, where, "gated_rms_norm: weight");
  if (args.z) {
    require(args.z, rows, dtype, where, "gated_rms_norm: z");
    if (args.z_stride < rows[1]) {
      throw ArgumentError("gated_rms_norm: z_stride: " + std::to_string(args.z_stride) + ", want at least the " +
                          std::to_string(rows[1]) + " channels of a row");
    }
  }
  if (args.groups < 1 || rows[1] % args.groups != 0) {
    throw ArgumentError("gated_rms_norm: groups: " + std::to_string(args.groups) + ", want a divisor of " +
                        std::to_string(rows[1]) + " channels");
  }
  if (rows.elements() == 0) return;
  return where == DeviceKind::cpu ? cpu::gated_rms_norm(stream, args) : cuda::gated_rms_norm(stream, args);
}

void rms_norm_backward(Stream& stream, const RmsNormBackwardArgs& args) {
  const DeviceKind where = stream.kind();
  const Shape rows{args.x.shape[0], args.x.shape[1]};
  require(args.dy, rows, activation_dtype(args.dy, where, "rms_norm_backward: dy"), where, "rms_norm_backward: dy");
  require(args.dx, rows, DType::f32, where, "rms_norm_backward: dx");
  require(args.x, rows, DType::f32, where, "rms_norm_backward: x");
  require(args.weight, Shape{rows[1]}, DType::f32, where, "rms_norm_backward: weight");
  if (args.d_weight) require(args.d_weight, Shape{rows[1]}, DType::f32, where, "rms_norm_backward: d_weight");
  if (args.y) require(args.y, rows, args.dy.dtype, where, "rms_norm_backward: y");
  if (args.rounded) {
    if (where == DeviceKind::cpu) throw ArgumentError("rms_norm_backward: rounded: on the CPU all is f32, want none");
    require(args.rounded, rows, DType::bf16, where, "rms_norm_backward: rounded");
  }
  if (rows.elements() == 0) return;
  return where == DeviceKind::cpu ? cpu::rms_norm_backward(stream, args) : cuda::rms_norm_backward(stream, args);
}

void gated_rms_norm_backward(Stream& stream, const GatedRmsNormBackwardArgs& args) {
  const DeviceKind where = stream.kind();
  const std::string op = "gated_rms_norm_backward";
  const Shape rows{args.dy.shape[0], args.dy.shape[1]};
  const DType dtype = activation_dtype(args.dy, where, op + ": dy");
  require(args.dy, rows, dtype, where, op + ": dy");
  require(args.x, rows, dtype, where, op + ": x");
  require(args.z, rows, dtype, where, op + ": z");
  require(args.dx, rows, dtype, where, op + ": dx");
  require(args.dz, rows, dtype, where, op + ": dz");
  require(args.weight, Shape{rows[1]}, DType::f32, where, op + ": weight");
  if (args.d_weight) require(args.d_weight, Shape{rows[1]}, DType::f32, where, op + ": d_weight");
  if (args.y) require(args.y, rows, dtype, where, op + ": y");
  if (args.z_stride < rows[1] || args.dz_stride < rows[1]) {
    throw ArgumentError(op + ": z_stride " + std::to_string(args.z_stride) + ", dz_stride " +
                        std::to_string(args.dz_stride) + ", want at least the " + std::to_string(rows[1]) +
                        " channels of a row");
  }
  if (args.groups < 1 || rows[1] % args.groups != 0) {
    throw ArgumentError(op + ": groups: " + std::to_string(args.groups) + ", want a divisor of " +
                        std::to_string(rows[1]) + " channels");
  }
  if (rows.elements() == 0) return;
  return where == DeviceKind::cpu ? cpu::gated_rms_norm_backward(stream, args)
                                  : cuda::gated_rms_norm_backward(stream, args);
}

}  // namespace holdfast
