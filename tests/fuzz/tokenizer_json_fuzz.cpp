// tokenizer.json, and a short text through whatever tokenizer it describes.
#include "engine/tokenizer_load.h"
#include "fuzz_entry.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace holdfast;
  return fuzz::run(data, size, [](std::span<const std::byte> bytes) {
    const auto tokenizer = make_tokenizer_json(fuzz::text_of(bytes), "fuzz");
    const auto ids = tokenizer->encode("Hello  world, it's 12.5 <x>\n\n\xc3\xa9\xff", true);
    (void)tokenizer->decode(ids, false);
    for (const TokenId id : {-1, 0, 1, 1 << 20}) {
      (void)tokenizer->bytes(id);
      (void)tokenizer->piece(id);
    }
  });
}
