// Words for what is known of a message.
#pragma once

#include <QString>

#include "app/store/rows.h"

namespace holdfast {

[[nodiscard]] QString duration_text(double seconds);
[[nodiscard]] QString end_text(const NodeRow& node);  // how its text ended; empty: by itself
// Hours and minutes, and the day where it is another one.
[[nodiscard]] QString when_text(Milliseconds time);

}  // namespace holdfast
