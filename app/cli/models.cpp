#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <iostream>
#include <utility>
#include <vector>

#include "app/catalogue/catalogue.h"
#include "app/catalogue/model_facts.h"
#include "app/cli/command.h"
#include "app/cli/model_json.h"
#include "app/cli/options.h"
#include "app/cli/output.h"
#include "app/files/paths.h"
#include "kernels/size_text.h"
#include "training/trained_model.h"

namespace holdfast::cli {
namespace {

constexpr const char* models_footer =
    "Without a command: the list. An added model stays where it is; DATA/models gets a link to it.\n"
    "A download goes on where it was stopped. A hub other than https://huggingface.co is named by $HF_ENDPOINT, a\n"
    "token for private models by $HF_TOKEN.\n"
    "Example: holdfast models download mistralai/Mamba-Codestral-7B-v0.1";

Json entry_json(const CatalogueEntry& entry, const std::filesystem::path& data) {
  Json json;
  try {
    const auto base = base_below(entry.path, [&](const std::string& wanted) { return resolve_model(wanted, data); });
    const auto checkpoint = Checkpoint::open(base);
    json = model_json(entry.name, entry.path, model_facts(*checkpoint));
    json["fault"] = nullptr;
    if (base != entry.path) json["trained_on"] = base.string();
  } catch (const std::exception& error) {
    json = {{"name", entry.name}, {"path", entry.path.string()}, {"fault", error.what()}};
  }
  json["origin"] = name(entry.origin);
  json["target"] = entry.target.string();
  json["bytes_on_disk"] = bytes_on_disk(entry.path);
  json["licence"] = model_card(entry.path).licence;
  return json;
}

std::string models_cell(std::string text, std::size_t width) {
  if (text.size() < width) text.resize(width, ' ');
  return text + "  ";
}

std::string models_text(const Json& list) {
  std::size_t width = 4;
  for (const Json& row : list) width = std::max(width, row["name"].get<std::string>().size());
  std::string text = models_cell("name", width) + "parameters  stored as       on disk     in memory   layout\n";
  for (const Json& row : list) {
    text += models_cell(row["name"].get<std::string>(), width);
    if (!row["fault"].is_null()) {
      text += row["fault"].get<std::string>() + "\n";
      continue;
    }
    const Json& memory = row["memory_bytes"]["stored"];
    text += models_cell(fixed(row["parameters"].get<double>() / 1e6, 1) + " M", 10) +
            models_cell(row["formats"].get<std::string>(), 14) +
            models_cell(size_text(row["bytes_on_disk"].get<double>()), 10) +
            models_cell(memory.is_null() ? "-" : size_text(memory.get<double>()), 10) +
            row["layout"].get<std::string>() +
            (row["origin"] == "added" ? ", " + row["target"].get<std::string>() : "") +
            (row.contains("trained_on") ? ", trained on " + row["trained_on"].get<std::string>() : "") + "\n";
  }
  return text;
}

bool confirmed(const std::string& question) {
  Notes().say(question + " Type yes to go on:");
  std::string answer;
  return std::getline(std::cin, answer) && answer == "yes";
}

class ModelsCommand final : public Command {
 public:
  ModelsCommand(CLI::App& parent, const Globals& globals)
      : Command(parent, globals, "models", "List, add, rename, remove and download models") {
    output_.add_to(*app_);
    app_->footer(models_footer);
    app_->require_subcommand(0, 1);
    add_ = app_->add_subcommand("add", "Add a folder, a GGUF file, or all models in a folder");
    add_->add_option("PATH", argument_, "Where it is")->required();
    remove_ = app_->add_subcommand("remove", "Delete a model of DATA/models, or forget one that was added");
    remove_->add_option("NAME", argument_, "An installed model")->required();
    remove_->add_flag("--yes", yes_, "Do not ask before files are deleted");
    rename_ = app_->add_subcommand("rename", "Give a model of DATA/models another name");
    rename_->add_option("NAME", argument_, "An installed model")->required();
    rename_->add_option("NEW", new_name_, "Its new name")->required();
    download_ = app_->add_subcommand("download", "Fetch a model from a hub such as huggingface.co");
    download_->add_option("ADDRESS", argument_, "OWNER/NAME, OWNER/NAME@REVISION, either with :FILE.gguf, or a URL")
        ->required();
  }

  int run() override {
    if (add_->parsed()) return add();
    if (remove_->parsed()) return remove();
    if (rename_->parsed()) return rename();
    if (download_->parsed()) return download();
    Json list = Json::array();
    for (const CatalogueEntry& entry : catalogue(globals_->data())) list.push_back(entry_json(entry, globals_->data()));
    put_result(output_, list,
               list.empty()
                   ? "no model is installed; models are looked for in " + (globals_->data() / "models").string() + "\n"
                   : models_text(list));
    return exit_fine;
  }

 private:
  int add() {
    Json list = Json::array();
    std::string text;
    for (const CatalogueEntry& entry : add_models(globals_->data(), argument_)) {
      list.push_back(entry_json(entry, globals_->data()));
      text += entry.name + ": " + entry.target.string() + "\n";
    }
    put_result(output_, list, text);
    return exit_fine;
  }

  int remove() {
    const CatalogueEntry entry = find_model(globals_->data(), argument_);
    const std::uintmax_t bytes = entry.origin == ModelOrigin::own ? bytes_on_disk(entry.path) : 0;
    if (entry.origin == ModelOrigin::own && !yes_) {
      if (!input_is_terminal()) throw UsageError("--yes is wanted to delete " + entry.path.string());
      const std::string what = "Delete " + entry.path.string() + ", " + size_text(static_cast<double>(bytes)) + "?";
      if (!confirmed(what)) return exit_error;
    }
    remove_model(globals_->data(), entry);
    put_result(output_, {{"name", entry.name}, {"path", entry.path.string()}, {"deleted_bytes", bytes}},
               entry.origin == ModelOrigin::own
                   ? entry.path.string() + ": deleted, " + size_text(static_cast<double>(bytes)) + "\n"
                   : entry.name + ": forgotten; its files stay in " + entry.target.string() + "\n");
    return exit_fine;
  }

  int rename() {
    rename_model(globals_->data(), find_model(globals_->data(), argument_), new_name_);
    const CatalogueEntry entry = find_model(globals_->data(), new_name_);
    put_result(output_, {{"name", entry.name}, {"path", entry.path.string()}}, entry.path.string() + "\n");
    return exit_fine;
  }

  // The network is Qt's, so the window's program does it, without a window. Returns only if it could not be started.
  int download() {
    const auto window = program_beside("holdfast-window");
    if (!window) throw IoError("downloads need holdfast-window beside this program, and it is not installed");
    std::vector<std::string> words{window->string(), "--data-dir", globals_->data().string(), "--download", argument_};
    if (output_.json) words.emplace_back("--json");
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    execv(window->c_str(), arguments.data());
    throw IoError(window->string() + ": " + std::strerror(errno));
  }

  CLI::App* add_ = nullptr;
  CLI::App* remove_ = nullptr;
  CLI::App* rename_ = nullptr;
  CLI::App* download_ = nullptr;
  std::string argument_;
  std::string new_name_;
  bool yes_ = false;
  OutputOptions output_;
};

}  // namespace

std::unique_ptr<Command> models_command(CLI::App& parent, const Globals& globals) {
  return std::make_unique<ModelsCommand>(parent, globals);
}

}  // namespace holdfast::cli
