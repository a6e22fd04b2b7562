#include "engine/convert.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "engine/atomic_file.h"
#include "engine/checkpoint_config.h"
#include "engine/checkpoint_tensors.h"
#include "engine/convert_vocabulary.h"
#include "engine/gguf.h"
#include "engine/pickle.h"
#include "engine/safetensors.h"
#include "kernels/error.h"

namespace holdfast {

namespace {
namespace fs = std::filesystem;

constexpr std::size_t convert_piece_bytes = std::size_t{4} << 20;

// Layouts of PyTorch hold A_log; GGUF holds A = -exp(A_log).
enum class ValueMap { none, log_to_a, a_to_log };

struct PlannedTensor {
  WantedTensor wanted;                   // in the target layout
  const StoredTensor* source = nullptr;  // null: zeros (a bias that GGUF wants and the model has not)
  WeightFormat format = WeightFormat::f32;
  ValueMap map = ValueMap::none;

  [[nodiscard]] std::int64_t cols() const { return wanted.shape[-1]; }
  [[nodiscard]] std::int64_t rows() const { return wanted.shape.elements() / cols(); }
  [[nodiscard]] std::uint64_t bytes() const {
    return static_cast<std::uint64_t>(rows()) * encoded_row_bytes(format, cols());
  }
};

WeightFormat matrix_format(ConvertDType dtype, std::int64_t cols) {
  const WeightFormat wanted = dtype == ConvertDType::f32    ? WeightFormat::f32
                              : dtype == ConvertDType::bf16 ? WeightFormat::bf16
                              : dtype == ConvertDType::q8   ? WeightFormat::q8_0
                                                            : WeightFormat::q4_1;
  return cols % block_columns(wanted) == 0 ? wanted : WeightFormat::bf16;
}

std::vector<PlannedTensor> plan_tensors(const Checkpoint& in, const ConvertOptions& options) {
  Mamba2Config config = in.config();
  if (options.to == CheckpointLayout::gguf) config.conv_bias = true;
  std::vector<PlannedTensor> plan;
  for_each_wanted(config, options.to, [&](const WantedTensor& wanted) {
    PlannedTensor planned{wanted, in.find(wanted.canonical), WeightFormat::f32, ValueMap::none};
    // What is no matrix is small and takes part in sums and exponentials: always f32.
    if (wanted.matrix) planned.format = matrix_format(options.dtype, wanted.shape[-1]);
    if (planned.source == nullptr && wanted.canonical.ends_with(".A")) {
      planned.source = &in.get(wanted.canonical + "_log");
      planned.map = ValueMap::log_to_a;
    } else if (planned.source == nullptr && wanted.canonical.ends_with(".A_log")) {
      planned.source = &in.get(wanted.canonical.substr(0, wanted.canonical.size() - 4));
      planned.map = ValueMap::a_to_log;
    } else if (planned.source == nullptr && in.config().conv_bias) {
      planned.source = &in.get(wanted.canonical);  // throws
    }
    plan.push_back(std::move(planned));
    return true;
  });
  return plan;
}

// The float whose exponential is -a again, if there is one: rounding can put the first guess a step aside.
float log_of_minus(float a) {
  const float guess = std::log(-a);
  float low = guess;
  float high = guess;
  for (int step = 0; step < 4; ++step) {
    if (-std::exp(low) == a) return low;
    if (-std::exp(high) == a) return high;
    low = std::nextafter(low, -HUGE_VALF);
    high = std::nextafter(high, HUGE_VALF);
  }
  return guess;
}

void map_values(ValueMap map, std::span<float> values, const StoredTensor& source) {
  if (map == ValueMap::none) return;
  for (float& value : values) {
    if (map == ValueMap::a_to_log && !(value < 0.0f)) {
      throw FormatError(source.stored_name + ": " + std::to_string(value) + ", want A below 0");
    }
    value = map == ValueMap::log_to_a ? -std::exp(value) : log_of_minus(value);
  }
}

class Conversion {
 public:
  using Sink = std::function<void(std::span<const std::byte>)>;

  Conversion(const Checkpoint& in, const ConvertOptions& options)
      : in_(in), options_(options), plan_(plan_tensors(in, options)) {
    for (const PlannedTensor& tensor : plan_) total_ += tensor.bytes();
  }
  [[nodiscard]] const std::vector<PlannedTensor>& plan() const { return plan_; }
  [[nodiscard]] std::uint64_t total_bytes() const { return total_; }

  // The tensor's encoded rows, a piece of some megabytes at a time.
  void write(const PlannedTensor& tensor, const Sink& sink) {
    const std::int64_t cols = tensor.cols();
    const std::size_t out_row = encoded_row_bytes(tensor.format, cols);
    const std::int64_t step = std::max<std::int64_t>(1, static_cast<std::int64_t>(convert_piece_bytes / out_row));
    std::vector<std::byte> piece;
    std::vector<float> values(static_cast<std::size_t>(cols));
    for (std::int64_t row = 0; row < tensor.rows(); row += step) {
      const std::int64_t end = std::min(tensor.rows(), row + step);
      piece.resize(static_cast<std::size_t>(end - row) * out_row);
      for (std::int64_t i = row; i < end; ++i) {
        encode(tensor, i, values, piece.data() + static_cast<std::size_t>(i - row) * out_row);
      }
      sink(piece);
      release(tensor, row, end);
      advance(piece.size());
    }
  }

