// See wl/lanes.h.
#pragma once

#include <immintrin.h>

#include "wl/lanes.h"

namespace gemcore::GEMCORE_SIMD_LEVEL {
namespace {

/// 32 lanes in two registers.
struct Lanes {
    __m512i low, high;
};

GEMCORE_ALWAYS_INLINE Lanes lanes_of(const Words& words) {
    return {_mm512_load_si512(words.of), _mm512_load_si512(words.of + 16)};
}

GEMCORE_ALWAYS_INLINE void store(const Lanes& lanes, Words& words) {
    _mm512_store_si512(words.of, lanes.low);
    _mm512_store_si512(words.of + 16, lanes.high);
}

/// _mm512_reduce_add_epi64 adds the last two as signed numbers, whose overflow is undefined.
GEMCORE_ALWAYS_INLINE std::uint64_t sum_of_lanes(__m512i lanes) {
    const __m256i four =
        _mm256_add_epi64(_mm512_castsi512_si256(lanes), _mm512_extracti64x4_epi64(lanes, 1));
    const __m128i two =
        _mm_add_epi64(_mm256_castsi256_si128(four), _mm256_extracti128_si256(four, 1));
    return static_cast<std::uint64_t>(_mm_cvtsi128_si64(two)) +
           static_cast<std::uint64_t>(_mm_extract_epi64(two, 1));
}

/// Row v is the word rows[v * stride]; lanes from `size` on get 0.
GEMCORE_ALWAYS_INLINE void load_rows(const std::uint64_t* rows, int stride, int size, Words& out) {
    if (stride != 1) {
        store({_mm512_setzero_si512(), _mm512_setzero_si512()}, out);
        for (int v = 0; v < size; ++v) out.of[v] = static_cast<std::uint32_t>(rows[v * stride]);
        return;
    }
    const std::uint32_t present = first_bits(size);
    __m512i eight[4];
    for (int i = 0; i < 4; ++i) {
        const auto mask = static_cast<__mmask8>(present >> (8 * i));
        eight[i] = _mm512_maskz_loadu_epi64(mask, rows + 8 * i);
    }
    const __m512i even =
        _mm512_set_epi32(30, 28, 26, 24, 22, 20, 18, 16, 14, 12, 10, 8, 6, 4, 2, 0);
    store({_mm512_permutex2var_epi32(eight[0], even, eight[1]),
           _mm512_permutex2var_epi32(eight[2], even, eight[3])},
          out);
}

#if defined(__AVX512VBMI__) && defined(__GFNI__)

/// Byte permutations of transpose(). Byte c of row r lies at 4 r + c; the block of rows 8 R .. 8 R
/// + 7 and bytes C goes to the block (C, R), turned by itself.
struct TransposePlan {
    alignas(64) std::uint8_t gather[2][64];
    alignas(64) std::uint8_t scatter[64];

