// The three kinds of config files. What is accepted must be within bounds and, written again, read as the same.
#include <stdexcept>

#include "engine/checkpoint_config.h"
#include "engine/json.h"
#include "fuzz_entry.h"

namespace {
void check_written(const holdfast::Mamba2Config& config) {
  using namespace holdfast;
  config.validate();
  const Json json = parse_json(hugging_face_config_text(config, "float32"), "written");
  if (!(hugging_face_config(JsonObject(json, "written")) == config)) throw std::logic_error("reads as another config");
}
}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace holdfast;
  using Reader = Mamba2Config (*)(const JsonObject&);
  for (const Reader reader : {&hugging_face_config, &mamba_ssm_config, &mistral_config}) {
    fuzz::run(data, size, [&](std::span<const std::byte> bytes) {
      const Json json = parse_json(fuzz::text_of(bytes), "fuzz");
      check_written(reader(JsonObject(json, "fuzz")));
    });
  }
  return fuzz::run(data, size, [](std::span<const std::byte> bytes) {
    const Json json = parse_json(fuzz::text_of(bytes), "fuzz");
    (void)config_dialect(JsonObject(json, "fuzz"));
  });
}
