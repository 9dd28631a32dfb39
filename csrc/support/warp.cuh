// What kernels say about the 32 threads of a warp.
#pragma once

#include <cstdint>

namespace gemcore::cuda {

constexpr unsigned kAllLanes = ~0u;
constexpr int kLanes = 32;

__device__ __forceinline__ int lane_index() { return static_cast<int>(threadIdx.x) % kLanes; }

/// The warp's place in the whole grid.
__device__ __forceinline__ std::int64_t warp_index() {
    return (std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x) / kLanes;
}

/// Bits begin .. end - 1.
template <typename Word>
__device__ __forceinline__ Word bit_range(int begin, int end) {
    constexpr int kBits = 8 * sizeof(Word);
    begin = begin < 0 ? 0 : begin;
    end = end > kBits ? kBits : end;
    if (begin >= end) return 0;
    return (~Word{0} >> (kBits - (end - begin))) << begin;
}

__device__ __forceinline__ int count_bits(std::uint32_t bits) { return __popc(bits); }
__device__ __forceinline__ int count_bits(std::uint64_t bits) { return __popcll(bits); }
__device__ __forceinline__ int lowest_bit(std::uint32_t bits) { return __ffs(bits) - 1; }
__device__ __forceinline__ int lowest_bit(std::uint64_t bits) { return __ffsll(bits) - 1; }

/// Bit j of lane i moves to bit i of lane j. Halves of halves are swapped: Warren, "Hacker's
/// Delight", 7-3.
__device__ __forceinline__ std::uint32_t transposed(std::uint32_t bits) {
    std::uint32_t low = 0x0000ffffu;  // The halves that stay in the lower lanes.
    for (int distance = 16; distance > 0; distance /= 2) {
        const std::uint32_t other = __shfl_xor_sync(kAllLanes, bits, distance);
        const bool is_upper = lane_index() & distance;
        const std::uint32_t kept = is_upper ? ~low : low;
        // One rotation either way: what it wraps around falls on bits that are kept.
        const std::uint32_t moved =
            __funnelshift_r(other, other, is_upper ? distance : kLanes - distance);
        bits = (bits & kept) | (moved & ~kept);
        low ^= low << (distance / 2);
    }
    return bits;
}

/// Bits of the lanes below, and of those above, this one.
__device__ __forceinline__ std::uint32_t lanes_below() { return (1u << lane_index()) - 1; }
__device__ __forceinline__ std::uint32_t lanes_above() { return ~1u << lane_index(); }

/// The set bit of `bits` that has `count` others below it, alone; 0 where there is none. All lanes
/// ask for the same.
__device__ __forceinline__ std::uint32_t nth_bit(std::uint32_t bits, int count) {
    const bool is_set = bits >> lane_index() & 1;
    return __ballot_sync(kAllLanes, is_set && __popc(bits & lanes_below()) == count);
}

/// Sum over the lanes up to and with this one.
__device__ __forceinline__ int sum_up_to_lane(int value) {
    for (int distance = 1; distance < kLanes; distance *= 2) {
        const int other = __shfl_up_sync(kAllLanes, value, distance);
        if (lane_index() >= distance) value += other;
    }
    return value;
}

__device__ __forceinline__ std::uint64_t warp_sum(std::uint64_t value) {
    for (int distance = 16; distance > 0; distance /= 2) {
        value += __shfl_xor_sync(kAllLanes, value, distance);
    }
    return value;
}

}  // namespace gemcore::cuda
