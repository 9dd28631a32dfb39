// Random topological orders of four graphs side by side: one alone waits most of the time.
#pragma once

#include "graph/perturb.h"
#include "graph/word_rows_wide.h"
#include "support/philox.h"

namespace gemcore::GEMCORE_SIMD_LEVEL {
namespace {

constexpr int kOrdersAtOnce = 4;

/// A graph whose nodes are being put in order; see draw_order() in perturb.cpp.
template <int kGroups>
struct Ordering {
    alignas(64) std::uint64_t row[8 * kGroups];
    alignas(64) std::uint8_t ready[128];  ///< Nodes whose inputs all have a place.
    alignas(64) std::uint8_t order[64];
    const std::uint32_t* words;
    int num_words;  ///< How many places are drawn.
};

template <int kGroups>
GEMCORE_ALWAYS_INLINE __m512i in_degrees(const __m512i (&rows)[kGroups]) {
    __m512i inputs[kGroups];
    transpose(rows, inputs);
    alignas(64) std::uint8_t counts[64] = {};
#pragma GCC unroll 8
    for (int group = 0; group < kGroups; ++group) {
        _mm_storel_epi64(reinterpret_cast<__m128i*>(counts + 8 * group),
                         _mm512_cvtepi64_epi8(_mm512_popcnt_epi64(inputs[group])));
    }
    return _mm512_load_si512(counts);
}

/// Gives a node that has a place to those that wait for it: appends those that wait no longer.
GEMCORE_ALWAYS_INLINE int release(std::uint64_t row, __m512i& waiting_for, std::uint8_t* ready,
                                  int num_ready) {
    waiting_for = _mm512_mask_sub_epi8(waiting_for, row, waiting_for, _mm512_set1_epi8(1));
    const std::uint64_t free = _mm512_mask_testn_epi8_mask(row, waiting_for, waiting_for);
    _mm512_storeu_si512(ready + num_ready, _mm512_maskz_compress_epi8(free, byte_numbers()));
    return num_ready + static_cast<int>(_mm_popcnt_u64(free));
}

template <int kGroups>
GEMCORE_ALWAYS_INLINE int start(Ordering<kGroups>& graph, const MutableDagBatch& cells,
                                std::int64_t index, const PerturbSpec& spec, __m512i& waiting_for) {
    __m512i rows[kGroups];
    load_rows(cells.row(index, 0), cells.num_nodes, rows);
#pragma GCC unroll 8
    for (int group = 0; group < kGroups; ++group) {
        _mm512_store_si512(graph.row + 8 * group, rows[group]);
    }
    const int size = cells.sizes[index];
    const bool input_stays = cells.ops_of(index)[0] == spec.input_op;
    const bool output_stays = cells.ops_of(index)[size - 1] == spec.output_op;
    const std::uint64_t last = std::uint64_t{output_stays} << (size - 1);  // Waits to the end.
    waiting_for = in_degrees(rows);
    std::uint64_t ready = _mm512_testn_epi8_mask(waiting_for, waiting_for);
    ready &= lowest(size) & ~last & ~std::uint64_t{input_stays};
    waiting_for = _mm512_mask_add_epi8(waiting_for, last, waiting_for, _mm512_set1_epi8(1));
    _mm512_store_si512(graph.ready, _mm512_maskz_compress_epi8(ready, byte_numbers()));
    graph.order[0] = 0;
    graph.num_words = size - input_stays - output_stays;
    const auto num_ready = static_cast<int>(_mm_popcnt_u64(ready));
    if (!input_stays) return num_ready;
    return release(graph.row[0], waiting_for, graph.ready, num_ready);
}

/// Puts the nodes of four graphs in order. A graph that is done has no node that is ready, and its
/// steps change nothing.
template <int kGroups>
GEMCORE_ALWAYS_INLINE void draw_orders(Ordering<kGroups> (&graphs)[kOrdersAtOnce],
                                       __m512i (&waiting_for)[kOrdersAtOnce],
                                       int (&num_ready)[kOrdersAtOnce],
                                       std::uint8_t* const (&places)[kOrdersAtOnce],
                                       int num_steps) {
    for (int step = 0; step < num_steps; ++step) {
#pragma GCC unroll 4
        for (int i = 0; i < kOrdersAtOnce; ++i) {
            Ordering<kGroups>& graph = graphs[i];
            const std::uint64_t word = graph.words[step];
            const auto pick = word * static_cast<std::uint32_t>(num_ready[i]) >> 32;
            const int node = graph.ready[pick];
            const std::uint64_t row = num_ready[i] > 0 ? graph.row[node] : 0;
            num_ready[i] -= num_ready[i] > 0;
            graph.ready[pick] = graph.ready[num_ready[i]];
            places[i][step] = static_cast<std::uint8_t>(node);
            num_ready[i] = release(row, waiting_for[i], graph.ready, num_ready[i]);
        }
    }
}

/// Draws topological orders of four cells and renumbers them. words: kRenumber's of each, of which
/// 64 can be read. Where fewer are wanted, some of the four are the same.
template <int kGroups>
GEMCORE_ALWAYS_INLINE void renumber(const MutableDagBatch& cells, const PerturbSpec& spec,
                                    const std::int64_t (&index)[kOrdersAtOnce],
                                    const std::uint32_t* const (&words)[kOrdersAtOnce]) {
    Ordering<kGroups> graphs[kOrdersAtOnce];
    __m512i waiting_for[kOrdersAtOnce];
    int num_ready[kOrdersAtOnce];
    std::uint8_t* places[kOrdersAtOnce];
    int num_steps = 0;
#pragma GCC unroll 4
    for (int i = 0; i < kOrdersAtOnce; ++i) {
        num_ready[i] = start(graphs[i], cells, index[i], spec, waiting_for[i]);
        graphs[i].words = words[i];
        places[i] = graphs[i].order + (cells.ops_of(index[i])[0] == spec.input_op);
        num_steps = num_steps > graphs[i].num_words ? num_steps : graphs[i].num_words;
    }
    draw_orders(graphs, waiting_for, num_ready, places, num_steps);
#pragma GCC unroll 4
    for (int i = 0; i < kOrdersAtOnce; ++i) {
        if (i > 0 && index[i] == index[i - 1]) continue;
        __m512i rows[kGroups];
        load_rows(graphs[i].row, 8 * kGroups, rows);
        const int size = cells.sizes[index[i]];
        const __m512i ops = _mm512_maskz_loadu_epi8(lowest(size), cells.ops_of(index[i]));
        // An output that stays has not been put: it comes last, where nothing was written.
        const std::uint64_t put = lowest(size);
        __m512i order = _mm512_maskz_loadu_epi8(put, graphs[i].order);
        const bool output_stays = cells.ops_of(index[i])[size - 1] == spec.output_op;
        order = _mm512_mask_mov_epi8(order, std::uint64_t{output_stays} << (size - 1),
                                     _mm512_set1_epi8(static_cast<char>(size - 1)));
        write_in_order(rows, ops, order, size, cells, index[i]);
    }
}

}  // namespace
}  // namespace gemcore::GEMCORE_SIMD_LEVEL
