#include "app/catalogue/model_facts.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <string_view>
#include <system_error>

#include "app/files/paths.h"
#include "engine/chat_template.h"
#include "engine/json.h"
#include "kernels/error.h"

namespace holdfast {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t card_max_bytes = std::size_t{256} << 10;
constexpr std::size_t licence_max_bytes = std::size_t{64} << 10;
constexpr std::size_t source_max_bytes = std::size_t{1} << 20;

std::string formats_of(const Checkpoint& checkpoint) {
  std::string text;
  for (const StoredTensor& tensor : checkpoint.tensors()) {
    const std::string format(name(tensor.format));
    if ((", " + text + ",").find(", " + format + ",") == std::string::npos) text += (text.empty() ? "" : ", ") + format;
  }
  return text;
}

// A row of the embedding is looked up; all of it is read only where it is the head too.
double embedding_bytes(const Checkpoint& checkpoint, LoadDType dtype) {
  const StoredTensor& embedding = checkpoint.get("embedding");
  const std::int64_t rows = embedding.shape[0];
  const std::int64_t cols = embedding.shape[1];
  const WeightFormat format = memory_format(dtype, embedding.format, rows, cols);
  return static_cast<double>(rows) * static_cast<double>(encoded_row_bytes(format, cols));
}

FormatFacts format_facts(const Checkpoint& checkpoint, LoadDType dtype, std::size_t state_bytes) {
  FormatFacts facts{.dtype = dtype, .weight_bytes = {}};
  try {
    facts.weight_bytes = weight_bytes(DeviceKind::cpu, checkpoint, dtype);
  } catch (const ArgumentError&) {
    return facts;
  }
  const double idle = checkpoint.config().tied_embeddings ? 0.0 : embedding_bytes(checkpoint, dtype);
  facts.bytes_per_token = static_cast<double>(*facts.weight_bytes) - idle + 2.0 * static_cast<double>(state_bytes);
  return facts;
}

std::string first_bytes(const fs::path& file, std::size_t most) {
  std::error_code ignored;
  if (!fs::is_regular_file(file, ignored)) return {};
  std::ifstream in(file, std::ios::binary);
  std::string text(most, '\0');
  in.read(text.data(), static_cast<std::streamsize>(most));
  text.resize(static_cast<std::size_t>(in.gcount()));
  return text;
}

// A card begins with lines of YAML between two lines "---". Of it only `license: NAME` is looked for.
void split_card(std::string_view text, ModelCard& card) {
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  if (!text.starts_with("---\n") && !text.starts_with("---\r\n")) {
    card.text = text;
    return;
  }
  std::size_t at = text.find('\n') + 1;
  while (at < text.size()) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    std::string_view line = text.substr(at, end - at);
    at = std::min(end + 1, text.size());
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line == "---") break;
    constexpr std::string_view key = "license:";
    if (!line.starts_with(key)) continue;
    line.remove_prefix(std::min(line.find_first_not_of(" \t'\"", key.size()), line.size()));
    card.licence = line.substr(0, line.find_first_of(" \t'\"#"));
  }
  card.text = text.substr(at);
}

std::string source_in(const fs::path& folder) {
  const fs::path file = folder / model_source_file;
  std::error_code ignored;
  if (!fs::is_regular_file(file, ignored)) return {};
  try {
    const Json json = read_json(file, source_max_bytes);
    const JsonObject object(json, file.string());
    const std::string address = object.string("address").value_or("");
    return address.starts_with("http") ? address : address + ", " + object.string("hub").value_or("");
  } catch (const Error&) {
    return {};  // a note of ours that was changed is no reason not to show the model
  }
}

// What an adapter says it was made for; empty where there is none that can be read.
std::string adapter_base(const fs::path& adapter) {
  const fs::path file = adapter / "adapter_config.json";
  std::error_code ignored;
  if (!fs::is_regular_file(file, ignored)) return {};
  try {
    const Json json = read_json(file, source_max_bytes);
    return JsonObject(json, file.string()).string("base_model_name_or_path").value_or("");
  } catch (const Error&) {
    return {};
  }
}

}  // namespace

