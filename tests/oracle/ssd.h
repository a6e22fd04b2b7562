// The Mamba-2 recurrence of kernels/ssd_scan.h in double, scalar, one token after the other: no chunks, no matrix form.
#pragma once

#include <limits>

#include "tests/oracle/bounded.h"

namespace holdfast::oracle {

struct SsdShape {
  std::int64_t tokens = 0, heads = 0, head_dim = 0, d_state = 0, groups = 1;
  [[nodiscard]] std::int64_t inner() const { return heads * head_dim; }
  [[nodiscard]] std::int64_t conv_dim() const { return inner() + 2 * groups * d_state; }
};

struct SsdParameters {  // all (H)
  Numbers dt_bias, a, d;
  double dt_min = 0.0;
  double dt_max = std::numeric_limits<double>::infinity();
};

struct SsdResult {
  Numbers y;          // (T, H, P)
  Numbers state;      // (H, P, N)
  Numbers log_decay;  // (T, H)
};
// xbc (T, H*P + 2*G*N): x | B | C; dt_raw (T, H); state (H, P, N) before the first token.
[[nodiscard]] SsdResult ssd(const SsdShape& shape, const SsdParameters& parameters, const Numbers& xbc,
                            const Numbers& dt_raw, const Numbers& state);

struct SsdStepResult {
  Numbers y;           // (H*P)  gated
  Numbers conv_state;  // (C, K-1)
  Numbers state;       // (H, P, N)
  Numbers log_decay;   // (H)
};
// One token of one sequence: convolution, recurrence, gate. proj (2*H*P + 2*G*N + H): z | x | B | C | dt.
[[nodiscard]] SsdStepResult ssd_step(SsdShape shape, const SsdParameters& parameters, const Numbers& proj,
                                     const Numbers& conv_weight, const Numbers& conv_bias, const Numbers& conv_state,
                                     const Numbers& state);

struct SsdGradients {
  Numbers xbc;     // (T, H*P + 2*G*N)
  Numbers dt_raw;  // (T, H)
  Numbers a_log;   // (H)  of A_log, with a = -exp(A_log)
  Numbers d, dt_bias;
  Numbers state;  // (H, P, N)  of the state before the first token
};
// Of sum(dy y) of ssd(), one token after the other from the last; dy (T, H, P).
[[nodiscard]] SsdGradients ssd_backward(const SsdShape& shape, const SsdParameters& parameters, const Numbers& xbc,
                                        const Numbers& dt_raw, const Numbers& state, const Numbers& dy);

}  // namespace holdfast::oracle
