#include "kernels/device.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <mutex>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include "kernels/cpu/thread_pool.h"
#include "kernels/cuda_backend.h"
#include "kernels/error.h"
#include "kernels/size_text.h"

namespace holdfast {
namespace {

constexpr std::size_t huge_page = std::size_t{2} << 20;

std::string processor_name() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);) {
    if (line.starts_with("model name")) {
      const auto colon = line.find(": ");
      if (colon != std::string::npos) return line.substr(colon + 2);
    }
  }
  return "CPU";
}

class CpuDevice final : public Device {
 public:
  [[nodiscard]] DeviceKind kind() const noexcept override { return DeviceKind::cpu; }
  [[nodiscard]] std::string description() const override { return processor_name(); }
  [[nodiscard]] Memory memory() const override {
    Memory memory;
    memory.total = static_cast<std::size_t>(sysconf(_SC_PHYS_PAGES)) * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    memory.free = memory.total;
    std::ifstream info("/proc/meminfo");
    for (std::string line; std::getline(info, line);) {
      if (line.starts_with("MemAvailable:")) memory.free = std::stoull(line.substr(13)) * 1024;
    }
    return memory;
  }

  // Large blocks come straight from the system: aligned to huge pages, asked for as such, and returned at once.
  [[nodiscard]] void* allocate(std::size_t bytes) override {
    void* memory = nullptr;
    if (bytes >= huge_page) {
      memory = map_aligned(bytes);
    } else {
      memory = ::operator new (bytes == 0 ? 1 : bytes, std::align_val_t{64}, std::nothrow);
    }
    if (memory == nullptr) {
      throw DeviceError("the CPU has no " + size_text(static_cast<double>(bytes)) + " of memory left");
    }
    return memory;
  }

  void release(void* memory, std::size_t bytes) noexcept override {
    if (bytes >= huge_page) {
      munmap(memory, rounded(bytes));
    } else {
      ::operator delete (memory, std::align_val_t{64});
    }
  }

 private:
  static std::size_t rounded(std::size_t bytes) noexcept { return (bytes + 4095) / 4096 * 4096; }

  static void* map_aligned(std::size_t bytes) noexcept {
    const std::size_t length = rounded(bytes);
    if (length < bytes) return nullptr;
    void* raw =
        mmap(nullptr, length + huge_page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (raw == MAP_FAILED) return nullptr;
    auto* begin = static_cast<char*>(raw);
    const auto address = reinterpret_cast<std::uintptr_t>(raw);
    char* aligned = begin + ((huge_page - address % huge_page) % huge_page);
    if (aligned != begin) munmap(begin, static_cast<std::size_t>(aligned - begin));
    const auto tail = static_cast<std::size_t>(begin + length + huge_page - (aligned + length));
    if (tail != 0) munmap(aligned + length, tail);
    madvise(aligned, length, MADV_HUGEPAGE);  // a wish: without huge pages the block is just as right
    return aligned;
  }
};

class ArenaDevice final : public Device {
 public:
  ArenaDevice(std::shared_ptr<Device> parent, std::size_t block_bytes)
      : parent_(std::move(parent)), block_bytes_(block_bytes) {}
  ~ArenaDevice() override {
    for (const Block& block : blocks_) parent_->release(block.memory, block.bytes);
  }
  ArenaDevice(const ArenaDevice&) = delete;
  ArenaDevice& operator=(const ArenaDevice&) = delete;

  [[nodiscard]] DeviceKind kind() const noexcept override { return parent_->kind(); }
  [[nodiscard]] std::string description() const override { return parent_->description(); }
  [[nodiscard]] Memory memory() const override { return parent_->memory(); }

  [[nodiscard]] void* allocate(std::size_t bytes) override {
    constexpr std::size_t alignment = 256;
    const std::size_t wanted = (bytes + alignment - 1) / alignment * alignment;
    const std::lock_guard lock(mutex_);
    if (blocks_.empty() || blocks_.back().bytes - used_ < wanted) {
      blocks_.reserve(blocks_.size() + 1);
      const std::size_t size = std::max(block_bytes_, wanted);
      blocks_.push_back({parent_->allocate(size), size});
      used_ = 0;
    }
    void* memory = static_cast<std::byte*>(blocks_.back().memory) + used_;
    used_ += wanted;
    return memory;
  }
  void release(void*, std::size_t) noexcept override {}

 private:
  struct Block {
    void* memory;
    std::size_t bytes;
  };
  std::shared_ptr<Device> parent_;
  std::size_t block_bytes_;
  std::mutex mutex_;
  std::vector<Block> blocks_;
  std::size_t used_ = 0;  // of the last block
};

}  // namespace

std::shared_ptr<Device> Device::arena(std::shared_ptr<Device> parent, std::size_t block_bytes) {
  return std::make_shared<ArenaDevice>(std::move(parent), block_bytes);
}

