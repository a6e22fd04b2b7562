// Sequences of given lengths laid out as PackedRows, for tests of the packed ops.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kernels/packed_rows.h"
#include "tests/oracle/bounded.h"

namespace holdfast::test {

struct Packing {
  std::vector<std::int64_t> lengths, begins;  // of each sequence, in rows
  std::vector<std::int32_t> sequence_of_unit;

  explicit Packing(std::vector<std::int64_t> of) : lengths(std::move(of)) {
    for (const std::int64_t length : lengths) {
      begins.push_back(tokens());
      const std::int64_t units = (length + PackedRows::unit - 1) / PackedRows::unit;
      const auto index = static_cast<std::int32_t>(begins.size() - 1);
      sequence_of_unit.insert(sequence_of_unit.end(), static_cast<std::size_t>(units), index);
    }
  }
  [[nodiscard]] std::int64_t tokens() const { return std::ssize(sequence_of_unit) * PackedRows::unit; }
  [[nodiscard]] PackedRows rows() const {
    return {{sequence_of_unit.data(), DType::i32, Shape{std::ssize(sequence_of_unit)}, DeviceKind::cpu},
            std::ssize(lengths)};
  }
  // The rows of one sequence, without padding, of a packed (T, width).
  template <class Values>
  [[nodiscard]] auto of_sequence(const Values& values, std::int64_t width, std::size_t sequence) const {
    const auto first = static_cast<std::ptrdiff_t>(begins[sequence] * width);
    return std::vector(values.begin() + first, values.begin() + first + lengths[sequence] * width);
  }
  template <class Use>
  void for_padding(Use use) const {  // use(row)
    for (std::size_t i = 0; i < lengths.size(); ++i) {
      const std::int64_t end = i + 1 < begins.size() ? begins[i + 1] : tokens();
      for (std::int64_t row = begins[i] + lengths[i]; row < end; ++row) use(row);
    }
  }
  // Sets the padding rows of a packed (T, width).
  void fill_padding(std::vector<float>& values, std::int64_t width, float with) const {
    for_padding(
        [&](std::int64_t row) { std::fill_n(values.begin() + static_cast<std::ptrdiff_t>(row * width), width, with); });
  }
};

// The oracle's numbers with gradients of several sequences summed.
inline void add_numbers(oracle::Numbers& to, const oracle::Numbers& from) {
  if (to.empty()) to.resize(from.size());
  for (std::size_t i = 0; i < to.size(); ++i) to[i] = to[i] + from[i];
}

}  // namespace holdfast::test
