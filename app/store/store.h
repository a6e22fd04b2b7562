// Everything a person made, in one SQLite file. All SQL of the program is in this folder.
//
// One fact is one transaction: when a function returns, what it wrote survives the death of the process and of the
// machine (but for append_journal). Every function throws StoreError when the database refuses, and has then changed
// nothing.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "app/store/connection.h"
#include "app/store/problem_rows.h"
#include "app/store/rows.h"
#include "app/store/run_rows.h"
#include "app/store/search.h"

namespace holdfast {

struct StoreOptions {
  // Reads the whole file for damage when it is small or was not closed; the first store of a program does it.
  bool check = true;
  int busy_milliseconds = 10000;  // how long a write waits for another program's
  std::int64_t max_pages = 0;     // largest size of the file in pages of 4096 bytes; 0 = the disk's
  // Takes nothing but reading, so that a full disk or a folder that may not be written is no hindrance. A database of
  // an earlier version is then refused: it would have to be upgraded.
  bool read_only = false;
};

class Store {  // one connection: one thread at a time; make one per thread
 public:
  // Opens, creates or upgrades. Refuses, untouched, what a newer Holdfast or another program made, and what is damaged.
  explicit Store(const std::filesystem::path& file, const StoreOptions& options = {});
  ~Store();
  Store(Store&&) noexcept;
  Store& operator=(Store&&) noexcept;

  // Sessions, those in the bin left out, last changed first.
  [[nodiscard]] std::vector<SessionRow> sessions() const;
  [[nodiscard]] std::optional<SessionRow> session(SessionId id) const;
  // origin: as in SessionRow; `pieces`: of that state.
  SessionId create_session(std::string_view title, std::string_view origin = {},
                           std::span<const StatePiece> pieces = {});
  void rename_session(SessionId id, std::string_view title);
  void save_draft(SessionId id, std::string_view draft);
  void delete_session(SessionId id);           // into the bin
  void restore_session(SessionId id);          // out of it
  int purge_deleted(Milliseconds older_than);  // returns how many sessions are gone for good

  // From the root to the session's head. A running node has the text and tokens that its journal holds so far.
  [[nodiscard]] std::vector<NodeRow> branch(SessionId id) const;
  [[nodiscard]] std::vector<NodeRow> branch_to(NodeId id) const;  // from the root to this node
  [[nodiscard]] std::vector<NodeRow> tree(SessionId id) const;    // all branches but deleted ones; parents come first
  // The tree for who draws it: without token ids, samplers and figures, and of thoughts the beginning alone.
  [[nodiscard]] std::vector<NodeRow> outline(SessionId id) const;
  [[nodiscard]] std::optional<NodeRow> node(NodeId id) const;

  // A question at the end of the branch that is shown; without a session a new one, titled by the question's first
  // line. Clears the draft. `system`: what a session is begun with; not used in one that has messages.
  NodeRow add_user_message(std::optional<SessionId> session, std::string_view text, std::string_view system = {});
  // The ids that were read for a node that had none, and who read them.
  void set_tokens(NodeId id, std::span<const TokenId> tokens, CheckpointId checkpoint);

  // A finished node of any kind under any parent of its session (none: a new root): an edited question or thought, a
  // fork. It becomes the head.
  NodeRow add_node(const NodeRow& row);
  void set_head(SessionId session, NodeId head);  // shows another branch
  void clear_head(SessionId session);             // shows none: the next question is a new root
  void set_favourite(NodeId id, bool favourite);
  void delete_branch(NodeId id);   // with all that grew from it, into the bin; a head in it moves to its parent
  void restore_branch(NodeId id);  // out of it
  // Of the node's tokens from `first` on, as many as there are; those before stay as they are.
  void set_token_choices(NodeId id, std::int64_t first, const std::vector<TokenChoice>& choices);
  // One per token, up to the first that was not recorded.
  [[nodiscard]] std::vector<TokenChoice> token_choices(NodeId id) const;

  // A node that this process is about to write: `row` gives kind, parent, session, checkpoint, sampler and the rest;
  // its text and tokens start empty. It becomes the session's head.
  NodeId begin_node(const NodeRow& row);
  // Survives the death of the process at once, that of the machine within a second: a sync to the disk for every piece
  // would hold up fast models.
  void append_journal(NodeId id, std::span<const TokenId> tokens, std::string_view text);
  // The node as it ends: text, tokens, stop reason, statistics, checkpoint; its journal is emptied.
  void finish_node(const NodeRow& row);
  // Both in one transaction: where a thought ends, the answer begins.
  NodeId finish_and_begin(const NodeRow& finished, const NodeRow& next);
  // A finished node, or one that this process failed to finish, goes on: this process writes it again.
  void resume_node(NodeId id);
  // Nodes whose process has died get the text of their journal and "interrupted" as stop reason; returned.
  std::vector<NodeId> recover();

  // All branches but deleted ones, as they are at one moment.
  [[nodiscard]] std::optional<WholeSession> whole_session(SessionId id) const;
  // New sessions with new numbers, all of them or, when one breaks a rule, none. A session without a title gets the
  // first line of its first question; what was running is "interrupted"; a checkpoint that is known here by its
  // fingerprint stays as it is here, and a new one has no path.
  // `origins`: of each session, or nothing; WholeSession::origin is for StateFiles::add_sessions.
  std::vector<SessionId> add_sessions(std::span<const WholeSession> sessions,
                                      std::span<const OriginState> origins = {});

