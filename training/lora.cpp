#include "training/lora.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <optional>
#include <set>
#include <utility>

#include "engine/atomic_file.h"
#include "engine/json.h"
#include "engine/safetensors.h"
#include "kernels/cpu/thread_pool.h"
#include "kernels/error.h"
#include "kernels/weight.h"
#include "training/checkpoint_in_memory.h"

namespace holdfast {
namespace {

namespace fs = std::filesystem;

constexpr const char* lora_config_file = "adapter_config.json";
constexpr const char* lora_tensor_file = "adapter_model.safetensors";
// In the tensors' metadata: readers of PEFT's configuration may refuse keys that they do not know.
constexpr std::string_view lora_base_key = "holdfast.base";

std::size_t count_of(std::int64_t rows, std::int64_t cols) { return static_cast<std::size_t>(rows * cols); }

// (rows, cols) to (cols, rows).
std::vector<float> transposed(std::span<const float> values, std::int64_t rows, std::int64_t cols) {
  std::vector<float> out(values.size());
  for (std::int64_t r = 0; r < rows; ++r) {
    for (std::int64_t c = 0; c < cols; ++c) {
      out[static_cast<std::size_t>(c * rows + r)] = values[static_cast<std::size_t>(r * cols + c)];
    }
  }
  return out;
}

// A tensor of an adapter file. PEFT keeps those of an embedding turned: its A is (rank, V) and its B (D, rank), so that
// ours are the transposes of the other one.
struct PeftTensor {
  std::string name;
  Shape shape;
  bool is_a = false;    // of ours
  bool turned = false;  // holds the transpose
};

std::vector<PeftTensor> peft_tensors(const LoraMatrix& matrix, std::int64_t rank, bool tied) {
  std::vector<PeftTensor> tensors;
  const auto plain = [&](const std::string& module) {
    tensors.push_back({module + ".lora_A.weight", {rank, matrix.cols}, true, false});
    tensors.push_back({module + ".lora_B.weight", {matrix.rows, rank}, false, false});
  };
  if (matrix.name == "embedding") {
    const std::string module = "base_model.model.backbone.embeddings";
    tensors.push_back({module + ".lora_embedding_A", {rank, matrix.rows}, false, true});
    tensors.push_back({module + ".lora_embedding_B", {matrix.cols, rank}, true, true});
    // One matrix in two places: PEFT has an adapter at each, and ours is both.
    if (tied) plain("base_model.model.lm_head");
  } else if (matrix.name == "lm_head") {
    plain("base_model.model.lm_head");
  } else {
    const std::size_t dot = matrix.name.rfind('.');
    plain("base_model.model.backbone." + matrix.name.substr(0, dot) + ".mixer" + matrix.name.substr(dot));
  }
  return tensors;
}

Json adapter_config(const LoraAdapter& adapter, bool tied) {
  Json modules = Json::array();
  const LoraTargets& targets = adapter.config.targets;
  if (targets.in_proj) modules.push_back("in_proj");
  if (targets.out_proj) modules.push_back("out_proj");
  if (targets.embedding || (tied && targets.lm_head)) modules.push_back("embeddings");
  if (targets.lm_head || (tied && targets.embedding)) modules.push_back("lm_head");
  return {{"peft_type", "LORA"},
          {"task_type", "CAUSAL_LM"},
          {"base_model_name_or_path", adapter.base},
          {"r", adapter.config.rank},
          {"lora_alpha", adapter.config.alpha},
          {"lora_dropout", 0.0},
          {"bias", "none"},
          {"fan_in_fan_out", false},
          {"use_rslora", false},
          {"use_dora", false},
          {"inference_mode", true},
          {"modules_to_save", nullptr},
          {"target_modules", modules}};
}

// A tied embedding has no lm_head of its own; it is known by the rows that both would have.
bool is_tied(const LoraAdapter& adapter) {
  return adapter.config.targets.lm_head &&
         std::ranges::none_of(adapter.matrices, [](const LoraMatrix& m) { return m.name == "lm_head"; });
}

// What PEFT can do and we cannot: each would change the result silently.
void refuse_other_kinds(const JsonObject& config) {
  if (const auto kind = config.string("peft_type").value_or(""); kind != "LORA") {
    config.fail("peft_type", Json(kind), "want LORA");
  }
  if (const auto bias = config.string("bias").value_or("none"); bias != "none") {
    config.fail("bias", Json(bias), "want none: Holdfast applies no biases of adapters");
  }
  for (const char* key : {"use_rslora", "use_dora", "fan_in_fan_out", "lora_bias"}) {
    if (config.boolean(key).value_or(false)) config.fail(key, Json(true), "want false: Holdfast does not apply it");
  }
  for (const char* key : {"rank_pattern", "alpha_pattern", "modules_to_save", "layer_replication"}) {
    const Json* value = config.find(key);
    if (value != nullptr && !value->empty()) config.fail(key, *value, "want none: Holdfast does not apply it");
  }
}

LoraConfig read_config(const JsonObject& object) {
  refuse_other_kinds(object);
  LoraConfig config;
  const auto rank = object.integer("r");
  const auto alpha = object.number("lora_alpha");
  if (!rank || !alpha) throw FormatError(object.label() + ": r and lora_alpha: want both");
  config.rank = *rank;
  config.alpha = static_cast<float>(*alpha);
  return config;
}

// Reads the values of an adapter, each tensor checked.
class LoraReader {
 public:
  LoraReader(const SafetensorsFile& file, std::int64_t rank) : file_(file), rank_(rank) {}

