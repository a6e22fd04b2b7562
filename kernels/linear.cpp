#include "kernels/linear.h"

#include <string>

#include "kernels/error.h"

namespace holdfast {
namespace {

std::int64_t rows_of(ConstTensorView tensor, const char* what) {
  if (tensor.shape.rank() < 1) throw ArgumentError(std::string(what) + ": shape (), want the rows first");
  return tensor.shape[0];
}

void require_weight(const Weight* weight, DeviceKind where, const char* what) {
  if (weight == nullptr || !*weight) throw ArgumentError(std::string(what) + ": no weight");
  if (weight->packed().device()->kind() != where) {
    throw ArgumentError(std::string(what) + ": the weight is on another device than the stream");
  }
}

}  // namespace

void linear(Stream& stream, const LinearArgs& args) {
  const DeviceKind where = stream.kind();
  require_weight(args.w, where, "linear: w");
  const std::int64_t rows = rows_of(args.x, "linear: x");
  require(args.x, {rows, args.w->cols()}, activation_dtype(args.x, where, "linear: x"), where, "linear: x");
  require(args.y, {rows, args.w->rows()}, activation_dtype(args.y, where, "linear: y"), where, "linear: y");
  if (args.bias) require(args.bias, {args.w->rows()}, DType::f32, where, "linear: bias");
  if (where == DeviceKind::cpu) {
    cpu::linear(stream, args);
  } else {
    cuda::linear(stream, args);
  }
}

void embedding(Stream& stream, const EmbeddingArgs& args) {
  const DeviceKind where = stream.kind();
  require_weight(args.table, where, "embedding: table");
  const std::int64_t count = rows_of(args.ids, "embedding: ids");
  require(args.ids, {count}, DType::i32, where, "embedding: ids");
  require(args.y, {count, args.table->cols()}, DType::f32, where, "embedding: y");
  if (where == DeviceKind::cpu) {
    cpu::embedding(stream, args);
  } else {
    cuda::embedding(stream, args);
  }
}

}  // namespace holdfast
