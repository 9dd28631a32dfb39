// Operations of many cells at once: a lane is a cell, a vector one block of words of kLanes cells.
#pragma once

#include "graph/transpose_wide.h"
#include "support/philox_wide.h"

namespace gemcore::GEMCORE_SIMD_LEVEL {
namespace {

/// The operations of four nodes in the high half of a lane, a byte each: the high halves of
/// word * num_ops. The product of node j is taken with 256^j num_ops, so its result lies in byte j.
GEMCORE_ALWAYS_INLINE Lanes four_ops(const Lanes (&word)[4], const Lanes (&num_ops)[4]) {
    Lanes op[4];
    for (int j = 0; j < 4; ++j) op[j] = product(word[j], num_ops[j]);
#ifdef __AVX512F__
    const Lanes low = _mm512_mask_blend_epi8(0x2020202020202020, op[0], op[1]);
    const Lanes high = _mm512_mask_blend_epi8(0x8080808080808080, op[2], op[3]);
    return _mm512_mask_blend_epi8(0xc0c0c0c0c0c0c0c0, low, high);
#else
    const Lanes low = _mm256_blendv_epi8(op[0], op[1], all(std::uint64_t{0xff} << 40));
    const Lanes high = _mm256_blendv_epi8(op[2], op[3], all(std::uint64_t{0xff} << 56));
    return _mm256_blend_epi16(low, high, 0x88);
#endif
}

/// The high half of `low` below the high half of `high`.
GEMCORE_ALWAYS_INLINE Lanes join_high_halves(Lanes low, Lanes high) {
#ifdef __AVX512F__
    return _mm512_mask_shuffle_epi32(high, 0x5555, low, _MM_PERM_DDBB);
#else
    return _mm256_blend_epi32(shift_right<32>(low), high, 0xaa);
#endif
}

GEMCORE_ALWAYS_INLINE Lanes add_bytes(Lanes a, std::uint64_t b) {
#ifdef __AVX512F__
    return _mm512_add_epi8(a, all(b));
#else
    return _mm256_add_epi8(a, all(b));
#endif
}

/// Draws the operations of tiles.
class OpDraw {
 public:
    OpDraw(const PhiloxKeys& keys, int num_nodes, int num_ops, bool has_output)
        : keys_(keys), num_nodes_(num_nodes), num_ops_(num_ops), has_output_(has_output) {}

    /// Writes the ops of cells index[0], index[1], ...; whole vectors of `index` are readable, and
    /// ops up to `end` are written later, or garbage is left there.
    void draw(const std::uint64_t* index, int num_cells, std::uint8_t* ops, std::uint8_t* end) {
        prepare(index[0] >> 32);
        int cell = num_pairs_ == 4 ? draw_quads(index, num_cells, ops, end) : 0;
        for (; cell < num_cells; cell += kLanes) {
            const int left = num_cells - cell < kLanes ? num_cells - cell : kLanes;
            draw_vector(load(index + cell));
            write(left, ops + cell * num_nodes_, end);
        }
    }

 private:
    static constexpr int kMostPairs = 256 / 8;

    void prepare(std::uint64_t index_high) {
        if (prepared_ == index_high) return;
        prepared_ = index_high;
        for (int block = 0; block < 2 * num_pairs_ + kChains; block += kLanes) {
            const Lanes numbers = add(lane_numbers(), all(static_cast<std::uint64_t>(block)));
            const BlockRounds rounds(keys_, numbers, static_cast<std::uint32_t>(index_high));
            for (int j = 0; j < 3; ++j) store(blocks_[j] + block, rounds.word[j]);
        }
    }

    GEMCORE_ALWAYS_INLINE BlockRounds block(int i) const {
        return {all(blocks_[0][i]), all(blocks_[1][i]), all(blocks_[2][i])};
    }

    /// Pairs `pair`, `pair` + 1, ... of the item: the ops of 8 nodes each.
    GEMCORE_ALWAYS_INLINE void draw_pairs(const ItemRounds& item, int pair,
                                          Lanes (&pairs)[kChains / 2]) const {
        WideBlocks drawn[kChains];
        for (int i = 0; i < kChains; ++i) drawn[i] = after_two_rounds(item, block(2 * pair + i));
        philox<2>(keys_, drawn);
        Lanes num_ops[4];
        for (int j = 0; j < 4; ++j) num_ops[j] = all(static_cast<std::uint64_t>(num_ops_) << 8 * j);
        for (int i = 0; i < kChains / 2; ++i) {
            const Lanes low = four_ops(drawn[2 * i].word, num_ops);
            const Lanes high = four_ops(drawn[2 * i + 1].word, num_ops);
            // Op 0 is the input.
            pairs[i] = add_bytes(join_high_halves(low, high), 0x0101010101010101);
        }
        if (pair == 0) pairs[0] = both(pairs[0], all(~std::uint64_t{0xff}));
    }

