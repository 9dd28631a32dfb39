// Graphs of at most 64 nodes in registers of 512 bits: a word is a row, eight rows a register, and
// the ops of all nodes one register more.
//
// For wide sources alone (support/simd.h), at levels with VBMI: everything here is local to one.
#pragma once

#include <immintrin.h>

#include <cstdint>

#include "graph/bit_matrix_wide.h"
#include "graph/dag_batch.h"
#include "support/always_inline.h"

namespace gemcore::GEMCORE_SIMD_LEVEL {
namespace {

/// The lowest `count` bits.
GEMCORE_ALWAYS_INLINE std::uint64_t lowest(int count) {
    return _bzhi_u64(~std::uint64_t{0}, static_cast<unsigned>(count));
}

GEMCORE_ALWAYS_INLINE __m512i set1(std::uint64_t word) {
    return _mm512_set1_epi64(static_cast<long long>(word));
}

/// The eight bits of a set of nodes that stand for the rows of register `group`.
GEMCORE_ALWAYS_INLINE __mmask8 part(std::uint64_t nodes, int group) {
    return static_cast<__mmask8>(nodes >> (8 * group));
}

/// Rows of a graph; those from num_nodes on are empty.
template <int kGroups>
GEMCORE_ALWAYS_INLINE void load_rows(const std::uint64_t* from, int num_nodes,
                                     __m512i (&rows)[kGroups]) {
    const std::uint64_t present = lowest(num_nodes);
#pragma GCC unroll 8
    for (int group = 0; group < kGroups; ++group) {
        rows[group] = _mm512_maskz_loadu_epi64(part(present, group), from + 8 * group);
    }
}

/// 0, 1, 2, ... in the bytes.
GEMCORE_ALWAYS_INLINE __m512i byte_numbers() {
    return _mm512_set_epi64(0x3f3e3d3c3b3a3938, 0x3736353433323130, 0x2f2e2d2c2b2a2928,
                            0x2726252423222120, 0x1f1e1d1c1b1a1918, 0x1716151413121110,
                            0x0f0e0d0c0b0a0908, 0x0706050403020100);
}

/// Byte r of word c is byte c of the row that byte r of `rows_of_bytes` names.
GEMCORE_ALWAYS_INLINE __m512i gathered_columns(__m512i x, std::uint64_t rows_of_bytes) {
    const __m512i columns = _mm512_set_epi64(
        0x0707070707070707, 0x0606060606060606, 0x0505050505050505, 0x0404040404040404,
        0x0303030303030303, 0x0202020202020202, 0x0101010101010101, 0);
    return _mm512_permutexvar_epi8(_mm512_or_si512(set1(8 * rows_of_bytes), columns), x);
}

/// The bytes of a register as a matrix of 8 x 8, transposed.
GEMCORE_ALWAYS_INLINE __m512i transposed_bytes(__m512i x) {
    return gathered_columns(x, 0x0706050403020100);
}

/// Word c is columns 8c .. 8c + 7 of the eight rows: its byte k holds column 8c + k.
GEMCORE_ALWAYS_INLINE __m512i transposed_blocks(__m512i x) {
    // The product by bytes with one bit each transposes a matrix of bits whose rows come last
    // first.
    const __m512i last_first = gathered_columns(x, 0x0001020304050607);
    return _mm512_gf2p8affine_epi64_epi8(set1(0x8040201008040201), last_first, 0);
}

/// Eight registers as a matrix of 8 x 8 words, transposed.
GEMCORE_ALWAYS_INLINE void transpose_words(__m512i (&x)[8]) {
    __m512i y[8];
#pragma GCC unroll 4
    for (int i = 0; i < 8; i += 2) {
        y[i] = _mm512_unpacklo_epi64(x[i], x[i + 1]);
        y[i + 1] = _mm512_unpackhi_epi64(x[i], x[i + 1]);
    }
#pragma GCC unroll 2
    for (int i = 0; i < 8; i += 4) {
#pragma GCC unroll 2
        for (int j = 0; j < 2; ++j) {
            x[i + j] = _mm512_shuffle_i64x2(y[i + j], y[i + j + 2], 0x88);
            x[i + j + 2] = _mm512_shuffle_i64x2(y[i + j], y[i + j + 2], 0xdd);
        }
    }
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i) {
        y[i] = _mm512_shuffle_i64x2(x[i], x[i + 4], 0x88);
        y[i + 4] = _mm512_shuffle_i64x2(x[i], x[i + 4], 0xdd);
    }
#pragma GCC unroll 8
    for (int i = 0; i < 8; ++i) x[i] = y[i];
}

/// Bit u of row v of `inputs` is bit v of row u of `rows`.
template <int kGroups>
GEMCORE_ALWAYS_INLINE void transpose(const __m512i (&rows)[kGroups], __m512i (&inputs)[kGroups]) {
    __m512i blocks[8];
#pragma GCC unroll 8
    for (int group = 0; group < 8; ++group) {
        blocks[group] = group < kGroups ? transposed_blocks(rows[group]) : _mm512_setzero_si512();
    }
    transpose_words(blocks);
#pragma GCC unroll 8
    for (int group = 0; group < kGroups; ++group) {
        inputs[group] = transposed_bytes(blocks[group]);
    }
}

/// Rows of at most 32 bits each as a matrix.
template <int kGroups>
GEMCORE_ALWAYS_INLINE BitMatrix packed(const __m512i (&rows)[kGroups]) {
    static_assert(kGroups <= 4);
    const __m512i low_halves =
        _mm512_set_epi32(30, 28, 26, 24, 22, 20, 18, 16, 14, 12, 10, 8, 6, 4, 2, 0);
    BitMatrix matrix;
#pragma GCC unroll 2
    for (int i = 0; i < 2; ++i) {
        const __m512i none = _mm512_setzero_si512();
        const __m512i low = 2 * i < kGroups ? rows[2 * i] : none;
        const __m512i high = 2 * i + 1 < kGroups ? rows[2 * i + 1] : none;
        matrix.half[i] = _mm512_permutex2var_epi32(low, low_halves, high);
    }
    return matrix;
}

/// Writes the rows 8 group .. 8 group + 7 of those that there are.
GEMCORE_ALWAYS_INLINE void store_rows(std::uint64_t* to, int num_nodes, int group, __m512i rows) {
    _mm512_mask_storeu_epi64(to + 8 * group, part(lowest(num_nodes), group), rows);
}

GEMCORE_ALWAYS_INLINE void store_matrix(std::uint64_t* to, int num_nodes, const BitMatrix& matrix) {
#pragma GCC unroll 2
    for (int i = 0; i < 2; ++i) {
        const __m256i low = _mm512_castsi512_si256(matrix.half[i]);
        const __m256i high = _mm512_extracti64x4_epi64(matrix.half[i], 1);
        store_rows(to, num_nodes, 2 * i, _mm512_cvtepu32_epi64(low));
        store_rows(to, num_nodes, 2 * i + 1, _mm512_cvtepu32_epi64(high));
    }
}

/// Bit j of row i of what is written is bit order[j] of row order[i], for i, j < size; the others
/// are 0. Requires order[i] < 64 for all i.
template <int kGroups>
GEMCORE_ALWAYS_INLINE void store_reordered(std::uint64_t* to, int num_nodes,
                                           const __m512i (&rows)[kGroups], __m512i order,
                                           int size) {
    if constexpr (kGroups <= 4) {
        store_matrix(to, num_nodes, reordered(packed(rows), Places(order, size)));
    } else {
        alignas(64) std::uint64_t row[8 * kGroups];
        alignas(64) std::uint8_t node[64];
#pragma GCC unroll 8
        for (int group = 0; group < kGroups; ++group) {
            _mm512_store_si512(row + 8 * group, rows[group]);
        }
        _mm512_store_si512(node, order);
        const std::uint64_t present = lowest(size);
        for (int i = 0; i < size; ++i) {
            to[i] = _mm512_mask_bitshuffle_epi64_mask(present, set1(row[node[i]]), order);
        }
        for (int i = size; i < num_nodes; ++i) to[i] = 0;
    }
}

/// Writes graph `index` of `size` nodes: its node i is node order[i] of these rows and ops.
/// Requires order[i] < 64 for all i.
template <int kGroups>
GEMCORE_ALWAYS_INLINE void write_in_order(const __m512i (&rows)[kGroups], __m512i ops,
                                          __m512i order, int size, const MutableDagBatch& out,
                                          std::int64_t index) {
    store_reordered(out.row(index, 0), out.num_nodes, rows, order, size);
    const __m512i absent = _mm512_set1_epi8(static_cast<char>(kAbsent));
    const __m512i ops_in_order = _mm512_mask_permutexvar_epi8(absent, lowest(size), order, ops);
    _mm512_mask_storeu_epi8(out.ops_of(index), lowest(out.num_nodes), ops_in_order);
    out.sizes[index] = static_cast<std::uint16_t>(size);
}

}  // namespace
}  // namespace gemcore::GEMCORE_SIMD_LEVEL
