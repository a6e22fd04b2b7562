#include <array>

#include "training/generators/catalogue.h"
#include "training/generators/tales.h"

namespace holdfast::generators {
std::span<const TaleTable> school_tables() { return {}; }
std::span<const Family> school_families() { return {}; }
}  // namespace holdfast::generators
