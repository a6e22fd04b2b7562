// A model as a Checkpoint that was never a file: what training made, or a model before training.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "engine/checkpoint.h"
#include "engine/config.h"

namespace holdfast {

// Values of some tensors of a model; canonical names.
struct NewTensor {
  std::string name;
  std::vector<float> values;
};

// `base` with some tensors replaced, in f32; the others stay the base's, in its format. A checkpoint that holds A
// (GGUF) may be given A_log: it then has that in place of A. `path`: where it says that it is; empty: where the base
// is. Throws ArgumentError for a name or a size that the model has not.
[[nodiscard]] std::shared_ptr<const Checkpoint> checkpoint_with(std::shared_ptr<const Checkpoint> base,
                                                                std::vector<NewTensor> tensors,
                                                                std::filesystem::path path = {});

// Every tensor given. Throws ArgumentError when one is missing.
[[nodiscard]] std::shared_ptr<const Checkpoint> checkpoint_of(const Mamba2Config& config,
                                                              std::vector<NewTensor> tensors,
                                                              const TokenizerSource& tokenizer);

// A model that knows nothing, initialised as mamba_ssm's Mamba2 and MambaLMHeadModel are: embedding N(0, 0.02);
// matrices and the convolution uniform in +-1/sqrt(inputs), out_proj divided by sqrt(layers); A uniform in [1, 16], dt
// log-uniform in [0.001, 0.1] and at least 0.0001; D and norms 1; linear biases 0. The same seed gives the same bits on
// every machine.
[[nodiscard]] std::shared_ptr<const Checkpoint> initial_model(const Mamba2Config& config, std::uint64_t seed,
                                                              const TokenizerSource& tokenizer = {});

// All values of a stored tensor as f32. Throws FormatError for one that is not finite.
[[nodiscard]] std::vector<float> decode(const StoredTensor& tensor);
// A_log of a layer, from A where that is what is stored.
[[nodiscard]] std::vector<float> decode_a_log(const Checkpoint& checkpoint, std::int64_t layer);

}  // namespace holdfast
