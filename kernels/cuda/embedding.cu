// Rows of the table as f32. Grid (eights of a row, rows); an id outside the table reads row 0 and is complained of when
// the stream is next waited for.
#include "kernels/cuda/weight_codes.cuh"
#include "kernels/linear.h"

namespace holdfast::cuda {
namespace {

constexpr int embedding_threads = 128;

template <WeightFormat format>
__global__ void __launch_bounds__(embedding_threads)
    embedding_rows_kernel(PackedWeight table, float* y, const std::int32_t* ids, std::int64_t rows,
                          std::int32_t* complaint) {
  wait_for_previous();
  const std::int64_t col = (static_cast<std::int64_t>(blockIdx.x) * embedding_threads + threadIdx.x) * 8;
  if (col >= table.cols) return;
  for (std::int64_t row = blockIdx.y; row < rows; row += gridDim.y) {
    std::int64_t id = ids[row];
    if (id < 0 || id >= table.rows) {
      complaint[1] = static_cast<std::int32_t>(id);
      complaint[0] = 1;
      id = 0;
    }
    float values[8];
    load_values<format>(table, id, col, values);
#pragma unroll
    for (int i = 0; i < 8; ++i) {
      if (col + i < table.cols) y[row * table.cols + col + i] = values[i];
    }
  }
}

}  // namespace

void embedding(Stream& stream, const EmbeddingArgs& args) {
  CudaStream& on = backend(stream);
  const Weight& table = *args.table;
  const std::int64_t rows = args.y.shape[0];
  const PackedWeight w = packed_weight(table.packed().view().data, table.format(), table.rows(), table.cols());
  const dim3 grid(blocks_for((table.cols() + 7) / 8, embedding_threads),
                  static_cast<unsigned>(std::min<std::int64_t>(rows, 32768)));
  with_format(table.format(), [&](auto format) {
    launch(on, "embedding", {.grid = grid, .block = dim3(embedding_threads), .overlaps = true},
           embedding_rows_kernel<decltype(format)::value>, w, args.y.as<float>(), args.ids.as<std::int32_t>(), rows,
           on.complaint());
  });
}

}  // namespace holdfast::cuda
