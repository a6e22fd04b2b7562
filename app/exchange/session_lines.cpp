// Our own form of a session: JSON lines that lose nothing.
#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

#include "app/exchange/base64.h"
#include "app/exchange/session_export.h"
#include "app/store/columns.h"
#include "app/store/state_files.h"

namespace holdfast {
namespace {

using LineJson = nlohmann::ordered_json;

std::string json_line(const LineJson& json) {
  return json.dump(-1, ' ', false, LineJson::error_handler_t::replace) + "\n";
}

template <class Tag>
LineJson number_or_null(Id<Tag> id) {
  return id ? LineJson(id.value) : LineJson(nullptr);
}

// A log probability of minus infinity is null: JSON has no word for it.
LineJson log_prob_json(float value) { return std::isfinite(value) ? LineJson(value) : LineJson(nullptr); }

LineJson choices_json(const std::vector<TokenChoice>& choices) {
  LineJson list = LineJson::array();
  for (const TokenChoice& choice : choices) {
    LineJson others = LineJson::array();
    for (const TokenProbability& other : choice.alternatives) {
      others.push_back(LineJson::array({other.token, log_prob_json(other.log_prob)}));
    }
    list.push_back(LineJson::array({log_prob_json(choice.log_prob), std::move(others)}));
  }
  return list;
}

LineJson header_json(const WholeSession& whole) {
  const SessionRow& session = whole.session;
  LineJson json{{"holdfast_session", session_lines_version},
                {"title", session.title},
                {"named", session.named},
                {"created", session.created},
                {"changed", session.changed},
                {"head", number_or_null(session.head)}};
  if (!session.draft.empty()) json["draft"] = session.draft;
  if (!whole.origin.empty()) json["origin"] = to_base64(compress_piece(whole.origin));
  LineJson& list = json["checkpoints"] = LineJson::array();
  for (const CheckpointRow& row : whole.checkpoints) {
    // Where it lay is nobody's business.
    list.push_back({{"id", row.id.value},
                    {"name", row.name},
                    {"fingerprint", row.fingerprint},
                    {"layout", row.layout},
                    {"dtype", row.dtype},
                    {"tokenizer", row.tokenizer}});
  }
  return json;
}

LineJson node_json(const WholeSession& whole, const NodeRow& node) {
  LineJson json{
      {"node", node.id.value}, {"parent", number_or_null(node.parent)}, {"kind", name(node.kind)}, {"text", node.text}};
  if (node.tokens) json["tokens"] = *node.tokens;
  if (node.running) json["running"] = true;
  if (node.checkpoint) json["checkpoint"] = node.checkpoint.value;
  if (!node.chat_format.empty()) json["chat_format"] = node.chat_format;
  if (node.sampler) {
    json["sampler"] = LineJson::parse(sampler_to_json(node));
    json["seed"] = std::to_string(node.sampler->seed);  // as text: a number in JSON may lose its last digits
  }
  if (node.draws > 0) json["draws"] = std::to_string(node.draws);
  if (!node.stop_reason.empty()) json["stop_reason"] = node.stop_reason;
  if (!(node.statistics == NodeStatistics{})) json["statistics"] = LineJson::parse(statistics_to_json(node.statistics));
  if (node.favourite) json["favourite"] = true;
  json["created"] = node.created;
  if (node.finished > 0) json["finished"] = node.finished;
  const auto choices = whole.token_choices.find(node.id);
  if (choices != whole.token_choices.end()) json["token_choices"] = choices_json(choices->second);
  return json;
}

}  // namespace

std::string session_lines(const WholeSession& whole) {
  std::string lines = json_line(header_json(whole));
  for (const NodeRow& node : whole.nodes) lines += json_line(node_json(whole, node));
  return lines;
}

}  // namespace holdfast
