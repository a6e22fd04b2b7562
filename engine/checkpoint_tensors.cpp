#include "engine/checkpoint_tensors.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "engine/byte_reader.h"
#include "kernels/error.h"

namespace holdfast {

namespace {

std::optional<WeightFormat> plain_format(SafetensorsDType dtype) {
  if (dtype == SafetensorsDType::f32) return WeightFormat::f32;
  if (dtype == SafetensorsDType::f16) return WeightFormat::f16;
  if (dtype == SafetensorsDType::bf16) return WeightFormat::bf16;
  return std::nullopt;
}

[[noreturn]] void refuse_dtype(std::string_view file, std::string_view tensor, SafetensorsDType dtype) {
  throw FormatError(std::string(file) + ": " + printable(tensor) + ": " + std::string(name(dtype)) +
                    ", want F32, F16 or BF16");
}

// A U8 tensor of our own: rows of blocks. Its true format stands in the file's metadata.
SourceTensor encoded_tensor(const SafetensorsFile& file, const SafetensorsTensor& tensor) {
  const auto found = file.metadata().find(stored_format_key(tensor.name));
  if (found == file.metadata().end()) refuse_dtype(file.label(), tensor.name, tensor.dtype);
  for (const WeightFormat format : {WeightFormat::q8_0, WeightFormat::q4_1}) {
    if (found->second != name(format)) continue;
    const auto block = static_cast<std::int64_t>(block_bytes(format));
    if (tensor.shape.rank() != 2 || tensor.shape[1] % block != 0) {
      throw FormatError(file.label() + ": " + printable(tensor.name) + ": shape " + tensor.shape.to_string() +
                        ", want rows of " + std::to_string(block) + "-byte blocks");
    }
    const Shape decoded{tensor.shape[0], tensor.shape[1] / block * block_columns(format)};
    return {tensor.name, format, decoded, tensor.bytes, file.label()};
  }
  throw FormatError(file.label() + ": " + found->first + ": \"" + printable(found->second) + "\", want q8_0 or q4_1");
}

// ggml pads shapes with ones and drops them at will, so they are compared without those outermost.
Shape ggml_shape(const std::array<std::int64_t, 4>& ne) {
  std::size_t rank = 4;
  while (rank > 1 && ne[rank - 1] == 1) --rank;
  std::array<std::int64_t, 4> extents{};
  for (std::size_t i = 0; i < rank; ++i) extents[i] = ne[rank - 1 - i];
  return Shape(std::span<const std::int64_t>(extents.data(), rank));
}

Shape ggml_wanted(const Shape& stored) {
  std::array<std::int64_t, 4> ne{1, 1, 1, 1};
  for (int i = 0; i < stored.rank(); ++i) ne[static_cast<std::size_t>(i)] = stored[-1 - i];
  return ggml_shape(ne);
}

// Names of one layer's part in the layouts that come from PyTorch, and in GGUF.
struct PartNames {
  std::string_view canonical, torch, ggml;
};
constexpr PartNames part_norm{"norm", "norm.weight", "attn_norm.weight"};
constexpr PartNames part_in_proj{"in_proj", "mixer.in_proj.weight", "ssm_in.weight"};
constexpr PartNames part_in_proj_bias{"in_proj_bias", "mixer.in_proj.bias", "ssm_in.bias"};
constexpr PartNames part_conv{"conv_weight", "mixer.conv1d.weight", "ssm_conv1d.weight"};
constexpr PartNames part_conv_bias{"conv_bias", "mixer.conv1d.bias", "ssm_conv1d.bias"};
constexpr PartNames part_dt_bias{"dt_bias", "mixer.dt_bias", "ssm_dt.bias"};
constexpr PartNames part_a{"A_log", "mixer.A_log", "ssm_a"};
constexpr PartNames part_d{"D", "mixer.D", "ssm_d"};
constexpr PartNames part_gate_norm{"gate_norm", "mixer.norm.weight", "ssm_norm.weight"};
constexpr PartNames part_out_proj{"out_proj", "mixer.out_proj.weight", "ssm_out.weight"};
constexpr PartNames part_out_proj_bias{"out_proj_bias", "mixer.out_proj.bias", "ssm_out.bias"};

class WantedList {
 public:
  WantedList(const Mamba2Config& config, CheckpointLayout layout, const std::function<bool(const WantedTensor&)>& use)
      : config_(config), layout_(layout), use_(use) {}

