#include "graph/canonical_levels.h"

#ifdef __AVX512BITALG__
#include "graph/key_sort_wide.h"
#include "graph/near_colors_wide.h"
#include "graph/word_rows_wide.h"

namespace gemcore::GEMCORE_SIMD_LEVEL {
namespace {

constexpr int kLastRank = 127;  ///< Of outputs; the longest path is shorter.

/// One graph of at most 8 * kGroups nodes.
template <int kGroups>
struct Graph {
    int num_nodes;
    int size;
    std::uint64_t present;  ///< The nodes that there are.
    __m512i ops;
    __m512i rows[kGroups];
    __m512i inputs[kGroups];
};

template <int kGroups>
GEMCORE_ALWAYS_INLINE Graph<kGroups> load(const DagBatch& cells, std::int64_t index) {
    Graph<kGroups> graph;
    graph.num_nodes = cells.num_nodes;
    graph.size = cells.sizes[index];
    graph.present = lowest(graph.size);
    graph.ops = _mm512_maskz_loadu_epi8(graph.present, cells.ops_of(index));
    load_rows(cells.row(index, 0), cells.num_nodes, graph.rows);
    transpose(graph.rows, graph.inputs);
    return graph;
}

/// The nodes of an op, that of absent nodes excepted.
template <int kGroups>
GEMCORE_ALWAYS_INLINE std::uint64_t nodes_of(const Graph<kGroups>& graph, int op) {
    if (op < 0) return 0;
    const __m512i wanted = _mm512_set1_epi8(static_cast<char>(op));
    return _mm512_mask_cmpeq_epi8_mask(graph.present, graph.ops, wanted);
}

/// Which rows have a bit set.
template <int kGroups>
GEMCORE_ALWAYS_INLINE std::uint64_t nonempty(const __m512i (&rows)[kGroups]) {
    std::uint64_t nodes = 0;
#pragma GCC unroll 8
    for (int group = 0; group < kGroups; ++group) {
        const __mmask8 here = _mm512_test_epi64_mask(rows[group], rows[group]);
        nodes |= std::uint64_t{here} << (8 * group);
    }
    return nodes;
}

/// Place and longest path, as in canonical.cpp, in the bytes.
template <int kGroups>
GEMCORE_ALWAYS_INLINE __m512i rank_nodes(const Graph<kGroups>& graph, const PinnedOps& pinned) {
    alignas(64) std::uint64_t row[8 * kGroups];
#pragma GCC unroll 8
    for (int group = 0; group < kGroups; ++group) {
        _mm512_store_si512(row + 8 * group, graph.rows[group]);
    }
    const std::uint64_t first = nodes_of(graph, pinned.input_op) & ~nonempty(graph.inputs);
    const std::uint64_t last = nodes_of(graph, pinned.output_op) & ~nonempty(graph.rows);
    const __m512i one = _mm512_set1_epi8(1);
    __m512i ranks = _mm512_maskz_mov_epi8(~first, one);
    __m512i node = _mm512_setzero_si512();
    for (int u = 0; u < graph.num_nodes - 1; ++u) {  // Edges go up: when u is read, it is settled.
        const __m512i next = _mm512_add_epi8(_mm512_permutexvar_epi8(node, ranks), one);
        ranks = _mm512_mask_max_epu8(ranks, row[u], ranks, next);
        node = _mm512_add_epi8(node, one);
    }
    return _mm512_mask_mov_epi8(ranks, last, _mm512_set1_epi8(kLastRank));
}

/// Whether nodes that follow each other with equal keys are twins all; see canonical.cpp.
template <int kGroups>
GEMCORE_ALWAYS_INLINE bool are_twins(const Graph<kGroups>& graph, const std::uint8_t* order,
                                     std::uint64_t ties) {
    alignas(64) std::uint64_t row[8 * kGroups], inputs[8 * kGroups];
    alignas(64) std::uint8_t ops[64];
#pragma GCC unroll 8
    for (int group = 0; group < kGroups; ++group) {
        _mm512_store_si512(row + 8 * group, graph.rows[group]);
        _mm512_store_si512(inputs + 8 * group, graph.inputs[group]);
    }
    _mm512_store_si512(ops, graph.ops);
    for (; ties != 0; ties &= ties - 1) {
        const int i = static_cast<int>(_tzcnt_u64(ties));
        const int u = order[i], v = order[i + 1];
        if (row[u] != row[v] || inputs[u] != inputs[v] || ops[u] != ops[v]) return false;
    }
    return true;
}

template <int kGroups>
void canonicalize_range(const LabelledBatch& cells, const PinnedOps& pinned,
                        const MutableDagBatch& out, bool* is_done, std::int64_t begin,
                        std::int64_t end) {
    OpTerms terms(cells.label_of_op);
    for (std::int64_t i = begin; i < end; ++i) {
        const Graph<kGroups> graph = load<kGroups>(cells.graphs, i);
        const __m512i ranks = rank_nodes(graph, pinned);
        __m512i colors[kGroups];
        near_colors(graph.rows, graph.inputs, graph.ops, graph.size, terms, colors);
        __m512i keys[kGroups / 2];
        make_keys(ranks, colors, graph.present, keys);
        sort(keys);
        const __m512i order = order_of(keys);
        const std::uint64_t ties = equal_neighbors(keys) & lowest(graph.size - 1);
        alignas(64) std::uint8_t node[64];
        _mm512_store_si512(node, order);
        is_done[i] = ties == 0 || are_twins(graph, node, ties);
        if (is_done[i]) write_in_order(graph.rows, graph.ops, order, graph.size, out, i);
    }
}

}  // namespace

void canonicalize_told_apart(const LabelledBatch& cells, const PinnedOps& pinned,
                             const MutableDagBatch& canonical, bool* is_done, std::int64_t begin,
                             std::int64_t end) {
    const auto run = cells.graphs.num_nodes <= 16   ? canonicalize_range<2>
                     : cells.graphs.num_nodes <= 32 ? canonicalize_range<4>
                                                    : canonicalize_range<8>;
    run(cells, pinned, canonical, is_done, begin, end);
}

}  // namespace gemcore::GEMCORE_SIMD_LEVEL
#else
namespace gemcore::GEMCORE_SIMD_LEVEL {

void canonicalize_told_apart(const LabelledBatch& cells, const PinnedOps& pinned,
                             const MutableDagBatch& canonical, bool* is_done, std::int64_t begin,
                             std::int64_t end) {
    scalar::canonicalize_told_apart(cells, pinned, canonical, is_done, begin, end);
}

}  // namespace gemcore::GEMCORE_SIMD_LEVEL
#endif
