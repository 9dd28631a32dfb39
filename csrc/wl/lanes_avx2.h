// See wl/lanes.h.
#pragma once

#include <immintrin.h>

#include <bit>

#include "support/mix64.h"
#include "wl/lanes.h"

namespace gemcore::GEMCORE_SIMD_LEVEL {
namespace {

/// 32 lanes in four registers.
struct Lanes {
    __m256i eight[4];
};

GEMCORE_ALWAYS_INLINE __m256i load8(const std::uint32_t* numbers) {
    return _mm256_load_si256(reinterpret_cast<const __m256i*>(numbers));
}

GEMCORE_ALWAYS_INLINE void store8(__m256i lanes, std::uint32_t* numbers) {
    _mm256_store_si256(reinterpret_cast<__m256i*>(numbers), lanes);
}

GEMCORE_ALWAYS_INLINE Lanes lanes_of(const Words& words) {
    Lanes lanes;
    for (int i = 0; i < 4; ++i) lanes.eight[i] = load8(words.of + 8 * i);
    return lanes;
}

GEMCORE_ALWAYS_INLINE void store(const Lanes& lanes, Words& words) {
    for (int i = 0; i < 4; ++i) store8(lanes.eight[i], words.of + 8 * i);
}

GEMCORE_ALWAYS_INLINE __m256i broadcast32(std::uint32_t value) {
    return _mm256_set1_epi32(static_cast<int>(value));
}

/// Row v is the word rows[v * stride]; lanes from `size` on get 0.
GEMCORE_ALWAYS_INLINE void load_rows(const std::uint64_t* rows, int stride, int size, Words& out) {
    int v = 0;
    for (; v < size; ++v) out.of[v] = static_cast<std::uint32_t>(rows[v * stride]);
    for (; v < kLanes; ++v) out.of[v] = 0;
}

GEMCORE_ALWAYS_INLINE void transpose(const Words& rows, Words& out) {
    // Byte k of all rows in register k; then a bit of all rows at once.
    const __m256i bytes = _mm256_broadcastsi128_si256(
        _mm_set_epi8(15, 11, 7, 3, 14, 10, 6, 2, 13, 9, 5, 1, 12, 8, 4, 0));
    __m256i in[4];
    for (int i = 0; i < 4; ++i) in[i] = _mm256_shuffle_epi8(load8(rows.of + 8 * i), bytes);
    const __m256i low01 = _mm256_unpacklo_epi32(in[0], in[1]);
    const __m256i low23 = _mm256_unpacklo_epi32(in[2], in[3]);
    const __m256i high01 = _mm256_unpackhi_epi32(in[0], in[1]);
    const __m256i high23 = _mm256_unpackhi_epi32(in[2], in[3]);
    __m256i planes[4] = {_mm256_unpacklo_epi64(low01, low23), _mm256_unpackhi_epi64(low01, low23),
                         _mm256_unpacklo_epi64(high01, high23),
                         _mm256_unpackhi_epi64(high01, high23)};
    const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
    for (int plane = 0; plane < 4; ++plane) {
        __m256i rest = _mm256_permutevar8x32_epi32(planes[plane], order);
        for (int bit = 7; bit >= 0; --bit) {
            out.of[8 * plane + bit] = static_cast<std::uint32_t>(_mm256_movemask_epi8(rest));
            rest = _mm256_add_epi8(rest, rest);
        }
    }
}

using Labels = __m256i;

/// label_of_op: of ops 0 .. 15. `readable` is how many bytes may be read, at least `size`.
GEMCORE_ALWAYS_INLINE Labels load_labels(const std::uint8_t* ops, int size, std::int64_t readable,
                                         const std::uint8_t* label_of_op) {
    alignas(32) std::uint8_t copy[kLanes];
    __m256i loaded;
    if (readable >= kLanes) {
        loaded = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(ops));
    } else {
        for (int v = 0; v < kLanes; ++v) copy[v] = v < size ? ops[v] : std::uint8_t{0};
        loaded = _mm256_load_si256(reinterpret_cast<const __m256i*>(copy));
    }
    const __m256i table =
        _mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(label_of_op)));
    return _mm256_shuffle_epi8(table, loaded);
}

GEMCORE_ALWAYS_INLINE std::uint32_t with_label(Labels labels, int label) {
    return static_cast<std::uint32_t>(_mm256_movemask_epi8(
        _mm256_cmpeq_epi8(labels, _mm256_set1_epi8(static_cast<char>(label)))));
}

