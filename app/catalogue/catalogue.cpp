#include "app/catalogue/catalogue.h"

#include <algorithm>
#include <optional>
#include <system_error>

#include "app/files/paths.h"
#include "app/files/run_products.h"
#include "engine/checkpoint.h"
#include "kernels/error.h"

namespace holdfast {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t name_max_bytes = 200;  // file systems allow 255, with an ending and a number

fs::path models_folder(const fs::path& data) { return data / "models"; }

[[noreturn]] void catalogue_failed(const fs::path& path, const char* what, const std::error_code& error) {
  throw IoError(path.string() + ": " + what + ": " + error.message());
}

std::string name_of_path(const fs::path& path) {
  return (path.extension() == ".gguf" ? path.stem() : path.filename()).string();
}

void check_name(std::string_view name) {
  const bool control = std::ranges::any_of(name, [](char c) { return static_cast<unsigned char>(c) < 0x20; });
  if (name.empty() || name.size() > name_max_bytes || name.front() == '.' || control ||
      name.find('/') != std::string_view::npos) {
    throw ArgumentError("model name \"" + std::string(name) +
                        "\": want 1 to 200 bytes without / and control characters, not beginning with a dot");
  }
}

CatalogueEntry entry_of(const fs::path& path, ModelOrigin origin) {
  CatalogueEntry entry{.name = name_of_path(path), .path = path, .target = path, .origin = origin};
  std::error_code error;
  if (origin == ModelOrigin::shipped || !fs::is_symlink(path, error)) return entry;
  entry.origin = ModelOrigin::added;
  entry.there = fs::exists(path, error);
  const fs::path target = fs::read_symlink(path, error);
  if (!error) entry.target = (path.parent_path() / target).lexically_normal();
  return entry;
}

// Where `path` leads, so that one model is not added under two names.
fs::path real_path(const fs::path& path) {
  std::error_code error;
  fs::path real = fs::canonical(path, error);
  return error ? fs::absolute(path).lexically_normal() : real;
}

CatalogueEntry link_model(const fs::path& data, const fs::path& model) {
  const fs::path real = real_path(model);
  for (const CatalogueEntry& known : catalogue(data)) {
    if (known.there && real_path(known.path) == real) return known;
  }
  std::string ending = real.extension() == ".gguf" ? ".gguf" : "";
  const std::string wanted = name_of_path(real);
  std::string name = wanted;
  const auto taken = [&] {
    return std::ranges::any_of(catalogue(data), [&](const CatalogueEntry& known) { return known.name == name; });
  };
  for (int number = 2; taken(); ++number) name = wanted + "-" + std::to_string(number);
  const fs::path link = new_model_path(data, name, ending);
  std::error_code error;
  fs::create_directories(link.parent_path(), error);
  if (error) catalogue_failed(link.parent_path(), "cannot be made", error);
  fs::create_symlink(real, link, error);
  if (error) catalogue_failed(link, "cannot be made", error);
  return entry_of(link, ModelOrigin::added);
}

// What in `path` is to be opened: itself, the folder of a file that was pointed at, or the models in a folder.
std::vector<fs::path> models_at(const fs::path& path) {
  std::error_code error;
  if (!fs::exists(path, error)) throw IoError(path.string() + ": not there");
  if (!fs::is_directory(path, error)) {
    if (path.extension() == ".gguf") return {path};
    if (looks_like_model(path.parent_path())) return {path.parent_path()};
    return {path};  // refused by whoever opens it
  }
  if (looks_like_model(path)) return {path};
  std::vector<fs::path> found;
  for (fs::directory_iterator entry(path, error), end; !error && entry != end; entry.increment(error)) {
    if (looks_like_model(entry->path())) found.push_back(entry->path());
  }
  std::ranges::sort(found);
  return found.empty() ? std::vector{path} : found;
}

void check_removable(const fs::path& data, const CatalogueEntry& entry, const char* what) {
  if (entry.origin == ModelOrigin::shipped) {
    throw ArgumentError(entry.name + ": comes with Holdfast and cannot be " + what);
  }
  if (entry.origin == ModelOrigin::trained) {
    throw ArgumentError(entry.name + ": belongs to its run and cannot be " + what + " alone, want the run deleted");
  }
  // Nothing outside the folder of models is ever touched.
  if (entry.path.parent_path() != models_folder(data) || entry.path.filename().empty()) {
    throw ArgumentError(entry.path.string() + ": not in " + models_folder(data).string() + ", so it is not " + what);
  }
}

}  // namespace

