// The inner loops of a Gram matrix: sums over colors, and a tile of values written both ways.
//
// One source for every level: the compiler makes its loops as wide as the level is, and rounding is
// the same for each (no fused multiply-add, IEEE square root and division).
#pragma once

#include <cstdint>

#include "support/simd.h"

namespace gemcore {

constexpr int kTileSize = 64;  ///< Rows and columns of a tile.

/// Sums are unsigned, of 16 bits where all fit, or of 32.
enum class SumType { kUint16, kUint32 };
enum class ValueType { kFloat64, kFloat32, kInt64 };

/// A color of the row's graph: the row of `counts` it stands in, and how often the graph has it.
struct DenseTerm {
    std::uint32_t row;
    std::uint32_t count;
};

/// sums[j] += the terms' count * counts[row, j], for j < width and up to the next multiple of 128.
struct DenseSum {
    SumType type;
    const DenseTerm* terms;
    std::int64_t num_terms;
    const void* counts;   ///< [rows, stride]
    std::int64_t stride;  ///< A multiple of 128
    std::int64_t width;
    void* sums;  ///< [stride]
};

/// Values of the kernel from its sums: weighted, normalized, rounded once to their type.
struct GramTile {
    SumType sum_type;
    const void* sums;       ///< [num_groups, kTileSize, stride]; the tile's first column
    const double* weights;  ///< [num_groups]
    int num_groups;
    std::int64_t stride;
    const double* own_rows;     ///< [num_rows], k(x, x)
    const double* own_columns;  ///< [num_columns], k(y, y)
    bool normalize;
    bool on_diagonal;  ///< Element [i, i] is own_rows[i], of colors that no other graph has too
    int num_rows;
    int num_columns;
    ValueType value_type;
    void* direct;    ///< Element [i, j] is at i * pitch + j
    void* mirrored;  ///< Element [i, j] is at j * pitch + i; null: not written
    std::int64_t pitch;
    bool streams;  ///< Writes past the caches, for a matrix that they can't hold
};

GEMCORE_DECLARE_LEVELS(void add_dense(const DenseSum& sum); void write_tile(const GramTile& tile))

}  // namespace gemcore
