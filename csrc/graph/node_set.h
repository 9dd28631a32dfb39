#pragma once

#include <bit>
#include <cstdint>

#include "graph/dag_batch.h"

namespace gemcore {

/// A set of nodes of one graph, as bits.
struct NodeSet {
    std::uint64_t word[kMaxWords] = {};

    bool contains(int node) const { return word[node / 64] >> (node % 64) & 1; }
    void add(int node) { word[node / 64] |= std::uint64_t{1} << (node % 64); }
    void remove(int node) { word[node / 64] &= ~(std::uint64_t{1} << (node % 64)); }
    void add_all(const std::uint64_t* bits, int num_words) {
        for (int w = 0; w < num_words; ++w) word[w] |= bits[w];
    }
    bool operator==(const NodeSet&) const = default;
};

/// Calls visit(node) for each set bit, lowest first.
template <typename Visit>
void for_each_bit(const std::uint64_t* bits, int num_words, const Visit& visit) {
    for (int w = 0; w < num_words; ++w) {
        for (std::uint64_t rest = bits[w]; rest != 0; rest &= rest - 1) {
            visit(w * 64 + std::countr_zero(rest));
        }
    }
}

}  // namespace gemcore
