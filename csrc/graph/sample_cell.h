// How one cell is drawn. Host and device share it, so both give the same bits.
#pragma once

#include "graph/sample.h"
#include "support/philox.h"

namespace gemcore {

GEMCORE_HOST_DEVICE inline int popcount32(std::uint32_t x) {
#ifdef __CUDA_ARCH__
    return __popc(x);
#else
    return __builtin_popcount(x);
#endif
}

/// One cell's adjacency rows in memory. What draws takes any type of this form: a kernel keeps the
/// rows of small cells in another one.
struct Rows {
    std::uint64_t* bits;
    int num_nodes;
    int num_words;

    GEMCORE_HOST_DEVICE void clear() const {
        for (int i = 0; i < num_nodes * num_words; ++i) bits[i] = 0;
    }
    GEMCORE_HOST_DEVICE void add(int u, int v) const {
        bits[u * num_words + v / 64] |= std::uint64_t{1} << (v % 64);
    }
    /// Adds the edges u -> v + b for each bit b of `part`: at most 32.
    GEMCORE_HOST_DEVICE void add_run(int u, int v, std::uint32_t part) const {
        std::uint64_t* row = bits + u * num_words + v / 64;
        const int shift = v % 64;
        row[0] |= std::uint64_t{part} << shift;
        if (shift > 32 && part >> (64 - shift)) row[1] |= part >> (64 - shift);
    }
    GEMCORE_HOST_DEVICE bool has(int u, int v) const {
        return bits[u * num_words + v / 64] >> (v % 64) & 1;
    }
};

/// The position in row order of possible edges, moved forward only.
struct EdgeCursor {
    int num_nodes;
    int u = 0;
    int v = 1;

    GEMCORE_HOST_DEVICE void advance(int count) {
        v += count;
        while (v >= num_nodes && u < num_nodes - 1) {
            v += u + 2 - num_nodes;
            ++u;
        }
    }
};

/// Comparison of 32 uniforms with t, from the top bit down: an edge is decided by the first plane
/// in which its bit differs from t's. Most are decided by the first few planes, and no plane
/// below the last set bit of t can decide.
class BitPlanes {
 public:
    GEMCORE_HOST_DEVICE BitPlanes(std::uint64_t seed, std::uint64_t index,
                                  std::uint32_t first_block, int blocks_per_plane)
        : seed_(seed), index_(index), first_block_(first_block), stride_(blocks_per_plane) {}

    /// Writes the 4 x 32 edges of block `block` of every plane: a set bit is an edge.
    GEMCORE_HOST_DEVICE void draw(int block, std::uint64_t threshold,
                                  std::uint32_t edges[4]) const {
        const std::uint32_t all = threshold >> 32 ? ~0u : 0u;  // t = 2^32: every edge.
        std::uint32_t undecided[4] = {~all, ~all, ~all, ~all};
        for (int lane = 0; lane < 4; ++lane) edges[lane] = all;
        std::uint32_t rest = static_cast<std::uint32_t>(threshold);
        for (int plane = 0; rest != 0; ++plane, rest <<= 1) {
            if ((undecided[0] | undecided[1] | undecided[2] | undecided[3]) == 0) return;
            const PhiloxBlock drawn =
                philox(seed_, Stream::kSampleEdges, index_,
                       first_block_ + static_cast<std::uint32_t>(plane * stride_ + block));
            for (int lane = 0; lane < 4; ++lane) {
                const std::uint32_t word = drawn.word[lane];
                if (rest >> 31) {
                    edges[lane] |= undecided[lane] & ~word;  // 0 below 1: the uniform is smaller.
                    undecided[lane] &= word;
                } else {
                    undecided[lane] &= ~word;
                }
            }
        }
    }

