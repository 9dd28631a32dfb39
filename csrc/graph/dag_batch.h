// A batch of labelled DAGs in packed form: the one representation of graphs in the core.
#pragma once

#include <cstdint>

#include "support/host_device.h"

namespace gemcore {

constexpr int kMaxNodes = 256;
constexpr int kMaxWords = kMaxNodes / 64;
constexpr std::uint8_t kAbsent = 255;  ///< Op of the nodes beyond a graph's size.

/// Number of 64-bit words in a row of an adjacency matrix of num_nodes nodes.
GEMCORE_HOST_DEVICE constexpr int words_for(int num_nodes) { return (num_nodes + 63) / 64; }

/// Graphs of at most num_nodes nodes. Borrows its memory.
///
/// Every edge u -> v has u < v < sizes[b]; nodes from sizes[b] on have no edges and the op kAbsent.
struct DagBatch {
    const std::uint64_t* adjacency;  ///< [num_graphs, num_nodes, num_words]; bit v of row u: u -> v
    const std::uint8_t* ops;         ///< [num_graphs, num_nodes]
    const std::uint16_t* sizes;      ///< [num_graphs], 1 .. num_nodes
    std::int64_t num_graphs;
    int num_nodes;
    int num_words;  ///< words_for(num_nodes)

    GEMCORE_HOST_DEVICE const std::uint64_t* row(std::int64_t graph, int node) const {
        return adjacency + (graph * num_nodes + node) * num_words;
    }
    GEMCORE_HOST_DEVICE const std::uint8_t* ops_of(std::int64_t graph) const {
        return ops + graph * num_nodes;
    }
    GEMCORE_HOST_DEVICE bool has_edge(std::int64_t graph, int u, int v) const {
        return row(graph, u)[v / 64] >> (v % 64) & 1;
    }
};

/// The same, to be written. The writer fills every element, absent nodes included.
struct MutableDagBatch {
    std::uint64_t* adjacency;
    std::uint8_t* ops;
    std::uint16_t* sizes;
    std::int64_t num_graphs;
    int num_nodes;
    int num_words;

    GEMCORE_HOST_DEVICE std::uint64_t* row(std::int64_t graph, int node) const {
        return adjacency + (graph * num_nodes + node) * num_words;
    }
    GEMCORE_HOST_DEVICE std::uint8_t* ops_of(std::int64_t graph) const {
        return ops + graph * num_nodes;
    }
};

}  // namespace gemcore
