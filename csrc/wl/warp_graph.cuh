// A graph of at most 32 nodes in the registers of a warp: lane v holds node v.
#pragma once

#include "support/warp.cuh"
#include "wl/kernel_options.cuh"

namespace gemcore::cuda {

/// A warp's own in shared memory: the terms of all nodes as inputs and as outputs of others.
struct WarpTerms {
    std::uint64_t of_role[2][kLanes];
};

/// Nodes from `size` on have no edges; their color says nothing.
struct WarpGraph {
    std::uint32_t inputs;   // Bit u: u is an input of this node.
    std::uint32_t outputs;  // Bit v: this node is an input of v.
    std::uint64_t color;
    int size;

    __device__ std::uint32_t nodes() const { return bit_range<std::uint32_t>(0, size); }
};

__device__ __forceinline__ WarpGraph make_warp_graph(std::uint32_t row, std::uint8_t op, int size,
                                                     const std::uint64_t* label_of_op,
                                                     const KernelOptions& options) {
    WarpGraph graph{transposed(row), row, 0, size};
    graph.color = options.first_color(label_of_op[op], __popc(graph.inputs), __popc(graph.outputs));
    return graph;
}

__device__ __forceinline__ WarpGraph load_warp_graph(const LabelledBatch& batch, std::int64_t graph,
                                                     const KernelOptions& options) {
    const int lane = lane_index();
    const bool is_inside = lane < batch.graphs.num_nodes;
    const auto row = is_inside ? static_cast<std::uint32_t>(*batch.graphs.row(graph, lane)) : 0;
    const std::uint8_t op = is_inside ? batch.graphs.ops_of(graph)[lane] : kAbsent;
    return make_warp_graph(row, op, batch.graphs.sizes[graph], batch.label_of_op, options);
}

/// One round.
__device__ __forceinline__ void refine(WarpGraph& graph, const KernelOptions& options,
                                       WarpTerms& terms) {
    const int lane = lane_index();
    const bool apart = options.keeps_roles_apart();
    __syncwarp();  // The terms before have been read.
    terms.of_role[0][lane] = color_term(graph.color, Role::kInput);
    if (apart) terms.of_role[1][lane] = color_term(graph.color, Role::kOutput);
    std::uint64_t sum = color_term(graph.color, Role::kSelf);
    __syncwarp();
    // Edges go up: neighbors below are inputs, those above are outputs, so one loop reads both.
    std::uint32_t rest =
        (options.reads_inputs() ? graph.inputs : 0) | (options.reads_outputs() ? graph.outputs : 0);
    for (; rest != 0; rest &= rest - 1) {
        const int other = __ffs(rest) - 1;
        sum += terms.of_role[apart && other > lane][other];
    }
    graph.color = sum;
}

}  // namespace gemcore::cuda
