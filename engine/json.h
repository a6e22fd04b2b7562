// JSON from outside, as checkpoints are published with it: strict, except that the bare numbers Infinity, -Infinity and
// NaN are read, which Python's json module writes (time_step_limit in the config.json of Mamba-2 models).
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace holdfast {

using Json = nlohmann::json;

inline constexpr int json_max_depth = 64;

// Throws FormatError "config.json:12:7: ..." (line and column, from 1) for anything that is not JSON, nesting beyond
// json_max_depth and keys that stand twice in one object.
[[nodiscard]] Json parse_json(std::string_view text, std::string_view label);
// The whole file; messages name it. Throws IoError, or FormatError when it is longer than max_bytes.
[[nodiscard]] Json read_json(const std::filesystem::path& file, std::size_t max_bytes = std::size_t{64} << 20);

// One object of a file, read by key. A key that is absent or null gives nothing; one of another type throws FormatError
// "config.json: hidden_size: \"64\", want a whole number".
class JsonObject {
 public:
  JsonObject(const Json& value, std::string label);  // throws FormatError when it is not an object

  [[nodiscard]] const std::string& label() const noexcept { return label_; }
  [[nodiscard]] bool has(const char* key) const { return find(key) != nullptr; }
  [[nodiscard]] const Json* find(const char* key) const;  // not null, if given
  [[nodiscard]] bool is_null(const char* key) const;      // there, and null
  [[nodiscard]] std::optional<std::int64_t> integer(const char* key) const;
  [[nodiscard]] std::optional<double> number(const char* key) const;
  [[nodiscard]] std::optional<bool> boolean(const char* key) const;
  [[nodiscard]] std::optional<std::string> string(const char* key) const;
  [[nodiscard]] std::optional<JsonObject> object(const char* key) const;
  [[noreturn]] void fail(std::string_view key, const Json& value, std::string_view rule) const;

 private:
  const Json* value_;
  std::string label_;
};

}  // namespace holdfast
