// What training makes, opened as a model: a checkpoint as it is, an adapter put into its base, a first state with the
// base that it belongs to.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "engine/checkpoint.h"
#include "engine/session.h"
#include "engine/weights.h"

namespace holdfast {

enum class MadeKind { model, adapter, state };

// A folder with adapter_config.json, a file *.safetensors that holds a state, or anything else. Reads no weights.
[[nodiscard]] MadeKind made_kind(const std::filesystem::path& path);

// Finds the model of a name, e.g. among the installed ones; throws IoError when there is none.
using FindModel = std::function<std::filesystem::path(const std::string& name)>;

struct OpenedModel {
  std::shared_ptr<const Checkpoint> checkpoint;
  MadeKind kind = MadeKind::model;
  std::filesystem::path base;  // of an adapter or a state: the model that it was trained on
  // Of a state: what every text begins with, and the number format that its base has to be loaded in.
  std::optional<Snapshot> begin;
  LoadDType dtype = LoadDType::stored;
};

// An adapter or a state finds its base by the path that it names or, when that is gone, among the installed models by
// the last part of that path; `base`, unless empty, comes before both. Throws what Checkpoint::open, LoraAdapter::load
// and Snapshot::load throw; IoError when the base is not there; FormatError, naming both, when the base is not the one
// that it was trained on.
[[nodiscard]] OpenedModel open_model(const std::filesystem::path& path, const FindModel& find,
                                     const std::filesystem::path& base = {});

// The model below adapters and a state, without reading or comparing weights; of a model it is `path` itself. Throws as
// open_model does when it is not there.
[[nodiscard]] std::filesystem::path base_below(const std::filesystem::path& path, const FindModel& find);

}  // namespace holdfast
