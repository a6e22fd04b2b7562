// "3" or "2-4" on the command line.
#pragma once

#include <string>

namespace holdfast::cli {

struct LevelRange {
  int least = 1, most = 1;
};

// Within [least, most]. Throws UsageError naming the option.
[[nodiscard]] LevelRange number_range(const std::string& text, const std::string& option, int least, int most);
[[nodiscard]] LevelRange level_range(const std::string& text, const std::string& option);  // 1 to 5

}  // namespace holdfast::cli
