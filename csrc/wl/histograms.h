// How often each color occurs in each graph, round by round: what Gram matrix and features are
// made of.
//
// Shervashidze et al. 2011, section 3.2.
#pragma once

#include <cstdint>
#include <vector>

#include "wl/options.h"

namespace gemcore {

/// One round. Graph g has the elements begin[g] .. begin[g + 1] - 1, each color once.
struct RoundHistograms {
    std::int64_t num_colors;
    std::vector<std::int64_t> begin;    ///< [num_graphs + 1]
    std::vector<std::uint32_t> colors;  ///< Numbers below num_colors, by first occurrence
    std::vector<std::uint16_t> counts;  ///< 1 .. kMaxNodes
};

/// Of the graphs of one batch, or of those of two, one batch after the other.
struct Histograms {
    std::vector<RoundHistograms> rounds;  ///< [n_iter + 1]
    /// [n_iter + 1, num_graphs]: pairs of nodes of equal color in each graph, of all its colors
    std::vector<std::int32_t> own_matches;
    std::int64_t num_graphs;
};

enum class KeptColors {
    kOfFirst,  ///< All that the first batch has
    kShared    ///< Those that two graphs have, one of either batch where there are two
};

/// Numbers colors and counts them, in the order of graphs and nodes: results depend on nothing
/// else.
///
/// second: null for none. With kShared a node whose color no other has is not looked at again: a
/// round only splits colors. Throws std::length_error from 2^32 nodes on.
/// Workspace and result: up to 16 bytes a node and round, and 200 a node. Coloring is threaded.
/// Cost: that of wl_colors, and O(1) a node and round.
Histograms wl_histograms(const LabelledBatch& first, const LabelledBatch* second,
                         const WlOptions& options, KeptColors kept);

}  // namespace gemcore
