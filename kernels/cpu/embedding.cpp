#include <algorithm>
#include <string>

#include "kernels/cpu/thread_pool.h"
#include "kernels/device.h"
#include "kernels/error.h"
#include "kernels/linear.h"

namespace holdfast::cpu {

void embedding(Stream& stream, const EmbeddingArgs& args) {
  const Weight& table = *args.table;
  const auto* ids = args.ids.as<std::int32_t>();
  const std::int64_t count = args.ids.shape[0];
  for (std::int64_t i = 0; i < count; ++i) {
    if (ids[i] < 0 || ids[i] >= table.rows()) {
      throw ArgumentError("embedding: ids[" + std::to_string(i) + "]: " + std::to_string(ids[i]) + ", want 0 to " +
                          std::to_string(table.rows() - 1));
    }
  }
  const auto cols = static_cast<std::size_t>(table.cols());
  const auto gather = [&](std::int64_t i, int) {
    table.row(ids[i], {args.y.as<float>() + static_cast<std::size_t>(i) * cols, cols});
  };
  constexpr std::int64_t worth_a_fork = 8;  // rows; a row is about a microsecond
  if (count < worth_a_fork) {
    for (std::int64_t i = 0; i < count; ++i) gather(i, 0);
  } else {
    stream.pool().run(count, gather);
  }
}

void embedding_from_table(Stream& stream, const EmbeddingTableArgs& args) {
  const std::int64_t width = args.table.shape[1];
  constexpr std::int64_t rows_of_piece = 32;
  const std::int64_t count = args.ids.shape[0];
  stream.pool().run((count + rows_of_piece - 1) / rows_of_piece, [&](std::int64_t piece, int) {
    const std::int64_t end = std::min(count, (piece + 1) * rows_of_piece);
    for (std::int64_t i = piece * rows_of_piece; i < end; ++i) {
      std::copy_n(args.table.as<float>() + args.ids.as<std::int32_t>()[i] * width, width,
                  args.y.as<float>() + i * width);
    }
  });
}

// A piece is a stretch of ids: no two threads add to one row of the table.
void embedding_backward(Stream& stream, const EmbeddingBackwardArgs& args) {
  const std::int64_t vocabulary = args.d_table.shape[0];
  const std::int64_t width = args.d_table.shape[1];
  constexpr std::int64_t ids_of_piece = 256;
  const auto* begins = args.begins.as<std::int32_t>();
  const auto* order = args.order.as<std::int32_t>();
  stream.pool().run((vocabulary + ids_of_piece - 1) / ids_of_piece, [&](std::int64_t piece, int) {
    const std::int64_t end = std::min(vocabulary, (piece + 1) * ids_of_piece);
    for (std::int64_t id = piece * ids_of_piece; id < end; ++id) {
      float* to = args.d_table.as<float>() + id * width;
      for (std::int32_t at = begins[id]; at < begins[id + 1]; ++at) {
        const float* from = args.dy.as<float>() + order[at] * width;
        for (std::int64_t i = 0; i < width; ++i) to[i] += from[i];
      }
    }
  });
}

}  // namespace holdfast::cpu
