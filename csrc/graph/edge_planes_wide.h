// Bit planes (sample.h) of many cells at once: a lane is a cell, a vector one block of kLanes
// cells. For wide sources alone.
//
// The first planes are drawn for every block, without looking. From then on each plane decides half
// of the blocks that are left; these are kept together, so that lanes stay full. A tile is large
// because the last planes fill no vector.
#pragma once

#include "graph/edge_blocks_wide.h"

namespace gemcore::GEMCORE_SIMD_LEVEL {
namespace {

constexpr int kBlindPlanes = 8;  ///< After 7.6 half of the blocks of 128 edges are decided.

using BlockColumns = RoundColumns<kBlindPlanes * 255 + kLanes>;

/// Draws the edges of tiles.
template <bool kOwnThresholds>
class EdgePlanes {
 public:
    EdgePlanes(const PhiloxKeys& keys, int num_nodes, std::uint64_t threshold);

    int blocks_per_cell() const { return blocks_per_cell_; }

    /// Whether draw_quads() can do it: one plane of probability 1/2, and four blocks a cell.
    bool has_quads() const {
        return kLanes == 8 && !kOwnThresholds && num_planes_ == 1 && blocks_per_cell_ == 4;
    }

#ifdef __AVX512F__
    /// Draws the first attempt of the tile's cells. take(cell, quad) gets the blocks of kLanes
    /// cells from registers, with the edges inverted and without an end.
    template <typename Take>
    GEMCORE_NO_INLINE void draw_quads(const Tile& tile, const Take& take) {
        prepare(tile, 0);
        for (int cell = 0; cell < tile.num_cells; cell += kLanes) {
            WideBlocks drawn[4];
            for (int i = 0; i < 4; ++i) drawn[i] = begin({cell, i, 0}, 0);
            WideHalves bits[4];
            philox_halves<2>(keys_, drawn, bits);
            WordPairs quad[4];
            for (int i = 0; i < 4; ++i) quad[i] = pair_words(bits[i].half[0], bits[i].half[1]);
            take(cell, quad);
        }
    }
#endif

    /// Draws attempt `attempt` of the tile's cells.
    void draw(Tile& tile, int attempt) {
        prepare(tile, attempt);
        if (!kOwnThresholds && num_planes_ == 1) return draw_coins(tile);
        draw_blindly(tile);
        int plane = kBlindPlanes;
        while (plane < num_planes_ && undecided_.count > 0) plane += draw_undecided(tile, plane);
    }

 private:
    /// One vector of blocks after the other: all blocks of some cells, then of the next ones.
    struct Place {
        int item = 0;  ///< First cell.
        int block = 0;
        int slot = 0;

        GEMCORE_ALWAYS_INLINE void advance(int blocks_per_cell) {
            slot += kLanes;
            if (++block == blocks_per_cell) {
                block = 0;
                item += kLanes;
            }
        }
    };

    void prepare(const Tile& tile, int attempt);
    GEMCORE_NO_INLINE void draw_coins(Tile& tile) const;
    GEMCORE_NO_INLINE void draw_blindly(Tile& tile);
    int draw_undecided(Tile& tile, int plane);
    template <int kVectors>
    GEMCORE_NO_INLINE int draw_undecided(Tile& tile, int plane);

    template <int kNumPlanes>
    GEMCORE_ALWAYS_INLINE void draw_planes(const Place (&places)[2], const Lanes (&thresholds)[2],
                                           int plane, WideEdges (&edges)[2]) const;

    GEMCORE_ALWAYS_INLINE WideBlocks begin(const Place& place, int plane) const {
        return after_two_rounds(items_.items(place.item),
                                blocks_.block(plane * blocks_per_cell_ + place.block));
    }
    /// The same for lanes of different origins.
    GEMCORE_ALWAYS_INLINE WideBlocks begin_at(Lanes origin, int plane) const {
        const auto first = first_block_ + static_cast<std::uint64_t>(plane * blocks_per_cell_);
        return {{shift_right<32>(origin), all(index_high_),
                 add(both(origin, all(0xffff)), all(first)),
                 all(static_cast<std::uint64_t>(Stream::kSampleEdges))}};
    }
    GEMCORE_ALWAYS_INLINE void absorb(const WideHalves& bits, Lanes threshold, int plane,
                                      WideEdges& edges) const {
        if (kOwnThresholds) {
            edges.absorb(bits, spread_bit(threshold, plane));
        } else if (ones_ >> (31 - plane) & 1) {
            edges.absorb(bits, all(~std::uint64_t{0}));
        } else {
            edges.pass(bits);
        }
    }
    GEMCORE_ALWAYS_INLINE Lanes possible(int half, const Place& place) const {
        return all(possible_[half][place.block]);
    }

