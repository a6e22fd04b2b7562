#include "engine/weights.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <random>
#include <string>
#include <utility>

#include "kernels/cpu/thread_pool.h"
#include "kernels/error.h"
#include "kernels/size_text.h"

namespace holdfast {
namespace {

struct LoadDTypeName {
  LoadDType dtype;
  std::string_view name;
};
constexpr std::array load_dtype_names{LoadDTypeName{LoadDType::stored, "stored"}, LoadDTypeName{LoadDType::f32, "f32"},
                                      LoadDTypeName{LoadDType::bf16, "bf16"}, LoadDTypeName{LoadDType::q8, "q8"},
                                      LoadDTypeName{LoadDType::q4, "q4"}};

std::string layer_name(std::int64_t layer, std::string_view what) {
  return "layers." + std::to_string(layer) + "." + std::string(what);
}

// The matrices that are multiplied, which is where the memory goes; everything else is f32.
struct MatrixShape {
  std::int64_t rows, cols;
};

std::vector<MatrixShape> matrix_shapes(const Mamba2Config& c) {
  std::vector<MatrixShape> shapes{{c.vocab_size, c.d_model}};
  if (!c.tied_embeddings) shapes.push_back({c.vocab_size, c.d_model});
  for (std::int64_t i = 0; i < c.n_layer; ++i) {
    shapes.push_back({c.in_proj_rows(), c.d_model});
    shapes.push_back({c.d_model, c.d_inner()});
  }
  return shapes;
}

std::size_t vector_bytes(const Mamba2Config& c) {
  const std::int64_t layer = c.d_model + c.conv_dim() * (c.d_conv + (c.conv_bias ? 1 : 0)) + 3 * c.n_heads +
                             c.d_inner() + (c.linear_bias ? c.in_proj_rows() + c.d_model : 0);
  return static_cast<std::size_t>(c.n_layer * layer + c.d_model) * sizeof(float);
}

void check_room(const Checkpoint& checkpoint, LoadDType dtype, const Device& device) {
  const std::size_t need = weight_bytes(device.kind(), checkpoint, dtype);
  const std::size_t have = device.memory().free;
  if (need <= have) return;
  std::string advice = "no smaller format fits either";
  for (const LoadDType smaller : {LoadDType::bf16, LoadDType::q8, LoadDType::q4}) {
    const std::size_t bytes = weight_bytes(device.kind(), checkpoint, smaller);
    if (bytes <= have) {
      advice = std::string(name(smaller)) + " needs " + size_text(static_cast<double>(bytes));
      break;
    }
  }
  if (device.kind() == DeviceKind::cuda) advice += ", and the CPU may have room";
  throw DeviceError(checkpoint.path().string() + ": the weights need " + size_text(static_cast<double>(need)) + ", " +
                    size_text(static_cast<double>(have)) + " of " +
                    (device.kind() == DeviceKind::cuda ? "the GPU's " : "") + "memory are free; " + advice);
}

// One block for all weights, with room for the rounding up of each tensor's size.
std::shared_ptr<Device> weight_arena(const Stream& stream, std::size_t bytes, const Mamba2Config& config) {
  constexpr std::size_t tensors_per_layer = 11;
  return Device::arena(stream.device(),
                       bytes + (static_cast<std::size_t>(config.n_layer) * tensors_per_layer + 3) * 256);
}

// Reads a checkpoint's tensors one by one onto the device.
class WeightReader {
 public:
  WeightReader(Stream& stream, const Checkpoint& checkpoint, LoadDType dtype,
               const std::function<void(double)>& progress)
      : stream_(stream),
        memory_(weight_arena(stream, weight_bytes(stream.kind(), checkpoint, dtype), checkpoint.config())),
        checkpoint_(checkpoint),
        dtype_(dtype),
        progress_(progress) {}

  Weight matrix(std::string_view canonical) {
    const StoredTensor& stored = checkpoint_.get(canonical);
    const std::int64_t rows = stored.shape[0];
    const std::int64_t cols = stored.shape[1];
    const WeightFormat format = memory_format(dtype_, stored.format, rows, cols);
    WeightBuilder builder(stream_, stored.stored_name, format, rows, cols, memory_);
    const std::size_t from_bytes = encoded_row_bytes(stored.format, cols);
    const std::size_t to_bytes = encoded_row_bytes(format, cols);
    // Stripes keep what is converted, and what is mapped but not yet given back, small.
    const auto target = static_cast<std::int64_t>((std::size_t{8} << 20) / std::max(from_bytes, to_bytes));
    const std::int64_t stripe = std::max<std::int64_t>(16, target / 16 * 16);
    std::vector<std::byte> converted;
    for (std::int64_t row = 0; row < rows; row += stripe) {
      const std::int64_t count = std::min(stripe, rows - row);
      const auto bytes = stored.bytes.subspan(static_cast<std::size_t>(row) * from_bytes,
                                              static_cast<std::size_t>(count) * from_bytes);
      if (format == stored.format) {
        builder.add(row, count, bytes);
      } else {
        converted.resize(static_cast<std::size_t>(count) * to_bytes);
        convert_rows(stored, format, bytes, count, cols, converted);
        builder.add(row, count, converted);
      }
      checkpoint_.release_pages(bytes);
    }
    advance(stored);
    return builder.finish();
  }

