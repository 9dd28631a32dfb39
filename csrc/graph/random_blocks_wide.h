// Random words for many items at once: which blocks are wanted is listed first, then all are drawn.
//
// For wide sources alone (support/simd.h), at levels with AVX-512: everything here is local to one.
#pragma once

#include "support/philox_wide.h"

namespace gemcore::GEMCORE_SIMD_LEVEL {
namespace {

/// At most kMaxBlocks blocks of random words, and room beyond the last for reading 64 words more.
template <int kMaxBlocks>
class RandomBlocks {
 public:
    GEMCORE_ALWAYS_INLINE explicit RandomBlocks(std::uint64_t seed) : keys_(seed) {}

    GEMCORE_ALWAYS_INLINE void clear() { count_ = 0; }

    /// Lists the first `count` blocks of a stream of an item. Returns where their words will be.
    /// Eight are written at once, for how many are wanted is hard to predict.
    GEMCORE_ALWAYS_INLINE const std::uint32_t* list(std::uint64_t index, Stream stream, int count) {
        const std::uint64_t of_stream = static_cast<std::uint64_t>(stream) << 32;
        int block = 0;
        do {
            for (int i = 0; i < 8; i += kLanes) {
                const auto first = of_stream + static_cast<std::uint64_t>(block + i);
                store(index_ + count_ + block + i, all(index));
                store(block_ + count_ + block + i, add(lane_numbers(), all(first)));
            }
            block += 8;
        } while (block < count);
        const std::uint32_t* words = words_ + 4 * count_;
        count_ += count;
        return words;
    }

    GEMCORE_ALWAYS_INLINE void draw() {
        for (int first = 0; first < count_; first += kChains * kLanes) {
            WideBlocks drawn[kChains];
#pragma GCC unroll 4
            for (int chain = 0; chain < kChains; ++chain) {
                const Lanes index = load(index_ + first + chain * kLanes);
                const Lanes block = load(block_ + first + chain * kLanes);
                drawn[chain] = {{index, shift_right<32>(index), block, shift_right<32>(block)}};
            }
            philox(keys_, drawn);
#pragma GCC unroll 4
            for (int chain = 0; chain < kChains; ++chain) {
                store_blocks(drawn[chain], words_ + 4 * (first + chain * kLanes));
            }
        }
    }

 private:
    static constexpr int kRoom = kMaxBlocks + 32;

    /// The low halves of `second` above those of `first`.
    static GEMCORE_ALWAYS_INLINE __m512i pairs(__m512i first, __m512i second) {
        return _mm512_mask_shuffle_epi32(first, 0xaaaa, second, _MM_PERM_CCAA);
    }

    static GEMCORE_ALWAYS_INLINE void store_blocks(const WideBlocks& blocks, std::uint32_t* to) {
        const Lanes low = pairs(blocks.word[0], blocks.word[1]);
        const Lanes high = pairs(blocks.word[2], blocks.word[3]);
        const __m512i first = _mm512_set_epi64(11, 3, 10, 2, 9, 1, 8, 0);
        const __m512i second = _mm512_set_epi64(15, 7, 14, 6, 13, 5, 12, 4);
        store(to, _mm512_permutex2var_epi64(low, first, high));
        store(to + 16, _mm512_permutex2var_epi64(low, second, high));
    }

    PhiloxKeys keys_;
    int count_ = 0;
    alignas(64) std::uint64_t index_[kRoom] = {};
    alignas(64) std::uint64_t block_[kRoom] = {};
    alignas(64) std::uint32_t words_[4 * kRoom] = {};
};

}  // namespace
}  // namespace gemcore::GEMCORE_SIMD_LEVEL
