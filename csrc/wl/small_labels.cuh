// Labels that are numbers below 4, by far the most common: then the nodes of a label are two words
// of bits, and what a node's neighbors are called after the first round is four counts of bits.
#pragma once

#include "support/warp.cuh"
#include "wl/kernel_options.cuh"
#include "wl/pair_sums.cuh"

namespace gemcore::cuda {

/// In shared memory: labels of the ops of both batches, x and y.
struct SmallLabels {
    std::uint8_t of_op[2][256];
};

/// Whether all labels are below 4, which `labels` then holds. The whole block calls; ends with a
/// barrier.
__device__ __forceinline__ bool load_small_labels(const std::uint64_t* label_of_op_x,
                                                  const std::uint64_t* label_of_op_y,
                                                  const KernelOptions& options,
                                                  SmallLabels& labels) {
    if (options.labels == BaseLabels::kDegree) return false;
    bool is_large = false;
    for (unsigned op = threadIdx.x; op < 256; op += blockDim.x) {
        for (int which = 0; which < 2; ++which) {
            const std::uint64_t* const table = which == 0 ? label_of_op_x : label_of_op_y;
            const std::uint64_t label = options.labels == BaseLabels::kOps ? table[op] : 0;
            labels.of_op[which][op] = static_cast<std::uint8_t>(label);
            is_large |= label >= 4;
        }
    }
    return !__syncthreads_or(is_large);
}

/// The digits of the labels of all nodes: bit v of a word is a digit of node v.
struct LabelDigits {
    std::uint32_t low, high;

    __device__ std::uint32_t nodes_of(std::uint32_t label) const {
        return (label & 1 ? low : ~low) & (label & 2 ? high : ~high);
    }
    /// From which the number of neighbors of each label follows.
    __device__ std::uint32_t counts(std::uint32_t neighbors) const {
        return static_cast<std::uint32_t>(__popc(neighbors) | __popc(neighbors & low) << 5 |
                                          __popc(neighbors & high) << 10 |
                                          __popc(neighbors & low & high) << 15);
    }
};

__device__ __forceinline__ LabelDigits label_digits(std::uint32_t label) {
    return {__ballot_sync(kAllLanes, label & 1), __ballot_sync(kAllLanes, label & 2)};
}

/// Equal labels of the nodes of two graphs.
__device__ __forceinline__ Counts count_labels(const LabelDigits& x, std::uint32_t nodes_x,
                                               const LabelDigits& y, std::uint32_t nodes_y) {
    Counts counts{0, 0, 0};
    for (std::uint32_t label = 0; label < 4; ++label) {
        const int num_x = __popc(x.nodes_of(label) & nodes_x);
        const int num_y = __popc(y.nodes_of(label) & nodes_y);
        counts.xy += num_x * num_y;
        counts.xx += num_x * num_x;
        counts.yy += num_y * num_y;
    }
    return counts;
}

}  // namespace gemcore::cuda
