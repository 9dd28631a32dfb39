// A pair of graphs of at most 32 nodes in the registers of a warp: lane v has node v of x and, for
// y is mirrored, node 31 - v of y. Edges of x then go to higher lanes, those of y to lower ones, so
// that both matrices are the halves of one, and one transposition serves both.
#pragma once

#include "graph/warp_cell.cuh"
#include "wl/kernel_options.cuh"

namespace gemcore::cuda {

__device__ __forceinline__ int mirrored_lane() { return kLanes - 1 - lane_index(); }

/// What a node reads in a round, as lanes, by the role that its neighbors have for it. Where the
/// roles are not kept apart, all are inputs.
struct Neighbors {
    std::uint32_t inputs, outputs;

    __device__ Neighbors wanted_if(bool wanted) const {
        return {wanted ? inputs : 0, wanted ? outputs : 0};
    }
};

struct WarpPair {
    std::uint32_t rows;     // Bit v: this node -> lane v
    std::uint32_t columns;  // Bit v: lane v -> this node
    std::uint8_t op_x, op_y;
    int size_x, size_y;

    __device__ std::uint32_t nodes_x() const { return bit_range<std::uint32_t>(0, size_x); }
    __device__ std::uint32_t nodes_y() const {
        return bit_range<std::uint32_t>(kLanes - size_y, kLanes);
    }
    __device__ Neighbors edges_x() const { return {columns & lanes_below(), rows & lanes_above()}; }
    __device__ Neighbors edges_y() const { return {columns & lanes_above(), rows & lanes_below()}; }
};

/// A pair as it lies in memory: this lane's node of x, and of y mirrored.
struct LoadedPair {
    LaneNode x, y;
};

__device__ __forceinline__ LoadedPair load_pair(const DagBatch& x, const DagBatch& y,
                                                std::int64_t pair) {
    return {load_node(x, pair, lane_index()), load_node(y, pair, mirrored_lane())};
}

__device__ __forceinline__ WarpPair make_pair(const LoadedPair& loaded, int size_x, int size_y) {
    const std::uint32_t rows = loaded.x.row | __brev(loaded.y.row);
    return {rows, transposed(rows), loaded.x.op, loaded.y.op, size_x, size_y};
}

__device__ __forceinline__ Neighbors neighbors(const Neighbors& edges,
                                               const KernelOptions& options) {
    if (options.keeps_roles_apart()) return edges;
    return {
        (options.reads_inputs() ? edges.inputs : 0) | (options.reads_outputs() ? edges.outputs : 0),
        0};
}

/// A warp's own in shared memory: the terms of all nodes of x and y, as inputs and as outputs.
struct PairTerms {
    std::uint64_t of[2][2][kLanes];
};

/// The colors after one more round, of x and y, in lanes that want them.
struct PairColors {
    std::uint64_t x, y;
};

__device__ __forceinline__ std::uint64_t summed(std::uint64_t sum, const Neighbors& near,
                                                const std::uint64_t (&terms)[2][kLanes]) {
    for (std::uint32_t rest = near.inputs | near.outputs; rest != 0; rest &= rest - 1) {
        const int other = lowest_bit(rest);
        sum += terms[near.outputs >> other & 1][other];
    }
    return sum;
}

/// One round. Lanes that want no color back give no neighbors.
__device__ inline PairColors refined(const PairColors& colors, const Neighbors& near_x,
                                     const Neighbors& near_y, bool apart, PairTerms& terms) {
    const int lane = lane_index();
    __syncwarp();  // The terms before have been read.
    terms.of[0][0][lane] = color_term(colors.x, Role::kInput);
    terms.of[1][0][lane] = color_term(colors.y, Role::kInput);
    if (apart) {
        terms.of[0][1][lane] = color_term(colors.x, Role::kOutput);
        terms.of[1][1][lane] = color_term(colors.y, Role::kOutput);
    }
    __syncwarp();
    return {summed(color_term(colors.x, Role::kSelf), near_x, terms.of[0]),
            summed(color_term(colors.y, Role::kSelf), near_y, terms.of[1])};
}

}  // namespace gemcore::cuda
