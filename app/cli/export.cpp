#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "app/cli/command.h"
#include "app/cli/options.h"
#include "app/cli/output.h"
#include "app/cli/session_store.h"
#include "app/exchange/session_export.h"
#include "app/store/state_files.h"
#include "engine/atomic_file.h"

namespace holdfast::cli {
namespace {

constexpr const char* export_footer =
    "Formats: md, html and pdf (formulas typeset; made by holdfast-window, which needs no display for it), tex, jsonl\n"
    "(everything, for import), sharegpt and messages (rows to train on). Without --format the ending of FILE decides,\n"
    "without FILE it is md on standard output. jsonl, sharegpt and messages take several sessions.\n"
    "Example: holdfast export last --format pdf -o proof.pdf";

bool takes_many(ExportFormat format) {
  return format == ExportFormat::jsonl || format == ExportFormat::sharegpt || format == ExportFormat::messages;
}

class ExportCommand final : public Command {
 public:
  ExportCommand(CLI::App& parent, const Globals& globals)
      : Command(parent, globals, "export", "Write sessions as documents or as rows to train on") {
    app_->add_option("SESSION", sessions_, "Numbers of sessions (holdfast sessions), or last");
    app_->add_flag("--all", all_, "All sessions");
    app_->add_option("--format", format_, "md, html, pdf, tex, jsonl, sharegpt or messages")
        ->check(CLI::IsMember({"md", "html", "pdf", "tex", "jsonl", "sharegpt", "messages"}));
    auto* branch = app_->add_flag("--branch", branch_, "The branch that is shown (jsonl is always whole)");
    app_->add_flag("--tree", options_.tree, "All branches")->excludes(branch);
    app_->add_flag("--no-thoughts", no_thoughts_, "Leave out what the model thought");
    app_->add_flag("--statistics", options_.statistics, "Tokens, time, sampling and model of each answer");
    app_->add_option("-o,--out", out_, "Where it is written; without it standard output")->type_name("FILE");
    app_->footer(export_footer);
  }

  int run() override {
    options_.thoughts = !no_thoughts_;
    const ExportFormat format = chosen_format();
    std::optional<Store> store = existing_store(globals_->data());
    const std::vector<SessionId> ids = chosen_sessions(store);
    if (ids.size() > 1 && !takes_many(format)) {
      throw UsageError("SESSION: " + std::to_string(ids.size()) + " of them, " + std::string(info(format).name) +
                       " takes one");
    }
    if (format == ExportFormat::pdf && out_.empty() && output_is_terminal()) {
      throw UsageError("--format pdf: want -o FILE, since standard output is a terminal");
    }
    if (format == ExportFormat::pdf || format == ExportFormat::html) become_printer(format, ids.front());
    std::string text;
    std::string skipped;
    for (const SessionId id : ids) {
      try {
        WholeSession whole = store->whole_session(id).value();
        if (format == ExportFormat::jsonl) StateFiles(*store, globals_->data() / "states").fetch_origin(whole);
        text += export_session(whole, format, options_);
      } catch (const FormatError& error) {
        if (ids.size() == 1) throw;
        skipped = error.what();
        Notes().say("holdfast: " + skipped + "; it is left out");
      }
    }
    if (text.empty()) throw FormatError("nothing to write: no answer in these sessions was finished");
    if (out_.empty()) {
      print(text);
    } else {
      write_file_atomically(out_, text);
    }
    return exit_fine;
  }

 private:
  [[nodiscard]] ExportFormat chosen_format() const {
    if (!format_.empty()) return export_format(format_).value();
    if (out_.empty()) return ExportFormat::markdown;
    std::string ending = std::filesystem::path(out_).extension().string();
    if (!ending.empty()) ending.erase(0, 1);
    const auto format = export_format(ending);
    if (!format) throw UsageError("-o " + out_ + ": the ending says no format, want --format");
    return *format;
  }

  [[nodiscard]] std::vector<SessionId> chosen_sessions(const std::optional<Store>& store) const {
    std::vector<SessionId> ids;
    for (const std::string& word : sessions_) ids.push_back(find_session(store, word, globals_->data()));
    if (all_ && !ids.empty()) throw UsageError("--all: want it alone, or numbers of sessions");
    if (all_ && store) {
      for (const SessionRow& row : store->sessions()) ids.push_back(row.id);
    }
    if (ids.empty() && !all_)
      throw UsageError("SESSION: missing, want a number (holdfast sessions lists them) or last");
    if (ids.empty()) throw StoreError("no sessions in " + globals_->data().string());
    return ids;
  }

  // Formulas are typeset by the window's program, without a window. Returns only if it could not be started.
  void become_printer(ExportFormat format, SessionId session) const {
    const auto window = program_beside("holdfast-window");
    if (!window) {
      throw IoError("--format " + std::string(info(format).name) +
                    " needs holdfast-window beside this program, and it is not installed; tex and md do not");
    }
    std::vector<std::string> words{window->string(), "--data-dir=" + globals_->data().string(),
                                   "--export=" + std::to_string(session.value),
                                   "--format=" + std::string(info(format).name)};
    if (options_.tree) words.emplace_back("--tree");
    if (!options_.thoughts) words.emplace_back("--no-thoughts");
    if (options_.statistics) words.emplace_back("--statistics");
    if (!out_.empty()) words.push_back("--out=" + std::filesystem::absolute(out_).string());
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    execv(window->c_str(), arguments.data());
    throw IoError(window->string() + ": " + std::strerror(errno));
  }

  std::vector<std::string> sessions_;
  bool all_ = false;
  std::string format_;
  bool branch_ = false;
  bool no_thoughts_ = false;
  ExportOptions options_;
  std::string out_;
};

}  // namespace

std::unique_ptr<Command> export_command(CLI::App& parent, const Globals& globals) {
  return std::make_unique<ExportCommand>(parent, globals);
}

}  // namespace holdfast::cli
