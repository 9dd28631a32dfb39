// Which nodes of a cell are kept: prune.h's definition, for one thread, on rows in any form of
// cell_rows.cuh.
#pragma once

#include "graph/cell_rows.cuh"

namespace gemcore::cuda {

/// A set of nodes: one word of 32 for cells of a lane, else kWords of 64.
template <typename Word, int kWords>
struct Nodes {
    static constexpr int kBits = 8 * sizeof(Word);
    Word word[kWords] = {};

    __device__ bool has(int node) const {
        bool found = false;  // No index that is unknown: the words shall stay in registers.
        for (int w = 0; w < kWords; ++w) {
            if (node / kBits == w) found = word[w] >> (node % kBits) & 1;
        }
        return found;
    }
    __device__ void add(int node) {
        for (int w = 0; w < kWords; ++w) {
            if (node / kBits == w) word[w] |= Word{1} << (node % kBits);
        }
    }
    __device__ void add_first(int size) {
        for (int w = 0; w < kWords; ++w) word[w] = bit_range<Word>(0, size - w * kBits);
    }
    __device__ int size() const {
        int total = 0;
        for (int w = 0; w < kWords; ++w) total += count_bits(word[w]);
        return total;
    }
    /// How many nodes of the set come before this one.
    __device__ int rank(int node) const {
        int total = 0;
        for (int w = 0; w < kWords; ++w) {
            total += count_bits(word[w] & bit_range<Word>(0, node - w * kBits));
        }
        return total;
    }
};

/// The nodes from which a node of op `output_op` is reached.
template <typename Word, int kWords, typename AnyRows, typename Ops>
__device__ Nodes<Word, kWords> reaching(const AnyRows& rows, Ops ops, int size, int output_op) {
    Nodes<Word, kWords> useful;
    for (int u = size - 1; u >= 0; --u) {
        bool is_useful = ops[u] == output_op;
        for (int w = 0; w < kWords; ++w) is_useful |= (word_of(rows, u, w) & useful.word[w]) != 0;
        if (is_useful) useful.add(u);
    }
    return useful;
}

/// As kept_nodes() of prune.h; `first` is the node that counts as node 0. Requires
/// rows.num_words == kWords.
template <typename Word, int kWords, typename AnyRows, typename Ops>
__device__ Nodes<Word, kWords> kept_nodes(const AnyRows& rows, Ops ops, int size, int first,
                                          int output_op) {
    Nodes<Word, kWords> kept;
    kept.add(first);
    for (int u = first; u < size; ++u) {  // Edges go up: one pass sees every path.
        const Word reached = kept.has(u) ? ~Word{0} : 0;
        for (int w = 0; w < kWords; ++w) kept.word[w] |= word_of(rows, u, w) & reached;
    }
    if (output_op < 0) return kept;
    const auto useful = reaching<Word, kWords>(rows, ops, size, output_op);
    if (useful.size() == 0) return kept;
    for (int w = 0; w < kWords; ++w) kept.word[w] &= useful.word[w];
    kept.add(first);
    return kept;
}

}  // namespace gemcore::cuda
