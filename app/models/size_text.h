#pragma once

#include <QString>

namespace holdfast {

// kernels/size_text.h with the decimal point of the person's language: "29.3 MiB", "29,3 MiB".
[[nodiscard]] QString sizeText(double bytes);

}  // namespace holdfast
