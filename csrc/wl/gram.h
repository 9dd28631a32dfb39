// The Weisfeiler-Lehman subtree kernel between all graphs of one batch and all of another.
#pragma once

#include <cstdint>

#include "wl/options.h"

namespace gemcore {

/// Writes the kernel of every graph of `x` and every graph of `y`. The values are those of
/// wl_pairs, to the bit.
///
/// gram: [x.num_graphs, y.num_graphs]; T is double, or std::int64_t where the values are integers:
/// all weights 1, not normalized. Where y is x itself the matrix is symmetric, at half the price.
/// Threaded.
///
/// Colors are computed once a graph. Each color keeps the list of the graphs of y that have it, and
/// a row of the matrix is the sum of the lists of the row's colors. Random cells share few colors
/// after the first rounds, so the cost is near O(num_graphs^2 * (n_iter + colors before round 1)),
/// and never above num_nodes times that.
template <typename T>
void wl_gram(const LabelledBatch& x, const LabelledBatch& y, const WlOptions& options, T* gram);

}  // namespace gemcore
