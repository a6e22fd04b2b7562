// The CUDA side of Device and Stream, and how kernels are launched.
#pragma once

#include <cuda_runtime.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>

#include "kernels/cuda/check.h"
#include "kernels/cuda_backend.h"
#include "kernels/device.h"

namespace holdfast::cuda {

class Products;

// What kernels choose their shapes by, and which of them there are: code that this build does not have cannot be taken,
// whatever the card could do.
struct Card {
  int index = 0;
  int major = 0;            // compute capability of the code that runs on it: at most the card's own
  bool warpgroups = false;  // that code has products of warpgroups (sm_90a; wgmma.cuh)
  int multiprocessors = 0;
  int shared_bytes = 0;  // that a block may ask for
  std::string name;
};

class CudaStream final : public StreamBackend {
 public:
  explicit CudaStream(Card card);
  ~CudaStream() override;
  CudaStream(const CudaStream&) = delete;
  CudaStream& operator=(const CudaStream&) = delete;

  [[nodiscard]] void* native() const noexcept override { return const_cast<CudaStream*>(this); }
  void synchronize() override;
  void copy(void* to, const void* from, std::size_t bytes, DeviceKind to_where, DeviceKind from_where) override;
  void fill_zero(void* memory, std::size_t bytes) override;
  void* landing(std::size_t bytes) override;
  void fetch(void* to, const void* from, std::size_t bytes) override;
  void repeat(std::uint64_t key, const std::function<void()>& work) override;
  void forget_repeats() override;

  [[nodiscard]] cudaStream_t get() const noexcept { return stream_; }
  [[nodiscard]] const Card& card() const noexcept { return card_; }
  [[nodiscard]] bool synchronous() const noexcept { return synchronous_; }
  [[nodiscard]] bool recording() const noexcept { return recording_; }
  [[nodiscard]] Products& products();
  // Small data of the CPU to the device, without waiting: through page-locked memory, whose slots are used in turn.
  void upload(void* to, const void* from, std::size_t bytes);
  // Page-locked memory that kernels write small results to, to be read after synchronize().
  static constexpr std::size_t answer_bytes = 64 * 1024;
  [[nodiscard]] void* answer() const noexcept { return answer_; }
  // Tokens drawn last, in device memory, with what sample.cu needs to know when they are there (kernels/sample.h).
  static constexpr std::size_t most_drawn = 4096;
  [[nodiscard]] std::int32_t* drawn() const noexcept { return drawn_; }
  [[nodiscard]] std::size_t drawn_rows() const noexcept { return drawn_rows_; }
  [[nodiscard]] std::uint32_t drawing() const noexcept { return drawing_; }
  std::uint32_t begin_drawing(std::size_t rows) noexcept {
    drawn_rows_ = rows;
    return ++drawing_;
  }
  // Waits until a kernel's word in page-locked memory says so, whatever was begun behind it. Throws DeviceError where
  // that kernel has failed.
  void wait_until(bool patient, const std::function<bool()>& said);
  // All that was begun was seen to have ended: what synchronize() does besides waiting.
  void settle();
  // Memory through which the blocks of a kernel speak to each other: zero at first, then left as it is from one kernel
  // to the next (words.cuh).
  static constexpr std::size_t exchange_bytes = 512 * 1024;
  [[nodiscard]] void* exchange();
  // Memory that kernels write and read again soon: of it the second-level cache keeps kept_bytes. What streams past
  // there would drive it out, and write its bytes to the card's memory each time. No bytes: no such memory.
  static constexpr std::size_t kept_bytes = std::size_t{8} << 20;
  void keep_in_cache(void* memory, std::size_t bytes);
  [[nodiscard]] const cudaAccessPolicyWindow& kept() const noexcept { return kept_; }
  // Where a kernel notes a bad argument it found in device memory: 1, then the id outside the vocabulary.
  [[nodiscard]] std::int32_t* complaint() const noexcept { return complaint_device_; }

 private:
  struct Recording {
    bool warm = false;  // ran once without recording
    cudaGraphExec_t graph = nullptr;
  };
  void record(Recording& recording, const std::function<void()>& work);
  void raise_complaint();

