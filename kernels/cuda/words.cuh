// Words by which the blocks of a kernel tell each other results (sm_90), and how rows are shared by the blocks. A word
// is the value and the number of what it is a result of; who needs it looks until the number is right.
#pragma once

#include "kernels/cuda/launch.cuh"

namespace holdfast::cuda {

using Word = unsigned long long;  // the value below, the number above
// Three words under one number.
struct alignas(16) Packet {
  unsigned first, second, third, number;
};
// Of CudaStream::exchange(): first how many numbers were used up so far, then words, then packets. What is a word is
// never a packet: a value is not to be taken for a number.
inline constexpr std::size_t word_count_bytes = 256;
inline constexpr std::size_t packets_at = 256 * 1024;

// Neighbouring rows.
struct Range {
  int begin, end;
  [[nodiscard]] __device__ __forceinline__ int count() const { return end - begin; }
};

#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 900

__device__ __forceinline__ void post(Word* to, unsigned value, unsigned number) {
  const Word word = static_cast<Word>(number) << 32 | value;
  asm volatile("st.relaxed.gpu.global.b64 [%0], %1;" ::"l"(to), "l"(word) : "memory");
}
__device__ __forceinline__ void post(Word* to, float value, unsigned number) {
  post(to, __float_as_uint(value), number);
}
__device__ __forceinline__ Word look(const Word* at) {
  Word word;
  asm volatile("ld.relaxed.gpu.global.b64 %0, [%1];" : "=l"(word) : "l"(at) : "memory");
  return word;
}
__device__ __forceinline__ void look(const Word* at, Word& first, Word& second) {
  asm volatile("ld.relaxed.gpu.global.v2.b64 {%0, %1}, [%2];" : "=l"(first), "=l"(second) : "l"(at) : "memory");
}
__device__ __forceinline__ void post(Packet* to, const Packet& packet) {
  asm volatile(
      "{\n"
      ".reg .b64 low, high;\n"
      ".reg .b128 all;\n"
      "mov.b64 low, {%1, %2};\n"
      "mov.b64 high, {%3, %4};\n"
      "mov.b128 all, {low, high};\n"
      "st.relaxed.gpu.global.b128 [%0], all;\n"
      "}" ::"l"(to),
      "r"(packet.first), "r"(packet.second), "r"(packet.third), "r"(packet.number)
      : "memory");
}
__device__ __forceinline__ Packet look(const Packet* at) {
  Packet packet;
  asm volatile(
      "{\n"
      ".reg .b64 low, high;\n"
      ".reg .b128 all;\n"
      "ld.relaxed.gpu.global.b128 all, [%4];\n"
      "mov.b128 {low, high}, all;\n"
      "mov.b64 {%0, %1}, low;\n"
      "mov.b64 {%2, %3}, high;\n"
      "}"
      : "=r"(packet.first), "=r"(packet.second), "=r"(packet.third), "=r"(packet.number)
      : "l"(at)
      : "memory");
  return packet;
}
__device__ __forceinline__ bool is_of(Word word, unsigned number) {
  return static_cast<unsigned>(word >> 32) == number;
}
__device__ __forceinline__ float value_of(Word word) { return __uint_as_float(static_cast<unsigned>(word)); }

__device__ __forceinline__ unsigned shared_address(const void* at) {
  return static_cast<unsigned>(__cvta_generic_to_shared(at));
}

// Counts looks in vain. A result that does not come within many seconds never will: better an error than a program that
// waits for ever.
struct Patience {
  unsigned looks = 0;
  __device__ __forceinline__ void lose() {
    if (++looks == 1U << 26) __trap();
  }
};

// Those of this block, of rows that all blocks share evenly.
__device__ __forceinline__ Range own_part(int rows) {
  const auto at = [&](unsigned block) { return static_cast<int>(static_cast<unsigned>(rows) * block / gridDim.x); };
  return {at(blockIdx.x), at(blockIdx.x + 1)};
}

#endif

}  // namespace holdfast::cuda
