// A tile of small numbers or masks, one of each cell, in one vector register; and walks through
// the cells of a tile. For features_wide.cpp.
#pragma once

#include <cstddef>
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
/// The number where the mask is set, else kNone, which no number exceeds.
GEMCORE_ALWAYS_INLINE Lanes or_none(Lanes mask, Lanes number) {
    return (number & mask) | (~mask & kNone);
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

/// The same for any cell: at most 2^255, times 256 in a sum over nodes. Masked by products with 0
/// and 1, which the compiler makes wide.
struct ManyPaths {
    double count[kLanes] = {};

    GEMCORE_ALWAYS_INLINE static ManyPaths of(Lanes number) {
        ManyPaths paths;
        alignas(64) std::int16_t numbers[kLanes];
        __builtin_memcpy(numbers, &number, sizeof number);
        for (int i = 0; i < kLanes; ++i) paths.count[i] = numbers[i];
        return paths;
    }
    GEMCORE_ALWAYS_INLINE void add(const ManyPaths& other, Lanes mask) {
        const ManyPaths factor = of(mask);
        for (int i = 0; i < kLanes; ++i) count[i] -= factor.count[i] * other.count[i];
    }
    GEMCORE_ALWAYS_INLINE void keep(Lanes mask) {
        const ManyPaths factor = of(-mask);
        for (int i = 0; i < kLanes; ++i) count[i] *= factor.count[i];
    }
    GEMCORE_ALWAYS_INLINE ManyPaths times(const ManyPaths& other) const {
        ManyPaths product;
        for (int i = 0; i < kLanes; ++i) product.count[i] = count[i] * other.count[i];
        return product;
    }
    GEMCORE_ALWAYS_INLINE double operator[](int lane) const { return count[lane]; }
};

/// All paths to a place: how many, and how many nodes the shortest and the longest of them have.
template <typename Paths>
struct Walks {
    Lanes shortest = all(kNone);
    Lanes longest = {};
    Paths paths;

    /// Before the first node: one path, of no node.
    GEMCORE_ALWAYS_INLINE static Walks start() { return {Lanes{}, Lanes{}, Paths::of(all(1))}; }

    GEMCORE_ALWAYS_INLINE void add(const Walks& before, Lanes edge) {
        shortest = smaller(shortest, or_none(edge, before.shortest));
        longest = larger(longest, edge & before.longest);
        paths.add(before.paths, edge);
    }
    /// Takes one more node, where it is allowed.
    GEMCORE_ALWAYS_INLINE void enter(Lanes allowed) {
        const Lanes reached = allowed & (shortest != kNone);
        shortest = or_none(reached, shortest - reached);
        longest = reached & (longest + 1);
        paths.keep(reached);
    }
};

/// How many nodes of an op the paths to a place have.
template <typename Paths>
struct WalksOfOp {
    Lanes most = {};
    Lanes fewest = all(kNone);
    Lanes most_on_longest = {};  ///< Of the longest paths to the place alone.
    Paths without;               ///< Paths that have none.

    GEMCORE_ALWAYS_INLINE static WalksOfOp start() {
        return {Lanes{}, Lanes{}, Lanes{}, Paths::of(all(1))};
    }
    GEMCORE_ALWAYS_INLINE void add(const WalksOfOp& before, Lanes edge, Lanes is_on_longest) {
        most = larger(most, edge & before.most);
        fewest = smaller(fewest, or_none(edge, before.fewest));
        most_on_longest = larger(most_on_longest, is_on_longest & before.most_on_longest);
        without.add(before.without, edge);
    }
    GEMCORE_ALWAYS_INLINE void enter(Lanes has) {
        most -= has;
        fewest -= has;
        most_on_longest -= has;
        without.keep(~has);
    }
};

/// Memory that is handed out once, in pieces that start at a multiple of 64 bytes.
struct Room {
    unsigned char* next;

    template <typename T>
    GEMCORE_ALWAYS_INLINE T* take(std::int64_t size) {
        T* const taken = reinterpret_cast<T*>(next);
        next += (static_cast<std::size_t>(size) * sizeof(T) + 63) / 64 * 64;
        return taken;
    }
};

}  // namespace gemcore::GEMCORE_SIMD_LEVEL
