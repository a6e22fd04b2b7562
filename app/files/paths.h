// Where files are: the user's data, what ships with the program, and the models that are installed in either.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast {

// The user's data (store, snapshots, models), absolute: `chosen` (--data-dir) unless empty, else $HOLDFAST_DATA_DIR,
// else $XDG_DATA_HOME/holdfast, else ~/.local/share/holdfast. Need not exist yet. Throws IoError when there is no home.
[[nodiscard]] std::filesystem::path data_dir(const std::filesystem::path& chosen = {});

// The folder that this program was started from. Throws IoError.
[[nodiscard]] std::filesystem::path program_dir();

// An executable file `name` in program_dir(), if there is one: how the command line finds the window, and back.
[[nodiscard]] std::optional<std::filesystem::path> program_beside(std::string_view name);

// What ships with the program: ../share/holdfast from the program, so that an installed tree may be moved; in a build
// tree, where that is absent, the source tree's resources. $HOLDFAST_RESOURCE_DIR, if absolute, comes before both. Need
// not exist.
[[nodiscard]] std::filesystem::path resource_dir();

// Beside the weights of a download: where they came from.
inline constexpr const char* model_source_file = "holdfast-source.json";

// A folder with config.json or params.json, or with one .gguf file; or such a file.
[[nodiscard]] bool looks_like_model(const std::filesystem::path& path);

struct InstalledModel {
  std::string name;            // the folder's name, or a GGUF's without its ending
  std::filesystem::path path;  // what Checkpoint::open takes
};

// Everything in resource_dir()/models and data/models that looks_like_model, sorted by name. Of two with one name the
// user's stays. What begins with a dot, or is being written aside (AtomicFolder), is none.
[[nodiscard]] std::vector<InstalledModel> installed_models(const std::filesystem::path& data);

// `model`: a path, the name of an installed model, or that of what a run made ("run-3"), looked for in this order.
// Throws IoError listing what is installed.
[[nodiscard]] std::filesystem::path resolve_model(std::string_view model, const std::filesystem::path& data);

// What opens when no model is named: holdfast-mini, else the only installed one.
// Throws IoError saying how to name one: none is installed, or several are.
[[nodiscard]] InstalledModel default_model(const std::filesystem::path& data);

}  // namespace holdfast