    constexpr TransposePlan() : gather(), scatter() {
        for (int half = 0; half < 2; ++half) {
            for (int block = 0; block < 8; ++block) {
                const int to_rows = 2 * half + block / 4;
                const int from_rows = block % 4;
                for (int k = 0; k < 8; ++k) {
                    // Backwards: the affine instruction counts the rows of a matrix from the top.
                    gather[half][8 * block + 7 - k] =
                        static_cast<std::uint8_t>(4 * (8 * from_rows + k) + to_rows);
                }
            }
        }
        for (int row = 0; row < 16; ++row) {
            for (int byte = 0; byte < 4; ++byte) {
                scatter[4 * row + byte] =
                    static_cast<std::uint8_t>(8 * (4 * (row / 8) + byte) + row % 8);
            }
        }
    }
};
constexpr TransposePlan kTransposePlan;

GEMCORE_ALWAYS_INLINE void transpose(const Words& rows, Words& out) {
    const Lanes in = lanes_of(rows);
    const __m512i scatter = _mm512_load_si512(kTransposePlan.scatter);
    const __m512i identity = _mm512_set1_epi64(static_cast<long long>(0x8040201008040201u));
    __m512i half[2];
    for (int i = 0; i < 2; ++i) {
        const __m512i gather = _mm512_load_si512(kTransposePlan.gather[i]);
        const __m512i blocks = _mm512_permutex2var_epi8(in.low, gather, in.high);
        // A matrix of 8 x 8 bits times the rows of the identity is its transpose.
        const __m512i turned = _mm512_gf2p8affine_epi64_epi8(identity, blocks, 0);
        half[i] = _mm512_permutexvar_epi8(scatter, turned);
    }
    store({half[0], half[1]}, out);
}

#else

GEMCORE_ALWAYS_INLINE void transpose(const Words& rows, Words& out) {
    const Lanes in = lanes_of(rows);
    // Byte k of the 32 rows side by side, for two k in each register; then a bit of all rows at
    // once.
    const __m512i bytes =
        _mm512_broadcast_i32x4(_mm_set_epi8(15, 11, 7, 3, 14, 10, 6, 2, 13, 9, 5, 1, 12, 8, 4, 0));
    const __m512i low = _mm512_shuffle_epi8(in.low, bytes);
    const __m512i high = _mm512_shuffle_epi8(in.high, bytes);
    const __m512i first =
        _mm512_set_epi32(29, 25, 21, 17, 13, 9, 5, 1, 28, 24, 20, 16, 12, 8, 4, 0);
    const __m512i second = _mm512_add_epi32(first, _mm512_set1_epi32(2));
    __m512i planes[2] = {_mm512_permutex2var_epi32(low, first, high),
                         _mm512_permutex2var_epi32(low, second, high)};
    for (int bit = 7; bit >= 0; --bit) {
        for (int i = 0; i < 2; ++i) {
            const std::uint64_t columns = _mm512_movepi8_mask(planes[i]);
            out.of[16 * i + bit] = static_cast<std::uint32_t>(columns);
            out.of[16 * i + 8 + bit] = static_cast<std::uint32_t>(columns >> 32);
            planes[i] = _mm512_add_epi8(planes[i], planes[i]);
        }
    }
}

#endif

using Labels = __m256i;

/// label_of_op: of ops 0 .. 15. `readable` is how many bytes may be read, at least `size`.
GEMCORE_ALWAYS_INLINE Labels load_labels(const std::uint8_t* ops, int size, std::int64_t,
                                         const std::uint8_t* label_of_op) {
    const __m256i table =
        _mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(label_of_op)));
    return _mm256_shuffle_epi8(table, _mm256_maskz_loadu_epi8(first_bits(size), ops));
}

GEMCORE_ALWAYS_INLINE std::uint32_t with_label(Labels labels, int label) {
    return _mm256_cmpeq_epi8_mask(labels, _mm256_set1_epi8(static_cast<char>(label)));
}

GEMCORE_ALWAYS_INLINE __m512i popcount(__m512i words) {
#ifdef __AVX512VPOPCNTDQ__
    return _mm512_popcnt_epi32(words);
#else
    // Mula, Kurz & Lemire, "Faster Population Counts Using AVX2 Instructions", 2018.
    const __m512i of_nibble =
        _mm512_broadcast_i32x4(_mm_set_epi8(4, 3, 3, 2, 3, 2, 2, 1, 3, 2, 2, 1, 2, 1, 1, 0));
    const __m512i nibble = _mm512_set1_epi8(15);
    const __m512i low = _mm512_shuffle_epi8(of_nibble, _mm512_and_si512(words, nibble));
    const __m512i high =
        _mm512_shuffle_epi8(of_nibble, _mm512_and_si512(_mm512_srli_epi16(words, 4), nibble));
    const __m512i bytes = _mm512_add_epi8(low, high);
    const __m512i pairs = _mm512_maddubs_epi16(bytes, _mm512_set1_epi8(1));
    return _mm512_madd_epi16(pairs, _mm512_set1_epi16(1));
#endif
}

GEMCORE_ALWAYS_INLINE void append_counts(const Words& neighbors, std::uint32_t nodes,
                                         Lanes& codes) {
    const Lanes rows = lanes_of(neighbors);
    const __m512i among = _mm512_set1_epi32(static_cast<int>(nodes));
    codes.low = _mm512_add_epi32(_mm512_slli_epi32(codes.low, 5),
                                 popcount(_mm512_and_si512(rows.low, among)));
    codes.high = _mm512_add_epi32(_mm512_slli_epi32(codes.high, 5),
                                  popcount(_mm512_and_si512(rows.high, among)));
}

