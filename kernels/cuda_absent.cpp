// The CUDA part of a build without CUDA: the same symbols, each saying why it cannot.

#include "kernels/adamw.h"
#include "kernels/causal_conv1d.h"
#include "kernels/collective.h"
#include "kernels/cross_entropy.h"
#include "kernels/cuda_backend.h"
#include "kernels/device.h"
#include "kernels/error.h"
#include "kernels/layer_step.h"
#include "kernels/linear.h"
#include "kernels/matmul.h"
#include "kernels/minus_exp.h"
#include "kernels/rms_norm.h"
#include "kernels/sample.h"
#include "kernels/ssd_scan.h"
#include "kernels/stack_step.h"
#include "kernels/state_stats.h"
#include "kernels/step_inputs.h"

namespace holdfast::cuda {
namespace {
[[noreturn]] void absent() {
  throw DeviceError("this build has no CUDA kernels (no nvcc was found when it was configured): use the CPU");
}
}  // namespace

std::shared_ptr<Device> open_device(int) { absent(); }
std::unique_ptr<StreamBackend> open_stream(Device&) { absent(); }

std::array<std::byte, 128> draw_collective_id() { absent(); }
std::unique_ptr<Collective> open_collective(Stream&, const std::array<std::byte, 128>&, int, int) { absent(); }

std::size_t packed_bytes(WeightFormat, std::int64_t, std::int64_t) { absent(); }
void pack_rows(Stream&, TensorView, WeightFormat, std::int64_t, std::int64_t, std::int64_t, std::int64_t,
               std::span<const std::byte>) {
  absent();
}

void linear(Stream&, const LinearArgs&) { absent(); }
void embedding(Stream&, const EmbeddingArgs&) { absent(); }
void rms_norm(Stream&, const RmsNormArgs&) { absent(); }
void gated_rms_norm(Stream&, const GatedRmsNormArgs&) { absent(); }
void causal_conv1d(Stream&, const CausalConv1dArgs&) { absent(); }
void ssd_scan(Stream&, const SsdScanArgs&) { absent(); }
void ssd_settle(Stream&, const SsdSettleArgs&) { absent(); }
void ssd_step(Stream&, const SsdStepArgs&) { absent(); }
void sample_begin(Stream&, const SampleArgs&) { absent(); }
void sample_end(Stream&, std::span<std::int32_t>, std::span<float>, bool) { absent(); }
void step_inputs(Stream&, const StepInputsArgs&) { absent(); }
void matmul(Stream&, const MatmulArgs&) { absent(); }
void bias_backward(Stream&, const BiasBackwardArgs&) { absent(); }
void frozen_linear(Stream&, const FrozenLinearArgs&) { absent(); }
void linear_input_backward(Stream&, const LinearInputBackwardArgs&) { absent(); }
void embedding_from_table(Stream&, const EmbeddingTableArgs&) { absent(); }
void embedding_backward(Stream&, const EmbeddingBackwardArgs&) { absent(); }
void rms_norm_backward(Stream&, const RmsNormBackwardArgs&) { absent(); }
void gated_rms_norm_backward(Stream&, const GatedRmsNormBackwardArgs&) { absent(); }
void causal_conv1d_packed(Stream&, const CausalConv1dPackedArgs&) { absent(); }
void causal_conv1d_backward(Stream&, const CausalConv1dBackwardArgs&) { absent(); }
void ssd_scan_packed(Stream&, const SsdScanPackedArgs&) { absent(); }
void ssd_scan_backward(Stream&, const SsdScanBackwardArgs&) { absent(); }
void cross_entropy(Stream&, const CrossEntropyArgs&) { absent(); }
void adamw(Stream&, const AdamwArgs&) { absent(); }
double sum_of_squares(Stream&, ConstTensorView) { absent(); }
double sum(Stream&, ConstTensorView) { absent(); }
void convert(Stream&, TensorView, ConstTensorView) { absent(); }
void add(Stream&, TensorView, ConstTensorView) { absent(); }
void minus_exp(Stream&, TensorView, ConstTensorView) { absent(); }
void state_stats(Stream&, const StateStatsArgs&) { absent(); }
void ssd_trace(Stream&, const SsdTraceArgs&) { absent(); }
bool layer_step(Stream&, const LayerStepArgs&) { absent(); }
bool has_layer_step(Stream&) { absent(); }
bool keeps_pending(Stream&, const StackStepArgs&) { return false; }
bool stack_step(Stream&, const StackStepArgs&) { absent(); }

}  // namespace holdfast::cuda
