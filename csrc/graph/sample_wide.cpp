#include <cassert>

#include "graph/edge_planes_wide.h"
#include "graph/edge_shrink_wide.h"
#include "graph/row_writer_wide.h"
#include "graph/sample_levels.h"
#include "graph/sample_ops_wide.h"

namespace gemcore::GEMCORE_SIMD_LEVEL {
namespace {

/// How many of `count` cells from `index` on share the high half of their index.
GEMCORE_ALWAYS_INLINE int with_equal_high_half(std::uint64_t index, int count) {
    const std::uint64_t equal = (std::uint64_t{1} << 32) - static_cast<std::uint32_t>(index);
    return equal < static_cast<std::uint64_t>(count) ? static_cast<int>(equal) : count;
}

/// Draws a batch tile by tile: as many cells at once as keep the lanes full.
template <bool kOwnThresholds>
class TiledSampler {
 public:
    TiledSampler(const SampleSpec& spec, std::uint64_t seed, std::uint64_t start,
                 const MutableDagBatch& cells)
        : spec_(spec),
          cells_(cells),
          start_(start),
          keys_(seed),
          ops_(keys_, spec.num_nodes, spec.num_ops, spec.has_output),
          planes_(keys_, spec.num_nodes, spec.threshold),
          rows_(spec.num_nodes, planes_.blocks_per_cell()) {}

    /// Returns the number of cells over max_edges.
    std::int64_t run() {
        std::int64_t num_failed = 0;
        for (std::int64_t begin = 0; begin < cells_.num_graphs;) {
            const int count = tile_size(begin);
            list_cells(begin, count);
            ops_.draw(tile_.index, count, cells_.ops + begin * spec_.num_nodes,
                      cells_.ops + cells_.num_graphs * spec_.num_nodes);
            num_failed += draw_edges();
            begin += count;
        }
        return num_failed;
    }

 private:
    std::uint64_t index_of(std::int64_t cell) const {
        return start_ + static_cast<std::uint64_t>(cell);
    }
    int tile_size(std::int64_t begin) const;
    void list_cells(std::int64_t begin, int count);
    int draw_edges();
    void draw_quads();
    void draw_thresholds(int attempt);
    int write_rows(bool is_last);
    bool is_over_limit(int slot) const;

