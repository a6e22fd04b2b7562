// Tokenizers between files of their own and the keys of a GGUF.
#pragma once

#include <cstdint>
#include <filesystem>

#include "engine/checkpoint.h"
#include "engine/gguf.h"

namespace holdfast {

// Writes the tokenizer.ggml.* keys of `checkpoint`'s tokenizer, filled up to vocab_size tokens. Where there is none, or
// GGUF has no word for it, writes the model "no_vocab" and returns false.
bool add_gguf_vocabulary(GgufWriter& writer, const Checkpoint& checkpoint);
// Tokens "t0", "t1", ...: a vocabulary that loads, for random weights.
void add_dummy_vocabulary(GgufWriter& writer, std::int64_t vocab_size);
// Copies the tokenizer's files into `folder`, or writes a tokenizer.model of a GGUF's "llama" vocabulary.
void copy_tokenizer(const Checkpoint& checkpoint, const std::filesystem::path& folder);

}  // namespace holdfast
