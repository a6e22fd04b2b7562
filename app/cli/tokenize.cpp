#include <array>
#include <fstream>
#include <iostream>

#include "app/cli/command.h"
#include "app/cli/loaded_model.h"
#include "app/cli/options.h"
#include "app/cli/output.h"
#include "engine/atomic_file.h"
#include "engine/tokenizer.h"

namespace holdfast::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* tokenize_footer =
    "Rows {\"text\"} become rows {\"text\", \"ids\", \"decoded\"}, one JSON object a line. No BOS or EOS is added;\n"
    "markers in a text (<|im_end|>) are read as the tokenizer's reference implementation reads them.\n"
    "MODEL may also be a tokenizer alone: tokenizer.model, tokenizer.json, or a folder with one.\n"
    "Example: holdfast tokenize holdfast-mini --in texts.jsonl --out ids.jsonl";

TokenizerSource::Kind tokenize_kind(const fs::path& file) {
  const std::string name = file.filename().string();
  if (name == "tokenizer.json") return TokenizerSource::Kind::tokenizer_json;
  if (name.starts_with("tokenizer.model")) return TokenizerSource::Kind::sentencepiece;
  return TokenizerSource::Kind::none;
}

// A tokenizer needs no weights beside it; anything else is opened as a checkpoint.
std::shared_ptr<const Tokenizer> tokenize_load(const fs::path& path) {
  std::error_code ignored;
  if (tokenize_kind(path) != TokenizerSource::Kind::none) return Tokenizer::load({tokenize_kind(path), path});
  const bool checkpoint = !fs::is_directory(path, ignored) || fs::exists(path / "config.json", ignored) ||
                          fs::exists(path / "params.json", ignored);
  if (!checkpoint) {
    for (const char* name : {"tokenizer.model.v3", "tokenizer.model", "tokenizer.json"}) {
      const fs::path file = path / name;
      if (fs::exists(file, ignored)) return Tokenizer::load({tokenize_kind(file), file});
    }
  }
  return checkpoint_tokenizer(*Checkpoint::open(path));
}

std::string row_label(const std::string& source, std::size_t line) { return source + ":" + std::to_string(line); }

std::string row_text(const std::string& line, const std::string& label) {
  const Json row = Json::parse(line, nullptr, false);
  if (row.is_discarded() || !row.is_object()) throw FormatError(label + ": no JSON object, want {\"text\": \"...\"}");
  const auto text = row.find("text");
  if (text == row.end() || !text->is_string()) throw FormatError(label + ": no string \"text\"");
  return text->get<std::string>();
}

class TokenizeCommand final : public Command {
 public:
  TokenizeCommand(CLI::App& parent, const Globals& globals)
      : Command(parent, globals, "tokenize", "Texts to token ids and back") {
    app_->add_option("MODEL", model_, "A folder, a file or an installed model")->required();
    app_->add_option("--in", in_, "Rows {\"text\"}; - or nothing: standard input")->type_name("FILE.jsonl");
    app_->add_option("--out", out_, "Rows {\"text\", \"ids\", \"decoded\"}; without it standard output")
        ->type_name("FILE.jsonl");
    app_->add_flag("--json", json_, "Changes nothing: the rows are JSON always");
    app_->footer(tokenize_footer);
  }

  int run() override {
    const auto tokenizer = tokenize_load(resolve_model(model_, globals_->data()));
    if (in_.empty() || in_ == "-") return put(*tokenizer, std::cin, "standard input");
    std::ifstream file(in_, std::ios::binary);
    if (!file || fs::is_directory(in_)) throw IoError(in_ + ": cannot be read");
    return put(*tokenizer, file, in_);
  }

 private:
  int put(const Tokenizer& tokenizer, std::istream& in, const std::string& source) {
    std::optional<AtomicFile> file;
    if (!out_.empty()) file.emplace(out_);
    std::size_t number = 0;
    for (std::string line; std::getline(in, line);) {
      ++number;
      if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
      Json row;
      row["text"] = row_text(line, row_label(source, number));
      const std::vector<TokenId> ids = tokenizer.encode_as_reference(row["text"].get_ref<const std::string&>());
      row["ids"] = ids;
      row["decoded"] = tokenizer.decode(ids, false);
      const std::string text = dump(row, -1) + "\n";
      if (file) {
        file->write(text);
      } else {
        print(text);
      }
    }
    if (in.bad()) throw IoError(source + ": cannot be read to its end");
    if (file) file->commit();
    return exit_fine;
  }

  std::string model_;
  std::string in_;
  std::string out_;
  bool json_ = false;
};

}  // namespace

std::unique_ptr<Command> tokenize_command(CLI::App& parent, const Globals& globals) {
  return std::make_unique<TokenizeCommand>(parent, globals);
}

}  // namespace holdfast::cli
