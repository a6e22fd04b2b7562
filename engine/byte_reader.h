// Reading little-endian numbers out of bytes from outside, without ever leaving them.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

#include "kernels/error.h"

namespace holdfast {

static_assert(std::endian::native == std::endian::little, "checkpoint files are read as little-endian");

// A name from a file as messages show it: at most 120 bytes, control characters as '?'.
[[nodiscard]] inline std::string printable(std::string_view text) {
  constexpr std::size_t most = 120;
  std::string shown(text.substr(0, most));
  for (char& c : shown) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  }
  return text.size() > most ? shown + "..." : shown;
}

// A position in a span. Each step that would leave the span throws FormatError "<label>: cut short in <what>".
class ByteReader {
 public:
  ByteReader(std::span<const std::byte> bytes, std::string_view label) : bytes_(bytes), label_(label) {}

  [[nodiscard]] std::size_t position() const noexcept { return position_; }
  [[nodiscard]] std::size_t left() const noexcept { return bytes_.size() - position_; }

  template <class T>
  [[nodiscard]] T number(std::string_view what) {
    T value;
    std::memcpy(&value, take(sizeof(T), what).data(), sizeof(T));
    return value;
  }
  [[nodiscard]] std::span<const std::byte> take(std::uint64_t count, std::string_view what) {
    if (count > left()) {
      throw FormatError(std::string(label_) + ": cut short in " + std::string(what) + " at byte " +
                        std::to_string(position_) + " (" + std::to_string(count) + " bytes wanted, " +
                        std::to_string(left()) + " left)");
    }
    const auto part = bytes_.subspan(position_, static_cast<std::size_t>(count));
    position_ += part.size();
    return part;
  }
  [[nodiscard]] std::string_view text(std::uint64_t count, std::string_view what) {
    const auto part = take(count, what);
    return {reinterpret_cast<const char*>(part.data()), part.size()};
  }

 private:
  std::span<const std::byte> bytes_;
  std::string_view label_;
  std::size_t position_ = 0;
};

}  // namespace holdfast
