// Counts pairs of nodes of equal color among those nodes of two graphs that had an equal so far.
#pragma once

#include <array>
#include <cstdint>

#include "graph/dag_batch.h"
#include "wl/match_job.h"

namespace gemcore {

/// The nodes of one graph whose color another node of the pair had in all rounds so far. A round
/// only splits colors, so the others match nothing but themselves from then on.
struct SharedNodes {
    int num_shared;
    std::array<std::uint8_t, kMaxNodes> nodes;

    void set_all(int size);
};

/// Holds the workspace for graphs of up to kMaxNodes nodes.
class ColorCounter {
 public:
    /// The matches of a round of graphs of `size_x` and `size_y` nodes, of given colors. Keeps in
    /// `x` and `y` the nodes that have an equal. Cost: O(number of shared nodes).
    Matches count(const std::uint64_t* colors_x, int size_x, SharedNodes& x,
                  const std::uint64_t* colors_y, int size_y, SharedNodes& y);

 private:
    using Numbers = std::array<std::uint16_t, 2 * kMaxNodes>;

    void number(const std::uint64_t* colors, const SharedNodes& side, std::uint16_t* numbers);
    std::uint32_t find_slot(std::uint64_t color) const;

    // A hash table of the numbers of the colors, from 1 in the order of their first nodes; 0 is an
    // empty slot. Eight slots a node, so that two colors seldom want the same.
    std::array<std::uint16_t, 16 * kMaxNodes> slots_;
    std::uint32_t mask_ = 0;  // A round uses slots 0 .. mask_.
    std::array<std::uint64_t, 2 * kMaxNodes + 2> colors_;
    int num_colors_ = 0;
    Numbers of_x_, of_y_;  // The color's number of each shared node
    std::array<std::uint32_t, 2 * kMaxNodes + 2> in_x_, in_y_;
};

}  // namespace gemcore
