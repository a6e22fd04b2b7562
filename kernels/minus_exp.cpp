#include "kernels/minus_exp.h"

namespace holdfast {

void minus_exp(Stream& stream, TensorView y, ConstTensorView x) {
  const DeviceKind where = stream.kind();
  const Shape want{x.shape.elements()};
  require(x, want, DType::f32, where, "minus_exp: x");
  require(y, want, DType::f32, where, "minus_exp: y");
  if (want.elements() == 0) return;
  return where == DeviceKind::cpu ? cpu::minus_exp(stream, y, x) : cuda::minus_exp(stream, y, x);
}

}  // namespace holdfast
