#include "app/cli/command_line.h"

#include <CLI/CLI.hpp>
#include <iostream>
#include <string>
#include <vector>

#include "app/cli/command.h"

namespace holdfast::cli {
namespace {

constexpr const char* command_line_purpose =
    "Reasoning with attention-free language models (Mamba-2), on your own machine.\n"
    "Without a command: the window, or the terminal chat where there is no display.\n"
    "MODEL is a checkpoint's folder, a file, or the name of an installed model.";

constexpr const char* command_line_footer =
    "Exit codes: 0 fine, 1 an error of the input or of the run, 2 an error in the command line.\n"
    "Errors are one sentence on standard error.\n"
    "Installed models are the checkpoints in DATA/models (see holdfast models); DATA is --data-dir, "
    "$HOLDFAST_DATA_DIR,\n"
    "$XDG_DATA_HOME/holdfast or ~/.local/share/holdfast.\n"
    "Example: holdfast solve \"What is 17 * 23?\" --json";

using CommandFactory = std::unique_ptr<Command> (*)(CLI::App&, const Globals&);
constexpr CommandFactory command_factories[] = {
    chat_command,     solve_command,    models_command,  info_command,   convert_command,
    tokenize_command, logits_command,   inspect_command, bench_command,  learn_tokenizer_command,
    problems_command, generate_command, train_command,   merge_command,  eval_command,
    sessions_command, search_command,   export_command,  import_command,
};

// CLI11 speaks of some faults in several lines; a message of ours is one sentence.
int tell_usage(const CLI::App& app, std::string message) {
  for (char& c : message) {
    if (c == '\n') c = ' ';
  }
  std::string command = "holdfast";
  for (const CLI::App* chosen : app.get_subcommands()) command += " " + chosen->get_name();
  std::cerr << "holdfast: " << message << " (see " << command << " --help)" << std::endl;
  return exit_usage;
}

}  // namespace

int run_command_line(int argc, char** argv) {
  CLI::App app(command_line_purpose, "holdfast");
  app.footer(command_line_footer);
  app.set_version_flag("--version", "holdfast " HOLDFAST_VERSION);
  app.require_subcommand(0, 1);
  app.fallthrough();
  Globals globals;
  app.add_option("--data-dir", globals.data_dir, "Folder of the sessions, the saved states and your models")
      ->type_name("DIR");
  std::vector<std::unique_ptr<Command>> commands;
  for (const CommandFactory make : command_factories) commands.push_back(make(app, globals));

  try {
    app.parse(argc, argv);
    for (const auto& command : commands) {
      if (command->chosen()) return command->run();
    }
    return run_without_command(globals);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);  // --help, --version
    const std::vector<std::string> unknown = app.remaining();
    if (app.get_subcommands().empty() && !unknown.empty() && !unknown.front().starts_with('-')) {
      return tell_usage(app, "no command is called \"" + unknown.front() + "\"");
    }
    return tell_usage(app, error.what());
  } catch (const UsageError& error) {
    return tell_usage(app, error.what());
  }
}

}  // namespace holdfast::cli
