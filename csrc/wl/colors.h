// Colors of the nodes of a graph after 0, 1, ..., n_iter rounds of Weisfeiler-Lehman refinement.
//
// Shervashidze et al., "Weisfeiler-Lehman Graph Kernels", JMLR 12, 2011, section 3.1.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "wl/options.h"

namespace gemcore {

/// Refines one graph after the other; holds the workspace for graphs of up to kMaxNodes nodes.
class Refiner {
 public:
    /// Reads a graph. Its colors are then those before the first round.
    /// Cost: O(num_nodes * num_words + num_edges).
    void load(const LabelledBatch& batch, std::int64_t graph, const WlOptions& options);

    /// One round. Cost: O(size + num_edges).
    void refine();

    /// Sets the colors of all nodes, [size()]: canonical forms start from colors of their own.
    void recolor(const std::uint64_t* colors) { std::copy_n(colors, size_, colors_.begin()); }

    int size() const { return size_; }

    /// [size()], in the order of the nodes.
    const std::uint64_t* colors() const { return colors_.data(); }

 private:
    struct Edge {
        std::uint8_t from, to;
    };
    using PerNode = std::array<std::uint64_t, kMaxNodes>;

    std::span<const Edge> edges() const { return {edges_.data(), num_edges_}; }
    void read_edges(const DagBatch& graphs, std::int64_t graph);
    void color_by_degree();

    int size_ = 0;
    bool reads_inputs_ = false;
    bool reads_outputs_ = false;
    bool keeps_roles_apart_ = false;
    // A list, not bit rows: a round is then one loop without a branch to mispredict.
    std::vector<Edge> edges_;
    std::size_t num_edges_ = 0;
    PerNode colors_;
    PerNode input_terms_;
    PerNode output_terms_;
};

/// Writes the colors of all graphs, in the order of the nodes.
///
/// colors: [num_graphs, n_iter + 1, num_nodes]. Only the first sizes[b] elements of a row are
/// written. Cost: O(n_iter * (num_edges + num_nodes)) for each graph. Threaded.
void wl_colors(const LabelledBatch& batch, const WlOptions& options, std::uint64_t* colors);

}  // namespace gemcore
