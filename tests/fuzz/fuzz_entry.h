// What every fuzz target has in common: bytes in, and the one kind of error that bytes may cause. Anything else that is
// thrown (a broken contract, no memory, the library's own) ends the program and so is found.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "kernels/error.h"

namespace holdfast::fuzz {

template <class Read>
int run(const std::uint8_t* data, std::size_t size, const Read& read) {
  try {
    read(std::as_bytes(std::span(data, size)));
  } catch (const FormatError&) {  // NOLINT: refusing is the right answer
  }
  return 0;
}

inline std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace holdfast::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
