// Bit planes (sample.h) of many cells at once: a block of 128 edges a lane.
//
// The first planes are drawn for every block, without looking. Few blocks are decided by then, and
// then half of those that are left at every plane: from there on the undecided ones are kept
// together, so that lanes stay full. Tiles are large because the last planes fill no vector.
#pragma once

#include "support/philox_wide.h"

namespace gemcore::GEMCORE_SIMD_LEVEL {
namespace {

/// Blocks of a tile; a multiple of the lanes of all chains.
constexpr int kTileBlocks = 256;
constexpr int kBlindPlanes = 6;  ///< A block of 128 edges is decided earlier in 1 of 60 cases.

/// Writes the two halves of the blocks, 128 bits a lane, one lane after the other.
GEMCORE_ALWAYS_INLINE void store_blocks(std::uint64_t* to, Lanes low, Lanes high) {
#ifdef __AVX512F__
    const Lanes first = _mm512_set_epi64(11, 3, 10, 2, 9, 1, 8, 0);
    const Lanes second = _mm512_set_epi64(15, 7, 14, 6, 13, 5, 12, 4);
    store(to, _mm512_permutex2var_epi64(low, first, high));
    store(to + kLanes, _mm512_permutex2var_epi64(low, second, high));
#else
    const Lanes even = _mm256_unpacklo_epi64(low, high), odd = _mm256_unpackhi_epi64(low, high);
    store(to, _mm256_permute2x128_si256(even, odd, 0x20));
    store(to + kLanes, _mm256_permute2x128_si256(even, odd, 0x31));
#endif
}

/// All ones in the lanes whose bit `63 - plane` is set.
GEMCORE_ALWAYS_INLINE Lanes spread_bit(Lanes x, int plane) {
#ifdef __AVX512F__
    return _mm512_srai_epi64(_mm512_sll_epi64(x, _mm_cvtsi32_si128(plane)), 63);
#else
    return _mm256_cmpgt_epi64(all(0), _mm256_sll_epi64(x, _mm_cvtsi32_si128(plane)));
#endif
}

/// Where a lane's block comes from: bits 0..31 the block of the cell, 32..47 its slot in the tile,
/// 48..63 the cell in the tile.
GEMCORE_ALWAYS_INLINE Lanes cell_of(Lanes origin) { return shift_right<48>(origin); }

/// Half of a block while it is compared with the threshold.
struct Half {
    Lanes undecided;
    Lanes edges;

    /// `one`: all ones where the threshold has a 1 in this plane. Returns the edges it decides.
    GEMCORE_ALWAYS_INLINE Lanes absorb(Lanes bits, Lanes one) {
#ifdef __AVX512F__
        const Lanes found = _mm512_ternarylogic_epi64(undecided, bits, one, 0x20);
        undecided = _mm512_ternarylogic_epi64(undecided, bits, one, 0x90);
        edges = _mm512_or_si512(edges, found);
#else
        const Lanes below = _mm256_andnot_si256(bits, one);  // 0 below 1: the uniform is smaller.
        const Lanes found = _mm256_and_si256(undecided, below);
        undecided = _mm256_andnot_si256(_mm256_xor_si256(bits, one), undecided);
        edges = _mm256_or_si256(edges, found);
#endif
        return found;
    }
};

/// The blocks that are not decided yet, kept together.
struct UndecidedBlocks {
    std::uint64_t origin[kTileBlocks + kChains * kLanes];
    std::uint64_t half[2][kTileBlocks + kChains * kLanes];
    std::uint64_t threshold[kTileBlocks + kChains * kLanes];
    int count;

