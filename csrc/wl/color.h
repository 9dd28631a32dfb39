// The one definition of a Weisfeiler-Lehman (WL) color. CPU and CUDA code share it, so both give
// the same bits and tests compare them with ==.
//
// The textbook numbers (own color, sorted neighbor colors) with a dictionary shared by all graphs;
// sort and dictionary are serial. Here a color is a 64-bit sum of terms, one of the node itself and
// one of each neighbor, so nodes and graphs can be refined in any order. The price is a chance near
// 2^-64 that two different neighborhoods meet in one color; 32 bits would do so once in a million
// pairs of graphs.
#pragma once

#include <cstdint>

#include "support/host_device.h"
#include "support/mix64.h"

namespace gemcore {

/// What a node is to the one that reads it. The values salt its color, and are digits of pi:
/// unsalted, (node a, input b) and (node b, output a) would give one sum. Colors are mixed before
/// they are summed, for unmixed 1 + 4 = 2 + 3, and by a sum, for in an exclusive or two equal
/// neighbors vanish.
enum class Role : std::uint64_t {
    kSelf = 0x452821e638d01377u,
    kInput = 0x243f6a8885a308d3u,
    kOutput = 0x13198a2e03707344u,
    kLabel = 0xa4093822299f31d0u,
};

/// The term by which a node of this color enters the sum of a node to which it is `role`.
GEMCORE_HOST_DEVICE inline std::uint64_t color_term(std::uint64_t color, Role role) {
    return mix64(color ^ static_cast<std::uint64_t>(role));
}

/// Color before the first round: equal labels, equal colors.
GEMCORE_HOST_DEVICE inline std::uint64_t initial_color(std::uint64_t label) {
    return color_term(label, Role::kLabel);
}

}  // namespace gemcore
