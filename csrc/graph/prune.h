#pragma once

#include "graph/dag_batch.h"
#include "graph/node_set.h"

namespace gemcore {

/// The nodes that prune() keeps: those reachable from node 0 and, in a graph that has a node of op
/// `output_op`, of these the ones from which such a node is reached; node 0 always. A negative
/// `output_op` is no op. Cost: O(num_nodes * num_words).
NodeSet kept_nodes(const DagBatch& cells, std::int64_t graph, int output_op);

/// Keeps kept_nodes(), in their order; `pruned` has the width of `cells`. Threaded.
///
/// The paper drops nodes without inputs (section 3.2); done until nothing changes, this is
/// reachability from the cell's input. The rule for outputs is NAS-Bench-101's.
void prune(const DagBatch& cells, int output_op, const MutableDagBatch& pruned);

}  // namespace gemcore
