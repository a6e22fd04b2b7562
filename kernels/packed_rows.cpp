#include "kernels/packed_rows.h"

#include <string>

#include "kernels/error.h"

namespace holdfast {

void require_packed(const PackedRows& rows, std::int64_t tokens, DeviceKind where, std::string_view op) {
  const auto fail = [&](const std::string& rule) { throw ArgumentError(std::string(op) + ": " + rule); };
  if (tokens % PackedRows::unit != 0) {
    fail(std::to_string(tokens) + " rows, want a multiple of " + std::to_string(PackedRows::unit));
  }
  const std::int64_t units = tokens / PackedRows::unit;
  require(rows.sequence_of_unit, Shape{units}, DType::i32, where, std::string(op) + ": sequence_of_unit");
  if (where == DeviceKind::cpu) {
    const auto* sequence = rows.sequence_of_unit.as<std::int32_t>();
    std::int64_t next = 0;
    for (std::int64_t unit = 0; unit < units; ++unit) {
      if (sequence[unit] == next) ++next;
      if (sequence[unit] != next - 1) {
        fail("sequence_of_unit[" + std::to_string(unit) + "]: " + std::to_string(sequence[unit]) + ", want " +
             (unit == 0 ? "0" : std::to_string(next - 1) + " or " + std::to_string(next)));
      }
    }
    if (next != rows.sequences) {
      fail(std::to_string(rows.sequences) + " sequences, but sequence_of_unit names " + std::to_string(next));
    }
  }
}

}  // namespace holdfast
