// Where memory lives (Device) and in what order work is done (Stream).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "kernels/tensor.h"

namespace holdfast {

namespace cpu {
class ThreadPool;
}

// A place that memory lives in: the CPU, or one GPU. Thread-safe.
class Device {
 public:
  // The CPU of this machine; the same object for every caller.
  [[nodiscard]] static std::shared_ptr<Device> cpu();
  // GPU `index`. Throws DeviceError with the reason: no CUDA in this build, no driver, no such card.
  [[nodiscard]] static std::shared_ptr<Device> cuda(int index = 0);

  // A device that cuts what it is asked for from blocks of at least `block_bytes` of `parent`, and gives them back when
  // the last tensor in them is gone. For what lives and dies together, such as weights: neighbours in memory share huge
  // pages, which small allocations never get.
  [[nodiscard]] static std::shared_ptr<Device> arena(std::shared_ptr<Device> parent, std::size_t block_bytes);

  virtual ~Device() = default;
  Device() = default;
  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;

  [[nodiscard]] virtual DeviceKind kind() const noexcept = 0;
  [[nodiscard]] virtual std::string description() const = 0;  // "AMD EPYC, 2 threads, AVX-512 BF16"
  // What can be allocated now, and what there is in all; bytes. Other programs change it at any time.
  struct Memory {
    std::size_t free = 0;
    std::size_t total = 0;
  };
  [[nodiscard]] virtual Memory memory() const = 0;
  // Aligned to 64 bytes (CPU; huge pages are asked for from 2 MiB on) or 256 bytes (GPU). Throws DeviceError.
  [[nodiscard]] virtual void* allocate(std::size_t bytes) = 0;
  virtual void release(void* memory, std::size_t bytes) noexcept = 0;
};

// Ordered work on one device, with its scratch memory and, on the CPU, its threads. One thread at a time.
class Stream {
 public:
  // threads: CPU worker count including the caller; 0 = one per usable core. Ignored on a GPU.
  explicit Stream(std::shared_ptr<Device> device, int threads = 0);
  ~Stream();
  Stream(Stream&&) noexcept;
  Stream& operator=(Stream&&) noexcept;

  [[nodiscard]] const std::shared_ptr<Device>& device() const noexcept;
  [[nodiscard]] DeviceKind kind() const noexcept;
  // Memory that is valid until the next op on this stream; the same block grows and is reused. 64-byte aligned.
  [[nodiscard]] void* scratch(std::size_t bytes);
  // The same for whoever calls the ops (a model's activations): valid until the next call of workspace.
  [[nodiscard]] void* workspace(std::size_t bytes);
  [[nodiscard]] cpu::ThreadPool& pool();        // CPU streams only
  [[nodiscard]] void* native() const noexcept;  // GPU streams: the backend's own stream object; CPU: null
  void synchronize();                           // waits for all work; throws DeviceError if any of it failed

  // Runs `work`, which only calls ops on this stream. On a GPU, work that comes again under the same key is recorded
  // and then replayed as one CUDA graph: the key must name everything that decides which ops run on which memory, and
  // what changes from call to call must lie in that memory. Memory of scratch and workspace that moves is noticed. On
  // the CPU, and with HOLDFAST_SYNC=1, it is a plain call.
  void repeat(std::uint64_t key, const std::function<void()>& work);

  void copy(TensorView to, ConstTensorView from);  // same shape and dtype; either side on CPU or this device
  void fill_zero(TensorView tensor);

  // Of a GPU's stream: memory of the CPU that fetch() copies to without waiting; one block, which grows and is reused.
  // What was fetched is there after the next synchronize(), copy() to the CPU, or sample_end() of a drawing that was
  // begun behind it.
  [[nodiscard]] void* landing(std::size_t bytes);
  void fetch(TensorView to, ConstTensorView from);  // to: in landing(); from: on the device

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace holdfast