GEMCORE_ALWAYS_INLINE void append_labels(Labels labels, int num_bits, Lanes& codes) {
    const __m128i shift = _mm_cvtsi32_si128(num_bits);
    codes.low = _mm512_add_epi32(_mm512_sll_epi32(codes.low, shift),
                                 _mm512_cvtepu8_epi32(_mm256_castsi256_si128(labels)));
    codes.high = _mm512_add_epi32(_mm512_sll_epi32(codes.high, shift),
                                  _mm512_cvtepu8_epi32(_mm256_extracti128_si256(labels, 1)));
}

GEMCORE_ALWAYS_INLINE Lanes zero_codes() {
    return {_mm512_setzero_si512(), _mm512_setzero_si512()};
}

GEMCORE_ALWAYS_INLINE Lanes either(const Lanes& a, const Lanes& b) {
    return {_mm512_or_si512(a.low, b.low), _mm512_or_si512(a.high, b.high)};
}

/// codes ^= other << 7.
GEMCORE_ALWAYS_INLINE void fold(const Lanes& other, Lanes& codes) {
    codes.low = _mm512_xor_si512(codes.low, _mm512_slli_epi32(other.low, 7));
    codes.high = _mm512_xor_si512(codes.high, _mm512_slli_epi32(other.high, 7));
}

GEMCORE_ALWAYS_INLINE std::uint32_t joined(__mmask16 low, __mmask16 high) {
    return static_cast<std::uint32_t>(low) | static_cast<std::uint32_t>(high) << 16;
}

GEMCORE_ALWAYS_INLINE void set_digests(const Lanes& digests, Codes& codes) {
    auto* const sixteen = reinterpret_cast<__m256i*>(codes.digest);
    _mm256_store_si256(sixteen, _mm512_cvtepi32_epi16(digests.low));
    _mm256_store_si256(sixteen + 1, _mm512_cvtepi32_epi16(digests.high));
}

GEMCORE_ALWAYS_INLINE void digest(const Lanes& low, Codes& codes) {
    const __m512i factor = _mm512_set1_epi32(static_cast<int>(kDigestFactor));
    set_digests({_mm512_srli_epi32(_mm512_mullo_epi32(low.low, factor), 16),
                 _mm512_srli_epi32(_mm512_mullo_epi32(low.high, factor), 16)},
                codes);
}

GEMCORE_ALWAYS_INLINE __m256i load8(const std::uint32_t* numbers) {
    return _mm256_load_si256(reinterpret_cast<const __m256i*>(numbers));
}

/// codes = low + 2^32 high.
GEMCORE_ALWAYS_INLINE void set_codes(const Lanes& low, const Lanes& high, Codes& codes) {
    store(low, codes.low);
    digest(low, codes);
    Words upper;
    store(high, upper);
    for (int i = 0; i < kLanes; i += 8) {
        const __m512i l = _mm512_cvtepu32_epi64(load8(codes.low.of + i));
        const __m512i h = _mm512_cvtepu32_epi64(load8(upper.of + i));
        _mm512_store_si512(codes.whole.of + i, _mm512_or_si512(l, _mm512_slli_epi64(h, 32)));
    }
}

GEMCORE_ALWAYS_INLINE void set_codes(const Colors& colors, Codes& codes) {
    for (int i = 0; i < kLanes; i += 8) {
        const __m512i c = _mm512_load_si512(colors.of + i);
        _mm512_store_si512(codes.whole.of + i, c);
        _mm256_store_si256(reinterpret_cast<__m256i*>(codes.low.of + i), _mm512_cvtepi64_epi32(c));
    }
    digest(lanes_of(codes.low), codes);
}

