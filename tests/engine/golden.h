// The golden files of tests/golden: what the double-precision reference computed for each checkpoint.
#pragma once

#include <cstring>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "engine/safetensors.h"
#include "engine/token.h"

namespace holdfast::test {

// Where they are: a program that was built elsewhere is told by HOLDFAST_GOLDEN.
inline std::filesystem::path golden_path(std::string_view name) {
  const char* told = std::getenv("HOLDFAST_GOLDEN");
  return std::filesystem::path(told != nullptr ? told : HOLDFAST_GOLDEN_DIR) / name;
}

// One golden.safetensors.
class Golden {
 public:
  explicit Golden(std::string_view model) : file_(SafetensorsFile::open(golden_path(model) / "golden.safetensors")) {}

  [[nodiscard]] std::vector<float> floats(std::string_view name) const {
    const SafetensorsTensor& tensor = file_.get(name);
    std::vector<float> values(tensor.bytes.size() / sizeof(float));
    std::memcpy(values.data(), tensor.bytes.data(), tensor.bytes.size());
    return values;
  }
  [[nodiscard]] std::vector<TokenId> ids(std::string_view name) const {
    const SafetensorsTensor& tensor = file_.get(name);
    std::vector<std::int64_t> values(tensor.bytes.size() / sizeof(std::int64_t));
    std::memcpy(values.data(), tensor.bytes.data(), tensor.bytes.size());
    return {values.begin(), values.end()};
  }
  // (L, C, K) with K columns in the file to the last K-1, which are what a step needs.
  [[nodiscard]] std::vector<float> conv_state() const {
    const std::vector<float> all = floats("conv_state");
    const auto k = static_cast<std::size_t>(file_.get("conv_state").shape[2]);
    std::vector<float> last;
    for (std::size_t row = 0; row < all.size() / k; ++row) {
      last.insert(last.end(), all.begin() + static_cast<std::ptrdiff_t>(row * k + 1),
                  all.begin() + static_cast<std::ptrdiff_t>((row + 1) * k));
    }
    return last;
  }

 private:
  SafetensorsFile file_;
};

}  // namespace holdfast::test
