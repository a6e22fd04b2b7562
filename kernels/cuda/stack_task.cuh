// What the kernels that take a whole token know of a stack (token_step.cu, token_stream.cu).
#pragma once

#include "kernels/cuda/words.cuh"
#include "kernels/stack_step.h"

namespace holdfast::cuda {

inline constexpr int stack_most_layers = 64;

struct StackLayer {
  const std::uint8_t* in_proj;
  const std::uint8_t* out_proj;
  const float* in_bias;   // or null
  const float* out_bias;  // or null
  const float* norm;
  const float* gate_norm;
  const float* conv_weight;
  const float* conv_bias;  // or null
  const float* dt_bias;
  const float* a;
  const float* d;
  float* log_decay;  // or null
  std::int64_t conv_offset, state_offset;
};

// All layers are alike, and all weights in one format; embedding and head are laid out alike.
struct StackTask {
  const std::int32_t* ids;
  std::int32_t* complaint;
  float* residual;  // (D)  out
  float* logits;    // (V)  out, or null
  const float* final_norm;
  const std::uint8_t* embedding;
  const std::uint8_t* head;
  float* const* conv_table;
  void* const* state_table;  // of f32 or bf16
  unsigned* count;           // numbers used up so far
  Word* words;               // of the stream's exchange
  Packet* packets;           // likewise
  int layers, heads, head_dim, d_state, groups, taps;
  float eps, final_eps, dt_min, dt_max;
};

// Whether a StackTask can be made: one sequence of a stack as above, without traces.
[[nodiscard]] inline bool is_uniform(const StackStepArgs& args) {
  const LayerStepArgs& first = args.layers[0];
  const WeightFormat format = first.in_proj->format();
  const auto same = [&](const Weight& a, const Weight& b) {
    return a.format() == format && b.format() == format && a.rows() == b.rows() && a.cols() == b.cols();
  };
  for (const LayerStepArgs& layer : args.layers) {
    const SsdStepArgs& step = layer.step;
    if (!same(*layer.in_proj, *first.in_proj) || !same(*layer.out_proj, *first.out_proj) || step.trace ||
        !step.conv_table || !step.state_table || layer.eps != first.eps || step.state_dtype != first.step.state_dtype ||
        step.state_offset % 8 != 0) {
      return false;
    }
  }
  return first.residual.shape[0] == 1 && args.layers.size() <= stack_most_layers && same(*args.embedding, *args.head) &&
         args.head->cols() == first.in_proj->cols();
}

[[nodiscard]] inline const std::uint8_t* codes_of(const Weight& weight) {
  return weight.packed().view().as<std::uint8_t>();
}

// Its layers go to `layers`, of which there are stack_most_layers.
[[nodiscard]] inline StackTask stack_task(CudaStream& on, const StackStepArgs& args, StackLayer* layers) {
  const LayerStepArgs& first = args.layers[0];
  const SsdStepArgs& step = first.step;
  auto* room = static_cast<std::byte*>(on.exchange());
  const auto size = [](std::int64_t value) { return static_cast<int>(value); };
  const auto or_null = [](ConstTensorView tensor) { return tensor ? tensor.as<float>() : nullptr; };
  for (std::size_t l = 0; l < args.layers.size(); ++l) {
    const LayerStepArgs& layer = args.layers[l];
    layers[l] = {.in_proj = codes_of(*layer.in_proj),
                 .out_proj = codes_of(*layer.out_proj),
                 .in_bias = or_null(layer.in_proj_bias),
                 .out_bias = or_null(layer.out_proj_bias),
                 .norm = layer.norm.as<float>(),
                 .gate_norm = layer.gate_norm.as<float>(),
                 .conv_weight = layer.step.conv_weight.as<float>(),
                 .conv_bias = or_null(layer.step.conv_bias),
                 .dt_bias = layer.step.dt_bias.as<float>(),
                 .a = layer.step.a.as<float>(),
                 .d = layer.step.d.as<float>(),
                 .log_decay = layer.step.log_decay ? layer.step.log_decay.as<float>() : nullptr,
                 .conv_offset = layer.step.conv_offset,
                 .state_offset = layer.step.state_offset};
  }
  return {.ids = args.ids.as<std::int32_t>(),
          .complaint = on.complaint(),
          .residual = first.residual.as<float>(),
          .logits = args.logits ? args.logits.as<float>() : nullptr,
          .final_norm = args.norm.as<float>(),
          .embedding = codes_of(*args.embedding),
          .head = codes_of(*args.head),
          .conv_table = static_cast<float* const*>(step.conv_table.data),
          .state_table = static_cast<void* const*>(step.state_table.data),
          .count = reinterpret_cast<unsigned*>(room),
          .words = reinterpret_cast<Word*>(room + word_count_bytes),
          .packets = reinterpret_cast<Packet*>(room + packets_at),
          .layers = size(static_cast<std::int64_t>(args.layers.size())),
          .heads = size(step.heads),
          .head_dim = size(step.head_dim),
          .d_state = size(step.d_state),
          .groups = size(step.groups),
          .taps = size(step.conv_weight.shape[1]),
          .eps = first.eps,
          .final_eps = args.eps,
          .dt_min = step.dt_min,
          .dt_max = step.dt_max};
}

// One block on each multiprocessor, all at once. False where they do not fit.
template <class Task>
[[nodiscard]] bool launch_on_all(CudaStream& on, const char* what, void (*kernel)(Task), int threads,
                                 std::size_t shared, const Task& task) {
  allow_shared(kernel, shared);
  int fit = 0;  // blocks on a multiprocessor
  HOLDFAST_CUDA(cudaOccupancyMaxActiveBlocksPerMultiprocessor(&fit, kernel, threads, shared));
  if (fit == 0) return false;
  launch(on, what,
         {.grid = dim3(static_cast<unsigned>(on.card().multiprocessors)),
          .block = dim3(static_cast<unsigned>(threads)),
          .shared = shared,
          .cooperative = true},
         kernel, task);
  return true;
}

// Rows that a block has at most.
[[nodiscard]] inline std::int64_t share(std::int64_t rows, std::int64_t blocks) { return (rows + blocks - 1) / blocks; }

#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 900

// Layers to shared memory, by the whole block: they are looked at again and again.
__device__ __forceinline__ void bring_layers(StackLayer* to, const StackLayer* from, int layers) {
  constexpr int layer_words = static_cast<int>(sizeof(StackLayer) / sizeof(Word));
  for (int i = static_cast<int>(threadIdx.x); i < layers * layer_words; i += static_cast<int>(blockDim.x)) {
    Word word;
    asm("ld.b64 %0, [%1];" : "=l"(word) : "l"(reinterpret_cast<const Word*>(from) + i));
    reinterpret_cast<Word*>(to)[i] = word;
  }
}

// The token's id; or 0, and a complaint, where the vocabulary has fewer rows.
__device__ __forceinline__ std::int64_t known_id(const StackTask& s, int rows) {
  const std::int64_t id = s.ids[0];
  if (id >= 0 && id < rows) return id;
  if (blockIdx.x == 0 && threadIdx.x == 0) {
    s.complaint[1] = static_cast<std::int32_t>(id);
    s.complaint[0] = 1;
  }
  return 0;
}

#endif

}  // namespace holdfast::cuda
