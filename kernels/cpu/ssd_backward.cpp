#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "kernels/cpu/thread_pool.h"
#include "kernels/ssd_scan.h"

namespace holdfast::cpu {
namespace {

// One head's pass over all sequences, backwards, in double.
struct HeadBackward {
  const SsdScanBackwardArgs& args;
  std::int64_t head;

  void run() const {
    const SsdPackedInputs& in = args.in;
    const std::int64_t tokens = args.dy.shape[0], p_count = in.head_dim, n_count = in.d_state;
    const std::int64_t row = in.xbc.shape[1], inner = in.heads * p_count, size = p_count * n_count;
    const std::int64_t b_at = inner + head / (in.heads / in.groups) * n_count, c_at = b_at + in.groups * n_count;
    const auto* xbc = in.xbc.as<float>();
    auto* d_xbc = args.d_xbc.as<float>();
    const double a = static_cast<double>(in.a.as<float>()[head]), skip = static_cast<double>(in.d.as<float>()[head]);
    const double bias = static_cast<double>(in.dt_bias.as<float>()[head]);
    const auto* sequence = in.rows.sequence_of_unit.as<std::int32_t>();
    double d_a = 0, d_d = 0, d_bias = 0;
    std::vector<double> d_initial(static_cast<std::size_t>(size));
    for (std::int64_t end = tokens; end > 0;) {
      std::int64_t begin = end - PackedRows::unit;
      while (begin > 0 && sequence[begin / PackedRows::unit - 1] == sequence[begin / PackedRows::unit]) {
        begin -= PackedRows::unit;
      }
      const std::int64_t count = end - begin;
      std::vector<double> h(static_cast<std::size_t>((count + 1) * size)), dh(static_cast<std::size_t>(size));
      std::vector<double> dt(static_cast<std::size_t>(count)), raw(dt);
      if (in.initial) std::copy_n(in.initial.as<float>() + head * size, size, h.begin());
      for (std::int64_t t = 0; t < count; ++t) {
        const float* x = xbc + (begin + t) * row;
        const auto at = static_cast<std::size_t>(t);
        raw[at] = static_cast<double>(in.dt_raw.as<float>()[(begin + t) * in.dt_stride + head]) + bias;
        dt[at] = std::clamp(std::max(raw[at], 0.0) + std::log1p(std::exp(-std::abs(raw[at]))),
                            static_cast<double>(in.dt_min), static_cast<double>(in.dt_max));
        const double decay = std::exp(dt[at] * a);
        for (std::int64_t i = 0; i < size; ++i) {
          h[static_cast<std::size_t>((t + 1) * size + i)] = decay * h[static_cast<std::size_t>(t * size + i)] +
                                                            dt[at] *
                                                                static_cast<double>(x[head * p_count + i / n_count]) *
                                                                static_cast<double>(x[b_at + i % n_count]);
        }
      }
      for (std::int64_t t = count - 1; t >= 0; --t) {
        const float* x = xbc + (begin + t) * row;
        const float* dy = args.dy.as<float>() + (begin + t) * inner + head * p_count;
        float* dx = d_xbc + (begin + t) * row;
        const auto at = static_cast<std::size_t>(t);
        const double decay = std::exp(dt[at] * a);
        double d_dt = 0, d_log = 0;
        std::vector<double> db(static_cast<std::size_t>(n_count)), dc(db);
        for (std::int64_t p = 0; p < p_count; ++p) {
          const double xp = static_cast<double>(x[head * p_count + p]), dyp = static_cast<double>(dy[p]);
          double sum = 0;
          for (std::int64_t n = 0; n < n_count; ++n) {
            const auto i = static_cast<std::size_t>(p * n_count + n);
            const double b = static_cast<double>(x[b_at + n]);
            dh[i] += dyp * static_cast<double>(x[c_at + n]);
            dc[static_cast<std::size_t>(n)] += dyp * h[static_cast<std::size_t>((t + 1) * size) + i];
            db[static_cast<std::size_t>(n)] += dh[i] * dt[at] * xp;
            sum += dh[i] * b;
            d_log += dh[i] * decay * h[static_cast<std::size_t>(t * size) + i];
            dh[i] *= decay;
          }
          d_dt += sum * xp;
          dx[head * p_count + p] = static_cast<float>(sum * dt[at] + skip * dyp);
          d_d += dyp * xp;
        }
        for (std::int64_t n = 0; n < n_count; ++n) {
          dx[b_at + n] += static_cast<float>(db[static_cast<std::size_t>(n)]);
          dx[c_at + n] += static_cast<float>(dc[static_cast<std::size_t>(n)]);
        }
        d_a += dt[at] * d_log;
        d_dt += a * d_log;
        const double plain = std::max(raw[at], 0.0) + std::log1p(std::exp(-std::abs(raw[at])));
        const bool passes = plain >= static_cast<double>(in.dt_min) && plain <= static_cast<double>(in.dt_max);
        const double d_raw = passes ? d_dt / (1.0 + std::exp(-raw[at])) : 0.0;
        d_bias += d_raw;
        args.d_dt_raw.as<float>()[(begin + t) * args.d_dt_stride + head] = static_cast<float>(d_raw);
      }
      for (std::size_t i = 0; i < dh.size(); ++i) d_initial[i] += dh[i];
      end = begin;
    }
    if (args.d_a_log) args.d_a_log.as<float>()[head] += static_cast<float>(d_a * a);
    if (args.d_d) args.d_d.as<float>()[head] += static_cast<float>(d_d);
    if (args.d_dt_bias) args.d_dt_bias.as<float>()[head] += static_cast<float>(d_bias);
    for (std::int64_t i = 0; args.d_initial && i < size; ++i) {
      args.d_initial.as<float>()[head * size + i] += static_cast<float>(d_initial[static_cast<std::size_t>(i)]);
    }
  }
};

}  // namespace

void ssd_scan_backward(Stream& stream, const SsdScanBackwardArgs& args) {
  stream.fill_zero(args.d_xbc);
  const std::int64_t per_group = args.in.heads / args.in.groups;
  stream.pool().run(args.in.groups, [&](std::int64_t group, int) {
    for (std::int64_t head = group * per_group; head < (group + 1) * per_group; ++head) HeadBackward{args, head}.run();
  });
}

}  // namespace holdfast::cpu
