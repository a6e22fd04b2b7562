#include "app/cli/level_range.h"

#include <charconv>

#include "app/cli/command.h"
#include "training/problem.h"

namespace holdfast::cli {

LevelRange number_range(const std::string& text, const std::string& option, int least, int most) {
  LevelRange range;
  const char* end = text.data() + text.size();
  const auto first = std::from_chars(text.data(), end, range.least);
  range.most = range.least;
  auto last = first.ptr;
  if (first.ec == std::errc{} && last != end && *last == '-') last = std::from_chars(last + 1, end, range.most).ptr;
  if (first.ec != std::errc{} || last != end || range.least < least || range.most > most || range.least > range.most) {
    throw UsageError(option + ": \"" + text + "\", want one from " + std::to_string(least) + " to " +
                     std::to_string(most) + ", or a range as " + std::to_string(least + 1) + "-" +
                     std::to_string(least + 3));
  }
  return range;
}

LevelRange level_range(const std::string& text, const std::string& option) {
  return number_range(text, option, easiest_level, hardest_level);
}

}  // namespace holdfast::cli