std::shared_ptr<Device> Device::cpu() {
  static const std::shared_ptr<Device> device = std::make_shared<CpuDevice>();
  return device;
}

std::shared_ptr<Device> Device::cuda(int index) { return cuda::open_device(index); }

struct Stream::Impl {
  std::shared_ptr<Device> device;
  std::unique_ptr<cpu::ThreadPool> pool;      // CPU
  std::unique_ptr<cuda::StreamBackend> cuda;  // GPU
  // A block that grows and is reused.
  struct Block {
    void* memory = nullptr;
    std::size_t bytes = 0;
  };
  Block scratch;
  Block workspace;

  Impl(std::shared_ptr<Device> on, int threads) : device(std::move(on)) {
    if (device->kind() == DeviceKind::cpu) {
      pool = std::make_unique<cpu::ThreadPool>(threads);
    } else {
      cuda = cuda::open_stream(*device);
    }
  }
  ~Impl() {
    release(scratch);
    release(workspace);
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  void release(Block& block) noexcept {
    if (block.memory != nullptr) device->release(block.memory, block.bytes);
    block = {};
  }
  void* grow(Block& block, std::size_t bytes) {
    if (bytes > block.bytes) {
      if (cuda != nullptr) {
        cuda->synchronize();  // work under way may still read the old block
        cuda->forget_repeats();
      }
      release(block);
      const std::size_t wanted = (bytes + 4095) / 4096 * 4096;
      block.memory = device->allocate(wanted);
      block.bytes = wanted;
    }
    return block.memory;
  }
};

Stream::Stream(std::shared_ptr<Device> device, int threads)
    : impl_(std::make_unique<Impl>(std::move(device), threads)) {}
Stream::~Stream() = default;
Stream::Stream(Stream&&) noexcept = default;
Stream& Stream::operator=(Stream&&) noexcept = default;

const std::shared_ptr<Device>& Stream::device() const noexcept { return impl_->device; }
DeviceKind Stream::kind() const noexcept { return impl_->device->kind(); }

void* Stream::scratch(std::size_t bytes) { return impl_->grow(impl_->scratch, bytes); }
void* Stream::workspace(std::size_t bytes) { return impl_->grow(impl_->workspace, bytes); }

cpu::ThreadPool& Stream::pool() {
  if (impl_->pool == nullptr) throw ArgumentError("stream: a thread pool of a GPU stream was asked for");
  return *impl_->pool;
}

void* Stream::native() const noexcept { return impl_->cuda == nullptr ? nullptr : impl_->cuda->native(); }

void Stream::repeat(std::uint64_t key, const std::function<void()>& work) {
  if (impl_->cuda == nullptr) return work();
  impl_->cuda->repeat(key, work);
}

void Stream::synchronize() {
  if (impl_->cuda != nullptr) impl_->cuda->synchronize();
}

void Stream::copy(TensorView to, ConstTensorView from) {
  if (to.shape != from.shape || to.dtype != from.dtype) {
    throw ArgumentError("copy: " + std::string(name(from.dtype)) + " " + from.shape.to_string() + " to " +
                        std::string(name(to.dtype)) + " " + to.shape.to_string());
  }
  if (to.bytes() == 0) return;
  if (to.where == DeviceKind::cpu && from.where == DeviceKind::cpu) {
    std::memcpy(to.data, from.data, to.bytes());
  } else if (impl_->cuda != nullptr) {
    impl_->cuda->copy(to.data, from.data, to.bytes(), to.where, from.where);
  } else {
    throw ArgumentError("copy: memory of a GPU on a stream of the CPU");
  }
}

void* Stream::landing(std::size_t bytes) {
  if (impl_->cuda == nullptr) throw ArgumentError("landing: a stream of the CPU, want one of a GPU");
  return impl_->cuda->landing(bytes);
}

void Stream::fetch(TensorView to, ConstTensorView from) {
  if (impl_->cuda == nullptr || from.where != DeviceKind::cuda || to.where != DeviceKind::cpu ||
      to.shape != from.shape || to.dtype != from.dtype) {
    throw ArgumentError("fetch: " + std::string(name(from.dtype)) + " " + from.shape.to_string() + " to " +
                        std::string(name(to.dtype)) + " " + to.shape.to_string() +
                        ", want the same of a GPU to memory of the CPU");
  }
  impl_->cuda->fetch(to.data, from.data, to.bytes());
}

void Stream::fill_zero(TensorView tensor) {
  if (tensor.bytes() == 0) return;
  if (tensor.where == DeviceKind::cpu) {
    std::memset(tensor.data, 0, tensor.bytes());
  } else if (impl_->cuda != nullptr) {
    impl_->cuda->fill_zero(tensor.data, tensor.bytes());
  } else {
    throw ArgumentError("fill_zero: memory of a GPU on a stream of the CPU");
  }
}

}  // namespace holdfast
