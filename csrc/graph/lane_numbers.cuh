// How one lane draws a topological order of its cell of at most 32 nodes: draw_numbers() of
// perturb_cell.cuh, with the same words.
#pragma once

#include "graph/perturb_cell.cuh"

namespace gemcore::cuda {

/// How many inputs without a place each node has: bit v of word i is bit i of the count of node v.
/// A row is added or taken off for all nodes at once.
struct WaitingInputs {
    std::uint32_t digit[5] = {};

    __device__ void add(std::uint32_t row) {
        for (std::uint32_t& bits : digit) {
            const std::uint32_t carry = bits & row;
            bits ^= row;
            row = carry;
        }
    }
    __device__ void remove(std::uint32_t row) {
        for (std::uint32_t& bits : digit) {
            const std::uint32_t borrow = ~bits & row;
            bits ^= row;
            row = borrow;
        }
    }
    /// The nodes that wait for nothing.
    __device__ std::uint32_t none() const {
        return ~(digit[0] | digit[1] | digit[2] | digit[3] | digit[4]);
    }
};

/// Writes the place of each node to `numbers`; returns the node that comes first.
__device__ inline int draw_lane_numbers(const LaneRows& rows, LaneBytes ops, int size,
                                        LaneBytes numbers, LaneBytes ready,
                                        const PerturbRules& rules, PhiloxSequence words) {
    const bool input_stays = ops[0] == rules.input_op;
    const bool output_stays = ops[size - 1] == rules.output_op;
    WaitingInputs waiting;
    for (int u = 0; u < size; ++u) waiting.add(rows.row(u));
    int num_ready = 0, place = 0, first = 0;
    const auto add_ready = [&](std::uint32_t nodes) {
        if (output_stays) nodes &= ~(1u << (size - 1));
        for (; nodes != 0; nodes &= nodes - 1) {
            ready[num_ready++] = static_cast<std::uint8_t>(lowest_bit(nodes));
        }
    };
    const auto put = [&](int node) {
        if (place == 0) first = node;
        numbers[node] = static_cast<std::uint8_t>(place++);
        const std::uint32_t row = rows.row(node);
        waiting.remove(row);
        add_ready(row & waiting.none());
    };
    add_ready(waiting.none() & bit_range<std::uint32_t>(input_stays, size));
    if (input_stays) put(0);
    while (num_ready > 0) {
        const auto pick = static_cast<int>(words.next_below(static_cast<std::uint32_t>(num_ready)));
        const int node = ready[pick];
        ready[pick] = ready[--num_ready];
        put(node);
    }
    if (output_stays && place < size) put(size - 1);
    return first;
}

}  // namespace gemcore::cuda
