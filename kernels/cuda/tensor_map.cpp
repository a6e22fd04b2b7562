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

CUtensorMap make_map(const void* base, const MapShape& shape) {
  static const Encode encode = find_encode();
  if (encode == nullptr)
    throw DeviceError("the NVIDIA driver has no cuTensorMapEncodeTiled, want release 525 or newer");
  const std::vector<cuuint32_t> steps(shape.sizes.size(), 1);
  CUtensorMap map;
  const CUresult result =
      encode(&map, shape.type, static_cast<cuuint32_t>(shape.sizes.size()), const_cast<void*>(base), shape.sizes.data(),
             shape.strides.data(), shape.box.data(), steps.data(), CU_TENSOR_MAP_INTERLEAVE_NONE, shape.swizzle,
             shape.promotion, CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE);
  if (result != CUDA_SUCCESS) {
    std::string sizes;
    for (const cuuint64_t size : shape.sizes) sizes += (sizes.empty() ? "" : " x ") + std::to_string(size);
    throw DeviceError("a tensor map of " + sizes + " numbers failed with status " +
                      std::to_string(static_cast<int>(result)));
  }
  return map;
}

CUtensorMap map_tiles(const void* base, std::int64_t columns, std::int64_t rows, std::int64_t row_bytes, int box_rows,
                      bool in_pairs) {
  return make_map(base,
                  {.type = CU_TENSOR_MAP_DATA_TYPE_BFLOAT16,
                   .sizes = {static_cast<cuuint64_t>(columns), static_cast<cuuint64_t>(rows)},
                   .strides = {static_cast<cuuint64_t>(row_bytes)},
                   .box = {tile_columns, static_cast<cuuint32_t>(box_rows)},
                   .swizzle = CU_TENSOR_MAP_SWIZZLE_128B,
                   .promotion = in_pairs ? CU_TENSOR_MAP_L2_PROMOTION_L2_256B : CU_TENSOR_MAP_L2_PROMOTION_L2_128B});
}

}  // namespace holdfast::cuda
