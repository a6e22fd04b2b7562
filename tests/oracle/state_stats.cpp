#include "tests/oracle/state_stats.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace holdfast::oracle {

double frobenius_norm(std::span<const float> matrix) {
  double sum = 0.0;
  for (const float v : matrix) sum += static_cast<double>(v) * static_cast<double>(v);
  return std::sqrt(sum);
}

double spectral_norm(std::span<const float> matrix, std::int64_t rows, std::int64_t cols) {
  std::vector<double> m(matrix.begin(), matrix.end());
  const auto row = [&](std::int64_t r) { return m.data() + r * cols; };
  const auto dot = [&](std::int64_t a, std::int64_t b) {
    double sum = 0.0;
    for (std::int64_t c = 0; c < cols; ++c) sum += row(a)[c] * row(b)[c];
    return sum;
  };
  for (int sweep = 0; sweep < 60; ++sweep) {
    double largest = 0.0;
    for (std::int64_t a = 0; a < rows; ++a) {
      for (std::int64_t b = a + 1; b < rows; ++b) {
        const double aa = dot(a, a);
        const double bb = dot(b, b);
        const double ab = dot(a, b);
        if (ab == 0.0 || aa == 0.0 || bb == 0.0) continue;
        largest = std::max(largest, std::abs(ab) / std::sqrt(aa * bb));
        const double tau = (bb - aa) / (2.0 * ab);
        const double t = (tau >= 0.0 ? 1.0 : -1.0) / (std::abs(tau) + std::sqrt(1.0 + tau * tau));
        const double cosine = 1.0 / std::sqrt(1.0 + t * t);
        const double sine = cosine * t;
        for (std::int64_t c = 0; c < cols; ++c) {
          const double x = row(a)[c];
          const double y = row(b)[c];
          row(a)[c] = cosine * x - sine * y;
          row(b)[c] = sine * x + cosine * y;
        }
      }
    }
    if (largest < 1e-14) break;
  }
  double best = 0.0;
  for (std::int64_t r = 0; r < rows; ++r) best = std::max(best, dot(r, r));
  return std::sqrt(best);
}

}  // namespace holdfast::oracle
