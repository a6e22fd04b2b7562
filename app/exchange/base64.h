// Bytes as text that JSON can carry (RFC 4648, with padding).
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast {

[[nodiscard]] std::string to_base64(std::span<const std::byte> bytes);
// Nothing for text that to_base64 did not write.
[[nodiscard]] std::optional<std::vector<std::byte>> from_base64(std::string_view text);

}  // namespace holdfast
