// Whether a folder takes what is written: asked before something is begun that could not be kept.
#pragma once

#include <filesystem>
#include <string>

namespace holdfast {

// Writes a megabyte into the folder, to the disk, and removes it again. Empty: that went well; else what the system
// said, e.g. "No space left on device".
[[nodiscard]] std::string why_not_writable(const std::filesystem::path& folder);

}  // namespace holdfast
