// The cells of a pair, as one thread makes them: drawn, edited, and with the nodes that are kept.
#pragma once

#include "graph/perturb_cell.cuh"
#include "graph/prune_cell.cuh"
#include "wl/kernel_options.cuh"
#include "wl/pair_draws.cuh"

namespace gemcore::cuda {

/// PairStreamSpec as kernels take it, by value.
struct StreamRules {
    SampleSpec space;
    DagBatch pool;
    const std::uint64_t* label_of_op;
    std::uint64_t cell_seed;
    PairMixtureSpec mixture;
    PerturbRules edits;
    bool prunes;
    int output_op;
    KernelOptions options;
};

/// The first (which = 0) or second of the pair's two independent cells; returns its size.
template <typename AnyRows, typename Ops>
__device__ int fetch_cell(const StreamRules& rules, std::uint64_t pair, const PairDraw& draw,
                          int which, const AnyRows& rows, Ops ops) {
    if (rules.pool.num_graphs == 0) {
        const auto index = 2 * pair + static_cast<std::uint64_t>(which);
        sample_cell(rules.space, rules.cell_seed, index, rows, ops);
        return rules.space.num_nodes;
    }
    const auto num_graphs = static_cast<std::uint64_t>(rules.pool.num_graphs);
    // Not picks[which]: registers can't be indexed.
    const std::uint64_t pick = which == 0 ? draw.picks[0] : draw.picks[1];
    const auto graph = static_cast<std::int64_t>(pick * num_graphs >> 32);
    for (int u = 0; u < rules.pool.num_nodes; ++u) {
        for (int w = 0; w < rows.num_words; ++w) {
            auto& word = word_of(rows, u, w);
            word =
                static_cast<std::remove_reference_t<decltype(word)>>(rules.pool.row(graph, u)[w]);
        }
        ops[u] = rules.pool.ops_of(graph)[u];
    }
    return rules.pool.sizes[graph];
}

template <typename Word, int kWords, typename AnyRows, typename Ops>
__device__ Nodes<Word, kWords> kept_of(const StreamRules& rules, const AnyRows& rows, Ops ops,
                                       int size, int first) {
    if (rules.prunes) return kept_nodes<Word, kWords>(rows, ops, size, first, rules.output_op);
    Nodes<Word, kWords> all;
    all.add_first(size);
    return all;
}

}  // namespace gemcore::cuda
