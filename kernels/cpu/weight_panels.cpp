#include "kernels/cpu/weight_panels.h"

#include <cstring>
#include <string>
#include <vector>

#include "kernels/error.h"

namespace holdfast::cpu {
namespace {

constexpr std::size_t panel_line = 64;  // 16 outputs of 4 bytes: one vector, one cache line

std::size_t panel_round_up(std::size_t bytes) { return (bytes + panel_line - 1) / panel_line * panel_line; }

std::size_t panel_block_size(const PanelLayout& layout, int columns) {
  const auto count = static_cast<std::size_t>(columns);
  switch (layout.format) {
    case WeightFormat::f32: return panel_rows * 4 * count;
    case WeightFormat::f16: return panel_round_up(panel_rows * 2 * count);
    case WeightFormat::bf16: return panel_rows * 4 * ((count + 1) / 2);
    default: return panel_round_up(panel_block_parts(layout.quant, columns).end);
  }
}

// Spreads one row's 4-byte units over the lines of a block.
void panel_scatter_units(const std::byte* units, int count, int lane, std::byte* block) {
  for (int i = 0; i < count; ++i) {
    std::memcpy(block + static_cast<std::size_t>(i) * panel_line + static_cast<std::size_t>(lane) * 4, units + i * 4,
                4);
  }
}

void panel_store_u16(std::byte* at, std::uint16_t value) { std::memcpy(at, &value, 2); }
std::uint16_t panel_load_u16(const std::byte* at) {
  std::uint16_t value = 0;
  std::memcpy(&value, at, 2);
  return value;
}

void panel_pack_float_row(const PanelLayout& layout, const std::byte* row, int columns, int lane, std::byte* block) {
  if (layout.format == WeightFormat::f32) {
    panel_scatter_units(row, columns, lane, block);
  } else if (layout.format == WeightFormat::bf16) {
    panel_scatter_units(row, columns / 2, lane, block);
    if (columns % 2 != 0) {
      const std::size_t at = static_cast<std::size_t>(columns / 2) * panel_line + static_cast<std::size_t>(lane) * 4;
      std::memcpy(block + at, row + (columns - 1) * 2, 2);
    }
  } else {
    for (int c = 0; c < columns; ++c) std::memcpy(block + (c * panel_rows + lane) * 2, row + c * 2, 2);
  }
}

// codes: of `columns` columns in order, made into 4-bit pairs in place where the format asks for it.
void panel_pack_codes(const BlockFormat& quant, std::uint8_t* codes, int columns, int lane, std::byte* block) {
  if (quant.packed_bits == 8) {
    panel_scatter_units(reinterpret_cast<const std::byte*>(codes), columns / 4, lane, block);
    return;
  }
  for (int g = 0; g < columns / 32; ++g) {
    std::uint8_t pairs[16];
    for (int i = 0; i < 16; ++i) {
      pairs[i] = static_cast<std::uint8_t>(codes[g * 32 + i] | codes[g * 32 + 16 + i] << 4);
    }
    panel_scatter_units(reinterpret_cast<const std::byte*>(pairs), 4, lane,
                        block + static_cast<std::size_t>(g) * 4 * panel_line);
  }
}

void panel_pack_quant_row(const PanelLayout& layout, const std::byte* row, int columns, int lane, std::byte* block) {
  const BlockFormat& quant = layout.quant;
  const PanelBlockParts parts = panel_block_parts(quant, columns);
  QuantBlock one;
  std::uint8_t codes[panel_block_columns];
  for (int at = 0; at < columns; at += quant.columns) {
    unpack_block(layout.format, row + at / quant.columns * quant.bytes, one);
    std::memcpy(codes + at, one.codes, static_cast<std::size_t>(quant.columns));
    const auto d_index = static_cast<std::size_t>(at / quant.columns * panel_rows + lane) * 2;
    panel_store_u16(block + parts.d + d_index, one.d);
    if (quant.affine) panel_store_u16(block + parts.m + d_index, one.m);
    if (!quant.grouped) continue;
    for (int g = 0; g < quant.columns / quant.group; ++g) {
      const auto scale_index = static_cast<std::size_t>(g * panel_rows + lane);
      std::memcpy(block + parts.scales + scale_index, &one.scales[g], 1);
      if (quant.affine) std::memcpy(block + parts.mins + scale_index, &one.mins[g], 1);
    }
  }
  panel_pack_codes(quant, codes, columns, lane, block);
}

// lanes: rows that exist in this panel; `encoded` begins with the first of them.
void panel_pack_one(std::string_view name, const PanelLayout& layout, std::int64_t first_row, int lanes,
                    const std::byte* encoded, std::byte* out) {
  const std::size_t row_bytes = encoded_row_bytes(layout.format, layout.cols);
  const std::size_t step = encoded_row_bytes(layout.format, panel_block_columns);
  const auto pack = layout.quant.columns == 0 ? panel_pack_float_row : panel_pack_quant_row;
  const bool padded = lanes < panel_rows || layout.cols % panel_block_columns != 0;
  if (padded) std::memset(out, 0, layout.panel_bytes);
  for (int lane = 0; lane < lanes; ++lane) {
    const std::byte* row = encoded + static_cast<std::size_t>(lane) * row_bytes;
    require_finite_row(name, layout.format, first_row + lane, {row, row_bytes}, layout.cols);
    for (std::int64_t b = 0; b < layout.blocks; ++b) {
      const auto at = static_cast<std::size_t>(b);
      pack(layout, row + at * step, layout.columns_of(b), lane, out + at * layout.block_bytes);
    }
  }
}

float panel_float_value(WeightFormat format, const std::byte* block, int column, int lane) {
  if (format == WeightFormat::f32) {
    float value = 0;
    std::memcpy(&value, block + (column * panel_rows + lane) * 4, 4);
    return value;
  }
  if (format == WeightFormat::f16) return f32_of_f16(panel_load_u16(block + (column * panel_rows + lane) * 2));
  return f32_of_bf16(panel_load_u16(block + (column / 2 * panel_rows + lane) * 4 + column % 2 * 2));
}

std::uint8_t panel_code(const BlockFormat& quant, const std::byte* block, int column, int lane) {
  if (quant.packed_bits == 8)
    return static_cast<std::uint8_t>(block[(column / 4 * panel_rows + lane) * 4 + column % 4]);
  const int unit = column / 32 * 4 + column % 16 / 4;
  const auto pair = static_cast<std::uint8_t>(block[(unit * panel_rows + lane) * 4 + column % 4]);
  return column % 32 < 16 ? pair & 15U : static_cast<std::uint8_t>(pair >> 4);
}

void panel_unpack_quant(const PanelLayout& layout, const std::byte* block, int columns, int lane, float* out) {
  const BlockFormat& quant = layout.quant;
  const PanelBlockParts parts = panel_block_parts(quant, columns);
  QuantBlock one{};
  for (int at = 0; at < columns; at += quant.columns) {
    const auto d_index = static_cast<std::size_t>(at / quant.columns * panel_rows + lane) * 2;
    one.d = panel_load_u16(block + parts.d + d_index);
    if (quant.affine) one.m = panel_load_u16(block + parts.m + d_index);
    for (int g = 0; quant.grouped && g < quant.columns / quant.group; ++g) {
      const auto scale_index = static_cast<std::size_t>(g * panel_rows + lane);
      std::memcpy(&one.scales[g], block + parts.scales + scale_index, 1);
      if (quant.affine) std::memcpy(&one.mins[g], block + parts.mins + scale_index, 1);
    }
    for (int i = 0; i < quant.columns; ++i) one.codes[i] = panel_code(quant, block, at + i, lane);
    decode_block(quant, one, out + at);
  }
}

}  // namespace

PanelLayout panel_layout(WeightFormat format, std::int64_t rows, std::int64_t cols) {
  PanelLayout layout;
  layout.format = format;
  layout.quant = block_format(format);
  layout.rows = rows;
  layout.cols = cols;
  layout.panels = (rows + panel_rows - 1) / panel_rows;
  layout.blocks = (cols + panel_block_columns - 1) / panel_block_columns;
  layout.block_bytes = panel_block_size(layout, panel_block_columns);
  if (layout.blocks > 0) {
    layout.panel_bytes = static_cast<std::size_t>(layout.blocks - 1) * layout.block_bytes +
                         panel_block_size(layout, layout.columns_of(layout.blocks - 1));
  }
  return layout;
}

void require_finite_row(std::string_view name, WeightFormat format, std::int64_t row,
                        std::span<const std::byte> encoded, std::int64_t cols) {
  const std::int64_t column = first_not_finite(format, encoded.data(), cols);
  if (column < 0) return;
  std::vector<float> values(static_cast<std::size_t>(cols));
  decode_row(format, encoded.data(), values);
  const float value = values[static_cast<std::size_t>(column)];
  const char* text = value != value ? "nan" : value > 0 ? "inf" : "-inf";
  throw FormatError(std::string(name) + "[" + std::to_string(row) + ", " + std::to_string(column) + "]: " + text +
                    ", weights must be finite");
}

void pack_panels(ThreadPool& pool, std::string_view name, const PanelLayout& layout, std::int64_t first,
                 std::int64_t count, std::span<const std::byte> encoded, std::byte* packed) {
  const std::size_t panel_encoded = encoded_row_bytes(layout.format, layout.cols) * panel_rows;
  const auto first_panel = static_cast<std::size_t>(first / panel_rows);
  pool.run((count + panel_rows - 1) / panel_rows, [&](std::int64_t piece, int) {
    const auto at = static_cast<std::size_t>(piece);
    const int lanes = static_cast<int>(std::min<std::int64_t>(panel_rows, count - piece * panel_rows));
    panel_pack_one(name, layout, first + piece * panel_rows, lanes, encoded.data() + at * panel_encoded,
                   packed + (first_panel + at) * layout.panel_bytes);
  });
}

void unpack_panel_row(const PanelLayout& layout, const std::byte* packed, std::int64_t row, std::span<float> out) {
  const std::byte* panel = packed + static_cast<std::size_t>(row / panel_rows) * layout.panel_bytes;
  const int lane = static_cast<int>(row % panel_rows);
  for (std::int64_t b = 0; b < layout.blocks; ++b) {
    const std::byte* block = panel + static_cast<std::size_t>(b) * layout.block_bytes;
    const int columns = layout.columns_of(b);
    float* values = out.data() + b * panel_block_columns;
    if (layout.quant.columns != 0) {
      panel_unpack_quant(layout, block, columns, lane, values);
    } else {
      for (int c = 0; c < columns; ++c) values[c] = panel_float_value(layout.format, block, c, lane);
    }
  }
}

}  // namespace holdfast::cpu
