#include "kernels/cross_entropy.h"

#include <string>

#include "kernels/error.h"

namespace holdfast {
namespace {

// Vocabulary of the head, whichever way it is given.
std::int64_t cross_entropy_vocabulary(const CrossEntropyArgs& args, DeviceKind where, std::int64_t width, DType dtype) {
  if (args.head) {
    if (args.head.shape.rank() != 2) {
      throw ArgumentError("cross_entropy: head: shape " + args.head.shape.to_string() + ", want a matrix");
    }
    if (args.frozen != nullptr) throw ArgumentError("cross_entropy: two heads, want head or frozen");
    require(args.head, Shape{args.head.shape[0], width}, dtype, where, "cross_entropy: head");
    return args.head.shape[0];
  }
  if (args.frozen == nullptr || !*args.frozen) throw ArgumentError("cross_entropy: no head");
  if (args.frozen->packed().device()->kind() != where) {
    throw ArgumentError("cross_entropy: the head is on another device than the stream");
  }
  if (args.frozen->cols() != width) {
    throw ArgumentError("cross_entropy: frozen: " + std::to_string(args.frozen->cols()) + " columns, want " +
                        std::to_string(width));
  }
  if (args.d_head) throw ArgumentError("cross_entropy: d_head: a frozen head has no gradient");
  return args.frozen->rows();
}

void cross_entropy_require_low_rank(const CrossEntropyArgs& args, DeviceKind where, std::int64_t vocabulary,
                                    DType dtype) {
  const LowRankHead& part = args.low_rank;
  if (!part.a) {
    if (part.b || part.d_a || part.d_b) throw ArgumentError("cross_entropy: low_rank: a is absent, want it or none");
    return;
  }
  const std::int64_t width = args.x.shape[1];
  if (part.a.shape.rank() != 2) {
    throw ArgumentError("cross_entropy: low_rank.a: shape " + part.a.shape.to_string() + ", want a matrix");
  }
  const std::int64_t rank = part.a.shape[0];
  require(part.a, Shape{rank, width}, dtype, where, "cross_entropy: low_rank.a");
  require(part.b, Shape{vocabulary, rank}, dtype, where, "cross_entropy: low_rank.b");
  if (static_cast<bool>(part.d_a) != static_cast<bool>(part.d_b) || (part.d_a && !args.dx)) {
    throw ArgumentError("cross_entropy: low_rank: want dx, d_a and d_b, or neither of d_a and d_b");
  }
  if (!part.d_a) return;
  require(part.d_a, Shape{rank, width}, DType::f32, where, "cross_entropy: low_rank.d_a");
  require(part.d_b, Shape{vocabulary, rank}, DType::f32, where, "cross_entropy: low_rank.d_b");
}

}  // namespace

void cross_entropy(Stream& stream, const CrossEntropyArgs& args) {
  const DeviceKind where = stream.kind();
  if (args.x.shape.rank() != 2) {
    throw ArgumentError("cross_entropy: x: shape " + args.x.shape.to_string() + ", want a matrix");
  }
  const std::int64_t tokens = args.x.shape[0];
  const std::int64_t width = args.x.shape[1];
  const DType dtype = activation_dtype(args.x, where, "cross_entropy: x");
  require(args.x, Shape{tokens, width}, dtype, where, "cross_entropy: x");
  const std::int64_t vocabulary = cross_entropy_vocabulary(args, where, width, dtype);
  if (vocabulary < 1) throw ArgumentError("cross_entropy: a head without rows, want at least 1");
  require(args.loss, Shape{tokens}, DType::f32, where, "cross_entropy: loss");
  require(args.targets, Shape{tokens}, DType::i32, where, "cross_entropy: targets");
  require(args.weights, Shape{tokens}, DType::f32, where, "cross_entropy: weights");
  if (args.dx) require(args.dx, Shape{tokens, width}, dtype, where, "cross_entropy: dx");
  if (args.d_head) require(args.d_head, Shape{vocabulary, width}, DType::f32, where, "cross_entropy: d_head");
  cross_entropy_require_low_rank(args, where, vocabulary, dtype);
  if (tokens == 0) return;
  return where == DeviceKind::cpu ? cpu::cross_entropy(stream, args) : cuda::cross_entropy(stream, args);
}

}  // namespace holdfast
