// The kernel of prune, apart from its launch.
#pragma once

#include "graph/prune_cell.cuh"

namespace gemcore::cuda {

constexpr int kPruneThreads = 128;

/// One thread a cell, straight from memory to memory.
template <int kWords>
__global__ void __launch_bounds__(kPruneThreads)
    prune_kernel(DagBatch cells, int output_op, MutableDagBatch pruned) {
    const std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
    if (i >= cells.num_graphs) return;
    // Only read: Rows has no form for that.
    const Rows rows{const_cast<std::uint64_t*>(cells.row(i, 0)), cells.num_nodes, kWords};
    const std::uint8_t* ops = cells.ops_of(i);
    const auto kept = kept_nodes<std::uint64_t, kWords>(rows, ops, cells.sizes[i], 0, output_op);
    int place = 0;
    for (int u = 0; u < cells.sizes[i]; ++u) {
        if (!kept.has(u)) continue;
        Nodes<std::uint64_t, kWords> row;
        for_each_output(rows, u, [&](int v) {
            if (kept.has(v)) row.add(kept.rank(v));
        });
        for (int w = 0; w < kWords; ++w) pruned.row(i, place)[w] = row.word[w];
        pruned.ops_of(i)[place++] = ops[u];
    }
    pruned.sizes[i] = static_cast<std::uint16_t>(place);
    for (; place < pruned.num_nodes; ++place) {
        for (int w = 0; w < kWords; ++w) pruned.row(i, place)[w] = 0;
        pruned.ops_of(i)[place] = kAbsent;
    }
}

}  // namespace gemcore::cuda
