// The safetensors container, and the tensors of a checkpoint in it.
#include "engine/checkpoint_tensors.h"
#include "engine/safetensors.h"
#include "fuzz_entry.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace holdfast;
  return fuzz::run(data, size, [](std::span<const std::byte> bytes) {
    const SafetensorsFile file = SafetensorsFile::parse(bytes, "fuzz");
    (void)file.find("a");
    Mamba2Config config;
    config.d_model = 32;
    config.n_layer = 1;
    config.vocab_size = 16;
    config.n_heads = 2;
    config.head_dim = 32;
    config.d_state = 4;
    config.tied_embeddings = true;
    (void)canonical_tensors(config, CheckpointLayout::hugging_face, source_tensors(file), "fuzz");
  });
}