  // f32 values of a small tensor, checked to be finite.
  std::vector<float> values(std::string_view canonical) {
    const StoredTensor& stored = checkpoint_.get(canonical);
    std::vector<float> out(static_cast<std::size_t>(stored.shape.elements()));
    decode_row(stored.format, stored.bytes.data(), out);
    const auto bad = std::find_if(out.begin(), out.end(), [](float v) { return !std::isfinite(v); });
    if (bad != out.end()) {
      throw FormatError(stored.stored_name + "[" + std::to_string(bad - out.begin()) + "]: " + std::to_string(*bad) +
                        ", weights must be finite");
    }
    advance(stored);
    return out;
  }

  Tensor vector(std::string_view canonical) { return on_device(values(canonical), checkpoint_.get(canonical).shape); }
  Tensor optional_vector(std::string_view canonical) {
    return checkpoint_.find(canonical) == nullptr ? Tensor{} : vector(canonical);
  }

  Tensor on_device(const std::vector<float>& from, const Shape& shape) {
    Tensor tensor(memory_, DType::f32, shape);
    stream_.copy(tensor.view(), view_of(std::span<const float>(from), shape));
    return tensor;
  }

 private:
  // Throws before a value that is not finite is rounded into something that looks well.
  void convert_rows(const StoredTensor& stored, WeightFormat format, std::span<const std::byte> bytes,
                    std::int64_t count, std::int64_t cols, std::vector<std::byte>& out) {
    const std::size_t from_bytes = encoded_row_bytes(stored.format, cols);
    const std::size_t to_bytes = encoded_row_bytes(format, cols);
    const auto one = [&](std::int64_t r, std::vector<float>& row) {
      const std::byte* from = bytes.data() + static_cast<std::size_t>(r) * from_bytes;
      const std::int64_t bad = first_not_finite(stored.format, from, cols);
      if (bad >= 0) {
        throw FormatError(stored.stored_name + ": a value in column " + std::to_string(bad) +
                          " is not finite, weights must be");
      }
      decode_row(stored.format, from, row);
      encode_row(format, row, out.data() + static_cast<std::size_t>(r) * to_bytes);
    };
    if (stream_.kind() != DeviceKind::cpu) {
      std::vector<float> row(static_cast<std::size_t>(cols));
      for (std::int64_t r = 0; r < count; ++r) one(r, row);
      return;
    }
    cpu::ThreadPool& pool = stream_.pool();
    std::vector<std::vector<float>> buffers(static_cast<std::size_t>(pool.threads()),
                                            std::vector<float>(static_cast<std::size_t>(cols)));
    pool.run(count, [&](std::int64_t r, int thread) { one(r, buffers[static_cast<std::size_t>(thread)]); });
  }

  void advance(const StoredTensor& stored) {
    done_ += stored.bytes.size();
    if (progress_) {
      progress_(std::min(1.0, static_cast<double>(done_) / static_cast<double>(checkpoint_.stored_bytes())));
    }
  }

