// A graph of at most 64 * kWords nodes, refined by a block of as many threads: thread v has node v.
#pragma once

#include "support/warp.cuh"
#include "wl/kernel_options.cuh"

namespace gemcore::cuda {

template <int kWords>
constexpr int kBlockThreads = 64 * kWords;

/// In shared memory.
template <int kWords>
struct BlockGraph {
    static constexpr int kNodes = 64 * kWords;
    std::uint64_t colors[kNodes];
    std::uint32_t columns[kNodes][2 * kWords];  // Bit u of column v: u -> v.
    const std::uint64_t* rows;                  // Bit v of row u: u -> v; in any memory.
    int num_words;                              // Of a row, at most kWords
    int size;
};

template <int kWords>
struct BlockTerms {
    std::uint64_t of_role[2][64 * kWords];
};

template <int kWords>
__device__ void transpose_rows(BlockGraph<kWords>& graph) {
    const int lane = lane_index();
    constexpr int kWarps = kBlockThreads<kWords> / kLanes;
    // A warp takes 32 rows of 64 columns at a time.
    for (int tile = threadIdx.x / kLanes; tile < 2 * kWords * kWords; tile += kWarps) {
        const int group = tile / kWords, word = tile % kWords;
        const int row = group * kLanes + lane;
        const bool is_inside = row < graph.size && word < graph.num_words;
        const std::uint64_t bits = is_inside ? graph.rows[row * graph.num_words + word] : 0;
        for (int half = 0; half < 2; ++half) {
            graph.columns[word * 64 + half * kLanes + lane][group] =
                transposed(static_cast<std::uint32_t>(bits >> (32 * half)));
        }
    }
}

/// Colors before the first round. The whole block calls; ends with a barrier.
template <int kWords>
__device__ void load(BlockGraph<kWords>& graph, const std::uint8_t* ops,
                     const std::uint64_t* label_of_op, const KernelOptions& options) {
    transpose_rows(graph);
    __syncthreads();
    const int v = static_cast<int>(threadIdx.x);
    if (v < graph.size) {
        int num_inputs = 0, num_outputs = 0;
        for (int i = 0; i < 2 * kWords; ++i) num_inputs += __popc(graph.columns[v][i]);
        for (int w = 0; w < graph.num_words; ++w) {
            num_outputs += __popcll(graph.rows[v * graph.num_words + w]);
        }
        graph.colors[v] = options.first_color(label_of_op[ops[v]], num_inputs, num_outputs);
    }
    __syncthreads();
}

/// The same for a graph of a batch.
template <int kWords>
__device__ void load(BlockGraph<kWords>& graph, const LabelledBatch& batch, std::int64_t index,
                     const KernelOptions& options) {
    if (threadIdx.x == 0) {
        graph.rows = batch.graphs.row(index, 0);
        graph.num_words = batch.graphs.num_words;
        graph.size = batch.graphs.sizes[index];
    }
    __syncthreads();
    load(graph, batch.graphs.ops_of(index), batch.label_of_op, options);
}

/// One round. The whole block calls; ends with a barrier.
template <int kWords>
__device__ void refine(BlockGraph<kWords>& graph, const KernelOptions& options,
                       BlockTerms<kWords>& terms) {
    const int v = static_cast<int>(threadIdx.x);
    const bool apart = options.keeps_roles_apart();
    std::uint64_t sum = 0;
    if (v < graph.size) {
        const std::uint64_t color = graph.colors[v];
        terms.of_role[0][v] = color_term(color, Role::kInput);
        if (apart) terms.of_role[1][v] = color_term(color, Role::kOutput);
        sum = color_term(color, Role::kSelf);
    }
    __syncthreads();
    if (v < graph.size) {
        for (int i = 0; options.reads_inputs() && i < 2 * kWords; ++i) {
            for (std::uint32_t rest = graph.columns[v][i]; rest != 0; rest &= rest - 1) {
                sum += terms.of_role[0][i * 32 + lowest_bit(rest)];
            }
        }
        for (int w = 0; options.reads_outputs() && w < graph.num_words; ++w) {
            for (auto rest = graph.rows[v * graph.num_words + w]; rest != 0; rest &= rest - 1) {
                sum += terms.of_role[apart][w * 64 + lowest_bit(rest)];
            }
        }
        graph.colors[v] = sum;
    }
    __syncthreads();
}

}  // namespace gemcore::cuda
