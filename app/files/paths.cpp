#include "app/files/paths.h"

#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <map>
#include <system_error>

#include "app/files/run_products.h"
#include "kernels/error.h"

namespace holdfast {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view paths_default_model = "holdfast-mini";

std::string_view environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string_view{} : std::string_view{value};
}

fs::path home_dir() {
  if (const fs::path home = environment("HOME"); home.is_absolute()) return home;
  // A service may run without $HOME; the user database still knows it.
  passwd entry{};
  passwd* found = nullptr;
  std::array<char, 16384> text{};
  if (getpwuid_r(getuid(), &entry, text.data(), text.size(), &found) == 0 && found != nullptr) {
    if (const fs::path home = found->pw_dir; home.is_absolute()) return home;
  }
  throw IoError("no home directory: set $HOME or $HOLDFAST_DATA_DIR to an absolute path");
}

bool is_aside(const std::string& name) { return name.front() == '.' || name.find(".part-") != std::string::npos; }

void collect_models(const fs::path& folder, std::map<std::string, fs::path>& models) {
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    const fs::path& path = entry->path();
    if (is_aside(path.filename().string()) || !looks_like_model(path)) continue;
    models[(path.extension() == ".gguf" ? path.stem() : path.filename()).string()] = path;
  }
}

std::string list_of(const std::vector<InstalledModel>& models, const fs::path& data) {
  if (models.empty()) return "no model is installed; models are looked for in " + (data / "models").string();
  std::string text = "installed are";
  for (const InstalledModel& model : models) text += (&model == &models.front() ? " " : ", ") + model.name;
  return text;
}

}  // namespace

fs::path data_dir(const fs::path& chosen) {
  if (!chosen.empty()) return fs::absolute(chosen).lexically_normal();
  if (const auto set = environment("HOLDFAST_DATA_DIR"); !set.empty()) {
    return fs::absolute(fs::path(set)).lexically_normal();
  }
  // The XDG rule: a relative path in the variable is to be ignored.
  if (const fs::path xdg = environment("XDG_DATA_HOME"); xdg.is_absolute()) return xdg / "holdfast";
  return home_dir() / ".local" / "share" / "holdfast";
}

fs::path program_dir() {
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  if (error) throw IoError("/proc/self/exe: " + error.message());
  return program.parent_path();
}

std::optional<fs::path> program_beside(std::string_view name) {
  const fs::path program = program_dir() / name;
  std::error_code ignored;
  if (!fs::is_regular_file(program, ignored) || access(program.c_str(), X_OK) != 0) return std::nullopt;
  return program;
}

fs::path resource_dir() {
  if (const fs::path named = environment("HOLDFAST_RESOURCE_DIR"); named.is_absolute()) return named;
  const fs::path installed = program_dir().parent_path() / "share" / "holdfast";
  std::error_code ignored;
  if (fs::is_directory(installed, ignored) || !fs::is_directory(HOLDFAST_SOURCE_RESOURCES, ignored)) return installed;
  return HOLDFAST_SOURCE_RESOURCES;
}

bool looks_like_model(const fs::path& path) {
  std::error_code error;
  if (!fs::is_directory(path, error)) return path.extension() == ".gguf" && fs::is_regular_file(path, error);
  if (fs::is_regular_file(path / "config.json", error) || fs::is_regular_file(path / "params.json", error)) return true;
  int files = 0;
  for (fs::directory_iterator entry(path, error), end; !error && entry != end; entry.increment(error)) {
    files += entry->path().extension() == ".gguf" ? 1 : 0;
  }
  return files == 1;
}

std::vector<InstalledModel> installed_models(const fs::path& data) {
  std::map<std::string, fs::path> models;
  collect_models(resource_dir() / "models", models);
  collect_models(data / "models", models);
  std::vector<InstalledModel> list;
  list.reserve(models.size());
  for (auto& [name, path] : models) list.push_back({name, path});
  return list;
}

fs::path resolve_model(std::string_view model, const fs::path& data) {
  std::error_code ignored;
  if (const fs::path path(model); !model.empty() && fs::exists(path, ignored)) return path;
  const std::vector<InstalledModel> models = installed_models(data);
  const auto found = std::ranges::find(models, model, &InstalledModel::name);
  if (found != models.end()) return found->path;
  if (const std::optional<RunProduct> made = find_product(data, model)) return made->path;
  throw IoError("model \"" + std::string(model) + "\": neither a file, a folder nor an installed model (" +
                list_of(models, data) + ")");
}

InstalledModel default_model(const fs::path& data) {
  std::vector<InstalledModel> models = installed_models(data);
  const auto mini = std::ranges::find(models, paths_default_model, &InstalledModel::name);
  if (mini != models.end()) return *mini;
  if (models.size() == 1) return models.front();
  if (models.empty()) {
    throw IoError("no model is installed: name one (holdfast chat PATH) or put one into " + (data / "models").string());
  }
  throw IoError("several models are installed: name one (holdfast chat NAME); " + list_of(models, data));
}

}  // namespace holdfast