std::string_view name(ModelOrigin origin) noexcept {
  switch (origin) {
    case ModelOrigin::shipped: return "shipped";
    case ModelOrigin::own: return "own";
    case ModelOrigin::added: return "added";
    case ModelOrigin::trained: return "trained";
  }
  return "?";
}

std::vector<CatalogueEntry> catalogue(const fs::path& data) {
  std::vector<CatalogueEntry> entries;
  for (const InstalledModel& model : installed_models(data)) {
    const bool ours = model.path.parent_path() == models_folder(data);
    entries.push_back(entry_of(model.path, ours ? ModelOrigin::own : ModelOrigin::shipped));
  }
  // Links to what is gone are no models, but a person wants to see and forget them.
  std::error_code error;
  for (fs::directory_iterator file(models_folder(data), error), end; !error && file != end; file.increment(error)) {
    std::error_code ignored;
    if (!fs::is_symlink(file->path(), ignored) || fs::exists(file->path(), ignored)) continue;
    entries.push_back(entry_of(file->path(), ModelOrigin::added));
  }
  std::ranges::stable_sort(entries, {}, &CatalogueEntry::name);
  for (const RunProduct& made : products_of_runs(data)) {
    entries.push_back({.name = made.name, .path = made.path, .target = made.path, .origin = ModelOrigin::trained});
  }
  return entries;
}

CatalogueEntry find_model(const fs::path& data, std::string_view name) {
  std::string names;
  for (CatalogueEntry& entry : catalogue(data)) {
    if (entry.name == name) return entry;
    names += (names.empty() ? "" : ", ") + entry.name;
  }
  throw IoError("model \"" + std::string(name) + "\": not installed; installed are " +
                (names.empty() ? std::string("none") : names));
}

std::vector<CatalogueEntry> add_models(const fs::path& data, const fs::path& path) {
  const std::vector<fs::path> models = models_at(path);
  for (const fs::path& model : models) (void)Checkpoint::open(model);  // throws
  std::vector<CatalogueEntry> added;
  for (const fs::path& model : models) added.push_back(link_model(data, model));
  return added;
}

fs::path new_model_path(const fs::path& data, std::string_view name, std::string_view ending) {
  check_name(name);
  const fs::path path = models_folder(data) / (std::string(name) + std::string(ending));
  std::error_code ignored;
  const bool taken = std::ranges::any_of(catalogue(data), [&](const auto& entry) { return entry.name == name; });
  if (taken || fs::exists(fs::symlink_status(path, ignored))) {
    throw ArgumentError("model name \"" + std::string(name) + "\": taken, want another one");
  }
  return path;
}

void rename_model(const fs::path& data, const CatalogueEntry& entry, std::string_view name) {
  check_removable(data, entry, "renamed");
  if (name == entry.name) return;
  const fs::path target = new_model_path(data, name, entry.path.extension() == ".gguf" ? ".gguf" : "");
  std::error_code error;
  fs::rename(entry.path, target, error);
  if (error) catalogue_failed(entry.path, "cannot be renamed", error);
}

void remove_model(const fs::path& data, const CatalogueEntry& entry) {
  check_removable(data, entry, "removed");
  std::error_code error;
  if (fs::is_symlink(entry.path, error)) {
    fs::remove(entry.path, error);
    if (error) catalogue_failed(entry.path, "cannot be removed", error);
    return;
  }
  // Out of sight in one step: what is half deleted is no model any more.
  const fs::path doomed = models_folder(data) / (".removed-" + entry.path.filename().string());
  fs::remove_all(doomed, error);  // of an earlier time that did not come to its end
  fs::rename(entry.path, doomed, error);
  if (error) catalogue_failed(entry.path, "cannot be removed", error);
  fs::remove_all(doomed, error);
  if (error) catalogue_failed(doomed, "cannot be deleted completely", error);
}

}  // namespace holdfast
