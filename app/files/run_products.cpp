#include "app/files/run_products.h"

#include <algorithm>
#include <charconv>
#include <functional>
#include <system_error>
#include <utility>

namespace holdfast {
namespace fs = std::filesystem;
namespace {

using ProductKind = RunProduct::Kind;
constexpr std::pair<ProductKind, std::string_view> product_files[] = {
    {ProductKind::model, "model"}, {ProductKind::adapter, "adapter"}, {ProductKind::state, "state.safetensors"}};

std::optional<std::int64_t> product_number(std::string_view digits) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (digits.empty() || error != std::errc{} || end != digits.data() + digits.size() || value < 0) return std::nullopt;
  return value;
}

std::string product_name(std::int64_t run, std::int64_t step) {
  return "run-" + std::to_string(run) + (step < 0 ? std::string() : "-step-" + std::to_string(step));
}

// Fills in what the place of a product says.
RunProduct product_at(const fs::path& path, ProductKind kind) {
  RunProduct product{.kind = kind, .path = path};
  fs::path folder = path.parent_path();
  const std::string step = folder.filename().string();
  if (step.starts_with("step-") && folder.parent_path().filename() == "checkpoints") {
    product.step = product_number(std::string_view(step).substr(5)).value_or(-1);
    folder = folder.parent_path().parent_path();
  }
  if (folder.parent_path().filename() == "runs") product.run = product_number(folder.filename().string()).value_or(0);
  product.name = product.run > 0 ? product_name(product.run, product.step) : path.filename().string();
  return product;
}

void look_for_products(const fs::path& folder, std::vector<RunProduct>& products) {
  for (const auto& [kind, file] : product_files) {
    std::error_code error;
    if (fs::exists(folder / file, error)) products.push_back(product_at(folder / file, kind));
  }
}

}  // namespace

std::vector<RunProduct> products_of_run(const fs::path& folder) {
  std::vector<RunProduct> products;
  look_for_products(folder, products);
  const std::ptrdiff_t results = std::ssize(products);
  std::error_code error;
  for (fs::directory_iterator at(folder / "checkpoints", error), end; !error && at != end; at.increment(error)) {
    const std::string name = at->path().filename().string();
    // What is being written, or half removed, has another ending.
    if (name.starts_with("step-") && product_number(std::string_view(name).substr(5))) {
      look_for_products(at->path(), products);
    }
  }
  std::sort(products.begin() + results, products.end(),
            [](const RunProduct& a, const RunProduct& b) { return a.step > b.step; });
  return products;
}

std::vector<RunProduct> products_of_runs(const fs::path& data) {
  std::vector<RunProduct> products;
  std::error_code error;
  for (fs::directory_iterator at(data / "runs", error), end; !error && at != end; at.increment(error)) {
    if (!product_number(at->path().filename().string())) continue;
    std::vector<RunProduct> of_run = products_of_run(at->path());
    if (!of_run.empty()) products.push_back(std::move(of_run.front()));
  }
  std::ranges::sort(products, std::greater{}, &RunProduct::run);
  return products;
}

std::optional<RunProduct> find_product(const fs::path& data, std::string_view name) {
  if (!name.starts_with("run-")) return std::nullopt;
  const std::size_t step = name.find("-step-");
  const auto run = product_number(name.substr(4, step == std::string_view::npos ? step : step - 4));
  if (!run) return std::nullopt;
  for (RunProduct& product : products_of_run(data / "runs" / std::to_string(*run))) {
    if (step == std::string_view::npos || product.name == name) return std::move(product);
  }
  return std::nullopt;
}

std::optional<RunProduct> product_of(const fs::path& path) {
  const fs::path clean = path.has_filename() ? path : path.parent_path();
  for (const auto& [kind, file] : product_files) {
    if (clean.filename() != file) continue;
    RunProduct product = product_at(clean, kind);
    if (product.run > 0) return product;
  }
  return std::nullopt;
}

std::string model_name(const fs::path& path) {
  if (const std::optional<RunProduct> made = product_of(path)) return made->name;
  const fs::path clean = path.has_filename() ? path : path.parent_path();
  return (clean.extension() == ".gguf" ? clean.stem() : clean.filename()).string();
}

}  // namespace holdfast
