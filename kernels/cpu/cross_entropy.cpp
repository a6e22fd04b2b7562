#include "kernels/cross_entropy.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>

#include "kernels/cpu/simd.h"
#include "kernels/cpu/thread_pool.h"
#include "kernels/error.h"
#include "kernels/linear.h"
#include "kernels/matmul.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/cross_entropy.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/cpu/activation-inl.h"

#ifndef HOLDFAST_KERNELS_CPU_CROSS_ENTROPY_ONCE
#define HOLDFAST_KERNELS_CPU_CROSS_ENTROPY_ONCE
namespace holdfast::cpu {

// One row of logits that has a target.
struct LossRow {
  float* logits;  // (V)  in; with `gradient` out: weight * scale * (softmax - 1 at the target)
  std::int64_t vocabulary;
  std::int64_t target;
  float weight;
  float scale;
  bool gradient;
};

}  // namespace holdfast::cpu
#endif

HWY_BEFORE_NAMESPACE();
namespace holdfast::cpu::HWY_NAMESPACE {

HWY_INLINE float largest_logit(const float* logits, std::int64_t count) {
  const Wide d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  auto largest = hn::Set(d, logits[0]);
  std::int64_t i = 0;
  for (; i + lanes <= count; i += lanes) largest = hn::Max(largest, hn::LoadU(d, logits + i));
  float result = hn::GetLane(hn::MaxOfLanes(d, largest));
  for (; i < count; ++i) result = std::max(result, logits[i]);
  return result;
}

// Sum of exp(logit - largest), in stretches that are summed in double: each term is at most 1, and V may be large.
HWY_INLINE double sum_of_exponentials(const float* logits, std::int64_t count, float largest) {
  const Wide d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  constexpr std::int64_t stretch = 1024;
  double sum = 0.0;
  for (std::int64_t from = 0; from < count; from += stretch) {
    const std::int64_t end = std::min(count, from + stretch);
    auto part = hn::Zero(d);
    std::int64_t i = from;
    for (; i + lanes <= end; i += lanes) {
      part = hn::Add(part, hn::Exp(d, hn::Sub(hn::LoadU(d, logits + i), hn::Set(d, largest))));
    }
    sum += static_cast<double>(hn::GetLane(hn::SumOfLanes(d, part)));
    for (; i < end; ++i) sum += std::exp(static_cast<double>(logits[i]) - static_cast<double>(largest));
  }
  return sum;
}

// The loss of a row; not finite when a logit is not.
float loss_row(const LossRow& row) {
  const float largest = largest_logit(row.logits, row.vocabulary);
  const double sum = sum_of_exponentials(row.logits, row.vocabulary, largest);
  const double log_sum = std::log(sum) + static_cast<double>(largest);
  const double loss = log_sum - static_cast<double>(row.logits[row.target]);
  if (row.gradient) {
    const float factor = row.weight * row.scale;
    const auto each = static_cast<float>(static_cast<double>(factor) / sum);
    for_lanes(row.vocabulary, [&](auto d, std::int64_t i) HWY_ATTR {
      const auto e = hn::Exp(d, hn::Sub(hn::LoadU(d, row.logits + i), hn::Set(d, largest)));
      hn::StoreU(hn::Mul(e, hn::Set(d, each)), d, row.logits + i);
    });
    // 1 - p of the target from the loss, since p may have rounded to 1.
    row.logits[row.target] = static_cast<float>(static_cast<double>(factor) * std::expm1(-loss));
  }
  return static_cast<float>(static_cast<double>(row.weight) * loss);
}

}  // namespace holdfast::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace holdfast::cpu {
namespace {

HWY_EXPORT(loss_row);

// Rows whose logits are held at a time, in blocks of nearly equal size. Many, since the head and its gradient are read
// once per block.
std::int64_t loss_block_rows(std::int64_t tokens, std::int64_t vocabulary) {
  constexpr std::int64_t block_floats = std::int64_t{16} << 20;
  const std::int64_t most = std::clamp<std::int64_t>(block_floats / vocabulary / 64 * 64, 64, 1024);
  const std::int64_t blocks = (tokens + most - 1) / most;
  return (tokens + blocks - 1) / blocks;
}

// Rows [first, first + count) of a matrix.
TensorView rows_of_matrix(TensorView matrix, std::int64_t first, std::int64_t count) {
  matrix.data = matrix.as<float>() + first * matrix.shape[1];
  matrix.shape = Shape{count, matrix.shape[1]};
  return matrix;
}
ConstTensorView rows_of_matrix(ConstTensorView matrix, std::int64_t first, std::int64_t count) {
  matrix.data = matrix.as<float>() + first * matrix.shape[1];
  matrix.shape = Shape{count, matrix.shape[1]};
  return matrix;
}

void loss_require_targets(const CrossEntropyArgs& args, std::int64_t vocabulary) {
  const auto* targets = args.targets.as<std::int32_t>();
  for (std::int64_t t = 0; t < args.targets.shape[0]; ++t) {
    if (targets[t] < -1 || targets[t] >= vocabulary) {
      throw ArgumentError("cross_entropy: targets[" + std::to_string(t) + "]: " + std::to_string(targets[t]) +
                          ", want -1 to " + std::to_string(vocabulary - 1));
    }
  }
}

// Losses of a block, and its logits turned into their gradients.
void loss_of_block(Stream& stream, const CrossEntropyArgs& args, std::int64_t first, TensorView logits) {
  const std::int64_t vocabulary = logits.shape[1];
  stream.pool().run(logits.shape[0], [&](std::int64_t row, int) {
    const std::int32_t target = args.targets.as<std::int32_t>()[first + row];
    float* at = logits.as<float>() + row * vocabulary;
    if (target < 0) {
      args.loss.as<float>()[first + row] = 0.0f;
      std::fill(at, at + vocabulary, 0.0f);
      return;
    }
    args.loss.as<float>()[first + row] =
        HWY_DYNAMIC_DISPATCH(loss_row)({.logits = at,
                                        .vocabulary = vocabulary,
                                        .target = target,
                                        .weight = args.weights.as<float>()[first + row],
                                        .scale = args.scale,
                                        .gradient = args.dx || args.d_head});
  });
}

// The low-rank part of a block's head: memory for x A^T and s dlogits B.
class LossLowRank {
 public:
  LossLowRank(Stream& stream, const LowRankHead& part, std::int64_t block) : stream_(stream), part_(part) {
    if (!part.a) return;
    const Shape shape{block, part.a.shape[0]};
    inner_ = Tensor(stream.device(), DType::f32, shape);
    if (part.d_a) d_inner_ = Tensor(stream.device(), DType::f32, shape);
  }
  void add_logits(ConstTensorView x, TensorView logits) {
    if (!part_.a) return;
    const TensorView inner = rows_of_matrix(inner_.view(), 0, x.shape[0]);
    cpu::matmul(stream_, {.c = inner, .a = x, .b = part_.a, .transpose_b = true});
    cpu::matmul(stream_,
                {.c = logits, .a = inner, .b = part_.b, .transpose_b = true, .accumulate = true, .scale = part_.scale});
  }
  void add_gradients(ConstTensorView x, ConstTensorView d_logits) {
    if (!part_.a) return;
    const TensorView inner = rows_of_matrix(inner_.view(), 0, x.shape[0]);
    const TensorView d_inner = inner_gradient(x.shape[0]);
    cpu::matmul(stream_, {.c = d_inner, .a = d_logits, .b = part_.b, .scale = part_.scale});
    if (!part_.d_a) return;
    cpu::matmul(
        stream_,
        {.c = part_.d_b, .a = d_logits, .b = inner, .transpose_a = true, .accumulate = true, .scale = part_.scale});
    cpu::matmul(stream_, {.c = part_.d_a, .a = d_inner, .b = x, .transpose_a = true, .accumulate = true});
  }
  // After add_gradients; dx holds what comes through W.
  void add_input_gradients(TensorView dx) {
    if (!part_.a) return;
    cpu::matmul(stream_, {.c = dx, .a = inner_gradient(dx.shape[0]), .b = part_.a, .accumulate = true});
  }

