// All GPU tests as one program without Qt:  gpu_tests [--only TEXT] [--skip TEXT] [--every N] [--from K]
// [--golden FOLDER].
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

// Of the cases whose names contain `only` and not `skip` each so-manieth from `from` on: sanitizers are slow, and the
// oracles take most of the time, so that several programs share the list.
struct Choice {
  std::string only, skip;
  int every = 1;
  int from = 0;
};

int run_all(const holdfast::test::GpuCases& cases, const Choice& choice, holdfast::Stream& stream) {
  const bool verbose = std::getenv("HOLDFAST_TEST_VERBOSE") != nullptr;
  int seen = 0;
  int run = 0;
  int failed = 0;
  for (const auto& test : cases) {
    if (test.name.find(choice.only) == std::string::npos) continue;
    if (!choice.skip.empty() && test.name.find(choice.skip) != std::string::npos) continue;
    if (seen++ % choice.every != choice.from) continue;
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
  Choice choice;
  std::string golden = HOLDFAST_GOLDEN_DIR;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string option = argv[i];
    if (option == "--only") choice.only = argv[i + 1];
    if (option == "--skip") choice.skip = argv[i + 1];
    if (option == "--every") choice.every = std::max(1, std::atoi(argv[i + 1]));
    if (option == "--from") choice.from = std::atoi(argv[i + 1]);
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
  const int result = run_all(cases, choice, stream);
  std::printf("%.1f s\n", std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
  return result;
}
