// A graph of any size, as rows of bits, whose colors are computed where they are asked for. For
// wide sources alone.
//
// As in wl/pairs32.h the first round counts the neighbors of each label, and later rounds are
// computed for the nodes that are asked for, and for what those read.
#pragma once

#include "wl/color.h"
#include "wl/color_counter.h"
#include "wl/lanes.h"
#include "wl/match_job.h"
#include "wl/transpose64.h"

namespace gemcore::GEMCORE_SIMD_LEVEL {
namespace {

/// A set of nodes of one graph.
struct Nodes {
    std::uint64_t word[kMaxWords];

    GEMCORE_ALWAYS_INLINE bool is_empty() const {
        return (word[0] | word[1] | word[2] | word[3]) == 0;
    }
    GEMCORE_ALWAYS_INLINE void add(const std::uint64_t* row, int num_words) {
        for (int w = 0; w < num_words; ++w) word[w] |= row[w];
    }
    GEMCORE_ALWAYS_INLINE void add(int node) { word[node / 64] |= std::uint64_t{1} << (node % 64); }
};

GEMCORE_ALWAYS_INLINE int pop_node(Nodes& nodes) {
    int w = 0;
    while (nodes.word[w] == 0) ++w;
    const int node = 64 * w + __builtin_ctzll(nodes.word[w]);
    nodes.word[w] &= nodes.word[w] - 1;
    return node;
}

/// The sum of the colors of the nodes in `num_words` words of a row.
GEMCORE_ALWAYS_INLINE std::uint64_t sum_of(const std::uint64_t* colors, const std::uint64_t* row,
                                           int num_words) {
#ifdef __AVX512F__
    // All words, whatever is in them: a loop over set bits ends where no branch predictor expects.
    __m512i sums = _mm512_setzero_si512();
    for (int w = 0; w < num_words; ++w) {
        for (int i = 0; i < 8; ++i) {
            const auto mask = static_cast<__mmask8>(row[w] >> (8 * i));
            sums = _mm512_add_epi64(sums, _mm512_maskz_load_epi64(mask, colors + 64 * w + 8 * i));
        }
    }
    return sum_of_lanes(sums);
#else
    std::uint64_t sum = 0;
    for (int w = 0; w < num_words; ++w) {
        for (std::uint64_t rest = row[w]; rest != 0; rest &= rest - 1) {
            sum += colors[64 * w + __builtin_ctzll(rest)];
        }
    }
    return sum;
#endif
}

/// A graph that computes colors where they are asked for.
class LazyGraph {
 public:
    void load(const MatchJob& job, const LabelledBatch& batch, std::int64_t graph,
              const std::uint8_t* label_of_op) {
        const DagBatch& graphs = batch.graphs;
        size = graphs.sizes[graph];
        num_words_ = size <= 64 ? 1 : size <= 128 ? 2 : 4;
        apart_ = job.direction == Direction::kInOut;
        read_rows(graphs, graph, job.direction);
        const std::uint8_t* ops = graphs.ops_of(graph);
        first_round_ = 0;
        if (job.num_labels > 0) {
            count_labels(ops, label_of_op, job.num_labels);
            first_round_ = 1;
        } else {
            for (int v = 0; v < size; ++v) {
                colors_[0][v] = initial_color(
                    job.labels == BaseLabels::kOps ? batch.label_of_op[ops[v]] : degree(v));
            }
        }
        for (int round = 0; round <= job.n_iter; ++round) done_[round] = {};
    }

    /// Colors after a round, true for the nodes that were asked for.
    const std::uint64_t* colors(int round) const { return colors_[round]; }

    void ask_for(int round, const SharedNodes& shared) {
        Nodes wanted{};
        for (int i = 0; i < shared.num_shared; ++i) wanted.add(shared.nodes[i]);
        complete(round, wanted);
    }

    int size;
    int label_count[kMaxFewLabels];  ///< Where labels are numbered

 private:
    void read_rows(const DagBatch& graphs, std::int64_t graph, Direction direction) {
        const int words = num_words_;
        const int filled = graphs.num_words < words ? graphs.num_words : words;
        const std::uint64_t* row = graphs.row(graph, 0);
        for (int u = 0; u < size; ++u, row += graphs.num_words) {
            for (int w = 0; w < words; ++w) neighbors_[u * words + w] = w < filled ? row[w] : 0;
        }
        for (int i = size * words; i < 64 * words * words; ++i) neighbors_[i] = 0;
        if (direction == Direction::kOut) return;
        for (int from = 0; from < words; ++from) {
            for (int to = 0; to < words; ++to) turn_block(from, to);
        }
        if (apart_) return;
        const std::uint64_t both = direction == Direction::kUndirected ? ~std::uint64_t{0} : 0;
        for (int i = 0; i < size * words; ++i) neighbors_[i] = inputs_[i] | (neighbors_[i] & both);
    }

