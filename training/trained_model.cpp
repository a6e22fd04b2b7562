#include "training/trained_model.h"

#include <system_error>
#include <utility>

#include "engine/json.h"
#include "engine/safetensors.h"
#include "kernels/error.h"
#include "training/lora.h"

namespace holdfast {
namespace {

namespace fs = std::filesystem;

constexpr int made_most_adapters = 8;  // upon each other: a file may name itself as its base
constexpr std::uintmax_t made_config_bytes = 1 << 20;

fs::path find_base(const fs::path& made, const std::string& named, const FindModel& find, const fs::path& given) {
  if (!given.empty()) return given;
  std::error_code error;
  if (named.empty()) throw FormatError(made.string() + ": does not say what model it was trained on");
  if (fs::exists(named, error)) return named;
  const std::string last = fs::path(named).filename().string();
  try {
    if (find) return find(last);
  } catch (const IoError&) {
    // Told below, with what it is for.
  }
  throw IoError(made.string() + ": was trained on " + named + ", which is not there, and no model " + last +
                " is installed");
}

std::string adapter_base_of(const fs::path& adapter) {
  const Json json = read_json(adapter / "adapter_config.json", made_config_bytes);
  return JsonObject(json, (adapter / "adapter_config.json").string()).string("base_model_name_or_path").value_or("");
}

std::string state_base_of(const SafetensorsFile& state) {
  const auto found = state.metadata().find("base");
  return found == state.metadata().end() ? std::string() : found->second;
}

[[noreturn]] void refuse_more_adapters(const fs::path& path) {
  throw FormatError(path.string() + ": adapters on more than " + std::to_string(made_most_adapters) +
                    " others, want a model below them");
}

OpenedModel open_made(const fs::path& path, const FindModel& find, const fs::path& base, int above) {
  OpenedModel opened;
  opened.kind = made_kind(path);
  if (opened.kind == MadeKind::model) {
    opened.checkpoint = Checkpoint::open(path);
    return opened;
  }
  if (above == made_most_adapters) refuse_more_adapters(path);
  if (opened.kind == MadeKind::adapter) {
    opened.base = find_base(path, adapter_base_of(path), find, base);
    OpenedModel below = open_made(opened.base, find, {}, above + 1);
    if (below.begin) throw FormatError(path.string() + ": its base " + opened.base.string() + " is a state");
    const LoraAdapter adapter = LoraAdapter::load(path, below.checkpoint->config());
    if (!adapter.base_fingerprint.empty()) {
      const std::string found = below.checkpoint->fingerprint();
      if (found != adapter.base_fingerprint) {
        throw FormatError(path.string() + ": was trained on the weights " + adapter.base_fingerprint + " (" +
                          adapter.base + "), " + opened.base.string() + " has " + found);
      }
    }
    opened.checkpoint = merge(std::move(below.checkpoint), adapter, path);
    return opened;
  }
  const SafetensorsFile file = SafetensorsFile::open(path);
  opened.base = find_base(path, state_base_of(file), find, base);
  OpenedModel below = open_made(opened.base, find, {}, above + 1);
  if (below.begin) throw FormatError(path.string() + ": its base " + opened.base.string() + " is a state");
  opened.checkpoint = std::move(below.checkpoint);
  opened.begin = Snapshot::read(file, opened.checkpoint->config());
  // A model's fingerprint is that of its weights and the format they were loaded in.
  const std::string& made_with = opened.begin->model_fingerprint;
  const std::size_t dash = made_with.find('-');
  const std::string found = opened.checkpoint->fingerprint();
  if (made_with.substr(0, dash) != found) {
    throw FormatError(path.string() + ": was trained on the weights " + made_with.substr(0, dash) + " (" +
                      opened.begin->base + "), " + opened.base.string() + " has " + found);
  }
  if (dash != std::string::npos) opened.dtype = load_dtype(made_with.substr(dash + 1));
  return opened;
}

}  // namespace

MadeKind made_kind(const fs::path& path) {
  std::error_code error;
  if (fs::is_regular_file(path / "adapter_config.json", error)) return MadeKind::adapter;
  if (path.extension() != ".safetensors" || !fs::is_regular_file(path, error)) return MadeKind::model;
  try {
    const SafetensorsFile file = SafetensorsFile::open(path);
    return file.metadata().contains("holdfast.snapshot") ? MadeKind::state : MadeKind::model;
  } catch (const Error&) {
    return MadeKind::model;  // whoever opens it says what is wrong
  }
}

OpenedModel open_model(const fs::path& path, const FindModel& find, const fs::path& base) {
  return open_made(path, find, base, 0);
}

fs::path base_below(const fs::path& path, const FindModel& find) {
  fs::path at = path;
  for (int above = 0;; ++above) {
    const MadeKind kind = made_kind(at);
    if (kind == MadeKind::model) return at;
    if (above == made_most_adapters) refuse_more_adapters(path);
    const std::string named =
        kind == MadeKind::adapter ? adapter_base_of(at) : state_base_of(SafetensorsFile::open(at));
    at = find_base(at, named, find, {});
  }
}

}  // namespace holdfast
