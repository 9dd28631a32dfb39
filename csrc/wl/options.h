// What can be asked of the Weisfeiler-Lehman kernel, and of which graphs.
#pragma once

#include <cstdint>
#include <vector>

#include "graph/dag_batch.h"

namespace gemcore {

/// Which neighbors a node reads in a round: its inputs (edges into it), its outputs, both kept
/// apart, or both as one multiset.
enum class Direction { kInOut, kOut, kIn, kUndirected };

/// What tells nodes apart before the first round: the op, the number of the neighbors that are read
/// (inputs and outputs kept apart where the direction does so), or nothing.
enum class BaseLabels { kOps, kDegree, kUniform };

struct WlOptions {
    int n_iter;  ///< Rounds of refinement, 0 or more
    Direction direction;
    BaseLabels labels;
    std::vector<double> round_weights;  ///< n_iter + 1 finite weights >= 0
    bool normalize;                     ///< k(x, y) / sqrt(k(x, x) k(y, y)) instead of k(x, y)
};

/// Graphs, and what their ops are called: two batches may number the same names differently.
/// Borrows its memory.
struct LabelledBatch {
    DagBatch graphs;
    const std::uint64_t* label_of_op;  ///< [256]; ops of equal labels are the same
    int num_ops = 256;                 ///< Ops are below, but for kAbsent.
};

}  // namespace gemcore
