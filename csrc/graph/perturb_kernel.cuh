// Kernels of perturb, apart from their launch.
#pragma once

#include "graph/lane_numbers.cuh"
#include "graph/perturb_room.cuh"
#include "graph/warp_edits.cuh"

namespace gemcore::cuda {

constexpr int kPerturbWarps = 2;  ///< Of a block of warp_perturb_kernel.

/// What each cell has of its own, in device memory.
struct EachEdits {
    const std::int32_t* num_edits;  // [num_graphs]
    const std::uint8_t* renumber;   // [num_graphs]
    std::uint64_t seed;
    std::uint64_t start;

    __device__ Edits of(std::int64_t i) const {
        return {num_edits[i], renumber[i] != 0, seed, start + static_cast<std::uint64_t>(i)};
    }
};

/// A warp's own in shared memory: what cells need that are renumbered.
struct WarpPerturbRoom {
    LaneCells<kLanes> cells;
    ByteColumns<kLanes> numbers, ready;
    std::uint8_t source[kLanes];
};

/// Cells of at most 32 nodes: a warp edits `run` <= 32 of them, one after the other, and keeps
/// those that are renumbered; then each lane numbers one; and those are moved, one after the other.
__global__ void __launch_bounds__(kPerturbWarps* kLanes)
    warp_perturb_kernel(DagBatch cells, PerturbRules rules, EachEdits edits, int run,
                        MutableDagBatch perturbed) {
    __shared__ WarpPerturbRoom rooms[kPerturbWarps];
    WarpPerturbRoom& room = rooms[threadIdx.x / kLanes];
    const int lane = lane_index(), num_nodes = cells.num_nodes;
    const std::int64_t first = warp_index() * run;
    const std::int64_t left = cells.num_graphs - first;
    if (left <= 0) return;
    const int num = left < run ? static_cast<int>(left) : run;
    int size = 0;
    Edits mine{};
    if (lane < num) {
        size = cells.sizes[first + lane];
        mine = edits.of(first + lane);
        perturbed.sizes[first + lane] = static_cast<std::uint16_t>(size);
    }
    const std::uint32_t renumbered = __ballot_sync(kAllLanes, mine.renumber);
    for (int p = 0; p < num; ++p) {
        const Edits here{__shfl_sync(kAllLanes, mine.num_edits, p), false, edits.seed,
                         edits.start + static_cast<std::uint64_t>(first + p)};
        const LaneNode node = edited_node(load_node(cells, first + p, lane),
                                          __shfl_sync(kAllLanes, size, p), rules, here);
        if (renumbered >> p & 1) {
            room.cells.rows_of(p, num_nodes).row(lane) = node.row;
            room.cells.ops_of(p)[lane] = node.op;
        } else {
            write_node(perturbed, first + p, lane, node);
        }
    }
    __syncwarp();
    if (mine.renumber) {
        draw_lane_numbers(room.cells.rows_of(lane, num_nodes), room.cells.ops_of(lane), size,
                          room.numbers.of(lane), room.ready.of(lane), rules,
                          mine.words(Stream::kRenumber));
    }
    __syncwarp();
    for (std::uint32_t rest = renumbered; rest != 0; rest &= rest - 1) {
        const int p = lowest_bit(rest), nodes = __shfl_sync(kAllLanes, size, p);
        order_nodes(bit_range<std::uint32_t>(0, nodes), room.numbers.of(p)[lane], room.source);
        const LaneNode node{room.cells.rows_of(p, num_nodes).row(lane), room.cells.ops_of(p)[lane]};
        write_node(perturbed, first + p, lane, moved_node(node, nodes, room.source));
    }
}

/// Cells of at most 64 * kWords nodes: a block a cell, which one of its threads edits.
template <int kWords>
__global__ void __launch_bounds__(64 * kWords)
    block_perturb_kernel(DagBatch cells, PerturbRules rules, EachEdits edits,
                         MutableDagBatch perturbed) {
    __shared__ BlockPerturbRoom<kWords> room;
    const std::int64_t graph = blockIdx.x;
    const int size = cells.sizes[graph];
    for (int which = 0; which < 2; ++which) read_cell(cells, graph, which, room.cells);
    if (threadIdx.x == 0) {
        perturb_cell(room.cell(cells.num_nodes, size), rules, edits.of(graph));
        room.relabel.kept.add_first(size);
        perturbed.sizes[graph] = static_cast<std::uint16_t>(size);
    }
    relabel(room.cells.rows[1], room.cells.ops[1], size, room.cells.numbers, room.relabel);
    write_cell(room.cells, 1, graph, perturbed);
}

}  // namespace gemcore::cuda