    GEMCORE_NO_INLINE void draw_vector(Lanes index) {
        const ItemRounds item(keys_, index, Stream::kSampleOps);
        for (int pair = 0; pair < num_pairs_; pair += kChains / 2) {
            Lanes pairs[kChains / 2];
            draw_pairs(item, pair, pairs);
            for (int i = 0; i < kChains / 2; ++i) store(pairs_[pair + i], pairs[i]);
        }
    }

    /// Cells of 25 .. 32 nodes, from registers to their ops, as long as there is room for pieces of
    /// 32 and all lanes have a cell. Returns how many were drawn.
    GEMCORE_NO_INLINE int draw_quads(const std::uint64_t* index, int num_cells, std::uint8_t* ops,
                                     const std::uint8_t* end) {
        const std::int64_t room = (kLanes - 1) * num_nodes_ + 32;
        int cell = 0;
        for (; num_cells - cell >= kLanes && end - ops >= room; cell += kLanes) {
            const ItemRounds item(keys_, load(index + cell), Stream::kSampleOps);
            Lanes pairs[4];
#pragma GCC unroll 4
            for (int pair = 0; pair < 4; pair += kChains / 2) {
                Lanes some[kChains / 2];
                draw_pairs(item, pair, some);
                for (int i = 0; i < kChains / 2; ++i) pairs[pair + i] = some[i];
            }
            __m256i cells[kLanes];
            transpose(pair_words(pairs[0], pairs[1]), pair_words(pairs[2], pairs[3]), cells);
            for (int lane = 0; lane < kLanes; ++lane, ops += num_nodes_) {
                _mm256_storeu_si256(reinterpret_cast<__m256i*>(ops), cells[lane]);
                if (has_output_) ops[num_nodes_ - 1] = static_cast<std::uint8_t>(num_ops_ + 1);
            }
        }
        return cell;
    }

    /// Writes the ops of the vector's first cells.
    GEMCORE_NO_INLINE void write(int num_cells, std::uint8_t* ops, const std::uint8_t* end) {
        const int rounded = (num_nodes_ + 31) / 32 * 32;
        for (int pair = 0; pair < num_pairs_; pair += 4) {
            __m256i cells[kLanes];
            transpose(pair_words(load(pairs_[pair]), load(pairs_[pair + 1])),
                      pair_words(load(pairs_[pair + 2]), load(pairs_[pair + 3])), cells);
            for (int cell = 0; cell < kLanes; ++cell) {
                auto* const to = reinterpret_cast<__m256i*>(streams_[cell] + pair);
                _mm256_store_si256(to, cells[cell]);
            }
        }
        for (int cell = 0; cell < num_cells; ++cell, ops += num_nodes_) {
            const auto* const from = reinterpret_cast<const std::uint8_t*>(streams_[cell]);
            if (end - ops >= rounded) {  // What is too much the next cells overwrite.
                for (int i = 0; i < num_nodes_; i += 32) {
                    const auto* const piece = reinterpret_cast<const __m256i*>(from + i);
                    _mm256_storeu_si256(reinterpret_cast<__m256i*>(ops + i),
                                        _mm256_load_si256(piece));
                }
            } else {
                __builtin_memcpy(ops, from, static_cast<std::size_t>(num_nodes_));
            }
            if (has_output_) ops[num_nodes_ - 1] = static_cast<std::uint8_t>(num_ops_ + 1);
        }
    }

    const PhiloxKeys keys_;
    const int num_nodes_;
    const int num_ops_;
    const bool has_output_;
    const int num_pairs_ = (num_nodes_ + 7) / 8;  ///< Of blocks: 8 words, an op each.
    std::uint64_t prepared_ = ~std::uint64_t{0};
    std::uint64_t blocks_[3][2 * kMostPairs + kChains + kLanes];
    alignas(64) std::uint64_t pairs_[kMostPairs + kChains][kLanes];
    alignas(64) std::uint64_t streams_[kLanes][kMostPairs];
};

}  // namespace
}  // namespace gemcore::GEMCORE_SIMD_LEVEL
