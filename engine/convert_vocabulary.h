// Tokenizers between files of their own and the keys of a GGUF.
#pragma once

#include <cstdint>
#include <filesystem>

#include "engine/checkpoint.h"
#include "engine/convert.h"
#include "engine/gguf.h"

namespace holdfast {

// general.file_type, llama.cpp's number for what most matrices are.
[[nodiscard]] std::uint32_t gguf_file_type(ConvertDType dtype) noexcept;

// Writes the tokenizer.ggml.* keys of `checkpoint`'s tokenizer, filled up to as many tokens as the embedding has rows.
// Where there is none, or GGUF has no word for it, writes the model "no_vocab", with which llama.cpp loads too.
void add_gguf_vocabulary(GgufWriter& writer, const Checkpoint& checkpoint);
// Tokens "t0", "t1", ...: a vocabulary that loads, for random weights.
void add_dummy_vocabulary(GgufWriter& writer, std::int64_t vocab_size);
// Copies the tokenizer's files into `folder`, or writes a tokenizer.model of a GGUF's "llama" vocabulary.
void copy_tokenizer(const Checkpoint& checkpoint, const std::filesystem::path& folder);

}  // namespace holdfast
