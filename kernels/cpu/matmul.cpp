// c = a' b' by blocks: of `matmul_depth` columns of a' at a time, all of a' and b' (up to matmul_outer rows and
// columns) are packed, a' in panels of 12 rows and b' in panels of 32 columns, each [k][12] or [k][32], filled up with
// zeros. A panel of a' then stays in the first-level cache while it meets the panels of a group of columns, which stay
// in the second. Every number of c is one sum over k in order, in blocks, whatever the threads.
#include "kernels/matmul.h"

#include <algorithm>
#include <cstdint>

#include "kernels/cpu/simd.h"
#include "kernels/cpu/thread_pool.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/matmul.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/cpu/activation-inl.h"
#include "kernels/cpu/product-inl.h"

#ifndef HOLDFAST_KERNELS_CPU_MATMUL_ONCE
#define HOLDFAST_KERNELS_CPU_MATMUL_ONCE
namespace holdfast::cpu {

constexpr std::int64_t matmul_panel_rows = 12;
constexpr std::int64_t matmul_panel_columns = 32;

// Panels to be packed: `lines` rows of a' or columns of b', `count` numbers of each.
struct MatmulPacking {
  const float* from;
  std::int64_t from_row;
  bool lines_contiguous;  // neighbours in memory are of neighbouring lines (not of one line)
  std::int64_t lines, count;
  float* to;
};

// One packed panel of a' times one of b'.
struct MatmulTile {
  const float* a;
  const float* b;
  std::int64_t count;
  float* c;
  std::int64_t c_row;
  std::int64_t rows, columns;  // of c that exist
  float scale;
  const float* bias;  // of the first column; or null
  bool add;           // c +=
};

}  // namespace holdfast::cpu
#endif

HWY_BEFORE_NAMESPACE();
namespace holdfast::cpu::HWY_NAMESPACE {

// Some panels of `Width` lines, one behind the other; the last is filled up with zeros.
template <std::int64_t Width>
HWY_INLINE void matmul_pack(const MatmulPacking& p) {
  const hn::CappedTag<float, Width % 16 == 0 ? 16 : 4> d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  const std::int64_t whole = p.lines / Width;
  const std::int64_t rest = p.lines % Width;
  const std::int64_t panel = Width * p.count;
  float* last = p.to + whole * panel;
  if (rest != 0) std::fill_n(last, panel, 0.0f);
  if (!p.lines_contiguous) {
    for (std::int64_t i = 0; i < whole; ++i) {
      turn(p.from + i * Width * p.from_row, p.from_row, Width, p.count, p.to + i * panel, Width);
    }
    if (rest != 0) turn(p.from + whole * Width * p.from_row, p.from_row, rest, p.count, last, Width);
    return;
  }
  for (std::int64_t k = 0; k < p.count; ++k) {
    const float* from = p.from + k * p.from_row;
    float* to = p.to + k * Width;
    for (std::int64_t i = 0; i < whole; ++i, from += Width, to += panel) {
      for (std::int64_t j = 0; j < Width; j += lanes) hn::StoreU(hn::LoadU(d, from + j), d, to + j);
    }
    for (std::int64_t j = 0; j < rest; ++j) to[j] = from[j];
  }
}

void matmul_pack_a(const MatmulPacking& packing) { matmul_pack<matmul_panel_rows>(packing); }
void matmul_pack_b(const MatmulPacking& packing) { matmul_pack<matmul_panel_columns>(packing); }

// Rows x Vectors of the tile, from `row` and `column` on; all of it exists in c, or goes to a buffer first.
template <int Rows, int Vectors>
HWY_NOINLINE void matmul_part(const MatmulTile& tile, std::int64_t row, std::int64_t column) {
  const Wide d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  hn::Vec<Wide> sums[Rows][Vectors];
#pragma GCC unroll 12
  for (int r = 0; r < Rows; ++r) {
#pragma GCC unroll 2
    for (int v = 0; v < Vectors; ++v) sums[r][v] = hn::Zero(d);
  }
  multiply_add<Left::turned>({tile.a + row, matmul_panel_rows, tile.b, matmul_panel_columns, tile.count}, column, sums);
  const auto scale = hn::Set(d, tile.scale);
  if (row + Rows <= tile.rows && column + Vectors * lanes <= tile.columns) {
#pragma GCC unroll 12
    for (int r = 0; r < Rows; ++r) {
#pragma GCC unroll 2
      for (int v = 0; v < Vectors; ++v) {
        float* c = tile.c + (row + r) * tile.c_row + column + v * lanes;
        auto base = tile.bias == nullptr ? hn::Zero(d) : hn::LoadU(d, tile.bias + column + v * lanes);
        if (tile.add) base = hn::Add(base, hn::LoadU(d, c));
        hn::StoreU(hn::MulAdd(sums[r][v], scale, base), d, c);
      }
    }
    return;
  }
  alignas(64) float values[Rows * matmul_panel_columns];
#pragma GCC unroll 12
  for (int r = 0; r < Rows; ++r) {
#pragma GCC unroll 2
    for (int v = 0; v < Vectors; ++v) {
      hn::StoreU(hn::Mul(sums[r][v], scale), d, values + r * matmul_panel_columns + v * lanes);
    }
  }
  const std::int64_t end = std::min<std::int64_t>(column + Vectors * lanes, tile.columns);
  for (std::int64_t r = 0; r < std::min<std::int64_t>(Rows, tile.rows - row); ++r) {
    float* c = tile.c + (row + r) * tile.c_row;
    for (std::int64_t j = column; j < end; ++j) {
      const float base = (tile.bias == nullptr ? 0.0f : tile.bias[j]) + (tile.add ? c[j] : 0.0f);
      c[j] = values[r * matmul_panel_columns + j - column] + base;
    }
  }
}

template <int Rows>
HWY_INLINE void matmul_rows(const MatmulTile& tile, std::int64_t row) {
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(Wide()));
  std::int64_t column = 0;
  for (; column + lanes < tile.columns; column += 2 * lanes) matmul_part<Rows, 2>(tile, row, column);
  if (column < tile.columns) matmul_part<Rows, 1>(tile, row, column);
}

