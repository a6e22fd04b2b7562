// One command of the program: its options stand in CLI11, its work is done by run().
#pragma once

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <CLI/Validators.hpp>
#include <filesystem>
#include <memory>
#include <string>

#include "app/files/paths.h"
#include "kernels/error.h"

namespace holdfast::cli {

// Exit codes, the same for every command and part of --help.
inline constexpr int exit_fine = 0;
inline constexpr int exit_error = 1;  // of an input, a file, a device or the run
inline constexpr int exit_usage = 2;  // the command line itself

// What was typed breaks a rule of the command line.
class UsageError : public Error {
 public:
  using Error::Error;
};

struct Globals {
  std::string data_dir;  // --data-dir
  [[nodiscard]] std::filesystem::path data() const { return holdfast::data_dir(data_dir); }
};

class Command {
 public:
  virtual ~Command() = default;
  virtual int run() = 0;  // exit code; errors are thrown
  [[nodiscard]] bool chosen() const { return app_->parsed(); }

 protected:
  Command(CLI::App& parent, const Globals& globals, const char* name, const char* purpose)
      : app_(parent.add_subcommand(name, purpose)), globals_(&globals) {}
  CLI::App* app_;
  const Globals* globals_;
};

[[nodiscard]] std::unique_ptr<Command> chat_command(CLI::App& parent, const Globals& globals);
[[nodiscard]] std::unique_ptr<Command> solve_command(CLI::App& parent, const Globals& globals);
[[nodiscard]] std::unique_ptr<Command> info_command(CLI::App& parent, const Globals& globals);
[[nodiscard]] std::unique_ptr<Command> models_command(CLI::App& parent, const Globals& globals);
[[nodiscard]] std::unique_ptr<Command> convert_command(CLI::App& parent, const Globals& globals);
[[nodiscard]] std::unique_ptr<Command> tokenize_command(CLI::App& parent, const Globals& globals);
[[nodiscard]] std::unique_ptr<Command> logits_command(CLI::App& parent, const Globals& globals);
[[nodiscard]] std::unique_ptr<Command> bench_command(CLI::App& parent, const Globals& globals);
[[nodiscard]] std::unique_ptr<Command> train_command(CLI::App& parent, const Globals& globals);
[[nodiscard]] std::unique_ptr<Command> merge_command(CLI::App& parent, const Globals& globals);
[[nodiscard]] std::unique_ptr<Command> eval_command(CLI::App& parent, const Globals& globals);
[[nodiscard]] std::unique_ptr<Command> inspect_command(CLI::App& parent, const Globals& globals);
[[nodiscard]] std::unique_ptr<Command> problems_command(CLI::App& parent, const Globals& globals);
[[nodiscard]] std::unique_ptr<Command> generate_command(CLI::App& parent, const Globals& globals);
[[nodiscard]] std::unique_ptr<Command> learn_tokenizer_command(CLI::App& parent, const Globals& globals);
[[nodiscard]] std::unique_ptr<Command> sessions_command(CLI::App& parent, const Globals& globals);
[[nodiscard]] std::unique_ptr<Command> search_command(CLI::App& parent, const Globals& globals);
[[nodiscard]] std::unique_ptr<Command> export_command(CLI::App& parent, const Globals& globals);
[[nodiscard]] std::unique_ptr<Command> import_command(CLI::App& parent, const Globals& globals);

// `holdfast` alone: becomes the window where there is a display, else opens the terminal chat. Exit code.
int run_without_command(const Globals& globals);

}  // namespace holdfast::cli
