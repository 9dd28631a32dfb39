// A cell of at most 32 nodes as a warp holds it: lane v has node v.
#pragma once

#include "graph/dag_batch.h"
#include "support/warp.cuh"

namespace gemcore::cuda {

struct LaneNode {
    std::uint32_t row;  // Bit v: this node -> v
    std::uint8_t op;
};

/// Node `node` of a cell of a batch.
__device__ __forceinline__ LaneNode load_node(const DagBatch& batch, std::int64_t cell, int node) {
    if (node >= batch.num_nodes) return {0, kAbsent};
    return {static_cast<std::uint32_t>(*batch.row(cell, node)), batch.ops_of(cell)[node]};
}

__device__ __forceinline__ void write_node(const MutableDagBatch& batch, std::int64_t cell,
                                           int node, LaneNode value) {
    if (node >= batch.num_nodes) return;
    *batch.row(cell, node) = value.row;
    batch.ops_of(cell)[node] = value.op;
}

/// As kept_nodes() of prune.h; `first` is the node that counts as node 0.
__device__ __forceinline__ std::uint32_t kept_nodes(LaneNode node, int size, int first,
                                                    int output_op) {
    const int lane = lane_index();
    std::uint32_t kept = 1u << first, before;
    do {  // As often as the longest of the shortest paths has edges.
        before = kept;
        kept |= __reduce_or_sync(kAllLanes, kept >> lane & 1 ? node.row : 0u);
    } while (kept != before);
    if (output_op < 0) return kept;
    std::uint32_t useful = __ballot_sync(kAllLanes, lane < size && node.op == output_op);
    if (useful == 0) return kept;
    do {
        before = useful;
        useful |= __ballot_sync(kAllLanes, (node.row & useful) != 0);
    } while (useful != before);
    return (kept & useful) | 1u << first;
}

/// Writes to source[i], in shared memory, which node comes to place i: the nodes `kept`, in the
/// order of `number`, this node's number. Begins and ends with a barrier of the warp.
__device__ __forceinline__ void order_nodes(std::uint32_t kept, int number, std::uint8_t* source) {
    const bool stays = kept >> lane_index() & 1;
    const unsigned numbers = __reduce_or_sync(kAllLanes, stays ? 1u << number : 0u);
    __syncwarp();
    if (stays) {
        source[__popc(numbers & ((1u << number) - 1))] = static_cast<std::uint8_t>(lane_index());
    }
    __syncwarp();
}

/// The inputs of the node that comes to `place`, which lanes choose, in the new order: bit i is
/// place i -> `place`. Two permutations of lanes, with a transposition between, permute a matrix.
__device__ __forceinline__ std::uint32_t moved_inputs(std::uint32_t row, int size,
                                                      const std::uint8_t* source, int place) {
    const bool is_taken = lane_index() < size;
    const std::uint32_t moved = __shfl_sync(kAllLanes, row, is_taken ? source[lane_index()] : 0);
    const std::uint32_t inputs = transposed(is_taken ? moved : 0);
    const std::uint32_t found = __shfl_sync(kAllLanes, inputs, place < size ? source[place] : 0);
    return place < size ? found : 0;
}

/// The op of the node that comes to `place`.
__device__ __forceinline__ std::uint8_t moved_op(std::uint8_t op, int size,
                                                 const std::uint8_t* source, int place) {
    const int found = __shfl_sync(kAllLanes, int{op}, place < size ? source[place] : 0);
    return place < size ? static_cast<std::uint8_t>(found) : kAbsent;
}

/// The node that comes to this lane, of `size` nodes.
__device__ __forceinline__ LaneNode moved_node(LaneNode node, int size,
                                               const std::uint8_t* source) {
    const int lane = lane_index();
    return {transposed(moved_inputs(node.row, size, source, lane)),
            moved_op(node.op, size, source, lane)};
}

}  // namespace gemcore::cuda
