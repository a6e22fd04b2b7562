// All GPU tests as one program without Qt:  gpu_tests [--only TEXT] [--golden FOLDER] [--every N]
// Without a GPU it says so and returns 77 ("skipped"), or 1 with HOLDFAST_REQUIRE_GPU=1.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>

#include "tests/gpu/cases.h"

namespace {

constexpr int skipped = 77;

bool gpu_is_required() {
  const char* value = std::getenv("HOLDFAST_REQUIRE_GPU");
  return value != nullptr && std::string(value) == "1";
}

// every: of the cases whose names contain `only`, each so-manieth (sanitizers are slow).
int run_all(const holdfast::test::GpuCases& cases, const std::string& only, int every, holdfast::Stream& stream) {
  const bool verbose = std::getenv("HOLDFAST_TEST_VERBOSE") != nullptr;
  int seen = 0;
  int run = 0;
  int failed = 0;
  for (const auto& test : cases) {
    if (test.name.find(only) == std::string::npos) continue;
    if (seen++ % every != 0) continue;
    ++run;
    if (verbose) std::printf("%s\n", test.name.c_str());
    try {
      test.run(stream);
    } catch (const std::exception& error) {
      ++failed;
      std::printf("FAIL  %s\n      %s\n", test.name.c_str(), error.what());
    }
  }
  std::printf("%d cases, %d failed\n", run, failed);
  return run == 0 || failed != 0 ? 1 : 0;
}

}  // namespace

int main(int argc, char** argv) {
  std::string only;
  std::string golden = HOLDFAST_GOLDEN_DIR;
  int every = 1;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string option = argv[i];
    if (option == "--only") only = argv[i + 1];
    if (option == "--every") every = std::max(1, std::atoi(argv[i + 1]));
    if (option == "--golden") golden = argv[i + 1];
  }
  setenv("HOLDFAST_GOLDEN", golden.c_str(), 1);
  std::setvbuf(stdout, nullptr, _IOLBF, 0);  // what was found stays to be read, whatever happens next
  std::shared_ptr<holdfast::Device> device;
  try {
    device = holdfast::Device::cuda();
  } catch (const std::exception& error) {
    std::printf("SKIPPED, no GPU was tested: %s\n", error.what());
    return gpu_is_required() ? 1 : skipped;
  }
  std::printf("%s\n", device->description().c_str());
  const auto begin = std::chrono::steady_clock::now();
  holdfast::test::GpuCases cases = holdfast::test::kernel_cases();
  for (auto& test : holdfast::test::model_cases(golden)) cases.push_back(std::move(test));
  holdfast::Stream stream(device);
  const int result = run_all(cases, only, every, stream);
  std::printf("%.1f s\n", std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
  return result;
}
