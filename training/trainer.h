// One training step of a Mamba-2 language model, on any stream: forward, loss, backward, AdamW. The loop is elsewhere.
//
// What is trained is f32 (the masters); with compute bf16, on a GPU, products and activations are bf16 with sums,
// norms, dt, A, D and the residual in f32. The same batches from the same saved state give the same bits.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/checkpoint.h"
#include "engine/config.h"
#include "engine/convert.h"
#include "engine/model.h"
#include "engine/session.h"
#include "engine/token.h"
#include "engine/weights.h"
#include "kernels/device.h"
#include "training/lora.h"
#include "training/memory.h"
#include "training/reducer.h"

namespace holdfast {

// One micro-batch: sequences laid end to end on one token axis T. Nothing passes from one sequence to the next.
struct TrainBatch {
  std::vector<TokenId> ids;          // T, at least one
  std::vector<TokenId> targets;      // T: the token to predict after ids[t]; -1 = none
  std::vector<float> weights;        // T, each finite and >= 0, of the targets; empty = all 1
  std::vector<std::int32_t> starts;  // S + 1: 0, ascending, T; empty = one sequence
};

enum class Trained {
  full,   // every weight
  lora,   // adapters beside frozen weights, which may be quantised
  state,  // the state that every sequence begins with, one per layer; the weights are frozen
};
enum class Recompute {
  automatic,  // keep the activations of as many layers as memory_budget allows
  all,        // of none: least memory, about a third more work
  none,       // of every layer
};

struct AdamWConfig {
  float beta1 = 0.9f;
  float beta2 = 0.95f;
  float eps = 1e-8f;
  float weight_decay = 0.01f;  // never on A_log, D, dt_bias, norms, biases, the convolution or states
};

struct TrainerConfig {
  Trained trained = Trained::full;
  LoraConfig lora;                       // for Trained::lora
  LoadDType frozen = LoadDType::stored;  // how frozen matrices lie in memory, for lora and state
  AdamWConfig optimiser;
  float clip = 1.0f;           // largest norm of all gradients together; infinity = never clip
  DType compute = DType::f32;  // f32, or on a GPU bf16
  Recompute recompute = Recompute::automatic;
  std::size_t memory_budget = 0;           // bytes for everything, looked at by `automatic`; 0 = no limit
  std::int64_t micro_batch_tokens = 8192;  // the largest T of a micro-batch: buffers are made for it at the start
  std::uint64_t seed = 0;                  // of a new model's or new adapters' first values
  // Throws ArgumentError naming the field, its value and the rule.
  void validate(const Mamba2Config& model, DeviceKind where) const;
};

// What a step must not exceed to be taken. NaN and infinity are never taken.
struct StepGuard {
  double loss = std::numeric_limits<double>::infinity();
  double gradient_norm = std::numeric_limits<double>::infinity();
};

enum class Refusal { none, loss_not_finite, gradient_not_finite, loss_spike, gradient_spike };
[[nodiscard]] std::string_view name(Refusal) noexcept;

struct StepResult {
  Refusal refusal = Refusal::none;  // other than none: weights and optimiser are bitwise as they were
  double loss = 0.0;                // mean of the targets' losses by their weights, over all micro-batches and ranks
  double gradient_norm = 0.0;       // over all ranks, before clipping
  double weight = 0.0;              // sum of the targets' weights, over all ranks
  std::int64_t tokens = 0;          // read, over all ranks
  std::int64_t targets = 0;         // with a loss and a weight above 0, over all ranks
  struct {
    double gradients = 0.0;  // forward and backward of all micro-batches, and the sums over ranks
    double update = 0.0;     // norm, AdamW, gathering
  } seconds;
  [[nodiscard]] bool taken() const noexcept { return refusal == Refusal::none; }
};

struct EvaluateResult {
  double loss = 0.0;  // mean by weight; 0 without targets
  double weight = 0.0;
  std::int64_t tokens = 0;
  std::int64_t targets = 0;
  std::vector<double> sequences{};  // of each in the order of the batches the mean by weight; 0 without targets
};

// On one stream, which must outlive it; one thread at a time.
class Trainer {
 public:
  // From a checkpoint of any layout. For Trained::full, quantised weights are decoded to f32 first. reducer: null = one
  // rank. Throws what loading throws; ArgumentError for a config that does not fit; DeviceError when memory is short:
  // everything that a step needs is allocated here.
  [[nodiscard]] static std::unique_ptr<Trainer> create(Stream& stream, std::shared_ptr<const Checkpoint> base,
                                                       const TrainerConfig& config,
                                                       std::shared_ptr<Reducer> reducer = nullptr);
  // A model that knows nothing, as Mamba-2 initialises it (see initial_model in training/checkpoint_in_memory.h). The
  // tokenizer is what exports carry along; it may be none.
  [[nodiscard]] static std::unique_ptr<Trainer> create(Stream& stream, const Mamba2Config& model,
                                                       const TrainerConfig& config,
                                                       const TokenizerSource& tokenizer = {},
                                                       std::shared_ptr<Reducer> reducer = nullptr);
  ~Trainer();
  Trainer(const Trainer&) = delete;
  Trainer& operator=(const Trainer&) = delete;

