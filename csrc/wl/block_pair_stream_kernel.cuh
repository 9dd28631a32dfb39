// The kernel of pair_stream for cells of more than 32 nodes, apart from its launch.
#pragma once

#include "graph/perturb_room.cuh"
#include "wl/block_pair.cuh"
#include "wl/pair_cells.cuh"

namespace gemcore::cuda {

/// In shared memory.
template <int kWords>
struct BlockStreamRoom {
    BlockPerturbRoom<kWords> made;
    BlockPair<kWords> compared;
    Nodes<std::uint64_t, kWords> kept[2];
    int sizes[2];
};

/// Makes the pair: a thread a cell, in two warps, for cells are made one step after the other.
template <int kWords>
__device__ void make_pair(const StreamRules& rules, std::uint64_t index, int num_nodes,
                          const PairDraw& draw, BlockStreamRoom<kWords>& room) {
    auto& cells = room.made.cells;
    const int v = static_cast<int>(threadIdx.x);
    const bool is_independent = draw.kind == PairKind::kIndependent;
    const int which = v / kLanes;
    const bool makes = v % kLanes == 0 && which < 2;
    const Rows rows{cells.rows[which % 2], num_nodes, kWords};
    if (makes && (which == 0 || is_independent)) {
        room.sizes[which] = fetch_cell(rules, index, draw, which, rows, cells.ops[which]);
    }
    __syncthreads();
    if (!is_independent) {
        for (int w = 0; w < kWords; ++w)
            cells.rows[1][v * kWords + w] = cells.rows[0][v * kWords + w];
        cells.ops[1][v] = cells.ops[0][v];
        if (v == 0) room.sizes[1] = room.sizes[0];
        __syncthreads();
    }
    if (!makes) return;
    int first = 0;
    if (which == 1) {
        first = perturb_cell(room.made.cell(num_nodes, room.sizes[1]), rules.edits,
                             {draw.num_edits, draw.renumber, rules.cell_seed, index});
    }
    room.kept[which] =
        kept_of<std::uint64_t, kWords>(rules, rows, cells.ops[which], room.sizes[which], first);
}

/// Drops the nodes of cell `which` that are not kept, writes the cell, and loads it for comparison.
template <int kWords>
__device__ void take_cell(const StreamRules& rules, int which, const MutableDagBatch& out,
                          BlockStreamRoom<kWords>& room) {
    auto& cells = room.made.cells;
    const int v = static_cast<int>(threadIdx.x);
    __syncthreads();
    if (which == 0) cells.numbers[v] = static_cast<std::uint8_t>(v);  // Those of b are used up.
    if (v == 0) room.made.relabel.kept = room.kept[which];
    relabel(cells.rows[which], cells.ops[which], room.sizes[which], cells.numbers,
            room.made.relabel);
    write_cell(cells, which, blockIdx.x, out);
    BlockGraph<kWords>& graph = which == 0 ? room.compared.x : room.compared.y;
    if (v == 0) {
        graph.rows = cells.rows[which];
        graph.num_words = kWords;
        graph.size = room.kept[which].size();
        out.sizes[blockIdx.x] = static_cast<std::uint16_t>(graph.size);
    }
    __syncthreads();
    load(graph, cells.ops[which], rules.label_of_op, rules.options);
}

/// A block a pair. Shared memory bounds how many fit anyway, so registers need not be saved.
template <int kWords>
__global__ void __launch_bounds__(kBlockThreads<kWords>, 1)
    block_pair_stream_kernel(StreamRules rules, std::uint64_t start, PairBatchOut out) {
    __shared__ BlockStreamRoom<kWords> room;
    const std::uint64_t index = start + blockIdx.x;
    const PairDraw draw = draw_pair(rules.mixture, index);
    make_pair(rules, index, out.cells_a.num_nodes, draw, room);
    take_cell(rules, 1, out.cells_b, room);
    take_cell(rules, 0, out.cells_a, room);
    const PairSums sums = compare(room.compared, rules.options);
    if (threadIdx.x > 0) return;
    out.similarity[blockIdx.x] = static_cast<float>(sums.value<double>(rules.options.normalize));
    out.kind[blockIdx.x] = static_cast<std::uint8_t>(draw.kind);
}

}  // namespace gemcore::cuda
