#include "engine/checkpoint.h"

#include <xxhash.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdio>
#include <set>
#include <utility>

#include "engine/byte_reader.h"
#include "engine/checkpoint_config.h"
#include "engine/checkpoint_tensors.h"
#include "engine/json.h"
#include "kernels/error.h"

namespace holdfast {

namespace {
namespace fs = std::filesystem;

constexpr std::size_t config_max_bytes = std::size_t{1} << 20;
constexpr std::size_t index_max_bytes = std::size_t{16} << 20;
constexpr std::size_t fingerprint_piece = std::size_t{16} << 20;

class FileCheckpoint final : public Checkpoint {
 public:
  [[nodiscard]] CheckpointLayout layout() const noexcept override { return layout_; }
  [[nodiscard]] const Mamba2Config& config() const noexcept override { return config_; }
  [[nodiscard]] std::span<const StoredTensor> tensors() const noexcept override { return tensors_; }
  [[nodiscard]] const fs::path& path() const noexcept override { return path_; }
  [[nodiscard]] TokenizerSource tokenizer() const override;
  [[nodiscard]] std::optional<std::string> chat_template_text() const override;
  [[nodiscard]] SamplingAdvice sampling() const override { return sampling_; }
  void release_pages(std::span<const std::byte> bytes) const noexcept override {
    for (const auto& mapping : mappings_) mapping->release_pages(bytes);
  }

