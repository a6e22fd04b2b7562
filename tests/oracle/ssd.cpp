#include "tests/oracle/ssd.h"

#include "tests/oracle/causal_conv1d.h"

namespace holdfast::oracle {
namespace {

std::size_t ssd_index(std::int64_t i) { return static_cast<std::size_t>(i); }

}  // namespace

SsdResult ssd(const SsdShape& s, const SsdParameters& parameters, const Numbers& xbc, const Numbers& dt_raw,
              const Numbers& state) {
  SsdResult result{Numbers(ssd_index(s.tokens * s.inner())), state, Numbers(ssd_index(s.tokens * s.heads))};
  for (std::int64_t t = 0; t < s.tokens; ++t) {
    for (std::int64_t h = 0; h < s.heads; ++h) {
      const std::size_t head = ssd_index(h);
      const std::int64_t group = h / (s.heads / s.groups);
      const Bounded* x = &xbc[ssd_index(t * s.conv_dim() + h * s.head_dim)];
      const Bounded* b = &xbc[ssd_index(t * s.conv_dim() + s.inner() + group * s.d_state)];
      const Bounded* c = b + s.groups * s.d_state;
      const Bounded dt = clamp(softplus(dt_raw[ssd_index(t * s.heads + h)] + parameters.dt_bias[head]),
                               parameters.dt_min, parameters.dt_max);
      const Bounded log_decay = dt * parameters.a[head];
      const Bounded decay = exp(log_decay);
      result.log_decay[ssd_index(t * s.heads + h)] = log_decay;
      for (std::int64_t p = 0; p < s.head_dim; ++p) {
        Bounded* row = &result.state[ssd_index((h * s.head_dim + p) * s.d_state)];
        Bounded y;
        for (std::int64_t n = 0; n < s.d_state; ++n) {
          row[n] = decay * row[n] + dt * x[p] * b[n];
          y = y + row[n] * c[n];
        }
        result.y[ssd_index(t * s.inner() + h * s.head_dim + p)] = y + parameters.d[head] * x[p];
      }
    }
  }
  return result;
}

SsdStepResult ssd_step(SsdShape shape, const SsdParameters& parameters, const Numbers& proj, const Numbers& conv_weight,
                       const Numbers& conv_bias, const Numbers& conv_state, const Numbers& state) {
  shape.tokens = 1;
  const auto z_end = proj.begin() + shape.inner();
  const auto xbc_end = z_end + shape.conv_dim();
  CausalConv1dResult conv =
      causal_conv1d(Numbers(z_end, xbc_end), conv_weight, conv_bias, conv_state, shape.conv_dim());
  SsdResult scan = ssd(shape, parameters, conv.y, Numbers(xbc_end, proj.end()), state);
  for (std::size_t i = 0; i < scan.y.size(); ++i) scan.y[i] = scan.y[i] * silu(proj[i]);
  return {scan.y, conv.state, scan.state, scan.log_decay};
}

}  // namespace holdfast::oracle
