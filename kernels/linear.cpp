#include "kernels/linear.h"

#include <algorithm>
#include <numeric>
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

void embedding_from_table(Stream& stream, const EmbeddingTableArgs& args) {
  const DeviceKind where = stream.kind();
  if (args.table.shape.rank() != 2) {
    throw ArgumentError("embedding_from_table: table: shape " + args.table.shape.to_string() + ", want a matrix");
  }
  const std::int64_t count = rows_of(args.ids, "embedding_from_table: ids");
  require(args.table, args.table.shape, DType::f32, where, "embedding_from_table: table");
  require(args.ids, Shape{count}, DType::i32, where, "embedding_from_table: ids");
  require(args.y, Shape{count, args.table.shape[1]}, DType::f32, where, "embedding_from_table: y");
  if (args.y.shape.elements() == 0) return;
  return where == DeviceKind::cpu ? cpu::embedding_from_table(stream, args) : cuda::embedding_from_table(stream, args);
}

void embedding_backward(Stream& stream, const EmbeddingBackwardArgs& args) {
  const DeviceKind where = stream.kind();
  if (args.d_table.shape.rank() != 2) {
    throw ArgumentError("embedding_backward: d_table: shape " + args.d_table.shape.to_string() + ", want a matrix");
  }
  const std::int64_t vocabulary = args.d_table.shape[0];
  const std::int64_t count = rows_of(args.dy, "embedding_backward: dy");
  require(args.d_table, args.d_table.shape, DType::f32, where, "embedding_backward: d_table");
  require(args.dy, Shape{count, args.d_table.shape[1]}, DType::f32, where, "embedding_backward: dy");
  require(args.order, Shape{count}, DType::i32, where, "embedding_backward: order");
  require(args.begins, Shape{vocabulary + 1}, DType::i32, where, "embedding_backward: begins");
  if (args.dy.shape.elements() == 0) return;
  return where == DeviceKind::cpu ? cpu::embedding_backward(stream, args) : cuda::embedding_backward(stream, args);
}

void sort_by_id(std::span<const std::int32_t> ids, std::span<std::int32_t> order, std::span<std::int32_t> begins) {
  const std::int64_t vocabulary = std::ssize(begins) - 1;
  if (order.size() != ids.size() || vocabulary < 0) {
    throw ArgumentError("sort_by_id: " + std::to_string(order.size()) + " places for " + std::to_string(ids.size()) +
                        " ids and " + std::to_string(begins.size()) +
                        " begins, want as many places as ids, and a begin");
  }
  std::fill(begins.begin(), begins.end(), 0);
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (ids[i] < 0 || ids[i] >= vocabulary) {
      throw ArgumentError("sort_by_id: ids[" + std::to_string(i) + "]: " + std::to_string(ids[i]) + ", want 0 to " +
                          std::to_string(vocabulary - 1));
    }
    ++begins[static_cast<std::size_t>(ids[i]) + 1];
  }
  std::partial_sum(begins.begin(), begins.end(), begins.begin());
  // Each id's begin runs through its rows, and stands at the next id's begin in the end.
  for (std::size_t i = 0; i < ids.size(); ++i) {
    order[static_cast<std::size_t>(begins[static_cast<std::size_t>(ids[i])]++)] = static_cast<std::int32_t>(i);
  }
  for (std::size_t id = begins.size() - 1; id > 0; --id) begins[id] = begins[id - 1];
  begins[0] = 0;
}

}  // namespace holdfast
