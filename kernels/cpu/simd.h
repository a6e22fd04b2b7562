// Which instruction sets SIMD files are compiled for: included before Highway. Left out are, on x86, sets that differ
// from the next one below only in instructions these kernels don't use (each would cost compile time and size again):
// AVX3_SPR, AVX3_ZEN4, AVX3_DL, SSSE3, SSE2; on ARM all of SVE (24 to 27), whose registers have no size at compile
// time, so that there are no arrays of them: NEON is what the kernels use there. As numbers, because older versions of
// Highway do not know all of these names; Highway keeps the numbers.
#pragma once

#define HWY_DISABLED_TARGETS ((1LL << 4) | (1LL << 6) | (1LL << 7) | (1LL << 12) | (1LL << 14) | (0xFLL << 24))
