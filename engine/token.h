// The type of a token id, and of text's smallest piece.
#pragma once

#include <cstdint>

namespace holdfast {

using TokenId = std::int32_t;

}  // namespace holdfast
