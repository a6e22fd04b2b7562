// Files with conversations as sessions: ours (session_lines), and training rows as they are published (messages,
// ShareGPT, prompt and completion, Alpaca), one a line or all in one JSON list.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "app/store/rows.h"

namespace holdfast {

inline constexpr std::size_t longest_import_bytes = std::size_t{512} << 20;

// Everything is checked before anything is returned, so that a file is taken whole or not at all. Throws FormatError
// "file:12: what, the value, the rule" with the number of the line.
[[nodiscard]] std::vector<WholeSession> parse_sessions(std::string_view text, std::string_view label);

// The file named by its last part in messages. Throws IoError, FormatError.
[[nodiscard]] std::vector<WholeSession> read_sessions(const std::filesystem::path& file);

}  // namespace holdfast
