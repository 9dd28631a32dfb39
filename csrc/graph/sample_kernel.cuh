// Kernels of sample, apart from their launch.
#pragma once

#include "graph/cell_rows.cuh"
#include "graph/warp_cell.cuh"

namespace gemcore::cuda {

constexpr int kSampleThreads = 128;

// Cells of at most 32 nodes: a lane draws a cell in shared memory, where its neighbors' cells lie
// beside it, and the warp writes one cell after the other: written by its lane, each row would be a
// piece of memory of its own. `run` <= 32 cells a warp.
__global__ void __launch_bounds__(kSampleThreads)
    warp_sample_kernel(SampleSpec spec, std::uint64_t seed, std::uint64_t start, int run,
                       MutableDagBatch cells) {
    __shared__ LaneCells<kLanes> rooms[kSampleThreads / kLanes];
    LaneCells<kLanes>& room = rooms[threadIdx.x / kLanes];
    const int lane = lane_index();
    const std::int64_t first = warp_index() * run;
    const std::int64_t left = cells.num_graphs - first;
    if (left <= 0) return;
    const int num = left < run ? static_cast<int>(left) : run;
    if (lane < num) {
        sample_cell(spec, seed, start + static_cast<std::uint64_t>(first + lane),
                    room.rows_of(lane, spec.num_nodes), room.ops_of(lane));
        cells.sizes[first + lane] = static_cast<std::uint16_t>(spec.num_nodes);
    }
    __syncwarp();
    for (int p = 0; p < num; ++p) {
        const LaneNode node{room.rows_of(p, spec.num_nodes).row(lane), room.ops_of(p)[lane]};
        write_node(cells, first + p, lane, node);
    }
}

// Larger cells: one thread a cell. A cell is a few thousand dependent instructions on private rows,
// and there are millions of cells, so threads need not share anything. 8 blocks a multiprocessor
// leave the registers that a cell needs.
__global__ void __launch_bounds__(kSampleThreads, 8)
    sample_kernel(SampleSpec spec, std::uint64_t seed, std::uint64_t start, MutableDagBatch cells) {
    const std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
    if (i >= cells.num_graphs) return;
    const Rows rows{cells.row(i, 0), cells.num_nodes, cells.num_words};
    cells.sizes[i] = static_cast<std::uint16_t>(spec.num_nodes);
    sample_cell(spec, seed, start + static_cast<std::uint64_t>(i), rows, cells.ops_of(i));
}

}  // namespace gemcore::cuda
