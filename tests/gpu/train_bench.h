// Figures of training's operations at the shapes they are meant for, beside the floors of bytes and operations.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "kernels/device.h"
#include "kernels/weight.h"

namespace holdfast::test {

// Median seconds of one run of `work`.
using TrainTimer = std::function<double(Stream&, const std::function<void()>& work)>;

void bench_training(Stream& stream, const TrainTimer& timer, double bytes_per_second, double operations_per_second);
// Whole steps of adapters (rank 16, in_proj and out_proj) over random weights of the 7B shape, stored as `format`: one
// sequence of 4096 tokens, in bf16.
void bench_adapters(Stream& stream, WeightFormat format, double operations_per_second);
// Whole steps of all weights of a shape (engine/shape.h), in bf16, with what memory they were said to take and took.
// gibibytes: what they may take; 0: all that is free.
void bench_full_steps(Stream& stream, const std::string& shape, std::int64_t tokens, std::int64_t sequences,
                      double operations_per_second, double gibibytes = 0.0);
// Each operation once, for a profiler.
void trace_training(Stream& stream);

}  // namespace holdfast::test
