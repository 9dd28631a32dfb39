#pragma once

#include "graph/dag_batch.h"

namespace gemcore {

/// Keeps the nodes reachable from node 0, in their order; `pruned` has the width of `cells`.
///
/// The paper drops nodes without inputs (section 3.2); done until nothing changes, this is
/// reachability from the cell's input. With an op `output_op` >= 0, nodes that reach no node of
/// that op are dropped too (NAS-Bench-101's rule); node 0 always stays, and so does an output node
/// that is reached. Cost: O(edges) a graph.
void prune(const DagBatch& cells, int output_op, const MutableDagBatch& pruned);

}  // namespace gemcore
