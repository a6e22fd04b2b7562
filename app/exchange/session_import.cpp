#include "app/exchange/session_import.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <set>
#include <utility>

#include "app/exchange/base64.h"
#include "app/exchange/session_export.h"
#include "app/store/columns.h"
#include "app/store/state_files.h"
#include "engine/chat_template.h"
#include "engine/json.h"
#include "engine/mapped_file.h"
#include "engine/safetensors.h"
#include "kernels/error.h"
#include "training/row.h"

namespace holdfast {
namespace {

constexpr std::size_t longest_name = 4096;  // bytes of a title, a model's name and the like
constexpr std::size_t most_checkpoints = 1000;

[[noreturn]] void import_failed(std::string_view label, const std::string& reason) {
  throw FormatError(std::string(label) + ": " + reason);
}

std::string short_string(const JsonObject& object, const char* key) {
  std::string text = object.string(key).value_or("");
  if (text.size() > longest_name) {
    import_failed(object.label(), std::string(key) + ": " + std::to_string(text.size()) + " bytes, want at most " +
                                      std::to_string(longest_name));
  }
  return text;
}

std::int64_t positive(const JsonObject& object, const char* key) {
  const auto value = object.integer(key);
  if (!value) import_failed(object.label(), std::string(key) + ": missing, want a number above 0");
  if (*value <= 0)
    import_failed(object.label(), std::string(key) + ": " + std::to_string(*value) + ", want more than 0");
  return *value;
}

// A time that lies ahead was never true.
Milliseconds time_of(const JsonObject& object, const char* key, Milliseconds otherwise) {
  const auto value = object.integer(key);
  return value ? std::clamp<Milliseconds>(*value, 0, now_milliseconds()) : otherwise;
}

std::uint64_t unsigned_text(const JsonObject& object, const char* key) {
  const auto text = object.string(key);
  if (!text) return 0;
  std::uint64_t value = 0;
  const char* end = text->data() + text->size();
  const auto read = std::from_chars(text->data(), end, value);
  if (read.ec != std::errc{} || read.ptr != end) {
    import_failed(object.label(),
                  std::string(key) + ": \"" + text->substr(0, 40) + "\", want a whole number below 2^64 as text");
  }
  return value;
}

// The store reads these as they are, so nothing but numbers of sane sizes gets in.
std::string numbers_only(const JsonObject& object, const char* key) {
  const auto inside = object.object(key);
  const Json& value = *object.find(key);
  for (const auto& [field, number] : value.items()) {
    const bool sane = number.is_number() && std::abs(number.get<double>()) < 1e15;
    if (!sane) inside->fail(field, number, "want a number below 10^15");
  }
  return value.dump();
}

void read_sampler(const JsonObject& object, NodeRow& node) {
  if (!object.has("sampler")) return;
  sampler_from_json(numbers_only(object, "sampler"), unsigned_text(object, "seed"), node);
  try {
    node.sampler->validate();
  } catch (const ArgumentError& error) {
    import_failed(object.label(), std::string("sampler: ") + error.what());
  }
  if (node.max_tokens < 0) import_failed(object.label(), "sampler: max_tokens is negative, want 0 or more");
}

TokenId token_of(const JsonObject& object, const char* key, const Json& value) {
  const bool fits = value.is_number_integer() && value.get<double>() >= 0 &&
                    value.get<double>() <= static_cast<double>(std::numeric_limits<TokenId>::max());
  if (!fits) object.fail(key, value, "want a token id from 0 to 2147483647");
  return value.get<TokenId>();
}

std::optional<std::vector<TokenId>> read_tokens(const JsonObject& object) {
  const Json* list = object.find("tokens");
  if (list == nullptr) return std::nullopt;
  if (!list->is_array()) object.fail("tokens", *list, "want a list of token ids");
  std::vector<TokenId> tokens;
  tokens.reserve(list->size());
  for (const Json& value : *list) tokens.push_back(token_of(object, "tokens", value));
  return tokens;
}

float read_log_prob(const JsonObject& object, const Json& value) {
  if (value.is_null()) return -std::numeric_limits<float>::infinity();
  if (!value.is_number() || !(value.get<double>() <= 0.001) || value.get<double>() < -1e30) {
    object.fail("token_choices", value, "want a log probability, at most 0");
  }
  return value.get<float>();
}

std::vector<TokenChoice> read_choices(const JsonObject& object) {
  std::vector<TokenChoice> choices;
  const Json* list = object.find("token_choices");
  if (list == nullptr) return choices;
  const auto is_pair = [](const Json& value) { return value.is_array() && value.size() == 2; };
  if (!list->is_array()) object.fail("token_choices", *list, "want a list");
  for (const Json& entry : *list) {
    if (!is_pair(entry) || !entry[1].is_array() || entry[1].size() > 255) {
      object.fail("token_choices", entry, "want [log probability, [at most 255 others]]");
    }
    TokenChoice& choice = choices.emplace_back();
    choice.log_prob = read_log_prob(object, entry[0]);
    for (const Json& other : entry[1]) {
      if (!is_pair(other)) object.fail("token_choices", other, "want [token id, log probability]");
      choice.alternatives.push_back({token_of(object, "token_choices", other[0]), read_log_prob(object, other[1])});
    }
  }
  return choices;
}

CheckpointRow read_checkpoint(const Json& value, const std::string& label) {
  const JsonObject object(value, label);
  CheckpointRow row{.id = {positive(object, "id")},
                    .fingerprint = short_string(object, "fingerprint"),
                    .name = short_string(object, "name"),
                    .layout = short_string(object, "layout"),
                    .dtype = short_string(object, "dtype"),
                    .tokenizer = short_string(object, "tokenizer")};
  if (row.fingerprint.empty()) import_failed(label, "fingerprint: missing, want the hash of the weights");
  return row;
}

// Reads a file line by line; what it has read is given out only when all of it was fine.
class SessionReader {
 public:
  void line(const Json& value, std::string_view json, const std::string& label) {
    const JsonObject object(value, label);
    if (object.has("holdfast_session")) return header(object);
    if (object.has("node")) return node(object);
    row(json, label);
  }