  void run() {
    const Mamba2Config& c = config_;
    const std::string_view plural =
        layout_ == CheckpointLayout::hugging_face ? "embeddings.weight" : "embedding.weight";
    const std::string_view other = layout_ == CheckpointLayout::hugging_face ? "embedding.weight" : "embeddings.weight";
    if (gguf()) {
      top("embedding", "token_embd.weight", "", {c.vocab_size, c.d_model}, true);
      top("norm_f", "output_norm.weight", "", {c.d_model}, false);
      if (!c.tied_embeddings) top("lm_head", "output.weight", "", {c.vocab_size, c.d_model}, true);
    } else {
      top("embedding", backbone() + std::string(plural), backbone() + std::string(other), {c.vocab_size, c.d_model},
          true);
      top("norm_f", backbone() + "norm_f.weight", "", {c.d_model}, false);
      if (!c.tied_embeddings) top("lm_head", prefix() + "lm_head.weight", "", {c.vocab_size, c.d_model}, true);
    }
    for (std::int64_t i = 0; i < c.n_layer && more_; ++i) layer(i);
  }

 private:
  void layer(std::int64_t i) {
    const Mamba2Config& c = config_;
    const std::int64_t channels = c.conv_dim();
    part(i, part_norm, {c.d_model}, {c.d_model});
    part(i, part_in_proj, {c.in_proj_rows(), c.d_model}, {c.in_proj_rows(), c.d_model}, true);
    if (c.linear_bias) part(i, part_in_proj_bias, {c.in_proj_rows()}, {c.in_proj_rows()});
    part(i, part_conv, {channels, c.d_conv}, gguf() ? Shape{channels, c.d_conv} : Shape{channels, 1, c.d_conv});
    if (c.conv_bias) part(i, part_conv_bias, {channels}, {channels});
    part(i, part_dt_bias, {c.n_heads}, {c.n_heads});
    const Shape heads = gguf() ? Shape{c.n_heads, 1} : Shape{c.n_heads};
    part(i, part_a, {c.n_heads}, heads);
    part(i, part_d, {c.n_heads}, heads);
    const std::int64_t d_inner = c.d_inner();
    part(i, part_gate_norm, {d_inner}, gguf() ? Shape{c.n_groups, d_inner / c.n_groups} : Shape{d_inner});
    part(i, part_out_proj, {c.d_model, d_inner}, {c.d_model, d_inner}, true);
    if (c.linear_bias) part(i, part_out_proj_bias, {c.d_model}, {c.d_model});
  }

  void top(std::string_view canonical, std::string stored, std::string alternate, const Shape& shape, bool matrix) {
    if (more_) more_ = use_({std::string(canonical), std::move(stored), std::move(alternate), shape, shape, matrix});
  }
  void part(std::int64_t layer, const PartNames& names, const Shape& shape, const Shape& stored_shape,
            bool matrix = false) {
    if (!more_) return;
    const std::string index = std::to_string(layer);
    // GGUF holds A itself, -exp(A_log).
    const std::string_view canonical = gguf() && names.canonical == "A_log" ? "A" : names.canonical;
    const std::string stored = gguf() ? "blk." + index + "." + std::string(names.ggml)
                                      : backbone() + "layers." + index + "." + std::string(names.torch);
    more_ = use_({"layers." + index + "." + std::string(canonical), stored, "", shape, stored_shape, matrix});
  }
  [[nodiscard]] bool gguf() const { return layout_ == CheckpointLayout::gguf; }
  [[nodiscard]] std::string prefix() const { return layout_ == CheckpointLayout::mistral ? "model." : ""; }
  [[nodiscard]] std::string backbone() const { return prefix() + "backbone."; }

  const Mamba2Config& config_;
  CheckpointLayout layout_;
  const std::function<bool(const WantedTensor&)>& use_;
  bool more_ = true;
};

// The sources of one checkpoint, sorted by name; remembers which were taken.
class SourceList {
 public:
  SourceList(std::vector<SourceTensor> sources) : sources_(std::move(sources)), taken_(sources_.size()) {
    std::sort(sources_.begin(), sources_.end(),
              [](const SourceTensor& a, const SourceTensor& b) { return a.name < b.name; });
    for (std::size_t i = 1; i < sources_.size(); ++i) {
      if (sources_[i].name != sources_[i - 1].name) continue;
      throw FormatError(sources_[i].file + ": " + printable(sources_[i].name) + ": stands in " + sources_[i - 1].file +
                        " too");
    }
  }
  const SourceTensor* take(std::string_view name) {
    if (name.empty()) return nullptr;
    const auto found =
        std::lower_bound(sources_.begin(), sources_.end(), name,
                         [](const SourceTensor& source, std::string_view wanted) { return source.name < wanted; });
    if (found == sources_.end() || found->name != name) return nullptr;
    taken_[static_cast<std::size_t>(found - sources_.begin())] = true;
    return &*found;
  }
  [[nodiscard]] const SourceTensor* first_left() const {
    for (std::size_t i = 0; i < sources_.size(); ++i) {
      if (!taken_[i]) return &sources_[i];
    }
    return nullptr;
  }

