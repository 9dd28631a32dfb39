// The Weisfeiler-Lehman subtree kernel of pairs of graphs, each compared once.
//
// k(x, y) = sum over rounds t of round_weights[t] * (number of pairs of a node of x and a node of y
// whose colors are equal after t rounds). Shervashidze et al. 2011, section 3.2; normalized it is
// NASGEM's S_g (Cheng et al. 2021, eq. 1).
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "wl/colors.h"

namespace gemcore {

/// Writes the kernel of graph b of `x` and graph b of `y`, for all b.
///
/// kernel: [num_graphs]; T is double, or std::int64_t where the values are integers: all weights 1,
/// not normalized. Requires as many graphs in x as in y. Threaded.
/// Cost of a pair: O(n_iter * (num_edges + num_nodes)).
template <typename T>
void wl_pairs(const LabelledBatch& x, const LabelledBatch& y, const WlOptions& options, T* kernel);

/// Numbers of pairs of nodes of equal color: of two graphs, and of each with itself.
struct Matches {
    std::int64_t xy;
    std::int64_t xx;
    std::int64_t yy;
};

/// Compares one pair after the other; holds the workspace for graphs of up to kMaxNodes nodes.
/// The portable reference: a wide twin keeps its contract.
class PairComparer {
 public:
    PairComparer();

    /// matches: [n_iter + 1], of each round.
    void compare(const LabelledBatch& x, const LabelledBatch& y, std::int64_t graph,
                 const WlOptions& options, Matches* matches);

 private:
    struct Slot {
        std::uint64_t color;
        std::uint32_t in_x, in_y;
    };
    /// The nodes of one graph whose color another node of the pair had in all rounds so far. A
    /// round only splits colors, so the others match nothing but themselves from then on.
    struct Side {
        Refiner graph;
        int num_shared;
        std::array<std::uint8_t, kMaxNodes> shared;
        std::array<std::uint32_t, kMaxNodes> slots;
    };

    std::uint32_t find_slot(std::uint64_t color) const;
    void insert(Side& side, std::uint32_t Slot::* count);
    Matches count_round();
    void drop_unique(Side& side);

    Side x_, y_;
    std::vector<Slot> slots_;  // A hash table with open addressing; empty where both counts are 0.
    std::uint32_t mask_ = 0;   // The pair uses slots 0 .. mask_.
};

}  // namespace gemcore
