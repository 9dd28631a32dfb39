#ifdef __AVX2__
#include <immintrin.h>
#endif

#include <cstddef>
#include <cstdint>
#include <utility>

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

/// Copies a row to where it is not read soon: past the caches, which need not fetch it first.
template <typename T>
void stream_row(const T* from, int size, T* to) {
    int i = 0;
#ifdef __AVX2__
    constexpr int kLanes = kVectorBytes / static_cast<int>(sizeof(T));
    const auto misfit = static_cast<int>(-reinterpret_cast<std::uintptr_t>(to) % kVectorBytes);
    const int head = misfit / static_cast<int>(sizeof(T));
    for (; i < head && i < size; ++i) to[i] = from[i];
    for (; i + kLanes <= size; i += kLanes) {
#ifdef __AVX512F__
        _mm512_stream_si512(reinterpret_cast<__m512i*>(to + i), _mm512_loadu_si512(from + i));
#else
        _mm256_stream_si256(reinterpret_cast<__m256i*>(to + i),
                            _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from + i)));
#endif
    }
#endif
    for (; i < size; ++i) to[i] = from[i];
}

template <typename T>
void copy_row(const GramTile& tile, const T* from, int size, T* to) {
    if (tile.streams) return stream_row(from, size, to);
    for (int i = 0; i < size; ++i) to[i] = from[i];
}

#if __has_builtin(__builtin_shufflevector)
/// The elements of two vectors by turns: those of their low halves, of their high halves.
template <typename V, std::size_t... I>
V low_by_turns(V a, V b, std::index_sequence<I...>) {
    return __builtin_shufflevector(a, b, (I % 2 * sizeof...(I) + I / 2)...);
}
template <typename V, std::size_t... I>
V high_by_turns(V a, V b, std::index_sequence<I...>) {
    constexpr std::size_t half = sizeof...(I) / 2;
    return __builtin_shufflevector(a, b, (I % 2 * sizeof...(I) + half + I / 2)...);
}

/// Transposes a square as wide as a vector: log2(width) times rows i and i + width / 2 by turns.
template <typename T>
void transpose_square(const T* from, std::int64_t pitch, T* to) {
    using Wide = typename Vector<T>::Type;
    constexpr int width = kVectorBytes / static_cast<int>(sizeof(T));
    constexpr auto lanes = std::make_index_sequence<static_cast<std::size_t>(width)>();
    Wide rows[width], next[width];
    for (int i = 0; i < width; ++i) rows[i] = *reinterpret_cast<const Wide*>(from + i * pitch);
    for (int stage = 1; stage < width; stage *= 2) {
        for (int i = 0; i < width / 2; ++i) {
            next[2 * i] = low_by_turns(rows[i], rows[i + width / 2], lanes);
            next[2 * i + 1] = high_by_turns(rows[i], rows[i + width / 2], lanes);
        }
        for (int i = 0; i < width; ++i) rows[i] = next[i];
    }
    for (int i = 0; i < width; ++i) *reinterpret_cast<Wide*>(to + i * kTileSize) = rows[i];
}
#else
template <typename T>
void transpose_square(const T* from, std::int64_t pitch, T* to) {
    constexpr int width = kVectorBytes / static_cast<int>(sizeof(T));
    for (int i = 0; i < width; ++i) {
        for (int j = 0; j < width; ++j) to[j * kTileSize + i] = from[i * pitch + j];
    }
}
#endif

/// Some columns at a time become rows, in the first level of the cache.
template <typename T>
void write_mirrored(const GramTile& tile, const T* values) {
    constexpr int width = kVectorBytes / static_cast<int>(sizeof(T));
    alignas(64) T turned[width * kTileSize];
    for (int first = 0; first < tile.num_columns; first += width) {
        for (int i = 0; i < tile.num_rows; i += width) {
            transpose_square(values + i * kPitch + first, kPitch, turned + i);
        }
        for (int j = 0; j < width && first + j < tile.num_columns; ++j) {
            copy_row(tile, turned + j * kTileSize, tile.num_rows,
                     static_cast<T*>(tile.mirrored) + (first + j) * tile.pitch);
        }
    }
}

template <typename T>
void write(const GramTile& tile, const T* values) {
    for (int i = 0; i < tile.num_rows; ++i) {
        copy_row(tile, values + i * kPitch, tile.num_columns,
                 static_cast<T*>(tile.direct) + i * tile.pitch);
    }
    if (tile.mirrored != nullptr) write_mirrored(tile, values);
#ifdef __AVX2__
    if (tile.streams) _mm_sfence();  // Other threads see what was streamed.
#endif
}

template <typename T>
void write_as(const GramTile& tile, const double* values) {
    alignas(64) T rounded[kTileSize * kPitch];
    for (int i = 0; i < kTileSize; ++i) {
        for (int j = 0; j < kTileSize; ++j) {
            rounded[i * kPitch + j] = static_cast<T>(values[i * kPitch + j]);
        }
    }
    write(tile, rounded);
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
    for (int i = tile.num_rows; i < kTileSize; ++i) {  // Squares are transposed whole.
        for (int j = 0; j < kTileSize; ++j) values[i * kPitch + j] = 0;
    }
    switch (tile.value_type) {
        case ValueType::kFloat64:
            return write(tile, static_cast<const double*>(values));
        case ValueType::kFloat32:
            return write_as<float>(tile, values);
        case ValueType::kInt64:
            return write_as<std::int64_t>(tile, values);
    }
}

}  // namespace gemcore::GEMCORE_SIMD_LEVEL
