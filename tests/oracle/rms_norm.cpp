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

RmsNormGradients rms_norm_backward(const Numbers& x, const Numbers& z, const Numbers& weight, const Numbers& dy,
                                   std::int64_t groups, double eps) {
  RmsNormGradients result{Numbers(x.size()), Numbers(z.size()), Numbers(weight.size())};
  const std::size_t width = weight.size() / static_cast<std::size_t>(groups);
  for (std::size_t at = 0; at < x.size(); at += width) {
    const std::size_t of_weight = at % weight.size();
    Numbers u(x.begin() + static_cast<std::ptrdiff_t>(at), x.begin() + static_cast<std::ptrdiff_t>(at + width));
    if (!z.empty()) {
      for (std::size_t i = 0; i < width; ++i) u[i] = u[i] * silu(z[at + i]);
    }
    Bounded squares, dot;
    for (std::size_t i = 0; i < width; ++i) {
      squares = squares + u[i] * u[i];
      dot = dot + weight[of_weight + i] * dy[at + i] * u[i];
    }
    const double share = 1.0 / static_cast<double>(width);
    const Bounded scale = reciprocal_sqrt(squares * share + eps);
    const Bounded back = scale * scale * (dot * share);
    for (std::size_t i = 0; i < width; ++i) {
      const Bounded du = scale * (weight[of_weight + i] * dy[at + i] - u[i] * back);
      result.weight[of_weight + i] = result.weight[of_weight + i] + dy[at + i] * u[i] * scale;
      result.x[at + i] = z.empty() ? du : du * silu(z[at + i]);
      if (!z.empty()) result.z[at + i] = du * x[at + i] * silu_slope(z[at + i]);
    }
  }
  return result;
}

}  // namespace holdfast::oracle
