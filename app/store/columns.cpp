#include "app/store/columns.h"

#include <algorithm>
#include <array>
#include <bit>
#include <nlohmann/json.hpp>
#include <string>
#include <type_traits>
#include <utility>

#include "kernels/error.h"

namespace holdfast {
namespace {

constexpr auto node_kind_names = std::to_array<std::pair<NodeKind, std::string_view>>({
    {NodeKind::system, "system"},
    {NodeKind::user, "user"},
    {NodeKind::thought, "thought"},
    {NodeKind::answer, "answer"},
    {NodeKind::note, "note"},
});

nlohmann::json parse_column(const std::string& text, std::string_view column) {
  nlohmann::json value = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!value.is_object()) throw StoreError("node." + std::string(column) + ": not a JSON object");
  return value;
}

// A field that an older or newer program did not write keeps its default.
template <class T>
void read_field(const nlohmann::json& object, const char* field, T& value) {
  const auto found = object.find(field);
  const auto suits = [&] { return std::is_same_v<T, std::string> ? found->is_string() : found->is_number(); };
  if (found != object.end() && suits()) value = found->get<T>();
}

void put_word(std::vector<std::byte>& blob, std::uint32_t word) {
  for (int shift = 0; shift < 32; shift += 8) blob.push_back(static_cast<std::byte>((word >> shift) & 0xffu));
}

std::uint32_t take_word(std::span<const std::byte>& blob) {
  std::uint32_t word = 0;
  for (std::size_t byte = 0; byte < 4; ++byte) word |= std::to_integer<std::uint32_t>(blob[byte]) << (8 * byte);
  blob = blob.subspan(4);
  return word;
}

}  // namespace

std::int64_t to_column(std::uint64_t value) noexcept { return std::bit_cast<std::int64_t>(value); }
std::uint64_t from_column(std::int64_t value) noexcept { return std::bit_cast<std::uint64_t>(value); }

std::vector<std::byte> tokens_to_blob(std::span<const TokenId> tokens) {
  std::vector<std::byte> blob;
  blob.reserve(tokens.size() * 4);
  for (const TokenId token : tokens) put_word(blob, static_cast<std::uint32_t>(token));
  return blob;
}

std::vector<TokenId> tokens_from_blob(std::span<const std::byte> blob) {
  if (blob.size() % 4 != 0)
    throw StoreError("token ids: " + std::to_string(blob.size()) + " bytes, want a multiple of 4");
  std::vector<TokenId> tokens(blob.size() / 4);
  for (TokenId& token : tokens) token = static_cast<TokenId>(take_word(blob));
  return tokens;
}

std::vector<std::byte> choices_to_blob(const std::vector<TokenChoice>& choices) {
  std::vector<std::byte> blob;
  for (const TokenChoice& choice : choices) {
    const std::size_t count = std::min<std::size_t>(choice.alternatives.size(), 255);
    put_word(blob, std::bit_cast<std::uint32_t>(choice.log_prob));
    blob.push_back(static_cast<std::byte>(count));
    for (const TokenProbability& other : std::span(choice.alternatives).first(count)) {
      put_word(blob, static_cast<std::uint32_t>(other.token));
      put_word(blob, std::bit_cast<std::uint32_t>(other.log_prob));
    }
  }
  return blob;
}

std::vector<TokenChoice> choices_from_blob(std::span<const std::byte> blob) {
  std::vector<TokenChoice> choices;
  while (!blob.empty()) {
    const std::size_t count = blob.size() < 5 ? 0 : std::to_integer<std::size_t>(blob[4]);
    if (blob.size() < 5 + 8 * count) {
      throw StoreError("token choices: " + std::to_string(blob.size()) + " bytes at the end, want " +
                       std::to_string(5 + 8 * count));
    }
    TokenChoice& choice = choices.emplace_back();
    choice.log_prob = std::bit_cast<float>(take_word(blob));
    blob = blob.subspan(1);
    for (std::size_t i = 0; i < count; ++i) {
      const auto token = static_cast<TokenId>(take_word(blob));
      choice.alternatives.push_back({token, std::bit_cast<float>(take_word(blob))});
    }
  }
  return choices;
}

std::string_view name(NodeKind kind) noexcept {
  for (const auto& [value, text] : node_kind_names) {
    if (value == kind) return text;
  }
  return "unknown";
}

NodeKind node_kind(std::string_view name) {
  for (const auto& [value, text] : node_kind_names) {
    if (text == name) return value;
  }
  throw StoreError("node.kind: \"" + std::string(name) + "\" is no kind of node");
}

std::string sampler_to_json(const NodeRow& row) {
  const SampleParams& params = row.sampler.value().params;
  return nlohmann::json{{"temperature", params.temperature},
                        {"top_k", params.top_k},
                        {"top_p", params.top_p},
                        {"min_p", params.min_p},
                        {"max_tokens", row.max_tokens},
                        {"repetition_penalty", params.repetition_penalty}}
      .dump();
}

void sampler_from_json(const std::string& json, std::uint64_t seed, NodeRow& row) {
  const nlohmann::json object = parse_column(json, "sampler");
  SamplerConfig& sampler = row.sampler.emplace();
  sampler.seed = seed;
  read_field(object, "temperature", sampler.params.temperature);
  read_field(object, "top_k", sampler.params.top_k);
  read_field(object, "top_p", sampler.params.top_p);
  read_field(object, "min_p", sampler.params.min_p);
  read_field(object, "repetition_penalty", sampler.params.repetition_penalty);
  read_field(object, "max_tokens", row.max_tokens);
}

std::string statistics_to_json(const NodeStatistics& statistics) {
  nlohmann::json object = {{"prompt_tokens", statistics.prompt_tokens},
                           {"restored_tokens", statistics.restored_tokens},
                           {"prompt_seconds", statistics.prompt_seconds},
                           {"seconds", statistics.seconds},
                           {"generated_tokens", statistics.generated_tokens},
                           {"forced_tokens", statistics.forced_tokens},
                           {"state_bytes", statistics.state_bytes}};
  if (!statistics.false_step.empty()) object["false_step"] = statistics.false_step;
  return object.dump();
}

NodeStatistics statistics_from_json(const std::string& json) {
  const nlohmann::json object = parse_column(json, "statistics");
  NodeStatistics statistics;
  read_field(object, "prompt_tokens", statistics.prompt_tokens);
  read_field(object, "restored_tokens", statistics.restored_tokens);
  read_field(object, "prompt_seconds", statistics.prompt_seconds);
  read_field(object, "seconds", statistics.seconds);
  read_field(object, "generated_tokens", statistics.generated_tokens);
  read_field(object, "forced_tokens", statistics.forced_tokens);
  read_field(object, "state_bytes", statistics.state_bytes);
  read_field(object, "false_step", statistics.false_step);
  return statistics;
}

}  // namespace holdfast