 private:
  void encode(const PlannedTensor& tensor, std::int64_t row, std::vector<float>& values, std::byte* out) const {
    const std::size_t out_bytes = encoded_row_bytes(tensor.format, tensor.cols());
    if (tensor.source == nullptr) {
      std::memset(out, 0, out_bytes);
      return;
    }
    const StoredTensor& source = *tensor.source;
    const std::byte* encoded =
        source.bytes.data() + static_cast<std::size_t>(row) * encoded_row_bytes(source.format, tensor.cols());
    if (const std::int64_t at = first_not_finite(source.format, encoded, tensor.cols()); at >= 0) {
      throw FormatError(source.stored_name + "[" + std::to_string(row) + ", " + std::to_string(at) +
                        "]: not finite, weights must be finite");
    }
    if (source.format == tensor.format && tensor.map == ValueMap::none) {
      std::memcpy(out, encoded, out_bytes);
      return;
    }
    decode_row(source.format, encoded, values);
    map_values(tensor.map, values, source);
    encode_row(tensor.format, values, out);
  }
  void release(const PlannedTensor& tensor, std::int64_t row, std::int64_t end) const {
    if (tensor.source == nullptr) return;
    const std::size_t row_bytes = encoded_row_bytes(tensor.source->format, tensor.cols());
    in_.release_pages(tensor.source->bytes.subspan(static_cast<std::size_t>(row) * row_bytes,
                                                   static_cast<std::size_t>(end - row) * row_bytes));
  }
  void advance(std::uint64_t bytes) {
    done_ += bytes;
    if (options_.progress) options_.progress(static_cast<double>(done_) / static_cast<double>(total_));
  }

