#include "kernels/size_text.h"

#include <array>
#include <cstddef>
#include <cstdio>

namespace holdfast {

std::string size_text(double bytes) {
  constexpr std::array<const char*, 6> units = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
  if (!(bytes > 0.0)) bytes = 0.0;
  std::size_t unit = 0;
  for (; bytes >= 1023.5 && unit + 1 < units.size(); ++unit) bytes /= 1024.0;
  const int digits = unit == 0 || bytes >= 99.95 ? 0 : bytes >= 9.995 ? 1 : 2;
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%.*f %s", digits, bytes, units[unit]);
  return text.data();
}

}  // namespace holdfast
