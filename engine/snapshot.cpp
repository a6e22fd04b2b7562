// Snapshots as files: a safetensors container with a checksum, so that a damaged state is refused and not gone on from.

#include <xxhash.h>

#include <array>
#include <charconv>
#include <cmath>
#include <cstring>
#include <utility>

#include "engine/safetensors.h"
#include "engine/session.h"
#include "kernels/error.h"

namespace holdfast {
namespace {

constexpr std::string_view snapshot_version = "1";

std::string hexadecimal(std::uint64_t value) {
  std::array<char, 17> text{};
  std::snprintf(text.data(), text.size(), "%016llx", static_cast<unsigned long long>(value));
  return text.data();
}

template <class T>
std::span<const std::byte> snapshot_bytes(const std::vector<T>& values) {
  return std::as_bytes(std::span(values));
}

std::span<const std::byte> snapshot_bytes(ConstTensorView view) {
  return {static_cast<const std::byte*>(view.data), view.bytes()};
}

std::string checksum(std::span<const SafetensorsTensor> tensors, const SafetensorsMetadata& metadata) {
  std::uint64_t hash = 0;
  const auto add = [&hash](const void* data, std::size_t size) { hash = XXH3_64bits_withSeed(data, size, hash); };
  for (const std::string_view name : {"conv_state", "ssm_state", "logits", "seen"}) {
    for (const SafetensorsTensor& tensor : tensors) {
      if (tensor.name == name) add(tensor.bytes.data(), tensor.bytes.size());
    }
  }
  for (const auto& [key, value] : metadata) {
    if (key == "checksum") continue;
    add(key.data(), key.size());
    add(value.data(), value.size());
  }
  return hexadecimal(hash);
}

// Reads the parts of a snapshot file, each checked.
class SnapshotFile {
 public:
  explicit SnapshotFile(const SafetensorsFile& file) : file_(file) {}

  const std::string& text(std::string_view key) const {
    const auto found = file_.metadata().find(key);
    if (found == file_.metadata().end()) fail("no metadata \"" + std::string(key) + "\", is this a snapshot?");
    return found->second;
  }

  std::uint64_t number(std::string_view key, int base) const {
    const std::string& value = text(key);
    std::uint64_t out = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), out, base);
    if (error != std::errc{} || end != value.data() + value.size()) {
      fail(std::string(key) + " \"" + value.substr(0, 40) + "\", want a number");
    }
    return out;
  }

  const SafetensorsTensor& tensor(std::string_view name, SafetensorsDType dtype) const {
    const SafetensorsTensor& found = file_.get(name);
    if (found.dtype != dtype) {
      fail(std::string(name) + ": " + std::string(holdfast::name(found.dtype)) + ", want " +
           std::string(holdfast::name(dtype)));
    }
    return found;
  }

  void read_state(std::string_view name, TensorView into) const {
    const SafetensorsTensor& from = tensor(name, SafetensorsDType::f32);
    if (from.shape != into.shape) {
      fail(std::string(name) + ": shape " + from.shape.to_string() + ", this model's is " + into.shape.to_string());
    }
    std::memcpy(into.data, from.bytes.data(), from.bytes.size());
    check_finite(name, {into.as<float>(), static_cast<std::size_t>(into.shape.elements())});
  }

  template <class T>
  std::vector<T> read_vector(std::string_view name, SafetensorsDType dtype) const {
    const SafetensorsTensor& from = tensor(name, dtype);
    if (from.shape.rank() != 1) fail(std::string(name) + ": shape " + from.shape.to_string() + ", want one dimension");
    std::vector<T> values(from.bytes.size() / sizeof(T));
    if (!values.empty()) std::memcpy(values.data(), from.bytes.data(), from.bytes.size());
    return values;
  }

  void check_finite(std::string_view name, std::span<const float> values) const {
    for (const float value : values) {
      if (!std::isfinite(value)) fail(std::string(name) + ": a value is " + std::to_string(value) + ", want finite");
    }
  }

  [[noreturn]] void fail(const std::string& rule) const { throw FormatError(file_.label() + ": " + rule); }

 private:
  const SafetensorsFile& file_;
};

}  // namespace