    /// Keeps those lanes in which an edge is undecided. May write where the lanes came from.
    GEMCORE_ALWAYS_INLINE void append(Lanes from, Lanes low, Lanes high, Lanes thresholds) {
#ifdef __AVX512F__
        const Lanes any = _mm512_or_si512(low, high);
        const __mmask8 kept = _mm512_test_epi64_mask(any, any);
        store(origin + count, _mm512_maskz_compress_epi64(kept, from));
        store(half[0] + count, _mm512_maskz_compress_epi64(kept, low));
        store(half[1] + count, _mm512_maskz_compress_epi64(kept, high));
        store(threshold + count, _mm512_maskz_compress_epi64(kept, thresholds));
        count += __builtin_popcount(kept);
#else
        std::uint64_t lanes[4][kLanes];
        store(lanes[0], from);
        store(lanes[1], low);
        store(lanes[2], high);
        store(lanes[3], thresholds);
        for (int lane = 0; lane < kLanes; ++lane) {  // A lane that isn't kept is overwritten.
            origin[count] = lanes[0][lane];
            half[0][count] = lanes[1][lane];
            half[1][count] = lanes[2][lane];
            threshold[count] = lanes[3][lane];
            count += (lanes[1][lane] | lanes[2][lane]) != 0;
        }
#endif
    }

    /// Nothing is undecided in the lanes behind the last block.
    GEMCORE_ALWAYS_INLINE void pad() {
        for (int i = 0; i < kChains; ++i) {
            store(half[0] + count + i * kLanes, all(0));
            store(half[1] + count + i * kLanes, all(0));
        }
    }
};

/// The blocks of a tile: where they come from, which edges they hold, and what was drawn.
struct TileBlocks {
    std::uint64_t origin[kTileBlocks + kChains * kLanes];
    std::uint64_t possible[2][kTileBlocks + kChains * kLanes];  ///< Zero behind the last block.
    std::uint64_t threshold[kTileBlocks + kChains * kLanes];    ///< In the upper 32 bits.
    std::uint64_t before[8];  ///< RowWriter reads here, and masks what it read.
    std::uint64_t edges[2 * (kTileBlocks + kChains * kLanes) + 16];
    UndecidedBlocks undecided;
    int count;
};

/// Draws the blocks of a tile.
struct PlaneDraw {
    const PhiloxKeys& keys;
    std::uint64_t first_index;  ///< Of the tile's cells.
    std::uint64_t first_block;  ///< Of the attempt.
    int stride;                 ///< Blocks of a plane.
    int num_planes;             ///< No plane below decides.
    bool is_complete;           ///< Whether every possible edge is there, whatever is drawn.

    GEMCORE_ALWAYS_INLINE WideBlocks counters_of(Lanes origin, int plane) const {
        const auto block = first_block + static_cast<std::uint64_t>(plane * stride);
        const Lanes index = add(cell_of(origin), all(first_index));
        return counters(index, add(origin, all(block)), Stream::kSampleEdges);
    }

    /// Planes `plane`, `plane` + 1, ... of one vector of blocks.
    template <int kNumPlanes>
    GEMCORE_ALWAYS_INLINE void draw_planes(Lanes origin, Lanes threshold, int plane,
                                           Half (&halves)[2]) const {
        WideBlocks drawn[kNumPlanes];
        for (int i = 0; i < kNumPlanes; ++i) drawn[i] = counters_of(origin, plane + i);
        philox(keys, drawn);
        for (int i = 0; i < kNumPlanes; ++i) {
            const Lanes one = spread_bit(threshold, plane + i);
            halves[0].absorb(join_halves(drawn[i].word[0], drawn[i].word[1]), one);
            halves[1].absorb(join_halves(drawn[i].word[2], drawn[i].word[3]), one);
        }
    }

    /// The one plane of probability 1/2, of several vectors side by side.
    void draw_coins(TileBlocks& tile) const {
        for (int begin = 0; begin < tile.count; begin += kChains * kLanes) {
            WideBlocks drawn[kChains];
            for (int i = 0; i < kChains; ++i) {
                drawn[i] = counters_of(load(tile.origin + begin + i * kLanes), 0);
            }
            philox(keys, drawn);
            for (int i = 0; i < kChains; ++i) {
                const Lanes(&word)[4] = drawn[i].word;
                const int block = begin + i * kLanes;
                const Lanes low =
                    without(load(tile.possible[0] + block), join_halves(word[0], word[1]));
                const Lanes high =
                    without(load(tile.possible[1] + block), join_halves(word[2], word[3]));
                store_blocks(tile.edges + 2 * block, low, high);
            }
        }
    }

