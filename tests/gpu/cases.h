// GPU tests as plain functions, so that the same list runs inside Qt Test (gpu_test.cpp) and as a program that needs no
// Qt (gpu_tests_main.cpp), for GPU machines that have nothing but the driver.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "kernels/device.h"
#include "tests/support/compare.h"

namespace holdfast::test {

// A case fails by throwing Failure (or anything else); what() is the report.
class Failure : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};
inline void verify(const Comparison& comparison, const std::string& where) {
  if (!comparison) throw Failure(where + ": " + comparison.report);
}
inline void verify(bool holds, const std::string& rule) {
  if (!holds) throw Failure(rule);
}

struct GpuCase {
  std::string name;
  std::function<void(Stream&)> run;
};
using GpuCases = std::vector<GpuCase>;

void add_weight_cases(GpuCases&);
void add_linear_cases(GpuCases&);
void add_norm_cases(GpuCases&);
void add_conv_cases(GpuCases&);
void add_scan_cases(GpuCases&);
void add_step_cases(GpuCases&);
void add_stack_cases(GpuCases&);
void add_sample_cases(GpuCases&);
void add_device_cases(GpuCases&);
void add_rounded_cases(GpuCases&);
void add_train_cases(GpuCases&);
void add_trainer_cases(GpuCases&);
void add_inspector_cases(GpuCases&);

[[nodiscard]] inline GpuCases kernel_cases() {
  GpuCases cases;
  add_device_cases(cases);
  add_weight_cases(cases);
  add_linear_cases(cases);
  add_norm_cases(cases);
  add_conv_cases(cases);
  add_scan_cases(cases);
  add_step_cases(cases);
  add_stack_cases(cases);
  add_sample_cases(cases);
  add_rounded_cases(cases);
  add_train_cases(cases);
  add_trainer_cases(cases);
  add_inspector_cases(cases);
  return cases;
}

// golden: the folder tests/golden.
[[nodiscard]] GpuCases model_cases(const std::string& golden);

}  // namespace holdfast::test
