#include "app/formulas/formula_limits.h"

#include <algorithm>

namespace holdfast {
namespace {

// How much deeper it is behind a command.
int depth_change(QStringView command) {
  if (command == QLatin1String("left") || command == QLatin1String("begin")) return 1;
  return command == QLatin1String("right") || command == QLatin1String("end") ? -1 : 0;
}

}  // namespace

bool is_too_much_tex(QStringView tex) {
  if (tex.size() > longest_formula_tex) return true;
  int depth = 0;
  for (qsizetype at = 0; at < tex.size() && depth <= deepest_formula_tex; ++at) {
    if (tex[at] == QLatin1Char('\\')) {
      qsizetype end = ++at;
      while (end < tex.size() && tex[end].isLetter()) ++end;
      depth += depth_change(tex.sliced(at, end - at));
      if (end > at) at = end - 1;  // otherwise the command is one sign: \{ opens nothing
    } else if (tex[at] == QLatin1Char('{')) {
      ++depth;
    } else if (tex[at] == QLatin1Char('}')) {
      --depth;
    }
    depth = std::max(depth, 0);
  }
  return depth > deepest_formula_tex;
}

}  // namespace holdfast
