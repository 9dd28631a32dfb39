// A batch of graphs in guarded memory, with the labels of its ops.
#pragma once

#include "byte_reader.h"
#include "guarded.h"
#include "wl/options.h"

namespace gemcore::fuzz {

struct GraphSet {
    int num_nodes;
    Guarded<std::uint64_t> adjacency;
    Guarded<std::uint8_t> ops;
    Guarded<std::uint16_t> sizes;
    Guarded<std::uint64_t> label_of_op;  ///< [256]
    int num_ops = 256;                   ///< Of LabelledBatch

    /// Memory that nobody has written yet.
    GraphSet(std::int64_t num_graphs, int nodes)
        : num_nodes(nodes),
          adjacency(num_graphs * nodes * words_for(nodes)),
          ops(num_graphs * nodes),
          sizes(num_graphs),
          label_of_op(256) {
        label_of_op.fill(0);
    }

    std::int64_t size() const { return sizes.size(); }
    DagBatch view() const {
        return {adjacency.data(), ops.data(), sizes.data(),
                size(),           num_nodes,  words_for(num_nodes)};
    }
    MutableDagBatch writable() const {
        return {adjacency.data(), ops.data(), sizes.data(),
                size(),           num_nodes,  words_for(num_nodes)};
    }
    LabelledBatch labelled() const { return {view(), label_of_op.data(), num_ops}; }

    /// Graph `graph` becomes one of `graph_size` nodes of op 0, without edges.
    void clear(std::int64_t graph, int graph_size) const;
    void add_edge(std::int64_t graph, int u, int v) const;  ///< Or v -> u, whichever goes up.
    void toggle_edge(std::int64_t graph, int u, int v) const;

    /// Compares graphs, not labels.
    bool operator==(const GraphSet& other) const {
        return num_nodes == other.num_nodes && adjacency == other.adjacency && ops == other.ops &&
               sizes == other.sizes;
    }
};

/// Draws graph `graph` of `set`: of any density, or of a kind in which many nodes look alike.
void draw_graph(ByteReader& bytes, const GraphSet& set, std::int64_t graph, int num_ops);

/// Copies a graph in a topological order drawn from `seed`; op v becomes (v + op_shift) % 255.
void copy_renumbered(const GraphSet& from, const GraphSet& to, std::int64_t graph,
                     std::uint64_t seed, int op_shift);

/// The same, in the order of the nodes.
void copy_graph(const GraphSet& from, const GraphSet& to, std::int64_t graph, int op_shift);

}  // namespace gemcore::fuzz
