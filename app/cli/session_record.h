// Writes a conversation to the store while it happens: the question before it is read, running text at most one second
// or 32 tokens behind, every end in one transaction.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "app/cli/conversation.h"
#include "app/store/store.h"

namespace holdfast::cli {

class SessionRecord final : public ConversationLog {
 public:
  // `conversation` outlives the record. The checkpoint is registered with the first question.
  SessionRecord(const std::filesystem::path& data, const LoadedModel& loaded, Conversation& conversation);

  // Brings the conversation to where a stored session ended. Throws StoreError: no such session, other weights, or
  // a part of it was never read by a model.
  void open(SessionId session);

  void start_again() override;
  void asked(std::string_view question, std::string_view system) override;
  void prompt_read(const Answer& answer, bool complete) override;
  void generation_begins() override;
  void text(std::string_view piece, bool thought) override;
  void token(TokenId id, bool in_thought) override;
  void ended(const Answer& answer) override;

  [[nodiscard]] SessionId session() const noexcept { return session_; }  // none before the first question

 private:
  void register_checkpoint();
  void require_same_weights(const NodeRow& node) const;
  void begin(NodeKind kind);
  [[nodiscard]] NodeRow new_node(NodeKind kind) const;
  void finish(std::string_view reason, double seconds);
  void journal_if_due();

  Store store_;
  const LoadedModel* loaded_;
  Conversation* conversation_;
  CheckpointId checkpoint_;
  SessionId session_;
  NodeId system_;
  NodeId user_;
  NodeId last_;                  // the branch's end
  bool prompt_open_ = false;     // the question is not read to its end
  std::vector<TokenId> prompt_;  // what was read of it
  std::size_t system_tokens_ = 0;
  NodeStatistics prompt_statistics_;

  std::optional<NodeRow> node_;  // the thought or answer that is being written, or that may go on
  bool running_ = false;
  std::vector<TokenId> waiting_tokens_;  // not in the store yet
  std::string waiting_text_;
  std::chrono::steady_clock::time_point begun_;
  std::chrono::steady_clock::time_point written_;
};

}  // namespace holdfast::cli
