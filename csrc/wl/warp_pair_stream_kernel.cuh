// The kernel of pair_stream for cells of at most 32 nodes, apart from its launch.
#pragma once

#include "graph/perturb_room.cuh"
#include "wl/pair_cells.cuh"
#include "wl/warp_pair.cuh"

namespace gemcore::cuda {

constexpr int kStreamWarps = 2;  ///< Of a block.

struct CompareRoom {
    RelabelRoom relabel;
    WarpTerms terms;
};

/// A warp's own in shared memory; pairs are made before they are compared.
struct WarpStreamRoom {
    WarpCells cells;
    union {
        std::uint8_t ready[kLanes * kBytePitch];
        CompareRoom compare;
    };
};

/// What a lane knows of its pair.
struct LanePair {
    PairKind kind = PairKind::kIndependent;
    int sizes[2] = {};
    std::uint32_t kept[2] = {};
};

/// Makes this lane's pair in the lane's part of the room.
__device__ inline LanePair make_pair(const StreamRules& rules, std::uint64_t index, int num_nodes,
                                     WarpStreamRoom& room) {
    const int lane = lane_index();
    const LaneRows rows_a = room.cells.rows_of(0, lane, num_nodes);
    const LaneRows rows_b = room.cells.rows_of(1, lane, num_nodes);
    const LaneBytes ops_a = room.cells.ops_of(0, lane), ops_b = room.cells.ops_of(1, lane);
    const PairDraw draw = draw_pair(rules.mixture, index);
    LanePair pair;
    pair.kind = draw.kind;
    pair.sizes[0] = fetch_cell(rules, index, draw, 0, rows_a, ops_a);
    if (draw.kind == PairKind::kIndependent) {
        pair.sizes[1] = fetch_cell(rules, index, draw, 1, rows_b, ops_b);
    } else {
        pair.sizes[1] = pair.sizes[0];
        for (int v = 0; v < num_nodes; ++v) {
            rows_b.row(v) = rows_a.row(v);
            ops_b[v] = ops_a[v];
        }
    }
    const EditedCell<LaneRows, LaneBytes> edited{
        rows_a, rows_b, ops_b, room.cells.numbers_of(lane), {room.ready + lane}, pair.sizes[1]};
    const int first =
        perturb_cell(edited, rules.edits, {draw.num_edits, draw.renumber, rules.cell_seed, index});
    pair.kept[0] = kept_of<std::uint32_t, 1>(rules, rows_a, ops_a, pair.sizes[0], 0).word[0];
    pair.kept[1] = kept_of<std::uint32_t, 1>(rules, rows_b, ops_b, pair.sizes[1], first).word[0];
    return pair;
}

/// Cell `which` of the pair that lane p has made, without the nodes that are not kept: written, and
/// ready to be compared.
__device__ inline WarpGraph take_cell(const StreamRules& rules, int which, int p,
                                      std::uint32_t kept, const MutableDagBatch& out,
                                      std::int64_t place, WarpStreamRoom& room) {
    const int lane = lane_index();
    LaneNode node{0, kAbsent};
    int number = lane;
    if (kept >> lane & 1) {
        node = {room.cells.rows_of(which, p, out.num_nodes).row(lane),
                room.cells.ops_of(which, p)[lane]};
        if (which == 1) number = room.cells.numbers_of(p)[lane];
    }
    node = relabel(node, kept, number, room.compare.relabel);
    write_node(out, place, node);
    return make_warp_graph(node.row, node.op, __popc(kept), rules.label_of_op, rules.options);
}

/// A warp makes `run` <= 32 pairs at once, one a lane, and then compares them one after the other,
/// a node a lane.
__global__ void __launch_bounds__(kStreamWarps* kLanes)
    warp_pair_stream_kernel(StreamRules rules, std::uint64_t start, int run, PairBatchOut out) {
    __shared__ WarpStreamRoom rooms[kStreamWarps];
    WarpStreamRoom& room = rooms[threadIdx.x / kLanes];
    const int lane = lane_index();
    const std::int64_t first = warp_index() * run;
    const std::int64_t left = out.cells_a.num_graphs - first;
    if (left <= 0) return;
    const int num = left < run ? static_cast<int>(left) : run;
    LanePair pair;
    if (lane < num) {
        const std::uint64_t index = start + static_cast<std::uint64_t>(first + lane);
        pair = make_pair(rules, index, out.cells_a.num_nodes, room);
    }
    __syncwarp();
    PairSums mine;
    for (int p = 0; p < num; ++p) {
        const std::uint32_t kept_a = __shfl_sync(kAllLanes, pair.kept[0], p);
        const std::uint32_t kept_b = __shfl_sync(kAllLanes, pair.kept[1], p);
        const WarpGraph a = take_cell(rules, 0, p, kept_a, out.cells_a, first + p, room);
        const WarpGraph b = take_cell(rules, 1, p, kept_b, out.cells_b, first + p, room);
        const PairSums sums = compare(a, b, rules.options, room.compare.terms);
        if (lane == p) mine = sums;
    }
    if (lane >= num) return;
    out.cells_a.sizes[first + lane] = static_cast<std::uint16_t>(__popc(pair.kept[0]));
    out.cells_b.sizes[first + lane] = static_cast<std::uint16_t>(__popc(pair.kept[1]));
    out.similarity[first + lane] = static_cast<float>(mine.value<double>(rules.options.normalize));
    out.kind[first + lane] = static_cast<std::uint8_t>(pair.kind);
}

}  // namespace gemcore::cuda
