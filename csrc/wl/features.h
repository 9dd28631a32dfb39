// Color histograms as sparse vectors, whose dot products are the Weisfeiler-Lehman subtree kernel.
//
// Shervashidze et al. 2011, section 3.2. A coordinate is a round and a color.
#pragma once

#include <cstdint>
#include <vector>

#include "wl/histograms.h"

namespace gemcore {

/// Features of graphs first .. histograms.num_graphs - 1: a matrix in compressed sparse rows, of a
/// column a color. The histograms hold the colors to be columns: KeptColors::kOfFirst.
struct FeatureShape {
    std::int64_t num_rows;
    std::int64_t num_elements;
    std::vector<std::int64_t> round_begin;  ///< [n_iter + 2]: columns of each round
};

FeatureShape feature_shape(const Histograms& histograms, std::int64_t first);

/// Writes the matrix.
///
/// row_begin: [num_rows + 1]; columns, ascending in each row, and counts: [num_elements]. Index is
/// std::int64_t, or std::int32_t where no number is above 2^31 - 1. Threaded.
/// Cost: O(num_nodes log num_nodes) a graph and round, less where colors are new.
template <typename Index>
void write_features(const Histograms& histograms, std::int64_t first, Index* row_begin,
                    Index* columns, std::int64_t* counts);

}  // namespace gemcore
