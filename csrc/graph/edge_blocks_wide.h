// The blocks of a tile of cells: what is drawn, and what is still to be decided. For wide sources
// alone.
#pragma once

#include "graph/transpose_wide.h"
#include "support/philox_wide.h"

namespace gemcore::GEMCORE_SIMD_LEVEL {
namespace {

constexpr int kTileCells = 512;            ///< One block a cell is the least.
constexpr int kTileBlocks = 512;           ///< Of a tile, unless one vector of cells has more.
constexpr int kMostBlocks = 255 * kLanes;  ///< Of N = 256.
constexpr int kSlots = kMostBlocks + kChains * kLanes;

/// The parts of the first two rounds, a column each.
template <int kCount>
struct RoundColumns {
    alignas(64) std::uint64_t word[3][kCount];

    GEMCORE_ALWAYS_INLINE void store_at(int i, const Lanes (&words)[3]) {
        for (int j = 0; j < 3; ++j) store(word[j] + i, words[j]);
    }
    GEMCORE_ALWAYS_INLINE ItemRounds items(int i) const {
        return {load(word[0] + i), load(word[1] + i), load(word[2] + i)};
    }
    GEMCORE_ALWAYS_INLINE BlockRounds block(int i) const {
        return {all(word[0][i]), all(word[1][i]), all(word[2][i])};
    }
};

using ItemColumns = RoundColumns<kTileCells + kChains * kLanes>;

/// Cells that are drawn together, and their possible edges in stream order. The indices of a tile
/// share their high half.
struct Tile {
    alignas(64) std::uint64_t index[kTileCells + kLanes];
    std::uint64_t threshold[kTileCells + kLanes];  ///< Of kUniformDensity, in the upper half.
    /// WordPairs of the halves of block b of kLanes cells, from cell c on, are at slot b * kLanes +
    /// c * blocks_per_cell; a slot is 128 bits.
    alignas(64) std::uint64_t edges[2 * kSlots];
    int num_cells;

    GEMCORE_ALWAYS_INLINE void store_edges(int slot, Lanes low, Lanes high) {
        const WordPairs pairs = pair_words(low, high);
        store(edges + 2 * slot, pairs.even);
        store(edges + 2 * slot + kLanes, pairs.odd);
    }
    GEMCORE_ALWAYS_INLINE void add_edges(std::uint64_t slot, const std::uint64_t* more) {
        auto* const to = reinterpret_cast<__m128i*>(edges + 2 * slot);
        const auto* const from = reinterpret_cast<const __m128i*>(more);
        _mm_store_si128(to, _mm_or_si128(_mm_load_si128(to), _mm_load_si128(from)));
    }
    int num_vectors() const { return (num_cells + kLanes - 1) / kLanes; }
};

/// All ones in the lanes whose bit `63 - plane` is set.
GEMCORE_ALWAYS_INLINE Lanes spread_bit(Lanes x, int plane) {
#ifdef __AVX512F__
    return _mm512_srai_epi64(_mm512_sll_epi64(x, _mm_cvtsi32_si128(plane)), 63);
#else
    return _mm256_cmpgt_epi64(all(0), _mm256_sll_epi64(x, _mm_cvtsi32_si128(plane)));
#endif
}

/// Half of a block while it is compared with the threshold.
struct Half {
    Lanes undecided;
    Lanes edges;

    /// `one`: all ones where the threshold has a 1 in this plane.
    GEMCORE_ALWAYS_INLINE void absorb(Lanes bits, Lanes one) {
#ifdef __AVX512F__
        const Lanes found = _mm512_ternarylogic_epi64(undecided, bits, one, 0x20);
        undecided = _mm512_ternarylogic_epi64(undecided, bits, one, 0x90);
        edges = _mm512_or_si512(edges, found);
#else
        const Lanes below = _mm256_andnot_si256(bits, one);  // 0 below 1: the uniform is smaller.
        edges = _mm256_or_si256(edges, _mm256_and_si256(undecided, below));
        undecided = _mm256_andnot_si256(_mm256_xor_si256(bits, one), undecided);
#endif
    }

    /// The same where no lane's threshold has a 1.
    GEMCORE_ALWAYS_INLINE void pass(Lanes bits) { undecided = without(undecided, bits); }
};

/// Both halves of a block a lane.
struct WideEdges {
    Half half[2];

    GEMCORE_ALWAYS_INLINE void absorb(const WideHalves& drawn, Lanes one) {
        for (int j = 0; j < 2; ++j) half[j].absorb(drawn.half[j], one);
    }
    GEMCORE_ALWAYS_INLINE void pass(const WideHalves& drawn) {
        for (int j = 0; j < 2; ++j) half[j].pass(drawn.half[j]);
    }
};

/// The blocks that are not decided yet, kept together.
struct UndecidedBlocks {
    /// Index of the cell (low half) << 32 | slot in the tile << 16 | block of the cell.
    alignas(64) std::uint64_t origin[kSlots];
    std::uint64_t half[2][kSlots];
    std::uint64_t threshold[kSlots];
    int count;

    /// Keeps the lanes in which an edge is undecided. Whole vectors are written.
    template <bool kThresholds>
    GEMCORE_ALWAYS_INLINE void append(Lanes from, const WideEdges& edges, Lanes thresholds) {
        const Lanes low = edges.half[0].undecided, high = edges.half[1].undecided;
#ifdef __AVX512F__
        const Lanes any = _mm512_or_si512(low, high);
        const __mmask8 kept = _mm512_test_epi64_mask(any, any);
        store(origin + count, _mm512_maskz_compress_epi64(kept, from));
        store(half[0] + count, _mm512_maskz_compress_epi64(kept, low));
        store(half[1] + count, _mm512_maskz_compress_epi64(kept, high));
        if (kThresholds) store(threshold + count, _mm512_maskz_compress_epi64(kept, thresholds));
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
            store(origin + count + i * kLanes, all(0));
            store(half[0] + count + i * kLanes, all(0));
            store(half[1] + count + i * kLanes, all(0));
        }
    }
};

}  // namespace
}  // namespace gemcore::GEMCORE_SIMD_LEVEL