  CheckpointLayout layout_ = CheckpointLayout::hugging_face;
  Mamba2Config config_;
  SamplingAdvice sampling_;
  fs::path path_;
  std::vector<std::shared_ptr<const MappedFile>> mappings_;
  std::vector<StoredTensor> tensors_;
  std::optional<GgufFile> gguf_;
};

// The files next to a checkpoint's weights.
fs::path folder_of(const fs::path& path) {
  if (fs::is_directory(path)) return path;
  return path.has_parent_path() ? path.parent_path() : fs::path(".");
}

TokenizerSource tokenizer_in(const fs::path& folder) {
  // SentencePiece first: a tokenizer.json made of it needs workarounds to behave the same.
  constexpr std::pair<const char*, TokenizerSource::Kind> names[] = {
      {"tokenizer.model", TokenizerSource::Kind::sentencepiece},
      {"tokenizer.model.v3", TokenizerSource::Kind::sentencepiece},
      {"tokenizer.json", TokenizerSource::Kind::tokenizer_json}};
  for (const auto& [file, kind] : names) {
    std::error_code ignored;
    if (fs::is_regular_file(folder / file, ignored)) return {kind, folder / file};
  }
  return {};
}

TokenizerSource FileCheckpoint::tokenizer() const {
  if (gguf_ && gguf_->has("tokenizer.ggml.tokens")) return {TokenizerSource::Kind::gguf, path_};
  const fs::path folder = folder_of(path_);
  if (TokenizerSource found = tokenizer_in(folder); found.kind != TokenizerSource::Kind::none) return found;
  if (layout_ == CheckpointLayout::gguf) return {};
  return tokenizer_in(fs::absolute(folder).lexically_normal() / "..");
}

// "chat_template" is a text, or a list of {"name", "template"} of which "default" counts.
std::optional<std::string> template_text(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (!value.is_array()) return std::nullopt;
  for (const Json& entry : value) {
    if (entry.is_object() && entry.value("name", Json()) == "default" && entry.value("template", Json()).is_string()) {
      return entry["template"].get<std::string>();
    }
  }
  return std::nullopt;
}

std::optional<std::string> FileCheckpoint::chat_template_text() const {
  if (gguf_) {
    const auto text = gguf_->string("tokenizer.chat_template");
    return text ? std::optional<std::string>(*text) : std::nullopt;
  }
  const fs::path folder = folder_of(path_);
  if (const fs::path file = folder / "chat_template.jinja"; fs::is_regular_file(file)) {
    const auto mapped = MappedFile::open(file);
    const auto bytes = mapped->bytes().first(std::min(mapped->bytes().size(), config_max_bytes));
    return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  }
  const fs::path file = folder / "tokenizer_config.json";
  if (!fs::is_regular_file(file)) return std::nullopt;
  const Json config = read_json(file, index_max_bytes);  // added tokens can make it long
  const Json* value = JsonObject(config, file.string()).find("chat_template");
  return value == nullptr ? std::nullopt : template_text(*value);
}

// ---- weights of a folder ---------------------------------------------------------------------------------------

struct WeightFiles {
  std::vector<SourceTensor> sources;
  std::vector<std::shared_ptr<const MappedFile>> mappings;
};

void append_file(WeightFiles& files, const fs::path& file) {
  std::vector<SourceTensor> sources;
  if (file.extension() == ".safetensors") {
    const SafetensorsFile opened = SafetensorsFile::open(file);
    sources = source_tensors(opened);
    files.mappings.push_back(opened.mapping());
  } else {
    const TorchArchive opened = TorchArchive::open(file);
    sources = source_tensors(opened, file.string());
    files.mappings.push_back(opened.mapping());
  }
  std::move(sources.begin(), sources.end(), std::back_inserter(files.sources));
}

// An index names the file of each tensor. It comes from outside: it may name files of its own folder and no others.
WeightFiles indexed_files(const fs::path& index_file) {
  const Json index = read_json(index_file, index_max_bytes);
  const auto map = JsonObject(index, index_file.string()).object("weight_map");
  if (!map) throw FormatError(index_file.string() + ": weight_map is missing");
  const Json& entries = index["weight_map"];
  std::set<std::string> names;
  for (const auto& [tensor, file] : entries.items()) {
    if (!file.is_string()) map->fail(printable(tensor), file, "a file's name");
    const auto& file_name = file.get_ref<const std::string&>();
    const bool known = file_name.ends_with(".safetensors") || file_name.ends_with(".bin");
    if (!known || file_name.find_first_of(std::string_view("/\\\0", 3)) != std::string::npos) {
      map->fail(printable(tensor), file, "the name of a .safetensors or .bin file in the same folder");
    }
    names.insert(file_name);
  }
  WeightFiles files;
  for (const std::string& file_name : names) append_file(files, index_file.parent_path() / file_name);
  std::set<std::pair<std::string_view, std::string>> there;
  for (const SourceTensor& source : files.sources)
    there.emplace(source.name, fs::path(source.file).filename().string());
  for (const auto& [tensor, file] : entries.items()) {
    if (there.contains({tensor, file.get_ref<const std::string&>()})) continue;
    throw FormatError(index_file.string() + ": " + printable(tensor) + ": is not in " + file.get<std::string>());
  }
  return files;
}

WeightFiles folder_weights(const fs::path& folder) {
  WeightFiles files;
  for (const char* name : {"model.safetensors", "pytorch_model.bin"}) {
    const fs::path index = folder / (std::string(name) + ".index.json");
    if (fs::is_regular_file(folder / name)) {
      append_file(files, folder / name);
      return files;
    }
    if (fs::is_regular_file(index)) return indexed_files(index);
  }
  throw IoError(folder.string() +
                ": no weights: neither model.safetensors nor pytorch_model.bin nor an index of their parts");
}

// ---- layouts ---------------------------------------------------------------------------------------------------

std::unique_ptr<FileCheckpoint> open_gguf(const fs::path& file) {
  auto checkpoint = std::make_unique<FileCheckpoint>();
  checkpoint->layout_ = CheckpointLayout::gguf;
  checkpoint->path_ = file;
  checkpoint->gguf_ = GgufFile::open(file);
  checkpoint->config_ = gguf_config(*checkpoint->gguf_);
  checkpoint->mappings_.push_back(checkpoint->gguf_->mapping());
  checkpoint->tensors_ =
      canonical_tensors(checkpoint->config_, CheckpointLayout::gguf, source_tensors(*checkpoint->gguf_), file.string());
  return checkpoint;
}

void take_weights(FileCheckpoint& checkpoint, WeightFiles files) {
  checkpoint.mappings_ = std::move(files.mappings);
  checkpoint.tensors_ =
      canonical_tensors(checkpoint.config_, checkpoint.layout_, std::move(files.sources), checkpoint.path_.string());
}

std::unique_ptr<FileCheckpoint> open_mistral(const fs::path& folder) {
  const fs::path params_file = folder / "params.json";
  const Json params = read_json(params_file, config_max_bytes);
  auto checkpoint = std::make_unique<FileCheckpoint>();
  checkpoint->layout_ = CheckpointLayout::mistral;
  checkpoint->path_ = folder;
  checkpoint->config_ = mistral_config(JsonObject(params, params_file.string()));
  WeightFiles files;
  append_file(files, folder / "consolidated.safetensors");
  take_weights(*checkpoint, std::move(files));
  return checkpoint;
}

std::optional<float> advice(const JsonObject& object, const char* key, double most) {
  const auto value = object.number(key);
  if (value && !(*value > 0.0 && *value <= most)) {
    object.fail(key, *object.find(key), "more than 0 and at most " + std::to_string(static_cast<int>(most)));
  }
  return value ? std::optional(static_cast<float>(*value)) : std::nullopt;
}

// What generation_config.json says of the ids that begin and end a text comes before what config.json says.
void read_generation_config(const fs::path& folder, Mamba2Config& config, SamplingAdvice& sampling) {
  const fs::path file = folder / "generation_config.json";
  if (!fs::is_regular_file(file)) return;
  const Json json = read_json(file, config_max_bytes);
  const JsonObject object(json, file.string());
  config.bos_token = token_id(object, "bos_token_id", config.bos_token, config.vocab_size);
  config.eos_token = token_id(object, "eos_token_id", config.eos_token, config.vocab_size);
  sampling.temperature = object.boolean("do_sample").value_or(true) ? advice(object, "temperature", 10.0) : 0.0f;
  sampling.top_p = advice(object, "top_p", 1.0);
  sampling.repetition_penalty = advice(object, "repetition_penalty", 10.0);
}

// A folder with config.json. `weights`: the one file to read, or empty for what the folder has.
std::unique_ptr<FileCheckpoint> open_configured(const fs::path& folder, const fs::path& weights) {
  const fs::path config_file = folder / "config.json";
  const Json json = read_json(config_file, config_max_bytes);
  const JsonObject config(json, config_file.string());
  auto checkpoint = std::make_unique<FileCheckpoint>();
  checkpoint->path_ = folder;
  if (config_dialect(config) == ConfigDialect::hugging_face) {
    checkpoint->layout_ = CheckpointLayout::hugging_face;
    checkpoint->config_ = hugging_face_config(config);
  } else {
    checkpoint->layout_ = CheckpointLayout::mamba_ssm;
    checkpoint->config_ = mamba_ssm_config(config);
  }
  read_generation_config(folder, checkpoint->config_, checkpoint->sampling_);
  WeightFiles files;
  if (weights.empty()) {
    files = folder_weights(folder);
  } else {
    append_file(files, weights);
  }
  take_weights(*checkpoint, std::move(files));
  return checkpoint;
}

bool has_mistral(const fs::path& folder) {
  return fs::is_regular_file(folder / "params.json") && fs::is_regular_file(folder / "consolidated.safetensors");
}

std::unique_ptr<FileCheckpoint> open_only_gguf(const fs::path& folder) {
  std::vector<fs::path> found;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() == ".gguf") found.push_back(entry.path());
  }
  std::sort(found.begin(), found.end());
  if (found.size() == 1) return open_gguf(found.front());
  if (found.empty()) throw IoError(folder.string() + ": no model: neither config.json, params.json nor a .gguf file");
  throw IoError(folder.string() + ": " + std::to_string(found.size()) + " .gguf files, name one of them, such as " +
                found.front().filename().string());
}

