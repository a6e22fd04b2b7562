#include <cuda_runtime.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

#include "kernels/cuda/products.h"
#include "kernels/cuda/stream.h"
#include "kernels/error.h"
#include "kernels/size_text.h"

namespace holdfast::cuda {
namespace {

constexpr std::size_t staging_slots = 48;
constexpr std::size_t staging_bytes = 64 * 1024;  // of one slot

std::string version_text(int version) {
  return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10);
}

// Number of cards, or the reason why there is none.
int card_count() {
  int driver = 0;
  int runtime = 0;
  HOLDFAST_CUDA(cudaDriverGetVersion(&driver));
  HOLDFAST_CUDA(cudaRuntimeGetVersion(&runtime));
  if (driver == 0) throw DeviceError("no NVIDIA driver is installed on this machine: use the CPU");
  if (driver / 1000 < runtime / 1000) {
    throw DeviceError("the NVIDIA driver is for CUDA " + version_text(driver) + ", this build wants CUDA " +
                      std::to_string(runtime / 1000) + ".0 or newer: update the driver, or use the CPU");
  }
  int count = 0;
  const cudaError_t error = cudaGetDeviceCount(&count);
  if (error == cudaErrorNoDevice || (error == cudaSuccess && count == 0)) {
    throw DeviceError("the NVIDIA driver finds no GPU: use the CPU");
  }
  HOLDFAST_CUDA(error);
  return count;
}

Card read_card(int index) {
  const int count = card_count();
  if (index < 0 || index >= count) {
    throw DeviceError("GPU " + std::to_string(index) + ": want 0 to " + std::to_string(count - 1));
  }
  cudaDeviceProp properties{};
  HOLDFAST_CUDA(cudaGetDeviceProperties(&properties, index));
  if (properties.major < 8) {
    throw DeviceError(std::string(properties.name) + " has compute capability " + std::to_string(properties.major) +
                      "." + std::to_string(properties.minor) + ", want 8.0 or newer: use the CPU");
  }
  HOLDFAST_CUDA(cudaSetDevice(index));
  const BuiltFor code = built_for();
  return {.index = index,
          .major = std::min(properties.major, code.capability / 10),
          .warpgroups = code.warpgroups,
          .multiprocessors = properties.multiProcessorCount,
          .shared_bytes = static_cast<int>(properties.sharedMemPerBlockOptin),
          .name = properties.name};
}

// Allocations come from the driver's pool of the device, which keeps what is given back for the next ones: a chunk of
// 32 MiB at a time, so that thousands of small tensors cost no more than their bytes.
class CudaDevice final : public Device {
 public:
  explicit CudaDevice(int index) : card_(read_card(index)) {
    HOLDFAST_CUDA(cudaDeviceGetDefaultMemPool(&pool_, card_.index));
    std::uint64_t keep = UINT64_MAX;
    HOLDFAST_CUDA(cudaMemPoolSetAttribute(pool_, cudaMemPoolAttrReleaseThreshold, &keep));
    HOLDFAST_CUDA(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking));
  }
  ~CudaDevice() override {
    if (cudaSetDevice(card_.index) == cudaSuccess) cudaStreamDestroy(stream_);
  }

  [[nodiscard]] const Card& card() const noexcept { return card_; }
  [[nodiscard]] DeviceKind kind() const noexcept override { return DeviceKind::cuda; }
  [[nodiscard]] std::string description() const override {
    const Memory now = memory();
    if (now.total == 0) return card_.name;
    return card_.name + ", " + size_text(static_cast<double>(now.total)) + ", " +
           size_text(static_cast<double>(now.free)) + " free";
  }
  // What the pool keeps for the next ones counts as free. Zero where the driver does not tell.
  [[nodiscard]] Memory memory() const override {
    Memory now;
    if (cudaSetDevice(card_.index) != cudaSuccess || cudaMemGetInfo(&now.free, &now.total) != cudaSuccess) return {};
    std::uint64_t reserved = 0;
    std::uint64_t used = 0;
    cudaMemPoolGetAttribute(pool_, cudaMemPoolAttrReservedMemCurrent, &reserved);
    cudaMemPoolGetAttribute(pool_, cudaMemPoolAttrUsedMemCurrent, &used);
    now.free += reserved - used;
    return now;
  }

