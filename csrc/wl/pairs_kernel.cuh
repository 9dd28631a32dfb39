// Kernels of wl_pairs, apart from their launch.
#pragma once

#include "wl/block_pair.cuh"
#include "wl/warp_compare.cuh"

namespace gemcore::cuda {

constexpr int kPairWarps = 4;  ///< Of a block of warp_pairs_kernel.

/// Graphs of at most 32 nodes: a warp a pair, `run` <= 32 consecutive pairs one after the other.
template <typename T>
__global__ void __launch_bounds__(kPairWarps* kLanes)
    warp_pairs_kernel(LabelledBatch x, LabelledBatch y, KernelOptions options, int run,
                      T* __restrict__ kernel) {
    __shared__ SmallLabels small_labels;
    __shared__ CompareRoom<kLanes> rooms[kPairWarps];
    const bool are_small = load_small_labels(x.label_of_op, y.label_of_op, options, small_labels);
    const PairLabels labels{x.label_of_op, y.label_of_op, are_small ? &small_labels : nullptr};
    CompareRoom<kLanes>& room = rooms[threadIdx.x / kLanes];
    const int lane = lane_index();
    const std::int64_t first = warp_index() * run;
    const std::int64_t left = x.graphs.num_graphs - first;
    if (left <= 0) return;
    const int num = left < run ? static_cast<int>(left) : run;
    const int size_x = lane < num ? x.graphs.sizes[first + lane] : 0;
    const int size_y = lane < num ? y.graphs.sizes[first + lane] : 0;
    ComparedPair mine{};
    LoadedPair next = load_pair(x.graphs, y.graphs, first);
    for (int p = 0; p < num; ++p) {
        const WarpPair pair =
            make_pair(next, __shfl_sync(kAllLanes, size_x, p), __shfl_sync(kAllLanes, size_y, p));
        if (p + 1 < num) next = load_pair(x.graphs, y.graphs, first + p + 1);
        const ComparedPair compared = compare(pair, labels, options, p, room);
        if (lane == p) mine = compared;
    }
    __syncwarp();
    if (lane >= num) return;
    const PairSums sums = sums_of(mine, size_x, size_y, are_small, options, lane, room);
    kernel[first + lane] = sums.value<T>(options.normalize);
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
