// A pair of graphs of at most 32 nodes, compared by a warp.
#pragma once

#include "wl/pair_sums.cuh"
#include "wl/warp_graph.cuh"

namespace gemcore::cuda {

/// The nodes of both graphs whose color another node of the pair had in all rounds so far: the
/// others match nothing but themselves from then on.
struct SharedNodes {
    std::uint32_t x, y;
};

/// Counts a round's equal colors and drops the nodes that are alone with theirs. Goes through the
/// colors of y, each with all its nodes at once: few colors, few steps.
__device__ __forceinline__ Counts count_round(const WarpGraph& x, const WarpGraph& y,
                                              SharedNodes& shared) {
    const int lane = lane_index();
    const bool in_x = shared.x >> lane & 1, in_y = shared.y >> lane & 1;
    const int twins = __popc(__match_any_sync(kAllLanes, x.color) & shared.x);
    const auto squares = __reduce_add_sync(kAllLanes, in_x ? static_cast<unsigned>(twins) : 0u);
    Counts counts{0, static_cast<int>(squares) + x.size - __popc(shared.x),
                  y.size - __popc(shared.y)};
    SharedNodes kept{__ballot_sync(kAllLanes, in_x && twins > 1), 0};
    for (std::uint32_t rest = shared.y; rest != 0;) {
        const std::uint64_t color = __shfl_sync(kAllLanes, y.color, __ffs(rest) - 1);
        const unsigned with_x = __ballot_sync(kAllLanes, in_x && x.color == color);
        const unsigned with_y = __ballot_sync(kAllLanes, in_y && y.color == color);
        const int num_x = __popc(with_x), num_y = __popc(with_y);
        counts.xy += num_x * num_y;
        counts.yy += num_y * num_y;
        if (num_x + num_y > 1) {
            kept.x |= with_x;
            kept.y |= with_y;
        }
        rest &= ~with_y;
    }
    shared = kept;
    return counts;
}

/// All lanes get the sums.
__device__ __forceinline__ PairSums compare(WarpGraph x, WarpGraph y, const KernelOptions& options,
                                            WarpTerms& terms) {
    SharedNodes shared{x.nodes(), y.nodes()};
    PairSums sums;
    for (int round = 0;; ++round) {
        if ((shared.x | shared.y) != 0) {
            sums.add(options.round_weights[round], count_round(x, y, shared));
        } else {
            sums.add(options.round_weights[round], {0, x.size, y.size});
        }
        if (round == options.n_iter) return sums;
        if ((shared.x | shared.y) == 0) continue;
        // The last round's colors are compared, but no color follows from them.
        const bool is_last = round + 1 == options.n_iter;
        refine(x, options, !is_last || shared.x >> lane_index() & 1, terms);
        refine(y, options, !is_last || shared.y >> lane_index() & 1, terms);
    }
}

}  // namespace gemcore::cuda
