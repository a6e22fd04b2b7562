// A matrix of shares (0 .. 1) at every level of detail: for each power of two, the mean, the least and the most of as
// many neighbouring columns. So any stretch of any number of columns is looked up in a few steps, however long the
// matrix is.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace holdfast {

class HeatmapLevels {
 public:
  enum class Kind { mean, least, most };

  HeatmapLevels() = default;
  // values: row after row; NaN is left out of every figure.
  HeatmapLevels(int rows, int columns, std::span<const float> values);

  // Of the columns [first, last) of a row, which the level may round outwards by less than half their number; NaN where
  // none has a value.
  [[nodiscard]] float over(int row, double first, double last, Kind kind) const;
  [[nodiscard]] std::size_t bytes() const;

 private:
  // Numbers of 16 bits: shares are shown as one of 256 colours.
  struct Level {
    int columns = 0;
    std::vector<std::uint16_t> mean, least, most;  // (rows, columns); least and most are empty at the first level
  };
  int rows_ = 0;
  std::vector<Level> levels_;
};

}  // namespace holdfast