 private:
  [[nodiscard]] TensorView inner_gradient(std::int64_t rows) {
    return rows_of_matrix((part_.d_a ? d_inner_ : inner_).view(), 0, rows);
  }
  Stream& stream_;
  const LowRankHead& part_;
  Tensor inner_, d_inner_;
};

}  // namespace

void cross_entropy(Stream& stream, const CrossEntropyArgs& args) {
  const std::int64_t tokens = args.x.shape[0];
  const std::int64_t vocabulary = args.head ? args.head.shape[0] : args.frozen->rows();
  loss_require_targets(args, vocabulary);
  const std::int64_t block = loss_block_rows(tokens, vocabulary);
  Tensor memory(stream.device(), DType::f32, Shape{block, vocabulary});
  LossLowRank low_rank(stream, args.low_rank, block);
  for (std::int64_t first = 0; first < tokens; first += block) {
    const std::int64_t count = std::min(block, tokens - first);
    const TensorView logits = rows_of_matrix(memory.view(), 0, count);
    const ConstTensorView x = rows_of_matrix(args.x, first, count);
    if (args.head) {
      cpu::matmul(stream, {.c = logits, .a = x, .b = args.head, .transpose_b = true});
    } else {
      cpu::linear(stream, {.y = logits, .x = x, .w = args.frozen, .bias = {}});
    }
    low_rank.add_logits(x, logits);
    loss_of_block(stream, args, first, logits);
    // x is read for the last time before dx, which may be in its place, is written.
    if (args.d_head) {
      cpu::matmul(stream, {.c = args.d_head, .a = logits, .b = x, .transpose_a = true, .accumulate = true});
    }
    if (args.dx) {
      low_rank.add_gradients(x, logits);
      const TensorView dx = rows_of_matrix(args.dx, first, count);
      if (args.head) {
        cpu::matmul(stream, {.c = dx, .a = logits, .b = args.head});
      } else {
        cpu::linear_input_backward(stream, {.dx = dx, .dy = logits, .w = args.frozen});
      }
      low_rank.add_input_gradients(dx);
    }
  }
}

}  // namespace holdfast::cpu
#endif  // HWY_ONCE
