// The trainer on the GPU with frozen weights: adapters and states by the laws of their gradients, in f32 and in bf16,
// over weights of every width; the same bits after a save and a restore.
//
// Faults planted and seen to fail here: listed in tests/gpu/README.md.
#include <cmath>
#include <filesystem>
#include <string>

#include "engine/convert.h"
#include "tests/gpu/cases.h"
#include "tests/training/frozen_training.h"
#include "training/checkpoint_in_memory.h"

namespace holdfast::test {
namespace {

using frozen::all_of;
using frozen::batch_of;
using frozen::config_of;

// A folder that goes when it is no longer needed.
class CaseFolder {
 public:
  CaseFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "holdfast-trainer-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw Failure(name + ": cannot be made");
    path_ = name;
  }
  ~CaseFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  CaseFolder(const CaseFolder&) = delete;
  CaseFolder& operator=(const CaseFolder&) = delete;
  [[nodiscard]] std::filesystem::path file(const char* name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

struct AdapterCase {
  ConvertDType base;
  bool rounded;  // products in bf16
  std::int64_t rank;
  bool tied;
  bool tensor_cores;  // a shape that the scan has them for
};

Mamba2Config model_of(bool tied, bool tensor_cores) {
  Mamba2Config model = frozen::small_model(tied);
  if (tensor_cores) {
    model.n_heads = 4;
    model.head_dim = 64;
    model.d_state = 64;
  }
  return model;
}

TrainerConfig trainer_of(Trained trained, bool rounded) {
  TrainerConfig config = config_of(trained);
  config.compute = rounded ? DType::bf16 : DType::f32;
  return config;
}

// In bf16 activations, gradients and adapters are rounded some ten times on the way through two layers, by 2^-9 each,
// and the sums have parts of both signs.
constexpr double of_rounding = 0.05;
// Of all weights also those whose gradients are sums in which most cancels.
constexpr double of_rounding_and_cancelling = 0.1;

void adapters_have_the_gradients_of_their_products(Stream& stream, const AdapterCase& s) {
  const CaseFolder folder;
  convert(*initial_model(model_of(s.tied, s.tensor_cores), 7), folder.file("base"), {.dtype = s.base, .progress = {}});
  const std::shared_ptr<const Checkpoint> base = Checkpoint::open(folder.file("base"));
  TrainerConfig config = trainer_of(Trained::lora, s.rounded);
  config.lora.rank = s.rank;
  const auto trainer = Trainer::create(stream, base, config);
  frozen::scatter(*trainer, 11);
  const TrainBatch batch = batch_of({40, 70, 9}, 5);
  const double loss = trainer->gradients({&batch, 1}).loss;
  const auto whole = Trainer::create(stream, trainer->checkpoint(), trainer_of(Trained::full, false));
  const double want = whole->gradients({&batch, 1}).loss;
  verify(std::abs(loss - want) < (s.rounded ? 1e-2 : 2e-5) * want,
         "loss " + std::to_string(loss) + ", want " + std::to_string(want));
  verify(frozen::compare_with_products(*trainer, *whole, s.rounded ? of_rounding : 2e-4), "gradients");
}

void states_have_the_slopes_of_the_loss(Stream& stream, bool tensor_cores) {
  const auto trainer =
      Trainer::create(stream, initial_model(model_of(false, tensor_cores), 7), trainer_of(Trained::state, false));
  frozen::scatter(*trainer, 12);
  const TrainBatch batch = batch_of({40, 70, 9}, 5);
  (void)trainer->gradients({&batch, 1});
  const auto gradients = trainer->named_gradients();
  const auto parameters = trainer->named_parameters();
  Random random(9);
  for (std::size_t p = 0; p < parameters.size(); ++p) {
    const auto slope = frozen::slope_of(*trainer, batch, parameters[p], gradients[p], 2e-2, random);
    verify(std::abs(slope.measured - slope.told) < 2e-4 + 0.02 * std::abs(slope.told),
           parameters[p].name + ": " + std::to_string(slope.measured) + ", want " + std::to_string(slope.told));
  }
}

// In bf16 what f32 gives, which has the slopes of the loss.
void gradients_in_bf16_are_those_of_f32(Stream& stream, Trained trained, bool tensor_cores) {
  const auto base = initial_model(model_of(true, tensor_cores), 7);
  const TrainBatch batch = batch_of({40, 70, 9}, 5);
  std::vector<Trainer::NamedValues> seen[2];
  for (const bool rounded : {false, true}) {
    const auto trainer = Trainer::create(stream, base, trainer_of(trained, rounded));
    if (trained == Trained::state) frozen::scatter(*trainer, 13);
    (void)trainer->gradients({&batch, 1});
    seen[rounded] = trainer->named_gradients();
  }
  for (std::size_t i = 0; i < seen[0].size(); ++i) {
    const double allowed = trained == Trained::full ? of_rounding_and_cancelling : of_rounding;
    verify(compare_relative(seen[1][i].values, seen[0][i].values, allowed), seen[0][i].name);
  }
}

void what_is_computed_again_is_the_same(Stream& stream, Trained trained, bool rounded) {
  const auto base = initial_model(model_of(true, true), 7);
  const TrainBatch batch = batch_of({40, 70, 9}, 5);
  std::vector<float> seen[2];
  for (const bool again : {false, true}) {
    TrainerConfig config = trainer_of(trained, rounded);
    config.recompute = again ? Recompute::all : Recompute::none;
    const auto trainer = Trainer::create(stream, base, config);
    if (trained != Trained::full) frozen::scatter(*trainer, 13);
    (void)trainer->gradients({&batch, 1});
    seen[again] = all_of(trainer->named_gradients());
  }
  verify(compare_bitwise(seen[1], seen[0]), "gradients");
}

void ten_steps_are_five_a_save_and_five(Stream& stream, Trained trained, bool rounded) {
  const CaseFolder folder;
  const auto base = initial_model(model_of(true, true), 7);
  TrainerConfig config = trainer_of(trained, rounded);
  config.frozen = LoadDType::q4;
  const auto run = [&](Trainer& trainer, int from, int to) {
    for (int i = from; i < to; ++i) {
      const TrainBatch batch = batch_of({30, 50}, static_cast<std::uint64_t>(100 + i));
      verify(trainer.step({&batch, 1}, 1e-2).taken(), "a step was refused");
    }
  };
  const auto whole = Trainer::create(stream, base, config);
  run(*whole, 0, 10);
  const auto first = Trainer::create(stream, base, config);
  run(*first, 0, 5);
  first->save(folder.file("run.safetensors"));
  config.seed = 99;
  const auto second = Trainer::create(stream, base, config);
  second->restore(folder.file("run.safetensors"));
  run(*second, 5, 10);
  verify(compare_bitwise(all_of(second->named_parameters()), all_of(whole->named_parameters())), "parameters");
}

std::string name_of(ConvertDType dtype) {
  switch (dtype) {
    case ConvertDType::f32: return "f32";
    case ConvertDType::bf16: return "bf16";
    case ConvertDType::q8: return "8-bit";
    case ConvertDType::q4: return "4-bit";
  }
  return "?";
}

}  // namespace

void add_trainer_cases(GpuCases& cases) {
  using enum ConvertDType;
  for (const AdapterCase& s : {AdapterCase{f32, false, 5, true, false}, AdapterCase{f32, false, 8, false, true},
                               AdapterCase{q8, false, 5, false, false}, AdapterCase{q4, false, 8, true, false},
                               AdapterCase{f32, true, 5, true, false}, AdapterCase{bf16, true, 8, false, true},
                               AdapterCase{q8, true, 8, true, true}, AdapterCase{q4, true, 16, false, true}}) {
    cases.push_back({"trainer: adapters of rank " + std::to_string(s.rank) + " over " + name_of(s.base) +
                         " weights in " + (s.rounded ? "bf16" : "f32") + (s.tied ? ", tied" : ""),
                     [=](Stream& stream) { adapters_have_the_gradients_of_their_products(stream, s); }});
  }
  for (const bool tensor_cores : {false, true}) {
    const std::string shape = tensor_cores ? ", heads of 64" : "";
    cases.push_back({"trainer: slopes of states" + shape,
                     [=](Stream& on) { states_have_the_slopes_of_the_loss(on, tensor_cores); }});
    cases.push_back({"trainer: states in bf16" + shape,
                     [=](Stream& on) { gradients_in_bf16_are_those_of_f32(on, Trained::state, tensor_cores); }});
    cases.push_back({"trainer: all weights in bf16" + shape,
                     [=](Stream& on) { gradients_in_bf16_are_those_of_f32(on, Trained::full, tensor_cores); }});
  }
  for (const bool rounded : {false, true}) {
    for (const Trained trained : {Trained::full, Trained::lora, Trained::state}) {
      const std::string of = std::string(trained == Trained::full   ? "all weights"
                                         : trained == Trained::lora ? "adapters"
                                                                    : "states") +
                             " in " + (rounded ? "bf16" : "f32");
      cases.push_back({"trainer: ten steps of " + of,
                       [=](Stream& on) { ten_steps_are_five_a_save_and_five(on, trained, rounded); }});
      cases.push_back({"trainer: computed again, " + of,
                       [=](Stream& on) { what_is_computed_again_is_the_same(on, trained, rounded); }});
    }
  }
}

}  // namespace holdfast::test