std::unique_ptr<FileCheckpoint> open_folder(const fs::path& folder) {
  // A download may hold the weights twice, for transformers and for mistral-inference, or only the one.
  const bool shared = fs::is_regular_file(folder / "model.safetensors") ||
                      fs::is_regular_file(folder / "model.safetensors.index.json") ||
                      fs::is_regular_file(folder / "pytorch_model.bin") ||
                      fs::is_regular_file(folder / "pytorch_model.bin.index.json");
  if (has_mistral(folder) && !shared) return open_mistral(folder);
  if (fs::is_regular_file(folder / "config.json")) return open_configured(folder, {});
  return open_only_gguf(folder);
}

bool begins_with_gguf(const fs::path& file) {
  const auto mapped = MappedFile::open(file);
  const auto bytes = mapped->bytes();
  return bytes.size() >= 4 && std::string_view(reinterpret_cast<const char*>(bytes.data()), 4) == "GGUF";
}

std::unique_ptr<FileCheckpoint> open_file(const fs::path& file) {
  if (file.extension() == ".gguf" || begins_with_gguf(file)) return open_gguf(file);
  const fs::path folder = folder_of(file);
  const std::string name = file.filename().string();
  if (name == "params.json" || name == "consolidated.safetensors") return open_mistral(folder);
  if (file.extension() == ".json") return open_folder(folder);
  const bool part = name.find("-of-") != std::string::npos;
  if (file.extension() == ".safetensors" || file.extension() == ".bin") {
    return open_configured(folder, part ? fs::path() : file);
  }
  throw FormatError(file.string() + ": not a checkpoint: want a folder, a .gguf, .safetensors or .bin file");
}

