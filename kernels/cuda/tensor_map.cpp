// Tensor maps are made by the driver, which is found at run time, so that programs start where there is none.
#include "kernels/cuda/tensor_map.h"

#include <dlfcn.h>

#include <string>

#include "kernels/error.h"

namespace holdfast::cuda {
namespace {

using Encode = decltype(&cuTensorMapEncodeTiled);

Encode find_encode() {
  void* driver = dlopen("libcuda.so.1", RTLD_NOW);
  return driver == nullptr ? nullptr : reinterpret_cast<Encode>(dlsym(driver, "cuTensorMapEncodeTiled"));
}

}  // namespace

CUtensorMap map_tiles(const void* base, std::int64_t columns, std::int64_t rows, std::int64_t row_bytes, int box_rows) {
  static const Encode encode = find_encode();
  if (encode == nullptr)
    throw DeviceError("the NVIDIA driver has no cuTensorMapEncodeTiled, want release 525 or newer");
  const cuuint64_t sizes[2] = {static_cast<cuuint64_t>(columns), static_cast<cuuint64_t>(rows)};
  const cuuint64_t strides[1] = {static_cast<cuuint64_t>(row_bytes)};
  const cuuint32_t box[2] = {tile_columns, static_cast<cuuint32_t>(box_rows)};
  const cuuint32_t steps[2] = {1, 1};
  CUtensorMap map;
  const CUresult result = encode(&map, CU_TENSOR_MAP_DATA_TYPE_BFLOAT16, 2, const_cast<void*>(base), sizes, strides,
                                 box, steps, CU_TENSOR_MAP_INTERLEAVE_NONE, CU_TENSOR_MAP_SWIZZLE_128B,
                                 CU_TENSOR_MAP_L2_PROMOTION_L2_128B, CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE);
  if (result != CUDA_SUCCESS) {
    throw DeviceError("a tensor map of " + std::to_string(rows) + " rows of " + std::to_string(columns) +
                      " numbers failed with status " + std::to_string(static_cast<int>(result)));
  }
  return map;
}

}  // namespace holdfast::cuda
