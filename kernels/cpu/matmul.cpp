#include "kernels/matmul.h"

#include <algorithm>
#include <cstdint>

#include "kernels/cpu/thread_pool.h"

namespace holdfast::cpu {

void matmul(Stream& stream, const MatmulArgs& args) {
  const std::int64_t m = args.c.shape[0], n = args.c.shape[1];
  const std::int64_t k = args.a.shape[args.transpose_a ? 0 : 1];
  const std::int64_t c_row = args.c_stride == 0 ? n : args.c_stride;
  const std::int64_t a_row = args.a_stride == 0 ? args.a.shape[1] : args.a_stride;
  const std::int64_t b_row = args.b_stride == 0 ? args.b.shape[1] : args.b_stride;
  stream.pool().run(m, [&](std::int64_t i, int) {
    float* c = args.c.as<float>() + i * c_row;
    for (std::int64_t j = 0; j < n; ++j) {
      double sum = 0.0;
      for (std::int64_t l = 0; l < k; ++l) {
        const float a = args.a.as<float>()[args.transpose_a ? l * a_row + i : i * a_row + l];
        const float b = args.b.as<float>()[args.transpose_b ? j * b_row + l : l * b_row + j];
        sum += static_cast<double>(a) * static_cast<double>(b);
      }
      const float value = args.scale * static_cast<float>(sum) + (args.bias ? args.bias.as<float>()[j] : 0.0f);
      c[j] = args.accumulate ? c[j] + value : value;
    }
  });
}

void bias_backward(Stream&, const BiasBackwardArgs& args) {
  const std::int64_t n = args.dy.shape[1];
  const std::int64_t row = args.dy_stride == 0 ? n : args.dy_stride;
  for (std::int64_t j = 0; j < n; ++j) {
    double sum = 0.0;
    for (std::int64_t i = 0; i < args.dy.shape[0]; ++i) sum += static_cast<double>(args.dy.as<float>()[i * row + j]);
    args.d_bias.as<float>()[j] += static_cast<float>(sum);
  }
}

// W is decoded block by block of its rows.
void linear_input_backward(Stream& stream, const LinearInputBackwardArgs& args) {
  constexpr std::int64_t block = 1024;
  const std::int64_t outputs = args.w->rows();
  const std::int64_t cols = args.w->cols();
  if (outputs == 0 && !args.accumulate) stream.fill_zero(args.dx);
  Tensor decoded(stream.device(), DType::f32, Shape{std::min(block, outputs), cols});
  for (std::int64_t first = 0; first < outputs; first += block) {
    const std::int64_t count = std::min(block, outputs - first);
    float* to = decoded.view().as<float>();
    stream.pool().run(count, [&](std::int64_t row, int) {
      args.w->row(first + row, {to + row * cols, static_cast<std::size_t>(cols)});
    });
    cpu::matmul(stream,
                {.c = args.dx,
                 .a = {args.dy.as<float>() + first, DType::f32, Shape{args.dy.shape[0], count}, DeviceKind::cpu},
                 .b = {to, DType::f32, Shape{count, cols}, DeviceKind::cpu},
                 .accumulate = args.accumulate || first > 0,
                 .a_stride = outputs});
  }
}

}  // namespace holdfast::cpu
