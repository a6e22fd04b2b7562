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

}  // namespace holdfast::cpu
