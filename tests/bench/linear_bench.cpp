// How fast linear() is, by weight format and shape, against what the machine can do at most:
//   linear_bench [--threads N] [--seconds S] [--format NAME] [--json]
// Few rows are bound by the bandwidth of memory, many by products, so each line gives both and their shares of the
// ceilings, which are measured again before each format. Quantised weights meet activations in two byte planes: their
// product ceiling is half of the byte dot products'. The result is checked before it is timed.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <random>
#include <string>
#include <vector>

#include "kernels/cpu/ceiling.h"
#include "kernels/cpu/linear_kernels.h"
#include "kernels/device.h"
#include "kernels/linear.h"

namespace {

using holdfast::Stream;
using holdfast::Weight;
using holdfast::WeightFormat;

struct Options {
  int threads = 0;
  double seconds = 0.5;  // of timing per line
  std::string format;    // empty: all
  bool json = false;
};

struct Shape {
  std::int64_t outputs, cols;
};
constexpr Shape shapes[] = {{3352, 768}, {768, 1536}, {8512, 2048}, {4096, 4096}};  // 130M, 1.3B, 7B
constexpr std::int64_t row_counts[] = {1, 4, 16, 512};

std::vector<float> normals(std::mt19937& engine, std::int64_t count) {
  std::normal_distribution<float> normal;
  std::vector<float> values(static_cast<std::size_t>(count));
  for (float& value : values) value = normal(engine);
  return values;
}

// Encoded rows: real ones where the format can be written, else random codes under the scales 0.01.
std::vector<std::byte> random_weights(std::mt19937& engine, WeightFormat format, const Shape& shape) {
  const std::size_t row_bytes = holdfast::encoded_row_bytes(format, shape.cols);
  std::vector<std::byte> encoded(row_bytes * static_cast<std::size_t>(shape.outputs));
  const auto block = holdfast::cpu::block_format(format);
  if (block.columns == 0) {
    for (std::size_t row = 0; row < encoded.size(); row += row_bytes) {
      holdfast::encode_row(format, normals(engine, shape.cols), encoded.data() + row);
    }
    return encoded;
  }
  for (std::byte& byte : encoded) byte = static_cast<std::byte>(engine() >> 24);
  const std::uint16_t scale = holdfast::cpu::f16_of_f32(0.01f);
  for (std::size_t at = static_cast<std::size_t>(block.d_at); at < encoded.size();
       at += static_cast<std::size_t>(block.bytes)) {
    std::memcpy(encoded.data() + at, &scale, 2);
    if (block.affine) std::memcpy(encoded.data() + at + 2, &scale, 2);
  }
  return encoded;
}

// The largest error of some results, relative to the size of their terms.
double worst_error(const Weight& w, const std::vector<float>& x, const std::vector<float>& y, std::int64_t rows) {
  double worst = 0;
  std::vector<float> row(static_cast<std::size_t>(w.cols()));
  for (std::int64_t i = 0; i < 40; ++i) {
    const std::int64_t m = i * 7 % rows;
    const std::int64_t n = w.rows() - 1 - i * 83 % w.rows();
    w.row(n, row);
    double want = 0, size = 1e-30;
    for (std::size_t k = 0; k < row.size(); ++k) {
      const double term =
          static_cast<double>(row[k]) * static_cast<double>(x[static_cast<std::size_t>(m * w.cols()) + k]);
      want += term;
      size += std::abs(term);
    }
    worst = std::max(worst, std::abs(static_cast<double>(y[static_cast<std::size_t>(m * w.rows() + n)]) - want) / size);
  }
  return worst;
}

double median_seconds(double budget, auto&& work) {
  std::vector<double> times;
  double total = 0;
  while (times.size() < 5 || (total < budget && times.size() < 2000)) {
    const auto begin = std::chrono::steady_clock::now();
    work();
    times.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
    total += times.back();
  }
  std::nth_element(times.begin(), times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2), times.end());
  return times[times.size() / 2];
}

double product_ceiling(const holdfast::cpu::Ceiling& ceiling, WeightFormat format, std::int64_t rows) {
  if (holdfast::block_columns(format) != 1) return ceiling.int8_ops / 2;
  const bool dots = format == WeightFormat::bf16 && rows > holdfast::cpu::few_rows && ceiling.bf16_flops > 0;
  return dots ? ceiling.bf16_flops : ceiling.f32_flops;
}

