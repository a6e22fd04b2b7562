// Runs a fuzz target without libFuzzer: every seed of a folder, then mutations of the seeds from a fixed random
// sequence, so that each run does the same. `<target> FOLDER [mutations per seed]`.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <vector>

#include "fuzz_entry.h"

namespace {
using Bytes = std::vector<std::uint8_t>;

std::vector<Bytes> read_seeds(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  std::vector<Bytes> seeds;
  for (const auto& file : files) {
    std::ifstream stream(file, std::ios::binary);
    seeds.emplace_back(std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>());
  }
  return seeds;
}

class Mutator {
 public:
  void mutate(Bytes& bytes, const std::vector<Bytes>& seeds) {
    for (std::size_t count = 1 + below(4); count > 0; --count) {
      if (bytes.empty()) bytes.push_back(0);
      switch (below(6)) {
        case 0: bytes[below(bytes.size())] ^= static_cast<std::uint8_t>(1u << below(8)); break;
        case 1: bytes[below(bytes.size())] = static_cast<std::uint8_t>(below(256)); break;
        case 2: bytes.resize(below(bytes.size()) + 1); break;
        case 3: write_number(bytes); break;
        case 4: insert_part(bytes, bytes); break;
        default: insert_part(bytes, seeds[below(seeds.size())]); break;
      }
    }
  }

 private:
  std::size_t below(std::size_t limit) { return static_cast<std::size_t>(random_() % limit); }
  // Numbers at which sizes and offsets go wrong, over 1, 2, 4 or 8 bytes.
  void write_number(Bytes& bytes) {
    constexpr std::array<std::uint64_t, 8> numbers{
        0, 1, 0x7f, 0xff, 0x7fffffff, 0xffffffff, 0x7fffffffffffffff, 0xffffffffffffffff};
    std::uint64_t number = numbers[below(numbers.size())];
    const std::size_t at = below(bytes.size());
    for (std::size_t i = at; i < std::min(bytes.size(), at + (std::size_t{1} << below(4))); ++i, number >>= 8) {
      bytes[i] = static_cast<std::uint8_t>(number & 0xff);
    }
  }
  void insert_part(Bytes& bytes, const Bytes& from) {
    if (from.empty()) return;
    const std::size_t begin = below(from.size());
    const std::size_t count = std::min(from.size() - begin, 1 + below(64));
    const Bytes part(from.begin() + static_cast<std::ptrdiff_t>(begin),
                     from.begin() + static_cast<std::ptrdiff_t>(begin + count));
    bytes.insert(bytes.begin() + static_cast<std::ptrdiff_t>(below(bytes.size())), part.begin(), part.end());
  }
  std::mt19937_64 random_{20240521};
};
}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: %s FOLDER [mutations per seed]\n", argv[0]);
    return 2;
  }
  const std::vector<Bytes> seeds = read_seeds(argv[1]);
  if (seeds.empty()) {
    std::fprintf(stderr, "%s: no seeds\n", argv[1]);
    return 1;
  }
  const long mutations = argc > 2 ? std::atol(argv[2]) : 2000;
  Mutator mutator;
  auto slowest = std::chrono::steady_clock::duration::zero();
  long runs = 0;
  for (const Bytes& seed : seeds) {
    LLVMFuzzerTestOneInput(seed.data(), seed.size());
    for (long i = 0; i < mutations; ++i, ++runs) {
      Bytes bytes = seed;
      mutator.mutate(bytes, seeds);
      const auto start = std::chrono::steady_clock::now();
      LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
      slowest = std::max(slowest, std::chrono::steady_clock::now() - start);
    }
  }
  std::printf("%zu seeds, %ld mutations, the slowest took %.1f ms\n", seeds.size(), runs,
              std::chrono::duration<double, std::milli>(slowest).count());
  return 0;
}
