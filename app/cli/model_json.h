// What `info` and `models` say of a model, as JSON.
#pragma once

#include <filesystem>
#include <string>

#include "app/catalogue/model_facts.h"
#include "app/cli/output.h"

namespace holdfast::cli {

[[nodiscard]] Json model_json(const std::string& name, const std::filesystem::path& path, const ModelFacts& facts);

}  // namespace holdfast::cli
