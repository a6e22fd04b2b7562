// Memory, copies and recorded work of a GPU stream.
#include <cmath>
#include <string>

#include "engine/model.h"
#include "engine/run_memory.h"
#include "engine/shape.h"
#include "kernels/ceiling.h"
#include "kernels/error.h"
#include "kernels/rms_norm.h"
#include "tests/gpu/cases.h"
#include "tests/gpu/gpu_floats.h"
#include "tests/support/data.h"

namespace holdfast::test {
namespace {

void copies_arrive(Stream& stream) {
  Random random(2);
  for (const std::int64_t count : {1, 1000, 16384, 16385, 3000000}) {  // both sides of a staging slot
    const std::vector<float> values = random.normals(count);
    Tensor a(stream.device(), DType::f32, Shape{count});
    Tensor b(stream.device(), DType::f32, Shape{count});
    for (int i = 0; i < 40; ++i) stream.copy(a.view(), view_of(std::span<const float>(values), Shape{count}));
    stream.copy(b.view(), a.view());
    std::vector<float> back(values.size());
    stream.copy(view_of(std::span<float>(back), Shape{count}), b.view());
    verify(compare_bitwise(back, values), "there and back");
  }
}

void too_much_memory_is_refused(Stream& stream) {
  for (int i = 0; i < 2; ++i) {
    bool thrown = false;
    try {
      const Tensor huge(stream.device(), DType::u8, Shape{std::int64_t{1} << 45});
    } catch (const DeviceError& error) {
      thrown = std::string(error.what()).find("free") != std::string::npos;
    }
    verify(thrown, "32 TiB must be refused with what is free");
  }
  copies_arrive(stream);  // and the device goes on
}

void repeated_work_sees_new_data(Stream& stream) {
  Random random(6);
  const Shape shape{3, 64};
  GpuFloats x(stream, random.normals(192));
  GpuFloats weight(stream, random.normals(64));
  GpuFloats y(stream, 192);
  GpuFloats direct(stream, 192);
  const auto norm = [&](GpuFloats& to) {
    rms_norm(stream, {.y = to.view(shape), .x = x.view(shape), .weight = weight.view(Shape{64})});
  };
  for (int i = 0; i < 5; ++i) {
    const std::vector<float> values = random.normals(192);
    stream.copy(x.view(shape), view_of(std::span<const float>(values), shape));
    stream.repeat(77, [&] { norm(y); });
    norm(direct);
    verify(compare_bitwise(y.values(), direct.values()), "call " + std::to_string(i));
    if (i == 3) (void)stream.scratch(std::size_t{64} << 20);  // moves: recordings are made anew
  }
}

// From a free card to a model that has read a prompt and written tokens of some sequences: of sixteen in bf16, tokens
// wait beside states.
void memory_is_what_was_told(Stream& on) {
  const Mamba2Config config = shape_config("780m");
  for (const auto& [format, sequences] :
       {std::pair{WeightFormat::bf16, 4}, {WeightFormat::q8_0, 4}, {WeightFormat::bf16, 16}}) {
    constexpr std::int64_t prompt = 4096;
    // The library of products and the kernels are there before, as they would be for any model.
    { (void)measure_ceiling(on, format); }
    const std::size_t before = on.device()->memory().free;
    Stream stream(on.device());
    const auto model = Mamba2Model::random(stream, config, format, 1);
    std::vector<State> states;
    for (std::int64_t i = 0; i < sequences; ++i) states.emplace_back(stream.device(), config);
    const std::vector<TokenId> ids(static_cast<std::size_t>(prompt), 7);
    const SequenceInput whole{ids, &states[0], {}};
    (void)model->forward_on_device(stream, {&whole, 1});
    std::vector<SequenceInput> steps;
    for (State& state : states) steps.push_back({std::span(ids).first(1), &state, {}});
    (void)model->forward_on_device(stream, steps);
    stream.synchronize();
    const auto used = static_cast<double>(before - on.device()->memory().free);
    const auto told = static_cast<double>(run_memory(DeviceKind::cuda, config, format, sequences, prompt).total());
    verify(std::abs(used - told) < 0.05 * used,
           "told " + std::to_string(told / 1048576.0) + " MiB, used " + std::to_string(used / 1048576.0));
  }
}

}  // namespace

void add_device_cases(GpuCases& cases) {
  cases.push_back({"copies of every size arrive", copies_arrive});
  cases.push_back({"memory is what was told", memory_is_what_was_told});
  cases.push_back({"repeated work sees new data", repeated_work_sees_new_data});
  cases.push_back({"too much memory is refused with what is free", too_much_memory_is_refused});
}

}  // namespace holdfast::test