/// Lanes of x that are equal to some lane of y.
GEMCORE_ALWAYS_INLINE std::uint32_t equal_across(const Codes& x, const Codes& y) {
#ifdef __AVX512VP2INTERSECT__
    const Lanes a = lanes_of(x.low);
    const Lanes b = lanes_of(y.low);
    __mmask16 low[2];
    __mmask16 high[2];
    __mmask16 unused;
    _mm512_2intersect_epi32(a.low, b.low, &low[0], &unused);
    _mm512_2intersect_epi32(a.low, b.high, &low[1], &unused);
    _mm512_2intersect_epi32(a.high, b.low, &high[0], &unused);
    _mm512_2intersect_epi32(a.high, b.high, &high[1], &unused);
    return joined(low[0] | low[1], high[0] | high[1]);
#else
    const __m512i digests = _mm512_load_si512(x.digest);
    // The least difference to any: two chains, for each step waits for the last one. Comparisons
    // into mask registers would take twice as long.
    __m512i least[2] = {_mm512_set1_epi32(-1), _mm512_set1_epi32(-1)};
#pragma GCC unroll 32
    for (int j = 0; j < kLanes; ++j) {
        const __m512i other = _mm512_set1_epi16(static_cast<short>(y.digest[j]));
        least[j % 2] = _mm512_min_epu16(least[j % 2], _mm512_xor_si512(digests, other));
    }
    const __m512i both = _mm512_min_epu16(least[0], least[1]);
    return _mm512_testn_epi16_mask(both, both);
#endif
}

/// At least one of every two equal lanes.
GEMCORE_ALWAYS_INLINE std::uint32_t equal_within(const Codes& x) {
    const Lanes a = lanes_of(x.low);
    const __m512i all = _mm512_set1_epi32(-1);
    const __mmask16 low = _mm512_test_epi32_mask(_mm512_conflict_epi32(a.low), all);
    const __mmask16 high = _mm512_test_epi32_mask(_mm512_conflict_epi32(a.high), all);
#ifdef __AVX512VP2INTERSECT__
    __mmask16 across;
    __mmask16 unused;
    _mm512_2intersect_epi32(a.low, a.high, &across, &unused);
#else
    __m512i least[2] = {all, all};
#pragma GCC unroll 16
    for (int j = 0; j < 16; ++j) {
        const __m512i other = _mm512_set1_epi32(static_cast<int>(x.low.of[16 + j]));
        least[j % 2] = _mm512_min_epu32(least[j % 2], _mm512_xor_si512(a.low, other));
    }
    const __m512i both = _mm512_min_epu32(least[0], least[1]);
    const __mmask16 across = _mm512_testn_epi32_mask(both, both);
#endif
    return joined(low | across, high);
}

GEMCORE_ALWAYS_INLINE std::uint32_t equal_words(std::uint32_t number, const Words& words) {
    const Lanes a = lanes_of(words);
    const __m512i wanted = _mm512_set1_epi32(static_cast<int>(number));
    return joined(_mm512_cmpeq_epi32_mask(a.low, wanted), _mm512_cmpeq_epi32_mask(a.high, wanted));
}

/// The lanes whose digest is that of lane `lane` of `other`.
GEMCORE_ALWAYS_INLINE std::uint32_t digests_equal(const Codes& other, int lane,
                                                  const Codes& codes) {
    const __m512i wanted = _mm512_set1_epi16(static_cast<short>(other.digest[lane]));
    return _mm512_cmpeq_epi16_mask(_mm512_load_si512(codes.digest), wanted);
}

/// The lanes whose code is that of lane `lane` of `other`.
GEMCORE_ALWAYS_INLINE std::uint32_t equal_to(const Codes& other, int lane, Width width,
                                             const Codes& codes) {
    if (width == Width::kDigest) return digests_equal(other, lane, codes);
    if (width == Width::kLow) return equal_words(other.low.of[lane], codes.low);
    const __m512i wanted = _mm512_set1_epi64(static_cast<long long>(other.whole.of[lane]));
    std::uint32_t equal = 0;
    for (int i = 0; i < 4; ++i) {
        const __m512i eight = _mm512_load_si512(codes.whole.of + 8 * i);
        equal |= static_cast<std::uint32_t>(_mm512_cmpeq_epi64_mask(eight, wanted)) << (8 * i);
    }
    return equal;
}

}  // namespace
}  // namespace gemcore::GEMCORE_SIMD_LEVEL
