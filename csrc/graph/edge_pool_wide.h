// Sets of possible edges of a graph of at most 64 nodes from which random ones are taken.
#pragma once

#include "graph/word_rows_wide.h"

namespace gemcore::GEMCORE_SIMD_LEVEL {
namespace {

/// The numbers of the rows, in elements of 16 bits.
GEMCORE_ALWAYS_INLINE __m512i row_numbers(int first) {
    const __m512i numbers = _mm512_cvtepu8_epi16(_mm512_castsi512_si256(byte_numbers()));
    return _mm512_add_epi16(numbers, _mm512_set1_epi16(static_cast<short>(first)));
}

/// For each of 32 elements of 16 bits the sum of those up to it.
GEMCORE_ALWAYS_INLINE __m512i running_sums(__m512i x) {
    x = _mm512_add_epi16(x, _mm512_bslli_epi128(x, 2));
    x = _mm512_add_epi16(x, _mm512_bslli_epi128(x, 4));
    x = _mm512_add_epi16(x, _mm512_bslli_epi128(x, 8));
    // From each quarter to the next one, then to the next but one.
    const __m512i last = _mm512_shufflehi_epi16(x, 0xff);
    const __m512i last_of = _mm512_unpackhi_epi64(last, last);
    x = _mm512_add_epi16(x, _mm512_maskz_shuffle_i64x2(0xfc, last_of, last_of, 0x90));
    const __m512i two = _mm512_shufflehi_epi16(x, 0xff);
    const __m512i two_of = _mm512_unpackhi_epi64(two, two);
    return _mm512_add_epi16(x, _mm512_maskz_shuffle_i64x2(0xf0, two_of, two_of, 0x40));
}

/// How many possible edges there are in the rows up to each, in a graph of `size` nodes.
GEMCORE_ALWAYS_INLINE __m512i possible_up_to(int first, int size) {
    const __m512i row = row_numbers(first);
    const __m512i one = _mm512_set1_epi16(1);
    const __m512i limit = _mm512_set1_epi16(static_cast<short>(size - 1));
    const __m512i u =
        _mm512_min_epu16(row, limit);  // Row `size` - 1 has none, nor have those above.
    const __m512i rows = _mm512_add_epi16(u, one);
    const __m512i twice =
        _mm512_mullo_epi16(rows, _mm512_sub_epi16(_mm512_add_epi16(limit, limit), u));
    return _mm512_srli_epi16(twice, 1);
}

template <int kGroups>
class EdgePool {
    static_assert(kGroups == 4 || kGroups == 8);

 public:
    /// The edges of the graph.
    GEMCORE_ALWAYS_INLINE explicit EdgePool(const __m512i (&rows)[kGroups]) {
#pragma GCC unroll 2
        for (int part = 0; part < kParts; ++part) {
            __m512i counts = _mm512_setzero_si512();
#pragma GCC unroll 4
            for (int i = 0; i < 4; ++i) {
                const __m128i count =
                    _mm512_cvtepi64_epi16(_mm512_popcnt_epi64(rows[4 * part + i]));
                counts = inserted(counts, count, i);
            }
            up_to_[part] = running_sums(counts);
        }
        if constexpr (kParts == 2) up_to_[1] = _mm512_add_epi16(up_to_[1], last_of(up_to_[0]));
        start(rows);
    }

    /// The other possible edges of a graph of `size` nodes.
    GEMCORE_ALWAYS_INLINE EdgePool(const EdgePool& present, const __m512i (&rows)[kGroups],
                                   int size) {
        const __m512i in_graph = set1(lowest(size));
        __m512i above = _mm512_set_epi64(-256, -128, -64, -32, -16, -8, -4, -2);
        __m512i missing[kGroups];
#pragma GCC unroll 8
        for (int group = 0; group < kGroups; ++group) {
            missing[group] = _mm512_andnot_si512(rows[group], _mm512_and_si512(above, in_graph));
            above = _mm512_slli_epi64(above, 8);
        }
#pragma GCC unroll 2
        for (int part = 0; part < kParts; ++part) {
            up_to_[part] = _mm512_sub_epi16(possible_up_to(32 * part, size), present.up_to_[part]);
        }
        start(missing);
    }

    GEMCORE_ALWAYS_INLINE int count() const { return counts_[31 + 32 * kParts]; }

    /// Takes the edge at place `skip`, in row order, out of the pool: a bit of row u.
    GEMCORE_ALWAYS_INLINE std::uint64_t take(std::uint32_t skip, int& u) {
        const __m512i place = _mm512_set1_epi16(static_cast<short>(skip));
        std::uint64_t before = 0;
#pragma GCC unroll 2
        for (int part = 0; part < kParts; ++part) {
            const std::uint64_t here = _mm512_cmple_epu16_mask(up_to_[part], place);
            before |= here << (32 * part);
        }
        u = static_cast<int>(_mm_popcnt_u64(before));
        const std::uint32_t in_row = skip - counts_[31 + u];
        const std::uint64_t bit = _pdep_u64(std::uint64_t{1} << in_row, bits_[u]);
        bits_[u] ^= bit;
#pragma GCC unroll 2
        for (int part = 0; part < kParts; ++part) {
            const auto behind = static_cast<__mmask32>(~before >> (32 * part));
            up_to_[part] =
                _mm512_mask_sub_epi16(up_to_[part], behind, up_to_[part], _mm512_set1_epi16(1));
        }
        store_counts();
        return bit;
    }

 private:
    static constexpr int kParts = kGroups > 4 ? 2 : 1;

    static GEMCORE_ALWAYS_INLINE __m512i inserted(__m512i x, __m128i quarter, int place) {
        switch (place) {
            case 0:
                return _mm512_inserti32x4(x, quarter, 0);
            case 1:
                return _mm512_inserti32x4(x, quarter, 1);
            case 2:
                return _mm512_inserti32x4(x, quarter, 2);
            default:
                return _mm512_inserti32x4(x, quarter, 3);
        }
    }

    static GEMCORE_ALWAYS_INLINE __m512i last_of(__m512i x) {
        return _mm512_permutexvar_epi16(_mm512_set1_epi16(31), x);
    }

    GEMCORE_ALWAYS_INLINE void start(const __m512i (&rows)[kGroups]) {
#pragma GCC unroll 8
        for (int group = 0; group < kGroups; ++group) {
            _mm512_store_si512(bits_ + 8 * group, rows[group]);
        }
        counts_[31] = 0;
        store_counts();
    }

    GEMCORE_ALWAYS_INLINE void store_counts() {
#pragma GCC unroll 2
        for (int part = 0; part < kParts; ++part) {
            _mm512_store_si512(counts_ + 32 * (1 + part), up_to_[part]);
        }
    }

    __m512i up_to_[kParts];                                ///< Edges in the rows up to each.
    alignas(64) std::uint16_t counts_[32 * (1 + kParts)];  ///< The same, after a 0.
    alignas(64) std::uint64_t bits_[8 * kGroups];
};

}  // namespace
}  // namespace gemcore::GEMCORE_SIMD_LEVEL