  [[nodiscard]] void* allocate(std::size_t bytes) override {
    const std::lock_guard lock(mutex_);
    HOLDFAST_CUDA(cudaSetDevice(card_.index));
    void* memory = nullptr;
    const cudaError_t error = cudaMallocAsync(&memory, bytes == 0 ? 1 : bytes, stream_);
    if (error == cudaErrorMemoryAllocation) {
      (void)cudaGetLastError();  // it is told here, and must not be found by the next launch
      throw DeviceError(room(bytes));
    }
    HOLDFAST_CUDA(error);
    HOLDFAST_CUDA(cudaStreamSynchronize(stream_));  // from here on any stream may use it
    return memory;
  }

  void release(void* memory, std::size_t) noexcept override {
    const std::lock_guard lock(mutex_);
    if (cudaSetDevice(card_.index) != cudaSuccess) return;
    // Other streams may still work with it. An error of theirs is told when they are synchronised.
    if (cudaDeviceSynchronize() == cudaSuccess) cudaFreeAsync(memory, stream_);
  }

 private:
  [[nodiscard]] std::string room(std::size_t bytes) const {
    const Memory now = memory();
    std::string text = card_.name + " has no room for " + size_text(static_cast<double>(bytes));
    if (now.total != 0)
      text += ": " + size_text(static_cast<double>(now.free)) + " of " + size_text(static_cast<double>(now.total)) +
              " are free";
    return text + "; a smaller number format or the CPU may do";
  }

  Card card_;
  cudaMemPool_t pool_ = nullptr;
  cudaStream_t stream_ = nullptr;
  std::mutex mutex_;
};

}  // namespace

void fail(cudaError_t error, const char* call, const char* file, int line) {
  const std::string place = std::string(call) + " (" + file + ":" + std::to_string(line) + ")";
  std::string message;
  switch (error) {
    case cudaErrorMemoryAllocation: message = "the GPU is out of memory"; break;
    case cudaErrorInsufficientDriver: message = "the NVIDIA driver is older than this build needs, or absent"; break;
    case cudaErrorNoKernelImageForDevice:
      message = "this build has no code for this GPU's architecture: build it on this machine, or use the CPU";
      break;
    case cudaErrorIllegalAddress:
    case cudaErrorLaunchFailure:
    case cudaErrorECCUncorrectable:
    case cudaErrorHardwareStackError:
    case cudaErrorDevicesUnavailable:
      message =
          std::string("the GPU was lost (") + cudaGetErrorString(error) + "): start the program again, or use the CPU";
      break;
    default: message = std::string("CUDA: ") + cudaGetErrorString(error);
  }
  throw DeviceError(message + ", at " + place);
}

std::shared_ptr<Device> open_device(int index) {
  static std::mutex mutex;
  static std::unordered_map<int, std::weak_ptr<Device>> open;
  const std::lock_guard lock(mutex);
  if (auto device = open[index].lock()) return device;
  auto device = std::make_shared<CudaDevice>(index);
  open[index] = device;
  return device;
}

std::unique_ptr<StreamBackend> open_stream(Device& device) {
  return std::make_unique<CudaStream>(static_cast<CudaDevice&>(device).card());
}

void allow_shared_memory(const void* kernel, std::size_t bytes) {
  static std::mutex mutex;
  static std::map<std::pair<int, const void*>, std::size_t> allowed;
  int card = 0;
  HOLDFAST_CUDA(cudaGetDevice(&card));
  const std::lock_guard lock(mutex);
  std::size_t& most = allowed[{card, kernel}];
  if (bytes <= most) return;
  HOLDFAST_CUDA(cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, static_cast<int>(bytes)));
  most = bytes;
}

CudaStream::CudaStream(Card card) : card_(std::move(card)) {
  HOLDFAST_CUDA(cudaSetDevice(card_.index));
  HOLDFAST_CUDA(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking));
  void* memory = nullptr;
  HOLDFAST_CUDA(cudaHostAlloc(&memory, staging_slots * staging_bytes, cudaHostAllocDefault));
  staging_ = static_cast<std::byte*>(memory);
  HOLDFAST_CUDA(cudaHostAlloc(&answer_, answer_bytes, cudaHostAllocMapped));
  std::memset(answer_, 0, answer_bytes);
  HOLDFAST_CUDA(cudaMalloc(&memory, most_drawn * sizeof(std::int32_t)));
  drawn_ = static_cast<std::int32_t*>(memory);
  HOLDFAST_CUDA(cudaHostAlloc(&memory, 2 * sizeof(std::int32_t), cudaHostAllocMapped));
  complaint_host_ = static_cast<std::int32_t*>(memory);
  *complaint_host_ = 0;
  HOLDFAST_CUDA(cudaHostGetDevicePointer(&memory, complaint_host_, 0));
  complaint_device_ = static_cast<std::int32_t*>(memory);
  const char* wish = std::getenv("HOLDFAST_SYNC");
  synchronous_ = wish != nullptr && std::strcmp(wish, "1") == 0;
}

