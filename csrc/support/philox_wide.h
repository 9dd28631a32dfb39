// Philox4x32-10 (philox.h) in vector registers, the same bits: a block a 64-bit lane, its four
// words in the low halves of four registers. The high halves hold what the products left there,
// which the next product ignores, so a round costs two products, two shifts and two xors of three.
//
// For wide sources alone (simd.h): everything here is in the namespace of a level and local.
#pragma once

#include <immintrin.h>

#include <cstdint>

#include "support/always_inline.h"
#include "support/philox.h"

/// A loop on its own: inlined into a larger function, GCC spills what should stay in registers.
#define GEMCORE_NO_INLINE __attribute__((noinline))

namespace gemcore::GEMCORE_SIMD_LEVEL {
namespace {

#ifdef __AVX512F__
using Lanes = __m512i;

GEMCORE_ALWAYS_INLINE Lanes load(const void* from) { return _mm512_loadu_si512(from); }
GEMCORE_ALWAYS_INLINE void store(void* to, Lanes x) { _mm512_storeu_si512(to, x); }
GEMCORE_ALWAYS_INLINE Lanes all(std::uint64_t x) {
    return _mm512_set1_epi64(static_cast<long long>(x));
}
GEMCORE_ALWAYS_INLINE Lanes add(Lanes a, Lanes b) { return _mm512_add_epi64(a, b); }
/// Products of the low halves.
GEMCORE_ALWAYS_INLINE Lanes product(Lanes a, Lanes b) { return _mm512_mul_epu32(a, b); }
template <int kBits>
GEMCORE_ALWAYS_INLINE Lanes shift_right(Lanes x) {
    return _mm512_srli_epi64(x, kBits);
}
template <int kBits>
GEMCORE_ALWAYS_INLINE Lanes shift_left(Lanes x) {
    return _mm512_slli_epi64(x, kBits);
}
GEMCORE_ALWAYS_INLINE Lanes both(Lanes a, Lanes b) { return _mm512_and_si512(a, b); }
GEMCORE_ALWAYS_INLINE Lanes xor2(Lanes a, Lanes b) { return _mm512_xor_si512(a, b); }
GEMCORE_ALWAYS_INLINE Lanes without(Lanes a, Lanes b) { return _mm512_andnot_si512(b, a); }
GEMCORE_ALWAYS_INLINE Lanes xor3(Lanes a, Lanes b, Lanes c) {
    return _mm512_ternarylogic_epi64(a, b, c, 0x96);
}
#else
using Lanes = __m256i;

GEMCORE_ALWAYS_INLINE Lanes load(const void* from) {
    return _mm256_loadu_si256(static_cast<const __m256i*>(from));
}
GEMCORE_ALWAYS_INLINE void store(void* to, Lanes x) {
    _mm256_storeu_si256(static_cast<__m256i*>(to), x);
}
GEMCORE_ALWAYS_INLINE Lanes all(std::uint64_t x) {
    return _mm256_set1_epi64x(static_cast<long long>(x));
}
GEMCORE_ALWAYS_INLINE Lanes add(Lanes a, Lanes b) { return _mm256_add_epi64(a, b); }
GEMCORE_ALWAYS_INLINE Lanes product(Lanes a, Lanes b) { return _mm256_mul_epu32(a, b); }
template <int kBits>
GEMCORE_ALWAYS_INLINE Lanes shift_right(Lanes x) {
    return _mm256_srli_epi64(x, kBits);
}
template <int kBits>
GEMCORE_ALWAYS_INLINE Lanes shift_left(Lanes x) {
    return _mm256_slli_epi64(x, kBits);
}
GEMCORE_ALWAYS_INLINE Lanes both(Lanes a, Lanes b) { return _mm256_and_si256(a, b); }
GEMCORE_ALWAYS_INLINE Lanes xor2(Lanes a, Lanes b) { return _mm256_xor_si256(a, b); }
GEMCORE_ALWAYS_INLINE Lanes without(Lanes a, Lanes b) { return _mm256_andnot_si256(b, a); }
GEMCORE_ALWAYS_INLINE Lanes xor3(Lanes a, Lanes b, Lanes c) { return xor2(xor2(a, b), c); }
#endif

constexpr int kLanes = sizeof(Lanes) / 8;

/// How many chains philox() keeps going side by side: as many as there are registers for.
constexpr int kChains = kLanes == 8 ? 4 : 2;

/// 0, 1, 2, ... in the lanes.
GEMCORE_ALWAYS_INLINE Lanes lane_numbers() {
    alignas(64) static constexpr std::uint64_t numbers[] = {0, 1, 2, 3, 4, 5, 6, 7};
    return load(numbers);
}

constexpr std::uint64_t kPhiloxM0 = 0xD2511F53u;
constexpr std::uint64_t kPhiloxM1 = 0xCD9E8D57u;

/// The keys of the ten rounds.
struct PhiloxKeys {
    std::uint64_t first[10];
    std::uint64_t second[10];