    const SampleSpec spec_;
    const MutableDagBatch cells_;
    const std::uint64_t start_;
    const PhiloxKeys keys_;
    OpDraw ops_;
    EdgePlanes<kOwnThresholds> planes_;
    RowWriter rows_;
    Tile tile_;
};

/// All cells that are left, if the lanes of kTileBlocks hold them and their high halves are equal.
template <bool kOwnThresholds>
int TiledSampler<kOwnThresholds>::tile_size(std::int64_t begin) const {
    const int blocks = planes_.blocks_per_cell() == 0 ? 1 : planes_.blocks_per_cell();
    const int most = kTileBlocks / (blocks * kLanes) * kLanes;
    const std::int64_t left = cells_.num_graphs - begin;
    const int size = most < kLanes ? kLanes : most;
    const int count = left < size ? static_cast<int>(left) : size;
    return with_equal_high_half(index_of(begin), count);
}

template <bool kOwnThresholds>
void TiledSampler<kOwnThresholds>::list_cells(std::int64_t begin, int count) {
    tile_.num_cells = count;
    for (int i = 0; i < count; i += kLanes) {
        store(tile_.index + i, add(lane_numbers(), all(index_of(begin + i))));
    }
}

template <bool kOwnThresholds>
int TiledSampler<kOwnThresholds>::draw_edges() {
    if (planes_.has_quads() && spec_.max_edges < 0 && tile_.num_cells % kLanes == 0) {
        draw_quads();
        return 0;
    }
    for (int attempt = 0;; ++attempt) {
        if (kOwnThresholds) draw_thresholds(attempt);
        planes_.draw(tile_, attempt);
        const bool is_last = attempt == kMaxAttempts - 1;
        tile_.num_cells = write_rows(is_last);
        if (tile_.num_cells == 0 || is_last) return tile_.num_cells;
    }
}

/// The paper's 30 nodes at probability 1/2: from the generator to the rows without a detour.
template <bool kOwnThresholds>
void TiledSampler<kOwnThresholds>::draw_quads() {
#ifdef __AVX512F__
    const auto first = static_cast<std::int64_t>(tile_.index[0] - start_);
    std::uint64_t* const rows = cells_.adjacency + first * spec_.num_nodes;
    const auto write = [&](int cell, const WordPairs(&quad)[4]) __attribute__((always_inline)) {
        Lanes streams[kLanes];
        transpose(quad, streams);
        rows_.narrow().write_inverted(streams, rows + cell * spec_.num_nodes);
    };
    planes_.draw_quads(tile_, write);
#endif
}

/// Word `attempt` of each cell's structure stream.
template <bool kOwnThresholds>
void TiledSampler<kOwnThresholds>::draw_thresholds(int attempt) {
    const Lanes block = all(static_cast<std::uint64_t>(attempt / 4));
    for (int i = 0; i < tile_.num_cells; i += kLanes) {
        WideBlocks drawn[1] = {counters(load(tile_.index + i), block, Stream::kSampleStructure)};
        philox(keys_, drawn);
        store(tile_.threshold + i, shift_left<32>(drawn[0].word[attempt % 4]));
    }
}

template <bool kOwnThresholds>
bool TiledSampler<kOwnThresholds>::is_over_limit(int slot) const {
    int num_edges = 0;
    for (int block = 0; block < planes_.blocks_per_cell(); ++block, slot += kLanes) {
        num_edges += __builtin_popcountll(tile_.edges[2 * slot]);
        num_edges += __builtin_popcountll(tile_.edges[2 * slot + 1]);
    }
    return num_edges > spec_.max_edges;
}

/// Writes the rows of the tile's cells; keeps those over max_edges in it, and returns how many.
template <bool kOwnThresholds>
int TiledSampler<kOwnThresholds>::write_rows(bool is_last) {
    const int row_words = spec_.num_nodes * cells_.num_words;
    int num_over = 0;
    for (int cell = 0; cell < tile_.num_cells; cell += kLanes) {
        std::uint64_t* rows[kLanes] = {};
        const int slot = cell * planes_.blocks_per_cell();
        for (int lane = 0; lane < kLanes && cell + lane < tile_.num_cells; ++lane) {
            const std::uint64_t index = tile_.index[cell + lane];
            const auto place = static_cast<std::int64_t>(index - start_);
            rows[lane] = cells_.adjacency + place * row_words;
            if (spec_.max_edges < 0 || !is_over_limit(slot + static_cast<int>(kPairPlaces[lane])))
                continue;
            tile_.index[num_over++] = index;
            if (!is_last) rows[lane] = nullptr;
        }
        rows_.write(tile_.edges + 2 * slot, rows);
    }
    return num_over;
}

/// All cells of kEdgeShrink, a vector at a time.
GEMCORE_NO_INLINE void sample_shrunk(const SampleSpec& spec, std::uint64_t seed,
                                     std::uint64_t start, const MutableDagBatch& cells) {
    const PhiloxKeys keys(seed);
    OpDraw ops(keys, spec.num_nodes, spec.num_ops, spec.has_output);
    const int row_words = spec.num_nodes * cells.num_words;
    std::uint8_t* const end = cells.ops + cells.num_graphs * spec.num_nodes;
    for (std::int64_t begin = 0; begin < cells.num_graphs;) {
        const std::uint64_t index = start + static_cast<std::uint64_t>(begin);
        const std::int64_t left = cells.num_graphs - begin;
        const int count =
            with_equal_high_half(index, left < kLanes ? static_cast<int>(left) : kLanes);
        std::uint64_t indices[kLanes];
        std::uint64_t* rows[kLanes] = {};
        store(indices, add(lane_numbers(), all(index)));
        for (int i = 0; i < count; ++i) rows[i] = cells.adjacency + (begin + i) * row_words;
        ops.draw(indices, count, cells.ops + begin * spec.num_nodes, end);
        StructureWords words(keys, load(indices), static_cast<std::uint32_t>(index >> 32));
        draw_edge_shrink(words, spec.num_nodes, rows);
        begin += count;
    }
}

}  // namespace

std::int64_t sample_cells(const SampleSpec& spec, std::uint64_t seed, std::uint64_t start,
                          const MutableDagBatch& cells) {
    assert(spec.distribution != Distribution::kGrow);
    if (spec.distribution == Distribution::kBernoulli) {
        return TiledSampler<false>(spec, seed, start, cells).run();
    }
    if (spec.distribution == Distribution::kUniformDensity) {
        return TiledSampler<true>(spec, seed, start, cells).run();
    }
    sample_shrunk(spec, seed, start, cells);
    return 0;
}

}  // namespace gemcore::GEMCORE_SIMD_LEVEL
