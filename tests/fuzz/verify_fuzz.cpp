// A completion, a line end and an expected answer. Nothing may be thrown, and votes must count an answer for itself and
// the same in both orders.
#include <stdexcept>

#include "fuzz_entry.h"
#include "training/verify.h"
#include "training/written_steps.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace holdfast;
  return fuzz::run(data, size, [](std::span<const std::byte> bytes) {
    const std::string_view text = fuzz::text_of(bytes);
    const std::size_t line = text.rfind('\n');
    const std::string_view completion = text.substr(0, line);
    const std::string_view expected = line == std::string_view::npos ? text : text.substr(line + 1);
    const auto found = extract_answer(completion);
    (void)extract_answer(text, true);
    const std::string_view given = found ? std::string_view(found->text) : completion;
    (void)find_false_step(text);
    const bool same = same_answer(given, expected);
    if (same != same_answer(expected, given)) throw std::logic_error("the same in one order alone");
    if (same && !is_right(given, expected)) throw std::logic_error("the same, but not right");
  });
}