/// Mula, Kurz & Lemire, "Faster Population Counts Using AVX2 Instructions", 2018.
GEMCORE_ALWAYS_INLINE __m256i popcount(__m256i words) {
    const __m256i of_nibble =
        _mm256_broadcastsi128_si256(_mm_set_epi8(4, 3, 3, 2, 3, 2, 2, 1, 3, 2, 2, 1, 2, 1, 1, 0));
    const __m256i nibble = _mm256_set1_epi8(15);
    const __m256i low = _mm256_shuffle_epi8(of_nibble, _mm256_and_si256(words, nibble));
    const __m256i high =
        _mm256_shuffle_epi8(of_nibble, _mm256_and_si256(_mm256_srli_epi16(words, 4), nibble));
    const __m256i pairs = _mm256_maddubs_epi16(_mm256_add_epi8(low, high), _mm256_set1_epi8(1));
    return _mm256_madd_epi16(pairs, _mm256_set1_epi16(1));
}

GEMCORE_ALWAYS_INLINE void append_counts(const Words& neighbors, std::uint32_t nodes,
                                         Lanes& codes) {
    const __m256i among = broadcast32(nodes);
    for (int i = 0; i < 4; ++i) {
        const __m256i row = load8(neighbors.of + 8 * i);
        codes.eight[i] = _mm256_add_epi32(_mm256_slli_epi32(codes.eight[i], 5),
                                          popcount(_mm256_and_si256(row, among)));
    }
}

GEMCORE_ALWAYS_INLINE void append_labels(Labels labels, int num_bits, Lanes& codes) {
    const __m128i shift = _mm_cvtsi32_si128(num_bits);
    alignas(32) std::uint8_t label[kLanes];
    _mm256_store_si256(reinterpret_cast<__m256i*>(label), labels);
    for (int i = 0; i < 4; ++i) {
        const __m256i wide =
            _mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(label + 8 * i)));
        codes.eight[i] = _mm256_add_epi32(_mm256_sll_epi32(codes.eight[i], shift), wide);
    }
}

GEMCORE_ALWAYS_INLINE Lanes zero_codes() {
    const __m256i zero = _mm256_setzero_si256();
    return {{zero, zero, zero, zero}};
}

GEMCORE_ALWAYS_INLINE Lanes either(const Lanes& a, const Lanes& b) {
    Lanes lanes;
    for (int i = 0; i < 4; ++i) lanes.eight[i] = _mm256_or_si256(a.eight[i], b.eight[i]);
    return lanes;
}

/// codes ^= other << 7.
GEMCORE_ALWAYS_INLINE void fold(const Lanes& other, Lanes& codes) {
    for (int i = 0; i < 4; ++i) {
        codes.eight[i] = _mm256_xor_si256(codes.eight[i], _mm256_slli_epi32(other.eight[i], 7));
    }
}

GEMCORE_ALWAYS_INLINE std::uint32_t sign_bits(const __m256i lanes[4]) {
    std::uint32_t bits = 0;
    for (int i = 0; i < 4; ++i) {
        const int eight = _mm256_movemask_ps(_mm256_castsi256_ps(lanes[i]));
        bits |= static_cast<std::uint32_t>(eight) << (8 * i);
    }
    return bits;
}

GEMCORE_ALWAYS_INLINE void set_digests(const Lanes& words, Codes& codes) {
    auto* const sixteen = reinterpret_cast<__m256i*>(codes.digest);
    for (int i = 0; i < 2; ++i) {
        const __m256i packed = _mm256_packus_epi32(words.eight[2 * i], words.eight[2 * i + 1]);
        _mm256_store_si256(sixteen + i, _mm256_permute4x64_epi64(packed, 0xd8));
    }
}

GEMCORE_ALWAYS_INLINE void digest(const Lanes& low, Codes& codes) {
    Lanes digests;
    for (int i = 0; i < 4; ++i) {
        const __m256i product = _mm256_mullo_epi32(low.eight[i], broadcast32(kDigestFactor));
        digests.eight[i] = _mm256_srli_epi32(product, 16);
    }
    set_digests(digests, codes);
}

GEMCORE_ALWAYS_INLINE __m256i widened(const std::uint32_t* numbers) {
    return _mm256_cvtepu32_epi64(_mm_load_si128(reinterpret_cast<const __m128i*>(numbers)));
}

GEMCORE_ALWAYS_INLINE __m256i load4(const std::uint64_t* numbers) {
    return _mm256_load_si256(reinterpret_cast<const __m256i*>(numbers));
}

GEMCORE_ALWAYS_INLINE void store4(__m256i lanes, std::uint64_t* numbers) {
    _mm256_store_si256(reinterpret_cast<__m256i*>(numbers), lanes);
}

