#include "engine/singular_values.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <string>

#include "kernels/error.h"

namespace holdfast {
namespace {

constexpr int most_sweeps = 60;            // ten are enough for what is not made to be hard
constexpr double orthogonal_enough = 1e-14;  // cosine of two rows

// Turns two rows so that they stand at right angles. False: they did.
bool turn_rows(std::span<double> p, std::span<double> q) {
  double pp = 0.0, qq = 0.0, pq = 0.0;
  for (std::size_t i = 0; i < p.size(); ++i) pp += p[i] * p[i], qq += q[i] * q[i], pq += p[i] * q[i];
  if (std::abs(pq) <= orthogonal_enough * std::sqrt(pp * qq)) return false;
  const double tau = (qq - pp) / (2.0 * pq);
  const double t = std::copysign(1.0, tau) / (std::abs(tau) + std::hypot(1.0, tau));
  const double c = 1.0 / std::hypot(1.0, t), s = c * t;
  for (std::size_t i = 0; i < p.size(); ++i) {
    const double a = p[i], b = q[i];
    p[i] = c * a - s * b;
    q[i] = s * a + c * b;
  }
  return true;
}

}  // namespace

// One-sided Jacobi (M. Hestenes, 1958): the rows of the shorter side are turned in pairs until all are orthogonal;
// their lengths are the values.
std::vector<double> singular_values(std::span<const float> matrix, std::int64_t rows, std::int64_t columns) {
  if (rows < 0 || columns < 0 || std::ssize(matrix) != rows * columns) {
    throw ArgumentError("singular values: " + std::to_string(matrix.size()) + " numbers, want " +
                        std::to_string(rows) + " x " + std::to_string(columns));
  }
  if (!std::ranges::all_of(matrix, [](float v) { return std::isfinite(v); })) {
    throw ArgumentError("singular values: a number of the matrix is not finite");
  }
  const auto count = static_cast<std::size_t>(std::min(rows, columns));
  const auto length = static_cast<std::size_t>(std::max(rows, columns));
  std::vector<double> turned(count * length);
  const auto row = [&](std::size_t r) { return std::span(turned).subspan(r * length, length); };
  for (std::size_t r = 0; r < count; ++r) {
    for (std::size_t c = 0; c < length; ++c) {
      const std::size_t at = rows <= columns ? r * length + c : c * count + r;
      turned[r * length + c] = static_cast<double>(matrix[at]);
    }
  }
  bool moved = true;
  for (int sweep = 0; moved && sweep < most_sweeps; ++sweep) {
    moved = false;
    for (std::size_t p = 0; p < count; ++p) {
      for (std::size_t q = p + 1; q < count; ++q) moved |= turn_rows(row(p), row(q));
    }
  }
  std::vector<double> values;
  for (std::size_t r = 0; r < count; ++r) {
    double sum = 0.0;
    for (const double v : row(r)) sum += v * v;
    values.push_back(std::sqrt(sum));
  }
  std::ranges::sort(values, std::greater{});
  return values;
}

}  // namespace holdfast
