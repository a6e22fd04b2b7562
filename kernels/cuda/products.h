// Matrix products through cuBLASLt, which is found at run time: a program built with CUDA starts without it, and
// linear.cu has products of its own for that case.
#pragma once

#include <cublasLt.h>

#include <cstdint>
#include <map>
#include <memory>
#include <tuple>

#include "kernels/cuda/stream.h"

namespace holdfast::cuda {

// y (m, n) = scale x (m, k) w (n, k)^T, all row-major; sums in f32. Strides in elements.
struct Product {
  std::int64_t m = 0, n = 0, k = 0;
  const void* x = nullptr;
  std::int64_t x_stride = 0;
  const void* w = nullptr;
  std::int64_t w_stride = 0;
  cudaDataType_t type = CUDA_R_16BF;  // of x and w: CUDA_R_16BF or CUDA_R_32F (then no tf32)
  void* y = nullptr;
  std::int64_t y_stride = 0;
  cudaDataType_t y_type = CUDA_R_32F;
  bool accumulate = false;  // y +=
  bool x_columns = false;   // x is stored as (k, m)
  bool w_columns = false;   // w is stored as (k, n)
  float scale = 1.0f;
};

// One cuBLASLt handle with its workspace. Belongs to one stream.
class Products {
 public:
  Products();
  ~Products();
  Products(const Products&) = delete;
  Products& operator=(const Products&) = delete;

  [[nodiscard]] bool available() const noexcept { return handle_ != nullptr; }
  void run(CudaStream& stream, const Product& product);  // only when available; throws DeviceError

 private:
  struct Plan;
  Plan& plan(const Product& product);

  cublasLtHandle_t handle_ = nullptr;
  void* workspace_ = nullptr;
  using Key = std::tuple<std::int64_t, std::int64_t, std::int64_t, std::int64_t, std::int64_t, std::int64_t, int, int,
                         bool, bool, bool, unsigned>;
  std::map<Key, std::unique_ptr<Plan>> plans_;
};

}  // namespace holdfast::cuda
