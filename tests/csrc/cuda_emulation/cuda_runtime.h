// In place of CUDA's header of this name: just enough of its language and runtime for g++ to build
// the .cu files, kernels and launches alike, and run them on the CPU (block_emulator.h).
//
// Warp functions take all 32 lanes; the kernels use them in no other way.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "block_emulator.h"

#define __global__
#define __device__
#define __host__
#define __forceinline__ inline
#define __shared__ static  // Blocks run one after the other.
#define __launch_bounds__(...)

struct dim3 {
    unsigned x = 1;
};
inline thread_local dim3 threadIdx;
inline thread_local dim3 blockIdx;
inline thread_local dim3 blockDim;

using cudaError_t = int;
using cudaStream_t = struct EmulatedStream*;
constexpr cudaError_t cudaSuccess = 0;
constexpr int cudaDevAttrMultiProcessorCount = 16;

struct cudaLaunchConfig_t {
    dim3 gridDim, blockDim;
    std::size_t dynamicSmemBytes;
    cudaStream_t stream;
};

inline const char* cudaGetErrorString(cudaError_t) { return "no error"; }
inline cudaError_t cudaGetDeviceCount(int* count) {
    *count = 1;
    return cudaSuccess;
}
inline cudaError_t cudaGetDevice(int* device) {
    *device = 0;
    return cudaSuccess;
}
inline cudaError_t cudaDeviceGetAttribute(int* value, int, int) {
    *value = 1;
    return cudaSuccess;
}

template <typename... Parameters, typename... Arguments>
cudaError_t cudaLaunchKernelEx(const cudaLaunchConfig_t* config, void (*kernel)(Parameters...),
                               Arguments&&... arguments) {
    emulation::run(config->gridDim.x, config->blockDim.x, [&] { kernel(arguments...); });
    return cudaSuccess;
}

inline void check_all_lanes(unsigned mask) {
    if (mask != ~0u) std::abort();
}

template <typename T>
std::uint64_t to_word(T value) {
    std::uint64_t word = 0;
    std::memcpy(&word, &value, sizeof value);
    return word;
}

template <typename T>
T from_word(std::uint64_t word) {
    T value;
    std::memcpy(&value, &word, sizeof value);
    return value;
}

inline void __syncthreads() { emulation::meet_block(false); }
inline int __syncthreads_or(int value) { return emulation::meet_block(value != 0); }
inline void __syncwarp() { emulation::meet_warp("syncwarp", 0); }

template <typename T>
T __shfl_sync(unsigned mask, T value, int lane) {
    check_all_lanes(mask);
    return from_word<T>(emulation::meet_warp("shfl", to_word(value))[lane % 32]);
}
template <typename T>
T __shfl_xor_sync(unsigned mask, T value, int lanes) {
    check_all_lanes(mask);
    const int from = emulation::lane() ^ lanes;
    return from_word<T>(emulation::meet_warp("shfl_xor", to_word(value))[from]);
}
template <typename T>
T __shfl_up_sync(unsigned mask, T value, int lanes) {
    check_all_lanes(mask);
    const auto& values = emulation::meet_warp("shfl_up", to_word(value));
    const int from = emulation::lane() - lanes;
    return from < 0 ? value : from_word<T>(values[from]);
}
inline unsigned __ballot_sync(unsigned mask, int value) {
    check_all_lanes(mask);
    unsigned bits = 0;
    const auto& values = emulation::meet_warp("ballot", value != 0);
    for (int i = 0; i < 32; ++i) bits |= static_cast<unsigned>(values[i]) << i;
    return bits;
}
template <typename T>
unsigned __match_any_sync(unsigned mask, T value) {
    check_all_lanes(mask);
    unsigned bits = 0;
    const auto& values = emulation::meet_warp("match_any", to_word(value));
    for (int i = 0; i < 32; ++i) bits |= static_cast<unsigned>(values[i] == to_word(value)) << i;
    return bits;
}
inline unsigned __reduce_add_sync(unsigned mask, unsigned value) {
    check_all_lanes(mask);
    unsigned sum = 0;
    for (const auto word : emulation::meet_warp("reduce_add", value)) {
        sum += static_cast<unsigned>(word);
    }
    return sum;
}
inline unsigned __reduce_or_sync(unsigned mask, unsigned value) {
    check_all_lanes(mask);
    unsigned bits = 0;
    for (const auto word : emulation::meet_warp("reduce_or", value)) {
        bits |= static_cast<unsigned>(word);
    }
    return bits;
}

// Fibers of one thread: nothing comes between.
template <typename T>
T atomicAdd(T* address, T value) {
    const T old = *address;
    *address = old + value;
    return old;
}

inline unsigned __brev(unsigned x) {
    unsigned reversed = 0;
    for (int i = 0; i < 32; ++i) reversed |= (x >> i & 1) << (31 - i);
    return reversed;
}
inline unsigned __funnelshift_r(unsigned low, unsigned high, int distance) {
    const std::uint64_t both = (std::uint64_t{high} << 32) | low;
    return static_cast<unsigned>(both >> (distance % 32));
}
inline int __popc(unsigned x) { return __builtin_popcount(x); }
inline int __popcll(unsigned long long x) { return __builtin_popcountll(x); }
inline int __ffs(unsigned x) { return __builtin_ffs(static_cast<int>(x)); }
inline int __ffsll(unsigned long long x) { return __builtin_ffsll(static_cast<long long>(x)); }
inline unsigned long long __umul64hi(unsigned long long a, unsigned long long b) {
    __extension__ using Wide = unsigned __int128;
    return static_cast<unsigned long long>((Wide{a} * b) >> 64);
}
// volatile: no contraction to a fused multiply-add.
inline double __dmul_rn(double a, double b) {
    const volatile double product = a * b;
    return product;
}
inline double __dadd_rn(double a, double b) { return a + b; }
inline double __ddiv_rn(double a, double b) { return a / b; }
inline double __dsqrt_rn(double a) { return std::sqrt(a); }
