// From the tensors of a file to the canonical list: which names and shapes each layout has for each part of the model.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/checkpoint.h"
#include "engine/config.h"
#include "engine/gguf.h"
#include "engine/pickle.h"
#include "engine/safetensors.h"

namespace holdfast {

// One tensor as a file has it, shape in row-major order and in decoded columns.
struct SourceTensor {
  std::string name;
  WeightFormat format = WeightFormat::f32;
  Shape shape;
  std::span<const std::byte> bytes;
  std::string file;  // for messages
};

[[nodiscard]] std::vector<SourceTensor> source_tensors(const SafetensorsFile& file);
[[nodiscard]] std::vector<SourceTensor> source_tensors(const TorchArchive& archive, std::string_view label);
[[nodiscard]] std::vector<SourceTensor> source_tensors(const GgufFile& file);

// Key of a safetensors file's metadata that names the format of a U8 tensor of encoded rows, e.g. "q8_0".
[[nodiscard]] std::string stored_format_key(std::string_view stored_name);

// One tensor that a model of this config has.
struct WantedTensor {
  std::string canonical;
  std::string stored;     // the layout's name
  std::string alternate;  // another published name, or empty
  Shape shape;            // canonical
  Shape stored_shape;     // row-major
  bool matrix = false;    // multiplied with: may be quantised
};
// Every tensor of the model in canonical order, lm_head only when untied. Stops when `use` returns false.
void for_each_wanted(const Mamba2Config& config, CheckpointLayout layout,
                     const std::function<bool(const WantedTensor&)>& use);

// Takes what the model needs and refuses the rest: missing and doubled tensors, wrong shapes and formats, and tensors
// that no Mamba-2 model of this config has. Throws FormatError.
[[nodiscard]] std::vector<StoredTensor> canonical_tensors(const Mamba2Config& config, CheckpointLayout layout,
                                                          std::vector<SourceTensor> sources, std::string_view label);

}  // namespace holdfast
