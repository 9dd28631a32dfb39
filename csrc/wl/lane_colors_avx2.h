// 64-bit colors of 32 nodes, a lane a node: see wl/lanes.h.
#pragma once

#include "wl/lanes_avx2.h"

namespace gemcore::GEMCORE_SIMD_LEVEL {
namespace {

GEMCORE_ALWAYS_INLINE __m256i set64(std::uint64_t value) {
    return _mm256_set1_epi64x(static_cast<long long>(value));
}

/// AVX2 multiplies 32 bits alone.
GEMCORE_ALWAYS_INLINE __m256i multiply64(__m256i a, std::uint64_t factor) {
    const __m256i b = set64(factor);
    const __m256i crossed = _mm256_mullo_epi32(a, _mm256_shuffle_epi32(b, 0xb1));
    const __m256i high = _mm256_add_epi32(crossed, _mm256_slli_epi64(crossed, 32));
    const __m256i kept = _mm256_and_si256(high, set64(0xffffffff00000000u));
    return _mm256_add_epi64(_mm256_mul_epu32(a, b), kept);
}

GEMCORE_ALWAYS_INLINE __m256i mix(__m256i x) {
    x = _mm256_xor_si256(x, _mm256_srli_epi64(x, 30));
    x = multiply64(x, 0xbf58476d1ce4e5b9u);
    x = _mm256_xor_si256(x, _mm256_srli_epi64(x, 27));
    x = multiply64(x, 0x94d049bb133111ebu);
    return _mm256_xor_si256(x, _mm256_srli_epi64(x, 31));
}

GEMCORE_ALWAYS_INLINE void mixed(const Codes& codes, Width width, Colors& out) {
    for (int i = 0; i < kLanes; i += 4) {
        const __m256i number =
            width == Width::kWhole ? load4(codes.whole.of + i) : widened(codes.low.of + i);
        store4(mix(number), out.of + i);
    }
}

template <int kEights = 4>
GEMCORE_ALWAYS_INLINE std::uint64_t sum_of(const Colors& colors, std::uint32_t nodes) {
    std::uint64_t sum = 0;
    for (; nodes != 0; nodes &= nodes - 1) sum += colors.of[__builtin_ctz(nodes)];
    return sum;
}

/// Sums over four nodes at a time, from tables of the 16 sums that there are.
template <int kEights = 4>
GEMCORE_ALWAYS_INLINE void neighbor_sums(const Colors& colors, const Words& neighbors,
                                         Colors& sums) {
    alignas(32) std::uint64_t table[8][16];
    for (int four = 0; four < 2 * kEights; ++four) {
        const std::uint64_t* c = colors.of + 4 * four;
        const __m256i none =
            _mm256_set_epi64x(static_cast<long long>(c[0] + c[1]), static_cast<long long>(c[1]),
                              static_cast<long long>(c[0]), 0);
        const __m256i third = _mm256_add_epi64(none, set64(c[2]));
        store4(none, table[four]);
        store4(third, table[four] + 4);
        store4(_mm256_add_epi64(none, set64(c[3])), table[four] + 8);
        store4(_mm256_add_epi64(third, set64(c[3])), table[four] + 12);
    }
    for (int v = 0; v < 8 * kEights; ++v) {
        std::uint64_t sum = 0;
        for (int four = 0; four < 2 * kEights; ++four) {
            sum += table[four][neighbors.of[v] >> (4 * four) & 15];
        }
        sums.of[v] = sum;
    }
}

/// out[v] = table[index[v]] for the first `size` lanes, 0 for the others up to 8 kEights.
template <int kEights>
GEMCORE_ALWAYS_INLINE void look_up(const std::uint64_t* table, const std::uint8_t* index, int size,
                                   Colors& out) {
    for (int v = 0; v < 8 * kEights; ++v) out.of[v] = v < size ? table[index[v]] : 0;
}

/// terms = mix64(colors ^ salt), color_term of wl/color.h.
template <int kEights>
GEMCORE_ALWAYS_INLINE void salted(const Colors& colors, std::uint64_t salt, Colors& terms) {
    for (int i = 0; i < 8 * kEights; i += 4) {
        store4(mix(_mm256_xor_si256(load4(colors.of + i), set64(salt))), terms.of + i);
    }
}

template <int kEights>
GEMCORE_ALWAYS_INLINE void add(const Colors& other, Colors& colors) {
    for (int i = 0; i < 8 * kEights; i += 4) {
        store4(_mm256_add_epi64(load4(colors.of + i), load4(other.of + i)), colors.of + i);
    }
}

/// colors = mix(own * colors + first * a + second * b), b where there is one.
GEMCORE_ALWAYS_INLINE void combine(const Colors& a, const Colors* b, const std::uint64_t factor[3],
                                   Colors& colors) {
    for (int i = 0; i < kLanes; i += 4) {
        __m256i x = multiply64(load4(colors.of + i), factor[0]);
        x = _mm256_add_epi64(x, multiply64(load4(a.of + i), factor[1]));
        if (b != nullptr) x = _mm256_add_epi64(x, multiply64(load4(b->of + i), factor[2]));
        store4(mix(x), colors.of + i);
    }
}

}  // namespace
}  // namespace gemcore::GEMCORE_SIMD_LEVEL
