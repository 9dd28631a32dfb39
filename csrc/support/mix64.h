#pragma once

#include <cstdint>

#include "support/host_device.h"

namespace gemcore {

/// The finalizer of SplitMix64 (Steele, Lea & Flood 2014): a bijection of the 64-bit integers.
GEMCORE_HOST_DEVICE inline std::uint64_t mix64(std::uint64_t x) {
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

}  // namespace gemcore
