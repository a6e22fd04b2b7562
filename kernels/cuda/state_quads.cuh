// Four neighbouring states that are kept as bf16: widened, and rounded to nearest even.
#pragma once

#include <cuda_bf16.h>

namespace holdfast::cuda {

__device__ __forceinline__ float4 widened(unsigned low, unsigned high) {
  return make_float4(__uint_as_float(low << 16), __uint_as_float(low & 0xffff0000u), __uint_as_float(high << 16),
                     __uint_as_float(high & 0xffff0000u));
}
__device__ __forceinline__ uint2 rounded(const float4& v) {
  const __nv_bfloat162 low = __floats2bfloat162_rn(v.x, v.y);
  const __nv_bfloat162 high = __floats2bfloat162_rn(v.z, v.w);
  return make_uint2(*reinterpret_cast<const unsigned*>(&low), *reinterpret_cast<const unsigned*>(&high));
}

}  // namespace holdfast::cuda
