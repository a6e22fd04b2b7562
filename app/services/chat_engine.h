// A loaded model and the session it holds: answers questions of the store. No Qt; everything on one thread.
#pragma once

#include <chrono>
#include <deque>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "app/services/inspection_keeper.h"
#include "app/services/live_memory.h"
#include "app/services/live_text.h"
#include "app/services/state_keeper.h"
#include "app/services/vote.h"
#include "app/store/store.h"
#include "engine/chat_template.h"
#include "engine/checkpoint.h"
#include "engine/model.h"
#include "engine/session.h"
#include "engine/tokenizer.h"

namespace holdfast {

class TurnWriter;

struct ModelInfo {
  std::string name{};  // of its folder or file
  std::string path{};
  std::string layout{};
  std::string dtype{};
  std::string device{};
  std::string device_reason{};  // why it is not a GPU; empty on one
  std::string format{};         // of the chat
  SamplingAdvice sampling{};
  std::int64_t layers = 0;
  std::int64_t width = 0;        // d_model
  std::size_t weight_bytes = 0;  // in memory
  std::size_t state_bytes = 0;   // of a session, whatever its length
  std::string begins_with{};     // a trained state that was opened: the file that a session is to begin with
};

struct SharedModel {
  std::shared_ptr<const Mamba2Model> model;
  std::shared_ptr<const Tokenizer> tokenizer;
};

struct TurnSettings {
  SamplerConfig sampler{};
  std::int64_t max_tokens = 4096;
  std::int64_t thinking_budget = 0;    // tokens after which a thought is closed; 0 = none
  bool solve = false;                  // ask for a reasoned answer in a box, where the format knows how
  std::optional<ChatFormat> format{};  // absent: the model's own
};

// How a turn tells of itself while it runs; called on the engine's thread.
struct TurnEvents {
  std::function<void(std::int64_t done, std::int64_t total)> reading{};
  // The first token is next. What stands so far: empty, or the text of the node that goes on.
  std::function<void(const NodeRow& row, std::int64_t tokens_read)> started{};
  // The text has begun to repeat itself: node and number of tokens of it before the repetition. Once per turn.
  std::function<void(NodeId node, std::int64_t position)> looping{};
};

// Where a vote stands.
struct VoteProgress {
  NodeId question{};
  std::size_t asked = 0;  // samples wanted
  std::size_t done = 0;   // samples that came to an end
  Vote vote{};
  bool decided = false;  // nothing that is still to come can change the majority
  std::int64_t tokens = 0;
  double tokens_per_second = 0.0;
};
struct VoteEvents {
  std::function<void(std::int64_t done, std::int64_t total)> reading{};
  std::function<void(const VoteProgress&)> changed{};  // at every end of a sample, and now and then between
};

// What a thought is closed with, and what makes it go on.
inline constexpr std::string_view thought_closing = "\n</think>\n\n";
inline constexpr std::string_view thought_reopening = "\n\nWait, let me check that again. ";

class ChatEngine {
 public:
  // `states`: folder of the state files, made when needed. threads: 0 = one per core.
  ChatEngine(const std::filesystem::path& database, std::filesystem::path states, LiveText& live, int threads);
  ~ChatEngine();

  // What is watched is shown there too while a turn runs and somebody looks. `memory` outlives the engine.
  void show_memory_in(LiveMemory& memory) { memory_ = &memory; }

  // A model, an adapter (with its base) or a trained state (its base; see ModelInfo::begins_with). Throws what
  // open_model, Tokenizer and Mamba2Model throw, and Cancelled when stopped. The model that was there stays until the
  // files of the new one have been checked.
  ModelInfo load(const std::filesystem::path& path, const std::function<void(double)>& progress, std::stop_token stop);

  [[nodiscard]] bool has_model() const noexcept { return loaded_ != nullptr; }
  // What is loaded, for others to read beside: both are immutable. Null without a model.
  [[nodiscard]] SharedModel shared_model() const;

