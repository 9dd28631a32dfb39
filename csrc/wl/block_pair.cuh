// A pair of graphs of at most 64 * kWords nodes, compared by a block of as many threads.
#pragma once

#include "wl/block_graph.cuh"
#include "wl/pair_sums.cuh"

namespace gemcore::cuda {

/// In shared memory.
template <int kWords>
struct BlockPair {
    BlockGraph<kWords> x, y;
    BlockTerms<kWords> terms;
    unsigned counts[kMaxRounds + 1][3];  // xy, xx, yy of each round
};

/// How many nodes of the graph have this color.
template <int kWords>
__device__ unsigned count_color(const BlockGraph<kWords>& graph, std::uint64_t color) {
    unsigned count = 0;
    for (int v = 0; v < graph.size; ++v) count += graph.colors[v] == color;
    return count;
}

/// Adds a warp's values to a count of the block.
__device__ __forceinline__ void add_to_count(unsigned& count, unsigned value) {
    const unsigned sum = __reduce_add_sync(kAllLanes, value);
    if (lane_index() == 0) atomicAdd(&count, sum);
}

/// Counts a round's equal colors. `shared_x` and `shared_y` tell whether this thread's nodes had a
/// color in common with another node in all rounds so far, and are updated; true if any thread has
/// such a node left. Ends with a barrier.
template <int kWords>
__device__ bool count_round(BlockPair<kWords>& pair, int round, bool& shared_x, bool& shared_y) {
    const int v = static_cast<int>(threadIdx.x);
    unsigned xy = 0, xx = v < pair.x.size, yy = v < pair.y.size;
    if (shared_x) {
        xx = count_color(pair.x, pair.x.colors[v]);
        xy = count_color(pair.y, pair.x.colors[v]);
        shared_x = xx + xy > 1;
    }
    if (shared_y) {
        yy = count_color(pair.y, pair.y.colors[v]);
        shared_y = yy > 1 || count_color(pair.x, pair.y.colors[v]) > 0;
    }
    add_to_count(pair.counts[round][0], xy);
    add_to_count(pair.counts[round][1], xx);
    add_to_count(pair.counts[round][2], yy);
    return __syncthreads_or(shared_x || shared_y);
}

/// Compares the graphs, which are loaded. The whole block calls; all threads get the sums.
template <int kWords>
__device__ PairSums compare(BlockPair<kWords>& pair, const KernelOptions& options) {
    const int v = static_cast<int>(threadIdx.x);
    for (int i = v; i < 3 * (kMaxRounds + 1); i += kBlockThreads<kWords>) {
        pair.counts[i / 3][i % 3] = 0;
    }
    __syncthreads();
    bool shared_x = v < pair.x.size, shared_y = v < pair.y.size;
    int num_counted = 0;
    for (;;) {
        const bool any = count_round(pair, num_counted, shared_x, shared_y);
        if (num_counted++ == options.n_iter || !any) break;
        refine(pair.x, options, pair.terms);
        refine(pair.y, options, pair.terms);
    }
    PairSums sums;
    for (int round = 0; round <= options.n_iter; ++round) {
        Counts counts{0, pair.x.size, pair.y.size};
        if (round < num_counted) {
            counts = {static_cast<int>(pair.counts[round][0]),
                      static_cast<int>(pair.counts[round][1]),
                      static_cast<int>(pair.counts[round][2])};
        }
        sums.add(options.round_weights[round], counts);
    }
    return sums;
}

}  // namespace gemcore::cuda
