// The models a person has: those that ship, those in the data folder, and those elsewhere that were added to it.
//
// An added model is a symbolic link in DATA/models: every command and the window find it under its name, the file
// manager shows it, and forgetting it is removing the link.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast {

enum class ModelOrigin {
  shipped,  // comes with the program: neither renamed nor removed
  own,      // its files lie in the data folder
  added,    // a link to files elsewhere
  trained   // made by a run of the person; goes with it
};
[[nodiscard]] std::string_view name(ModelOrigin) noexcept;

struct CatalogueEntry {
  std::string name;
  std::filesystem::path path;    // what Checkpoint::open takes
  std::filesystem::path target;  // where the files are; `path` but for an added one
  ModelOrigin origin = ModelOrigin::own;
  bool there = true;  // false: an added model whose files are gone
};

// Sorted by name; a model of the person hides a shipped one of its name. What runs made comes last, the newest first.
[[nodiscard]] std::vector<CatalogueEntry> catalogue(const std::filesystem::path& data);

// Throws IoError listing what is there.
[[nodiscard]] CatalogueEntry find_model(const std::filesystem::path& data, std::string_view name);

// Adds a model folder, a GGUF file, or every model that lies in a folder, after checking each as if it were to be
// loaded. A name that is taken gets a number: "mamba2-130m-2". What is there already is found again, not added twice.
// Throws what Checkpoint::open throws, having added nothing, and IoError.
std::vector<CatalogueEntry> add_models(const std::filesystem::path& data, const std::filesystem::path& path);

// Throws ArgumentError for a shipped or trained model, a name that is taken, and one that is no plain file name.
void rename_model(const std::filesystem::path& data, const CatalogueEntry& entry, std::string_view name);

// Deletes a model of the data folder from the disk; only forgets an added one. Throws ArgumentError for a shipped or
// trained one, IoError.
void remove_model(const std::filesystem::path& data, const CatalogueEntry& entry);

// A path in DATA/models that is free for a model of this name, with `ending` (".gguf" or none). Throws ArgumentError
// for a name that is no plain file name or is taken.
[[nodiscard]] std::filesystem::path new_model_path(const std::filesystem::path& data, std::string_view name,
                                                   std::string_view ending = {});

}  // namespace holdfast
