// Color histograms as sparse vectors, whose dot products are the Weisfeiler-Lehman subtree kernel.
//
// Shervashidze et al. 2011, section 3.2. A coordinate is a round and a color.
#pragma once

#include <cstdint>
#include <vector>

#include "wl/options.h"

namespace gemcore {

/// How often each color occurs in each graph after each round. Row b * num_rounds + t, of graph b
/// after t rounds, holds the elements row_begin[row] .. row_begin[row + 1] - 1, by ascending color.
struct Histograms {
    std::int64_t num_graphs;
    int num_rounds;  ///< n_iter + 1
    std::vector<std::int64_t> row_begin;
    std::vector<std::uint64_t> colors;
    std::vector<std::int32_t> counts;
};

/// Threaded. Cost: that of wl_colors.
Histograms wl_histograms(const LabelledBatch& batch, const WlOptions& options);

/// The colors that some graph of a batch has, numbered by round, then by color: those of round t
/// are colors[round_begin[t]] .. colors[round_begin[t + 1] - 1].
struct Vocabulary {
    std::vector<std::int64_t> round_begin;
    std::vector<std::uint64_t> colors;

    std::int64_t size() const { return static_cast<std::int64_t>(colors.size()); }
};

/// A thread a round. Cost: O(num_elements log num_elements).
Vocabulary wl_vocabulary(const Histograms& histograms);

/// The number in the vocabulary of each element's color, -1 where it has none. Threaded.
std::vector<std::int64_t> find_columns(const Histograms& histograms, const Vocabulary& vocabulary);

/// A matrix in compressed sparse rows.
struct SparseRows {
    std::vector<std::int64_t> row_begin;    ///< [num_graphs + 1]
    std::vector<std::int64_t> columns;      ///< Ascending in each row
    std::vector<std::int64_t> counts;       ///< As many as columns
    std::vector<std::int64_t> round_begin;  ///< [n_iter + 2]; columns of each round
};

/// One row a graph of `batch`, one column a color of `columns_of`; other colors are left out.
SparseRows wl_features(const LabelledBatch& batch, const LabelledBatch& columns_of,
                       const WlOptions& options);

}  // namespace gemcore
