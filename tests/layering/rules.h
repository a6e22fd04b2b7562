// The rule of the folders, as code: kernels <- engine <- training <- app, includes point left and never right.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace holdfast::layering {

// What `text`, the content of the source file `path` (relative to the repository, with slashes), does against the
// rules; one sentence each, "engine/model.h:3: ...". Files outside the four layers break none.
[[nodiscard]] std::vector<std::string> violations(std::string_view path, std::string_view text);

}  // namespace holdfast::layering
