#include <algorithm>
#include <cstring>

#include "kernels/cpu/linear_kernels.h"
#include "kernels/device.h"

namespace holdfast::cpu {
namespace {

constexpr std::int64_t linear_row_chunk = 512;  // bounds the records: 64 MiB at 8192 columns would be too many
constexpr std::int64_t linear_row_block = 132;  // rows that share a widened block of weights; their records fit L2
constexpr std::int64_t linear_strip_group = 4;  // strips that share a block of records
constexpr std::size_t linear_piece_bytes = std::size_t{64} << 10;      // least weights of a piece in few-row products
constexpr std::size_t linear_resident_bytes = std::size_t{384} << 10;  // records that may be counted on to stay in L2

enum class RecordKind { f32, bf16, quant };

std::size_t linear_record_bytes(RecordKind kind) {
  switch (kind) {
    case RecordKind::f32: return f32_record_bytes;
    case RecordKind::bf16: return bf16_record_bytes;
    case RecordKind::quant: return sizeof(QuantRecord);
  }
  return 0;
}

// One call of linear(), taken apart once.
struct LinearJob {
  const LinearKernels& kernels;
  PanelLayout layout;
  const std::byte* packed = nullptr;
  RecordKind kind = RecordKind::f32;
  std::int64_t m = 0;  // rows of this chunk
  const float* x = nullptr;
  float* y = nullptr;
  const float* bias = nullptr;
  bool accumulate = false;
  std::byte* records = nullptr;

  [[nodiscard]] std::size_t record_bytes() const { return linear_record_bytes(kind); }
  [[nodiscard]] std::size_t x_block() const { return record_bytes() * static_cast<std::size_t>(m); }
  [[nodiscard]] std::size_t records_bytes() const { return x_block() * static_cast<std::size_t>(layout.blocks); }
  [[nodiscard]] std::byte* record(std::int64_t block, std::int64_t row) const {
    return records + static_cast<std::size_t>(block) * x_block() + static_cast<std::size_t>(row) * record_bytes();
  }
  [[nodiscard]] const std::byte* panel(std::int64_t index) const {
    return packed + static_cast<std::size_t>(std::min(index, layout.panels - 1)) * layout.panel_bytes;
  }

  void make_records(std::int64_t row) const {
    for (std::int64_t b = 0; b < layout.blocks; ++b) {
      const int columns = layout.columns_of(b);
      const float* from = x + row * layout.cols + b * panel_block_columns;
      std::byte* to = record(b, row);
      if (kind == RecordKind::quant) {
        kernels.record_quant(from, columns, layout.quant, to);
      } else if (kind == RecordKind::bf16) {
        kernels.record_bf16(from, columns, to);
      } else {
        std::memcpy(to, from, static_cast<std::size_t>(columns) * 4);
        if (columns % 2 != 0) std::memset(to + 4 * columns, 0, 4);
      }
    }
  }

