// The Weisfeiler-Lehman subtree kernel between all graphs of one batch and all of another.
#pragma once

#include <cstdint>

#include "wl/options.h"

namespace gemcore {

/// How the matrix is computed; the values don't depend on it.
enum class GramVariant {
    kAuto,   ///< By size, and color by color
    kPairs,  ///< Every two graphs are compared: the least for a few graphs
    kIndex,  ///< Each color lists the graphs of y that have it: the least for a rare color
    kDense   ///< Each color has a row of the counts of all graphs of y: the least for a common one
};

struct GramPlan {
    GramVariant variant = GramVariant::kAuto;
    std::int64_t graphs_at_once = 0;  ///< Of either batch; 0: by the workspace
};

/// Writes the kernel of every graph of `x` and every graph of `y`. The values are those of
/// wl_pairs, to the bit; a float is the double rounded once.
///
/// gram: [x.num_graphs, y.num_graphs]; T is double, float, or std::int64_t where the values are
/// integers: all weights 1, not normalized. Where y is x itself the matrix is symmetric, at half
/// the price. Threaded; wide.
///
/// Workspace: at most 256 MB, and 1 MB a thread. Cost: colors and histograms once a graph (once a
/// block of the matrix, where the workspace does not hold all graphs), then O(1) an element and
/// pair of equal colors.
template <typename T>
void wl_gram(const LabelledBatch& x, const LabelledBatch& y, const WlOptions& options, T* gram,
             const GramPlan& plan = {});

}  // namespace gemcore