  // Answers the question at the end of the session. Nothing when stopped before the first token.
  std::optional<NodeRow> answer(SessionId id, const TurnSettings& settings, const TurnEvents& events,
                                std::stop_token stop);
  // Goes on with the stopped, edited or forked text at the end of the session, with the settings it was begun with; a
  // stopped one exactly as if it had not been stopped. `max_tokens` more. `forced`: tokens to write first.
  std::optional<NodeRow> go_on(SessionId id, std::int64_t max_tokens, const TurnEvents& events, std::stop_token stop,
                               const std::vector<TokenId>& forced = {});
  // Closes the thought at the end of the session and has the answer written.
  std::optional<NodeRow> answer_now(SessionId id, std::int64_t max_tokens, const TurnEvents& events,
                                    std::stop_token stop);
  // Has the last thought of the session go on where it had ended: a new branch beside it.
  std::optional<NodeRow> think_more(SessionId id, std::int64_t max_tokens, const TurnEvents& events,
                                    std::stop_token stop);
  // A new branch beside this generated node, of its first `position` tokens, to be drawn on with this sampler. It
  // becomes the session's head.
  NodeRow fork(NodeId node, std::int64_t position, const SamplerConfig& sampler);
  // Has the question at the end of the session answered `samples` times from the one state behind it, all in one batch,
  // as branches beside each other. Ends early when the majority is decided. The head becomes the first reply of the
  // majority. `stop` keeps what is there.
  VoteProgress vote(SessionId id, const TurnSettings& settings, int samples, const VoteEvents& events,
                    std::stop_token stop);
  // A new session that begins with the state in a file: one that was exported, or trained.
  SessionId begin_from_state(const std::filesystem::path& file);
  // Reads what of the session's branch was not read yet, as the reply that a vote has chosen: the next question goes on
  // from there, and the memory is seen to the end. `stop` leaves the rest for the next turn.
  void read_rest(SessionId id, const std::stop_token& stop);
  // Keeps the states of the session beside the database, so that they need not be read again. leave: asked now and
  // then whether something else is more urgent; when it says yes, the answer is false, and write_states() does the
  // rest.
  bool keep_state(SessionId id, const std::function<bool()>& leave = {});
  bool write_states(const std::function<bool()>& leave = {}) { return states_.write(leave); }
  // What a person should know since the last call, as a sentence: that a kept state was damaged. Mostly empty.
  [[nodiscard]] std::string take_notice() { return states_.take_notice(); }

 private:
  struct Watched {
    std::uint64_t from = 0;   // tokens that the session had read
    std::uint64_t after = 0;  // their hash
    InspectionRecorder recorder;
    std::shared_ptr<const Inspection> shown{};  // what of it was last shown
  };
  struct Loaded {
    std::filesystem::path path;
    std::shared_ptr<const Checkpoint> checkpoint;
    std::shared_ptr<const Tokenizer> tokenizer;
    std::string tokenizer_hash;
    Stream stream;
    std::shared_ptr<const Mamba2Model> model;
    ChatFormat format = ChatFormat::plain;  // the model's own
    CheckpointId row;
    std::unique_ptr<Session> session;
    std::deque<Watched> watched;  // what is not yet kept, in order; the last one watches
    SessionId origin_session;     // whose origin is held
    std::optional<Snapshot> origin;
    std::map<std::int64_t, std::string> tokenizer_of;  // hash by checkpoint row
  };

  [[nodiscard]] Loaded& loaded();  // throws ArgumentError when no model is
  CheckpointId register_model();
  [[nodiscard]] bool reads_alike(CheckpointId checkpoint);
  [[nodiscard]] std::int64_t open_length(const NodeRow& thought);
  // Runs a turn. What was drawn and not read when it failed is in the text and perhaps not in the state: the next turn
  // then reads the ids again.
  NodeRow written(TurnWriter& writer, const std::function<NodeRow()>& turn);
  // Reads what the session has not read of the branch; false when stopped on the way.
  bool read_branch(SessionId id, std::vector<NodeRow>& branch, const TurnSettings& settings, NodeStatistics& statistics,
                   const std::function<void(std::int64_t, std::int64_t)>& reading, const std::stop_token& stop);
  [[nodiscard]] std::vector<TokenId> ids_of(const std::vector<NodeRow>& branch, std::size_t index,
                                            const TurnSettings& settings);
  const Snapshot* origin_of(SessionId id);  // what the session begins with; null: nothing read
  // Sees to it that what the session reads and writes from here on is watched. What was seen up to here is a stretch
  // of its own: texts part where states are kept, so both have this place in common.
  void watch();
  void stop_watching();  // what is not kept is forgotten
  void keep_watched(SessionId id);
  void show_memory(const NodeRow& row);  // that is being written
  void note_state(SessionId id);         // copies the state, and begins another stretch
  void find_state(SessionId id, const std::vector<TokenId>& ids, std::uint64_t draws);
  [[nodiscard]] NodeRow begun(SessionId id, const NodeRow& question, const TurnSettings& settings);
  NodeRow generate(TurnWriter& writer, std::int64_t max_tokens, std::int64_t thinking_budget, const TurnEvents& events,
                   const std::stop_token& stop);
  StopReason draw(TurnWriter& writer, std::int64_t max_tokens, const TurnEvents& events, const std::stop_token& stop);
  bool force(TurnWriter& writer, const std::vector<TokenId>& tokens);
  [[nodiscard]] GenerateOptions options_of(const NodeRow& row, std::int64_t max_tokens);

  Store store_;
  StateKeeper states_;
  InspectionKeeper inspections_;
  LiveText* live_;
  LiveMemory* memory_ = nullptr;
  std::chrono::steady_clock::time_point memory_due_{};  // when it is shown next
  int threads_;
  std::unique_ptr<Loaded> loaded_;
};

}  // namespace holdfast
