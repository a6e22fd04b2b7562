// Contrast of two colours, from 1 to 21, as the accessibility guidelines define it.
#pragma once

#include <QColor>
#include <algorithm>
#include <cmath>

namespace holdfast::test {

[[nodiscard]] inline double luminance(const QColor& colour) {
  const auto part = [](double c) { return c <= 0.03928 ? c / 12.92 : std::pow((c + 0.055) / 1.055, 2.4); };
  return 0.2126 * part(colour.redF()) + 0.7152 * part(colour.greenF()) + 0.0722 * part(colour.blueF());
}

[[nodiscard]] inline double contrast(const QColor& a, const QColor& b) {
  const double la = luminance(a);
  const double lb = luminance(b);
  return (std::max(la, lb) + 0.05) / (std::min(la, lb) + 0.05);
}

}  // namespace holdfast::test
