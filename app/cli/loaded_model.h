// A model named on the command line, ready to run.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "app/catalogue/model_facts.h"
#include "app/cli/options.h"
#include "engine/checkpoint.h"
#include "engine/model.h"
#include "engine/session.h"
#include "engine/tokenizer.h"
#include "kernels/device.h"

namespace holdfast::cli {

struct LoadedModel {
  std::string name;  // as it was named
  std::shared_ptr<const Checkpoint> checkpoint;
  std::shared_ptr<const Tokenizer> tokenizer;  // null unless asked for
  std::unique_ptr<Stream> stream;
  std::shared_ptr<const Mamba2Model> model;
  std::optional<Snapshot> begin;  // what every text begins with, where a trained state was named
  double seconds = 0.0;           // that loading took
};

[[nodiscard]] std::unique_ptr<Stream> open_stream(const DeviceOptions& options);

// An adapter or a state is opened with its base. Progress goes to standard error where that is a terminal. A state is
// refused (FormatError) by a command that has no use for one.
enum class TrainedState { refused, welcome };
[[nodiscard]] LoadedModel load_model(const std::string& name, const std::filesystem::path& data,
                                     const DeviceOptions& options, bool with_tokenizer,
                                     TrainedState state = TrainedState::refused);

// A state in a file, for this model: one that was exported, or trained. Throws what Snapshot::load throws, and
// FormatError when other weights, or the same in another number format, made it.
[[nodiscard]] Snapshot load_state(const std::filesystem::path& file, const Mamba2Model& model);

}  // namespace holdfast::cli
