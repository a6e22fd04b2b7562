// A loaded model and the session it holds: answers questions of the store. No Qt; everything on one thread.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "app/services/live_text.h"
#include "app/store/store.h"
#include "engine/chat_template.h"
#include "engine/checkpoint.h"
#include "engine/model.h"
#include "engine/session.h"
#include "engine/tokenizer.h"

namespace holdfast {

struct ModelInfo {
  std::string name{};  // of its folder or file
  std::string path{};
  std::string layout{};
  std::string dtype{};
  std::string device{};
  std::string format{};  // of the chat
  SamplingAdvice sampling{};
  std::int64_t layers = 0;
  std::int64_t width = 0;        // d_model
  std::size_t weight_bytes = 0;  // in memory
  std::size_t state_bytes = 0;   // of a session, whatever its length
};

struct SharedModel {
  std::shared_ptr<const Mamba2Model> model;
  std::shared_ptr<const Tokenizer> tokenizer;
};

struct TurnSettings {
  SamplerConfig sampler{};
  std::int64_t max_tokens = 4096;
  bool solve = false;                  // ask for a reasoned answer in a box, where the format knows how
  std::optional<ChatFormat> format{};  // absent: the model's own
};

// How a turn tells of itself while it runs; called on the engine's thread.
struct TurnEvents {
  std::function<void(std::int64_t done, std::int64_t total)> reading{};
  // The first token is next. What stands so far: empty, or the text of the node that goes on.
  std::function<void(const NodeRow& row, std::int64_t tokens_read)> started{};
};

class ChatEngine {
 public:
  // `states`: folder of the state files, made when needed. threads: 0 = one per core.
  ChatEngine(const std::filesystem::path& database, std::filesystem::path states, LiveText& live, int threads);
  ~ChatEngine();

  // Throws what Checkpoint, Tokenizer and Mamba2Model throw, and Cancelled when stopped. The model that was there stays
  // until the files of the new one have been checked.
  ModelInfo load(const std::filesystem::path& path, const std::function<void(double)>& progress, std::stop_token stop);

  [[nodiscard]] bool has_model() const noexcept { return loaded_ != nullptr; }
  // What is loaded, for others to read beside: both are immutable. Null without a model.
  [[nodiscard]] SharedModel shared_model() const;

  // Answers the question at the end of the session. Nothing when stopped before the first token.
  std::optional<NodeRow> answer(SessionId id, const TurnSettings& settings, const TurnEvents& events,
                                std::stop_token stop);
  // Goes on with the stopped text at the end of the session, with the settings it was begun with, exactly as if it had
  // not been stopped; `max_tokens` more.
  std::optional<NodeRow> go_on(SessionId id, std::int64_t max_tokens, const TurnEvents& events, std::stop_token stop);
  // Keeps the state of the session beside the database, so that it need not be read again.
  void keep_state(SessionId id);

 private:
  struct Loaded;

  [[nodiscard]] Loaded& loaded();  // throws ArgumentError when no model is
  // Reads what the session has not read of the branch; false when stopped on the way.
  bool read_branch(SessionId id, std::vector<NodeRow>& branch, const TurnSettings& settings, NodeStatistics& statistics,
                   const TurnEvents& events, const std::stop_token& stop);
  [[nodiscard]] std::vector<TokenId> ids_of(const std::vector<NodeRow>& branch, std::size_t index,
                                            const TurnSettings& settings);
  void find_state(SessionId id, const std::vector<TokenId>& ids, std::uint64_t draws);
  bool restore_state(SessionId id, const std::vector<TokenId>& ids);
  NodeRow generate(class TurnWriter& writer, const NodeRow& row, std::int64_t max_tokens, std::stop_token stop);
  [[nodiscard]] GenerateOptions options_of(const NodeRow& row, std::int64_t max_tokens);

  Store store_;
  std::filesystem::path states_;
  LiveText* live_;
  int threads_;
  std::unique_ptr<Loaded> loaded_;
};

}  // namespace holdfast
