// Snapshots of a session with a small model.
#include "engine/safetensors.h"
#include "engine/session.h"
#include "fuzz_entry.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace holdfast;
  return fuzz::run(data, size, [](std::span<const std::byte> bytes) {
    Mamba2Config config;
    config.d_model = 8;
    config.n_layer = 1;
    config.vocab_size = 16;
    config.n_heads = 2;
    config.head_dim = 8;
    config.d_state = 4;
    (void)Snapshot::read(SafetensorsFile::parse(bytes, "fuzz"), config);
  });
}
