// A SentencePiece vocabulary learned from text, for models that are trained from nothing.
//
// Byte pair encoding with byte fallback, every digit a piece of its own (so that numbers are read digit by digit), the
// text taken as it is (line breaks and runs of spaces included), and the markers of ChatML and of thoughts as control
// pieces, which no text can spell.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

namespace holdfast {

struct TokenizerTraining {
  std::int64_t vocab_size = 4096;  // pieces, the markers and 256 bytes included
  std::int64_t threads = 1;
};

// Writes `out` (a tokenizer.model), which must not exist. The same texts give the same file. Throws ArgumentError for a
// size outside [512, 65536] or texts too few for it; IoError.
void train_tokenizer(std::span<const std::string> texts, const TokenizerTraining& options,
                     const std::filesystem::path& out);

}  // namespace holdfast
