// From a micro-batch as its maker gives it to rows as the ops want them: each sequence padded to whole units of
// PackedRows, and a batch that is more rows than the buffers hold split between sequences.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "engine/token.h"
#include "kernels/device.h"
#include "kernels/packed_rows.h"
#include "training/trainer.h"

namespace holdfast {

// Rows that sequences with so many tokens in all take at most, once they are padded.
[[nodiscard]] std::int64_t padded_rows(std::int64_t tokens, std::int64_t sequences) noexcept;

// What a micro-batch adds to the mean of the loss.
struct BatchCounts {
  double weight = 0.0;
  std::int64_t tokens = 0;
  std::int64_t targets = 0;  // with a weight above 0
};

// Throws ArgumentError, naming the place, for a batch that breaks a rule of TrainBatch or has more than `most_tokens`.
[[nodiscard]] BatchCounts check_batch(const TrainBatch& batch, std::string_view name, std::int64_t vocab_size,
                                      std::int64_t most_tokens);

// The inputs of one pass over the model, on the device once it was uploaded.
struct PassInputs {
  std::int64_t rows = 0;
  ConstTensorView ids;      // (T)      i32
  ConstTensorView targets;  // (T)      i32
  ConstTensorView weights;  // (T)      f32
  ConstTensorView order;    // (T)      i32, of embedding_backward, as begins: there once upload_order was called
  ConstTensorView begins;   // (V + 1)  i32
  PackedRows packed;
};

// One pass's numbers on the CPU, laid out as one block so that they go up in one copy. What only the embedding's
// gradient wants follows when the device has work to do.
class PackedPass {
 public:
  // Elements of 4 bytes that passes of up to `rows` rows take.
  [[nodiscard]] static std::int64_t elements(std::int64_t rows, std::int64_t vocab_size) noexcept;

  // Sequences [first, last) of a checked batch.
  PackedPass(const TrainBatch& batch, std::size_t first, std::size_t last, std::int64_t vocab_size);
  [[nodiscard]] std::int64_t rows() const noexcept { return rows_; }
  // The row at which each of its sequences begins, and the end of the last one; with its padding.
  [[nodiscard]] const std::vector<std::int64_t>& sequence_rows() const noexcept { return sequence_rows_; }
  // to: (at least elements(rows)) i32 on the stream's device.
  [[nodiscard]] PassInputs upload(Stream& stream, TensorView to) const;
  void upload_order(Stream& stream, TensorView to) const;  // to the same place

 private:
  std::int64_t rows_ = 0;
  std::int64_t sequences_ = 0;
  std::int64_t vocab_size_ = 0;
  std::vector<std::int64_t> sequence_rows_{0};
  std::vector<std::int32_t> block_;  // ids | targets | weights | sequence of each unit
};

// The passes of a checked batch, none of more than `most_rows` rows (at least the rows of its longest sequence).
[[nodiscard]] std::vector<PackedPass> packed_passes(const TrainBatch& batch, std::int64_t vocab_size,
                                                    std::int64_t most_rows);

}  // namespace holdfast
