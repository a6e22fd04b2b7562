// Random inputs of the Mamba-2 recurrence, for tests and benchmarks of ssd_scan and ssd_step.
#pragma once

#include <limits>
#include <string>

#include "kernels/ssd_scan.h"
#include "tests/oracle/ssd.h"
#include "tests/support/data.h"

namespace holdfast::test {

struct SsdData {
  oracle::SsdShape shape;
  std::int64_t width = 4;  // K
  float dt_min = 0.0f;
  float dt_max = std::numeric_limits<float>::infinity();
  std::vector<float> xbc;            // (T, C)
  std::vector<float> dt_raw;         // (T, H)
  std::vector<float> dt_bias, a, d;  // (H)
  std::vector<float> state;          // (H, P, N)
  std::vector<float> conv_weight;    // (C, K)
  std::vector<float> conv_bias;      // (C)
  std::vector<float> conv_state;     // (C, K-1)
  std::vector<float> z;              // (T, E)

  SsdData(const oracle::SsdShape& of, std::uint64_t seed) : shape(of) {
    Random random(seed);
    const std::int64_t channels = of.conv_dim();
    xbc = random.normals(of.tokens * channels);
    dt_raw = random.normals(of.tokens * of.heads);
    dt_bias = random.uniforms(of.heads, -6.0, 1.0);  // published models: dt from 0.001 up to about 1
    a = random.uniforms(of.heads, -16.0, -0.01);
    d = random.normals(of.heads);
    state = random.normals(of.heads * of.head_dim * of.d_state);
    conv_weight = random.normals(channels * width, 0.5);
    conv_bias = random.normals(channels, 0.5);
    conv_state = random.normals(channels * (width - 1));
    z = random.normals(of.tokens * of.inner(), 2.0);
  }

  [[nodiscard]] oracle::SsdParameters parameters() const {
    return {oracle::exact(dt_bias), oracle::exact(a), oracle::exact(d), static_cast<double>(dt_min),
            static_cast<double>(dt_max)};
  }
  [[nodiscard]] oracle::SsdResult expected() const {
    return oracle::ssd(shape, parameters(), oracle::exact(xbc), oracle::exact(dt_raw), oracle::exact(state));
  }
  // in_proj's output of one token: z | x | B | C | dt.
  [[nodiscard]] std::vector<float> proj(std::int64_t t) const {
    std::vector<float> row;
    const auto append = [&](const std::vector<float>& from, std::int64_t count) {
      row.insert(row.end(), from.begin() + t * count, from.begin() + (t + 1) * count);
    };
    append(z, shape.inner());
    append(xbc, shape.conv_dim());
    append(dt_raw, shape.heads);
    return row;
  }
};

}  // namespace holdfast::test