  [[nodiscard]] bool has(const LoraMatrix& matrix, bool tied) const {
    return std::ranges::any_of(peft_tensors(matrix, rank_, tied),
                               [&](const PeftTensor& t) { return file_.find(t.name) != nullptr; });
  }

  void read(LoraMatrix& matrix, bool tied) {
    for (const PeftTensor& wanted : peft_tensors(matrix, rank_, tied)) {
      std::vector<float> values = values_of(wanted);
      if (wanted.turned) values = transposed(values, wanted.shape[0], wanted.shape[1]);
      std::vector<float>& into = wanted.is_a ? matrix.a : matrix.b;
      if (!into.empty() && into != values) {
        throw FormatError(file_.label() + ": " + wanted.name +
                          ": differs from the embedding's adapter, want the same: the model's embeddings are tied");
      }
      into = std::move(values);
      used_.insert(wanted.name);
    }
  }

  void refuse_others() const {
    for (const SafetensorsTensor& tensor : file_.tensors()) {
      if (!used_.contains(tensor.name)) {
        throw FormatError(file_.label() + ": " + tensor.name +
                          ": want adapters of in_proj, out_proj, embeddings or lm_head of this model alone");
      }
    }
  }

 private:
  [[nodiscard]] std::vector<float> values_of(const PeftTensor& wanted) const {
    const SafetensorsTensor& tensor = file_.get(wanted.name);
    if (tensor.shape != wanted.shape) {
      throw FormatError(file_.label() + ": " + wanted.name + ": shape " + tensor.shape.to_string() + ", want " +
                        wanted.shape.to_string());
    }
    const WeightFormat format = format_of(tensor);
    std::vector<float> values(static_cast<std::size_t>(tensor.shape.elements()));
    if (const std::int64_t bad = first_not_finite(format, tensor.bytes.data(), std::ssize(values)); bad >= 0) {
      throw FormatError(file_.label() + ": " + wanted.name + ": value " + std::to_string(bad) + " is not finite");
    }
    decode_row(format, tensor.bytes.data(), values);
    return values;
  }

  [[nodiscard]] WeightFormat format_of(const SafetensorsTensor& tensor) const {
    if (tensor.dtype == SafetensorsDType::f32) return WeightFormat::f32;
    if (tensor.dtype == SafetensorsDType::f16) return WeightFormat::f16;
    if (tensor.dtype == SafetensorsDType::bf16) return WeightFormat::bf16;
    throw FormatError(file_.label() + ": " + tensor.name + ": " + std::string(name(tensor.dtype)) +
                      ", want F32, F16 or BF16");
  }