  [[nodiscard]] const Mamba2Config& model_config() const noexcept;
  [[nodiscard]] const TrainerConfig& config() const noexcept;
  [[nodiscard]] const MemoryEstimate& memory() const noexcept;  // what was planned at the start
  [[nodiscard]] std::int64_t trained_numbers() const noexcept;  // parameters that are trained
  [[nodiscard]] std::int64_t steps_taken() const noexcept;      // by the optimiser, since it was last reset
  // Arithmetic of training one token (multiply and add are two), recomputation not counted: for the share of the
  // product ceiling.
  [[nodiscard]] double flops_per_token() const noexcept;

  // Takes one step over the micro-batches, whose gradients are summed, or refuses it. With several ranks each gives its
  // own micro-batches, possibly none. Throws ArgumentError for a batch that breaks a rule (before any work);
  // NumericError when no target has a weight above 0; DeviceError. Whatever is thrown, weights and optimiser are as
  // they were, unless the device itself was lost during the update.
  StepResult step(std::span<const TrainBatch> micro_batches, double learning_rate, const StepGuard& guard = {});
  // The loss alone, by this rank's batches alone.
  [[nodiscard]] EvaluateResult evaluate(std::span<const TrainBatch> batches);
  // The gradients of the mean loss, as the last step or gradients() left them (summed, not clipped). For tests.
  struct NamedValues {
    std::string name;  // canonical: "layers.0.A_log", "layers.0.in_proj.lora_A", "layers.0.ssm_state"
    Shape shape;
    std::vector<float> values;
  };
  StepResult gradients(std::span<const TrainBatch> micro_batches);  // a step without its update
  [[nodiscard]] std::vector<NamedValues> named_gradients() const;
  [[nodiscard]] std::vector<NamedValues> named_parameters() const;
  void set_parameter(std::string_view name, std::span<const float> values);  // ArgumentError for a name or a length

  // Forgets the moments and counts steps from 0 again.
  void reset_optimiser();

  // All that is trained, the optimiser's moments and its step count: one safetensors file, exact to the bit and the
  // same for any number of ranks. With several ranks all call it and rank 0 writes. Written aside, synced, renamed.
  void save(const std::filesystem::path& file) const;
  // Throws IoError; FormatError, naming the tensor, when the file is of another model or another choice of what is
  // trained, and then nothing has changed.
  void restore(const std::filesystem::path& file);

  // The model as it is now, in f32 on the CPU, adapters merged: input of convert(), Mamba2Model::load() and the like.
  // For Trained::state it is the base itself.
  [[nodiscard]] std::shared_ptr<const Checkpoint> checkpoint() const;
  // For sampling and evaluation beside training: a copy on this stream's device.
  [[nodiscard]] std::shared_ptr<const Mamba2Model> model(LoadDType dtype = LoadDType::stored) const;
  // A folder in Hugging Face layout with the tokenizer. As convert() in engine/convert.h.
  void export_model(const std::filesystem::path& folder, ConvertDType dtype = ConvertDType::bf16,
                    const std::function<void(double)>& progress = {}) const;
  // Of the weights that training began with (Checkpoint::fingerprint): reads them all, once.
  [[nodiscard]] const std::string& base_fingerprint() const;
  [[nodiscard]] LoraAdapter adapter() const;  // Trained::lora only, else ArgumentError
  // Trained::state only, else ArgumentError: what a Session of the base model, loaded with config().frozen, restores
  // before it reads. Snapshot::save makes it a state file.
  [[nodiscard]] Snapshot initial_state() const;

 private:
  class Impl;
  explicit Trainer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace holdfast
