#include "tests/oracle/ssd.h"

#include <algorithm>
#include <vector>

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

namespace {

// One head of ssd_backward: first all states, then the gradients from the last token to the first.
struct SsdHeadBackward {
  const SsdShape& s;
  const SsdParameters& parameters;
  const Numbers& xbc;
  const Numbers& dt_raw;
  const Numbers& dy;
  SsdGradients& result;
  std::int64_t head;

  [[nodiscard]] std::size_t x_at(std::int64_t t) const { return ssd_index(t * s.conv_dim() + head * s.head_dim); }
  [[nodiscard]] std::size_t b_at(std::int64_t t) const {
    return ssd_index(t * s.conv_dim() + s.inner() + head / (s.heads / s.groups) * s.d_state);
  }
  [[nodiscard]] std::size_t c_at(std::int64_t t) const { return b_at(t) + ssd_index(s.groups * s.d_state); }
  [[nodiscard]] Bounded raw(std::int64_t t) const {
    return dt_raw[ssd_index(t * s.heads + head)] + parameters.dt_bias[ssd_index(head)];
  }
  [[nodiscard]] Bounded dt(std::int64_t t) const {
    return clamp(softplus(raw(t)), parameters.dt_min, parameters.dt_max);
  }

  void run(const Numbers& state) const {
    const std::size_t h = ssd_index(head);
    const std::size_t size = ssd_index(s.head_dim * s.d_state);
    const auto from = state.begin() + static_cast<std::ptrdiff_t>(h * size);
    std::vector<Numbers> states{Numbers(from, from + static_cast<std::ptrdiff_t>(size))};
    for (std::int64_t t = 0; t < s.tokens; ++t) states.push_back(state_after(t, states.back()));
    Numbers d_state(size);
    for (std::int64_t t = s.tokens - 1; t >= 0; --t) token(t, states[ssd_index(t)], states[ssd_index(t + 1)], d_state);
    std::copy(d_state.begin(), d_state.end(), result.state.begin() + static_cast<std::ptrdiff_t>(h * size));
  }

  [[nodiscard]] Numbers state_after(std::int64_t t, Numbers state) const {
    const Bounded decay = exp(dt(t) * parameters.a[ssd_index(head)]);
    for (std::size_t i = 0; i < state.size(); ++i) {
      const std::size_t p = i / ssd_index(s.d_state), n = i % ssd_index(s.d_state);
      state[i] = decay * state[i] + dt(t) * xbc[x_at(t) + p] * xbc[b_at(t) + n];
    }
    return state;
  }

  // d_state: in, of the state after token t, from later tokens; out, of the state before it.
  void token(std::int64_t t, const Numbers& before, const Numbers& after, Numbers& d_state) const {
    const std::size_t h = ssd_index(head);
    const Bounded step = dt(t);
    const Bounded decay = exp(step * parameters.a[h]);
    Bounded d_step, d_log_decay;
    for (std::size_t p = 0; p < ssd_index(s.head_dim); ++p) {
      const Bounded& x = xbc[x_at(t) + p];
      const Bounded& d_y = dy[ssd_index(t * s.inner() + head * s.head_dim) + p];
      Bounded sum;
      for (std::size_t n = 0; n < ssd_index(s.d_state); ++n) {
        const std::size_t i = p * ssd_index(s.d_state) + n;
        d_state[i] = d_state[i] + d_y * xbc[c_at(t) + n];
        result.xbc[c_at(t) + n] = result.xbc[c_at(t) + n] + d_y * after[i];
        result.xbc[b_at(t) + n] = result.xbc[b_at(t) + n] + d_state[i] * step * x;
        sum = sum + d_state[i] * xbc[b_at(t) + n];
        d_state[i] = d_state[i] * decay;
        d_log_decay = d_log_decay + d_state[i] * before[i];
      }
      d_step = d_step + sum * x;
      result.xbc[x_at(t) + p] = step * sum + parameters.d[h] * d_y;
      result.d[h] = result.d[h] + d_y * x;
    }
    result.a_log[h] = result.a_log[h] + step * d_log_decay * parameters.a[h];
    d_step = d_step + parameters.a[h] * d_log_decay;
    const double plain = softplus(raw(t)).value;
    const bool passes = plain >= parameters.dt_min && plain <= parameters.dt_max;
    const Bounded d_raw = passes ? d_step * sigmoid(raw(t)) : Bounded();
    result.dt_raw[ssd_index(t * s.heads + head)] = d_raw;
    result.dt_bias[h] = result.dt_bias[h] + d_raw;
  }
};

}  // namespace

SsdGradients ssd_backward(const SsdShape& s, const SsdParameters& parameters, const Numbers& xbc, const Numbers& dt_raw,
                          const Numbers& state, const Numbers& dy) {
  const std::size_t heads = ssd_index(s.heads);
  SsdGradients result{Numbers(xbc.size()), Numbers(dt_raw.size()), Numbers(heads),
                      Numbers(heads),      Numbers(heads),         Numbers(state.size())};
  for (std::int64_t h = 0; h < s.heads; ++h) {
    SsdHeadBackward{s, parameters, xbc, dt_raw, dy, result, h}.run(state);
  }
  return result;
}

}  // namespace holdfast::oracle
