// Files of random weights in a given shape, for benchmarks beside other programs.
#pragma once

#include <cstdint>
#include <filesystem>

#include "engine/config.h"
#include "engine/convert.h"

namespace holdfast {

// A GGUF with weights from N(0, 0.02), A and dt_bias as Mamba-2 initialises them (A uniform in [1, 16],
// softplus(dt_bias) log-uniform in [0.001, 0.1]) and tokens "t0", "t1", ... The same seed gives the same file. Nothing
// large is kept in memory. Throws IoError; FormatError for a config that GGUF cannot express.
void write_random_gguf(const std::filesystem::path& file, const Mamba2Config& config, ConvertDType dtype,
                       std::uint64_t seed);

}  // namespace holdfast