    const PhiloxKeys keys_;
    const int blocks_per_cell_;
    int num_planes_;  ///< No plane below decides.
    const bool is_complete_;
    const std::uint32_t ones_;  ///< The threshold: bit 31 is that of plane 0.
    std::uint64_t possible_[2][256];
    std::uint64_t prepared_;  ///< Of which high half of the index and which attempt blocks_ are.
    std::uint64_t index_high_;
    std::uint64_t first_block_;
    ItemColumns items_;
    BlockColumns blocks_;
    UndecidedBlocks undecided_;
};

template <bool kOwnThresholds>
EdgePlanes<kOwnThresholds>::EdgePlanes(const PhiloxKeys& keys, int num_nodes,
                                       std::uint64_t threshold)
    : keys_(keys),
      blocks_per_cell_((num_nodes * (num_nodes - 1) / 2 + 127) / 128),
      is_complete_(!kOwnThresholds && threshold >> 32 != 0),
      ones_(static_cast<std::uint32_t>(threshold)),
      prepared_(~std::uint64_t{0}) {
    num_planes_ = kOwnThresholds ? 32 : ones_ == 0 ? 0 : 32 - __builtin_ctz(ones_);
    for (int block = 0; block < blocks_per_cell_; ++block) {
        const int left = num_nodes * (num_nodes - 1) / 2 - 128 * block;
        possible_[0][block] = ~std::uint64_t{0} >> (left < 64 ? 64 - left : 0);
        possible_[1][block] = left <= 64 ? 0 : ~std::uint64_t{0} >> (left < 128 ? 128 - left : 0);
    }
}

template <bool kOwnThresholds>
void EdgePlanes<kOwnThresholds>::prepare(const Tile& tile, int attempt) {
    for (int item = 0; item < tile.num_cells; item += kLanes) {
        const ItemRounds rounds(keys_, load(tile.index + item), Stream::kSampleEdges);
        items_.store_at(item, rounds.word);
    }
    index_high_ = tile.index[0] >> 32;
    first_block_ = static_cast<std::uint64_t>(attempt) << 16;
    if (prepared_ == (index_high_ << 32 | first_block_)) return;
    prepared_ = index_high_ << 32 | first_block_;
    const int num_blind = num_planes_ < kBlindPlanes ? num_planes_ : kBlindPlanes;
    for (int i = 0; i < num_blind * blocks_per_cell_; i += kLanes) {
        const Lanes block = add(lane_numbers(), all(first_block_ + static_cast<std::uint64_t>(i)));
        const BlockRounds rounds(keys_, block, static_cast<std::uint32_t>(index_high_));
        blocks_.store_at(i, rounds.word);
    }
}

/// The one plane of probability 1/2.
template <bool kOwnThresholds>
void EdgePlanes<kOwnThresholds>::draw_coins(Tile& tile) const {
    Place place;
    for (int left = tile.num_vectors() * blocks_per_cell_; left > 0; left -= kChains) {
        WideBlocks drawn[kChains];
        Lanes mask[kChains][2];
        const int slot = place.slot;
        for (int i = 0; i < kChains; ++i, place.advance(blocks_per_cell_)) {
            drawn[i] = begin(place, 0);
            for (int j = 0; j < 2; ++j) mask[i][j] = possible(j, place);
        }
        WideHalves bits[kChains];
        philox_halves<2>(keys_, drawn, bits);
        for (int i = 0; i < kChains; ++i) {
            tile.store_edges(slot + i * kLanes, without(mask[i][0], bits[i].half[0]),
                             without(mask[i][1], bits[i].half[1]));
        }
    }
}

/// Planes `plane` and the next ones of two vectors of blocks.
template <bool kOwnThresholds>
template <int kNumPlanes>
GEMCORE_ALWAYS_INLINE void EdgePlanes<kOwnThresholds>::draw_planes(const Place (&places)[2],
                                                                   const Lanes (&thresholds)[2],
                                                                   int plane,
                                                                   WideEdges (&edges)[2]) const {
    WideBlocks drawn[2 * kNumPlanes];
    for (int i = 0; i < 2 * kNumPlanes; ++i) drawn[i] = begin(places[i % 2], plane + i / 2);
    WideHalves bits[2 * kNumPlanes];
    philox_halves<2>(keys_, drawn, bits);
    for (int i = 0; i < 2 * kNumPlanes; ++i) {
        absorb(bits[i], thresholds[i % 2], plane + i / 2, edges[i % 2]);
    }
}

/// The first planes of all blocks; notes the undecided ones.
template <bool kOwnThresholds>
void EdgePlanes<kOwnThresholds>::draw_blindly(Tile& tile) {
    const int last = num_planes_ < kBlindPlanes ? num_planes_ : kBlindPlanes;
    constexpr int kAtOnce = kChains / 2;
    undecided_.count = 0;
    Place next;
    for (int left = tile.num_vectors() * blocks_per_cell_; left > 0; left -= 2) {
        Place places[2];
        Lanes thresholds[2];
        WideEdges edges[2];
        for (int i = 0; i < 2; ++i, next.advance(blocks_per_cell_)) {
            places[i] = next;
            thresholds[i] = load(tile.threshold + next.item);
            for (int j = 0; j < 2; ++j) {
                const Lanes mask = possible(j, next);
                edges[i].half[j] = {mask, is_complete_ ? mask : all(0)};
            }
        }
        int plane = 0;
        for (; plane + kAtOnce <= last; plane += kAtOnce) {
            draw_planes<kAtOnce>(places, thresholds, plane, edges);
        }
        if (plane < last) draw_planes<1>(places, thresholds, plane, edges);
        for (int i = 0; i < 2; ++i) {
            const Place& place = places[i];
            tile.store_edges(place.slot, edges[i].half[0].edges, edges[i].half[1].edges);
            if (last == num_planes_ || i >= left) continue;
            const auto first = static_cast<std::uint64_t>(place.slot << 16 | place.block);
            const Lanes index = shift_left<32>(load(tile.index + place.item));
            const Lanes slots = add(shift_left<16>(load(kPairPlaces)), all(first));
            undecided_.template append<kOwnThresholds>(add(index, slots), edges[i], thresholds[i]);
        }
    }
}

/// The next planes of the undecided blocks: one, or more where few blocks are left, so that all
/// chains have work. Returns how many.
template <bool kOwnThresholds>
int EdgePlanes<kOwnThresholds>::draw_undecided(Tile& tile, int plane) {
    undecided_.pad();
    const int vectors = (undecided_.count + kLanes - 1) / kLanes;
    const int most = num_planes_ - plane;
    if (vectors == 1 && most >= kChains) return draw_undecided<1>(tile, plane);
    if (vectors == 2 && kChains == 4 && most >= 2) return draw_undecided<2>(tile, plane);
    return draw_undecided<kChains>(tile, plane);
}

template <bool kOwnThresholds>
template <int kVectors>
int EdgePlanes<kOwnThresholds>::draw_undecided(Tile& tile, int plane) {
    constexpr int kPlanes = kChains / kVectors;
    const int count = undecided_.count;
    undecided_.count = 0;
    for (int begin = 0; begin < count; begin += kVectors * kLanes) {
        Lanes origin[kVectors], thresholds[kVectors];
        WideEdges edges[kVectors];
        WideBlocks drawn[kChains];
        for (int i = 0; i < kVectors; ++i) {
            const int from = begin + i * kLanes;
            origin[i] = load(undecided_.origin + from);
            thresholds[i] = load(undecided_.threshold + from);
            for (int j = 0; j < 2; ++j)
                edges[i].half[j] = {load(undecided_.half[j] + from), all(0)};
            for (int j = 0; j < kPlanes; ++j)
                drawn[j * kVectors + i] = begin_at(origin[i], plane + j);
        }
        WideHalves bits[kChains];
        philox_halves(keys_, drawn, bits);
        alignas(64) std::uint64_t found[kVectors][2 * kLanes];
        alignas(64) std::uint64_t origins[kVectors][kLanes];
        for (int i = 0; i < kVectors; ++i) {
            for (int j = 0; j < kPlanes; ++j) {
                absorb(bits[j * kVectors + i], thresholds[i], plane + j, edges[i]);
            }
            const WordPairs pairs = pair_words(edges[i].half[0].edges, edges[i].half[1].edges);
            store(found[i], pairs.even);
            store(found[i] + kLanes, pairs.odd);
            store(origins[i], origin[i]);
            undecided_.template append<kOwnThresholds>(origin[i], edges[i], thresholds[i]);
        }
        if (kPlanes == 1 && !kOwnThresholds && !(ones_ >> (31 - plane) & 1)) continue;
        for (int i = 0; i < kVectors; ++i) {
            for (int lane = 0; lane < kLanes; ++lane) {
                const std::uint64_t slot = origins[i][lane] >> 16 & 0xffff;
                tile.add_edges(slot, found[i] + 2 * kPairPlaces[lane]);
            }
        }
    }
    return kPlanes;
}

}  // namespace
}  // namespace gemcore::GEMCORE_SIMD_LEVEL
