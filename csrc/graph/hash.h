#pragma once

#include "wl/options.h"

namespace gemcore {

/// Writes a 64-bit hash of each graph, equal for graphs that differ in the numbering of nodes
/// alone.
///
/// It is made of the in/out Weisfeiler-Lehman colors after n_iter rounds, so graphs that those
/// colors can't tell apart collide. Over NAS-Bench-101's space two rounds are exact, one is not.
/// hashes: [num_graphs]. Cost: O(n_iter * (num_edges + num_nodes)) a graph. Threaded.
void graph_hash(const LabelledBatch& cells, int n_iter, std::uint64_t* hashes);

}  // namespace gemcore