void bench_shape(Stream& stream, WeightFormat format, const Shape& shape, const Options& options) {
  std::mt19937 engine(1);
  const Weight w = Weight::pack(stream, "w", format, shape.outputs, shape.cols, random_weights(engine, format, shape));
  for (const std::int64_t rows : row_counts) {
    const holdfast::cpu::Ceiling ceiling = holdfast::cpu::measure_ceiling(stream.pool(), options.seconds / 4);
    const std::vector<float> x = normals(engine, rows * shape.cols);
    std::vector<float> y(static_cast<std::size_t>(rows * shape.outputs));
    const holdfast::LinearArgs args{holdfast::view_of(std::span(y), {rows, shape.outputs}),
                                    holdfast::view_of(std::span<const float>(x), {rows, shape.cols}),
                                    &w,
                                    {},
                                    false};
    holdfast::linear(stream, args);
    const double error = worst_error(w, x, y, rows);
    if (!(error < 0x1p-8)) throw std::runtime_error("a wrong product, relative error " + std::to_string(error));
    const double seconds = median_seconds(options.seconds, [&] { holdfast::linear(stream, args); });
    const double flops = 2.0 * static_cast<double>(rows * shape.outputs * shape.cols) / seconds;
    const double bytes = static_cast<double>(w.bytes()) / seconds;
    const double most = product_ceiling(ceiling, format, rows);
    const double share = most > 0 ? flops / most : 0;  // 0: no instruction to compare with
    const auto of = [](std::int64_t value) { return static_cast<long long>(value); };
    std::printf(options.json
                    ? "{\"format\": \"%s\", \"rows\": %lld, \"outputs\": %lld, \"cols\": %lld, \"seconds\": %.3g, "
                      "\"flops\": %.4g, \"flops_share\": %.3f, \"bytes_per_second\": %.4g, \"bandwidth_share\": %.3f}\n"
                    : "%-5s M %-4lld N %-5lld K %-5lld %9.3g s  %7.1f GFLOP/s %4.0f %%  %6.1f GB/s %4.0f %%\n",
                holdfast::name(format).data(), of(rows), of(shape.outputs), of(shape.cols), seconds,
                flops / (options.json ? 1 : 1e9), share * (options.json ? 1 : 100), bytes / (options.json ? 1 : 1e9),
                bytes / ceiling.read_bytes * (options.json ? 1 : 100));
    std::fflush(stdout);
  }
}

Options parse(int count, char** arguments) {
  Options options;
  for (int i = 1; i < count; ++i) {
    const std::string name = arguments[i];
    const auto value = [&] {
      if (++i >= count) throw std::runtime_error(name + ": a value is missing");
      return std::string(arguments[i]);
    };
    if (name == "--json")
      options.json = true;
    else if (name == "--threads")
      options.threads = std::stoi(value());
    else if (name == "--seconds")
      options.seconds = std::stod(value());
    else if (name == "--format")
      options.format = value();
    else
      throw std::runtime_error(name + ": not an option");
  }
  return options;
}

void run(const Options& options) {
  Stream stream(holdfast::Device::cpu(), options.threads);
  const holdfast::cpu::Ceiling ceiling = holdfast::cpu::measure_ceiling(stream.pool(), 1.0);
  if (!options.json) {
    std::printf("%s, %d threads, %s; at most %.0f f32, %.0f bf16, %.0f byte GFLOP/s, %.1f GB/s\n",
                stream.device()->description().c_str(), stream.pool().threads(),
                holdfast::cpu::best_linear_kernels().name.data(), ceiling.f32_flops / 1e9, ceiling.bf16_flops / 1e9,
                ceiling.int8_ops / 1e9, ceiling.read_bytes / 1e9);
  }
  for (int i = 0; i <= static_cast<int>(WeightFormat::q6_k); ++i) {
    const auto format = static_cast<WeightFormat>(i);
    if (!options.format.empty() && options.format != holdfast::name(format)) continue;
    for (const Shape& shape : shapes) bench_shape(stream, format, shape, options);
  }
}

}  // namespace

int main(int count, char** arguments) {
  try {
    run(parse(count, arguments));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "linear_bench: %s\n", error.what());
    return 1;
  }
  return 0;
}