CudaStream::~CudaStream() {
  if (cudaSetDevice(card_.index) != cudaSuccess) return;
  if (stream_ != nullptr) cudaStreamSynchronize(stream_);
  forget_repeats();
  products_.reset();
  if (staging_ != nullptr) cudaFreeHost(staging_);
  if (answer_ != nullptr) cudaFreeHost(answer_);
  if (drawn_ != nullptr) cudaFree(drawn_);
  if (landing_ != nullptr) cudaFreeHost(landing_);
  if (exchange_ != nullptr) cudaFree(exchange_);
  if (complaint_host_ != nullptr) cudaFreeHost(complaint_host_);
  if (stream_ != nullptr) cudaStreamDestroy(stream_);
}

void CudaStream::raise_complaint() {
  const auto* seen = static_cast<const volatile std::int32_t*>(complaint_host_);
  if (seen[0] == 0) return;
  const std::int32_t id = seen[1];
  *complaint_host_ = 0;
  throw ArgumentError("embedding: id " + std::to_string(id) + " is outside the table");
}

void CudaStream::synchronize() {
  HOLDFAST_CUDA(cudaSetDevice(card_.index));
  HOLDFAST_CUDA(cudaStreamSynchronize(stream_));
  settle();
}

void CudaStream::settle() {
  staging_slot_ = 0;
  raise_complaint();
}

void* CudaStream::landing(std::size_t bytes) {
  if (bytes > landing_bytes_) {
    HOLDFAST_CUDA(cudaSetDevice(card_.index));
    HOLDFAST_CUDA(cudaStreamSynchronize(stream_));
    if (landing_ != nullptr) HOLDFAST_CUDA(cudaFreeHost(std::exchange(landing_, nullptr)));
    landing_bytes_ = 0;
    HOLDFAST_CUDA(cudaHostAlloc(&landing_, bytes, cudaHostAllocDefault));
    landing_bytes_ = bytes;
  }
  return landing_;
}

void CudaStream::fetch(void* to, const void* from, std::size_t bytes) {
  HOLDFAST_CUDA(cudaSetDevice(card_.index));
  HOLDFAST_CUDA(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToHost, stream_));
}

void CudaStream::wait_until(bool patient, const std::function<bool()>& said) {
  using Clock = std::chrono::steady_clock;
  // How long this thread looks before it sleeps between looks. Waking up takes up to tenths of a millisecond on a busy
  // machine: only long steps hide that.
  constexpr auto look = std::chrono::microseconds(1000);
  constexpr auto sleep = std::chrono::microseconds(50);
  const auto begin = Clock::now();
  for (unsigned round = 1; !said(); ++round) {
    if (round % 256 != 0) continue;
    const cudaError_t state = cudaStreamQuery(stream_);
    if (state != cudaErrorNotReady) {
      HOLDFAST_CUDA(state);
      if (said()) return;
      throw DeviceError("the GPU's work ended without its answer");
    }
    if (patient && Clock::now() - begin > look) std::this_thread::sleep_for(sleep);
  }
  std::atomic_thread_fence(std::memory_order_acquire);
}

void CudaStream::upload(void* to, const void* from, std::size_t bytes) {
  if (bytes > staging_slots * staging_bytes) {
    // The source is pageable: the call returns when it has been read.
    HOLDFAST_CUDA(cudaMemcpyAsync(to, from, bytes, cudaMemcpyHostToDevice, stream_));
    return;
  }
  for (std::size_t done = 0; done < bytes; done += staging_bytes) {
    if (staging_slot_ == staging_slots) {  // every slot may still be read by a copy under way
      HOLDFAST_CUDA(cudaStreamSynchronize(stream_));
      staging_slot_ = 0;
    }
    const std::size_t part = std::min(bytes - done, staging_bytes);
    std::byte* slot = staging_ + staging_slot_++ * staging_bytes;
    std::memcpy(slot, static_cast<const std::byte*>(from) + done, part);
    HOLDFAST_CUDA(cudaMemcpyAsync(static_cast<std::byte*>(to) + done, slot, part, cudaMemcpyHostToDevice, stream_));
  }
}