  std::vector<WholeSession> finish(std::string_view label) {
    end_session();
    if (sessions_.empty()) import_failed(label, "no conversation in it, want at least one");
    return std::move(sessions_);
  }

 private:
  void header(const JsonObject& object) {
    end_session();
    const auto version = object.integer("holdfast_session");
    if (!version || *version < 1) {
      object.fail("holdfast_session", *object.find("holdfast_session"), "want the number of a version");
    }
    if (*version > session_lines_version) {
      import_failed(object.label(), "holdfast_session: " + std::to_string(*version) + ", this program knows " +
                                        std::to_string(session_lines_version) + ": written by a newer Holdfast");
    }
    WholeSession& whole = sessions_.emplace_back();
    const Milliseconds now = now_milliseconds();
    whole.session.title = short_string(object, "title");
    whole.session.named = object.boolean("named").value_or(false);
    whole.session.draft = object.string("draft").value_or("");
    whole.session.created = time_of(object, "created", now);
    whole.session.changed = std::max(time_of(object, "changed", now), whole.session.created);
    read_origin(object, whole);
    if (object.has("head")) whole.session.head = {positive(object, "head")};
    head_label_ = object.label();
    read_checkpoints(object, whole);
    in_session_ = true;
  }

  // The state that the session begins with. What is in it is checked as far as it can be without its model.
  static void read_origin(const JsonObject& object, WholeSession& whole) {
    if (!object.has("origin")) return;
    const auto compressed = from_base64(object.string("origin").value_or(""));
    if (!compressed) import_failed(object.label(), "origin: not base64 text");
    try {
      whole.origin = expand_piece(*compressed);
      Snapshot::require_sound(SafetensorsFile::parse(whole.origin, "state"));
    } catch (const FormatError& error) {
      import_failed(object.label(), std::string("origin: ") + error.what());
    }
  }

  static void read_checkpoints(const JsonObject& object, WholeSession& whole) {
    const Json* list = object.find("checkpoints");
    if (list == nullptr) return;
    if (!list->is_array() || list->size() > most_checkpoints) {
      object.fail("checkpoints", *list, "want a list of at most " + std::to_string(most_checkpoints));
    }
    for (std::size_t i = 0; i < list->size(); ++i) {
      const std::string label = object.label() + ": checkpoints[" + std::to_string(i) + "]";
      whole.checkpoints.push_back(read_checkpoint((*list)[i], label));
      const CheckpointRow& added = whole.checkpoints.back();
      const auto same = [&](const CheckpointRow& other) { return other.id == added.id; };
      if (std::ranges::count_if(whole.checkpoints, same) > 1) import_failed(label, "id: stands twice, want it once");
    }
  }

  void node(const JsonObject& object) {
    if (!in_session_) import_failed(object.label(), "a node before any line with \"holdfast_session\"");
    WholeSession& whole = sessions_.back();
    NodeRow row{.id = {positive(object, "node")}};
    if (!nodes_.insert(row.id).second) {
      import_failed(object.label(), "node: " + std::to_string(row.id.value) + " stands twice, want it once");
    }
    if (object.has("parent")) {
      row.parent = {positive(object, "parent")};
      if (row.parent == row.id || !nodes_.contains(row.parent)) {
        import_failed(object.label(),
                      "parent: " + std::to_string(row.parent.value) + ", want a node that stands before this one");
      }
    }
    try {
      row.kind = node_kind(short_string(object, "kind"));
    } catch (const StoreError&) {
      import_failed(object.label(), "kind: \"" + object.string("kind").value_or("").substr(0, 40) +
                                        "\", want system, user, thought, answer or note");
    }
    const auto text = object.string("text");
    if (!text) import_failed(object.label(), "text: missing, want a string");
    row.text = *text;
    fill(object, whole, row);
    whole.nodes.push_back(std::move(row));
  }

