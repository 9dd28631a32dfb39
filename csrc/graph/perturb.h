// Random edits of DAGs, a pure function of (seed, index) like sampling.
//
// Graph i reads three streams, word by word (frozen with version 1):
//   kPerturbEdges  With k edits, k / 2 remove edges and k / 2 add some; for an odd k the first
//                  word decides about the last edit (high bit set: it adds). Removals first, then
//                  additions: each a word that picks among what is left, in row order. An edge
//                  removed is not added again. Where nothing is left, the edit is dropped.
//   kPerturbOps    A word for the number of nodes, 0 .. min(k, 8), that draw their op anew; for
//                  each a word for the node, among those whose op is not reserved, and one for the
//                  op.
//   kRenumber      A word for each place: which of the nodes that may come next does.
#pragma once

#include "graph/dag_batch.h"

namespace gemcore {

struct PerturbSpec {
    const std::uint8_t* sampled_ops;  ///< [num_sampled_ops]; the other ops are reserved.
    int num_sampled_ops;
    int input_op;   ///< Where node 0 has it, node 0 stays first. Negative: no such op.
    int output_op;  ///< Where the last node has it, it stays last.
    const std::int32_t* num_edits;  ///< [num_graphs], >= 0
    const std::uint8_t* renumber;   ///< [num_graphs]; nonzero: draw a topological renumbering too.
};

constexpr int kMaxOpEdits = 8;

/// Requires perturbed of the same shape as cells. Cost: O(num_nodes * num_words) an edit.
void perturb(const DagBatch& cells, const PerturbSpec& spec, std::uint64_t seed,
             std::uint64_t start, const MutableDagBatch& perturbed);

}  // namespace gemcore
