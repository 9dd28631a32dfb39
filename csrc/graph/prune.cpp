#include "graph/prune.h"

#include <algorithm>

#include "graph/node_set.h"
#include "graph/prune_levels.h"
#include "support/parallel_for.h"

namespace gemcore {
namespace {

/// All ones if the node is in the set, else 0: rows are masked, for a branch on a third of the
/// nodes would be mispredicted.
std::uint64_t mask(const NodeSet& nodes, int node) {
    return ~std::uint64_t{0} * nodes.contains(node);
}

NodeSet reachable_from_input(const DagBatch& cells, std::int64_t graph) {
    NodeSet reached;
    reached.add(0);
    for (int u = 0; u < cells.sizes[graph]; ++u) {  // Edges go up: one pass sees every path.
        const std::uint64_t* row = cells.row(graph, u);
        const std::uint64_t is_reached = mask(reached, u);
        for (int w = 0; w < cells.num_words; ++w) reached.word[w] |= row[w] & is_reached;
    }
    return reached;
}

NodeSet reaching(const DagBatch& cells, std::int64_t graph, int output_op) {
    NodeSet useful;
    for (int u = cells.sizes[graph] - 1; u >= 0; --u) {
        std::uint64_t next = cells.ops_of(graph)[u] == output_op;
        for (int w = 0; w < cells.num_words; ++w) next |= cells.row(graph, u)[w] & useful.word[w];
        if (next != 0) useful.add(u);
    }
    return useful;
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

NodeSet kept_nodes(const DagBatch& cells, std::int64_t graph, int output_op) {
    NodeSet kept = reachable_from_input(cells, graph);
    if (output_op < 0) return kept;
    const NodeSet useful = reaching(cells, graph, output_op);
    if (useful == NodeSet{}) return kept;  // No node has the op.
    for (int w = 0; w < cells.num_words; ++w) kept.word[w] &= useful.word[w];
    kept.add(0);
    return kept;
}

namespace scalar {

void prune_cells(const DagBatch& cells, int output_op, const MutableDagBatch& pruned,
                 std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
        copy_kept(cells, i, kept_nodes(cells, i, output_op), pruned);
    }
}

}  // namespace scalar

void prune(const DagBatch& cells, int output_op, const MutableDagBatch& pruned) {
    const auto prune_some =
        cells.num_words == 1 ? GEMCORE_AT_LEVEL(prune_cells) : &scalar::prune_cells;
    parallel_for(cells.num_graphs, 1024, [&](std::int64_t begin, std::int64_t end) {
        prune_some(cells, output_op, pruned, begin, end);
    });
}

}  // namespace gemcore
