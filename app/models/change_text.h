#pragma once

#include <QString>

namespace holdfast {

// A change as people read it: "+0.12", "-0.12", and "0.00" without a sign where that is what it rounds to. `digits`
// stand behind the decimal point of the person's language.
[[nodiscard]] QString changeText(double change, int digits);

}  // namespace holdfast