void Snapshot::for_each_piece(const std::function<void(std::span<const std::byte>)>& take) const {
  const ConstTensorView conv = state.conv();
  const ConstTensorView ssm = state.ssm();
  const auto length = [](const auto& values) { return Shape{static_cast<std::int64_t>(values.size())}; };
  const std::array tensors{
      SafetensorsTensor{"conv_state", SafetensorsDType::f32, conv.shape, snapshot_bytes(conv)},
      SafetensorsTensor{"ssm_state", SafetensorsDType::f32, ssm.shape, snapshot_bytes(ssm)},
      SafetensorsTensor{"logits", SafetensorsDType::f32, length(logits), snapshot_bytes(logits)},
      SafetensorsTensor{"seen", SafetensorsDType::i32, length(seen), snapshot_bytes(seen)},
  };
  std::string tail_hex;
  for (const char c : tail) tail_hex += hexadecimal(static_cast<unsigned char>(c)).substr(14);
  SafetensorsMetadata metadata{{"holdfast.snapshot", std::string(snapshot_version)},
                               {"model", model_fingerprint},
                               {"draws", std::to_string(draws)},
                               {"tokens_read", std::to_string(tokens_read)},
                               {"prefix_hash", hexadecimal(prefix_hash)},
                               {"tail", tail_hex}};
  if (!base.empty()) metadata.emplace("base", base);
  metadata.emplace("checksum", checksum(tensors, metadata));
  std::vector<SafetensorsWriter::Entry> entries;
  for (const SafetensorsTensor& tensor : tensors) entries.push_back({tensor.name, tensor.dtype, tensor.shape});
  const std::string beginning = SafetensorsWriter::beginning(entries, metadata);
  take(std::as_bytes(std::span(beginning)));
  take(tensors[0].bytes);
  const auto layers = static_cast<std::size_t>(ssm.shape[0]);
  const std::size_t layer_bytes = tensors[1].bytes.size() / layers;
  for (std::size_t layer = 0; layer < layers; ++layer) take(tensors[1].bytes.subspan(layer * layer_bytes, layer_bytes));
  std::vector<std::byte> rest(tensors[2].bytes.begin(), tensors[2].bytes.end());
  rest.insert(rest.end(), tensors[3].bytes.begin(), tensors[3].bytes.end());
  if (!rest.empty()) take(rest);
}

void Snapshot::save(const std::filesystem::path& file) const {
  AtomicFile out(file);
  for_each_piece([&out](std::span<const std::byte> piece) { out.write(piece); });
  out.commit();
}

Snapshot Snapshot::load(const std::filesystem::path& file, const Mamba2Config& config) {
  return read(SafetensorsFile::open(file), config);
}

void Snapshot::require_sound(const SafetensorsFile& safetensors) {
  const SnapshotFile from(safetensors);
  if (const std::string& version = from.text("holdfast.snapshot"); version != snapshot_version) {
    from.fail("snapshot of version " + version.substr(0, 40) + ", this program reads " + std::string(snapshot_version));
  }
  if (from.text("checksum") != checksum(safetensors.tensors(), safetensors.metadata())) {
    from.fail("its checksum does not fit its content: the file is damaged");
  }
}

Snapshot Snapshot::read(const SafetensorsFile& safetensors, const Mamba2Config& config) {
  require_sound(safetensors);
  const SnapshotFile from(safetensors);
  // Shapes before memory: a file's word is not enough to allocate by.
  const Shape ssm{config.n_layer, config.n_heads, config.head_dim, config.d_state};
  if (const Shape& found = from.tensor("ssm_state", SafetensorsDType::f32).shape; found != ssm) {
    from.fail("ssm_state: shape " + found.to_string() + ", this model's is " + ssm.to_string());
  }
  Snapshot snapshot{.model_fingerprint = from.text("model"),
                    .state = State(Device::cpu(), config),
                    .logits = from.read_vector<float>("logits", SafetensorsDType::f32),
                    .draws = from.number("draws", 10),
                    .tokens_read = from.number("tokens_read", 10),
                    .prefix_hash = from.number("prefix_hash", 16),
                    .seen = from.read_vector<TokenId>("seen", SafetensorsDType::i32),
                    .tail = {}};
  if (const auto base = safetensors.metadata().find("base"); base != safetensors.metadata().end()) {
    snapshot.base = base->second;
  }
  from.read_state("conv_state", snapshot.state.conv());
  from.read_state("ssm_state", snapshot.state.ssm());
  if (!snapshot.logits.empty() && static_cast<std::int64_t>(snapshot.logits.size()) != config.vocab_size) {
    from.fail(std::to_string(snapshot.logits.size()) + " logits, this model has " + std::to_string(config.vocab_size));
  }
  from.check_finite("logits", snapshot.logits);
  for (std::size_t i = 0; i < snapshot.seen.size(); ++i) {
    const TokenId id = snapshot.seen[i];
    if (id < 0 || id >= config.vocab_size || (i > 0 && id <= snapshot.seen[i - 1])) {
      from.fail("seen[" + std::to_string(i) + "]: " + std::to_string(id) + ", want ascending ids of the vocabulary");
    }
  }
  const std::string& tail = from.text("tail");
  if (tail.size() % 2 != 0) from.fail("tail of " + std::to_string(tail.size()) + " hexadecimal digits, want pairs");
  for (std::size_t i = 0; i < tail.size(); i += 2) {
    unsigned byte = 0;
    const auto [end, error] = std::from_chars(tail.data() + i, tail.data() + i + 2, byte, 16);
    if (error != std::errc{} || end != tail.data() + i + 2) from.fail("tail: not hexadecimal");
    snapshot.tail += static_cast<char>(byte);
  }
  return snapshot;
}

}  // namespace holdfast
