#include "graph/edge_planes_wide.h"
#include "graph/row_writer_wide.h"
#include "graph/sample_levels.h"

namespace gemcore::GEMCORE_SIMD_LEVEL {
namespace {

constexpr int kTileOps = 512;  ///< Blocks of operations of a tile.

/// Ops of 4 nodes a lane, 1 + the high half of (word * num_ops), as 4 bytes each.
GEMCORE_ALWAYS_INLINE void store_ops(const Lanes (&word)[4], Lanes num_ops, std::uint8_t* to) {
#ifdef __AVX512F__
    // Nodes 1 and 3 take 256 num_ops: their op lands in the second byte, beside that of 0 and 2.
    const Lanes num_ops_256 = _mm512_slli_epi64(num_ops, 8);
    const Lanes even = _mm512_mask_shuffle_epi32(product(word[2], num_ops), 0x5555,
                                                 product(word[0], num_ops), _MM_PERM_DDBB);
    const Lanes odd = _mm512_mask_shuffle_epi32(product(word[3], num_ops_256), 0x5555,
                                                product(word[1], num_ops_256), _MM_PERM_DDBB);
    const Lanes both = _mm512_mask_blend_epi8(0x2222222222222222, even, odd);
    const __m256i ops = _mm256_add_epi8(_mm512_cvtepi32_epi16(both), _mm256_set1_epi8(1));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), ops);
#else
    const Lanes even = _mm256_blend_epi32(shift_right<32>(product(word[0], num_ops)),
                                          product(word[2], num_ops), 0xaa);
    const Lanes odd = _mm256_blend_epi32(shift_right<32>(product(word[1], num_ops)),
                                         product(word[3], num_ops), 0xaa);
    const Lanes both = _mm256_or_si256(even, _mm256_slli_epi64(odd, 8));
    const __m256i pick = _mm256_setr_epi8(0, 1, 4, 5, 8, 9, 12, 13, -1, -1, -1, -1, -1, -1, -1, -1,
                                          0, 1, 4, 5, 8, 9, 12, 13, -1, -1, -1, -1, -1, -1, -1, -1);
    const Lanes packed = _mm256_permute4x64_epi64(_mm256_shuffle_epi8(both, pick), 0x08);
    const __m128i ops = _mm_add_epi8(_mm256_castsi256_si128(packed), _mm_set1_epi8(1));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to), ops);
#endif
}

/// Blocks that hold `count` words.
constexpr int blocks_for(int count) { return (count + 3) / 4; }

/// Where the blocks of cells listed[0], listed[1], ... come from (edge_planes_wide.h).
GEMCORE_ALWAYS_INLINE void number_blocks(const std::uint16_t* listed, int count,
                                         int blocks_per_cell, std::uint64_t* origin) {
    std::uint64_t slot = 0;
    for (int i = 0; i < count; ++i) {
        for (int block = 0; block < blocks_per_cell; ++block, ++slot) {
            origin[slot] =
                std::uint64_t{listed[i]} << 48 | slot << 32 | static_cast<std::uint64_t>(block);
        }
    }
}

/// Draws a batch tile by tile: as many cells at once as fill the lanes.
class TiledSampler {
 public:
    TiledSampler(const SampleSpec& spec, std::uint64_t seed, std::uint64_t start,
                 const MutableDagBatch& cells);

    /// Returns the number of cells over max_edges.
    std::int64_t run() {
        std::int64_t num_failed = 0;
        for (std::int64_t begin = 0; begin < cells_.num_graphs; begin += tile_cells_) {
            const std::int64_t left = cells_.num_graphs - begin;
            const int count = left < tile_cells_ ? static_cast<int>(left) : tile_cells_;
            draw_ops(begin, count);
            num_failed += draw_edges(begin, count);
        }
        return num_failed;
    }

 private:
    void draw_ops(std::int64_t begin, int count);
    void write_ops(std::int64_t begin, int count) const;
    int draw_edges(std::int64_t begin, int count);
    void draw_thresholds(std::int64_t begin, int count, int attempt);
    int write_edges(std::int64_t begin, int count, bool is_last);
    void list_all_cells();
    bool is_over_limit(const std::uint64_t* edges) const;

