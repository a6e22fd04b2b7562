// From sources of rows to the micro-batches of each step: mixed, ordered, tokenised and packed ahead of the trainer.
//
// What comes out depends on the plan and the cursor alone: any number of threads gives the same batches, and a batcher
// made from the cursor of a batch goes on with exactly the batch that would have come next.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/chat_template.h"
#include "engine/json.h"
#include "engine/tokenizer.h"
#include "training/dataset.h"
#include "training/trainer.h"

namespace holdfast {

enum class RowOrder {
  shuffled,    // another order in every epoch
  difficulty,  // of each source, from easy to hard
  as_is
};
enum class TooLong {
  cut,    // the end is left out; a row without anything to learn before the cut is refused
  split,  // plain texts go on in a next sequence, conversations are cut
  refuse
};
[[nodiscard]] std::string_view name(RowOrder) noexcept;
[[nodiscard]] std::string_view name(TooLong) noexcept;

struct MixturePart {
  std::shared_ptr<const RowSource> source;
  double weight = 1.0;                // its share of the rows
  bool solve = false;                 // rows ask for a boxed answer, as the template words it
  std::optional<std::uint64_t> seed;  // of the source's rows; without it the plan's
};

struct BatchPlan {
  std::vector<MixturePart> parts;
  RowOrder order = RowOrder::shuffled;
  TooLong too_long = TooLong::cut;
  std::uint64_t seed = 0;
  std::int64_t sequence_length = 1024;                           // tokens that a sequence reads at most
  std::int64_t batch_tokens = 65536;                             // of one step, over all ranks
  std::int64_t micro_batch_tokens = 8192;                        // of one pass
  std::int64_t rows = std::numeric_limits<std::int64_t>::max();  // drawn in all; then the data ends
  std::int64_t look_ahead = 256;  // rows among which the one that fills a micro-batch is looked for
  // Throws ArgumentError naming the field.
  void validate() const;
};

// One row of one draw; `piece` counts the sequences that a split text became.
struct RowName {
  std::int32_t part = 0;
  std::int32_t piece = 0;
  std::int64_t number = 0;  // of the part's draws
  bool operator==(const RowName&) const = default;
};

// A place in the data.
struct DataCursor {
  std::int64_t draws = 0;
  std::vector<std::int64_t> counts;  // of each part; empty = the beginning
  std::vector<RowName> waiting;      // drawn, and in no batch yet
  bool operator==(const DataCursor&) const = default;

  [[nodiscard]] Json to_json() const;
  [[nodiscard]] static DataCursor from_json(const Json& json, std::string_view label);  // throws FormatError
};

struct StepBatch {
  std::vector<TrainBatch> micro_batches;  // none only at the end, where the last rows were all refused
  std::vector<RowName> rows;              // in the order of their sequences
  std::int64_t tokens = 0;                // read
  std::int64_t padded = 0;                // the rows they take once each is padded
  std::vector<BadRow> refused;            // that would have been in this batch
  std::int64_t cut = 0;                   // rows that lost their end
  DataCursor after;                       // where the next batch begins
};

class Batcher {
 public:
  // threads: that prepare rows, at least 1, beside the caller's. Throws ArgumentError for a plan or a cursor that does
  // not fit.
  Batcher(BatchPlan plan, std::shared_ptr<const ChatTemplate> chat, std::shared_ptr<const Tokenizer> tokenizer,
          const DataCursor& from, int threads);
  ~Batcher();
  Batcher(const Batcher&) = delete;
  Batcher& operator=(const Batcher&) = delete;

  // Waits for the next batch; nothing when the data has ended. Throws what a source throws, and FormatError when none
  // of a great many rows could be used.
  [[nodiscard]] std::optional<StepBatch> next();
  [[nodiscard]] double waited_seconds() const noexcept;  // in next(), so far

  // Where a row stands, for a person.
  [[nodiscard]] std::string place(const RowName& row) const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

// Sequences that rows become: pieces of at most sequence_length tokens read. cut: whether an end was left out.
// Throws FormatError when the row is refused.
struct RowPieces {
  std::vector<EncodedRow> pieces;
  bool cut = false;
};
[[nodiscard]] RowPieces cut_row(EncodedRow row, std::int64_t sequence_length, TooLong too_long, bool plain_text);

// Rows as one micro-batch, padded to `unit`s by the trainer: adds one.
void append_sequence(TrainBatch& batch, const EncodedRow& row);
[[nodiscard]] std::int64_t padded_tokens(const EncodedRow& row) noexcept;

// Some rows of a source as micro-batches, for evaluation.
[[nodiscard]] std::vector<TrainBatch> evaluation_batches(const std::vector<EncodedRow>& rows,
                                                         std::int64_t micro_batch_tokens);

}  // namespace holdfast
