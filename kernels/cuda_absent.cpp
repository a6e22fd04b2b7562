// The CUDA part of a build without CUDA: the same symbols, each saying why it cannot.

#include "kernels/causal_conv1d.h"
#include "kernels/cuda_backend.h"
#include "kernels/device.h"
#include "kernels/error.h"
#include "kernels/layer_step.h"
#include "kernels/linear.h"
#include "kernels/rms_norm.h"
#include "kernels/sample.h"
#include "kernels/ssd_scan.h"

namespace holdfast::cuda {
namespace {
[[noreturn]] void absent() {
  throw DeviceError("this build has no CUDA kernels (no nvcc was found when it was configured): use the CPU");
}
}  // namespace

std::shared_ptr<Device> open_device(int) { absent(); }
std::unique_ptr<StreamBackend> open_stream(Device&) { absent(); }

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
void ssd_step(Stream&, const SsdStepArgs&) { absent(); }
void sample(Stream&, const SampleArgs&) { absent(); }
bool layer_step(Stream&, const LayerStepArgs&) { absent(); }

}  // namespace holdfast::cuda
