// Turns 64 rows of 64 bits. For wide sources alone.
#pragma once

#include <immintrin.h>

#include <cstdint>

#include "support/always_inline.h"

namespace gemcore::GEMCORE_SIMD_LEVEL {
namespace {

#if defined(__AVX512VBMI__) && defined(__GFNI__)

/// The permutation that turns 8 x 8 bytes; and with each row backwards, for the affine instruction
/// counts the rows of a matrix from the top.
struct TurnedBytes {
    alignas(64) std::uint8_t plain[64];
    alignas(64) std::uint8_t backwards[64];

    constexpr TurnedBytes() : plain(), backwards() {
        for (int i = 0; i < 64; ++i) {
            plain[i] = static_cast<std::uint8_t>(8 * (i % 8) + i / 8);
            backwards[i] = static_cast<std::uint8_t>(8 * (7 - i % 8) + i / 8);
        }
    }
};
constexpr TurnedBytes kTurnedBytes;

/// Turns 64 rows of 64 bits: bytes within each eight rows, bits within each 8 x 8 of them, and the
/// eights among each other.
GEMCORE_ALWAYS_INLINE void transpose64(std::uint64_t (&rows)[64]) {
    const __m512i identity = _mm512_set1_epi64(static_cast<long long>(0x8040201008040201u));
    const __m512i turn_bytes = _mm512_load_si512(kTurnedBytes.plain);
    const __m512i turn_backwards = _mm512_load_si512(kTurnedBytes.backwards);
    const __m512i eighth = _mm512_set_epi64(56, 48, 40, 32, 24, 16, 8, 0);
    alignas(64) std::uint64_t blocks[64];
    for (int i = 0; i < 8; ++i) {
        const __m512i eight = _mm512_load_si512(rows + 8 * i);
        const __m512i bytes = _mm512_permutexvar_epi8(turn_backwards, eight);
        const __m512i bits = _mm512_gf2p8affine_epi64_epi8(identity, bytes, 0);
        _mm512_i64scatter_epi64(blocks + i, eighth, bits, 8);
    }
    for (int i = 0; i < 8; ++i) {
        const __m512i eight = _mm512_load_si512(blocks + 8 * i);
        _mm512_store_si512(rows + 8 * i, _mm512_permutexvar_epi8(turn_bytes, eight));
    }
}

#else

/// Turns 64 rows of 64 bits. Warren, "Hacker's Delight", 2nd edition, section 7-3.
GEMCORE_ALWAYS_INLINE void transpose64(std::uint64_t (&rows)[64]) {
    std::uint64_t mask = 0x00000000ffffffffu;
    for (int width = 32; width != 0; width >>= 1, mask ^= mask << width) {
        for (int block = 0; block < 64; block += 2 * width) {
            for (int i = block; i < block + width; ++i) {
                const std::uint64_t crossed = (rows[i] >> width ^ rows[i + width]) & mask;
                rows[i] ^= crossed << width;
                rows[i + width] ^= crossed;
            }
        }
    }
}

#endif

}  // namespace
}  // namespace gemcore::GEMCORE_SIMD_LEVEL