  Stream& stream_;
  std::shared_ptr<Device> memory_;
  const Checkpoint& checkpoint_;
  LoadDType dtype_;
  const std::function<void(double)>& progress_;
  std::size_t done_ = 0;
};

LayerWeights load_layer(WeightReader& reader, const Checkpoint& checkpoint, std::int64_t i) {
  LayerWeights w;
  w.norm = reader.vector(layer_name(i, "norm"));
  w.in_proj = reader.matrix(layer_name(i, "in_proj"));
  w.in_proj_bias = reader.optional_vector(layer_name(i, "in_proj_bias"));
  w.conv_weight = reader.vector(layer_name(i, "conv_weight"));
  w.conv_bias = reader.optional_vector(layer_name(i, "conv_bias"));
  w.dt_bias = reader.vector(layer_name(i, "dt_bias"));
  w.d = reader.vector(layer_name(i, "D"));
  w.gate_norm = reader.vector(layer_name(i, "gate_norm"));
  w.out_proj = reader.matrix(layer_name(i, "out_proj"));
  w.out_proj_bias = reader.optional_vector(layer_name(i, "out_proj_bias"));
  if (checkpoint.find(layer_name(i, "A")) != nullptr) {
    w.a = reader.vector(layer_name(i, "A"));
  } else {
    std::vector<float> a = reader.values(layer_name(i, "A_log"));
    for (float& value : a) value = -std::exp(value);
    w.a = reader.on_device(a, Shape{static_cast<std::int64_t>(a.size())});
  }
  return w;
}

// Numbers for benchmarks: quick, repeatable, of the spread that training starts from.
class RandomWeights {
 public:
  RandomWeights(Stream& stream, const Mamba2Config& config, WeightFormat format, std::uint64_t seed)
      : stream_(stream),
        memory_(weight_arena(stream, weight_bytes(stream.kind(), config, format), config)),
        format_(format),
        engine_(seed) {}

  Weight matrix(std::int64_t rows, std::int64_t cols) {
    const WeightFormat format = cols % block_columns(format_) == 0 ? format_ : WeightFormat::bf16;
    WeightBuilder builder(stream_, "random", format, rows, cols, memory_);
    const std::size_t row_bytes = encoded_row_bytes(format, cols);
    // For a GPU, where billions of random numbers would take longer than all that is measured, rows come again.
    const bool again = stream_.kind() != DeviceKind::cpu;
    const std::int64_t stripe = again ? 1024 : 256;
    std::vector<std::byte> encoded(static_cast<std::size_t>(std::min(stripe, rows)) * row_bytes);
    std::vector<float> row(static_cast<std::size_t>(cols));
    for (std::int64_t first = 0; first < rows; first += stripe) {
      const std::int64_t count = std::min(stripe, rows - first);
      for (std::int64_t r = 0; r < count && (first == 0 || !again); ++r) {
        for (float& value : row) value = 0.02f * normal();
        encode_row(format, row, encoded.data() + static_cast<std::size_t>(r) * row_bytes);
      }
      builder.add(first, count, std::span(encoded).first(static_cast<std::size_t>(count) * row_bytes));
    }
    return builder.finish();
  }

  template <class Value>
  Tensor vector(const Shape& shape, Value value) {
    std::vector<float> values(static_cast<std::size_t>(shape.elements()));
    for (float& v : values) v = value();
    Tensor tensor(memory_, DType::f32, shape);
    stream_.copy(tensor.view(), view_of(std::span<const float>(values), shape));
    return tensor;
  }

  // The sum of four uniforms is normal enough and cheap.
  float normal() {
    const std::uint64_t bits = engine_();
    float sum = -2.0f;
    for (int i = 0; i < 4; ++i) sum += static_cast<float>((bits >> (16 * i)) & 0xffff) * 0x1p-16f;
    return sum * 1.7320508f;
  }
  float uniform(float low, float high) { return low + (high - low) * static_cast<float>(engine_() >> 40) * 0x1p-24f; }

