// New numbers for the nodes of a cell, after some have been dropped: a warp or a block moves the
// rows of one cell, each thread those of its node.
#pragma once

#include "graph/prune_cell.cuh"

namespace gemcore::cuda {

/// A warp's own in shared memory.
struct RelabelRoom {
    std::uint32_t rows[kLanes];
    std::uint8_t places[kLanes];
    std::uint8_t ops[kLanes];
};

/// A lane's node.
struct LaneNode {
    std::uint32_t row;
    std::uint8_t op;
};

/// Keeps the nodes `kept`, in the order of `number`, this node's number. Returns the node that now
/// is at the place of this lane: kAbsent, without edges, from the new size on.
__device__ __forceinline__ LaneNode relabel(LaneNode node, std::uint32_t kept, int number,
                                            RelabelRoom& room) {
    const int lane = lane_index();
    const bool stays = kept >> lane & 1;
    const unsigned numbers = __reduce_or_sync(kAllLanes, stays ? 1u << number : 0u);
    const int place = stays ? __popc(numbers & ((1u << number) - 1)) : 0;
    __syncwarp();  // The room may still be read.
    room.places[lane] = static_cast<std::uint8_t>(place);
    room.rows[lane] = 0;
    room.ops[lane] = kAbsent;
    __syncwarp();
    std::uint32_t moved = 0;
    for (std::uint32_t rest = stays ? node.row & kept : 0; rest != 0; rest &= rest - 1) {
        moved |= 1u << room.places[__ffs(rest) - 1];
    }
    if (stays) {
        room.rows[place] = moved;
        room.ops[place] = node.op;
    }
    __syncwarp();
    return {room.rows[lane], room.ops[lane]};
}

/// In shared memory.
template <int kWords>
struct BlockRelabelRoom {
    Nodes<std::uint64_t, kWords> kept;
    std::uint8_t node_at[64 * kWords];
    std::uint8_t places[64 * kWords];
    std::uint32_t numbers[2 * kWords];  // Bit i: the node of number i stays.
};

/// The same for the cell of a block: moves rows (of kWords words) and ops in place, room.kept of
/// them. Absent nodes get kAbsent. Begins and ends with a barrier.
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
