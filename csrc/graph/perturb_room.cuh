// Where cells are edited: a warp's or a block's shared memory, and the way in and out of it.
#pragma once

#include "graph/perturb_cell.cuh"
#include "graph/relabel.cuh"

namespace gemcore::cuda {

/// Reads the cells first .. first + num - 1 of a batch into the lanes' first and second cells: lane
/// v reads the nodes v. Ends with a barrier of the warp.
__device__ __forceinline__ void read_cells(const DagBatch& batch, std::int64_t first, int num,
                                           WarpCells& cells) {
    const int v = lane_index();
    for (int p = 0; p < num && v < batch.num_nodes; ++p) {
        const auto row = static_cast<std::uint32_t>(*batch.row(first + p, v));
        const std::uint8_t op = batch.ops_of(first + p)[v];
        for (int which = 0; which < 2; ++which) {
            cells.rows_of(which, p, batch.num_nodes).row(v) = row;
            cells.ops_of(which, p)[v] = op;
        }
    }
    __syncwarp();
}

__device__ __forceinline__ void write_node(const MutableDagBatch& batch, std::int64_t graph,
                                           LaneNode node) {
    const int v = lane_index();
    if (v >= batch.num_nodes) return;
    *batch.row(graph, v) = node.row;
    batch.ops_of(graph)[v] = node.op;
}

/// Room of a block for one larger cell.
template <int kWords>
struct BlockPerturbRoom {
    BlockCells<kWords> cells;
    BlockRelabelRoom<kWords> relabel;
    std::uint8_t ready[64 * kWords];

    __device__ EditedCell<Rows, std::uint8_t*> cell(int num_nodes, int size) {
        return {{cells.rows[0], num_nodes, kWords},
                {cells.rows[1], num_nodes, kWords},
                cells.ops[1],
                cells.numbers,
                ready,
                size};
    }
};

/// Reads a cell into `which` of a block's; ends with a barrier.
template <int kWords>
__device__ void read_cell(const DagBatch& batch, std::int64_t graph, int which,
                          BlockCells<kWords>& cells) {
    const int v = static_cast<int>(threadIdx.x);
    const bool is_inside = v < batch.num_nodes;
    for (int w = 0; w < kWords; ++w) {
        cells.rows[which][v * kWords + w] = is_inside ? batch.row(graph, v)[w] : 0;
    }
    cells.ops[which][v] = is_inside ? batch.ops_of(graph)[v] : kAbsent;
    __syncthreads();
}

template <int kWords>
__device__ void write_cell(const BlockCells<kWords>& cells, int which, std::int64_t graph,
                           const MutableDagBatch& batch) {
    const int v = static_cast<int>(threadIdx.x);
    if (v >= batch.num_nodes) return;
    for (int w = 0; w < kWords; ++w) batch.row(graph, v)[w] = cells.rows[which][v * kWords + w];
    batch.ops_of(graph)[v] = cells.ops[which][v];
}

}  // namespace gemcore::cuda
