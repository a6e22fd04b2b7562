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
                          std::int32_t* complaint, bool fours) {
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
    float* to = y + row * table.cols + col;
    if (fours) {  // rows of whole fours, so that a piece is two of them or one
      *reinterpret_cast<float4*>(to) = make_float4(values[0], values[1], values[2], values[3]);
      if (col + 4 < table.cols)
        *reinterpret_cast<float4*>(to + 4) = make_float4(values[4], values[5], values[6], values[7]);
      continue;
    }
#pragma unroll
    for (int i = 0; i < 8; ++i) {
      if (col + i < table.cols) to[i] = values[i];
    }
  }
}

// Grid (pieces of a row, rows).
template <int width>
__global__ void __launch_bounds__(embedding_threads)
    embedding_plain_kernel(float* y, const float* table, const std::int32_t* ids, std::int64_t rows,
                           std::int64_t cols) {
  wait_for_previous();
  const std::int64_t col = (static_cast<std::int64_t>(blockIdx.x) * embedding_threads + threadIdx.x) * width;
  if (col >= cols) return;
  for (std::int64_t row = blockIdx.y; row < rows; row += gridDim.y) {
    float values[width];
    load_piece<float, width>(table + ids[row] * cols + col, values);
    store_piece<float, width>(y + row * cols + col, values);
  }
}

// Grid (ids, pieces of a row): a thread owns some columns of its id's row and adds the rows of dy in their order.
template <int width>
__global__ void __launch_bounds__(embedding_threads)
    embedding_backward_kernel(float* d_table, const float* dy, const std::int32_t* order, const std::int32_t* begins,
                              std::int64_t cols) {
  wait_for_previous();
  const std::int64_t id = blockIdx.x;
  const std::int32_t begin = begins[id];
  const std::int32_t end = begins[id + 1];
  const std::int64_t col = (static_cast<std::int64_t>(blockIdx.y) * embedding_threads + threadIdx.x) * width;
  if (begin == end || col >= cols) return;
  float sum[width];
  load_piece<float, width>(d_table + id * cols + col, sum);
#pragma unroll 8
  for (std::int32_t i = begin; i < end; ++i) {
    float value[width];
    load_piece<float, width>(dy + order[i] * cols + col, value);
#pragma unroll
    for (int j = 0; j < width; ++j) sum[j] += value[j];
  }
  store_piece<float, width>(d_table + id * cols + col, sum);
}

}  // namespace

void embedding_from_table(Stream& stream, const EmbeddingTableArgs& args) {
  CudaStream& on = backend(stream);
  const std::int64_t rows = args.y.shape[0];
  const std::int64_t cols = args.y.shape[1];
  const bool fours = quads(args.y.data, cols) && quads(args.table.data, cols);
  const dim3 grid(blocks_for(fours ? cols / 4 : cols, embedding_threads),
                  static_cast<unsigned>(std::min<std::int64_t>(rows, 32768)));
  launch(on, "embedding", {.grid = grid, .block = dim3(embedding_threads), .overlaps = true},
         fours ? embedding_plain_kernel<4> : embedding_plain_kernel<1>, args.y.as<float>(), args.table.as<float>(),
         args.ids.as<std::int32_t>(), rows, cols);
}

void embedding_backward(Stream& stream, const EmbeddingBackwardArgs& args) {
  CudaStream& on = backend(stream);
  const std::int64_t ids = args.d_table.shape[0];
  const std::int64_t cols = args.d_table.shape[1];
  const bool fours = quads(args.d_table.data, cols) && quads(args.dy.data, cols);
  const dim3 grid(static_cast<unsigned>(ids), blocks_for(fours ? cols / 4 : cols, embedding_threads));
  launch(on, "embedding_backward", {.grid = grid, .block = dim3(embedding_threads), .overlaps = true},
         fours ? embedding_backward_kernel<4> : embedding_backward_kernel<1>, args.d_table.as<float>(),
         args.dy.as<float>(), args.order.as<std::int32_t>(), args.begins.as<std::int32_t>(), cols);
}

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
           on.complaint(), quads(args.y.data, table.cols()));
  });
}

}  // namespace holdfast::cuda
