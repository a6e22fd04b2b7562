// NCCL is loaded at run time, so that the program does not need it on machines with one GPU. Of its interface only what
// has not changed since version 2.0 is used, declared here.
#include "kernels/collective.h"

#include <dlfcn.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "kernels/cuda/check.h"
#include "kernels/cuda/stream.h"
#include "kernels/error.h"

namespace holdfast::cuda {
namespace {

using NcclComm = void*;
struct NcclId {
  std::array<std::byte, 128> bytes;
};
constexpr int nccl_float32 = 7;
constexpr int nccl_sum = 0;

struct Nccl {
  int (*get_unique_id)(NcclId*) = nullptr;
  int (*comm_init_rank)(NcclComm*, int, NcclId, int) = nullptr;
  int (*comm_destroy)(NcclComm) = nullptr;
  int (*all_reduce)(const void*, void*, std::size_t, int, int, NcclComm, cudaStream_t) = nullptr;
  int (*all_gather)(const void*, void*, std::size_t, int, NcclComm, cudaStream_t) = nullptr;
  const char* (*error_string)(int) = nullptr;
  std::string sought;  // where, when it was not found
};

template <class Function>
bool nccl_find(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(dlsym(library, name));
  return function != nullptr;
}

Nccl load_nccl() {
  Nccl found;
  std::vector<std::string> places{"libnccl.so.2", "/usr/local/cuda/lib64/libnccl.so.2"};
  if (const char* wish = std::getenv("HOLDFAST_NCCL"); wish != nullptr && *wish != '\0') places = {wish};
  for (const std::string& place : places) {
    void* library = dlopen(place.c_str(), RTLD_NOW);
    if (library != nullptr && nccl_find(library, "ncclGetUniqueId", found.get_unique_id) &&
        nccl_find(library, "ncclCommInitRank", found.comm_init_rank) &&
        nccl_find(library, "ncclCommDestroy", found.comm_destroy) &&
        nccl_find(library, "ncclAllReduce", found.all_reduce) &&
        nccl_find(library, "ncclAllGather", found.all_gather) &&
        nccl_find(library, "ncclGetErrorString", found.error_string)) {
      found.sought.clear();
      return found;
    }
    found.sought += (found.sought.empty() ? "" : ", ") + place;
  }
  return found;
}

const Nccl& nccl() {
  static const Nccl library = load_nccl();
  if (!library.sought.empty()) {
    throw DeviceError("NCCL was not found (" + library.sought +
                      "), want it for training on several GPUs; HOLDFAST_NCCL may name the file");
  }
  return library;
}

void nccl_check(int status, const char* what) {
  if (status != 0) throw DeviceError(std::string("NCCL ") + what + ": " + nccl().error_string(status));
}

class NcclCollective final : public Collective {
 public:
  NcclCollective(Stream& stream, const Id& id, int rank, int ranks) : rank_(rank), ranks_(ranks) {
    (void)backend(stream);  // makes the stream's card current
    HOLDFAST_CUDA(cudaStreamCreateWithFlags(&side_, cudaStreamNonBlocking));
    HOLDFAST_CUDA(cudaEventCreateWithFlags(&ready_, cudaEventDisableTiming));
    HOLDFAST_CUDA(cudaEventCreateWithFlags(&done_, cudaEventDisableTiming));
    nccl_check(nccl().comm_init_rank(&comm_, ranks, NcclId{id}, rank), "comm init");
  }
  ~NcclCollective() override {
    if (comm_ != nullptr) nccl().comm_destroy(comm_);
    cudaEventDestroy(done_);
    cudaEventDestroy(ready_);
    cudaStreamDestroy(side_);
  }

  void begin_sum(Stream& stream, TensorView values) override {
    HOLDFAST_CUDA(cudaEventRecord(ready_, backend(stream).get()));
    HOLDFAST_CUDA(cudaStreamWaitEvent(side_, ready_, 0));
    nccl_check(nccl().all_reduce(values.data, values.data, static_cast<std::size_t>(values.shape.elements()),
                                 nccl_float32, nccl_sum, comm_, side_),
               "all reduce");
  }
  void wait(Stream& stream) override {
    HOLDFAST_CUDA(cudaEventRecord(done_, side_));
    HOLDFAST_CUDA(cudaStreamWaitEvent(backend(stream).get(), done_, 0));
  }
  void gather(Stream& stream, TensorView flat) override {
    const auto share = static_cast<std::size_t>(flat.shape.elements() / ranks_);
    const float* own = static_cast<const float*>(flat.data) + static_cast<std::size_t>(rank_) * share;
    nccl_check(nccl().all_gather(own, flat.data, share, nccl_float32, comm_, backend(stream).get()), "all gather");
  }

 private:
  int rank_;
  int ranks_;
  NcclComm comm_ = nullptr;
  cudaStream_t side_ = nullptr;
  cudaEvent_t ready_ = nullptr;
  cudaEvent_t done_ = nullptr;
};

}  // namespace

std::array<std::byte, 128> draw_collective_id() {
  NcclId id{};
  nccl_check(nccl().get_unique_id(&id), "unique id");
  return id.bytes;
}

std::unique_ptr<Collective> open_collective(Stream& stream, const std::array<std::byte, 128>& id, int rank, int ranks) {
  return std::make_unique<NcclCollective>(stream, id, rank, ranks);
}

}  // namespace holdfast::cuda
