// Exact features of cells: what their graphs are made of, counted.
#pragma once

#include <cstddef>
#include <cstdint>

#include "graph/dag_batch.h"

namespace gemcore {

/// What a cell's nodes cost: sums of doubles that hold integers, so exact below 2^53.
///
/// A cell costs `fixed`, and for each node other than node 0 nodes[op, key], and projections[L] if
/// it reads node 0, and `direct` if the output reads node 0. L is the number of nodes other than
/// node 0 that the output reads; the key of a node is the number of nodes that it reads, or L.
struct CellPrices {
    const double*
        nodes;  ///< [kAbsent + 1, num_nodes, 2], multiply-adds and parameters; 0 for kAbsent
    const double* projections;  ///< [num_nodes, 2]; 0 for L = 0
    double fixed[2];
    double direct[2];
    bool key_is_num_leaves;
};

/// What the columns of graph_features() are.
struct FeatureColumns {
    const std::uint8_t* ops;  ///< [num_ops], the ops that are counted: all but input and output
    int num_ops;
    const std::uint8_t* subsets;  ///< [num_subsets, num_ops], 1 where the op is in the subset
    int num_subsets;
    bool has_pairs;            ///< Whether edges are counted for each pair of ops
    int output_op;             ///< -1 for none
    const CellPrices* prices;  ///< Null: no columns of cost
};

/// Number of columns.
std::int64_t num_features(const FeatureColumns& columns);

/// Writes log(1 + x) of each number x, in the order of gemcore/features.py, where they are defined.
///
/// Nodes that kept_nodes() drops don't count. features: [num_graphs, num_features()]. Numbers of
/// paths are exact below 2^53 and rounded beyond; no sum overflows. Cost: O(num_nodes^2) a column
/// of paths. Threaded; graphs are worked on side by side, one a lane of the vector registers.
void graph_features(const DagBatch& cells, const FeatureColumns& columns, float* features);

}  // namespace gemcore