std::string hexadecimal(const XXH128_hash_t& hash) {
  std::array<char, 33> text{};
  std::snprintf(text.data(), text.size(), "%016llx%016llx", static_cast<unsigned long long>(hash.high64),
                static_cast<unsigned long long>(hash.low64));
  return text.data();
}

struct HashState {
  XXH3_state_t* state = XXH3_createState();
  ~HashState() { XXH3_freeState(state); }
};
}  // namespace

std::string_view name(CheckpointLayout layout) noexcept {
  switch (layout) {
    case CheckpointLayout::hugging_face: return "hf";
    case CheckpointLayout::mamba_ssm: return "mamba_ssm";
    case CheckpointLayout::mistral: return "mistral";
    case CheckpointLayout::gguf: return "gguf";
  }
  return "?";
}

std::unique_ptr<const Checkpoint> Checkpoint::open(const fs::path& path) {
  try {
    const fs::file_status status = fs::status(path);
    if (!fs::exists(status)) throw IoError(path.string() + ": not there");
    return fs::is_directory(status) ? open_folder(path) : open_file(path);
  } catch (const fs::filesystem_error& error) {
    throw IoError(path.string() + ": cannot be read: " + error.code().message());
  }
}

const StoredTensor* Checkpoint::find(std::string_view canonical_name) const noexcept {
  for (const StoredTensor& tensor : tensors()) {
    if (tensor.name == canonical_name) return &tensor;
  }
  return nullptr;
}

const StoredTensor& Checkpoint::get(std::string_view canonical_name) const {
  if (const StoredTensor* tensor = find(canonical_name)) return *tensor;
  throw FormatError(path().string() + ": " + std::string(canonical_name) + " is missing");
}

std::size_t Checkpoint::stored_bytes() const noexcept {
  std::size_t bytes = 0;
  for (const StoredTensor& tensor : tensors()) bytes += tensor.bytes.size();
  return bytes;
}

std::string Checkpoint::fingerprint(const std::function<void(double)>& progress) const {
  const HashState hash;
  if (hash.state == nullptr || XXH3_128bits_reset(hash.state) != XXH_OK) throw IoError("no memory for a hash");
  const auto add = [&](const void* data, std::size_t bytes) { XXH3_128bits_update(hash.state, data, bytes); };
  // The constants that the tensors do not show.
  const Mamba2Config& c = config();
  const std::string constants = "groups " + std::to_string(c.n_groups) + " eps " +
                                std::to_string(std::bit_cast<std::uint32_t>(c.norm_eps)) + " dt " +
                                std::to_string(std::bit_cast<std::uint32_t>(c.dt_min)) + " " +
                                std::to_string(std::bit_cast<std::uint32_t>(c.dt_max)) + "\n";
  add(constants.data(), constants.size());
  const std::size_t total = stored_bytes();
  std::size_t read = 0;
  for (const StoredTensor& tensor : tensors()) {
    const std::string head =
        tensor.name + " " + std::string(holdfast::name(tensor.format)) + " " + tensor.shape.to_string() + "\n";
    add(head.data(), head.size());
    for (std::size_t at = 0; at < tensor.bytes.size(); at += fingerprint_piece) {
      const auto piece = tensor.bytes.subspan(at, std::min(fingerprint_piece, tensor.bytes.size() - at));
      add(piece.data(), piece.size());
      release_pages(piece);
      read += piece.size();
      if (progress) progress(static_cast<double>(read) / static_cast<double>(std::max<std::size_t>(total, 1)));
    }
  }
  return hexadecimal(XXH3_128bits_digest(hash.state));
}

}  // namespace holdfast
