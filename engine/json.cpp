#include "engine/json.h"

#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

#include "engine/byte_reader.h"
#include "engine/mapped_file.h"
#include "kernels/error.h"

namespace holdfast {

namespace {

[[noreturn]] void json_failed(std::string_view text, std::string_view label, std::size_t at, const std::string& rule) {
  const std::string_view before = text.substr(0, std::min(at, text.size()));
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  const std::size_t line_start = before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
  throw FormatError(std::string(label) + ":" + std::to_string(line) + ":" +
                    std::to_string(before.size() - line_start + 1) + ": " + rule);
}

// A bare number that JSON has no word for, and the string of the same length that stands in for it while nlohmann-json
// reads the text, so that positions in messages stay true.
struct BareNumber {
  std::string_view word;
  std::string_view stand_in;
  double value;
};
constexpr double json_infinity = std::numeric_limits<double>::infinity();
constexpr BareNumber bare_numbers[] = {{"Infinity", "\"bare01\"", json_infinity},
                                       {"-Infinity", "\"bare-02\"", -json_infinity},
                                       {"NaN", "\"3\"", std::numeric_limits<double>::quiet_NaN()}};

struct StrictText {
  std::string text;
  struct Replaced {
    std::size_t string_index;  // among all strings and keys of the text, in order
    double value;
  };
  std::vector<Replaced> replaced;
};

// Puts stand-ins for bare numbers outside of strings and refuses deep nesting.
StrictText strict_text(std::string_view text, std::string_view label) {
  StrictText strict{std::string(text), {}};
  std::size_t strings = 0;
  int depth = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '"') {
      ++strings;
      for (++i; i < text.size() && text[i] != '"'; ++i) {
        if (text[i] == '\\') ++i;
      }
    } else if (c == '{' || c == '[') {
      if (++depth > json_max_depth) {
        json_failed(text, label, i, "nested deeper than " + std::to_string(json_max_depth));
      }
    } else if (c == '}' || c == ']') {
      --depth;
    } else if (c == 'I' || c == 'N' || c == '-') {
      for (const BareNumber& bare : bare_numbers) {
        if (text.substr(i, bare.word.size()) != bare.word) continue;
        strict.text.replace(i, bare.word.size(), bare.stand_in);
        strict.replaced.push_back({strings++, bare.value});
        i += bare.word.size() - 1;
        break;
      }
    }
  }
  return strict;
}

// Builds the value from events: keeps count of strings to put bare numbers back, and sees keys that stand twice.
class JsonBuilder final : public nlohmann::json_sax<Json> {
 public:
  JsonBuilder(std::string_view text, std::string_view label, const std::vector<StrictText::Replaced>& replaced)
      : text_(text), label_(label), replaced_(replaced) {}
  Json root;

  bool null() override { return add(nullptr); }
  bool boolean(bool value) override { return add(value); }
  bool number_integer(number_integer_t value) override { return add(value); }
  bool number_unsigned(number_unsigned_t value) override { return add(value); }
  bool number_float(number_float_t value, const string_t&) override { return add(value); }
  bool binary(binary_t&) override { return false; }  // does not occur in text
  bool string(string_t& value) override {
    if (next_replaced_ < replaced_.size() && replaced_[next_replaced_].string_index == strings_) {
      ++strings_;
      return add(replaced_[next_replaced_++].value);
    }
    ++strings_;
    return add(std::move(value));
  }
  bool key(string_t& value) override {
    // A stand-in is never a key: `{Infinity: 1}` is not JSON in any dialect.
    if (next_replaced_ < replaced_.size() && replaced_[next_replaced_].string_index == strings_) {
      throw FormatError(std::string(label_) + ": a number where a key belongs");
    }
    ++strings_;
    const auto [place, fresh] = open_.back()->get_ref<Json::object_t&>().emplace(std::move(value), nullptr);
    if (!fresh) throw FormatError(std::string(label_) + ": \"" + printable(place->first) + "\" stands there twice");
    slot_ = &place->second;
    return true;
  }
  bool start_object(std::size_t) override { return open(Json::object()); }
  bool start_array(std::size_t) override { return open(Json::array()); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool parse_error(std::size_t position, const std::string&, const nlohmann::json::exception& error) override {
    std::string what = error.what();  // "[json.exception.parse_error.101] parse error at line 1, column 2: ..."
    if (const std::size_t colon = what.find(": "); colon != std::string::npos) what.erase(0, colon + 2);
    json_failed(text_, label_, position == 0 ? 0 : position - 1, "not JSON: " + printable(what));
  }

 private:
  Json* place(Json&& value) {
    if (open_.empty()) {
      root = std::move(value);
      return &root;
    }
    if (open_.back()->is_array()) return &open_.back()->get_ref<Json::array_t&>().emplace_back(std::move(value));
    *slot_ = std::move(value);
    return slot_;
  }
  bool add(Json value) {
    place(std::move(value));
    return true;
  }
  bool open(Json value) {
    open_.push_back(place(std::move(value)));
    return true;
  }
  bool close() {
    open_.pop_back();
    return true;
  }

  std::string_view text_;
  std::string_view label_;
  const std::vector<StrictText::Replaced>& replaced_;
  std::size_t next_replaced_ = 0;
  std::size_t strings_ = 0;
  std::vector<Json*> open_;  // containers still open; a container does not move while one inside it is open
  Json* slot_ = nullptr;     // where the value of the last key goes
};

}  // namespace

