#include "app/cli/loaded_model.h"

#include <chrono>

#include "app/cli/output.h"
#include "app/files/paths.h"
#include "kernels/error.h"
#include "training/trained_model.h"

namespace holdfast::cli {

std::unique_ptr<Stream> open_stream(const DeviceOptions& options) {
  const std::shared_ptr<Device> device = options.device == "cuda" ? Device::cuda() : Device::cpu();
  return std::make_unique<Stream>(device, options.threads);
}

LoadedModel load_model(const std::string& name, const std::filesystem::path& data, const DeviceOptions& options,
                       bool with_tokenizer, TrainedState state) {
  const DType state_type = options.state_type();  // before anything is read
  const auto begin = std::chrono::steady_clock::now();
  LoadedModel loaded;
  loaded.name = name;
  const auto find = [&data](const std::string& wanted) { return resolve_model(wanted, data); };
  OpenedModel opened = open_model(find(name), find);
  if (opened.begin && state == TrainedState::refused) {
    throw FormatError(name + ": a trained state, which this command cannot begin with; want its model, " +
                      opened.base.string());
  }
  loaded.checkpoint = std::move(opened.checkpoint);
  loaded.begin = std::move(opened.begin);
  if (with_tokenizer) loaded.tokenizer = checkpoint_tokenizer(*loaded.checkpoint);
  loaded.stream = open_stream(options);
  const Notes notes;
  // A state goes with the number format that it was trained over.
  const LoadDType dtype = loaded.begin ? opened.dtype : options.load_dtype();
  loaded.model = Mamba2Model::load(
      *loaded.stream, loaded.checkpoint, dtype, [&](double done) { notes.progress("loading " + name, done); },
      state_type);
  notes.clear_line();
  loaded.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  return loaded;
}

Snapshot load_state(const std::filesystem::path& file, const Mamba2Model& model) {
  Snapshot snapshot = Snapshot::load(file, model.config());
  if (snapshot.model_fingerprint != model.fingerprint()) {
    throw FormatError(file.string() + ": a state of " + snapshot.model_fingerprint + ", the model is " +
                      model.fingerprint() + ": a state goes on only with the weights and number format that made it");
  }
  return snapshot;
}

}  // namespace holdfast::cli