    /// The first planes of all blocks; leaves the others in tile.undecided.
    void draw_blindly(TileBlocks& tile) const {
        const int last = num_planes < kBlindPlanes ? num_planes : kBlindPlanes;
        tile.undecided.count = 0;
        for (int block = 0; block < tile.count; block += kLanes) {
            const Lanes origin = load(tile.origin + block);
            const Lanes threshold = load(tile.threshold + block);
            Half halves[2];
            for (int j = 0; j < 2; ++j) {
                const Lanes possible = load(tile.possible[j] + block);
                halves[j] = {possible, is_complete ? possible : all(0)};
            }
            int plane = 0;
            for (; plane + kChains <= last; plane += kChains) {
                draw_planes<kChains>(origin, threshold, plane, halves);
            }
            for (; plane + 2 <= last; plane += 2) draw_planes<2>(origin, threshold, plane, halves);
            if (plane < last) draw_planes<1>(origin, threshold, plane, halves);
            store_blocks(tile.edges + 2 * block, halves[0].edges, halves[1].edges);
            if (last < num_planes) {
                tile.undecided.append(origin, halves[0].undecided, halves[1].undecided, threshold);
            }
        }
    }

    /// One plane of the undecided blocks.
    void draw_undecided(TileBlocks& tile, int plane) const {
        UndecidedBlocks& blocks = tile.undecided;
        blocks.pad();
        const int count = blocks.count;
        blocks.count = 0;
        for (int begin = 0; begin < count; begin += kChains * kLanes) {
            Lanes origin[kChains], threshold[kChains];
            Half halves[kChains][2];
            WideBlocks drawn[kChains];
            for (int i = 0; i < kChains; ++i) {
                const int block = begin + i * kLanes;
                origin[i] = load(blocks.origin + block);
                threshold[i] = load(blocks.threshold + block);
                for (int j = 0; j < 2; ++j) halves[i][j] = {load(blocks.half[j] + block), all(0)};
                drawn[i] = counters_of(origin[i], plane);
            }
            philox(keys, drawn);
            std::uint64_t found[2 * kChains * kLanes];
            std::uint64_t origins[kChains * kLanes];
            for (int i = 0; i < kChains; ++i) {
                const Lanes(&word)[4] = drawn[i].word;
                const Lanes one = spread_bit(threshold[i], plane);
                const Lanes low = halves[i][0].absorb(join_halves(word[0], word[1]), one);
                const Lanes high = halves[i][1].absorb(join_halves(word[2], word[3]), one);
                store_blocks(found + 2 * i * kLanes, low, high);
                store(origins + i * kLanes, origin[i]);
                blocks.append(origin[i], halves[i][0].undecided, halves[i][1].undecided,
                              threshold[i]);
            }
            const int left = count - begin < kChains * kLanes ? count - begin : kChains * kLanes;
            for (int i = 0; i < left; ++i) add_edges(tile, origins[i], found + 2 * i);
        }
    }

    GEMCORE_ALWAYS_INLINE static void add_edges(TileBlocks& tile, std::uint64_t origin,
                                                const std::uint64_t* found) {
        const auto slot = static_cast<std::uint16_t>(origin >> 32);
        auto* const edges = reinterpret_cast<__m128i*>(tile.edges + 2 * slot);
        const auto* const more = reinterpret_cast<const __m128i*>(found);
        _mm_storeu_si128(edges, _mm_or_si128(_mm_loadu_si128(edges), _mm_loadu_si128(more)));
    }

    void draw(TileBlocks& tile) const {
        if (num_planes == 1) return draw_coins(tile);
        draw_blindly(tile);
        for (int plane = kBlindPlanes; plane < num_planes && tile.undecided.count > 0; ++plane) {
            draw_undecided(tile, plane);
        }
    }
};

}  // namespace
}  // namespace gemcore::GEMCORE_SIMD_LEVEL
