#include <chrono>
#include <fstream>
#include <iostream>

#include "app/cli/command.h"
#include "app/cli/options.h"
#include "app/cli/output.h"
#include "training/tokenizer_training.h"

namespace holdfast::cli {
namespace {

constexpr const char* learn_footer =
    "Rows of JSON, one object a line: every text in them is learned from. The vocabulary is byte pair encoding with\n"
    "byte fallback; each digit is a token of its own; the markers of ChatML and of thoughts are in it.\n"
    "Example: holdfast learn-tokenizer --in rows.jsonl --vocab 4096 ./new/tokenizer.model";

// All strings of a row, in its order.
void take_strings(const Json& value, std::vector<std::string>& texts) {
  if (value.is_string()) texts.push_back(value.get<std::string>());
  if (value.is_structured()) {
    for (const Json& part : value) take_strings(part, texts);
  }
}

std::vector<std::string> learn_texts(std::istream& in, const std::string& source) {
  std::vector<std::string> texts;
  std::size_t number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    const Json row = Json::parse(line, nullptr, false);
    if (!row.is_object()) throw FormatError(source + ":" + std::to_string(number) + ": no JSON object");
    take_strings(row, texts);
  }
  if (in.bad()) throw IoError(source + ": cannot be read to its end");
  return texts;
}

class LearnTokenizerCommand final : public Command {
 public:
  LearnTokenizerCommand(CLI::App& parent, const Globals& globals)
      : Command(parent, globals, "learn-tokenizer", "A SentencePiece vocabulary from texts") {
    app_->add_option("OUT", out_, "The file to make, tokenizer.model; it must not exist")->required();
    app_->add_option("--in", in_, "Rows of JSON; - or nothing: standard input")->type_name("FILE.jsonl");
    app_->add_option("--vocab", training_.vocab_size, "Tokens, markers and 256 bytes included")
        ->capture_default_str()
        ->type_name("N");
    app_->add_option("--threads", training_.threads, "CPU threads")->check(CLI::Range(1, 64))->capture_default_str();
    output_.add_to(*app_);
    app_->footer(learn_footer);
  }

  int run() override {
    const auto begin = std::chrono::steady_clock::now();
    std::vector<std::string> texts;
    if (in_.empty() || in_ == "-") {
      texts = learn_texts(std::cin, "standard input");
    } else {
      std::ifstream file(in_, std::ios::binary);
      if (!file || std::filesystem::is_directory(in_)) throw IoError(in_ + ": cannot be read");
      texts = learn_texts(file, in_);
    }
    train_tokenizer(texts, training_, out_);
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    const Json json = {
        {"out", out_}, {"vocab_size", training_.vocab_size}, {"texts", texts.size()}, {"seconds", seconds}};
    put_result(output_, json,
               out_ + ": " + std::to_string(training_.vocab_size) + " tokens from " + std::to_string(texts.size()) +
                   " texts in " + fixed(seconds, 1) + " s\n");
    return exit_fine;
  }

 private:
  std::string in_;
  std::string out_;
  TokenizerTraining training_;
  OutputOptions output_;
};

}  // namespace

std::unique_ptr<Command> learn_tokenizer_command(CLI::App& parent, const Globals& globals) {
  return std::make_unique<LearnTokenizerCommand>(parent, globals);
}

}  // namespace holdfast::cli
