#include "training/trainer.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstring>
#include <numeric>
#include <optional>
#include <string>
#include <utility>

#include "engine/safetensors.h"
#include "kernels/error.h"
#include "training/checkpoint_in_memory.h"
#include "training/gradient_sums.h"
#include "training/model_pass.h"
#include "training/packed_batch.h"
#include "training/parameters.h"
#include "training/random.h"

namespace holdfast {
namespace {

constexpr std::string_view trainer_file_version = "1";

std::string_view name_of(Trained trained) {
  return trained == Trained::full ? "full" : trained == Trained::lora ? "lora" : "state";
}

// Shortest text that reads back as the same number.
std::string alpha_text(float alpha) {
  std::array<char, 32> text{};
  return {text.data(), std::to_chars(text.data(), text.data() + text.size(), alpha).ptr};
}

double seconds_since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

// Values of a view of f32, on the CPU.
std::vector<float> values_here(Stream& stream, ConstTensorView view) {
  std::vector<float> values(static_cast<std::size_t>(view.shape.elements()));
  stream.copy(view_of(std::span(values), view.shape), view);
  return values;
}

// The sum of a pass' losses over each of its sequences.
void add_sequences(const PackedPass& pass, std::span<const float> losses, std::vector<double>& sums) {
  const std::vector<std::int64_t>& ends = pass.sequence_rows();
  for (std::size_t s = 0; s + 1 < ends.size(); ++s) {
    sums.push_back(std::accumulate(losses.begin() + ends[s], losses.begin() + ends[s + 1], 0.0));
  }
}

// Makes means of the last sums, which are those of this batch's sequences.
void divide_by_weights(const TrainBatch& batch, std::vector<double>& sums) {
  const std::size_t count = batch.starts.empty() ? 1 : batch.starts.size() - 1;
  for (std::size_t s = 0; s < count; ++s) {
    const auto begin = batch.starts.empty() ? std::size_t{0} : static_cast<std::size_t>(batch.starts[s]);
    const auto end = batch.starts.empty() ? batch.ids.size() : static_cast<std::size_t>(batch.starts[s + 1]);
    double weight = 0.0;
    for (std::size_t t = begin; t < end; ++t) {
      if (batch.targets[t] >= 0) weight += batch.weights.empty() ? 1.0 : static_cast<double>(batch.weights[t]);
    }
    double& sum = sums[sums.size() - count + s];
    sum = weight > 0.0 ? sum / weight : 0.0;
  }
}

}  // namespace

std::string_view name(Refusal refusal) noexcept {
  switch (refusal) {
    case Refusal::none: return "none";
    case Refusal::loss_not_finite: return "loss_not_finite";
    case Refusal::gradient_not_finite: return "gradient_not_finite";
    case Refusal::loss_spike: return "loss_spike";
    case Refusal::gradient_spike: return "gradient_spike";
  }
  return "unknown";
}

void TrainerConfig::validate(const Mamba2Config& model, DeviceKind where) const {
  const auto refuse = [](const char* field, const std::string& value, const char* rule) {
    throw ArgumentError("trainer: " + std::string(field) + ": " + value + ", want " + rule);
  };
  if (trained == Trained::lora) lora.validate(model);
  if (!(optimiser.beta1 >= 0.0f && optimiser.beta1 < 1.0f))
    refuse("beta1", std::to_string(optimiser.beta1), "0 to below 1");
  if (!(optimiser.beta2 >= 0.0f && optimiser.beta2 < 1.0f))
    refuse("beta2", std::to_string(optimiser.beta2), "0 to below 1");
  if (!(optimiser.eps > 0.0f)) refuse("eps", std::to_string(optimiser.eps), "more than 0");
  if (!(optimiser.weight_decay >= 0.0f)) refuse("weight_decay", std::to_string(optimiser.weight_decay), "at least 0");
  if (!(clip > 0.0f)) refuse("clip", std::to_string(clip), "more than 0");
  if (compute != DType::f32 && (compute != DType::bf16 || where == DeviceKind::cpu)) {
    refuse("compute", std::string(holdfast::name(compute)),
           where == DeviceKind::cpu ? "f32 on the CPU" : "f32 or bf16");
  }
  if (micro_batch_tokens < 1) refuse("micro_batch_tokens", std::to_string(micro_batch_tokens), "at least 1");
}

class Trainer::Impl {
 public:
  Impl(Stream& stream, std::shared_ptr<const Checkpoint> base, const TrainerConfig& config,
       std::shared_ptr<Reducer> reducer)
      : stream_(stream),
        base_(std::move(base)),
        model_(base_->config()),
        config_(config),
        reducer_(std::move(reducer)),
        memory_(estimate_memory(model_, config, config.micro_batch_tokens, most_sequences(), stream.kind(),
                                frozen_bytes(), config.memory_budget, ranks())),
        slots_(model_, config),
        frozen_(config.trained == Trained::full ? nullptr : Mamba2Model::load(stream, base_, config.frozen)),
        arena_(Device::arena(stream.device(), arena_bytes())),
        parameters_(stream, arena_, slots_.layout, config.compute == DType::bf16, rank(), ranks()),
        pass_(stream, arena_, model_, slots_, parameters_, frozen_ ? &frozen_->weights() : nullptr, pass_shape()),
        sums_(slots_, parameters_.all_gradients().shape.elements()) {
    bring_weights();
  }

