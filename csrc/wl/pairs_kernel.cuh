// Kernels of wl_pairs, apart from their launch.
#pragma once

#include "wl/block_pair.cuh"
#include "wl/warp_pair.cuh"

namespace gemcore::cuda {

constexpr int kPairWarps = 4;  ///< Of a block of warp_pairs_kernel.

/// Graphs of at most 32 nodes: a warp a pair, `run` <= 32 consecutive pairs one after the other.
/// Lane p keeps the sums of pair p, so that roots and quotients are taken for all at once.
template <typename T>
__global__ void __launch_bounds__(kPairWarps* kLanes)
    warp_pairs_kernel(LabelledBatch x, LabelledBatch y, KernelOptions options, int run,
                      T* __restrict__ kernel) {
    __shared__ WarpTerms terms[kPairWarps];
    const int lane = lane_index();
    const std::int64_t first = warp_index() * run;
    PairSums mine;
    for (int p = 0; p < run && first + p < x.graphs.num_graphs; ++p) {
        const PairSums sums =
            compare(load_warp_graph(x, first + p, options), load_warp_graph(y, first + p, options),
                    options, terms[threadIdx.x / kLanes]);
        if (lane == p) mine = sums;
    }
    if (lane < run && first + lane < x.graphs.num_graphs) {
        kernel[first + lane] = mine.value<T>(options.normalize);
    }
}

/// Graphs of at most 64 * kWords nodes: a block a pair.
template <int kWords, typename T>
__global__ void __launch_bounds__(kBlockThreads<kWords>)
    block_pairs_kernel(LabelledBatch x, LabelledBatch y, KernelOptions options,
                       T* __restrict__ kernel) {
    __shared__ BlockPair<kWords> pair;
    load(pair.x, x, blockIdx.x, options);
    load(pair.y, y, blockIdx.x, options);
    const PairSums sums = compare(pair, options);
    if (threadIdx.x == 0) kernel[blockIdx.x] = sums.value<T>(options.normalize);
}

}  // namespace gemcore::cuda
