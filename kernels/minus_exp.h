// y = -exp(x): the decay rates A of Mamba-2 from A_log, which is what is trained.
#pragma once

#include "kernels/device.h"
#include "kernels/tensor.h"

namespace holdfast {

void minus_exp(Stream&, TensorView y, ConstTensorView x);  // (n) f32 each; y may be x

namespace cpu {
void minus_exp(Stream&, TensorView y, ConstTensorView x);
}
namespace cuda {
void minus_exp(Stream&, TensorView y, ConstTensorView x);
}

}  // namespace holdfast