  // The parts of a tile that do not depend on how weights are given.
  [[nodiscard]] LinearTile tile(std::int64_t first_row, std::int64_t first_panel, std::int64_t block) const {
    LinearTile t;
    const std::int64_t output = first_panel * panel_rows;
    t.x = record(block, first_row);
    t.x_block = x_block();
    t.w_block = layout.block_bytes;
    t.quant = &layout.quant;
    t.y = y + first_row * layout.rows + output;
    t.y_stride = layout.rows;
    t.outputs = static_cast<int>(std::min<std::int64_t>(layout.rows - output, 4 * panel_rows));
    t.bias = bias == nullptr ? nullptr : bias + output;
    t.add = accumulate;
    return t;
  }
};

// Calls use(first row, rows) for tiles of nearly equal size, none larger than `largest`.
template <class Use>
void linear_for_row_tiles(std::int64_t begin, std::int64_t end, int largest, const Use& use) {
  std::int64_t tiles = (end - begin + largest - 1) / largest;
  const std::int64_t smaller = tiles == 0 ? 0 : (end - begin) / tiles;
  std::int64_t larger = tiles == 0 ? 0 : (end - begin) % tiles;  // so many tiles have one row more
  for (; tiles > 0; --tiles, --larger) {
    const int rows = static_cast<int>(smaller + (larger > 0 ? 1 : 0));
    use(begin, rows);
    begin += rows;
  }
}

// ---- up to 8 rows: weights stream from memory through the tiles as they are packed

const TileSet& linear_few_set(const LinearJob& job) {
  const BlockFormat& quant = job.layout.quant;
  switch (job.layout.format) {
    case WeightFormat::f32: return job.kernels.few_f32;
    case WeightFormat::f16: return job.kernels.few_f16;
    case WeightFormat::bf16: return job.kernels.few_bf16;
    default: return job.kernels.few_quant[quant.packed_bits == 8][quant.group == 32][quant.affine];
  }
}

void linear_few_panels(const LinearJob& job, const TileSet& set, std::int64_t begin, std::int64_t end) {
  const int widest = set.panels[static_cast<std::size_t>(std::min<std::int64_t>(job.m, set.rows) - 1)];
  for (std::int64_t first = begin; first < end; first += widest) {
    linear_for_row_tiles(0, job.m, set.rows, [&](std::int64_t row, int rows) {
      const auto at = static_cast<std::size_t>(rows - 1);
      const int panels = set.panels[at];
      // Tiles of fewer rows may take more panels than the widest step: never more than the step here.
      for (std::int64_t p0 = first; p0 < std::min(first + widest, end); p0 += panels) {
        LinearTile t = job.tile(row, p0, 0);
        t.cols = job.layout.cols;
        t.outputs = std::min(t.outputs, static_cast<int>(std::min(first + widest, end) - p0) * panel_rows);
        for (int p = 0; p < panels; ++p) {
          t.w[static_cast<std::size_t>(p)] = job.panel(p0 + p);
          t.next[static_cast<std::size_t>(p)] = job.panel(p0 + panels + p);
        }
        set.kernel[at](t);
      }
    });
  }
}

void linear_few(const LinearJob& job, ThreadPool& pool) {
  for (std::int64_t row = 0; row < job.m; ++row) job.make_records(row);
  const TileSet& set = linear_few_set(job);
  const std::int64_t widest = 4;
  const std::int64_t groups = (job.layout.panels + widest - 1) / widest;
  const auto group_bytes = static_cast<std::int64_t>(job.layout.panel_bytes) * widest;
  const std::int64_t least =
      std::max<std::int64_t>(1, static_cast<std::int64_t>(linear_piece_bytes) / std::max<std::int64_t>(1, group_bytes));
  const std::int64_t per_piece = std::max(least, groups / (8 * pool.threads()));
  pool.run((groups + per_piece - 1) / per_piece, [&](std::int64_t piece, int) {
    const std::int64_t begin = piece * per_piece * widest;
    linear_few_panels(job, set, begin, std::min(begin + per_piece * widest, job.layout.panels));
  });
}

// ---- more rows: a piece is a block of rows times a group of strips, the one or two panels that a tile takes

struct ManyPlan {
  const TileSet* set = nullptr;
  std::int64_t row_block = 0, row_blocks = 0;
  std::int64_t width = 0;  // panels of a strip
  std::int64_t strip_group = 0, strip_groups = 0, strips = 0;
  bool columns_first = false;  // all columns of a strip before the next strip
  std::size_t buffer_bytes = 0;
};

// One thread's place for a block of two panels made ready for the tiles.
struct alignas(64) WidenedBlock {
  std::byte codes[2][panel_block_columns * panel_rows];
  float d[2][16 * 16];
  float m[2][16 * 16];
};
struct alignas(64) WidenedFloats {
  float values[2][panel_block_columns * panel_rows];
};

ManyPlan linear_plan(const LinearJob& job, int threads) {
  ManyPlan plan;
  const BlockFormat& quant = job.layout.quant;
  plan.set = job.kind == RecordKind::quant  ? &job.kernels.many_quant[quant.group == 32][quant.affine]
             : job.kind == RecordKind::bf16 ? &job.kernels.many_bf16
                                            : &job.kernels.many_f32;
  plan.width = plan.set->panels[0];
  plan.strips = (job.layout.panels + plan.width - 1) / plan.width;
  plan.row_block = std::min(job.m, linear_row_block);
  plan.strip_group = linear_strip_group;
  const auto cut = [&] {
    plan.row_blocks = (job.m + plan.row_block - 1) / plan.row_block;
    plan.strip_groups = (plan.strips + plan.strip_group - 1) / plan.strip_group;
    return plan.row_blocks * plan.strip_groups;
  };
  const std::int64_t wanted = threads == 1 ? 1 : 6 * threads;
  while (cut() < wanted && plan.strip_group > 1) plan.strip_group /= 2;
  while (cut() < wanted && plan.row_block >= 2 * plan.set->rows) plan.row_block /= 2;
  const std::size_t records = job.record_bytes() * static_cast<std::size_t>(plan.row_block * job.layout.blocks);
  plan.columns_first = records <= linear_resident_bytes;
  if (job.kind == RecordKind::quant) {
    plan.buffer_bytes = sizeof(WidenedBlock);
  } else if (job.kind == RecordKind::f32 && job.layout.format != WeightFormat::f32) {
    plan.buffer_bytes = sizeof(WidenedFloats);
  }
  return plan;
}

// Points the tile at block `b` of a strip's panels, widened into `buffer` where the format needs it.
void linear_give_weights(const LinearJob& job, const ManyPlan& plan, std::int64_t strip, std::int64_t b,
                         std::byte* buffer, LinearTile& t) {
  const int columns = job.layout.columns_of(b);
  for (std::size_t p = 0; p < static_cast<std::size_t>(plan.width); ++p) {
    const std::byte* block = job.panel(plan.width * strip + static_cast<std::int64_t>(p)) +
                             static_cast<std::size_t>(b) * job.layout.block_bytes;
    t.w[p] = block;
    t.next[p] = block + (plan.columns_first ? job.layout.block_bytes
                                            : job.layout.panel_bytes * static_cast<std::size_t>(plan.width));
    if (job.kind == RecordKind::quant) {
      auto* widened = reinterpret_cast<WidenedBlock*>(buffer);
      job.kernels.expand_scales(job.layout.quant, block, columns, widened->d[p], widened->m[p]);
      t.d[p] = widened->d[p];
      t.m[p] = widened->m[p];
      if (job.layout.quant.packed_bits == 4) {
        job.kernels.expand_codes(block, columns, widened->codes[p]);
        t.w[p] = widened->codes[p];
      }
    } else if (buffer != nullptr) {
      auto* widened = reinterpret_cast<WidenedFloats*>(buffer);
      const auto expand = job.layout.format == WeightFormat::f16 ? job.kernels.expand_f16 : job.kernels.expand_bf16;
      expand(block, columns, widened->values[p]);
      t.w[p] = reinterpret_cast<const std::byte*>(widened->values[p]);
    }
  }
}

void linear_many_piece(const LinearJob& job, const ManyPlan& plan, std::int64_t piece, std::byte* buffer) {
  const std::int64_t row_begin = piece % plan.row_blocks * plan.row_block;
  const std::int64_t row_end = std::min(row_begin + plan.row_block, job.m);
  const std::int64_t strip_begin = piece / plan.row_blocks * plan.strip_group;
  const std::int64_t strip_end = std::min(strip_begin + plan.strip_group, plan.strips);
  const auto multiply = [&](std::int64_t strip, std::int64_t b) {
    LinearTile t = job.tile(row_begin, plan.width * strip, b);
    t.cols = job.layout.columns_of(b);
    t.outputs = std::min(t.outputs, static_cast<int>(plan.width) * panel_rows);
    if (b > 0) {
      t.bias = nullptr;
      t.add = true;
    }
    linear_give_weights(job, plan, strip, b, buffer, t);
    linear_for_row_tiles(row_begin, row_end, plan.set->rows, [&](std::int64_t, int rows) {
      plan.set->kernel[static_cast<std::size_t>(rows - 1)](t);
      t.x += static_cast<std::size_t>(rows) * job.record_bytes();
      t.y += rows * t.y_stride;
      t.next = t.w;  // the first tile has fetched what comes next
    });
  };
  const std::int64_t blocks = job.layout.blocks;
  if (plan.columns_first) {
    for (std::int64_t strip = strip_begin; strip < strip_end; ++strip) {
      for (std::int64_t b = 0; b < blocks; ++b) multiply(strip, b);
    }
  } else {
    for (std::int64_t b = 0; b < blocks; ++b) {
      for (std::int64_t strip = strip_begin; strip < strip_end; ++strip) multiply(strip, b);
    }
  }
}

void linear_many(const LinearJob& job, const ManyPlan& plan, ThreadPool& pool, std::byte* buffers) {
  const std::int64_t rows_per_piece = std::max<std::int64_t>(1, 16384 / job.layout.cols);
  pool.run((job.m + rows_per_piece - 1) / rows_per_piece, [&](std::int64_t piece, int) {
    const std::int64_t end = std::min(job.m, (piece + 1) * rows_per_piece);
    for (std::int64_t row = piece * rows_per_piece; row < end; ++row) job.make_records(row);
  });
  pool.run(plan.row_blocks * plan.strip_groups, [&](std::int64_t piece, int thread) {
    std::byte* buffer =
        plan.buffer_bytes == 0 ? nullptr : buffers + static_cast<std::size_t>(thread) * plan.buffer_bytes;
    linear_many_piece(job, plan, piece, buffer);
  });
}

// A product with 0 columns: the bias alone.
void linear_empty(const LinearJob& job) {
  for (std::int64_t row = 0; row < job.m; ++row) {
    for (std::int64_t i = 0; i < job.layout.rows; ++i) {
      float& y = job.y[row * job.layout.rows + i];
      y = (job.accumulate ? y : 0.0f) + (job.bias == nullptr ? 0.0f : job.bias[i]);
    }
  }
}

}  // namespace

void linear_with(const LinearKernels& kernels, Stream& stream, const LinearArgs& args) {
  const Weight& w = *args.w;
  LinearJob job{.kernels = kernels, .layout = panel_layout(w.format(), w.rows(), w.cols())};
  job.packed = w.packed().view().as<std::byte>();
  job.bias = args.bias.as<float>();
  job.accumulate = args.accumulate;
  const std::int64_t rows = args.x.shape[0];
  const bool few = rows <= few_rows;
  if (job.layout.quant.columns != 0) {
    job.kind = RecordKind::quant;
  } else if (w.format() == WeightFormat::bf16 && !few && kernels.many_bf16.rows != 0) {
    job.kind = RecordKind::bf16;
  }
  for (std::int64_t begin = 0; begin < rows; begin += linear_row_chunk) {
    job.m = std::min(linear_row_chunk, rows - begin);
    job.x = args.x.as<float>() + begin * w.cols();
    job.y = args.y.as<float>() + begin * w.rows();
    if (job.layout.panels == 0) continue;
    if (job.layout.cols == 0) {
      linear_empty(job);
      continue;
    }
    const ManyPlan plan = few ? ManyPlan{} : linear_plan(job, stream.pool().threads());
    const std::size_t buffers = plan.buffer_bytes * static_cast<std::size_t>(stream.pool().threads());
    auto* scratch = static_cast<std::byte*>(stream.scratch(buffers + job.records_bytes() + 64));
    job.records = scratch + buffers;
    if (few) {
      linear_few(job, stream.pool());
    } else {
      linear_many(job, plan, stream.pool(), scratch);
    }
  }
}

const LinearKernels& best_linear_kernels() {
  static const LinearKernels kernels = [] {
    LinearKernels best = portable_linear_kernels();
    add_avx512_linear_kernels(best, bf16_dots_are_faster());
    return best;
  }();
  return kernels;
}

void linear(Stream& stream, const LinearArgs& args) { linear_with(best_linear_kernels(), stream, args); }

}  // namespace holdfast::cpu