void matmul_tile(const MatmulTile& tile) {
  if constexpr (product_has_32_registers) {
    if (tile.rows > 6) return matmul_rows<12>(tile, 0);
  }
  for (std::int64_t row = 0; row < tile.rows; row += 6) matmul_rows<6>(tile, row);
}

// sums[i] += dy[row, i] over rows; `columns` of them. Stretches of rows are summed in float, these in double.
void matmul_column_sums(const float* dy, std::int64_t stride, std::int64_t rows, std::int64_t columns, float* part,
                        double* sums) {
  constexpr std::int64_t stretch = 256;
  for (std::int64_t first = 0; first < rows; first += stretch) {
    for_lanes(columns, [&](auto d, std::int64_t i) HWY_ATTR {
      auto sum = hn::Zero(d);
      for (std::int64_t row = first; row < std::min(rows, first + stretch); ++row) {
        sum = hn::Add(sum, hn::LoadU(d, dy + row * stride + i));
      }
      hn::StoreU(sum, d, part + i);
    });
    for (std::int64_t i = 0; i < columns; ++i) sums[i] += static_cast<double>(part[i]);
  }
}

}  // namespace holdfast::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace holdfast::cpu {
namespace {

HWY_EXPORT(matmul_pack_a);
HWY_EXPORT(matmul_pack_b);
HWY_EXPORT(matmul_tile);
HWY_EXPORT(matmul_column_sums);

constexpr std::int64_t matmul_depth = 384;        // a panel of a' takes 18 KiB
constexpr std::int64_t matmul_outer = 4080;       // rows and columns that are packed at a time: 6 MiB each
constexpr std::int64_t matmul_pack_panels = 4;    // of a piece of packing
constexpr std::int64_t matmul_group_panels = 8;   // of b', 256 columns: 384 KiB
constexpr std::int64_t matmul_piece_panels = 16;  // of a', 192 rows, at most, of a piece of work

struct MatmulJob {
  const MatmulArgs& args;
  std::int64_t m, n, k, a_row, b_row, c_row;
  float* a_panels;
  float* b_panels;
};

// What is packed and multiplied at a time.
struct MatmulBlock {
  std::int64_t row, rows, column, columns, first, count;  // first, count: of the k
  [[nodiscard]] std::int64_t a_panels() const { return (rows + matmul_panel_rows - 1) / matmul_panel_rows; }
  [[nodiscard]] std::int64_t b_panels() const { return (columns + matmul_panel_columns - 1) / matmul_panel_columns; }
};

// Piece `index` of the packing of a' or b': some neighbouring panels, so that rows of a matrix whose lines are
// contiguous are read in longer stretches.
void matmul_pack_piece(const MatmulJob& job, const MatmulBlock& block, std::int64_t index, bool of_a) {
  const std::int64_t width = of_a ? matmul_panel_rows : matmul_panel_columns;
  const std::int64_t panel = index * matmul_pack_panels;
  const std::int64_t line = panel * width + (of_a ? block.row : block.column);
  const std::int64_t end = of_a ? block.row + block.rows : block.column + block.columns;
  const bool lines_contiguous = of_a ? job.args.transpose_a : !job.args.transpose_b;
  const std::int64_t row = of_a ? job.a_row : job.b_row;
  const float* from = of_a ? job.args.a.as<float>() : job.args.b.as<float>();
  const MatmulPacking packing{.from = from + (lines_contiguous ? block.first * row + line : line * row + block.first),
                              .from_row = row,
                              .lines_contiguous = lines_contiguous,
                              .lines = std::min(matmul_pack_panels * width, end - line),
                              .count = block.count,
                              .to = (of_a ? job.a_panels : job.b_panels) + panel * width * block.count};
  if (of_a) {
    HWY_DYNAMIC_DISPATCH(matmul_pack_a)(packing);
  } else {
    HWY_DYNAMIC_DISPATCH(matmul_pack_b)(packing);
  }
}

// Panels [first, last) of a' times a group of panels of b'.
void matmul_piece(const MatmulJob& job, const MatmulBlock& block, std::int64_t first, std::int64_t last,
                  std::int64_t group) {
  const std::int64_t group_end = std::min(block.b_panels(), (group + 1) * matmul_group_panels);
  const bool first_of_k = block.first == 0;
  for (std::int64_t i = first; i < last; ++i) {
    for (std::int64_t j = group * matmul_group_panels; j < group_end; ++j) {
      const std::int64_t row = block.row + i * matmul_panel_rows;
      const std::int64_t column = block.column + j * matmul_panel_columns;
      const float* bias = first_of_k && job.args.bias ? job.args.bias.as<float>() + column : nullptr;
      HWY_DYNAMIC_DISPATCH(matmul_tile)
      ({.a = job.a_panels + i * matmul_panel_rows * block.count,
        .b = job.b_panels + j * matmul_panel_columns * block.count,
        .count = block.count,
        .c = job.args.c.as<float>() + row * job.c_row + column,
        .c_row = job.c_row,
        .rows = std::min(matmul_panel_rows, block.row + block.rows - row),
        .columns = std::min(matmul_panel_columns, block.column + block.columns - column),
        .scale = job.args.scale,
        .bias = bias,
        .add = job.args.accumulate || !first_of_k});
    }
  }
}

void matmul_block(ThreadPool& pool, const MatmulJob& job, const MatmulBlock& block, bool pack_b) {
  const std::int64_t a_panels = block.a_panels();
  const std::int64_t a_pieces = (a_panels + matmul_pack_panels - 1) / matmul_pack_panels;
  const std::int64_t b_pieces = pack_b ? (block.b_panels() + matmul_pack_panels - 1) / matmul_pack_panels : 0;
  pool.run(a_pieces + b_pieces, [&](std::int64_t piece, int) {
    matmul_pack_piece(job, block, piece < a_pieces ? piece : piece - a_pieces, piece < a_pieces);
  });
  const std::int64_t groups = (block.b_panels() + matmul_group_panels - 1) / matmul_group_panels;
  std::int64_t panels = std::min(a_panels, matmul_piece_panels);
  const auto pieces = [&] { return (a_panels + panels - 1) / panels; };
  while (panels > 1 && pieces() * groups < 4 * pool.threads()) panels = (panels + 1) / 2;
  pool.run(pieces() * groups, [&](std::int64_t piece, int) {
    const std::int64_t first = piece / groups * panels;
    matmul_piece(job, block, first, std::min(a_panels, first + panels), piece % groups);
  });
}

// Of `total`, in parts of nearly equal size that are at most `most`, whole panels but for the last.
std::int64_t matmul_share(std::int64_t total, std::int64_t most, std::int64_t panel) {
  const std::int64_t parts = (total + most - 1) / most;
  return std::max(panel, ((total + parts - 1) / parts + panel - 1) / panel * panel);
}

// c without a product: k = 0.
void matmul_empty(const MatmulJob& job) {
  for (std::int64_t i = 0; i < job.m; ++i) {
    float* c = job.args.c.as<float>() + i * job.c_row;
    for (std::int64_t j = 0; j < job.n; ++j) {
      c[j] = (job.args.accumulate ? c[j] : 0.0f) + (job.args.bias ? job.args.bias.as<float>()[j] : 0.0f);
    }
  }
}

}  // namespace