  Card card_;
  cudaStream_t stream_ = nullptr;
  bool synchronous_ = false;
  bool recording_ = false;
  std::unique_ptr<Products> products_;
  std::byte* staging_ = nullptr;  // page-locked
  std::size_t staging_slot_ = 0;
  void* answer_ = nullptr;
  void* landing_ = nullptr;  // page-locked
  std::size_t landing_bytes_ = 0;
  std::int32_t* drawn_ = nullptr;  // in device memory
  std::size_t drawn_rows_ = 0;
  std::uint32_t drawing_ = 0;
  void* exchange_ = nullptr;
  cudaAccessPolicyWindow kept_{};
  bool keeps_ = false;                      // room for it was asked for
  std::int32_t* complaint_host_ = nullptr;  // page-locked, written by kernels
  std::int32_t* complaint_device_ = nullptr;
  std::unordered_map<std::uint64_t, Recording> recordings_;
};

// What the code was compiled for that this build has for the current card: 80 where PTX for sm_80 was translated on a
// card of 90.
struct BuiltFor {
  int capability = 0;  // ten times the major number, and the minor one
  bool warpgroups = false;
};
[[nodiscard]] BuiltFor built_for();

// The backend of a GPU stream, with its card made current for the calling thread.
[[nodiscard]] CudaStream& backend(Stream& stream);

struct Launch {
  dim3 grid;
  dim3 block;
  std::size_t shared = 0;
  // The kernel may start while the one before it is ending. Only for kernels that call wait_for_previous() before they
  // touch what others write (launch.cuh).
  bool overlaps = false;
  bool cooperative = false;  // all blocks run at once, or the launch fails; then it does not overlap
};

void finish_launch(CudaStream& stream, const char* what);

template <class... Parameters, class... Arguments>
void launch(CudaStream& stream, const char* what, const Launch& shape, void (*kernel)(Parameters...),
            Arguments&&... arguments) {
  cudaLaunchConfig_t config{};
  config.gridDim = shape.grid;
  config.blockDim = shape.block;
  config.dynamicSmemBytes = shape.shared;
  config.stream = stream.get();
  cudaLaunchAttribute attributes[2]{};
  config.attrs = attributes;
  if (shape.cooperative) {
    attributes[0].id = cudaLaunchAttributeCooperative;
    attributes[0].val.cooperative = 1;
    config.numAttrs = 1;
  } else if (shape.overlaps && stream.card().major >= 9) {
    attributes[0].id = cudaLaunchAttributeProgrammaticStreamSerialization;
    attributes[0].val.programmaticStreamSerializationAllowed = 1;
    config.numAttrs = 1;
  }
  if (stream.kept().num_bytes > 0) {
    attributes[config.numAttrs].id = cudaLaunchAttributeAccessPolicyWindow;
    attributes[config.numAttrs].val.accessPolicyWindow = stream.kept();
    ++config.numAttrs;
  }
  const cudaError_t error =
      cudaLaunchKernelEx(&config, kernel, static_cast<Parameters>(std::forward<Arguments>(arguments))...);
  if (error != cudaSuccess) fail(error, what, "launch", static_cast<int>(shape.grid.x));
  finish_launch(stream, what);
}

// Lets a kernel take `bytes` of shared memory on the current card (above 48 KiB it must be asked for). What was allowed
// stays allowed: another thread may be about to launch the same kernel with more.
void allow_shared_memory(const void* kernel, std::size_t bytes);
template <class Kernel>
void allow_shared(Kernel* kernel, std::size_t bytes) {
  if (bytes > 48 * 1024) allow_shared_memory(reinterpret_cast<const void*>(kernel), bytes);
}

// Kernels that follow one another closely must want the same split of a multiprocessor's memory into cache and shared
// memory: it changes only when nothing runs there.
template <class Kernel>
void prefer_shared(Kernel* kernel) {
  HOLDFAST_CUDA(
      cudaFuncSetAttribute(kernel, cudaFuncAttributePreferredSharedMemoryCarveout, cudaSharedmemCarveoutMaxShared));
}

[[nodiscard]] inline unsigned blocks_for(std::int64_t items, std::int64_t per_block) {
  return static_cast<unsigned>((items + per_block - 1) / per_block);
}

}  // namespace holdfast::cuda
