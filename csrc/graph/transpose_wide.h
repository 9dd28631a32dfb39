// From a lane a cell to one cell after the other. For wide sources alone.
#pragma once

#include "support/philox_wide.h"

namespace gemcore::GEMCORE_SIMD_LEVEL {
namespace {

/// Pairs of words: those of the even cells, then those of the odd ones.
struct WordPairs {
    Lanes even;
    Lanes odd;
};

/// Where in WordPairs the pair of a lane is.
#ifdef __AVX512F__
alignas(64) constexpr std::uint64_t kPairPlaces[kLanes] = {0, 4, 1, 5, 2, 6, 3, 7};
#else
alignas(32) constexpr std::uint64_t kPairPlaces[kLanes] = {0, 2, 1, 3};
#endif

GEMCORE_ALWAYS_INLINE WordPairs pair_words(Lanes first, Lanes second) {
#ifdef __AVX512F__
    return {_mm512_unpacklo_epi64(first, second), _mm512_unpackhi_epi64(first, second)};
#else
    return {_mm256_unpacklo_epi64(first, second), _mm256_unpackhi_epi64(first, second)};
#endif
}

/// Four words of each cell.
GEMCORE_ALWAYS_INLINE void transpose(WordPairs first, WordPairs second, __m256i (&cells)[kLanes]) {
#ifdef __AVX512F__
    const Lanes low = _mm512_set_epi64(11, 10, 3, 2, 9, 8, 1, 0);
    const Lanes high = _mm512_set_epi64(15, 14, 7, 6, 13, 12, 5, 4);
    const Lanes quarters[4] = {_mm512_permutex2var_epi64(first.even, low, second.even),
                               _mm512_permutex2var_epi64(first.even, high, second.even),
                               _mm512_permutex2var_epi64(first.odd, low, second.odd),
                               _mm512_permutex2var_epi64(first.odd, high, second.odd)};
    for (int i = 0; i < 4; ++i) {  // Cells 0, 2, then 4, 6, then 1, 3, then 5, 7.
        cells[i % 2 * 4 + i / 2] = _mm512_castsi512_si256(quarters[i]);
        cells[i % 2 * 4 + i / 2 + 2] = _mm512_extracti64x4_epi64(quarters[i], 1);
    }
#else
    cells[0] = _mm256_permute2x128_si256(first.even, second.even, 0x20);
    cells[1] = _mm256_permute2x128_si256(first.odd, second.odd, 0x20);
    cells[2] = _mm256_permute2x128_si256(first.even, second.even, 0x31);
    cells[3] = _mm256_permute2x128_si256(first.odd, second.odd, 0x31);
#endif
}

#ifdef __AVX512F__
/// Eight words of each cell.
GEMCORE_ALWAYS_INLINE void transpose(const WordPairs (&pairs)[4], Lanes (&cells)[kLanes]) {
    for (int odd = 0; odd < 2; ++odd) {
        Lanes pair[4];
        for (int i = 0; i < 4; ++i) pair[i] = odd == 0 ? pairs[i].even : pairs[i].odd;
        const Lanes a = _mm512_shuffle_i64x2(pair[0], pair[1], 0x44);
        const Lanes b = _mm512_shuffle_i64x2(pair[0], pair[1], 0xee);
        const Lanes c = _mm512_shuffle_i64x2(pair[2], pair[3], 0x44);
        const Lanes d = _mm512_shuffle_i64x2(pair[2], pair[3], 0xee);
        cells[odd] = _mm512_shuffle_i64x2(a, c, 0x88);
        cells[odd + 2] = _mm512_shuffle_i64x2(a, c, 0xdd);
        cells[odd + 4] = _mm512_shuffle_i64x2(b, d, 0x88);
        cells[odd + 6] = _mm512_shuffle_i64x2(b, d, 0xdd);
    }
}
#endif

/// The same to streams that are `stride` words apart.
GEMCORE_ALWAYS_INLINE void transpose(const WordPairs (&pairs)[4], std::uint64_t* streams,
                                     int stride) {
#ifdef __AVX512F__
    Lanes cells[kLanes];
    transpose(pairs, cells);
    for (int cell = 0; cell < kLanes; ++cell) store(streams + cell * stride, cells[cell]);
#else
    for (int half = 0; half < 2; ++half) {
        __m256i cells[kLanes];
        transpose(pairs[2 * half], pairs[2 * half + 1], cells);
        for (int cell = 0; cell < kLanes; ++cell) {
            store(streams + cell * stride + 4 * half, cells[cell]);
        }
    }
#endif
}

}  // namespace
}  // namespace gemcore::GEMCORE_SIMD_LEVEL
