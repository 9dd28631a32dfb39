#include "cell/cost.h"

#include <algorithm>
#include <bit>
#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

#include "graph/prune.h"
#include "support/parallel_for.h"

namespace gemcore {
namespace {

constexpr std::int64_t kGrain = 2048;  // About a millisecond of work.

/// Looks again, node by node, to say which one is wrong.
[[noreturn]] void refuse_ops(const DagBatch& graphs, const CostOps& ops, std::int64_t graph) {
    const std::uint8_t* const op = graphs.ops_of(graph);
    int v = 0;
    std::string promise = "'input' at node 0 and nowhere else, got another op";
    if (op[0] == ops.input) {
        for (v = 1; op[v] != ops.input && op[v] != ops.output && op[v] < ops.num_ops;) ++v;
        promise = op[v] == ops.input    ? "'input' at node 0 and nowhere else, got it"
                  : op[v] == ops.output ? "'output' at the last node and nowhere else, got it"
                                        : "ops within op_names, got another";
    }
    throw std::invalid_argument("cells must have " + promise + " at node " + std::to_string(v) +
                                " of cell " + std::to_string(graph));
}

}  // namespace

void check_cost_ops(const DagBatch& graphs, const CostOps& ops, std::int64_t graph) {
    const std::uint8_t* const op = graphs.ops_of(graph);
    const int last = graphs.sizes[graph] - 1;
    bool is_wrong =
        op[0] != ops.input || (last > 0 && op[last] == ops.input) || op[last] >= ops.num_ops;
    for (int v = 1; v < last; ++v) {  // Without branches, so that it is vectorized.
        is_wrong |= (op[v] == ops.input) | (op[v] == ops.output) | (op[v] >= ops.num_ops);
    }
    if (is_wrong) refuse_ops(graphs, ops, graph);
}

namespace {

/// Counts how often each node was added, bit-sliced: plane j holds bit j of all counts, so that a
/// row of 64 nodes is added by a few instructions, whatever is in it.
class NodeCounts {
 public:
    /// For counts below num_nodes.
    explicit NodeCounts(int num_nodes)
        : num_planes_(std::bit_width(static_cast<unsigned>(num_nodes - 1))) {}

    void add(int word, std::uint64_t bits) {
        for (int j = 0; j < num_planes_; ++j) {
            const std::uint64_t carry = planes_[word][j] & bits;
            planes_[word][j] ^= bits;
            bits = carry;
        }
    }
    int operator[](int node) const {
        int count = 0;
        for (int j = 0; j < num_planes_; ++j) {
            count |= static_cast<int>(planes_[node / 64][j] >> (node % 64) & 1) << j;
        }
        return count;
    }

 private:
    static constexpr int kMaxPlanes = std::bit_width(unsigned{kMaxNodes - 1});
    int num_planes_;
    std::uint64_t planes_[kMaxWords][kMaxPlanes] = {};
};

/// What the terms of one pruned cell are made of.
struct Census {
    NodeSet kept;
    NodeCounts num_inner;  ///< Kept predecessors other than node 0, for each node.
    int num_leaves = 0;    ///< Leaves other than node 0.
    bool input_is_leaf = false;
    int num_op_nodes = 0;  ///< Nodes from here on compute nothing: absent ones, and an output.
};

Census count(const DagBatch& graphs, const CostOps& ops, std::int64_t graph) {
    const int num_nodes = graphs.sizes[graph];
    const int last = num_nodes - 1;
    const bool has_output = graphs.ops_of(graph)[last] == ops.output;
    Census census{kept_nodes(graphs, graph, ops.output), NodeCounts(num_nodes)};
    for (int u = 0; u < num_nodes; ++u) {
        const std::uint64_t* const row = graphs.row(graph, u);
        // A mask: a branch on a third of the nodes would be mispredicted.
        const std::uint64_t u_is_kept = ~std::uint64_t{0} * census.kept.contains(u);
        std::uint64_t next = 0;
        for (int w = 0; w < graphs.num_words; ++w) {
            const std::uint64_t bits = row[w] & census.kept.word[w] & u_is_kept;
            if (u != 0) census.num_inner.add(w, bits);
            next |= bits;
        }
        const bool is_leaf = u_is_kept != 0 && next == 0;
        if (u == 0)
            census.input_is_leaf = is_leaf;
        else
            census.num_leaves += is_leaf;
    }
    census.num_op_nodes = has_output ? last : num_nodes;
    if (has_output && census.kept.contains(last)) {
        census.num_leaves = census.num_inner[last];
        census.input_is_leaf = graphs.has_edge(graph, 0, last);
    }
    return census;
}

/// Calls visit(index) for every term of a pruned cell.
template <typename Visit>
void visit_terms(const DagBatch& graphs, const CostOps& ops, std::int64_t graph, Visit visit) {
    check_cost_ops(graphs, ops, graph);
    const Census census = count(graphs, ops, graph);
    CostTerm term{ops.input, census.num_leaves, census.input_is_leaf, census.num_leaves,
                  census.input_is_leaf};
    visit(term.index(graphs.num_nodes));
    for (int v = 1; v < census.num_op_nodes; ++v) {
        if (!census.kept.contains(v)) continue;
        term.op = graphs.ops_of(graph)[v];
        term.num_inner = census.num_inner[v];
        term.reads_input = graphs.has_edge(graph, 0, v);
        visit(term.index(graphs.num_nodes));
    }
}

}  // namespace

void find_cost_terms(const DagBatch& graphs, const CostOps& ops, std::uint8_t* terms,
                     std::uint8_t* seen) {
    const std::int64_t size = num_terms(ops.num_ops, graphs.num_nodes);
    std::fill_n(terms, size, std::uint8_t{0});
    std::fill_n(seen, ops.num_ops, std::uint8_t{0});
    std::mutex merging;
    parallel_for(graphs.num_graphs, kGrain, [&](std::int64_t begin, std::int64_t end) {
        // Marked apart and merged once: threads that share the table would fight for its lines.
        std::vector<std::uint8_t> own_terms(size);
        std::vector<std::uint8_t> own_seen(ops.num_ops);
        for (std::int64_t b = begin; b < end; ++b) {
            visit_terms(graphs, ops, b, [&](std::int64_t index) { own_terms[index] = 1; });
            for (int v = 0; v < graphs.sizes[b]; ++v) own_seen[graphs.ops_of(b)[v]] = 1;
        }
        const std::scoped_lock lock(merging);
        for (std::int64_t i = 0; i < size; ++i) terms[i] |= own_terms[i];
        for (int op = 0; op < ops.num_ops; ++op) seen[op] |= own_seen[op];
    });
}

void sum_cost_terms(const DagBatch& graphs, const CostOps& ops, const std::int64_t* prices,
                    std::int64_t* macs, std::int64_t* params) {
    parallel_for(graphs.num_graphs, kGrain, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t b = begin; b < end; ++b) {
            std::int64_t sums[2] = {0, 0};
            visit_terms(graphs, ops, b, [&](std::int64_t index) {
                sums[0] += prices[2 * index];
                sums[1] += prices[2 * index + 1];
            });
            macs[b] = sums[0];
            params[b] = sums[1];
        }
    });
}

}  // namespace gemcore
