// The kernel of pair_stream for cells of at most 32 nodes, apart from its launch.
#pragma once

#include "graph/lane_numbers.cuh"
#include "graph/warp_edits.cuh"
#include "wl/pair_cells.cuh"
#include "wl/warp_compare.cuh"

namespace gemcore::cuda {

// What is made step by step is made by a lane, what is made for all nodes alike by the warp. More
// pairs a warp keep more lanes busy, fewer leave shared memory for more warps: on an H200, 32 pairs
// were a sixth slower than 16, and blocks of 2 warps a twelfth slower than of 4.
constexpr int kStreamPairs = 16;
constexpr int kStreamWarps = 4;  ///< Of a block.

/// A warp's own in shared memory.
struct WarpStreamRoom {
    LaneCells<2 * kStreamPairs> cells;      // First cells, then second ones
    ByteColumns<2 * kStreamPairs> numbers;  // Of second cells; then room to draw them
    std::uint8_t sources[2][kLanes];
    CompareRoom<kStreamPairs> compare;
};

/// What a lane knows of its pair.
struct LanePair {
    PairDraw draw;
    std::uint64_t index;
    int size_a, size_b;
    int first;  // Of the second cell, the node that comes first
    ComparedPair compared;
    int kept_a, kept_b;  // Sizes then
};

/// Draws the pair of this lane, and with it the cells of all pairs, each by a lane. All lanes call.
__device__ inline LanePair draw_cells(const StreamRules& rules, std::uint64_t first_index, int num,
                                      int num_nodes, WarpStreamRoom& room) {
    const int lane = lane_index();
    LanePair pair{};
    for (int cell = lane; cell < 2 * kStreamPairs; cell += kLanes) {
        const int place = cell % kStreamPairs, which = cell / kStreamPairs;
        if (place >= num) continue;
        pair.index = first_index + static_cast<std::uint64_t>(place);
        pair.draw = draw_pair(rules.mixture, pair.index);
        if (which == 1 && pair.draw.kind != PairKind::kIndependent) continue;
        const int size = fetch_cell(rules, pair.index, pair.draw, which,
                                    room.cells.rows_of(cell, num_nodes), room.cells.ops_of(cell));
        if (which == 0) pair.size_a = size;
        if (which == 1) pair.size_b = size;
    }
    const int second = __shfl_sync(kAllLanes, pair.size_b, (lane + kStreamPairs) % kLanes);
    pair.size_b = pair.draw.kind == PairKind::kIndependent ? second : pair.size_a;
    __syncwarp();
    return pair;
}

/// This lane's node of a cell of the room.
__device__ __forceinline__ LaneNode node_of(LaneCells<2 * kStreamPairs>& cells, int cell,
                                            int size) {
    const int lane = lane_index();
    if (lane >= size) return {0, kAbsent};
    return {cells.rows_of(cell, size).row(lane), cells.ops_of(cell)[lane]};
}

/// Makes the second cells that are edited first ones.
__device__ inline void edit_cells(const StreamRules& rules, const LanePair& mine, int num,
                                  int num_nodes, WarpStreamRoom& room) {
    const int lane = lane_index();
    std::uint32_t rest =
        __ballot_sync(kAllLanes, lane < num && mine.draw.kind != PairKind::kIndependent);
    for (; rest != 0; rest &= rest - 1) {
        const int p = lowest_bit(rest), copy = kStreamPairs + p;
        const int size = __shfl_sync(kAllLanes, mine.size_a, p);
        const LaneNode node = node_of(room.cells, p, size);
        const Edits edits{__shfl_sync(kAllLanes, mine.draw.num_edits, p), false, rules.cell_seed,
                          __shfl_sync(kAllLanes, mine.index, p)};
        const LaneNode edited = edited_node(node, size, rules.edits, edits);
        room.cells.rows_of(copy, num_nodes).row(lane) = edited.row;
        room.cells.ops_of(copy)[lane] = edited.op;
    }
    __syncwarp();
}

/// Draws the numbers of the second cell of this lane's pair.
__device__ inline int draw_numbers(const StreamRules& rules, const LanePair& mine, int num_nodes,
                                   WarpStreamRoom& room) {
    const int lane = lane_index(), copy = kStreamPairs + lane;
    const Edits edits{0, true, rules.cell_seed, mine.index};
    return draw_lane_numbers(room.cells.rows_of(copy, num_nodes), room.cells.ops_of(copy),
                             mine.size_b, room.numbers.of(lane), room.numbers.of(copy), rules.edits,
                             edits.words(Stream::kRenumber));
}

/// The nodes of a cell that stay.
__device__ __forceinline__ std::uint32_t kept_of(const StreamRules& rules, LaneNode node, int size,
                                                 int first) {
    if (rules.prunes) return kept_nodes(node, size, first, rules.output_op);
    return bit_range<std::uint32_t>(0, size);
}

/// Pair `p`, as its lane knows it: nodes that are dropped and new numbers taken in; ready to be
/// compared.
__device__ inline WarpPair take_pair(const StreamRules& rules, const LanePair& mine, int p,
                                     WarpStreamRoom& room) {
    const int lane = lane_index(), copy = kStreamPairs + p;
    const int size_a = __shfl_sync(kAllLanes, mine.size_a, p);
    const int size_b = __shfl_sync(kAllLanes, mine.size_b, p);
    const LaneNode a = node_of(room.cells, p, size_a);
    const LaneNode b = node_of(room.cells, copy, size_b);
    const int first = __shfl_sync(kAllLanes, mine.first, p);
    const bool renumber = __shfl_sync(kAllLanes, int{mine.draw.renumber}, p) != 0;
    const std::uint32_t kept_a = kept_of(rules, a, size_a, 0);
    const std::uint32_t kept_b = kept_of(rules, b, size_b, first);
    std::uint8_t *const source_a = room.sources[0], *const source_b = room.sources[1];
    order_nodes(kept_a, lane, source_a);
    order_nodes(kept_b, renumber ? room.numbers.of(p)[lane] : lane, source_b);
    const int num_a = __popc(kept_a), num_b = __popc(kept_b), mirrored = mirrored_lane();
    const std::uint32_t inputs_a = moved_inputs(a.row, num_a, source_a, lane);
    const std::uint32_t inputs_b = moved_inputs(b.row, num_b, source_b, mirrored);
    const std::uint32_t columns = inputs_a | __brev(inputs_b);
    return {transposed(columns),
            columns,
            moved_op(a.op, num_a, source_a, lane),
            moved_op(b.op, num_b, source_b, mirrored),
            num_a,
            num_b};
}

__device__ __forceinline__ void write_pair(const WarpPair& pair, const PairBatchOut& out,
                                           std::int64_t place) {
    write_node(out.cells_a, place, lane_index(), {pair.edges_x().outputs, pair.op_x});
    write_node(out.cells_b, place, mirrored_lane(), {__brev(pair.edges_y().outputs), pair.op_y});
}

/// A warp makes `run` <= kStreamPairs pairs at once, and then takes them one after the other.
__global__ void __launch_bounds__(kStreamWarps* kLanes)
    warp_pair_stream_kernel(StreamRules rules, std::uint64_t start, int run, PairBatchOut out) {
    __shared__ SmallLabels small_labels;
    __shared__ WarpStreamRoom rooms[kStreamWarps];
    const bool are_small =
        load_small_labels(rules.label_of_op, rules.label_of_op, rules.options, small_labels);
    const PairLabels labels{rules.label_of_op, rules.label_of_op,
                            are_small ? &small_labels : nullptr};
    WarpStreamRoom& room = rooms[threadIdx.x / kLanes];
    const int lane = lane_index(), num_nodes = out.cells_a.num_nodes;
    const std::int64_t first = warp_index() * run;
    const std::int64_t left = out.cells_a.num_graphs - first;
    if (left <= 0) return;
    const int num = left < run ? static_cast<int>(left) : run;
    LanePair mine =
        draw_cells(rules, start + static_cast<std::uint64_t>(first), num, num_nodes, room);
    edit_cells(rules, mine, num, num_nodes, room);
    if (lane < num && mine.draw.renumber) mine.first = draw_numbers(rules, mine, num_nodes, room);
    __syncwarp();
    for (int p = 0; p < num; ++p) {
        const WarpPair pair = take_pair(rules, mine, p, room);
        write_pair(pair, out, first + p);
        const ComparedPair compared = compare(pair, labels, rules.options, p, room.compare);
        if (lane != p) continue;
        mine.compared = compared;
        mine.kept_a = pair.size_x;
        mine.kept_b = pair.size_y;
    }
    __syncwarp();
    if (lane >= num) return;
    const PairSums sums = sums_of(mine.compared, mine.kept_a, mine.kept_b, are_small, rules.options,
                                  lane, room.compare);
    out.cells_a.sizes[first + lane] = static_cast<std::uint16_t>(mine.kept_a);
    out.cells_b.sizes[first + lane] = static_cast<std::uint16_t>(mine.kept_b);
    out.similarity[first + lane] = static_cast<float>(sums.value<double>(rules.options.normalize));
    out.kind[first + lane] = static_cast<std::uint8_t>(mine.draw.kind);
}

}  // namespace gemcore::cuda
