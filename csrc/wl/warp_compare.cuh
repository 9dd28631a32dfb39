// A pair of graphs of at most 32 nodes, compared by a warp.
//
// Any numbers that are equal where colors are will do for colors, so the first round takes counts
// of neighbors by label where labels are small: no color is summed up before two nodes have shown
// to be alike, which few do. The sums of a pair's values are left to a lane of its own: 32 pairs at
// once.
#pragma once

#include "wl/equal_colors.cuh"
#include "wl/small_labels.cuh"
#include "wl/warp_pair.cuh"

namespace gemcore::cuda {

/// What is known of the labels of both batches.
struct PairLabels {
    const std::uint64_t* of_op_x;
    const std::uint64_t* of_op_y;
    const SmallLabels* small;  // If they are
};

/// A warp's own in shared memory, for kPairs pairs.
template <int kPairs>
struct CompareRoom {
    union {
        MatchRoom match;
        PairTerms terms;
    };
    std::uint32_t packed[kMaxRounds + 1][kPairs];
};

/// The counts of a pair: those of round 0 as digits of small labels, if so; rounds from
/// `num_counted` on have no equal colors; the others lie in the room.
struct ComparedPair {
    LabelDigits labels_x, labels_y;
    int num_counted;
};

/// A node's own label and the counts of its neighbors by label.
__device__ __forceinline__ std::uint64_t first_code(std::uint32_t label, const LabelDigits& labels,
                                                    const Neighbors& near, bool apart) {
    const std::uint32_t low = labels.counts(near.inputs) | label << 20;
    const std::uint32_t high = apart ? labels.counts(near.outputs) : 0;
    return std::uint64_t{high} << 32 | low;
}

__device__ __forceinline__ std::uint64_t first_color(std::uint64_t label, const Neighbors& edges,
                                                     const KernelOptions& options) {
    return options.first_color(label, __popc(edges.inputs), __popc(edges.outputs));
}

/// Counts the equal colors of pair `place` of the room. All lanes get the result.
template <int kPairs>
__device__ __forceinline__ ComparedPair compare(const WarpPair& pair, const PairLabels& labels,
                                                const KernelOptions& options, int place,
                                                CompareRoom<kPairs>& room) {
    const int lane = lane_index();
    const bool apart = options.keeps_roles_apart();
    const Neighbors near_x = neighbors(pair.edges_x(), options);
    const Neighbors near_y = neighbors(pair.edges_y(), options);
    ComparedPair result{};
    PairColors colors;
    int round = 0;
    if (labels.small != nullptr) {
        const std::uint32_t label_x = labels.small->of_op[0][pair.op_x];
        const std::uint32_t label_y = labels.small->of_op[1][pair.op_y];
        result.labels_x = label_digits(label_x);
        result.labels_y = label_digits(label_y);
        colors = {first_code(label_x, result.labels_x, near_x, apart),
                  first_code(label_y, result.labels_y, near_y, apart)};
        round = 1;
    } else {
        colors = {first_color(labels.of_op_x[pair.op_x], pair.edges_x(), options),
                  first_color(labels.of_op_y[pair.op_y], pair.edges_y(), options)};
    }
    Company company{pair.nodes_x(), pair.nodes_y()};
    while (round <= options.n_iter) {
        const std::uint32_t packed = count_equal(colors.x, colors.y, company, room.match);
        if (packed == 0) break;
        if (lane == 0) room.packed[round][place] = packed;
        if (round++ == options.n_iter) break;
        // The last round's colors are compared, but no color follows from them.
        const bool all = round < options.n_iter;
        colors = refined(colors, near_x.wanted_if(all || company.x >> lane & 1),
                         near_y.wanted_if(all || company.y >> lane & 1), apart, room.terms);
    }
    result.num_counted = round;
    return result;
}

/// The sums of a pair of these sizes: each lane may ask for another.
template <int kPairs>
__device__ __forceinline__ PairSums sums_of(const ComparedPair& pair, int size_x, int size_y,
                                            bool has_small_labels, const KernelOptions& options,
                                            int place, const CompareRoom<kPairs>& room) {
    PairSums sums;
    for (int round = 0; round <= options.n_iter; ++round) {
        Counts counts{0, size_x, size_y};
        if (round == 0 && has_small_labels) {
            counts = count_labels(pair.labels_x, bit_range<std::uint32_t>(0, size_x), pair.labels_y,
                                  bit_range<std::uint32_t>(kLanes - size_y, kLanes));
        } else if (round < pair.num_counted) {
            counts = unpacked(room.packed[round][place], size_x, size_y);
        }
        sums.add(options.round_weights[round], counts);
    }
    return sums;
}

}  // namespace gemcore::cuda
