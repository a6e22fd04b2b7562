// What the store gives and takes: plain values, one struct per table.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/sampler.h"
#include "engine/token.h"
#include "kernels/sample.h"

namespace holdfast {

template <class Tag>
struct Id {  // the number of a row; 0 = none
  std::int64_t value = 0;
  explicit operator bool() const noexcept { return value > 0; }
  auto operator<=>(const Id&) const = default;
};
using SessionId = Id<struct SessionTag>;
using NodeId = Id<struct NodeTag>;
using CheckpointId = Id<struct CheckpointTag>;
using SnapshotId = Id<struct SnapshotTag>;

using Milliseconds = std::int64_t;  // since the start of 1970, UTC
[[nodiscard]] Milliseconds now_milliseconds() noexcept;

struct SessionRow {
  SessionId id{};
  std::string title{};
  bool named = false;    // the title was given by a person
  std::string draft{};   // typed and not sent
  NodeId head{};         // the last node of the branch that is shown; none in an empty session
  std::string origin{};  // name of the state that it begins with, among StateFiles; empty: with nothing read
  Milliseconds created = 0;
  Milliseconds changed = 0;
  bool operator==(const SessionRow&) const = default;
};

enum class NodeKind { system, user, thought, answer, note };
[[nodiscard]] std::string_view name(NodeKind) noexcept;

// Figures of one piece of generated text, kept as JSON so that later ones need no migration.
struct NodeStatistics {
  std::int64_t prompt_tokens = 0;    // read for this turn before its first token
  std::int64_t restored_tokens = 0;  // not read again, because a state that had read them was at hand
  double prompt_seconds = 0.0;
  double seconds = 0.0;  // of generation, over all runs of the node
  std::int64_t generated_tokens = 0;
  std::int64_t forced_tokens = 0;  // of these, written by a person and not drawn
  std::int64_t state_bytes = 0;
  std::string false_step{};  // the first of the arithmetic written out that does not hold (training/written_steps.h)
  bool operator==(const NodeStatistics&) const = default;
};

struct NodeRow {
  NodeId id{};
  SessionId session{};
  NodeId parent{};
  NodeKind kind = NodeKind::user;
  std::string text{};
  std::optional<std::vector<TokenId>> tokens{};  // absent: no model has read it yet
  std::int64_t token_count = 0;                  // of them, also where they were not fetched (Store::outline)
  bool running = false;  // a process is writing it; text and tokens are as far as the journal is
  CheckpointId checkpoint{};
  std::string chat_format{};
  std::optional<SamplerConfig> sampler{};
  std::int64_t max_tokens = 0;
  std::uint64_t draws = 0;    // random numbers drawn in the session before its first token
  std::string stop_reason{};  // engine's StopReason; "thought_end"; "interrupted", "error", "edited", "forked"; empty
                              // while running
  NodeStatistics statistics{};
  Milliseconds created = 0;
  Milliseconds finished = 0;
  bool favourite = false;
};

// What a model thought of a token that it wrote, and what it might have written in its place.
struct TokenChoice {
  float log_prob = 0.0f;                         // of the token, under softmax of the plain logits
  std::vector<TokenProbability> alternatives{};  // likeliest first; the token itself may be among them
};

struct CheckpointRow {
  CheckpointId id{};
  std::string fingerprint{};
  std::string name{};
  std::string path{};
  std::string layout{};
  std::string dtype{};
  std::string tokenizer{};  // a hash of its pieces: token ids mean the same where it is the same
  Milliseconds last_used = 0;
};

struct SnapshotRow {
  SnapshotId id{};
  SessionId session{};
  CheckpointId checkpoint{};
  std::int64_t position = 0;      // tokens read
  std::uint64_t prefix_hash = 0;  // of these tokens
  std::string file{};             // name of the state, among StateFiles
  std::int64_t bytes = 0;         // that it takes on the disk, parts shared with other states included
  bool pinned = false;
  std::string name{};     // given by a person
  Milliseconds used = 0;  // last
};

// A part of a state, in a file of its own (state_files.h).
struct StatePiece {
  std::string hash{};      // of its content; its file's name
  std::int64_t bytes = 0;  // of that file
  bool operator==(const StatePiece&) const = default;
};

// A session with all that was said in it and who said it, to be taken elsewhere. Numbers of nodes and checkpoints mean
// something inside it alone; parents come before what grew from them.
struct WholeSession {
  SessionRow session{};
  std::vector<NodeRow> nodes{};
  std::vector<CheckpointRow> checkpoints{};                    // those that the nodes name
  std::map<NodeId, std::vector<TokenChoice>> token_choices{};  // of nodes that have any
  // The state that it begins with, as a state file's bytes: StateFiles::fetch_origin and StateFiles::add_sessions.
  std::vector<std::byte> origin{};
};
// What a session that is added begins with; without a name, with nothing read.
struct OriginState {
  std::string name{};
  std::vector<StatePiece> pieces{};
};

}  // namespace holdfast