  const SafetensorsFile& file_;
  std::int64_t rank_;
  std::set<std::string, std::less<>> used_;
};

// Which matrices a file has adapters for; a kind that some layers have and others have not is refused when it is read.
LoraTargets targets_in(const LoraReader& reader, const Mamba2Config& model, LoraConfig config) {
  LoraTargets found{false, false, false, false};
  config.targets = {true, true, true, true};
  for (const LoraMatrix& matrix : lora_matrices(model, config)) {
    if (!reader.has(matrix, model.tied_embeddings)) continue;
    if (matrix.name.ends_with("in_proj")) found.in_proj = true;
    if (matrix.name.ends_with("out_proj")) found.out_proj = true;
    if (matrix.name == "embedding") found.embedding = true;
    if (matrix.name == "lm_head" || (matrix.name == "embedding" && model.tied_embeddings)) found.lm_head = true;
  }
  return found;
}

// values + scale * B A, each in double and rounded once.
void add_product(std::vector<float>& values, const LoraMatrix& m, const LoraConfig& config, cpu::ThreadPool& pool) {
  const auto cols = static_cast<std::size_t>(m.cols);
  const auto rank = static_cast<std::size_t>(config.rank);
  const double scale = static_cast<double>(config.alpha) / static_cast<double>(config.rank);
  std::vector<std::vector<double>> sums(static_cast<std::size_t>(pool.threads()), std::vector<double>(cols));
  pool.run(m.rows, [&](std::int64_t row, int thread) {
    std::vector<double>& sum = sums[static_cast<std::size_t>(thread)];
    float* out = values.data() + static_cast<std::size_t>(row) * cols;
    std::ranges::fill(sum, 0.0);
    for (std::size_t k = 0; k < rank; ++k) {
      const double b = static_cast<double>(m.b[static_cast<std::size_t>(row) * rank + k]);
      const float* a = m.a.data() + k * cols;
      for (std::size_t c = 0; c < cols; ++c) sum[c] += b * static_cast<double>(a[c]);
    }
    for (std::size_t c = 0; c < cols; ++c) out[c] = static_cast<float>(static_cast<double>(out[c]) + scale * sum[c]);
  });
}

}  // namespace

void LoraConfig::validate(const Mamba2Config& config) const {
  if (targets == LoraTargets{false, false, false, false}) {
    throw ArgumentError("lora: no targets, want at least one of in_proj, out_proj, embedding, lm_head");
  }
  if (!std::isfinite(alpha) || alpha == 0.0f) {
    throw ArgumentError("lora: alpha: " + std::to_string(alpha) + ", want a finite number that is not 0");
  }
  for (const LoraMatrix& matrix : lora_matrices(config, *this)) {
    const std::int64_t most = std::min(matrix.rows, matrix.cols);
    if (rank < 1 || rank > most) {
      throw ArgumentError("lora: rank: " + std::to_string(rank) + ", want 1 to " + std::to_string(most) +
                          ", the smaller side of " + matrix.name);
    }
  }
}

std::vector<LoraMatrix> lora_matrices(const Mamba2Config& model, const LoraConfig& config) {
  std::vector<LoraMatrix> matrices;
  const LoraTargets& targets = config.targets;
  const bool tied = model.tied_embeddings;
  if (targets.embedding || (tied && targets.lm_head)) {
    matrices.push_back({"embedding", model.vocab_size, model.d_model, {}, {}});
  }
  for (std::int64_t i = 0; i < model.n_layer; ++i) {
    const std::string layer = "layers." + std::to_string(i);
    if (targets.in_proj) matrices.push_back({layer + ".in_proj", model.in_proj_rows(), model.d_model, {}, {}});
    if (targets.out_proj) matrices.push_back({layer + ".out_proj", model.d_model, model.d_inner(), {}, {}});
  }
  if (targets.lm_head && !tied) matrices.push_back({"lm_head", model.vocab_size, model.d_model, {}, {}});
  return matrices;
}

void LoraAdapter::save(const fs::path& folder) const {
  const bool tied = is_tied(*this);
  std::vector<SafetensorsTensor> tensors;
  std::vector<std::vector<float>> turned;  // keeps the memory of what is written transposed
  for (const LoraMatrix& matrix : matrices) {
    if (matrix.a.size() != count_of(config.rank, matrix.cols) ||
        matrix.b.size() != count_of(matrix.rows, config.rank)) {
      throw ArgumentError(matrix.name + ": " + std::to_string(matrix.a.size()) + " and " +
                          std::to_string(matrix.b.size()) + " values, want rank " + std::to_string(config.rank) +
                          " times its columns and its rows");
    }
    for (const PeftTensor& wanted : peft_tensors(matrix, config.rank, tied)) {
      std::span<const float> values = wanted.is_a ? matrix.a : matrix.b;
      if (wanted.turned) values = turned.emplace_back(transposed(values, wanted.shape[1], wanted.shape[0]));
      tensors.push_back({wanted.name, SafetensorsDType::f32, wanted.shape, std::as_bytes(values)});
    }
  }
  AtomicFolder aside(folder);
  SafetensorsMetadata metadata{{"format", "pt"}};
  if (!base_fingerprint.empty()) metadata.emplace(std::string(lora_base_key), base_fingerprint);
  write_safetensors(aside.path() / lora_tensor_file, tensors, metadata);
  write_file_atomically(aside.path() / lora_config_file, adapter_config(*this, tied).dump(2) + "\n");
  aside.commit();
}

LoraAdapter LoraAdapter::load(const fs::path& folder, const Mamba2Config& model) {
  const fs::path config_file = folder / lora_config_file;
  const Json json = read_json(config_file);
  const JsonObject object(json, config_file.string());
  LoraAdapter adapter;
  adapter.config = read_config(object);
  adapter.base = object.string("base_model_name_or_path").value_or("");
  const SafetensorsFile file = SafetensorsFile::open(folder / lora_tensor_file);
  if (const auto known = file.metadata().find(lora_base_key); known != file.metadata().end()) {
    adapter.base_fingerprint = known->second;
  }
  if (adapter.config.rank < 1 || adapter.config.rank > std::min({model.d_model, model.d_inner(), model.vocab_size})) {
    throw FormatError(object.label() + ": r: " + std::to_string(adapter.config.rank) +
                      ", want 1 to the smaller side of the model's matrices");
  }
  LoraReader reader(file, adapter.config.rank);
  adapter.config.targets = targets_in(reader, model, adapter.config);
  try {
    adapter.config.validate(model);
  } catch (const ArgumentError& error) {
    throw FormatError(folder.string() + ": " + error.what());
  }
  adapter.matrices = lora_matrices(model, adapter.config);
  for (LoraMatrix& matrix : adapter.matrices) reader.read(matrix, model.tied_embeddings);
  reader.refuse_others();
  return adapter;
}

std::shared_ptr<const Checkpoint> merge(std::shared_ptr<const Checkpoint> base, const LoraAdapter& adapter,
                                        fs::path path) {
  const std::vector<LoraMatrix> fitting = lora_matrices(base->config(), adapter.config);
  if (fitting.size() != adapter.matrices.size()) {
    throw FormatError("adapter: " + std::to_string(adapter.matrices.size()) + " matrices, the model has " +
                      std::to_string(fitting.size()));
  }
  cpu::ThreadPool pool(0);
  std::vector<NewTensor> merged;
  for (std::size_t i = 0; i < fitting.size(); ++i) {
    const LoraMatrix& matrix = adapter.matrices[i];
    if (matrix.name != fitting[i].name || matrix.rows != fitting[i].rows || matrix.cols != fitting[i].cols ||
        matrix.a.size() != count_of(adapter.config.rank, matrix.cols) ||
        matrix.b.size() != count_of(matrix.rows, adapter.config.rank)) {
      throw FormatError("adapter: " + matrix.name + " (" + std::to_string(matrix.rows) + ", " +
                        std::to_string(matrix.cols) + "), want " + fitting[i].name + " (" +
                        std::to_string(fitting[i].rows) + ", " + std::to_string(fitting[i].cols) + ") with its values");
    }
    const StoredTensor& stored = base->get(matrix.name);
    merged.push_back({matrix.name, decode(stored)});
    base->release_pages(stored.bytes);
    add_product(merged.back().values, matrix, adapter.config, pool);
  }
  return checkpoint_with(std::move(base), std::move(merged), std::move(path));
}

}  // namespace holdfast
