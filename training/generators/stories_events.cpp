#include "training/generators/tales.h"
namespace holdfast::generators {
std::span<const TaleTable> event_tables() { return {}; }
}  // namespace holdfast::generators
