// What the network of a cell costs, without building it.
//
// Given a skeleton, the cost of a node depends on its operation and on its number of input channels
// alone. In a stage of width w that number is num_inner * w, plus the channels of the cell's input
// (node 0) if the node reads it; and what the cell's input carries follows from the leaves of the
// copy before. So every node of every cell of a batch is one of few "terms", each of which costs
// the same in all cells, summed over all copies of the cell: the caller prices those that occur,
// with any formulas it likes, and the core adds them up.
//
// Rules: Cheng et al. 2021, section 3.2 (nodes that the input does not reach are dropped, several
// inputs are concatenated, and so are the leaves).
#pragma once

#include <cstdint>

#include "graph/dag_batch.h"

namespace gemcore {

/// What the ops of a batch mean.
struct CostOps {
    int num_ops;  ///< Ops are 0 .. num_ops - 1.
    int input;    ///< The op of node 0; -1 if the batch has none.
    int output;   ///< The op of a last node whose predecessors are the leaves; -1 if none.
};

/// One summand of the cost of a cell, and its place in a table of all terms.
///
/// Beside one term for each node but node 0 there is one with op == CostOps::input: the output of
/// the cell, as if a node read all leaves. A table has num_terms() rows, laid out as
/// [num_ops, 2 * num_nodes + 1, num_nodes].
struct CostTerm {
    int op;
    int num_inner;       ///< How many predecessors other than node 0 it reads.
    bool reads_input;    ///< Whether it reads node 0; if not, the next two don't matter.
    int num_leaves;      ///< How many leaves other than node 0 the cell has.
    bool input_is_leaf;  ///< Whether node 0 is a leaf.

    std::int64_t index(int num_nodes) const {
        const int width_of_input = reads_input ? 1 + 2 * num_leaves + input_is_leaf : 0;
        return (std::int64_t{op} * (2 * num_nodes + 1) + width_of_input) * num_nodes + num_inner;
    }
};

inline std::int64_t num_terms(int num_ops, int num_nodes) {
    return std::int64_t{num_ops} * (2 * num_nodes + 1) * num_nodes;
}

/// Throws std::invalid_argument unless ops.input is at node 0 and nowhere else, ops.output at no
/// node but the last, and every op below num_ops.
void check_cost_ops(const DagBatch& graphs, const CostOps& ops, std::int64_t graph);

/// Finds the terms of the pruned cells, and the ops of all nodes, dropped ones included.
///
/// terms: [num_terms()], set to 1 where a cell has the term, else to 0.
/// seen: [num_ops], set to 1 where a node has the op, else to 0.
/// Throws as check_cost_ops() does. Cost: O(num_nodes + edges) a cell.
void find_cost_terms(const DagBatch& graphs, const CostOps& ops, std::uint8_t* terms,
                     std::uint8_t* seen);

/// Adds up the terms of each pruned cell.
///
/// prices: [num_terms(), 2], multiply-adds and parameters of each term that occurs.
/// macs, params: [num_graphs]. Sums must stay below 2^63. Throws and costs as find_cost_terms does.
void sum_cost_terms(const DagBatch& graphs, const CostOps& ops, const std::int64_t* prices,
                    std::int64_t* macs, std::int64_t* params);

}  // namespace gemcore
