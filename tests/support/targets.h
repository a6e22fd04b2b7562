// Every instruction set that SIMD kernels are compiled for and this processor has, one after the other.
#pragma once

#include <hwy/targets.h>

#include <cstdint>
#include <string>
#include <vector>

namespace holdfast::test {

struct Target {
  std::int64_t bit;
  std::string name;
};

[[nodiscard]] inline std::vector<Target> cpu_targets() {
  std::vector<Target> found;
#if HWY_ARCH_X86
  for (const std::int64_t bit : {HWY_SSE4, HWY_AVX2, HWY_AVX3}) {
#else
  for (const std::int64_t bit : {HWY_NEON}) {
#endif
    if ((hwy::SupportedTargets() & bit) != 0) found.push_back({bit, hwy::TargetName(bit)});
  }
  return found;
}

// Kernels run on this instruction set while the object lives. One at a time, and no kernel may be running.
class UseTarget {
 public:
  explicit UseTarget(const Target& target) { choose(target.bit); }
  ~UseTarget() { choose(0); }
  UseTarget(const UseTarget&) = delete;
  UseTarget& operator=(const UseTarget&) = delete;

 private:
  static void choose(std::int64_t bit) {
    hwy::SetSupportedTargetsForTest(bit);
    hwy::GetChosenTarget().DeInit();
  }
};

}  // namespace holdfast::test
