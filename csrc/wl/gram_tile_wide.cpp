#include <algorithm>
#include <cmath>
#include <cstddef>

#include "wl/gram_tile.h"

namespace gemcore::GEMCORE_SIMD_LEVEL {
namespace {

#if defined(__AVX512BW__)
constexpr int kVectorBytes = 64;
#elif defined(__AVX2__)
constexpr int kVectorBytes = 32;
#else
constexpr int kVectorBytes = 16;
#endif
constexpr int kPitch = kTileSize + 8;  // Not a power of two: columns would share few cache sets.

template <typename T>
struct Vector {
    typedef T Type __attribute__((vector_size(kVectorBytes), aligned(alignof(T)), may_alias));
};

/// Four vectors at once, which stay in registers over all terms.
template <typename Count>
void add(const DenseSum& sum) {
    using Wide = typename Vector<Count>::Type;
    const std::int64_t step = 4 * kVectorBytes / static_cast<std::int64_t>(sizeof(Count));
    for (std::int64_t j = 0; j < sum.width; j += step) {
        auto* sums = reinterpret_cast<Wide*>(static_cast<Count*>(sum.sums) + j);
        Wide s0 = sums[0], s1 = sums[1], s2 = sums[2], s3 = sums[3];
        for (std::int64_t t = 0; t < sum.num_terms; ++t) {
            const DenseTerm term = sum.terms[t];
            const auto* counts = reinterpret_cast<const Wide*>(
                static_cast<const Count*>(sum.counts) + term.row * sum.stride + j);
            const Wide factor = Wide{} + static_cast<Count>(term.count);
            s0 += factor * counts[0];
            s1 += factor * counts[1];
            s2 += factor * counts[2];
            s3 += factor * counts[3];
        }
        sums[0] = s0;
        sums[1] = s1;
        sums[2] = s2;
        sums[3] = s3;
    }
}

/// A row of values; a round whose sums are 0 changes none.
template <typename Count>
void weigh(const GramTile& tile, int row, double* values) {
    const auto* sums = static_cast<const Count*>(tile.sums) + row * tile.stride;
    for (int j = 0; j < kTileSize; ++j) values[j] = tile.weights[0] * sums[j];
    for (int group = 1; group < tile.num_groups; ++group) {
        sums += kTileSize * tile.stride;
        for (int j = 0; j < kTileSize; ++j) values[j] += tile.weights[group] * sums[j];
    }
}

/// normalized() of kernel.h, without a branch.
void normalize(const double* own_columns, double own, int size, double* values) {
    for (int j = 0; j < size; ++j) {
        const double scale = __builtin_sqrt(own * own_columns[j]);
        const double ratio = values[j] / scale;
        const double clamped = 1.0 < ratio ? 1.0 : ratio;
        values[j] = scale > 0 ? clamped : 0.0;
    }
}

template <typename T>
void write(const GramTile& tile, const double* values) {
    for (int i = 0; i < tile.num_rows; ++i) {
        T* row = static_cast<T*>(tile.direct) + i * tile.pitch;
        for (int j = 0; j < tile.num_columns; ++j) row[j] = static_cast<T>(values[i * kPitch + j]);
    }
    if (tile.mirrored == nullptr) return;
    for (int j = 0; j < tile.num_columns; ++j) {
        T* row = static_cast<T*>(tile.mirrored) + j * tile.pitch;
        for (int i = 0; i < tile.num_rows; ++i) row[i] = static_cast<T>(values[i * kPitch + j]);
    }
}

}  // namespace

void add_dense(const DenseSum& sum) {
    sum.type == SumType::kUint16 ? add<std::uint16_t>(sum) : add<std::uint32_t>(sum);
}

void write_tile(const GramTile& tile) {
    alignas(64) double values[kTileSize * kPitch];
    for (int i = 0; i < tile.num_rows; ++i) {
        double* row = values + i * kPitch;
        tile.sum_type == SumType::kUint16 ? weigh<std::uint16_t>(tile, i, row)
                                          : weigh<std::uint32_t>(tile, i, row);
        if (tile.on_diagonal) row[i] = tile.own_rows[i];
        if (tile.normalize) normalize(tile.own_columns, tile.own_rows[i], tile.num_columns, row);
    }
    switch (tile.value_type) {
        case ValueType::kFloat64:
            return write<double>(tile, values);
        case ValueType::kFloat32:
            return write<float>(tile, values);
        case ValueType::kInt64:
            return write<std::int64_t>(tile, values);
    }
}

}  // namespace gemcore::GEMCORE_SIMD_LEVEL
