// Where cells of more than 32 nodes are edited: a block's shared memory, and the way in and out of
// it.
#pragma once

#include "graph/perturb_cell.cuh"
#include "graph/relabel.cuh"

namespace gemcore::cuda {

/// Room of a block for one cell.
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
