// Kernels of graph_hash, apart from their launch.
#pragma once

#include "support/mix64.h"
#include "wl/block_graph.cuh"
#include "wl/warp_graph.cuh"

namespace gemcore::cuda {

constexpr int kHashWarps = 4;  ///< Of a block of warp_hash_kernel.

/// Graphs of at most 32 nodes: a warp a graph.
__global__ void __launch_bounds__(kHashWarps* kLanes)
    warp_hash_kernel(LabelledBatch batch, KernelOptions options,
                     std::uint64_t* __restrict__ hashes) {
    __shared__ WarpTerms terms[kHashWarps];
    const std::int64_t index = warp_index();
    if (index >= batch.graphs.num_graphs) return;
    WarpGraph graph = load_warp_graph(batch, index, options);
    for (int round = 0; round < options.n_iter; ++round) {
        refine(graph, options, terms[threadIdx.x / kLanes]);
    }
    const std::uint64_t sum = warp_sum(lane_index() < graph.size ? mix64(graph.color) : 0);
    if (lane_index() == 0) hashes[index] = mix64(sum + static_cast<std::uint64_t>(graph.size));
}

/// Graphs of at most 64 * kWords nodes: a block a graph.
template <int kWords>
__global__ void __launch_bounds__(kBlockThreads<kWords>)
    block_hash_kernel(LabelledBatch batch, KernelOptions options,
                      std::uint64_t* __restrict__ hashes) {
    __shared__ BlockGraph<kWords> graph;
    __shared__ BlockTerms<kWords> terms;
    __shared__ std::uint64_t sums[kBlockThreads<kWords> / kLanes];
    const int v = static_cast<int>(threadIdx.x);
    load(graph, batch, blockIdx.x, options);
    for (int round = 0; round < options.n_iter; ++round) refine(graph, options, terms);
    const std::uint64_t sum = warp_sum(v < graph.size ? mix64(graph.colors[v]) : 0);
    if (lane_index() == 0) sums[v / kLanes] = sum;
    __syncthreads();
    if (v > 0) return;
    auto total = static_cast<std::uint64_t>(graph.size);
    for (const std::uint64_t part : sums) total += part;
    hashes[blockIdx.x] = mix64(total);
}

}  // namespace gemcore::cuda
