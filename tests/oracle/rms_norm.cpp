#include "tests/oracle/rms_norm.h"

namespace holdfast::oracle {
namespace {

// y[i] = x[i] / sqrt(mean(x^2) + eps) * weight[i] over `count` values.
void norm_run(const Bounded* x, const Bounded* weight, std::size_t count, double eps, Bounded* y) {
  Bounded sum;
  for (std::size_t i = 0; i < count; ++i) sum = sum + x[i] * x[i];
  const Bounded scale = reciprocal_sqrt(sum * (1.0 / static_cast<double>(count)) + eps);
  for (std::size_t i = 0; i < count; ++i) y[i] = x[i] * scale * weight[i];
}

}  // namespace

RmsNormResult rms_norm(const Numbers& x, const Numbers& weight, const Numbers& residual, double eps) {
  RmsNormResult result;
  Numbers input = x;
  if (!residual.empty()) {
    for (std::size_t i = 0; i < x.size(); ++i) input[i] = residual[i] + x[i];
    result.residual = input;
  }
  const std::size_t width = weight.size();
  result.y.resize(x.size());
  for (std::size_t at = 0; at < x.size(); at += width) {
    norm_run(&input[at], weight.data(), width, eps, &result.y[at]);
  }
  return result;
}

Numbers gated_rms_norm(const Numbers& x, const Numbers& z, const Numbers& weight, std::int64_t groups, double eps) {
  Numbers gated = x;
  for (std::size_t i = 0; i < z.size(); ++i) gated[i] = x[i] * silu(z[i]);
  Numbers y(x.size());
  const std::size_t width = weight.size() / static_cast<std::size_t>(groups);
  for (std::size_t at = 0; at < x.size(); at += width) {
    norm_run(&gated[at], &weight[at % weight.size()], width, eps, &y[at]);
  }
  return y;
}

}  // namespace holdfast::oracle
