#include "kernels/weight.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <utility>

#include "kernels/cpu/weight_blocks.h"
#include "kernels/cpu/weight_encode.h"
#include "kernels/cpu/weight_panels.h"
#include "kernels/cuda_backend.h"
#include "kernels/device.h"
#include "kernels/error.h"

namespace holdfast {
namespace {

std::size_t element_bytes(WeightFormat format) noexcept { return format == WeightFormat::f32 ? 4 : 2; }

std::uint16_t load_u16(const std::byte* at) noexcept {
  std::uint16_t value = 0;
  std::memcpy(&value, at, 2);
  return value;
}

// All bits of the exponent set means infinity or NaN, for f32 and both 16-bit formats.
template <class Bits>
std::int64_t first_with_exponent(const std::byte* encoded, std::int64_t count, Bits exponent) noexcept {
  constexpr std::int64_t stretch = 1024;  // tested whole, without a branch per value, so that it is vectorised
  for (std::int64_t from = 0; from < count; from += stretch) {
    const std::int64_t end = std::min(count, from + stretch);
    const auto at = [&](std::int64_t i) {
      Bits bits = 0;
      std::memcpy(&bits, encoded + i * static_cast<std::int64_t>(sizeof(Bits)), sizeof(Bits));
      return static_cast<Bits>(bits & exponent);
    };
    bool found = false;
    for (std::int64_t i = from; i < end; ++i) found |= at(i) == exponent;
    for (std::int64_t i = from; found && i < end; ++i) {
      if (at(i) == exponent) return i;
    }
  }
  return -1;
}

bool is_finite_f16(std::uint16_t half) noexcept { return (half & 0x7c00U) != 0x7c00U; }

void encode_float_row(WeightFormat format, std::span<const float> row, std::byte* encoded) {
  if (format == WeightFormat::f32) {
    std::memcpy(encoded, row.data(), row.size_bytes());
    return;
  }
  for (const float value : row) {
    const std::uint16_t bits = format == WeightFormat::f16 ? cpu::f16_of_f32(value) : cpu::bf16_of_f32(value);
    std::memcpy(encoded, &bits, 2);
    encoded += 2;
  }
}

void require_extents(std::string_view name, WeightFormat format, std::int64_t rows, std::int64_t cols) {
  const auto fail = [&](const char* rule) {
    throw ArgumentError(std::string(name) + ": shape (" + std::to_string(rows) + ", " + std::to_string(cols) +
                        "), want " + rule);
  };
  if (rows < 0 || cols < 0) fail("extents of 0 or more");
  const std::size_t row_bytes = encoded_row_bytes(format, cols);
  constexpr auto limit = static_cast<std::size_t>(std::numeric_limits<std::int64_t>::max()) / 64;
  if (rows > 0 && row_bytes > limit / static_cast<std::size_t>(rows)) fail("fewer bytes: packing pads and widens them");
}

}  // namespace

std::string_view name(WeightFormat format) noexcept {
  switch (format) {
    case WeightFormat::f32: return "f32";
    case WeightFormat::f16: return "f16";
    case WeightFormat::bf16: return "bf16";
    case WeightFormat::q8_0: return "q8_0";
    case WeightFormat::q4_0: return "q4_0";
    case WeightFormat::q4_1: return "q4_1";
    case WeightFormat::q5_0: return "q5_0";
    case WeightFormat::q5_1: return "q5_1";
    case WeightFormat::q2_k: return "q2_k";
    case WeightFormat::q3_k: return "q3_k";
    case WeightFormat::q4_k: return "q4_k";
    case WeightFormat::q5_k: return "q5_k";
    case WeightFormat::q6_k: return "q6_k";
  }
  return "?";
}

std::int64_t block_columns(WeightFormat format) noexcept {
  const int columns = cpu::block_format(format).columns;
  return columns == 0 ? 1 : columns;
}

std::size_t block_bytes(WeightFormat format) noexcept {
  const int bytes = cpu::block_format(format).bytes;
  return bytes == 0 ? element_bytes(format) : static_cast<std::size_t>(bytes);
}

std::size_t encoded_row_bytes(WeightFormat format, std::int64_t cols) {
  constexpr std::int64_t most = std::int64_t{1} << 48;  // so that no product of sizes overflows
  if (cols < 0 || cols > most || cols % block_columns(format) != 0) {
    throw ArgumentError(std::string(name(format)) + " rows of " + std::to_string(cols) +
                        " columns, want a multiple of " + std::to_string(block_columns(format)) + " up to 2^48");
  }
  return static_cast<std::size_t>(cols / block_columns(format)) * block_bytes(format);
}

void decode_row(WeightFormat format, const std::byte* encoded, std::span<float> row) {
  const cpu::BlockFormat quant = cpu::block_format(format);
  (void)encoded_row_bytes(format, static_cast<std::int64_t>(row.size()));
  if (row.empty()) return;
  if (format == WeightFormat::f32) {
    std::memcpy(row.data(), encoded, row.size_bytes());
  } else if (quant.columns == 0) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::uint16_t bits = load_u16(encoded + 2 * i);
      row[i] = format == WeightFormat::f16 ? cpu::f32_of_f16(bits) : cpu::f32_of_bf16(bits);
    }
  } else {
    cpu::QuantBlock block;
    for (std::size_t i = 0; i < row.size(); i += static_cast<std::size_t>(quant.columns)) {
      cpu::unpack_block(format, encoded, block);
      cpu::decode_block(quant, block, row.data() + i);
      encoded += quant.bytes;
    }
  }
}

