#include "graph/prune.h"

#include <algorithm>

#include "graph/node_set.h"
#include "support/parallel_for.h"

namespace gemcore {
namespace {

NodeSet reachable_from_input(const DagBatch& cells, std::int64_t graph) {
    NodeSet reached;
    reached.add(0);
    for (int u = 0; u < cells.sizes[graph]; ++u) {  // Edges go up: one pass sees every path.
        if (reached.contains(u)) reached.add_all(cells.row(graph, u), cells.num_words);
    }
    return reached;
}

NodeSet reaching(const DagBatch& cells, std::int64_t graph, int output_op) {
    NodeSet kept;
    for (int u = cells.sizes[graph] - 1; u >= 0; --u) {
        bool reaches = cells.ops_of(graph)[u] == output_op;
        for (int w = 0; w < cells.num_words; ++w) {
            reaches |= (cells.row(graph, u)[w] & kept.word[w]) != 0;
        }
        if (reaches) kept.add(u);
    }
    kept.add(0);
    return kept;
}

/// Copies the kept nodes of one graph, renumbered in their order.
void copy_kept(const DagBatch& cells, std::int64_t graph, const NodeSet& kept,
               const MutableDagBatch& out) {
    int new_number[kMaxNodes];
    int size = 0;
    for_each_bit(kept.word, cells.num_words, [&](int node) { new_number[node] = size++; });
    std::fill_n(out.row(graph, 0), out.num_nodes * out.num_words, std::uint64_t{0});
    std::fill_n(out.ops_of(graph), out.num_nodes, kAbsent);
    out.sizes[graph] = static_cast<std::uint16_t>(size);
    for_each_bit(kept.word, cells.num_words, [&](int u) {
        out.ops_of(graph)[new_number[u]] = cells.ops_of(graph)[u];
        std::uint64_t* row = out.row(graph, new_number[u]);
        for_each_bit(cells.row(graph, u), cells.num_words, [&](int v) {
            if (!kept.contains(v)) return;
            row[new_number[v] / 64] |= std::uint64_t{1} << (new_number[v] % 64);
        });
    });
}

}  // namespace

void prune(const DagBatch& cells, int output_op, const MutableDagBatch& pruned) {
    parallel_for(cells.num_graphs, 512, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t i = begin; i < end; ++i) {
            NodeSet kept = reachable_from_input(cells, i);
            if (output_op >= 0) {
                const NodeSet useful = reaching(cells, i, output_op);
                for (int w = 0; w < kMaxWords; ++w) kept.word[w] &= useful.word[w];
            }
            copy_kept(cells, i, kept, pruned);
        }
    });
}

}  // namespace gemcore