  StepResult step(std::span<const TrainBatch> batches, double learning_rate, const StepGuard& guard) {
    StepResult result = gradients(batches);
    const auto begin = std::chrono::steady_clock::now();
    result.refusal = judge(result, guard);
    if (!result.taken()) return result;
    const double scale = std::min(1.0, static_cast<double>(config_.clip) / std::max(result.gradient_norm, 1e-30));
    parameters_.update(stream_, config_.optimiser, learning_rate, scale, steps_ + 1, reducer_.get());
    pass_.weights_changed();
    stream_.synchronize();
    ++steps_;
    result.seconds.update = seconds_since(begin);
    return result;
  }

  StepResult gradients(std::span<const TrainBatch> batches) {
    const auto begin = std::chrono::steady_clock::now();
    std::vector<PackedPass> passes;
    const BatchCounts counts = check(batches);
    parameters_.clear_gradients(stream_);  // while the CPU packs
    for (const TrainBatch& batch : batches) {
      for (PackedPass& pass : packed_passes(batch, model_.vocab_size, most_rows())) passes.push_back(std::move(pass));
    }
    StepResult result;
    result.weight = counts.weight;
    result.tokens = counts.tokens;
    result.targets = counts.targets;
    const auto scale = static_cast<float>(1.0 / counts.weight);
    double loss = 0.0;
    sums_.begin();
    for (const PackedPass& pass : passes) {
      const bool last = reducer_ != nullptr && &pass == &passes.back();
      loss += pass_.loss_and_gradients(pass, scale, last ? sum_layers() : ModelPass::LayerDone{});
    }
    if (reducer_ != nullptr) {
      sums_.finish(stream_, parameters_, *reducer_);
      reducer_->sum({&loss, 1});
    }
    result.loss = loss / counts.weight;
    result.gradient_norm = parameters_.gradient_norm(stream_);
    result.seconds.gradients = seconds_since(begin);
    return result;
  }

  EvaluateResult evaluate(std::span<const TrainBatch> batches) {
    EvaluateResult result;
    double loss = 0.0;
    for (std::size_t i = 0; i < batches.size(); ++i) {
      const BatchCounts counts = check_one(batches, i);
      result.weight += counts.weight;
      result.tokens += counts.tokens;
      result.targets += counts.targets;
      for (const PackedPass& pass : packed_passes(batches[i], model_.vocab_size, most_rows())) {
        loss += pass_.loss(pass);
        add_sequences(pass, values_here(stream_, pass_.row_losses(pass)), result.sequences);
      }
      divide_by_weights(batches[i], result.sequences);
    }
    if (result.weight > 0.0) result.loss = loss / result.weight;
    return result;
  }

  [[nodiscard]] std::vector<NamedValues> named(bool of_gradients) {
    std::vector<NamedValues> list;
    for (const NamedSlot& slot : slots_.layout.slots()) {
      const TensorView view = of_gradients ? parameters_.gradient(slot.slot) : parameters_.master(slot.slot);
      list.push_back({slot.name, slot.slot.shape, values_here(stream_, view)});
    }
    return list;
  }

  void set(std::string_view name, std::span<const float> values) {
    const Slot slot = slots_.layout.find(name).slot;
    if (std::ssize(values) != slot.shape.elements()) {
      throw ArgumentError(std::string(name) + ": " + std::to_string(values.size()) + " values, want " +
                          slot.shape.to_string());
    }
    stream_.copy(parameters_.master(slot), view_of(values, slot.shape));
    weights_changed();
  }

