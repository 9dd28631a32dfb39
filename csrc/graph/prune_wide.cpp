#include <immintrin.h>

#include "graph/prune_levels.h"

#ifdef __AVX512VBMI2__
#include "graph/word_rows_wide.h"

namespace gemcore::GEMCORE_SIMD_LEVEL {
namespace {

constexpr int kCells = 8;  ///< Cells whose paths are followed side by side, one a lane.

/// Row u of each of eight cells, for all u.
template <int kGroups>
struct EightCells {
    __m512i row[8 * kGroups];

    GEMCORE_ALWAYS_INLINE EightCells(const DagBatch& cells, std::int64_t first, std::int64_t last) {
        const std::uint64_t present = lowest(cells.num_nodes);
#pragma GCC unroll 8
        for (int group = 0; group < kGroups; ++group) {
            __m512i rows[kCells];
#pragma GCC unroll 8
            for (int i = 0; i < kCells; ++i) {
                const std::int64_t cell = first + i < last ? first + i : last;
                rows[i] =
                    _mm512_maskz_loadu_epi64(part(present, group), cells.row(cell, 8 * group));
            }
            transpose_words(rows);
#pragma GCC unroll 8
            for (int i = 0; i < 8; ++i) row[8 * group + i] = rows[i];
        }
    }
};

/// As in prune.cpp: edges go up, so one pass sees every path.
template <int kGroups>
GEMCORE_ALWAYS_INLINE __m512i reachable_from_input(const EightCells<kGroups>& cells,
                                                   int num_nodes) {
    __m512i reached = set1(1);
    __m512i to_sign = set1(63);
    for (int u = 0; u < num_nodes; ++u) {
        const __m512i is_reached = _mm512_srai_epi64(_mm512_sllv_epi64(reached, to_sign), 63);
        reached = _mm512_ternarylogic_epi64(reached, cells.row[u], is_reached, 0xf8);  // a | b & c
        to_sign = _mm512_sub_epi64(to_sign, set1(1));
    }
    return reached;
}

/// The nodes from which one of `useful` is reached, and these themselves.
template <int kGroups>
GEMCORE_ALWAYS_INLINE __m512i reaching(const EightCells<kGroups>& cells, int num_nodes,
                                       __m512i useful) {
    for (int u = num_nodes - 1; u >= 0; --u) {
        const __mmask8 leads_there = _mm512_test_epi64_mask(cells.row[u], useful);
        useful = _mm512_mask_or_epi64(useful, leads_there, useful, set1(std::uint64_t{1} << u));
    }
    return useful;
}

template <int kGroups>
GEMCORE_ALWAYS_INLINE void find_kept(const DagBatch& cells, int output_op, std::int64_t first,
                                     std::int64_t last, std::uint64_t (&kept)[kCells]) {
    const EightCells<kGroups> eight(cells, first, last);
    __m512i nodes = reachable_from_input(eight, cells.num_nodes);
    if (output_op >= 0) {
        const __m512i wanted = _mm512_set1_epi8(static_cast<char>(output_op));
        alignas(64) std::uint64_t outputs[kCells];
#pragma GCC unroll 8
        for (int i = 0; i < kCells; ++i) {
            const std::int64_t cell = first + i < last ? first + i : last;
            const std::uint64_t present = lowest(cells.sizes[cell]);
            const __m512i ops = _mm512_maskz_loadu_epi8(present, cells.ops_of(cell));
            outputs[i] = _mm512_mask_cmpeq_epi8_mask(present, ops, wanted);
        }
        const __m512i useful = reaching(eight, cells.num_nodes, _mm512_load_si512(outputs));
        const __mmask8 has_output = _mm512_test_epi64_mask(useful, useful);
        nodes = _mm512_mask_and_epi64(nodes, has_output, nodes, useful);
        nodes = _mm512_or_si512(nodes, set1(1));
    }
    _mm512_store_si512(kept, nodes);
}

template <int kGroups>
GEMCORE_ALWAYS_INLINE void copy_kept(const DagBatch& cells, std::int64_t cell, std::uint64_t kept,
                                     const MutableDagBatch& out) {
    __m512i rows[kGroups];
    load_rows(cells.row(cell, 0), cells.num_nodes, rows);
    const __m512i ops = _mm512_maskz_loadu_epi8(lowest(cells.num_nodes), cells.ops_of(cell));
    const __m512i order = _mm512_maskz_compress_epi8(kept, byte_numbers());
    const auto size = static_cast<int>(_mm_popcnt_u64(kept));
    write_in_order(rows, ops, order, size, out, cell);
}

template <int kGroups>
void prune_range(const DagBatch& cells, int output_op, const MutableDagBatch& pruned,
                 std::int64_t begin, std::int64_t end) {
    for (std::int64_t first = begin; first < end; first += kCells) {
        alignas(64) std::uint64_t kept[kCells];
        find_kept<kGroups>(cells, output_op, first, end - 1, kept);
        for (int i = 0; i < kCells && first + i < end; ++i) {
            copy_kept<kGroups>(cells, first + i, kept[i], pruned);
        }
    }
}

}  // namespace

void prune_cells(const DagBatch& cells, int output_op, const MutableDagBatch& pruned,
                 std::int64_t begin, std::int64_t end) {
    const auto run = cells.num_nodes <= 8    ? prune_range<1>
                     : cells.num_nodes <= 16 ? prune_range<2>
                     : cells.num_nodes <= 32 ? prune_range<4>
                                             : prune_range<8>;
    run(cells, output_op, pruned, begin, end);
}

}  // namespace gemcore::GEMCORE_SIMD_LEVEL
#else
namespace gemcore::GEMCORE_SIMD_LEVEL {
namespace {

/// Every row is written where the next kept one goes: a branch would be mispredicted.
void copy_kept(const DagBatch& cells, std::int64_t cell, std::uint64_t kept,
               const MutableDagBatch& out) {
    const std::uint64_t* rows = cells.row(cell, 0);
    const std::uint8_t* ops = cells.ops_of(cell);
    std::uint64_t* to = out.row(cell, 0);
    std::uint8_t* to_ops = out.ops_of(cell);
    int size = 0;
    for (int u = 0; u < cells.num_nodes; ++u) {
        to[size] = _pext_u64(rows[u], kept);
        to_ops[size] = ops[u];
        size += static_cast<int>(kept >> u & 1);
    }
    out.sizes[cell] = static_cast<std::uint16_t>(size);
    for (int i = size; i < cells.num_nodes; ++i) {
        to[i] = 0;
        to_ops[i] = kAbsent;
    }
}

}  // namespace

void prune_cells(const DagBatch& cells, int output_op, const MutableDagBatch& pruned,
                 std::int64_t begin, std::int64_t end) {
    for (std::int64_t cell = begin; cell < end; ++cell) {
        copy_kept(cells, cell, kept_nodes(cells, cell, output_op).word[0], pruned);
    }
}

}  // namespace gemcore::GEMCORE_SIMD_LEVEL
#endif
