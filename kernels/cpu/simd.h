// Which instruction sets SIMD files are compiled for: included before Highway.
//
// Left out on x86 are sets that differ from the next one below only in instructions these kernels don't use (each
// would cost compile time and size again): AVX3_SPR, AVX3_ZEN4, AVX3_DL, SSSE3, SSE2. As numbers, because older
// versions of Highway do not know all of these names; Highway keeps the numbers.
#pragma once

#define HWY_DISABLED_TARGETS ((1LL << 4) | (1LL << 6) | (1LL << 7) | (1LL << 12) | (1LL << 14))
