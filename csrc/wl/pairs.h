// The Weisfeiler-Lehman subtree kernel of pairs of graphs, each compared once.
//
// k(x, y) = sum over rounds t of round_weights[t] * (number of pairs of a node of x and a node of y
// whose colors are equal after t rounds). Shervashidze et al. 2011, section 3.2; normalized it is
// NASGEM's S_g (Cheng et al. 2021, eq. 1).
#pragma once

#include <cstdint>

#include "wl/options.h"

namespace gemcore {

/// Writes the kernel of graph b of `x` and graph b of `y`, for all b.
///
/// kernel: [num_graphs]; T is double, or std::int64_t where the values are integers: all weights 1,
/// not normalized. Requires as many graphs in x as in y. Threaded; wide.
/// Cost of a pair: O(n_iter * (num_edges + num_nodes)).
template <typename T>
void wl_pairs(const LabelledBatch& x, const LabelledBatch& y, const WlOptions& options, T* kernel);

}  // namespace gemcore
