// Writing a checkpoint in another layout or number format.
#pragma once

#include <filesystem>
#include <functional>
#include <string_view>

#include "engine/checkpoint.h"

namespace holdfast {

// f32 and bf16 as they are; q8 = q8_0 and q4 = q4_1 for the matrices that are multiplied (in_proj, out_proj, embedding,
// lm_head), f32 for the rest. Hugging Face layout with q8 or q4: U8 tensors of encoded rows, named in the file's
// metadata ("holdfast.format.<tensor>": "q8_0"). mamba_ssm (pytorch_model.bin) holds f32 and bf16 only.
enum class ConvertDType { f32, bf16, q8, q4 };

struct ConvertOptions {
  CheckpointLayout to = CheckpointLayout::hugging_face;
  ConvertDType dtype = ConvertDType::bf16;
  std::function<void(double done)> progress;           // 0 .. 1; may be empty
  std::uint64_t shard_bytes = std::uint64_t{4} << 30;  // Hugging Face: weights beyond this go to a next file
};

// Matrices whose rows the format's blocks do not divide are kept in bf16. Tokenizer files, or the tokenizer in a GGUF,
// are carried over where the target can hold them: into a GGUF, SentencePiece BPE and byte-level BPE of a known
// pre-tokenizer; out of a GGUF, the "llama" vocabulary. Tensors are read and written in pieces: memory stays small.
// Writes aside, syncs, renames: `out` (a folder; for GGUF a file) is complete or not there. Throws IoError; FormatError
// for values that are not finite and for models the layout cannot express; ArgumentError if `out` exists or for the
// Mistral layout, which is only read.
void convert(const Checkpoint& in, const std::filesystem::path& out, const ConvertOptions& options);

}  // namespace holdfast
