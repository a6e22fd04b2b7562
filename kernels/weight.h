// Weight matrices in the formats that checkpoints store them in, and packed for the products of a device.
//
// Two representations:
//  * encoded rows: what a file holds. Row-major (rows, cols); a row is `encoded_row_bytes` long. The block formats are
//    those of GGUF (ggml-quants): q8_0, q4_0, q4_1, q5_0, q5_1 in blocks of 32 columns, q2_k .. q6_k of 256.
//    Holdfast's own 8-bit and 4-bit checkpoints use q8_0 and q4_1.
//  * Weight: packed once at load for the device, without loss. The layout is the device's affair.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "kernels/tensor.h"

namespace holdfast {

enum class WeightFormat : std::uint8_t { f32, f16, bf16, q8_0, q4_0, q4_1, q5_0, q5_1, q2_k, q3_k, q4_k, q5_k, q6_k };

[[nodiscard]] std::string_view name(WeightFormat) noexcept;
// Columns a row must be a multiple of: 1, 32 or 256.
[[nodiscard]] std::int64_t block_columns(WeightFormat) noexcept;
[[nodiscard]] std::size_t block_bytes(WeightFormat) noexcept;
// Throws ArgumentError when cols is no multiple of block_columns.
[[nodiscard]] std::size_t encoded_row_bytes(WeightFormat, std::int64_t cols);
// One row to float; exact for every format.
void decode_row(WeightFormat, const std::byte* encoded, std::span<float> row);
// One row from float: f32, f16, bf16 (round to nearest even), q8_0, q4_0, q4_1, q4_k. ArgumentError for the others.
void encode_row(WeightFormat, std::span<const float> row, std::byte* encoded);
// Index in the row of the first value that is not finite once decoded, or -1.
[[nodiscard]] std::int64_t first_not_finite(WeightFormat, const std::byte* encoded, std::int64_t cols);

// One matrix (rows = outputs, cols = inputs) on a device. Immutable, move-only.
class Weight {
 public:
  Weight() = default;  // empty
  // Packs encoded rows, `name` is used in messages: FormatError "head.weight[12, 7]: nan, weights must be finite".
  // `encoded` may be a mapped file: it is read once, front to back, by the stream's threads.
  [[nodiscard]] static Weight pack(Stream& stream, std::string_view name, WeightFormat format, std::int64_t rows,
                                   std::int64_t cols, std::span<const std::byte> encoded);
  // Bytes that pack() will take on the device for this matrix.
  [[nodiscard]] static std::size_t packed_bytes(DeviceKind where, WeightFormat format, std::int64_t rows,
                                                std::int64_t cols);

  [[nodiscard]] WeightFormat format() const noexcept { return format_; }
  [[nodiscard]] std::int64_t rows() const noexcept { return rows_; }
  [[nodiscard]] std::int64_t cols() const noexcept { return cols_; }
  [[nodiscard]] std::size_t bytes() const noexcept { return packed_.bytes(); }
  [[nodiscard]] const Tensor& packed() const noexcept { return packed_; }
  [[nodiscard]] explicit operator bool() const noexcept { return static_cast<bool>(packed_); }
  // The row as float, from the packed form (CPU weights).
  void row(std::int64_t index, std::span<float> out) const;

 private:
  WeightFormat format_ = WeightFormat::f32;
  std::int64_t rows_ = 0;
  std::int64_t cols_ = 0;
  Tensor packed_;  // u8

  friend class WeightBuilder;
};

// Packs a matrix stripe by stripe, so that loading needs no second copy of it.
class WeightBuilder {
 public:
  // memory: where the packed matrix is to live, the stream's device or an arena of it; null = the stream's device.
  WeightBuilder(Stream& stream, std::string_view name, WeightFormat format, std::int64_t rows, std::int64_t cols,
                std::shared_ptr<Device> memory = nullptr);
  // Rows [first, first + count), encoded. Stripes come in order, without gaps; all but the last have a multiple of 16
  // rows. Throws FormatError as Weight::pack does.
  void add(std::int64_t first, std::int64_t count, std::span<const std::byte> encoded);
  [[nodiscard]] Weight finish();  // all rows were added

 private:
  Stream& stream_;
  std::string name_;
  std::int64_t next_ = 0;
  Weight weight_;
};

}  // namespace holdfast
