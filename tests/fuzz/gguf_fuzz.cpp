// The GGUF container: every value read in its own type, then the model in it.
#include "engine/checkpoint_config.h"
#include "engine/checkpoint_tensors.h"
#include "engine/gguf.h"
#include "fuzz_entry.h"

namespace {
void read_value(const holdfast::GgufFile& file, const holdfast::GgufFile::Value& value) {
  using holdfast::GgufType;
  if (value.is_array) {
    if (value.type == GgufType::string) {
      (void)file.strings(value.key);
    } else if (value.type != GgufType::boolean) {
      (void)file.floats(value.key);
    }
  } else if (value.type == GgufType::string) {
    (void)file.string(value.key);
  } else if (value.type == GgufType::boolean) {
    (void)file.boolean(value.key);
  } else {
    (void)file.number(value.key);
  }
}
}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace holdfast;
  return fuzz::run(data, size, [](std::span<const std::byte> bytes) {
    const GgufFile file = GgufFile::parse(bytes, "fuzz");
    for (const GgufFile::Value& value : file.values()) read_value(file, value);
    const Mamba2Config config = gguf_config(file);
    (void)canonical_tensors(config, CheckpointLayout::gguf, source_tensors(file), "fuzz");
  });
}