    explicit PhiloxKeys(std::uint64_t seed)
        : PhiloxKeys(static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)) {}
    PhiloxKeys(std::uint32_t key0, std::uint32_t key1) {
        for (int round = 0; round < 10; ++round) {
            first[round] = key0;
            second[round] = key1;
            key0 += 0x9E3779B9u;
            key1 += 0xBB67AE85u;
        }
    }
};

/// A block a lane: counters before, random words after. High halves are undefined.
struct WideBlocks {
    Lanes word[4];
};

/// Block `block` (low halves) of items `index` of a stream.
GEMCORE_ALWAYS_INLINE WideBlocks counters(Lanes index, Lanes block, Stream stream) {
    return {{index, shift_right<32>(index), block, all(static_cast<std::uint64_t>(stream))}};
}

/// Rounds kBegin .. kEnd - 1. Several chains side by side hide the latency of the products.
template <int kBegin, int kEnd, int kNumChains>
GEMCORE_ALWAYS_INLINE void philox_rounds(const PhiloxKeys& keys, WideBlocks (&chains)[kNumChains]) {
    const Lanes m0 = all(kPhiloxM0), m1 = all(kPhiloxM1);
#pragma GCC unroll 10
    for (int round = kBegin; round < kEnd; ++round) {
        const Lanes key0 = all(keys.first[round]), key1 = all(keys.second[round]);
#pragma GCC unroll 4
        for (int chain = 0; chain < kNumChains; ++chain) {
            Lanes(&c)[4] = chains[chain].word;
            const Lanes a = product(c[0], m0), b = product(c[2], m1);
            c[0] = xor3(shift_right<32>(b), c[1], key0);
            c[2] = xor3(shift_right<32>(a), c[3], key1);
            c[1] = b;
            c[3] = a;
        }
    }
}

/// Turns counters into words, or does the rounds that are left.
template <int kBegin = 0, int kNumChains>
GEMCORE_ALWAYS_INLINE void philox(const PhiloxKeys& keys, WideBlocks (&chains)[kNumChains]) {
    philox_rounds<kBegin, 10>(keys, chains);
}

/// The 128 bits of a block in the lanes of two registers: words 0 and 1, words 2 and 3.
struct WideHalves {
    Lanes half[2];
};

/// The last round's (high ^ c ^ key) below its low half.
GEMCORE_ALWAYS_INLINE Lanes last_words(Lanes product, Lanes c, Lanes key) {
#ifdef __AVX512F__
    const Lanes swapped = _mm512_rol_epi64(product, 32);
    return _mm512_mask_ternarylogic_epi32(swapped, 0x5555, c, key, 0x96);
#else
    const Lanes swapped = _mm256_shuffle_epi32(product, 0xb1);
    return xor2(swapped, _mm256_blend_epi32(xor2(c, key), all(0), 0xaa));
#endif
}

/// The same as philox(), but the last round joins the words, which costs nothing.
template <int kBegin = 0, int kNumChains>
GEMCORE_ALWAYS_INLINE void philox_halves(const PhiloxKeys& keys, WideBlocks (&chains)[kNumChains],
                                         WideHalves (&drawn)[kNumChains]) {
    philox_rounds<kBegin, 9>(keys, chains);
    const Lanes key0 = all(keys.first[9]), key1 = all(keys.second[9]);
    for (int chain = 0; chain < kNumChains; ++chain) {
        const Lanes(&c)[4] = chains[chain].word;
        drawn[chain].half[0] = last_words(product(c[2], all(kPhiloxM1)), c[1], key0);
        drawn[chain].half[1] = last_words(product(c[0], all(kPhiloxM0)), c[3], key1);
    }
}

/// The first two rounds fall apart: three of their four products depend on the item alone or on the
/// block alone (and on the high half of the item's index, one for all here). Whoever draws many
/// blocks of many items does each part once, and two xors for what is left.
struct ItemRounds {
    Lanes word[3];

    GEMCORE_ALWAYS_INLINE ItemRounds(const PhiloxKeys& keys, Lanes index, Stream stream) {
        const Lanes a = product(index, all(kPhiloxM0));
        const Lanes key = all(keys.second[0] ^ static_cast<std::uint64_t>(stream));
        const Lanes b = product(xor2(shift_right<32>(a), key), all(kPhiloxM1));
        word[0] = shift_right<32>(b);
        word[1] = b;
        word[2] = a;
    }
    GEMCORE_ALWAYS_INLINE ItemRounds(Lanes w0, Lanes w1, Lanes w2) : word{w0, w1, w2} {}
};

struct BlockRounds {
    Lanes word[3];

    GEMCORE_ALWAYS_INLINE BlockRounds(const PhiloxKeys& keys, Lanes block,
                                      std::uint32_t index_high) {
        const Lanes b = product(block, all(kPhiloxM1));
        const Lanes c0 = xor2(shift_right<32>(b), all(keys.first[0] ^ index_high));
        const Lanes a = product(c0, all(kPhiloxM0));
        word[0] = xor2(b, all(keys.first[1]));
        word[1] = xor2(shift_right<32>(a), all(keys.second[1]));
        word[2] = a;
    }
    GEMCORE_ALWAYS_INLINE BlockRounds(Lanes w0, Lanes w1, Lanes w2) : word{w0, w1, w2} {}
};

/// The state after two rounds, for philox<2>().
GEMCORE_ALWAYS_INLINE WideBlocks after_two_rounds(const ItemRounds& item,
                                                  const BlockRounds& block) {
    return {{xor2(item.word[0], block.word[0]), item.word[1], xor2(item.word[2], block.word[1]),
             block.word[2]}};
}

}  // namespace
}  // namespace gemcore::GEMCORE_SIMD_LEVEL
