// A tile of small numbers and masks, one of each cell, in one vector register; for features_wide.
#pragma once

#include <cstdint>

#include "graph/features_tile.h"
#include "support/always_inline.h"

namespace gemcore::GEMCORE_SIMD_LEVEL {

#if defined(__AVX512BW__)
constexpr int kVectorBytes = 64;
#elif defined(__AVX2__)
constexpr int kVectorBytes = 32;
#else
constexpr int kVectorBytes = 16;
#endif
constexpr int kLanes = kVectorBytes / 2;
static_assert(kLanes <= kMostTileCells);

/// A mask is -1 or 0. Counts reach 32640, the edges of the complete DAG of 256 nodes.
typedef std::int16_t Lanes __attribute__((vector_size(kVectorBytes)));

constexpr std::int16_t kNone = 32767;  ///< Longer than every path.

GEMCORE_ALWAYS_INLINE Lanes all(int value) { return Lanes{} + static_cast<std::int16_t>(value); }
GEMCORE_ALWAYS_INLINE Lanes larger(Lanes a, Lanes b) { return a > b ? a : b; }
GEMCORE_ALWAYS_INLINE Lanes smaller(Lanes a, Lanes b) { return a < b ? a : b; }
GEMCORE_ALWAYS_INLINE Lanes where(Lanes mask, Lanes yes, Lanes no) {
    return (yes & mask) | (no & ~mask);
}

/// Numbers of paths of cells of at most kFewNodes nodes.
struct FewPaths {
    Lanes count = {};

    GEMCORE_ALWAYS_INLINE static FewPaths of(Lanes number) { return {number}; }
    GEMCORE_ALWAYS_INLINE void add(const FewPaths& other, Lanes mask) {
        count += other.count & mask;
    }
    GEMCORE_ALWAYS_INLINE void keep(Lanes mask) { count &= mask; }
    GEMCORE_ALWAYS_INLINE FewPaths times(const FewPaths& other) const {
        return {static_cast<Lanes>(count * other.count)};
    }
    GEMCORE_ALWAYS_INLINE double operator[](int lane) const { return count[lane]; }
};

/// The same for any cell: at most 2^255, times 256 in a sum over nodes.
struct ManyPaths {
    double count[kLanes] = {};

    GEMCORE_ALWAYS_INLINE static ManyPaths of(Lanes number) {
        ManyPaths paths;
        for (int i = 0; i < kLanes; ++i) paths.count[i] = number[i];
        return paths;
    }
    GEMCORE_ALWAYS_INLINE void add(const ManyPaths& other, Lanes mask) {
        for (int i = 0; i < kLanes; ++i) count[i] += mask[i] != 0 ? other.count[i] : 0.0;
    }
    GEMCORE_ALWAYS_INLINE void keep(Lanes mask) {
        for (int i = 0; i < kLanes; ++i) count[i] = mask[i] != 0 ? count[i] : 0.0;
    }
    GEMCORE_ALWAYS_INLINE ManyPaths times(const ManyPaths& other) const {
        ManyPaths product;
        for (int i = 0; i < kLanes; ++i) product.count[i] = count[i] * other.count[i];
        return product;
    }
    GEMCORE_ALWAYS_INLINE double operator[](int lane) const { return count[lane]; }
};

}  // namespace gemcore::GEMCORE_SIMD_LEVEL