void CudaStream::copy(void* to, const void* from, std::size_t bytes, DeviceKind to_where, DeviceKind from_where) {
  HOLDFAST_CUDA(cudaSetDevice(card_.index));
  if (to_where == DeviceKind::cpu) {
    HOLDFAST_CUDA(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToHost, stream_));
    synchronize();
    staging_slot_ = 0;
  } else if (from_where == DeviceKind::cpu) {
    upload(to, from, bytes);
  } else {
    HOLDFAST_CUDA(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToDevice, stream_));
  }
}

void CudaStream::fill_zero(void* memory, std::size_t bytes) {
  HOLDFAST_CUDA(cudaSetDevice(card_.index));
  HOLDFAST_CUDA(cudaMemsetAsync(memory, 0, bytes, stream_));
}

// The first call runs the work as it is: blocks grow, kernels are loaded. The second records it.
void CudaStream::repeat(std::uint64_t key, const std::function<void()>& work) {
  HOLDFAST_CUDA(cudaSetDevice(card_.index));
  if (synchronous_) return work();  // to find a fault, not to be fast
  Recording& recording = recordings_[key];
  if (!recording.warm) {
    work();
    recordings_[key].warm = true;  // work() may have made us forget
    return;
  }
  if (recording.graph == nullptr) record(recording, work);
  HOLDFAST_CUDA(cudaGraphLaunch(recording.graph, stream_));
}

void CudaStream::record(Recording& recording, const std::function<void()>& work) {
  HOLDFAST_CUDA(cudaStreamBeginCapture(stream_, cudaStreamCaptureModeThreadLocal));
  recording_ = true;
  cudaGraph_t graph = nullptr;
  try {
    work();
  } catch (...) {
    recording_ = false;
    cudaStreamEndCapture(stream_, &graph);
    if (graph != nullptr) cudaGraphDestroy(graph);
    throw;
  }
  recording_ = false;
  HOLDFAST_CUDA(cudaStreamEndCapture(stream_, &graph));
  const cudaError_t error = cudaGraphInstantiate(&recording.graph, graph, 0);
  cudaGraphDestroy(graph);
  HOLDFAST_CUDA(error);
}

void CudaStream::forget_repeats() {
  for (auto& [key, recording] : recordings_) {
    if (recording.graph != nullptr) cudaGraphExecDestroy(recording.graph);
  }
  recordings_.clear();
}

void* CudaStream::exchange() {
  if (exchange_ == nullptr) {
    HOLDFAST_CUDA(cudaMalloc(&exchange_, exchange_bytes));
    HOLDFAST_CUDA(cudaMemsetAsync(exchange_, 0, exchange_bytes, stream_));
  }
  return exchange_;
}

void CudaStream::keep_in_cache(void* memory, std::size_t bytes) {
  kept_ = {};
  if (bytes == 0) return;
  int most = 0;
  int window = 0;
  HOLDFAST_CUDA(cudaDeviceGetAttribute(&most, cudaDevAttrMaxPersistingL2CacheSize, card_.index));
  HOLDFAST_CUDA(cudaDeviceGetAttribute(&window, cudaDevAttrMaxAccessPolicyWindowSize, card_.index));
  if (most == 0 || window == 0) return;
  if (!recording_ && !keeps_) {
    keeps_ = true;
    // A part of a card, or a card shared with others, may refuse; then nothing is kept, and all goes on.
    const cudaError_t refused =
        cudaDeviceSetLimit(cudaLimitPersistingL2CacheSize, std::min<std::size_t>(kept_bytes, most));
    if (refused != cudaSuccess) (void)cudaGetLastError();
  }
  kept_.base_ptr = memory;
  kept_.num_bytes = std::min(bytes, static_cast<std::size_t>(window));
  kept_.hitRatio = 1.0f;
  kept_.hitProp = cudaAccessPropertyPersisting;
  kept_.missProp = cudaAccessPropertyNormal;
}

Products& CudaStream::products() {
  if (products_ == nullptr) products_ = std::make_unique<Products>();
  return *products_;
}

CudaStream& backend(Stream& stream) {
  auto* found = static_cast<CudaStream*>(stream.native());
  if (found == nullptr) throw ArgumentError("a CUDA kernel was called on a stream of the CPU");
  HOLDFAST_CUDA(cudaSetDevice(found->card().index));
  return *found;
}

void finish_launch(CudaStream& stream, const char* what) {
  const cudaError_t error = cudaGetLastError();
  if (error != cudaSuccess) fail(error, what, "launch", 0);
  if (stream.synchronous() && !stream.recording()) {
    const cudaError_t late = cudaStreamSynchronize(stream.get());
    if (late != cudaSuccess) fail(late, what, "run", 0);
  }
}

}  // namespace holdfast::cuda
