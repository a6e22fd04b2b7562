// Weights packed for the GPU, against decode_row; products against the sum in double.
//
// Faults planted in kernels/cuda and seen to fail here: listed in tests/gpu/README.md.
#include <cmath>
#include <cstring>
#include <string>

#include "kernels/error.h"
#include "kernels/linear.h"
#include "tests/gpu/cases.h"
#include "tests/gpu/gpu_floats.h"
#include "tests/oracle/linear.h"
#include "tests/support/data.h"

namespace holdfast::test {
namespace {

constexpr WeightFormat all_formats[] = {WeightFormat::f32,  WeightFormat::f16,  WeightFormat::bf16, WeightFormat::q8_0,
                                        WeightFormat::q4_0, WeightFormat::q4_1, WeightFormat::q5_0, WeightFormat::q5_1,
                                        WeightFormat::q2_k, WeightFormat::q3_k, WeightFormat::q4_k, WeightFormat::q5_k,
                                        WeightFormat::q6_k};

// Random bytes are valid blocks of every format once its f16 scales are small numbers.
std::vector<std::byte> random_encoded(WeightFormat format, std::int64_t rows, std::int64_t cols, Random& random) {
  const std::size_t row_bytes = encoded_row_bytes(format, cols);
  std::vector<std::byte> bytes(static_cast<std::size_t>(rows) * row_bytes);
  if (block_columns(format) == 1) {
    for (std::int64_t r = 0; r < rows; ++r) {
      encode_row(format, random.normals(cols, 0.5), bytes.data() + static_cast<std::size_t>(r) * row_bytes);
    }
    return bytes;
  }
  for (std::byte& byte : bytes) byte = static_cast<std::byte>(random.below(256));
  const std::size_t block = block_bytes(format);
  std::size_t scale = 0;
  if (format == WeightFormat::q2_k) scale = 80;
  if (format == WeightFormat::q3_k) scale = 108;
  if (format == WeightFormat::q6_k) scale = 208;
  const bool affine = format == WeightFormat::q4_1 || format == WeightFormat::q5_1 || format == WeightFormat::q2_k ||
                      format == WeightFormat::q4_k || format == WeightFormat::q5_k;
  for (std::size_t at = 0; at < bytes.size(); at += block) {
    for (std::size_t half = 0; half < (affine ? 2U : 1U); ++half) {
      const auto bits = static_cast<std::uint16_t>((random.below(2) << 15) | (8 + random.below(3)) << 10 |
                                                   random.below(1024));  // +-2^-7 to 2^-4
      std::memcpy(bytes.data() + at + scale + 2 * half, &bits, 2);
    }
  }
  return bytes;
}

std::vector<float> decoded(WeightFormat format, const std::vector<std::byte>& encoded, std::int64_t rows,
                           std::int64_t cols) {
  std::vector<float> values(static_cast<std::size_t>(rows * cols));
  for (std::int64_t r = 0; r < rows; ++r) {
    decode_row(format, encoded.data() + static_cast<std::size_t>(r) * encoded_row_bytes(format, cols),
               std::span(values).subspan(static_cast<std::size_t>(r * cols), static_cast<std::size_t>(cols)));
  }
  return values;
}

Tensor ids_on(Stream& stream, const std::vector<std::int32_t>& ids) {
  Tensor tensor(stream.device(), DType::i32, Shape{std::ssize(ids)});
  stream.copy(tensor.view(), {ids.data(), DType::i32, tensor.shape(), DeviceKind::cpu});
  stream.synchronize();
  return tensor;
}

void embedding_is_exact(Stream& stream, WeightFormat format, std::int64_t cols) {
  Random random(17);
  const std::int64_t rows = 37;
  const std::vector<std::byte> encoded = random_encoded(format, rows, cols, random);
  const std::vector<float> want = decoded(format, encoded, rows, cols);
  const Weight table = Weight::pack(stream, "table", format, rows, cols, encoded);
  verify(table.bytes() == Weight::packed_bytes(DeviceKind::cuda, format, rows, cols), "packed_bytes is what is taken");
  const std::vector<std::int32_t> ids{36, 0, 5, 5, 17, 35};
  const Tensor on = ids_on(stream, ids);
  std::vector<float> picked;
  for (const std::int32_t id : ids)
    picked.insert(picked.end(), want.begin() + id * cols, want.begin() + (id + 1) * cols);
  for (const std::int64_t misalign : {0, 1}) {
    GpuFloats y(stream, std::ssize(ids) * cols, misalign);
    embedding(stream, {.y = y.view(Shape{std::ssize(ids), cols}), .ids = on.view(), .table = &table});
    verify(compare_bitwise(y.values(), picked), "embedding");
    verify(y.intact(), "embedding: y");
  }
}

void embedding_refuses_a_bad_id(Stream& stream) {
  Random random(1);
  const Weight table =
      Weight::pack(stream, "table", WeightFormat::f32, 4, 8, random_encoded(WeightFormat::f32, 4, 8, random));
  for (const std::int32_t bad : {4, -1, 1 << 30}) {
    const Tensor ids = ids_on(stream, {1, bad});
    GpuFloats y(stream, 16);
    embedding(stream, {.y = y.view(Shape{2, 8}), .ids = ids.view(), .table = &table});
    bool thrown = false;
    try {
      stream.synchronize();
    } catch (const ArgumentError& error) {
      thrown = std::string(error.what()).find(std::to_string(bad)) != std::string::npos;
    }
    verify(thrown, "an id outside the table must be named");
  }
}

struct LinearShape {
  std::int64_t rows, outputs, cols;
};

// Rounding of products: in long calls x and a decoded weight go to bf16 (2^-8 at most each; a half unit of eight bits),
// in calls of 2 to 32 rows with a bf16 weight x goes to two bf16 parts; sums stay f32.
double product_error(WeightFormat format, std::int64_t rows, std::int64_t cols) {
  const double sums = static_cast<double>(cols + 8) * 0x1p-24;
  const bool quantised = block_columns(format) > 1;
  const bool few = rows <= (quantised ? 16 : 1);
  if (format == WeightFormat::bf16 && rows > 1 && rows <= 32) return 2.0 * sums + 0x1p-16;
  // 4-bit and 8-bit codes have their offset taken off exactly, so that few rows are f32 throughout.
  if (few || format == WeightFormat::f32 || format == WeightFormat::f16) return sums;
  return sums + (quantised ? 0x1p-7 : 0x1p-8) * 1.01;
}

void linear_agrees(Stream& stream, WeightFormat format, const LinearShape& s, bool bias, bool accumulate) {
  Random random(23);
  const std::vector<std::byte> encoded = random_encoded(format, s.outputs, s.cols, random);
  const std::vector<float> w = decoded(format, encoded, s.outputs, s.cols);
  const std::vector<float> x = random.normals(s.rows * s.cols);
  const std::vector<float> b = bias ? random.normals(s.outputs) : std::vector<float>();
  const std::vector<float> old = accumulate ? random.normals(s.rows * s.outputs) : std::vector<float>();
  const oracle::LinearResult want = oracle::linear(x, w, b, old, s.rows, s.outputs, s.cols);
  std::vector<double> allowed;
  // One row times a quantised weight: x in 16 bits on a grid that the largest of 16 or 32 columns sets.
  const double grid = s.rows == 1 && block_columns(format) > 1 ? 0.505 / 32512.0 : 0.0;
  for (std::size_t i = 0; i < want.y.size(); ++i) {
    allowed.push_back(want.terms[i] * product_error(format, s.rows, s.cols) + want.grid[i] * grid + 1e-30);
  }
  const Weight weight = Weight::pack(stream, "w", format, s.outputs, s.cols, encoded);
  GpuFloats x_on(stream, x, s.cols % 4 == 0 && s.outputs % 2 == 0 ? 0 : 1);
  GpuFloats b_on(stream, b, 1);
  GpuFloats y = accumulate ? GpuFloats(stream, old, 4) : GpuFloats(stream, s.rows * s.outputs, 4);
  LinearArgs args{
      .y = y.view(Shape{s.rows, s.outputs}), .x = x_on.view(Shape{s.rows, s.cols}), .w = &weight, .bias = {}};
  if (bias) args.bias = b_on.view(Shape{s.outputs});
  args.accumulate = accumulate;
  linear(stream, args);
  const std::vector<float> got = y.values();
  verify(compare(got, want.y, allowed), "linear");
  verify(y.intact(), "linear: y");
  if (accumulate) return;
  linear(stream, args);
  verify(compare_bitwise(y.values(), got), "the same product twice");
}

}  // namespace

void add_weight_cases(GpuCases& cases) {
  for (const WeightFormat format : all_formats) {
    const std::int64_t block = block_columns(format);
    for (const std::int64_t cols :
         block == 1 ? std::vector<std::int64_t>{1, 7, 8, 12, 40, 1027} : std::vector<std::int64_t>{block, 5 * block}) {
      cases.push_back({"embedding of " + std::string(name(format)) + ", " + std::to_string(cols) + " columns, is exact",
                       [=](Stream& stream) { embedding_is_exact(stream, format, cols); }});
    }
  }
  cases.push_back({"embedding names an id outside the table", embedding_refuses_a_bad_id});
}

void add_linear_cases(GpuCases& cases) {
  for (const WeightFormat format : all_formats) {
    const std::int64_t block = block_columns(format);
    std::vector<LinearShape> shapes;
    for (const std::int64_t rows : {1, 3, 4, 9, 17, 70}) {
      shapes.push_back({rows, 24, block == 1 ? 40 : 2 * block});
      shapes.push_back({rows, 67, block == 1 ? 37 : 3 * block});
    }
    shapes.push_back({1, 1, block});
    shapes.push_back({1, 300, 1536});
    shapes.push_back({1, 1340, 768});
    shapes.push_back({1, 520, 4096});
    shapes.push_back({1, 136, 8192});
    const bool in_tiles = format == WeightFormat::q8_0 || format == WeightFormat::q4_0 ||
                          format == WeightFormat::q4_1 || format == WeightFormat::q4_k || format == WeightFormat::q6_k;
    if (in_tiles) {  // rows enough for every multiprocessor's tiles
      shapes.push_back({1, 1818, 5120});
      shapes.push_back({1, 34002, 768});
      shapes.push_back({1, 3600, 8192});
    }
    shapes.push_back({5, 130, 768});
    shapes.push_back({130, 257, 768});
    for (const LinearShape& s : shapes) {
      const std::string where = "linear " + std::string(name(format)) + " (" + std::to_string(s.rows) + ", " +
                                std::to_string(s.cols) + ") to " + std::to_string(s.outputs);
      cases.push_back({where, [=](Stream& stream) { linear_agrees(stream, format, s, false, false); }});
      cases.push_back({where + " + bias + y", [=](Stream& stream) { linear_agrees(stream, format, s, true, true); }});
    }
  }
}

}  // namespace holdfast::test