void encode_row(WeightFormat format, std::span<const float> row, std::byte* encoded) {
  (void)encoded_row_bytes(format, static_cast<std::int64_t>(row.size()));
  if (row.empty()) return;
  const cpu::BlockFormat quant = cpu::block_format(format);
  if (quant.columns == 0) return encode_float_row(format, row, encoded);
  const auto columns = static_cast<std::size_t>(quant.columns);
  for (std::size_t i = 0; i < row.size(); i += columns) {
    const auto values = row.subspan(i, columns);
    const auto bad = std::find_if(values.begin(), values.end(), [](float value) { return !std::isfinite(value); });
    if (bad != values.end()) {
      throw NumericError("column " + std::to_string(i + static_cast<std::size_t>(bad - values.begin())) + ": " +
                         std::to_string(*bad) + ", " + std::string(name(format)) + " holds finite values only");
    }
    cpu::encode_block(format, values, encoded);
    encoded += quant.bytes;
  }
}

std::int64_t first_not_finite(WeightFormat format, const std::byte* encoded, std::int64_t cols) {
  if (format == WeightFormat::f32) return first_with_exponent<std::uint32_t>(encoded, cols, 0x7f800000U);
  if (format == WeightFormat::f16) return first_with_exponent<std::uint16_t>(encoded, cols, 0x7c00U);
  if (format == WeightFormat::bf16) return first_with_exponent<std::uint16_t>(encoded, cols, 0x7f80U);
  const cpu::BlockFormat quant = cpu::block_format(format);
  // A scale that is not finite spoils its whole block (even code 0: infinity times 0 is NaN).
  for (std::int64_t column = 0; column < cols; column += quant.columns) {
    if (!is_finite_f16(load_u16(encoded + quant.d_at))) return column;
    if (quant.affine && !is_finite_f16(load_u16(encoded + quant.d_at + 2))) return column;
    encoded += quant.bytes;
  }
  return -1;
}

Weight Weight::pack(Stream& stream, std::string_view name, WeightFormat format, std::int64_t rows, std::int64_t cols,
                    std::span<const std::byte> encoded) {
  WeightBuilder builder(stream, name, format, rows, cols);
  builder.add(0, rows, encoded);
  return builder.finish();
}

std::size_t Weight::packed_bytes(DeviceKind where, WeightFormat format, std::int64_t rows, std::int64_t cols) {
  require_extents("weight", format, rows, cols);
  if (where == DeviceKind::cuda) return cuda::packed_bytes(format, rows, cols);
  return cpu::panel_layout(format, rows, cols).bytes();
}

void Weight::row(std::int64_t index, std::span<float> out) const {
  if (index < 0 || index >= rows_ || static_cast<std::int64_t>(out.size()) != cols_) {
    throw ArgumentError("weight of " + std::to_string(rows_) + " rows and " + std::to_string(cols_) + " columns: row " +
                        std::to_string(index) + " into " + std::to_string(out.size()) + " values");
  }
  if (packed_.device()->kind() != DeviceKind::cpu) throw ArgumentError("weight row: the weight is on the GPU");
  cpu::unpack_panel_row(cpu::panel_layout(format_, rows_, cols_), packed_.view().as<std::byte>(), index, out);
}

WeightBuilder::WeightBuilder(Stream& stream, std::string_view name, WeightFormat format, std::int64_t rows,
                             std::int64_t cols, std::shared_ptr<Device> memory)
    : stream_(stream), name_(name) {
  require_extents(name, format, rows, cols);
  weight_.format_ = format;
  weight_.rows_ = rows;
  weight_.cols_ = cols;
  const std::size_t bytes = Weight::packed_bytes(stream.kind(), format, rows, cols);
  weight_.packed_ = Tensor(memory != nullptr ? std::move(memory) : stream.device(), DType::u8,
                           Shape{static_cast<std::int64_t>(bytes)});
}

void WeightBuilder::add(std::int64_t first, std::int64_t count, std::span<const std::byte> encoded) {
  const std::int64_t end = weight_.rows_ - next_;
  if (first != next_ || count < 0 || count > end || (count % cpu::panel_rows != 0 && count != end)) {
    throw ArgumentError(name_ + ": stripe of " + std::to_string(count) + " rows from " + std::to_string(first) +
                        ", want a multiple of 16, or all that are left, from " + std::to_string(next_) + " of " +
                        std::to_string(weight_.rows_));
  }
  const std::size_t row_bytes = encoded_row_bytes(weight_.format_, weight_.cols_);
  const std::size_t want = row_bytes * static_cast<std::size_t>(count);
  if (encoded.size() != want) {
    throw ArgumentError(name_ + ": stripe of " + std::to_string(encoded.size()) + " bytes, want " +
                        std::to_string(want));
  }
  if (stream_.kind() == DeviceKind::cpu) {
    cpu::pack_panels(stream_.pool(), name_, cpu::panel_layout(weight_.format_, weight_.rows_, weight_.cols_), first,
                     count, encoded, weight_.packed_.view().as<std::byte>());
  } else {
    for (std::int64_t i = 0; i < count; ++i) {
      const auto row = encoded.subspan(static_cast<std::size_t>(i) * row_bytes, row_bytes);
      cpu::require_finite_row(name_, weight_.format_, first + i, row, weight_.cols_);
    }
    cuda::pack_rows(stream_, weight_.packed_.view(), weight_.format_, weight_.rows_, weight_.cols_, first, count,
                    encoded);
  }
  next_ += count;
}

Weight WeightBuilder::finish() {
  if (next_ != weight_.rows_) {
    throw ArgumentError(name_ + ": " + std::to_string(next_) + " of " + std::to_string(weight_.rows_) +
                        " rows were packed, want all");
  }
  return std::move(weight_);
}

}  // namespace holdfast