    const SampleSpec spec_;
    const MutableDagBatch cells_;
    const std::uint64_t start_;
    const PhiloxKeys keys_;
    const int num_possible_;
    const int blocks_per_cell_;
    const int op_blocks_per_cell_;
    const NarrowRows narrow_rows_;
    const WideRows wide_rows_;
    int tile_cells_;
    std::uint16_t listed_[kTileBlocks];  ///< Cells of the tile that are still to be drawn.
    bool is_numbered_ = false;           ///< Whether tile_ holds all cells, in order.
    TileBlocks tile_ = {};
    std::uint64_t op_origin_[kTileOps + kChains * kLanes] = {};
    std::uint8_t op_bytes_[4 * (kTileOps + kChains * kLanes)];
};

TiledSampler::TiledSampler(const SampleSpec& spec, std::uint64_t seed, std::uint64_t start,
                           const MutableDagBatch& cells)
    : spec_(spec),
      cells_(cells),
      start_(start),
      keys_(seed),
      num_possible_(spec.num_nodes * (spec.num_nodes - 1) / 2),
      blocks_per_cell_(blocks_for((num_possible_ + 31) / 32)),
      op_blocks_per_cell_(blocks_for(spec.num_nodes)),
      narrow_rows_(spec.num_nodes <= kNarrow ? spec.num_nodes : 0),
      wide_rows_(spec.num_nodes <= kNarrow ? 0 : spec.num_nodes) {
    tile_cells_ = kTileOps / op_blocks_per_cell_;
    if (tile_cells_ > kTileBlocks) tile_cells_ = kTileBlocks;
    if (tile_cells_ * blocks_per_cell_ > kTileBlocks) tile_cells_ = kTileBlocks / blocks_per_cell_;
    list_all_cells();
    number_blocks(listed_, tile_cells_, op_blocks_per_cell_, op_origin_);
    for (int i = 0; i < tile_cells_ * blocks_per_cell_; ++i) {
        const int left = num_possible_ - 128 * (i % blocks_per_cell_);
        tile_.possible[0][i] = ~std::uint64_t{0} >> (left < 64 ? 64 - left : 0);
        tile_.possible[1][i] = left <= 64 ? 0 : ~std::uint64_t{0} >> (left < 128 ? 128 - left : 0);
        tile_.threshold[i] = spec.threshold << 32;
    }
}

void TiledSampler::draw_ops(std::int64_t begin, int count) {
    const std::uint64_t first_index = start_ + static_cast<std::uint64_t>(begin);
    const Lanes num_ops = all(static_cast<std::uint64_t>(spec_.num_ops));
    for (int block = 0; block < count * op_blocks_per_cell_; block += kChains * kLanes) {
        WideBlocks drawn[kChains];
        for (int i = 0; i < kChains; ++i) {
            const Lanes origin = load(op_origin_ + block + i * kLanes);
            drawn[i] = counters(add(cell_of(origin), all(first_index)), origin, Stream::kSampleOps);
        }
        philox(keys_, drawn);
        for (int i = 0; i < kChains; ++i) {
            store_ops(drawn[i].word, num_ops, op_bytes_ + 4 * (block + i * kLanes));
        }
    }
    write_ops(begin, count);
}

void TiledSampler::write_ops(std::int64_t begin, int count) const {
    const int num_nodes = spec_.num_nodes;
    std::uint8_t* const first = cells_.ops + begin * num_nodes;
    std::uint8_t* const end = first + count * num_nodes;
    const std::uint8_t* from = op_bytes_;
    for (std::uint8_t* to = first; to < end; to += num_nodes, from += 4 * op_blocks_per_cell_) {
        if (end - to >= num_nodes + 31) {  // What is too much the next cells overwrite.
            for (int i = 0; i < num_nodes; i += 32) {
                const __m256i ops = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from + i));
                _mm256_storeu_si256(reinterpret_cast<__m256i*>(to + i), ops);
            }
        } else {
            __builtin_memcpy(to, from, static_cast<std::size_t>(num_nodes));
        }
        to[0] = 0;
        if (spec_.has_output) to[num_nodes - 1] = static_cast<std::uint8_t>(spec_.num_ops + 1);
    }
}

