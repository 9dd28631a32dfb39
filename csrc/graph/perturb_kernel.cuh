// Kernels of perturb, apart from their launch.
#pragma once

#include "graph/perturb_room.cuh"

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

/// A warp's own in shared memory; a cell is edited before it is relabelled.
struct WarpPerturbRoom {
    WarpCells cells;
    union {
        std::uint8_t ready[kLanes * kBytePitch];
        RelabelRoom relabel;
    };
};

/// Cells of at most 32 nodes: a warp edits `run` <= 32 of them, a lane each, and then moves their
/// rows one cell after the other.
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
    read_cells(cells, first, num, room.cells);
    int size = 0;
    if (lane < num) {
        size = cells.sizes[first + lane];
        const EditedCell<LaneRows, LaneBytes> cell{room.cells.rows_of(0, lane, num_nodes),
                                                   room.cells.rows_of(1, lane, num_nodes),
                                                   room.cells.ops_of(1, lane),
                                                   room.cells.numbers_of(lane),
                                                   {room.ready + lane},
                                                   size};
        perturb_cell(cell, rules, edits.of(first + lane));
        perturbed.sizes[first + lane] = static_cast<std::uint16_t>(size);
    }
    __syncwarp();
    for (int p = 0; p < num; ++p) {
        const std::uint32_t kept = bit_range<std::uint32_t>(0, __shfl_sync(kAllLanes, size, p));
        LaneNode node{0, kAbsent};
        int number = 0;
        if (kept >> lane & 1) {
            node = {room.cells.rows_of(1, p, num_nodes).row(lane), room.cells.ops_of(1, p)[lane]};
            number = room.cells.numbers_of(p)[lane];
        }
        write_node(perturbed, first + p, relabel(node, kept, number, room.relabel));
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