  const Checkpoint& in_;
  const ConvertOptions& options_;
  std::vector<PlannedTensor> plan_;
  std::uint64_t total_ = 0;
  std::uint64_t done_ = 0;
};

// ---- Hugging Face ----------------------------------------------------------------------------------------------

SafetensorsWriter::Entry safetensors_entry(const PlannedTensor& tensor) {
  if (tensor.format == WeightFormat::f32)
    return {tensor.wanted.stored, SafetensorsDType::f32, tensor.wanted.stored_shape};
  if (tensor.format == WeightFormat::bf16) {
    return {tensor.wanted.stored, SafetensorsDType::bf16, tensor.wanted.stored_shape};
  }
  const auto row = static_cast<std::int64_t>(encoded_row_bytes(tensor.format, tensor.cols()));
  return {tensor.wanted.stored, SafetensorsDType::u8, Shape{tensor.rows(), row}};
}

void write_shard(Conversion& conversion, std::span<const PlannedTensor> tensors, const fs::path& file) {
  std::vector<SafetensorsWriter::Entry> entries;
  SafetensorsMetadata metadata{{"format", "pt"}};
  for (const PlannedTensor& tensor : tensors) {
    entries.push_back(safetensors_entry(tensor));
    if (entries.back().dtype == SafetensorsDType::u8) {
      metadata[stored_format_key(tensor.wanted.stored)] = name(tensor.format);
    }
  }
  SafetensorsWriter writer(file, entries, metadata);
  for (const PlannedTensor& tensor : tensors) {
    conversion.write(tensor, [&](std::span<const std::byte> bytes) { writer.write(bytes); });
  }
  writer.commit();
}

// Tensors in order, a new shard where the next would go beyond the limit.
std::vector<std::span<const PlannedTensor>> shards_of(std::span<const PlannedTensor> plan, std::uint64_t limit) {
  std::vector<std::span<const PlannedTensor>> shards;
  std::size_t begin = 0;
  std::uint64_t bytes = 0;
  for (std::size_t i = 0; i < plan.size(); ++i) {
    if (i > begin && bytes + plan[i].bytes() > limit) {
      shards.push_back(plan.subspan(begin, i - begin));
      begin = i;
      bytes = 0;
    }
    bytes += plan[i].bytes();
  }
  shards.push_back(plan.subspan(begin));
  return shards;
}

std::string five_digits(std::size_t number) {
  const std::string text = std::to_string(number);
  return std::string(text.size() < 5 ? 5 - text.size() : 0, '0') + text;
}

void write_hugging_face(Conversion& conversion, const Checkpoint& in, const fs::path& out,
                        const ConvertOptions& options) {
  AtomicFolder folder(out);
  const auto shards = shards_of(conversion.plan(), options.shard_bytes);
  nlohmann::ordered_json map = nlohmann::ordered_json::object();
  for (std::size_t i = 0; i < shards.size(); ++i) {
    const std::string name = shards.size() == 1
                                 ? "model.safetensors"
                                 : "model-" + five_digits(i + 1) + "-of-" + five_digits(shards.size()) + ".safetensors";
    write_shard(conversion, shards[i], folder.path() / name);
    for (const PlannedTensor& tensor : shards[i]) map[tensor.wanted.stored] = name;
  }
  if (shards.size() > 1) {
    const nlohmann::ordered_json index = {{"metadata", {{"total_size", conversion.total_bytes()}}},
                                          {"weight_map", map}};
    write_file_atomically(folder.path() / "model.safetensors.index.json", index.dump(2) + "\n");
  }
  const char* torch_dtype = options.dtype == ConvertDType::f32 ? "float32" : "bfloat16";
  write_file_atomically(folder.path() / "config.json", hugging_face_config_text(in.config(), torch_dtype));
  copy_tokenizer(in, folder.path());
  folder.commit();
}

// ---- mamba_ssm -------------------------------------------------------------------------------------------------

void write_mamba_ssm(Conversion& conversion, const Checkpoint& in, const fs::path& out, const ConvertOptions& options) {
  if (options.dtype != ConvertDType::f32 && options.dtype != ConvertDType::bf16) {
    throw ArgumentError("convert: mamba_ssm holds f32 and bf16, not blocks of 8 or 4 bits");
  }
  const std::string config = mamba_ssm_config_text(in.config());
  AtomicFolder folder(out);
  std::vector<TorchArchiveWriter::Entry> entries;
  std::vector<TorchArchiveWriter::Alias> aliases;
  for (const PlannedTensor& tensor : conversion.plan()) {
    const SafetensorsWriter::Entry entry = safetensors_entry(tensor);
    // The layout's own loader wants lm_head even when it is the embedding.
    if (in.config().tied_embeddings && tensor.wanted.canonical == "embedding") {
      aliases.push_back({"lm_head.weight", entries.size()});
    }
    entries.push_back({entry.name, entry.dtype, entry.shape});
  }
  TorchArchiveWriter writer(folder.path() / "pytorch_model.bin", std::move(entries), aliases);
  for (const PlannedTensor& tensor : conversion.plan()) {
    writer.begin_tensor();
    conversion.write(tensor, [&](std::span<const std::byte> bytes) { writer.write(bytes); });
  }
  writer.commit();
  write_file_atomically(folder.path() / "config.json", config);
  // The layout's config has no place for the ids that begin and end a text.
  const nlohmann::ordered_json ids = {{"bos_token_id", in.config().bos_token}, {"eos_token_id", in.config().eos_token}};
  write_file_atomically(folder.path() / "generation_config.json", ids.dump(2) + "\n");
  copy_tokenizer(in, folder.path());
  folder.commit();
}

// ---- GGUF ------------------------------------------------------------------------------------------------------

void write_gguf(Conversion& conversion, const Checkpoint& in, const fs::path& out, const ConvertOptions& options) {
  GgufWriter writer(out);
  const fs::path named = fs::absolute(in.path()).lexically_normal();
  add_gguf_config(writer, in.config(), (named.has_filename() ? named : named.parent_path()).stem().string());
  writer.add("general.file_type", gguf_file_type(options.dtype));
  writer.add("general.quantization_version", std::uint32_t{2});
  add_gguf_vocabulary(writer, in);
  if (const auto text = in.chat_template_text(); text && in.tokenizer().kind != TokenizerSource::Kind::gguf) {
    writer.add("tokenizer.chat_template", *text);
  }
  for (const PlannedTensor& tensor : conversion.plan()) {
    GgufWriter::Entry entry{tensor.wanted.stored, tensor.format, {}};
    for (int i = 1; i <= tensor.wanted.stored_shape.rank(); ++i) entry.ne.push_back(tensor.wanted.stored_shape[-i]);
    writer.add_tensor(std::move(entry));
  }
  for (const PlannedTensor& tensor : conversion.plan()) {
    writer.begin_tensor();
    conversion.write(tensor, [&](std::span<const std::byte> bytes) { writer.write(bytes); });
  }
  writer.commit();
}
}  // namespace

void convert(const Checkpoint& in, const fs::path& out, const ConvertOptions& options) {
  if (fs::exists(fs::symlink_status(out))) throw ArgumentError(out.string() + ": exists, want a new name");
  if (options.to == CheckpointLayout::mistral) throw ArgumentError("convert: the Mistral layout is read, not written");
  Conversion conversion(in, options);
  try {
    switch (options.to) {
      case CheckpointLayout::hugging_face: write_hugging_face(conversion, in, out, options); break;
      case CheckpointLayout::mamba_ssm: write_mamba_ssm(conversion, in, out, options); break;
      case CheckpointLayout::gguf: write_gguf(conversion, in, out, options); break;
      case CheckpointLayout::mistral: break;
    }
  } catch (const fs::filesystem_error& error) {
    throw IoError(out.string() + ": cannot be written: " + error.code().message());
  }
}

}  // namespace holdfast
