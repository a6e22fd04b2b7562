// How sizes of memory and of files are written, wherever a person reads them.
#pragma once

#include <string>

namespace holdfast {

// Bytes in powers of 1024 with three figures: "0 B", "29.3 MiB", "1.34 GiB". What is below zero is written as 0.
[[nodiscard]] std::string size_text(double bytes);

}  // namespace holdfast
