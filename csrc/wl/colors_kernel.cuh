// Kernels of wl_colors, apart from their launch.
#pragma once

#include "wl/block_graph.cuh"
#include "wl/warp_graph.cuh"

namespace gemcore::cuda {

constexpr int kColorWarps = 4;  ///< Of a block of the kernels that take a warp a graph.

/// Graphs of at most 32 nodes: a warp a graph.
__global__ void __launch_bounds__(kColorWarps* kLanes)
    warp_colors_kernel(LabelledBatch batch, KernelOptions options,
                       std::uint64_t* __restrict__ colors) {
    __shared__ WarpTerms terms[kColorWarps];
    const std::int64_t index = warp_index();
    if (index >= batch.graphs.num_graphs) return;
    const int lane = lane_index(), num_nodes = batch.graphs.num_nodes;
    WarpGraph graph = load_warp_graph(batch, index, options);
    std::uint64_t* row = colors + index * (options.n_iter + 1) * num_nodes;
    for (int round = 0;; ++round, row += num_nodes) {
        if (lane < graph.size) row[lane] = graph.color;
        if (round == options.n_iter) return;
        refine(graph, options, terms[threadIdx.x / kLanes]);
    }
}

/// Graphs of at most 64 * kWords nodes: a block a graph.
template <int kWords>
__global__ void __launch_bounds__(kBlockThreads<kWords>)
    block_colors_kernel(LabelledBatch batch, KernelOptions options,
                        std::uint64_t* __restrict__ colors) {
    __shared__ BlockGraph<kWords> graph;
    __shared__ BlockTerms<kWords> terms;
    const int num_nodes = batch.graphs.num_nodes, v = static_cast<int>(threadIdx.x);
    load(graph, batch, blockIdx.x, options);
    std::uint64_t* row = colors + std::int64_t{blockIdx.x} * (options.n_iter + 1) * num_nodes;
    for (int round = 0;; ++round, row += num_nodes) {
        if (v < graph.size) row[v] = graph.colors[v];
        if (round == options.n_iter) return;
        refine(graph, options, terms);
    }
}

}  // namespace gemcore::cuda