  static void fill(const JsonObject& object, WholeSession& whole, NodeRow& row) {
    row.tokens = read_tokens(object);
    row.running = object.boolean("running").value_or(false);
    row.chat_format = short_string(object, "chat_format");
    row.stop_reason = short_string(object, "stop_reason");
    row.favourite = object.boolean("favourite").value_or(false);
    row.draws = unsigned_text(object, "draws");
    row.created = time_of(object, "created", whole.session.created);
    row.finished = row.running ? 0 : time_of(object, "finished", row.created);
    if (object.has("checkpoint")) {
      row.checkpoint = {positive(object, "checkpoint")};
      const auto known = [&](const CheckpointRow& checkpoint) { return checkpoint.id == row.checkpoint; };
      if (std::ranges::none_of(whole.checkpoints, known)) {
        import_failed(object.label(),
                      "checkpoint: " + std::to_string(row.checkpoint.value) + ", want one of the session's");
      }
    }
    read_sampler(object, row);
    if (object.has("statistics")) row.statistics = statistics_from_json(numbers_only(object, "statistics"));
    std::vector<TokenChoice> choices = read_choices(object);
    if (choices.empty()) return;
    if (!row.tokens || choices.size() != row.tokens->size()) {
      import_failed(object.label(), "token_choices: " + std::to_string(choices.size()) + ", want one for each token");
    }
    whole.token_choices.emplace(row.id, std::move(choices));
  }

  void row(std::string_view json, const std::string& label) {
    end_session();
    const TrainingRow row = parse_training_row(json, label);
    if (row.messages.empty()) import_failed(label, "a text without turns, want a conversation");
    WholeSession& whole = sessions_.emplace_back();
    const Milliseconds now = now_milliseconds();
    whole.session.created = whole.session.changed = now;
    const auto add = [&](NodeKind kind, std::string_view text) {
      const auto id = static_cast<std::int64_t>(whole.nodes.size()) + 1;
      whole.nodes.push_back(
          {.id = {id}, .parent = {id - 1}, .kind = kind, .text = std::string(text), .created = now, .finished = now});
      whole.session.head = {id};
    };
    for (const ChatMessage& message : row.messages) {
      if (message.role != ChatRole::assistant) {
        add(message.role == ChatRole::system ? NodeKind::system : NodeKind::user, message.text);
        continue;
      }
      const SplitText split = split_thought(message.text, false);
      if (!split.thought.empty()) add(NodeKind::thought, split.thought);
      if (!split.answer.empty() || split.thought.empty()) add(NodeKind::answer, split.answer);
    }
  }

  void end_session() {
    if (in_session_ && sessions_.back().session.head && !nodes_.contains(sessions_.back().session.head)) {
      import_failed(head_label_,
                    "head: " + std::to_string(sessions_.back().session.head.value) + ", want a node of the session");
    }
    in_session_ = false;
    nodes_.clear();
  }

  std::vector<WholeSession> sessions_;
  std::set<NodeId> nodes_;  // of the session that is being read
  std::string head_label_;
  bool in_session_ = false;
};

bool is_blank_line(std::string_view line) { return line.find_first_not_of(" \t\r") == std::string_view::npos; }

void read_list(std::string_view text, std::string_view label, SessionReader& reader) {
  const Json list = parse_json(text, label);
  if (!list.is_array()) import_failed(label, "no list, want one of conversations");
  for (std::size_t i = 0; i < list.size(); ++i) {
    reader.line(list[i], list[i].dump(), std::string(label) + ": item " + std::to_string(i + 1));
  }
}

}  // namespace

std::vector<WholeSession> parse_sessions(std::string_view text, std::string_view label) {
  if (text.size() > longest_import_bytes) {
    import_failed(label, std::to_string(text.size()) + " bytes, want at most " + std::to_string(longest_import_bytes));
  }
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  SessionReader reader;
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first != std::string_view::npos && text[first] == '[') {
    read_list(text, label, reader);
    return reader.finish(label);
  }
  std::size_t number = 1;
  for (std::size_t begin = 0; begin < text.size(); ++number) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    const std::string_view line = text.substr(begin, end - begin);
    begin = end + 1;
    if (is_blank_line(line)) continue;
    const std::string place = std::string(label) + ":" + std::to_string(number);
    Json value;
    try {
      value = parse_json(line, place);
    } catch (const FormatError& error) {
      // What parse_json adds, line 1 of this line, would only confuse.
      std::string message = error.what();
      if (message.starts_with(place + ":1:")) message.replace(place.size(), 3, ":");
      throw FormatError(message);
    }
    reader.line(value, line, place);
  }
  return reader.finish(label);
}

std::vector<WholeSession> read_sessions(const std::filesystem::path& file) {
  const auto mapped = MappedFile::open(file);
  const std::span<const std::byte> bytes = mapped->bytes();
  return parse_sessions({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, file.filename().string());
}

}  // namespace holdfast