  void reset_optimiser() {
    parameters_.reset_moments(stream_);
    steps_ = 0;
  }

  void save(const std::filesystem::path& file);
  void restore(const std::filesystem::path& file);
  [[nodiscard]] std::shared_ptr<const Checkpoint> checkpoint() {
    if (config_.trained == Trained::lora) return merge(base_, adapter());
    if (config_.trained == Trained::state) return base_;
    std::vector<NewTensor> tensors;
    for (NamedValues& part : named(false)) tensors.push_back({std::move(part.name), std::move(part.values)});
    return checkpoint_with(base_, std::move(tensors));
  }

  [[nodiscard]] std::shared_ptr<const Mamba2Model> model(LoadDType dtype) {
    if (config_.trained == Trained::state) {
      const bool same = dtype == LoadDType::stored || dtype == config_.frozen;
      return same ? frozen_ : Mamba2Model::load(stream_, base_, dtype);
    }
    // Merged matrices are f32; where activations are bf16 more than that would not be noticed.
    const bool narrow = config_.trained == Trained::lora && config_.compute == DType::bf16;
    return Mamba2Model::load(stream_, checkpoint(), narrow && dtype == LoadDType::stored ? LoadDType::bf16 : dtype);
  }

  // Read once: of a large model it takes seconds.
  [[nodiscard]] const std::string& base_fingerprint() {
    if (base_fingerprint_.empty()) base_fingerprint_ = base_->fingerprint();
    return base_fingerprint_;
  }
  // Empty for a base that was never a file.
  [[nodiscard]] std::string base_place() const {
    return base_->path().empty() ? std::string() : std::filesystem::absolute(base_->path()).lexically_normal().string();
  }

  [[nodiscard]] LoraAdapter adapter() {
    if (config_.trained != Trained::lora) throw ArgumentError("adapter: none is trained, want a LoRA run");
    LoraAdapter adapter{config_.lora, base_place(), base_fingerprint(), lora_matrices(model_, config_.lora)};
    for (LoraMatrix& matrix : adapter.matrices) {
      matrix.a = values_here(stream_, parameters_.master(slots_.layout.find(matrix.name + ".lora_A").slot));
      matrix.b = values_here(stream_, parameters_.master(slots_.layout.find(matrix.name + ".lora_B").slot));
    }
    return adapter;
  }

  [[nodiscard]] Snapshot initial_state() {
    if (config_.trained != Trained::state) throw ArgumentError("initial_state: none is trained, want a run of states");
    Snapshot snapshot{.model_fingerprint = frozen_->fingerprint(),
                      .state = State(Device::cpu(), model_),
                      .logits = {},
                      .seen = {},
                      .tail = {},
                      .base = base_place()};
    for (std::int64_t i = 0; i < model_.n_layer; ++i) {
      stream_.copy(snapshot.state.ssm(i), parameters_.master(slots_.layers[static_cast<std::size_t>(i)].ssm_state));
    }
    stream_.synchronize();
    return snapshot;
  }

  // Multiply-adds of the matrices and of the scan in its recurrent form, forward and twice that backward; a frozen
  // matrix has only one product backward, its adapter two.
  [[nodiscard]] double flops_per_token() const {
    const auto number = [](std::int64_t v) { return static_cast<double>(v); };
    const double matrices =
        number(model_.n_layer) * (number(model_.in_proj_rows()) + number(model_.d_inner())) * number(model_.d_model) +
        number(model_.vocab_size) * number(model_.d_model);
    const double scan = number(model_.n_layer) * 3.0 * number(model_.d_inner()) * number(model_.d_state);
    if (config_.trained == Trained::full) return 6.0 * (matrices + scan);
    const double adapters = config_.trained == Trained::lora ? number(slots_.layout.numbers()) : 0.0;
    return 4.0 * matrices + 6.0 * (adapters + scan);
  }

  Stream& stream_;
  std::shared_ptr<const Checkpoint> base_;
  const Mamba2Config model_;
  const TrainerConfig config_;
  std::shared_ptr<Reducer> reducer_;
  const MemoryEstimate memory_;
  const ModelSlots slots_;
  const std::shared_ptr<const Mamba2Model> frozen_;  // null where all is trained
  std::int64_t steps_ = 0;

