// 64-bit colors of 32 nodes, a lane a node: see wl/lanes.h.
#pragma once

#include "wl/lanes_avx512.h"

namespace gemcore::GEMCORE_SIMD_LEVEL {
namespace {

GEMCORE_ALWAYS_INLINE __m512i set64(std::uint64_t value) {
    return _mm512_set1_epi64(static_cast<long long>(value));
}

GEMCORE_ALWAYS_INLINE __m512i mix(__m512i x) {
    x = _mm512_xor_si512(x, _mm512_srli_epi64(x, 30));
    x = _mm512_mullo_epi64(x, set64(0xbf58476d1ce4e5b9u));
    x = _mm512_xor_si512(x, _mm512_srli_epi64(x, 27));
    x = _mm512_mullo_epi64(x, set64(0x94d049bb133111ebu));
    return _mm512_xor_si512(x, _mm512_srli_epi64(x, 31));
}

GEMCORE_ALWAYS_INLINE void mixed(const Codes& codes, Width width, Colors& out) {
    for (int i = 0; i < kLanes; i += 8) {
        const __m512i number = width == Width::kWhole
                                   ? _mm512_load_si512(codes.whole.of + i)
                                   : _mm512_cvtepu32_epi64(load8(codes.low.of + i));
        _mm512_store_si512(out.of + i, mix(number));
    }
}

template <int kEights = 4>
GEMCORE_ALWAYS_INLINE std::uint64_t sum_of(const Colors& colors, std::uint32_t nodes) {
    __m512i part[4];
    for (int i = 0; i < kEights; ++i) {
        const auto mask = static_cast<__mmask8>(nodes >> (8 * i));
        part[i] = _mm512_maskz_load_epi64(mask, colors.of + 8 * i);
    }
    for (int i = kEights; i < 4; ++i) part[i] = _mm512_setzero_si512();
    return sum_of_lanes(
        _mm512_add_epi64(_mm512_add_epi64(part[0], part[1]), _mm512_add_epi64(part[2], part[3])));
}

/// Sums over four nodes at a time: the 16 sums that there are lie in two registers, and the bits of
/// a row pick one.
template <int kEights = 4>
GEMCORE_ALWAYS_INLINE void neighbor_sums(const Colors& colors, const Words& neighbors,
                                         Colors& sums) {
    __m512i rows[kEights];
    __m512i sum[kEights];
    for (int i = 0; i < kEights; ++i) {
        rows[i] = _mm512_cvtepu32_epi64(
            _mm256_load_si256(reinterpret_cast<const __m256i*>(neighbors.of + 8 * i)));
        sum[i] = _mm512_setzero_si512();
    }
    for (int four = 0; four < 2 * kEights; ++four) {
        const std::uint64_t* c = colors.of + 4 * four;
        __m512i without_last = _mm512_maskz_mov_epi64(0xaa, set64(c[0]));
        without_last = _mm512_mask_add_epi64(without_last, 0xcc, without_last, set64(c[1]));
        without_last = _mm512_mask_add_epi64(without_last, 0xf0, without_last, set64(c[2]));
        const __m512i with_last = _mm512_add_epi64(without_last, set64(c[3]));
        for (int i = 0; i < kEights; ++i) {
            sum[i] = _mm512_add_epi64(sum[i],
                                      _mm512_permutex2var_epi64(without_last, rows[i], with_last));
            rows[i] = _mm512_srli_epi64(rows[i], 4);
        }
    }
    for (int i = 0; i < kEights; ++i) _mm512_store_si512(sums.of + 8 * i, sum[i]);
}

/// out[v] = table[index[v]] for the first `size` lanes, 0 for the others up to 8 kEights.
template <int kEights>
GEMCORE_ALWAYS_INLINE void look_up(const std::uint64_t* table, const std::uint8_t* index, int size,
                                   Colors& out) {
    const __m256i bytes = _mm256_maskz_loadu_epi8(first_bits(size), index);
    alignas(32) std::uint8_t copy[kLanes];
    _mm256_store_si256(reinterpret_cast<__m256i*>(copy), bytes);
    for (int i = 0; i < 8 * kEights; i += 8) {
        const auto present = static_cast<__mmask8>(first_bits(size) >> i);
        const __m128i eight = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(copy + i));
        const __m512i found = _mm512_mask_i64gather_epi64(_mm512_setzero_si512(), present,
                                                          _mm512_cvtepu8_epi64(eight), table, 8);
        _mm512_store_si512(out.of + i, found);
    }
}

/// terms = mix64(colors ^ salt), color_term of wl/color.h.
template <int kEights>
GEMCORE_ALWAYS_INLINE void salted(const Colors& colors, std::uint64_t salt, Colors& terms) {
    for (int i = 0; i < 8 * kEights; i += 8) {
        const __m512i c = _mm512_load_si512(colors.of + i);
        _mm512_store_si512(terms.of + i, mix(_mm512_xor_si512(c, set64(salt))));
    }
}

template <int kEights>
GEMCORE_ALWAYS_INLINE void add(const Colors& other, Colors& colors) {
    for (int i = 0; i < 8 * kEights; i += 8) {
        _mm512_store_si512(colors.of + i, _mm512_add_epi64(_mm512_load_si512(colors.of + i),
                                                           _mm512_load_si512(other.of + i)));
    }
}

/// colors = mix(own * colors + first * a + second * b), b where there is one.
GEMCORE_ALWAYS_INLINE void combine(const Colors& a, const Colors* b, const std::uint64_t factor[3],
                                   Colors& colors) {
    for (int i = 0; i < kLanes; i += 8) {
        __m512i x = _mm512_mullo_epi64(_mm512_load_si512(colors.of + i), set64(factor[0]));
        x = _mm512_add_epi64(x, _mm512_mullo_epi64(_mm512_load_si512(a.of + i), set64(factor[1])));
        if (b != nullptr) {
            x = _mm512_add_epi64(
                x, _mm512_mullo_epi64(_mm512_load_si512(b->of + i), set64(factor[2])));
        }
        _mm512_store_si512(colors.of + i, mix(x));
    }
}

}  // namespace
}  // namespace gemcore::GEMCORE_SIMD_LEVEL