 private:
  Stream& stream_;
  std::shared_ptr<Device> memory_;
  WeightFormat format_;
  std::mt19937_64 engine_;
};

LayerWeights random_layer(RandomWeights& random, const Mamba2Config& c) {
  const auto one = [] { return 1.0f; };
  const auto small = [&] { return 0.02f * random.normal(); };
  LayerWeights w;
  w.norm = random.vector({c.d_model}, one);
  w.in_proj = random.matrix(c.in_proj_rows(), c.d_model);
  if (c.linear_bias) w.in_proj_bias = random.vector({c.in_proj_rows()}, small);
  w.conv_weight = random.vector({c.conv_dim(), c.d_conv}, [&] { return random.uniform(-0.5f, 0.5f); });
  if (c.conv_bias) w.conv_bias = random.vector({c.conv_dim()}, [&] { return random.uniform(-0.5f, 0.5f); });
  // dt uniform in its logarithm from 0.001 to 0.1 and A uniform in [-16, -1]: mamba_ssm's Mamba2.__init__.
  w.dt_bias = random.vector({c.n_heads}, [&] {
    const float dt = std::exp(random.uniform(std::log(0.001f), std::log(0.1f)));
    return dt + std::log(-std::expm1(-dt));
  });
  w.a = random.vector({c.n_heads}, [&] { return -random.uniform(1.0f, 16.0f); });
  w.d = random.vector({c.n_heads}, one);
  w.gate_norm = random.vector({c.d_inner()}, one);
  w.out_proj = random.matrix(c.d_model, c.d_inner());
  if (c.linear_bias) w.out_proj_bias = random.vector({c.d_model}, small);
  return w;
}

}  // namespace

std::string_view name(LoadDType dtype) noexcept {
  for (const auto& entry : load_dtype_names) {
    if (entry.dtype == dtype) return entry.name;
  }
  return "?";
}

LoadDType load_dtype(std::string_view wanted) {
  std::string names;
  for (const auto& entry : load_dtype_names) {
    if (entry.name == wanted) return entry.dtype;
    names += (names.empty() ? "" : ", ") + std::string(entry.name);
  }
  throw ArgumentError("dtype \"" + std::string(wanted) + "\": want one of " + names);
}

WeightFormat memory_format(LoadDType dtype, WeightFormat stored, std::int64_t rows, std::int64_t cols) {
  WeightFormat wanted = stored;
  // Rounding a small matrix costs accuracy and saves nothing that could be noticed.
  constexpr std::size_t small_matrix = std::size_t{128} << 10;
  if (dtype != LoadDType::f32 && static_cast<std::size_t>(rows) * encoded_row_bytes(stored, cols) < small_matrix) {
    return stored;
  }
  switch (dtype) {
    case LoadDType::stored: return stored;
    case LoadDType::f32: return WeightFormat::f32;
    case LoadDType::bf16: return WeightFormat::bf16;
    case LoadDType::q8: wanted = WeightFormat::q8_0; break;
    case LoadDType::q4: wanted = WeightFormat::q4_1; break;
  }
  if (cols % block_columns(wanted) != 0) return WeightFormat::bf16;
  // Rounding again what is already as small gains nothing and loses accuracy.
  return encoded_row_bytes(stored, cols) <= encoded_row_bytes(wanted, cols) ? stored : wanted;
}

std::size_t weight_bytes(DeviceKind where, const Checkpoint& checkpoint, LoadDType dtype) {
  std::size_t bytes = vector_bytes(checkpoint.config());
  for (const StoredTensor& tensor : checkpoint.tensors()) {
    if (tensor.shape.rank() != 2 || tensor.name.ends_with("conv_weight")) continue;
    const std::int64_t rows = tensor.shape[0];
    const std::int64_t cols = tensor.shape[1];
    bytes += Weight::packed_bytes(where, memory_format(dtype, tensor.format, rows, cols), rows, cols);
  }
  return bytes;
}

std::size_t weight_bytes(DeviceKind where, const Mamba2Config& config, WeightFormat format) {
  std::size_t bytes = vector_bytes(config);
  for (const MatrixShape& m : matrix_shapes(config)) {
    const bool fits = m.cols % block_columns(format) == 0;
    bytes += Weight::packed_bytes(where, fits ? format : WeightFormat::bf16, m.rows, m.cols);
  }
  return bytes;
}

std::size_t Weights::bytes() const noexcept {
  std::size_t total = embedding.bytes() + lm_head.bytes() + norm_f.bytes();
  for (const LayerWeights& w : layers) {
    total += w.in_proj.bytes() + w.out_proj.bytes();
    for (const Tensor* t : {&w.norm, &w.in_proj_bias, &w.conv_weight, &w.conv_bias, &w.dt_bias, &w.a, &w.d,
                            &w.gate_norm, &w.out_proj_bias}) {
      total += t->bytes();
    }
  }
  return total;
}

Weights Weights::load(Stream& stream, const Checkpoint& checkpoint, LoadDType dtype,
                      const std::function<void(double)>& progress) {
  check_room(checkpoint, dtype, *stream.device());
  WeightReader reader(stream, checkpoint, dtype, progress);
  Weights weights;
  weights.embedding = reader.matrix("embedding");
  for (std::int64_t i = 0; i < checkpoint.config().n_layer; ++i) {
    weights.layers.push_back(load_layer(reader, checkpoint, i));
  }
  weights.norm_f = reader.vector("norm_f");
  if (!checkpoint.config().tied_embeddings) weights.lm_head = reader.matrix("lm_head");
  return weights;
}

Weights Weights::random(Stream& stream, const Mamba2Config& config, WeightFormat format, std::uint64_t seed) {
  RandomWeights random(stream, config, format, seed);
  Weights weights;
  weights.embedding = random.matrix(config.vocab_size, config.d_model);
  for (std::int64_t i = 0; i < config.n_layer; ++i) weights.layers.push_back(random_layer(random, config));
  weights.norm_f = random.vector({config.d_model}, [] { return 1.0f; });
  if (!config.tied_embeddings) weights.lm_head = random.matrix(config.vocab_size, config.d_model);
  return weights;
}

}  // namespace holdfast