 private:
  std::string base_fingerprint_;
  [[nodiscard]] int rank() const { return reducer_ == nullptr ? 0 : reducer_->rank(); }
  [[nodiscard]] int ranks() const { return reducer_ == nullptr ? 1 : reducer_->ranks(); }
  [[nodiscard]] ModelPass::LayerDone sum_layers() {
    return [this](std::int64_t layer) { sums_.layer_done(layer, stream_, parameters_, *reducer_); };
  }
  // Sequences are padded by half a unit on average: a full batch of sequences of four units and more fits one pass;
  // shorter ones go in several.
  [[nodiscard]] std::int64_t most_sequences() const { return 1 + config_.micro_batch_tokens / (4 * PackedRows::unit); }
  [[nodiscard]] std::int64_t most_rows() const { return padded_rows(config_.micro_batch_tokens, most_sequences()); }
  [[nodiscard]] PassShape pass_shape() const {
    return training_pass_shape(config_, most_rows(), memory_.kept_layers, memory_.kept_convolutions);
  }
  [[nodiscard]] std::size_t frozen_bytes() const {
    return config_.trained == Trained::full ? 0 : weight_bytes(stream_.kind(), *base_, config_.frozen);
  }
  // Everything that lives as long as the trainer, in one block, with room for rounding up the tensors' sizes.
  [[nodiscard]] std::size_t arena_bytes() const {
    constexpr std::size_t of_tensor = 256;
    const bool rounded = config_.compute == DType::bf16;
    const auto tensors = static_cast<std::size_t>(4 * model_.n_layer + 32);
    return Parameters::weight_bytes(slots_.layout, rounded, ranks()) +
           Parameters::gradient_bytes(slots_.layout, ranks()) + Parameters::moment_bytes(slots_.layout, ranks()) +
           ModelPass::bytes(model_, pass_shape()) + tensors * of_tensor +
           static_cast<std::size_t>(slots_.a_logs.count) * sizeof(float);
  }

  void weights_changed() {
    parameters_.masters_changed(stream_);
    pass_.weights_changed();
  }

  void bring_weights() {
    if (config_.trained == Trained::lora) bring_adapters();
    if (config_.trained == Trained::full) bring_full();
    weights_changed();  // a state begins as zeros, which is what the masters are
  }

  // A uniform in +-1/sqrt(inputs) and B zero, as PEFT begins: the model is the base at first.
  void bring_adapters() {
    TrainingRandom random(config_.seed);
    for (const NamedSlot& slot : slots_.layout.slots()) {
      if (!slot.name.ends_with(".lora_A")) continue;
      std::vector<float> values(static_cast<std::size_t>(slot.slot.shape.elements()));
      random.fill_uniform(values, 1.0 / std::sqrt(static_cast<double>(slot.slot.shape[1])));
      stream_.copy(parameters_.master(slot.slot), view_of(std::span(std::as_const(values)), slot.slot.shape));
      stream_.synchronize();
    }
  }

  void bring_full() {
    for (const NamedSlot& slot : slots_.layout.slots()) {
      const bool a_log = slot.name.ends_with(".A_log");
      const std::vector<float> values =
          a_log ? decode_a_log(*base_, std::stoll(slot.name.substr(slot.name.find('.') + 1)))
                : decode(base_->get(slot.name));
      stream_.copy(parameters_.master(slot.slot), view_of(std::span(values), slot.slot.shape));
    }
  }

  [[nodiscard]] BatchCounts check_one(std::span<const TrainBatch> batches, std::size_t i) const {
    return check_batch(batches[i], "micro-batch " + std::to_string(i), model_.vocab_size, config_.micro_batch_tokens);
  }

  // Of all ranks.
  BatchCounts check(std::span<const TrainBatch> batches) {
    BatchCounts counts;
    for (std::size_t i = 0; i < batches.size(); ++i) {
      const BatchCounts one = check_one(batches, i);
      counts.weight += one.weight;
      counts.tokens += one.tokens;
      counts.targets += one.targets;
    }
    if (reducer_ != nullptr) {
      std::array<double, 3> sums{counts.weight, static_cast<double>(counts.tokens),
                                 static_cast<double>(counts.targets)};
      reducer_->sum(sums);
      counts = {sums[0], static_cast<std::int64_t>(sums[1]), static_cast<std::int64_t>(sums[2])};
    }
    if (!(counts.weight > 0.0))
      throw NumericError("step: no target has a weight above 0, so there is nothing to learn");
    return counts;
  }