    void turn_block(int from, int to) {
        alignas(64) std::uint64_t block[64];
        const std::uint64_t* in = neighbors_ + 64 * from * num_words_ + to;
        std::uint64_t* out = inputs_ + 64 * to * num_words_ + from;
        if (from > to) {  // Edges go up: there is nothing below the diagonal.
            for (int i = 0; i < 64; ++i) out[i * num_words_] = 0;
            return;
        }
        for (int i = 0; i < 64; ++i) block[i] = in[i * num_words_];
        transpose64(block);
        for (int i = 0; i < 64; ++i) out[i * num_words_] = block[i];
    }

    std::uint64_t degree(int v) const {
        std::uint64_t count[2] = {0, 0};
        for (int w = 0; w < num_words_; ++w) {
            count[0] +=
                static_cast<std::uint64_t>(__builtin_popcountll(neighbors_[v * num_words_ + w]));
            count[1] +=
                static_cast<std::uint64_t>(__builtin_popcountll(inputs_[v * num_words_ + w]));
        }
        return apart_ ? count[0] * kMaxNodes + count[1] : count[0];
    }

    /// Colors after the first round, from the numbers of neighbors of each label.
    void count_labels(const std::uint8_t* ops, const std::uint8_t* label_of_op, int num_labels) {
        // Words of the set of nodes of each label, repeated to fill a register.
        alignas(64) std::uint64_t nodes[kMaxFewLabels][8] = {};
        for (int v = 0; v < size; ++v) {
            nodes[label_of_op[ops[v]]][v / 64] |= std::uint64_t{1} << (v % 64);
        }
        const int num_row_words = (size * num_words_ + 7) / 8 * 8;
        for (int i = 0; i < num_row_words; ++i) sums_[i] = 0;
        for (int label = 0; label < num_labels; ++label) {
            label_count[label] = 0;
            for (int w = 0; w < num_words_; ++w) {
                label_count[label] += __builtin_popcountll(nodes[label][w]);
            }
            for (int w = num_words_; w < 8; ++w) nodes[label][w] = nodes[label][w - num_words_];
            const std::uint64_t factor = mix64(static_cast<std::uint64_t>(label) + 1);
            add_counts(neighbors_, nodes[label], factor, num_row_words);
            if (apart_) add_counts(inputs_, nodes[label], mix64(factor), num_row_words);
        }
        for (int v = 0; v < size; ++v) {
            std::uint64_t sum = (label_of_op[ops[v]] + std::uint64_t{1}) * 0x9e3779b97f4a7c15u;
            for (int w = 0; w < num_words_; ++w) sum += sums_[v * num_words_ + w];
            colors_[1][v] = mix64(sum);
        }
    }

    void add_counts(const std::uint64_t* rows, const std::uint64_t (&nodes)[8],
                    std::uint64_t factor, int num_row_words) {
        for (int i = 0; i < num_row_words; i += 8) {
            for (int k = 0; k < 8; ++k) {
                sums_[i + k] += factor * static_cast<std::uint64_t>(
                                             __builtin_popcountll(rows[i + k] & nodes[k]));
            }
        }
    }

    void complete(int round, const Nodes& wanted) {
        if (round <= first_round_) return;
        Nodes missing = wanted;
        for (int w = 0; w < kMaxWords; ++w) missing.word[w] &= ~done_[round].word[w];
        if (missing.is_empty()) return;
        Nodes read = missing;
        for (Nodes rest = missing; !rest.is_empty();) {
            const int v = pop_node(rest);
            read.add(neighbors_ + v * num_words_, num_words_);
            if (apart_) read.add(inputs_ + v * num_words_, num_words_);
        }
        complete(round - 1, read);
        for (int w = 0; w < kMaxWords; ++w) done_[round].word[w] |= missing.word[w];
        const std::uint64_t* before = colors_[round - 1];
        while (!missing.is_empty()) {
            const int v = pop_node(missing);
            std::uint64_t sum = before[v] * 0x9e3779b97f4a7c15u;
            sum += sum_of(before, neighbors_ + v * num_words_, num_words_) * 0xd6e8feb86659fd93u;
            if (apart_) {
                sum += sum_of(before, inputs_ + v * num_words_, num_words_) * 0xa0761d6478bd642fu;
            }
            colors_[round][v] = mix64(sum);
        }
    }

    int num_words_;    // 1, 2 or 4
    int first_round_;  // Of which all colors are known
    bool apart_;
    alignas(64) std::uint64_t neighbors_[kMaxNodes * kMaxWords];
    alignas(64) std::uint64_t inputs_[kMaxNodes * kMaxWords];
    alignas(64) std::uint64_t sums_[kMaxNodes * kMaxWords];
    alignas(64) std::uint64_t colors_[kMaxRounds][kMaxNodes];
    Nodes done_[kMaxRounds];
};

}  // namespace
}  // namespace gemcore::GEMCORE_SIMD_LEVEL
