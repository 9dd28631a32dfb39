// Nodes sorted by rank and color: keys of 32 bits, sixteen a register, by a bitonic network.
//
// Batcher, "Sorting networks and their applications", AFIPS 1968.
#pragma once

#include "graph/word_rows_wide.h"

namespace gemcore::GEMCORE_SIMD_LEVEL {
namespace {

constexpr int kNodeBits = 6;
constexpr int kColorBits = 19;  ///< The highest of the color; a rank has the 7 that are left.

/// Keys that sort by rank, high bits of the color and number; those of absent nodes are all ones.
template <int kGroups>
GEMCORE_ALWAYS_INLINE void make_keys(__m512i ranks, const __m512i (&colors)[kGroups],
                                     std::uint64_t present, __m512i (&keys)[kGroups / 2]) {
    alignas(64) std::uint8_t rank_of[64];
    _mm512_store_si512(rank_of, ranks);
    __m512i node = _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
#pragma GCC unroll 4
    for (int i = 0; i < kGroups / 2; ++i) {
        const auto halves = [](__m512i x) {
            return _mm512_cvtepi64_epi32(_mm512_srli_epi64(x, 64 - kColorBits));
        };
        const __m512i color = _mm512_inserti64x4(_mm512_castsi256_si512(halves(colors[2 * i])),
                                                 halves(colors[2 * i + 1]), 1);
        const __m512i rank = _mm512_cvtepu8_epi32(
            _mm_load_si128(reinterpret_cast<const __m128i*>(rank_of + 16 * i)));
        const __m512i key = _mm512_or_si512(_mm512_slli_epi32(rank, kNodeBits + kColorBits),
                                            _mm512_slli_epi32(color, kNodeBits));
        const auto here = static_cast<__mmask16>(present >> (16 * i));
        keys[i] = _mm512_mask_or_epi32(_mm512_set1_epi32(-1), here, key, node);
        node = _mm512_add_epi32(node, _mm512_set1_epi32(16));
    }
}

/// Key i is compared with key i ^ kMask; the lower of both goes to where the highest bit of kMask
/// is clear.
template <int kMask>
GEMCORE_ALWAYS_INLINE __m512i compare(__m512i keys) {
    const __m512i number = _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
    constexpr __mmask16 kUpper = kMask >= 8   ? 0xff00
                                 : kMask >= 4 ? 0xf0f0
                                 : kMask >= 2 ? 0xcccc
                                              : 0xaaaa;
    const __m512i other =
        _mm512_permutexvar_epi32(_mm512_xor_si512(number, _mm512_set1_epi32(kMask)), keys);
    return _mm512_mask_max_epu32(_mm512_min_epu32(keys, other), kUpper, keys, other);
}

/// Sorts a register that rises, then falls, or falls, then rises.
GEMCORE_ALWAYS_INLINE __m512i merged(__m512i keys) {
    return compare<1>(compare<2>(compare<4>(compare<8>(keys))));
}

GEMCORE_ALWAYS_INLINE void split(__m512i& low, __m512i& high) {
    const __m512i lower = _mm512_min_epu32(low, high);
    high = _mm512_max_epu32(low, high);
    low = lower;
}

GEMCORE_ALWAYS_INLINE __m512i reversed(__m512i keys) {
    return _mm512_permutexvar_epi32(
        _mm512_set_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15), keys);
}

GEMCORE_ALWAYS_INLINE void sort_pair(__m512i& low, __m512i& high) {
    high = reversed(high);
    split(low, high);
    low = merged(low);
    high = merged(high);
}

template <int kRegisters>
GEMCORE_ALWAYS_INLINE void sort(__m512i (&keys)[kRegisters]) {
#pragma GCC unroll 4
    for (int i = 0; i < kRegisters; ++i) {
        keys[i] = compare<1>(keys[i]);
        keys[i] = compare<1>(compare<3>(keys[i]));
        keys[i] = compare<1>(compare<2>(compare<7>(keys[i])));
        keys[i] = compare<1>(compare<2>(compare<4>(compare<15>(keys[i]))));
    }
    if constexpr (kRegisters >= 2) sort_pair(keys[0], keys[1]);
    if constexpr (kRegisters == 4) {
        sort_pair(keys[2], keys[3]);
        const __m512i last = reversed(keys[2]);
        keys[2] = reversed(keys[3]);
        keys[3] = last;
        split(keys[0], keys[2]);
        split(keys[1], keys[3]);
        split(keys[0], keys[1]);
        split(keys[2], keys[3]);
#pragma GCC unroll 4
        for (int i = 0; i < 4; ++i) keys[i] = merged(keys[i]);
    }
}

/// The nodes in the order of sorted keys, in bytes; 63 beyond the last.
template <int kRegisters>
GEMCORE_ALWAYS_INLINE __m512i order_of(const __m512i (&keys)[kRegisters]) {
    const __m512i node = _mm512_set1_epi32((1 << kNodeBits) - 1);
    alignas(64) std::uint8_t order[64];
    _mm512_store_si512(order, _mm512_set1_epi8(63));
#pragma GCC unroll 4
    for (int i = 0; i < kRegisters; ++i) {
        _mm_store_si128(reinterpret_cast<__m128i*>(order + 16 * i),
                        _mm512_cvtepi32_epi8(_mm512_and_si512(keys[i], node)));
    }
    return _mm512_load_si512(order);
}

/// Bit i: sorted keys i and i + 1 differ in the node alone. The last bit means nothing.
template <int kRegisters>
GEMCORE_ALWAYS_INLINE std::uint64_t equal_neighbors(const __m512i (&keys)[kRegisters]) {
    const __m512i compared = _mm512_set1_epi32(-(1 << kNodeBits));
    std::uint64_t equal = 0;
#pragma GCC unroll 4
    for (int i = 0; i < kRegisters; ++i) {
        const __m512i next = _mm512_alignr_epi32(keys[i + 1 < kRegisters ? i + 1 : i], keys[i], 1);
        const __mmask16 here = _mm512_testn_epi32_mask(_mm512_xor_si512(keys[i], next), compared);
        equal |= std::uint64_t{here} << (16 * i);
    }
    return equal;
}

}  // namespace
}  // namespace gemcore::GEMCORE_SIMD_LEVEL
