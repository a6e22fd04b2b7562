#include "app/cli/command.h"
#include "app/cli/options.h"
#include "app/cli/output.h"
#include "app/cli/session_store.h"
#include "app/exchange/session_import.h"
#include "app/store/state_files.h"

namespace holdfast::cli {
namespace {

constexpr const char* import_footer =
    "FILE is what export wrote (jsonl), or conversations as they are published: one JSON object a line, or a list of\n"
    "them, with messages, conversations (ShareGPT), prompt and completion, or instruction and output. A file with a\n"
    "fault is refused as a whole, and the line is named.\n"
    "Example: holdfast import sums.jsonl";

class ImportCommand final : public Command {
 public:
  ImportCommand(CLI::App& parent, const Globals& globals)
      : Command(parent, globals, "import", "Bring conversations of a file in as new sessions") {
    app_->add_option("FILE", file_, "JSON lines or a JSON list")->required();
    output_.add_to(*app_);
    app_->footer(import_footer);
  }

  int run() override {
    const std::vector<WholeSession> sessions = read_sessions(file_);
    Store store = store_to_write(globals_->data());
    Json list = Json::array();
    std::string text;
    for (const SessionId id : StateFiles(store, globals_->data() / "states").add_sessions(sessions)) {
      const SessionRow row = store.session(id).value();
      list.push_back({{"id", id.value}, {"title", row.title}});
      text += std::to_string(id.value) + "\t" + for_terminal(row.title) + "\n";
    }
    put_result(output_, list, text);
    return exit_fine;
  }

 private:
  std::string file_;
  OutputOptions output_;
};

}  // namespace

std::unique_ptr<Command> import_command(CLI::App& parent, const Globals& globals) {
  return std::make_unique<ImportCommand>(parent, globals);
}

}  // namespace holdfast::cli