  static Refusal judge(const StepResult& result, const StepGuard& guard) {
    if (!std::isfinite(result.loss)) return Refusal::loss_not_finite;
    if (!std::isfinite(result.gradient_norm)) return Refusal::gradient_not_finite;
    if (result.loss > guard.loss) return Refusal::loss_spike;
    return result.gradient_norm > guard.gradient_norm ? Refusal::gradient_spike : Refusal::none;
  }

  std::shared_ptr<Device> arena_;
  Parameters parameters_;
  ModelPass pass_;
  GradientSums sums_;
};

namespace {

// What a file of a run holds, in order: masters, then the moments.
constexpr std::array<std::string_view, 3> saved_suffixes = {"", ".first_moment", ".second_moment"};

}  // namespace

void Trainer::Impl::save(const std::filesystem::path& file) {
  std::optional<SafetensorsWriter> writer;
  if (rank() == 0) {
    std::vector<SafetensorsWriter::Entry> entries;
    for (const std::string_view suffix : saved_suffixes) {
      for (const NamedSlot& slot : slots_.layout.slots()) {
        entries.push_back({slot.name + std::string(suffix), SafetensorsDType::f32, slot.slot.shape});
      }
    }
    SafetensorsMetadata metadata{{"holdfast.trainer", std::string(trainer_file_version)},
                                 {"trained", std::string(name_of(config_.trained))},
                                 {"steps", std::to_string(steps_)}};
    if (config_.trained == Trained::lora) metadata["lora_alpha"] = alpha_text(config_.lora.alpha);
    writer.emplace(file, entries, metadata);
  }
  const auto write = [&](TensorView flat) {
    for (const NamedSlot& slot : slots_.layout.slots()) {
      if (!writer) continue;
      const TensorView part{flat.as<float>() + slot.slot.offset, DType::f32, slot.slot.shape, flat.where};
      const std::vector<float> values = values_here(stream_, part);
      writer->write(std::as_bytes(std::span(values)));
    }
  };
  write(parameters_.masters({0, slots_.layout.size()}));
  write(parameters_.gather_moment(stream_, Parameters::Moment::first, reducer_.get()));
  write(parameters_.gather_moment(stream_, Parameters::Moment::second, reducer_.get()));
  if (writer) writer->commit();
}

void Trainer::Impl::restore(const std::filesystem::path& path) {
  const SafetensorsFile file = SafetensorsFile::open(path);
  const auto told = [&](const char* key) {
    const auto found = file.metadata().find(key);
    return found == file.metadata().end() ? std::string() : found->second;
  };
  if (told("holdfast.trainer") != trainer_file_version) {
    throw FormatError(file.label() + ": no state of a training run of version " + std::string(trainer_file_version));
  }
  if (told("trained") != name_of(config_.trained)) {
    throw FormatError(file.label() + ": trained: " + told("trained") + ", want " +
                      std::string(name_of(config_.trained)));
  }
  if (config_.trained == Trained::lora && told("lora_alpha") != alpha_text(config_.lora.alpha)) {
    throw FormatError(file.label() + ": lora_alpha: " + told("lora_alpha") + ", want " +
                      alpha_text(config_.lora.alpha));
  }
  const std::string text = told("steps");
  std::int64_t steps = -1;
  if (std::from_chars(text.data(), text.data() + text.size(), steps).ptr != text.data() + text.size() || steps < 0) {
    throw FormatError(file.label() + ": steps: \"" + text + "\", want a whole number from 0 on");
  }
  // All is looked at before anything changes.
  for (const std::string_view suffix : saved_suffixes) {
    for (const NamedSlot& slot : slots_.layout.slots()) {
      const SafetensorsTensor& tensor = file.get(slot.name + std::string(suffix));
      if (tensor.dtype != SafetensorsDType::f32 || !(tensor.shape == slot.slot.shape)) {
        throw FormatError(file.label() + ": " + tensor.name + ": shape " + tensor.shape.to_string() + ", want f32 " +
                          slot.slot.shape.to_string());
      }
    }
  }
  if (file.tensors().size() != 3 * slots_.layout.slots().size()) {
    throw FormatError(file.label() + ": " + std::to_string(file.tensors().size()) + " tensors, want " +
                      std::to_string(3 * slots_.layout.slots().size()));
  }
  const auto read = [&](TensorView flat, std::string_view suffix) {
    for (const NamedSlot& slot : slots_.layout.slots()) {
      const SafetensorsTensor& tensor = file.get(slot.name + std::string(suffix));
      std::vector<float> values(static_cast<std::size_t>(slot.slot.shape.elements()));
      std::memcpy(values.data(), tensor.bytes.data(), tensor.bytes.size());  // the file's are not aligned
      const TensorView part{flat.as<float>() + slot.slot.offset, DType::f32, slot.slot.shape, flat.where};
      stream_.copy(part, view_of(std::span(std::as_const(values)), slot.slot.shape));
    }
  };
  read(parameters_.masters({0, slots_.layout.size()}), saved_suffixes[0]);
  read(parameters_.all_gradients(), saved_suffixes[1]);
  parameters_.scatter_moment(stream_, Parameters::Moment::first);
  read(parameters_.all_gradients(), saved_suffixes[2]);
  parameters_.scatter_moment(stream_, Parameters::Moment::second);
  steps_ = steps;
  weights_changed();
}

std::unique_ptr<Trainer> Trainer::create(Stream& stream, std::shared_ptr<const Checkpoint> base,
                                         const TrainerConfig& config, std::shared_ptr<Reducer> reducer) {
  config.validate(base->config(), stream.kind());
  return std::unique_ptr<Trainer>(
      new Trainer(std::make_unique<Impl>(stream, std::move(base), config, std::move(reducer))));
}

std::unique_ptr<Trainer> Trainer::create(Stream& stream, const Mamba2Config& model, const TrainerConfig& config,
                                         const TokenizerSource& tokenizer, std::shared_ptr<Reducer> reducer) {
  model.validate();
  return create(stream, initial_model(model, config.seed, tokenizer), config, std::move(reducer));
}

Trainer::Trainer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Trainer::~Trainer() = default;

const Mamba2Config& Trainer::model_config() const noexcept { return impl_->model_; }
const TrainerConfig& Trainer::config() const noexcept { return impl_->config_; }
const MemoryEstimate& Trainer::memory() const noexcept { return impl_->memory_; }
std::int64_t Trainer::trained_numbers() const noexcept { return impl_->slots_.layout.numbers(); }
std::int64_t Trainer::steps_taken() const noexcept { return impl_->steps_; }
double Trainer::flops_per_token() const noexcept { return impl_->flops_per_token(); }

StepResult Trainer::step(std::span<const TrainBatch> micro_batches, double learning_rate, const StepGuard& guard) {
  return impl_->step(micro_batches, learning_rate, guard);
}
EvaluateResult Trainer::evaluate(std::span<const TrainBatch> batches) { return impl_->evaluate(batches); }
StepResult Trainer::gradients(std::span<const TrainBatch> micro_batches) { return impl_->gradients(micro_batches); }
std::vector<Trainer::NamedValues> Trainer::named_gradients() const { return impl_->named(true); }
std::vector<Trainer::NamedValues> Trainer::named_parameters() const { return impl_->named(false); }
void Trainer::set_parameter(std::string_view name, std::span<const float> values) { impl_->set(name, values); }
void Trainer::reset_optimiser() { impl_->reset_optimiser(); }
void Trainer::save(const std::filesystem::path& file) const { impl_->save(file); }
void Trainer::restore(const std::filesystem::path& file) { impl_->restore(file); }
std::shared_ptr<const Checkpoint> Trainer::checkpoint() const { return impl_->checkpoint(); }

std::shared_ptr<const Mamba2Model> Trainer::model(LoadDType dtype) const { return impl_->model(dtype); }

void Trainer::export_model(const std::filesystem::path& folder, ConvertDType dtype,
                           const std::function<void(double)>& progress) const {
  convert(*impl_->checkpoint(), folder, {.to = CheckpointLayout::hugging_face, .dtype = dtype, .progress = progress});
}

const std::string& Trainer::base_fingerprint() const { return impl_->base_fingerprint(); }
LoraAdapter Trainer::adapter() const { return impl_->adapter(); }
Snapshot Trainer::initial_state() const { return impl_->initial_state(); }

}  // namespace holdfast