/// codes = low + 2^32 high.
GEMCORE_ALWAYS_INLINE void set_codes(const Lanes& low, const Lanes& high, Codes& codes) {
    store(low, codes.low);
    digest(low, codes);
    Words upper;
    store(high, upper);
    for (int i = 0; i < kLanes; i += 4) {
        const __m256i shifted = _mm256_slli_epi64(widened(upper.of + i), 32);
        store4(_mm256_or_si256(widened(codes.low.of + i), shifted), codes.whole.of + i);
    }
}

GEMCORE_ALWAYS_INLINE void set_codes(const Colors& colors, Codes& codes) {
    for (int v = 0; v < kLanes; ++v) {
        codes.whole.of[v] = colors.of[v];
        codes.low.of[v] = static_cast<std::uint32_t>(colors.of[v]);
    }
    digest(lanes_of(codes.low), codes);
}

/// In each lane, minus the number of lanes of y whose digest is equal.
GEMCORE_ALWAYS_INLINE void count_equal(const Codes& x, const Codes& y, __m256i count[2]) {
    const auto* sixteen = reinterpret_cast<const __m256i*>(x.digest);
    const __m256i a[2] = {_mm256_load_si256(sixteen), _mm256_load_si256(sixteen + 1)};
    count[0] = count[1] = _mm256_setzero_si256();
#pragma GCC unroll 32
    for (int j = 0; j < kLanes; ++j) {
        const __m256i other = _mm256_set1_epi16(static_cast<short>(y.digest[j]));
        for (int i = 0; i < 2; ++i) {
            count[i] = _mm256_add_epi16(count[i], _mm256_cmpeq_epi16(a[i], other));
        }
    }
}

GEMCORE_ALWAYS_INLINE std::uint32_t sign_bits16(__m256i low, __m256i high) {
    const __m256i bytes = _mm256_permute4x64_epi64(_mm256_packs_epi16(low, high), 0xd8);
    return static_cast<std::uint32_t>(_mm256_movemask_epi8(bytes));
}

/// Lanes of x that are equal to some lane of y.
GEMCORE_ALWAYS_INLINE std::uint32_t equal_across(const Codes& x, const Codes& y) {
    __m256i count[2];
    count_equal(x, y, count);
    return sign_bits16(count[0], count[1]);
}

/// At least one of every two equal lanes.
GEMCORE_ALWAYS_INLINE std::uint32_t equal_within(const Codes& x) {
    __m256i count[2];
    count_equal(x, x, count);
    const __m256i itself = _mm256_set1_epi16(1);
    return sign_bits16(_mm256_add_epi16(count[0], itself), _mm256_add_epi16(count[1], itself));
}

GEMCORE_ALWAYS_INLINE std::uint32_t equal_words(std::uint32_t number, const Words& words) {
    const __m256i wanted = broadcast32(number);
    __m256i equal[4];
    for (int i = 0; i < 4; ++i) equal[i] = _mm256_cmpeq_epi32(load8(words.of + 8 * i), wanted);
    return sign_bits(equal);
}

/// The lanes whose digest is that of lane `lane` of `other`.
GEMCORE_ALWAYS_INLINE std::uint32_t digests_equal(const Codes& other, int lane,
                                                  const Codes& codes) {
    const __m256i wanted = _mm256_set1_epi16(static_cast<short>(other.digest[lane]));
    const auto* sixteen = reinterpret_cast<const __m256i*>(codes.digest);
    return sign_bits16(_mm256_cmpeq_epi16(_mm256_load_si256(sixteen), wanted),
                       _mm256_cmpeq_epi16(_mm256_load_si256(sixteen + 1), wanted));
}

/// The lanes whose code is that of lane `lane` of `other`.
GEMCORE_ALWAYS_INLINE std::uint32_t equal_to(const Codes& other, int lane, Width width,
                                             const Codes& codes) {
    if (width == Width::kDigest) return digests_equal(other, lane, codes);
    if (width == Width::kLow) return equal_words(other.low.of[lane], codes.low);
    const __m256i wanted = _mm256_set1_epi64x(static_cast<long long>(other.whole.of[lane]));
    std::uint32_t equal = 0;
    for (int i = 0; i < 8; ++i) {
        const __m256i four = _mm256_cmpeq_epi64(load4(codes.whole.of + 4 * i), wanted);
        const int bits = _mm256_movemask_pd(_mm256_castsi256_pd(four));
        equal |= static_cast<std::uint32_t>(bits) << (4 * i);
    }
    return equal;
}

}  // namespace
}  // namespace gemcore::GEMCORE_SIMD_LEVEL