 private:
    std::uint64_t seed_;
    std::uint64_t index_;
    std::uint32_t first_block_;
    int stride_;
};

/// Draws every possible edge independently; returns the number of edges.
template <typename AnyRows>
GEMCORE_HOST_DEVICE int draw_independent_edges(std::uint64_t seed, std::uint64_t index, int attempt,
                                               std::uint64_t threshold, const AnyRows& rows) {
    const int num_possible = rows.num_nodes * (rows.num_nodes - 1) / 2;
    const int num_blocks = ((num_possible + 31) / 32 + 3) / 4;
    const BitPlanes planes(seed, index, static_cast<std::uint32_t>(attempt) << 16, num_blocks);
    EdgeCursor cursor{rows.num_nodes};
    int num_edges = 0;
    for (int block = 0; block < num_blocks; ++block) {
        std::uint32_t edges[4];
        planes.draw(block, threshold, edges);
        for (int lane = 0; lane < 4; ++lane) {
            const int left = num_possible - (4 * block + lane) * 32;
            if (left <= 0) return num_edges;
            if (left < 32) edges[lane] &= (1u << left) - 1;
            num_edges += popcount32(edges[lane]);
            for (int bit = 0; bit < 32 && bit < left;) {
                // Up to the end of the row at once: its bits are neighbors in the group too.
                int run = rows.num_nodes - cursor.v;
                if (run > 32 - bit) run = 32 - bit;
                if (run > left - bit) run = left - bit;
                const std::uint32_t mask = run == 32 ? 0xffffffffu : (1u << run) - 1;
                rows.add_run(cursor.u, cursor.v, (edges[lane] >> bit) & mask);
                cursor.advance(run);
                bit += run;
            }
        }
    }
    return num_edges;
}

/// The complete DAG without a uniform number of edges, all subsets of that number alike: selection
/// sampling (Knuth, TAOCP 2, 3.4.2 S) over the possible edges in row order, a word each.
template <typename AnyRows>
GEMCORE_HOST_DEVICE void draw_edge_shrink(PhiloxSequence& words, const AnyRows& rows) {
    int possible = rows.num_nodes * (rows.num_nodes - 1) / 2;
    int wanted = static_cast<int>(words.next_below(static_cast<std::uint32_t>(possible) + 1));
    for (int u = 0; u < rows.num_nodes; ++u) {
        for (int v = u + 1; v < rows.num_nodes; ++v, --possible) {
            if (static_cast<int>(words.next_below(static_cast<std::uint32_t>(possible))) < wanted) {
                rows.add(u, v);
                --wanted;
            }
        }
    }
}

/// Grows edges from node 0: a uniform number in 2 .. max_edges of them, each from a uniform node
/// among those that are reached and have room (out-degree below kMaxOutDegree) to a uniform node
/// above it that it does not feed yet. Ends early where no node has room.
template <typename AnyRows>
GEMCORE_HOST_DEVICE void draw_grow(PhiloxSequence& words, int max_edges, const AnyRows& rows) {
    const int n = rows.num_nodes;
    std::uint8_t out_degree[kMaxNodes] = {};
    bool reached[kMaxNodes] = {true};
    const int fewest = max_edges < 2 ? max_edges : 2;
    const int wanted =
        fewest +
        static_cast<int>(words.next_below(static_cast<std::uint32_t>(max_edges - fewest) + 1));
    const auto has_room = [&](int u) {
        const int most = n - 1 - u < kMaxOutDegree ? n - 1 - u : kMaxOutDegree;
        return reached[u] && out_degree[u] < most;
    };
    for (int edge = 0; edge < wanted; ++edge) {
        int num_open = 0;
        for (int u = 0; u < n; ++u) num_open += has_room(u);
        if (num_open == 0) return;
        int skip = static_cast<int>(words.next_below(static_cast<std::uint32_t>(num_open)));
        int u = 0;
        for (;; ++u) {
            if (has_room(u) && skip-- == 0) break;
        }
        skip = static_cast<int>(
            words.next_below(static_cast<std::uint32_t>(n - 1 - u - out_degree[u])));
        int v = u + 1;
        for (;; ++v) {
            if (!rows.has(u, v) && skip-- == 0) break;
        }
        rows.add(u, v);
        ++out_degree[u];
        reached[v] = true;
    }
}

template <typename Ops>
GEMCORE_HOST_DEVICE void draw_ops(const SampleSpec& spec, std::uint64_t seed, std::uint64_t index,
                                  Ops ops) {
    PhiloxSequence words(seed, Stream::kSampleOps, index);
    for (int node = 0; node < spec.num_nodes; ++node) {
        const std::uint32_t op = 1 + words.next_below(static_cast<std::uint32_t>(spec.num_ops));
        ops[node] = static_cast<std::uint8_t>(node == 0 ? 0 : op);
    }
    if (spec.has_output) ops[spec.num_nodes - 1] = static_cast<std::uint8_t>(spec.num_ops + 1);
}

/// Draws cell `index`; false if every attempt had more than max_edges edges.
template <typename AnyRows, typename Ops>
GEMCORE_HOST_DEVICE bool sample_cell(const SampleSpec& spec, std::uint64_t seed,
                                     std::uint64_t index, const AnyRows& rows, Ops ops) {
    draw_ops(spec, seed, index, ops);
    rows.clear();
    PhiloxSequence words(seed, Stream::kSampleStructure, index);
    switch (spec.distribution) {
        case Distribution::kEdgeShrink:
            draw_edge_shrink(words, rows);
            return true;
        case Distribution::kGrow:
            draw_grow(words, spec.max_edges, rows);
            return true;
        case Distribution::kBernoulli:
        case Distribution::kUniformDensity:
            break;
    }
    const bool fixed = spec.distribution == Distribution::kBernoulli;
    for (int attempt = 0; attempt < kMaxAttempts; ++attempt) {
        if (attempt > 0) rows.clear();
        const std::uint64_t threshold = fixed ? spec.threshold : words.next();
        const int num_edges = draw_independent_edges(seed, index, attempt, threshold, rows);
        if (spec.max_edges < 0 || num_edges <= spec.max_edges) return true;
    }
    return false;
}

}  // namespace gemcore
