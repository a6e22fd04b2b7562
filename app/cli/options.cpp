#include "app/cli/options.h"

#include <CLI/CLI.hpp>
#include <charconv>
#include <limits>
#include <random>

#include "app/cli/command.h"

namespace holdfast::cli {
namespace {

constexpr std::string_view options_separators = " \t\r\n,[]";

// The next run of characters between separators, taken off the front of `rest`; empty at the end.
std::string_view next_item(std::string_view& rest) {
  const std::size_t begin = rest.find_first_not_of(options_separators);
  if (begin == std::string_view::npos) return rest = {};
  const std::size_t end = std::min(rest.find_first_of(options_separators, begin), rest.size());
  const std::string_view item = rest.substr(begin, end - begin);
  rest.remove_prefix(end);
  return item;
}

std::optional<std::int64_t> whole_number(std::string_view item) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(item.data(), item.data() + item.size(), value);
  if (error != std::errc{} || end != item.data() + item.size()) return std::nullopt;
  return value;
}

std::uint64_t fresh_seed() {
  std::random_device device;
  // 53 bits: a seed in a JSON result must survive readers that keep numbers as doubles.
  return ((std::uint64_t{device()} << 32) | device()) >> 11;
}

}  // namespace

void OutputOptions::add_to(CLI::App& app) {
  app.add_flag("--json", json, "Print the result as JSON on standard output, and nothing else there");
  app.add_option("--out", out, "Write the result as JSON to FILE (complete or not at all)")->type_name("FILE");
}

void DeviceOptions::add_to(CLI::App& app) {
  app.add_option("--threads", threads, "CPU threads; 0 = one per core")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str()
      ->type_name("N");
  app.add_option("--device", device, "cpu or cuda")->check(CLI::IsMember({"cpu", "cuda"}))->capture_default_str();
  app.add_option("--dtype", dtype,
                 "How matrices are kept in memory: stored, f32, bf16, q8 or q4 (small ones stay as stored)")
      ->check(CLI::IsMember({"stored", "f32", "bf16", "q8", "q4"}))
      ->capture_default_str();
  app.add_option("--state-dtype", state_dtype, "How a GPU keeps the memory of a text: f32, or bf16 in half the room")
      ->check(CLI::IsMember({"f32", "bf16"}))
      ->capture_default_str();
}

LoadDType DeviceOptions::load_dtype() const { return holdfast::load_dtype(dtype); }

DType DeviceOptions::state_type() const {
  if (state_dtype == "f32") return DType::f32;
  if (device == "cpu") throw UsageError("--state-dtype bf16: the CPU keeps states in f32; want --device cuda with it");
  return DType::bf16;
}

void SamplerOptions::add_to(CLI::App& app) {
  temperature_ =
      app.add_option("--temperature", params.temperature, "0 = greedy")->capture_default_str()->type_name("X");
  app.add_option("--top-k", params.top_k, "Keep the k likeliest tokens; 0 = all")
      ->capture_default_str()
      ->type_name("K");
  top_p_ = app.add_option("--top-p", params.top_p, "Keep the likeliest tokens that together reach p, (0, 1]")
               ->capture_default_str()
               ->type_name("P");
  app.add_option("--min-p", params.min_p, "Keep tokens of at least p times the likeliest's probability, [0, 1)")
      ->capture_default_str()
      ->type_name("P");
  repetition_penalty_ = app.add_option("--repetition-penalty", params.repetition_penalty,
                                       "Over 1: tokens already read become less likely")
                            ->capture_default_str()
                            ->type_name("X");
  app.add_option("--seed", seed, "Same seed, same answer; without it one is drawn and reported")->type_name("N");
  app.add_option("--max-tokens", max_tokens, "Longest answer, thought included")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{1} << 40))
      ->capture_default_str()
      ->type_name("N");
  app.add_flag("--greedy", greedy, "Always the likeliest token (temperature 0)");
  app.add_option("--stop", stop, "End the answer before this text; may be given again")
      ->allow_extra_args(false)
      ->type_name("TEXT");
}

SamplerConfig SamplerOptions::config(const SamplingAdvice& advice) const {
  SamplerConfig config{.params = params, .seed = seed ? *seed : fresh_seed()};
  const auto take = [](const CLI::Option* option, const std::optional<float>& advised, float& value) {
    if (advised && (option == nullptr || option->empty())) value = *advised;
  };
  take(temperature_, advice.temperature, config.params.temperature);
  take(top_p_, advice.top_p, config.params.top_p);
  take(repetition_penalty_, advice.repetition_penalty, config.params.repetition_penalty);
  if (greedy) config.params.temperature = 0.0f;
  try {
    config.validate();
  } catch (const ArgumentError& error) {
    throw UsageError(error.what());
  }
  for (const std::string& text : stop) {
    if (text.empty()) throw UsageError("--stop: \"\", want at least one character");
  }
  return config;
}

void DialogueOptions::add_to(CLI::App& app) {
  app.add_option("--template", template_name, "chatml, mistral or plain; without it the checkpoint's own")
      ->check(CLI::IsMember({"chatml", "mistral", "plain"}));
  app.add_option("--system", system, "What the model is told before the first question")->type_name("TEXT");
}

std::vector<TokenId> parse_ids(std::string_view text, std::string_view source) {
  std::vector<TokenId> ids;
  for (std::string_view rest = text, item; !(item = next_item(rest)).empty();) {
    const auto value = whole_number(item);
    if (!value || *value < 0 || *value > std::numeric_limits<TokenId>::max()) {
      throw FormatError(std::string(source) + ": item " + std::to_string(ids.size()) + " is \"" +
                        std::string(item.substr(0, 40)) + "\", want a whole number from 0 on");
    }
    ids.push_back(static_cast<TokenId>(*value));
  }
  if (ids.empty()) throw FormatError(std::string(source) + ": no ids, want at least one");
  return ids;
}

void check_ids(std::span<const TokenId> ids, std::int64_t vocab_size, std::string_view source) {
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (ids[i] < 0 || ids[i] >= vocab_size) {
      throw FormatError(std::string(source) + ": item " + std::to_string(i) + " is " + std::to_string(ids[i]) +
                        ", want an id below " + std::to_string(vocab_size));
    }
  }
}

std::vector<std::int64_t> parse_counts(std::string_view text, std::string_view option, std::int64_t least,
                                       std::int64_t most) {
  std::vector<std::int64_t> counts;
  for (std::string_view rest = text, item; !(item = next_item(rest)).empty();) {
    const auto value = whole_number(item);
    if (!value || *value < least || *value > most) {
      throw UsageError(std::string(option) + ": \"" + std::string(item.substr(0, 40)) + "\", want whole numbers from " +
                       std::to_string(least) + " to " + std::to_string(most));
    }
    counts.push_back(*value);
  }
  if (counts.empty()) throw UsageError(std::string(option) + ": nothing given, want at least one number");
  return counts;
}

}  // namespace holdfast::cli