void matmul(Stream& stream, const MatmulArgs& args) {
  MatmulJob job{.args = args,
                .m = args.c.shape[0],
                .n = args.c.shape[1],
                .k = args.a.shape[args.transpose_a ? 0 : 1],
                .a_row = args.a_stride == 0 ? args.a.shape[1] : args.a_stride,
                .b_row = args.b_stride == 0 ? args.b.shape[1] : args.b_stride,
                .c_row = args.c_stride == 0 ? args.c.shape[1] : args.c_stride,
                .a_panels = nullptr,
                .b_panels = nullptr};
  if (job.k == 0) return matmul_empty(job);
  const std::int64_t rows = matmul_share(job.m, matmul_outer, matmul_panel_rows);
  const std::int64_t columns = matmul_share(job.n, matmul_outer, matmul_panel_columns);
  const std::int64_t depth = matmul_share(job.k, matmul_depth, 1);
  // Panels begin on 64-byte borders where depth allows it.
  job.a_panels =
      static_cast<float*>(stream.scratch(static_cast<std::size_t>((rows + columns) * depth + 16) * sizeof(float)));
  job.b_panels = job.a_panels + (rows * depth + 15) / 16 * 16;
  for (std::int64_t column = 0; column < job.n; column += columns) {
    for (std::int64_t first = 0; first < job.k; first += depth) {
      for (std::int64_t row = 0; row < job.m; row += rows) {
        const MatmulBlock block{.row = row,
                                .rows = std::min(rows, job.m - row),
                                .column = column,
                                .columns = std::min(columns, job.n - column),
                                .first = first,
                                .count = std::min(depth, job.k - first)};
        matmul_block(stream.pool(), job, block, row == 0);
      }
    }
  }
}

void bias_backward(Stream& stream, const BiasBackwardArgs& args) {
  constexpr std::int64_t columns_of_piece = 64;
  const std::int64_t columns = args.dy.shape[1];
  const std::int64_t stride = args.dy_stride == 0 ? columns : args.dy_stride;
  stream.pool().run((columns + columns_of_piece - 1) / columns_of_piece, [&](std::int64_t piece, int) {
    const std::int64_t first = piece * columns_of_piece;
    const std::int64_t count = std::min(columns_of_piece, columns - first);
    float part[columns_of_piece];
    double sums[columns_of_piece] = {};
    HWY_DYNAMIC_DISPATCH(matmul_column_sums)
    (args.dy.as<float>() + first, stride, args.dy.shape[0], count, part, sums);
    for (std::int64_t i = 0; i < count; ++i) args.d_bias.as<float>()[first + i] += static_cast<float>(sums[i]);
  });
}

// W is decoded block by block of its rows.
void linear_input_backward(Stream& stream, const LinearInputBackwardArgs& args) {
  constexpr std::int64_t block = 2 * matmul_depth;
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
#endif  // HWY_ONCE
