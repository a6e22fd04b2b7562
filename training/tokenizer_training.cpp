#include "training/tokenizer_training.h"

#include <sentencepiece_trainer.h>

#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/atomic_file.h"
#include "kernels/error.h"

namespace holdfast {
namespace {

constexpr std::int64_t least_vocabulary = 512, most_vocabulary = 65536;

// The library learns from lines; the line break itself is a piece by decree.
std::vector<std::string> lines_of(std::span<const std::string> texts) {
  std::vector<std::string> lines;
  for (const std::string_view text : texts) {
    for (std::size_t begin = 0; begin < text.size();) {
      const std::size_t end = std::min(text.find('\n', begin), text.size());
      if (end > begin) lines.emplace_back(text.substr(begin, end - begin));
      begin = end + 1;
    }
  }
  return lines;
}

class Lines final : public sentencepiece::SentenceIterator {
 public:
  explicit Lines(std::vector<std::string> lines) : lines_(std::move(lines)) {}
  [[nodiscard]] bool done() const override { return next_ == lines_.size(); }
  void Next() override { ++next_; }
  [[nodiscard]] const std::string& value() const override { return lines_[next_]; }
  [[nodiscard]] sentencepiece::util::Status status() const override { return {}; }

 private:
  std::vector<std::string> lines_;
  std::size_t next_ = 0;
};

}  // namespace

void train_tokenizer(std::span<const std::string> texts, const TokenizerTraining& options,
                     const std::filesystem::path& out) {
  if (options.vocab_size < least_vocabulary || options.vocab_size > most_vocabulary) {
    throw ArgumentError("vocabulary: " + std::to_string(options.vocab_size) + " pieces, want " +
                        std::to_string(least_vocabulary) + " to " + std::to_string(most_vocabulary));
  }
  Lines lines(lines_of(texts));
  if (lines.done()) throw ArgumentError("vocabulary: no text to learn from");
  const std::unordered_map<std::string, std::string> how = {
      {"model_type", "bpe"},
      {"vocab_size", std::to_string(options.vocab_size)},
      {"num_threads", std::to_string(options.threads)},
      {"byte_fallback", "true"},
      {"split_digits", "true"},
      {"character_coverage", "1.0"},
      {"normalization_rule_name", "identity"},
      {"remove_extra_whitespaces", "false"},
      {"add_dummy_prefix", "false"},
      {"allow_whitespace_only_pieces", "true"},
      {"user_defined_symbols", "\n"},
      {"control_symbols", "<|im_start|>,<|im_end|>,<think>,</think>"},
      {"unk_id", "0"},
      {"bos_id", "-1"},
      {"eos_id", "1"},
      {"eos_piece", "<|endoftext|>"},
      {"pad_id", "-1"},
      {"max_sentence_length", "65536"},
      {"minloglevel", "2"},
  };
  std::string model;
  const auto status = sentencepiece::SentencePieceTrainer::Train(how, &lines, &model);
  if (!status.ok()) {
    std::string why = status.ToString();  // "Internal: file(line) [condition] What is wrong."
    if (const std::size_t end = why.rfind("] "); end != std::string::npos) why.erase(0, end + 2);
    throw ArgumentError("vocabulary: " + std::to_string(options.vocab_size) + " pieces: " + why);
  }
  write_file_atomically(out, model, IfExists::refuse);
}

}  // namespace holdfast