std::shared_ptr<const Tokenizer> checkpoint_tokenizer(const Checkpoint& checkpoint) {
  const TokenizerSource source = checkpoint.tokenizer();
  const std::string path = checkpoint.path().string();
  if (source.kind == TokenizerSource::Kind::none) {
    throw FormatError(path + ": no tokenizer, want tokenizer.model or tokenizer.json beside the weights");
  }
  std::shared_ptr<const Tokenizer> tokenizer = Tokenizer::load(source);
  const std::int64_t vocabulary = checkpoint.config().vocab_size;
  if (tokenizer->size() > vocabulary) {
    throw FormatError(path + ": the tokenizer has " + std::to_string(tokenizer->size()) + " tokens, the model knows " +
                      std::to_string(vocabulary));
  }
  return tokenizer;
}

ModelFacts model_facts(const Checkpoint& checkpoint) {
  ModelFacts facts;
  facts.layout = name(checkpoint.layout());
  facts.config = checkpoint.config();
  for (const StoredTensor& tensor : checkpoint.tensors()) facts.parameters += tensor.shape.elements();
  facts.number_formats = formats_of(checkpoint);
  facts.stored_bytes = checkpoint.stored_bytes();
  facts.state_bytes = static_cast<std::size_t>(checkpoint.config().state_floats()) * sizeof(float);
  for (std::size_t i = 0; i < all_load_dtypes.size(); ++i) {
    facts.formats[i] = format_facts(checkpoint, all_load_dtypes[i], facts.state_bytes);
  }
  facts.sampling = checkpoint.sampling();
  if (checkpoint.tokenizer().kind == TokenizerSource::Kind::none) return facts;
  try {
    const auto tokenizer = checkpoint_tokenizer(checkpoint);
    facts.tokenizer_kind = tokenizer->kind();
    facts.tokens = tokenizer->size();
    facts.chat_format = name(choose_chat_format(checkpoint, *tokenizer));
  } catch (const std::exception& error) {
    facts.tokenizer_fault = error.what();
  }
  return facts;
}

ModelCard model_card(const fs::path& model) {
  std::error_code ignored;
  ModelCard card;
  if (!fs::is_directory(model, ignored)) return card;
  split_card(first_bytes(model / "README.md", card_max_bytes), card);
  for (const char* file : {"LICENSE", "LICENCE", "LICENSE.txt", "LICENSE.md"}) {
    if (card.licence_text.empty()) card.licence_text = first_bytes(model / file, licence_max_bytes);
  }
  card.source = source_in(model);
  return card;
}

std::vector<ModelExtra> model_extras(const CatalogueEntry& entry, const fs::path& data) {
  const fs::path& model = entry.path;
  std::vector<ModelExtra> found;
  const auto look = [&](const fs::path& path) {
    std::error_code ignored;
    if (fs::is_regular_file(path / "adapter_config.json", ignored)) found.push_back({ModelExtra::Kind::adapter, path});
    const std::string file = path.filename().string();
    const bool state = file == "state.safetensors" || file.ends_with(".state.safetensors");
    if (state && fs::is_regular_file(path, ignored)) found.push_back({ModelExtra::Kind::state, path});
  };
  const auto each = [](const fs::path& folder, const auto& visit) {
    std::error_code error;
    for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) visit(at->path());
  };
  each(model, [&](const fs::path& path) {
    look(path);
    each(path, look);
  });
  each(data / "runs", [&](const fs::path& run) {
    const std::string base = adapter_base(run / "adapter");
    std::error_code ignored;
    if (!base.empty() && (base == entry.name || fs::equivalent(base, entry.target, ignored))) {
      found.push_back({ModelExtra::Kind::adapter, run / "adapter"});
    }
  });
  std::ranges::sort(found, {}, &ModelExtra::path);
  return found;
}

std::uintmax_t bytes_on_disk(const fs::path& path) {
  std::error_code error;
  if (!fs::is_directory(path, error)) {
    const std::uintmax_t bytes = fs::file_size(path, error);
    return error ? 0 : bytes;
  }
  std::uintmax_t bytes = 0;
  for (fs::recursive_directory_iterator entry(path, error), end; !error && entry != end; entry.increment(error)) {
    std::error_code gone;
    if (!entry->is_regular_file(gone)) continue;
    const std::uintmax_t size = entry->file_size(gone);
    if (!gone) bytes += size;
  }
  return bytes;
}

}  // namespace holdfast