Json parse_json(std::string_view text, std::string_view label) {
  const StrictText strict = strict_text(text, label);
  JsonBuilder builder(text, label, strict.replaced);
  nlohmann::json::sax_parse(strict.text.begin(), strict.text.end(), &builder);
  return std::move(builder.root);
}

Json read_json(const std::filesystem::path& file, std::size_t max_bytes) {
  const auto mapped = MappedFile::open(file);
  const auto bytes = mapped->bytes();
  if (bytes.size() > max_bytes) {
    throw FormatError(file.string() + ": " + std::to_string(bytes.size()) + " bytes, at most " +
                      std::to_string(max_bytes) + " are read");
  }
  return parse_json({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, file.string());
}

JsonObject::JsonObject(const Json& value, std::string label) : value_(&value), label_(std::move(label)) {
  if (!value.is_object()) throw FormatError(label_ + ": " + std::string(value.type_name()) + ", want an object");
}

const Json* JsonObject::find(const char* key) const {
  const auto found = value_->find(key);
  return found == value_->end() || found->is_null() ? nullptr : &*found;
}

bool JsonObject::is_null(const char* key) const {
  const auto found = value_->find(key);
  return found != value_->end() && found->is_null();
}

void JsonObject::fail(std::string_view key, const Json& value, std::string_view rule) const {
  throw FormatError(label_ + ": " + std::string(key) + ": " +
                    printable(value.dump(-1, ' ', true, Json::error_handler_t::replace)) + ", want " +
                    std::string(rule));
}

std::optional<std::int64_t> JsonObject::integer(const char* key) const {
  const Json* value = find(key);
  if (value == nullptr) return std::nullopt;
  if (!value->is_number_integer()) fail(key, *value, "a whole number");
  if (value->is_number_unsigned() && value->get<std::uint64_t>() > std::numeric_limits<std::int64_t>::max()) {
    fail(key, *value, "a number below 2^63");
  }
  return value->get<std::int64_t>();
}

std::optional<double> JsonObject::number(const char* key) const {
  const Json* value = find(key);
  if (value == nullptr) return std::nullopt;
  if (!value->is_number()) fail(key, *value, "a number");
  return value->get<double>();
}

std::optional<bool> JsonObject::boolean(const char* key) const {
  const Json* value = find(key);
  if (value == nullptr) return std::nullopt;
  if (!value->is_boolean()) fail(key, *value, "true or false");
  return value->get<bool>();
}

std::optional<std::string> JsonObject::string(const char* key) const {
  const Json* value = find(key);
  if (value == nullptr) return std::nullopt;
  if (!value->is_string()) fail(key, *value, "a string");
  return value->get<std::string>();
}

std::optional<JsonObject> JsonObject::object(const char* key) const {
  const Json* value = find(key);
  if (value == nullptr) return std::nullopt;
  return JsonObject(*value, label_ + ": " + key);
}

}  // namespace holdfast