 private:
  std::vector<SourceTensor> sources_;
  std::vector<bool> taken_;
};

[[noreturn]] void refuse_left_over(const SourceTensor& source) {
  std::string why = "no part of a Mamba-2 model with this config";
  for (const std::string_view word : {"attn", "attention", "mlp", "mha", "experts", "ffn"}) {
    if (source.name.find(word) != std::string::npos) why = "not a part of pure Mamba-2; hybrids are not read";
  }
  throw FormatError(source.file + ": " + printable(source.name) + ": " + why);
}

void check_source(const WantedTensor& wanted, const SourceTensor& source, CheckpointLayout layout) {
  const auto fail = [&](const std::string& rule) {
    throw FormatError(source.file + ": " + printable(source.name) + ": " + rule);
  };
  const bool gguf = layout == CheckpointLayout::gguf;
  const Shape want = gguf ? ggml_wanted(wanted.stored_shape) : wanted.stored_shape;
  if (source.shape != want) {
    const bool was_reshaped = wanted.canonical.ends_with(".A") || wanted.canonical.ends_with(".D") ||
                              wanted.canonical.ends_with(".gate_norm");
    const bool old = gguf && was_reshaped && source.shape.elements() == want.elements();
    fail("shape " + source.shape.to_string() + ", want " + want.to_string() +
         (old ? ": written before llama.cpp's Mamba-2 support was merged, convert the model again" : ""));
  }
  if (!wanted.matrix && block_columns(source.format) != 1) {
    fail(std::string(name(source.format)) + ", want F32, F16 or BF16 for what is no matrix");
  }
  std::size_t rows = static_cast<std::size_t>(source.shape.elements());
  const std::int64_t cols = source.shape[-1];
  rows = cols == 0 ? 0 : rows / static_cast<std::size_t>(cols);
  const std::size_t bytes = rows * encoded_row_bytes(source.format, cols);
  if (bytes != source.bytes.size()) {
    fail(std::to_string(source.bytes.size()) + " bytes, want " + std::to_string(bytes));
  }
}
}  // namespace

std::string stored_format_key(std::string_view stored_name) { return "holdfast.format." + std::string(stored_name); }

std::vector<SourceTensor> source_tensors(const SafetensorsFile& file) {
  std::vector<SourceTensor> sources;
  sources.reserve(file.tensors().size());
  for (const SafetensorsTensor& tensor : file.tensors()) {
    if (const auto format = plain_format(tensor.dtype)) {
      sources.push_back({tensor.name, *format, tensor.shape, tensor.bytes, file.label()});
    } else if (tensor.dtype == SafetensorsDType::u8) {
      sources.push_back(encoded_tensor(file, tensor));
    } else {
      refuse_dtype(file.label(), tensor.name, tensor.dtype);
    }
  }
  return sources;
}

std::vector<SourceTensor> source_tensors(const TorchArchive& archive, std::string_view label) {
  std::vector<SourceTensor> sources;
  for (const TorchTensor& tensor : archive.tensors()) {
    const auto format = plain_format(tensor.dtype);
    if (!format) refuse_dtype(label, tensor.name, tensor.dtype);
    sources.push_back({tensor.name, *format, tensor.shape, tensor.bytes, std::string(label)});
  }
  return sources;
}

std::vector<SourceTensor> source_tensors(const GgufFile& file) {
  std::vector<SourceTensor> sources;
  for (const GgufTensor& tensor : file.tensors()) {
    sources.push_back({std::string(tensor.name), tensor.format, ggml_shape(tensor.ne), tensor.bytes, file.label()});
  }
  return sources;
}

void for_each_wanted(const Mamba2Config& config, CheckpointLayout layout,
                     const std::function<bool(const WantedTensor&)>& use) {
  WantedList(config, layout, use).run();
}

std::vector<StoredTensor> canonical_tensors(const Mamba2Config& config, CheckpointLayout layout,
                                            std::vector<SourceTensor> sources, std::string_view label) {
  SourceList list(std::move(sources));
  std::vector<StoredTensor> tensors;
  for_each_wanted(config, layout, [&](const WantedTensor& wanted) {
    const SourceTensor* source = list.take(wanted.stored);
    if (source == nullptr) source = list.take(wanted.alternate);
    if (source == nullptr) {
      throw FormatError(std::string(label) + ": " + wanted.stored + " is missing, want shape " +
                        wanted.stored_shape.to_string());
    }
    check_source(wanted, *source, layout);
    tensors.push_back({wanted.canonical, source->name, source->format, wanted.shape, source->bytes});
    return true;
  });
  // Tied models are published with a second copy of the embedding; what counts is the embedding.
  if (config.tied_embeddings) {
    (void)list.take("lm_head.weight");
    (void)list.take("model.lm_head.weight");
  }
  if (const SourceTensor* left = list.first_left()) refuse_left_over(*left);
  return tensors;
}

}  // namespace holdfast
