// Figures of training's operations at the shapes they are meant for, beside the floors of bytes and operations.
#pragma once

#include <functional>

#include "kernels/device.h"

namespace holdfast::test {

// Median seconds of one run of `work`.
using TrainTimer = std::function<double(Stream&, const std::function<void()>& work)>;

void bench_training(Stream& stream, const TrainTimer& timer, double bytes_per_second, double operations_per_second);
// Each operation once, for a profiler.
void trace_training(Stream& stream);

}  // namespace holdfast::test
