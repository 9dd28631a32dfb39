// kEdgeShrink (sample_cell.h) for many cells at once: a lane is a cell. All lanes are at the same
// possible edge, so that they need the same word of their streams and compare with the same bound.
#pragma once

#include "support/philox_wide.h"

namespace gemcore::GEMCORE_SIMD_LEVEL {
namespace {

/// The words of the structure streams of kLanes cells whose indices share their high half.
class StructureWords {
 public:
    StructureWords(const PhiloxKeys& keys, Lanes index, std::uint32_t index_high)
        : keys_(keys), item_(keys, index, Stream::kSampleStructure), index_high_(index_high) {}

    /// The next word, mapped to 0 .. bound - 1.
    GEMCORE_ALWAYS_INLINE Lanes next_below(int bound) {
        if (position_ == 4 * kChains) refill();
        const Lanes word = load(words_[position_++]);
        return shift_right<32>(product(word, all(static_cast<std::uint64_t>(bound))));
    }

 private:
    GEMCORE_NO_INLINE void refill() {
        WideBlocks drawn[kChains];
        for (int i = 0; i < kChains; ++i, ++block_) {
            drawn[i] = after_two_rounds(item_, BlockRounds(keys_, all(block_), index_high_));
        }
        philox<2>(keys_, drawn);
        for (int i = 0; i < 4 * kChains; ++i) store(words_[i], drawn[i / 4].word[i % 4]);
        position_ = 0;
    }

    const PhiloxKeys& keys_;
    const ItemRounds item_;
    const std::uint32_t index_high_;
    std::uint64_t block_ = 0;
    int position_ = 4 * kChains;
    alignas(64) std::uint64_t words_[4 * kChains][kLanes];
};

/// Where `position` < `wanted`, adds `bit` to `row` and takes one from `wanted`.
GEMCORE_ALWAYS_INLINE void select(Lanes position, Lanes bit, Lanes& wanted, Lanes& row) {
#ifdef __AVX512F__
    const __mmask8 selected = _mm512_cmplt_epu64_mask(position, wanted);
    row = _mm512_mask_or_epi64(row, selected, row, bit);
    wanted = _mm512_mask_sub_epi64(wanted, selected, wanted, all(1));
#else
    const Lanes selected = _mm256_cmpgt_epi64(wanted, position);
    row = _mm256_or_si256(row, both(selected, bit));
    wanted = add(wanted, selected);
#endif
}

/// Writes the rows of the cells of a vector; null rows are not written.
GEMCORE_NO_INLINE void draw_edge_shrink(StructureWords& words, int num_nodes,
                                        std::uint64_t* const (&rows)[kLanes]) {
    const int num_words = (num_nodes + 63) / 64;
    int possible = num_nodes * (num_nodes - 1) / 2;
    Lanes wanted = words.next_below(possible + 1);
    for (int field = 0; field < num_nodes * num_words; ++field) {
        const int u = field / num_words, first = 64 * (field % num_words);
        const int end = first + 64 < num_nodes ? first + 64 : num_nodes;
        Lanes row = all(0);
        for (int v = u + 1 > first ? u + 1 : first; v < end; ++v, --possible) {
            select(words.next_below(possible), all(std::uint64_t{1} << (v - first)), wanted, row);
        }
        std::uint64_t lanes[kLanes];
        store(lanes, row);
        for (int lane = 0; lane < kLanes; ++lane) {
            if (rows[lane] != nullptr) rows[lane][field] = lanes[lane];
        }
    }
}

}  // namespace
}  // namespace gemcore::GEMCORE_SIMD_LEVEL
