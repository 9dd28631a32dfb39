// The kernel of prune, apart from its launch.
#pragma once

#include "graph/prune_cell.cuh"
#include "graph/warp_cell.cuh"

namespace gemcore::cuda {

constexpr int kPruneThreads = 128;

/// Cells of at most 32 nodes: a warp takes `run` of them, one after the other.
__global__ void __launch_bounds__(kPruneThreads)
    warp_prune_kernel(DagBatch cells, int output_op, int run, MutableDagBatch pruned) {
    __shared__ std::uint8_t sources[kPruneThreads / kLanes][kLanes];
    std::uint8_t* const source = sources[threadIdx.x / kLanes];
    const int lane = lane_index();
    const std::int64_t first = warp_index() * run;
    for (std::int64_t i = first; i < first + run && i < cells.num_graphs; ++i) {
        const LaneNode node = load_node(cells, i, lane);
        const std::uint32_t kept = kept_nodes(node, cells.sizes[i], 0, output_op);
        order_nodes(kept, lane, source);
        write_node(pruned, i, lane, moved_node(node, __popc(kept), source));
        if (lane == 0) pruned.sizes[i] = static_cast<std::uint16_t>(__popc(kept));
    }
}

/// Larger cells: one thread a cell, straight from memory to memory.
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
