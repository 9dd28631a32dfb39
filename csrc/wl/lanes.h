// Graphs of at most 32 nodes, a lane a node: what the wide kernels are written in.
//
// Included by wide sources alone; each level gets the functions of lanes_avx512.h and
// lane_colors_avx512.h, or of their AVX2 twins:
//
//   load_rows     the rows of the adjacency matrix, as 32-bit numbers
//   transpose     from outputs to inputs
//   load_labels   numbers of the nodes' labels, from their ops
//   with_label    the nodes that have a label, a bit each
//   append_counts 5 bits at the end of each lane: how many of its neighbors are among some nodes
//   append        a few bits at the end of each lane
//   equal_across, equal_within  lanes that seem to be equal, few others among them
//   equal_to      the lanes that hold given numbers
//   set_codes     codes from numbers, from numbers of 16 bits, or from colors
//   mixed         mix64 of 64-bit colors, made of two numbers each
//   sum_of        the sum of the colors of some nodes
//   neighbor_sums the same for the neighbors of every node, of the first 8 kEights
//   salted, add   what a round of wl/color.h is made of
#pragma once

#include <cstdint>

#include "support/always_inline.h"

namespace gemcore::GEMCORE_SIMD_LEVEL {
namespace {

constexpr int kLanes = 32;

/// A number a node: a row of the matrix, or a code that tells nodes apart.
struct alignas(64) Words {
    std::uint32_t of[kLanes];
};

struct alignas(64) Colors {
    std::uint64_t of[kLanes];
};

/// What tells nodes apart: a number each, the lower half of it, and 16 bits of that which seldom
/// agree where the halves don't.
struct alignas(64) Codes {
    Colors whole;  ///< Not filled where the numbers have 32 bits.
    Words low;
    std::uint16_t digest[kLanes];
};

/// How much of the codes of a round is needed: those of the first round may be short.
enum class Width { kDigest, kLow, kWhole };

constexpr std::uint32_t kDigestFactor = 0x9e3779b1u;  // Fibonacci hashing.

GEMCORE_ALWAYS_INLINE void set_code(std::uint64_t color, int lane, Codes& codes) {
    const auto low = static_cast<std::uint32_t>(color);
    codes.whole.of[lane] = color;
    codes.low.of[lane] = low;
    codes.digest[lane] = static_cast<std::uint16_t>(low * kDigestFactor >> 16);
}

GEMCORE_ALWAYS_INLINE std::uint32_t first_bits(int count) {
    return static_cast<std::uint32_t>((std::uint64_t{1} << count) - 1);
}

}  // namespace
}  // namespace gemcore::GEMCORE_SIMD_LEVEL

#ifdef __AVX512F__
#include "wl/lane_colors_avx512.h"
#else
#include "wl/lane_colors_avx2.h"
#endif

namespace gemcore::GEMCORE_SIMD_LEVEL {
namespace {

/// codes = low, numbers of at most `width`.
GEMCORE_ALWAYS_INLINE void set_codes(const Lanes& low, Width width, Codes& codes) {
    store(low, codes.low);
    if (width == Width::kDigest) {
        set_digests(low, codes);
    } else {
        digest(low, codes);
    }
}

}  // namespace
}  // namespace gemcore::GEMCORE_SIMD_LEVEL