int TiledSampler::draw_edges(std::int64_t begin, int count) {
    const bool is_fixed = spec_.distribution == Distribution::kBernoulli;
    const auto bits = static_cast<std::uint32_t>(spec_.threshold);
    PlaneDraw draw{keys_, start_ + static_cast<std::uint64_t>(begin), 0, blocks_per_cell_, 32,
                   false};
    if (is_fixed) {
        draw.num_planes = bits == 0 ? 0 : 32 - __builtin_ctz(bits);
        draw.is_complete = spec_.threshold >> 32 != 0;
    }
    if (!is_numbered_) list_all_cells();
    for (int attempt = 0;; ++attempt) {
        if (!is_fixed) draw_thresholds(begin, count, attempt);
        tile_.count = count * blocks_per_cell_;
        draw.first_block = static_cast<std::uint64_t>(attempt) << 16;
        draw.draw(tile_);
        count = write_edges(begin, count, attempt == kMaxAttempts - 1);
        if (count == 0 || attempt == kMaxAttempts - 1) return count;
        number_blocks(listed_, count, blocks_per_cell_, tile_.origin);
        is_numbered_ = false;
    }
}

void TiledSampler::list_all_cells() {
    for (int i = 0; i < tile_cells_; ++i) listed_[i] = static_cast<std::uint16_t>(i);
    number_blocks(listed_, tile_cells_, blocks_per_cell_, tile_.origin);
    is_numbered_ = true;
}

/// Word `attempt` of each cell's structure stream.
void TiledSampler::draw_thresholds(std::int64_t begin, int count, int attempt) {
    const std::uint64_t first_index = start_ + static_cast<std::uint64_t>(begin);
    for (int i = 0; i < count; i += kLanes) {
        std::uint64_t index[kLanes];
        for (int lane = 0; lane < kLanes; ++lane) {
            index[lane] = first_index + listed_[i + lane < count ? i + lane : i];
        }
        WideBlocks drawn[1] = {counters(load(index), all(static_cast<std::uint64_t>(attempt / 4)),
                                        Stream::kSampleStructure)};
        philox(keys_, drawn);
        store(index, drawn[0].word[attempt % 4]);
        const int left = count - i < kLanes ? count - i : kLanes;
        std::uint64_t* to = tile_.threshold + i * blocks_per_cell_;
        for (int block = 0; block < left * blocks_per_cell_; ++block) {
            to[block] = index[block / blocks_per_cell_] << 32;
        }
    }
}

bool TiledSampler::is_over_limit(const std::uint64_t* edges) const {
    if (spec_.max_edges < 0) return false;
    int num_edges = 0;
    for (int i = 0; i < 2 * blocks_per_cell_; ++i) num_edges += __builtin_popcountll(edges[i]);
    return num_edges > spec_.max_edges;
}

/// Writes the rows of the cells drawn; keeps those over max_edges listed, and returns how many.
int TiledSampler::write_edges(std::int64_t begin, int count, bool is_last) {
    const int row_words = spec_.num_nodes * cells_.num_words;
    int num_over = 0;
    for (int i = 0; i < count; ++i) {
        const std::uint64_t* const edges = tile_.edges + 2 * i * blocks_per_cell_;
        std::uint64_t* const rows = cells_.adjacency + (begin + listed_[i]) * row_words;
        if (is_over_limit(edges)) {
            listed_[num_over++] = listed_[i];
            if (!is_last) continue;
        }
        if (spec_.num_nodes <= kNarrow) {
            narrow_rows_.write(edges, rows);
        } else {
            wide_rows_.write(edges, rows);
        }
    }
    return num_over;
}

}  // namespace

std::int64_t sample_cells(const SampleSpec& spec, std::uint64_t seed, std::uint64_t start,
                          const MutableDagBatch& cells) {
    return TiledSampler(spec, seed, start, cells).run();
}

}  // namespace gemcore::GEMCORE_SIMD_LEVEL
