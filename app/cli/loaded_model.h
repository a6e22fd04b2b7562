// A model named on the command line, ready to run.
#pragma once

#include <filesystem>
#include <memory>
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
  double seconds = 0.0;  // that loading took
};

[[nodiscard]] std::unique_ptr<Stream> open_stream(const DeviceOptions& options);

// Progress goes to standard error where that is a terminal.
[[nodiscard]] LoadedModel load_model(const std::string& name, const std::filesystem::path& data,
                                     const DeviceOptions& options, bool with_tokenizer);

// A state in a file, for this model: one that was exported, or trained. Throws what Snapshot::load throws, and
// FormatError when other weights, or the same in another number format, made it.
[[nodiscard]] Snapshot load_state(const std::filesystem::path& file, const Mamba2Model& model);

}  // namespace holdfast::cli
