// Rows of made problems. What is accepted must, written and read again, be written the same.
#include <stdexcept>

#include "fuzz_entry.h"
#include "training/made_problem.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace holdfast;
  return fuzz::run(data, size, [](std::span<const std::byte> bytes) {
    const std::string line = made_problem_line(parse_made_problem(fuzz::text_of(bytes), "fuzz"));
    if (made_problem_line(parse_made_problem(line, "written")) != line) throw std::logic_error("another line");
  });
}
