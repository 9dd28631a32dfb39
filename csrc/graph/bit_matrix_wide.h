// A matrix of 32 x 32 bits in two registers: reordered and transposed in a few instructions.
//
// For wide sources alone (support/simd.h), at levels with VBMI: everything here is local to one.
#pragma once

#include <immintrin.h>

#include <cstdint>

#include "support/always_inline.h"

namespace gemcore::GEMCORE_SIMD_LEVEL {
namespace {

/// Rows of 32 bits, sixteen a register.
struct BitMatrix {
    __m512i half[2];
};

/// Numbers of bytes among the 128 of a matrix.
struct ByteTable {
    alignas(64) std::uint8_t from[128];
};

/// Byte 8 (4 j + c) + k is byte c of row 8 j + 7 - k: word 4 j + c is a block of 8 x 8 bits.
constexpr ByteTable make_blocks() {
    ByteTable table{};
    for (int i = 0; i < 128; ++i) {
        const int row = i / 32 * 8 + 7 - i % 8;
        table.from[i] = static_cast<std::uint8_t>(4 * row + i / 8 % 4);
    }
    return table;
}

/// Byte j of row 8 c + k is byte k of block 4 j + c.
constexpr ByteTable make_rows() {
    ByteTable table{};
    for (int i = 0; i < 128; ++i) {
        const int row = i / 4;
        table.from[i] = static_cast<std::uint8_t>(8 * (i % 4 * 4 + row / 8) + row % 8);
    }
    return table;
}

constexpr ByteTable kBlocks = make_blocks();
constexpr ByteTable kRows = make_rows();

GEMCORE_ALWAYS_INLINE BitMatrix gathered_bytes(const BitMatrix& x, const ByteTable& table) {
    return {{_mm512_permutex2var_epi8(x.half[0], _mm512_load_si512(table.from), x.half[1]),
             _mm512_permutex2var_epi8(x.half[0], _mm512_load_si512(table.from + 64), x.half[1])}};
}

GEMCORE_ALWAYS_INLINE BitMatrix transposed(const BitMatrix& x) {
    BitMatrix blocks = gathered_bytes(x, kBlocks);
    // The product by bytes with one bit each transposes a matrix of bits whose rows come last
    // first.
    const __m512i one_bit = _mm512_set1_epi64(static_cast<long long>(0x8040201008040201));
    blocks.half[0] = _mm512_gf2p8affine_epi64_epi8(one_bit, blocks.half[0], 0);
    blocks.half[1] = _mm512_gf2p8affine_epi64_epi8(one_bit, blocks.half[1], 0);
    return gathered_bytes(blocks, kRows);
}

/// The numbers of the first `size` rows of a result.
struct Places {
    __m512i half[2];
    __mmask16 is_there[2];

    /// From bytes.
    GEMCORE_ALWAYS_INLINE Places(__m512i order, int size)
        : half{_mm512_cvtepu8_epi32(_mm512_castsi512_si128(order)),
               _mm512_cvtepu8_epi32(_mm256_extracti128_si256(_mm512_castsi512_si256(order), 1))} {
        const std::uint64_t present = _bzhi_u64(~std::uint64_t{0}, static_cast<unsigned>(size));
        is_there[0] = static_cast<__mmask16>(present);
        is_there[1] = static_cast<__mmask16>(present >> 16);
    }
};

/// Row i of the result is row order[i]; those from `size` on are empty.
GEMCORE_ALWAYS_INLINE BitMatrix gathered_rows(const BitMatrix& x, const Places& order) {
    return {
        {_mm512_maskz_permutex2var_epi32(order.is_there[0], x.half[0], order.half[0], x.half[1]),
         _mm512_maskz_permutex2var_epi32(order.is_there[1], x.half[0], order.half[1], x.half[1])}};
}

/// Bit j of row i of the result is bit order[j] of row order[i], for i, j < size; the others are 0.
GEMCORE_ALWAYS_INLINE BitMatrix reordered(const BitMatrix& x, const Places& order) {
    return transposed(gathered_rows(transposed(gathered_rows(x, order)), order));
}

}  // namespace
}  // namespace gemcore::GEMCORE_SIMD_LEVEL
