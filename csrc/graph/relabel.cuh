// New numbers for the nodes of a cell, after some have been dropped: a block moves the rows of one
// cell, each thread those of its node. For cells of a warp see moved_node() of warp_cell.cuh.
#pragma once

#include "graph/prune_cell.cuh"

namespace gemcore::cuda {

/// In shared memory.
template <int kWords>
struct BlockRelabelRoom {
    Nodes<std::uint64_t, kWords> kept;
    std::uint8_t node_at[64 * kWords];
    std::uint8_t places[64 * kWords];
    std::uint32_t numbers[2 * kWords];  // Bit i: the node of number i stays.
};

/// Moves rows (of kWords words) and ops in place, those of the nodes room.kept, in the order of
/// `numbers`. Absent nodes get kAbsent. Begins and ends with a barrier.
template <int kWords>
__device__ void relabel(std::uint64_t* rows, std::uint8_t* ops, int size,
                        const std::uint8_t* numbers, BlockRelabelRoom<kWords>& room) {
    const int v = static_cast<int>(threadIdx.x);
    __syncthreads();
    const bool stays = v < size && room.kept.has(v);
    if (v < size) room.node_at[numbers[v]] = static_cast<std::uint8_t>(v);
    __syncthreads();
    const unsigned with_number =
        __ballot_sync(kAllLanes, v < size && room.kept.has(room.node_at[v]));
    if (lane_index() == 0) room.numbers[v / kLanes] = with_number;
    __syncthreads();
    int place = 0;
    if (stays) {
        for (int i = 0; i < 2 * kWords; ++i) {
            place += __popc(room.numbers[i] & bit_range<std::uint32_t>(0, numbers[v] - 32 * i));
        }
        room.places[v] = static_cast<std::uint8_t>(place);
    }
    __syncthreads();
    Nodes<std::uint64_t, kWords> moved;
    std::uint8_t op = kAbsent;
    if (stays) {
        op = ops[v];
        const Rows old{rows, size, kWords};
        for_each_output(old, v, [&](int to) {
            if (room.kept.has(to)) moved.add(room.places[to]);
        });
    }
    // Its own row and op alone are what this thread has read of them.
    for (int w = 0; w < kWords; ++w) rows[v * kWords + w] = 0;
    ops[v] = kAbsent;
    __syncthreads();
    if (stays) {
        for (int w = 0; w < kWords; ++w) rows[place * kWords + w] = moved.word[w];
        ops[place] = op;
    }
    __syncthreads();
}

}  // namespace gemcore::cuda