  CheckpointId register_checkpoint(const CheckpointRow& row);
  [[nodiscard]] std::vector<CheckpointRow> checkpoints() const;  // last used first

  // Kept states (their files: state_files.h). Without pieces, the state is one file, as earlier versions wrote it.
  void add_snapshot(const SnapshotRow& row, std::span<const StatePiece> pieces = {});
  [[nodiscard]] std::vector<SnapshotRow> snapshots(SessionId id) const;  // longest prefix first
  [[nodiscard]] std::vector<std::string> snapshot_files() const;         // those that sessions begin with among them
  [[nodiscard]] std::vector<SnapshotRow> snapshots_by_use() const;       // of all sessions, longest unused first
  void touch_snapshot(SnapshotId id);                                    // used now
  void pin_snapshot(SnapshotId id, bool pinned, std::string_view name);
  void remove_snapshot(SnapshotId id);
  [[nodiscard]] std::vector<StatePiece> state_pieces(std::string_view state) const;  // in the order of its bytes
  [[nodiscard]] std::vector<std::string> piece_hashes() const;                       // that any state has
  [[nodiscard]] bool piece_is_used(std::string_view hash) const;
  // That the states of snapshots() of all sessions take on the disk together.
  [[nodiscard]] std::int64_t snapshot_bytes() const;

  // Titles and texts that have all words of the query (search_expression), sessions and branches in the bin left out:
  // titles first, each by rank. Text that is still being written is found when it is finished.
  [[nodiscard]] std::vector<SearchHit> search(std::string_view typed, const SearchFilter& filter = {}) const;
  // Training runs (store_runs.cpp). Phases are named, in their order; `row.folder` is the folder of all runs, and the
  // run's own is below it, by its number.
  RunRow add_run(const RunRow& row, std::span<const std::string> phases);
  [[nodiscard]] std::vector<RunRow> runs() const;  // newest first
  [[nodiscard]] std::optional<RunRow> run(RunId id) const;
  [[nodiscard]] std::optional<RunId> next_run() const;  // that has waited longest, when none is running
  void rename_run(RunId id, std::string_view name);
  void want_run(RunId id, RunWish wish);  // one that only waits is paused or stopped at once
  void queue_run(RunId id);               // one that can go on waits for its turn
  RunRow claim_run(RunId id);             // of those that wait: this process trains it now
  void end_run(RunId id, RunState state, std::string_view message, std::string_view result);  // by who claimed it
  void fail_waiting_run(RunId id, std::string_view message);
  void tell_run(RunId id, std::string_view message);  // where it stands, in a sentence
  std::vector<RunId> recover_runs();                  // running ones whose process died are interrupted; returned
  void remove_run(RunId id);                          // refused while it is running
  void add_run_progress(RunId id, const RunProgress& progress);
  void cut_run_after(RunId id, std::int64_t step);  // steps and samples beyond it were not taken after all
  void add_run_sample(RunId id, const RunSampleRow& row);
  void add_run_event(RunId id, std::string_view text);
  [[nodiscard]] std::vector<RunPhaseRow> run_phases(RunId id) const;
  [[nodiscard]] std::vector<RunStepRow> run_steps(RunId id, std::int64_t from_step) const;
  [[nodiscard]] std::vector<RunSampleRow> run_samples(RunId id, std::int64_t after) const;  // beyond this sample's id
  [[nodiscard]] std::vector<RunEventRow> run_events(RunId id, std::int64_t after) const;

  // Sets of problems that were made here.
  ProblemSetId create_problem_set(std::string_view set_name);     // a name that no other set has
  void rename_problem_set(ProblemSetId id, std::string_view set_name);
  void remove_problem_set(ProblemSetId id);                       // and its problems
  [[nodiscard]] std::vector<ProblemSetRow> problem_sets() const;  // newest first
  ProblemId add_problem(const ProblemRow& row);
  [[nodiscard]] std::vector<ProblemRow> problems(ProblemSetId set) const;  // as they were made
  [[nodiscard]] std::optional<ProblemRow> problem(ProblemId id) const;
  void set_problem_status(ProblemId id, ProblemStatus status);
  void edit_problem(const ProblemRow& row);  // statement, answer and line

  [[nodiscard]] std::optional<std::string> setting(std::string_view key) const;
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> settings() const;
  void set_setting(std::string_view key, std::string_view value);

  [[nodiscard]] const std::filesystem::path& file() const noexcept;

 private:
  [[nodiscard]] std::vector<NodeRow> nodes_of(Statement& rows) const;
  NodeRow insert_finished(const NodeRow& row);  // inside a transaction
  SessionId insert_new_session(std::string_view title, std::string_view origin);

  std::unique_ptr<Connection> connection_;
  std::chrono::steady_clock::time_point journal_synced_{};
};

// For who only reads: as usual, or, where that is refused, read-only.
[[nodiscard]] Store open_to_read(const std::filesystem::path& file, bool check = false);

// Names this process for as long as it lives, also after a reboot and when its number is used again.
[[nodiscard]] std::string process_mark();
[[nodiscard]] std::string process_mark(std::int64_t pid);  // of another process
[[nodiscard]] bool process_lives(std::string_view mark);

}  // namespace holdfast
