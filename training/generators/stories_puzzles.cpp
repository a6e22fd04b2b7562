#include "training/generators/tales.h"
namespace holdfast::generators {
std::span<const TaleTable> puzzle_tables() { return {}; }
}  // namespace holdfast::generators
