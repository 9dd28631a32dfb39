#pragma once

#include <bit>
#include <cstdint>

#include "support/always_inline.h"

namespace gemcore {

/// log(1 + x) of a finite x >= 0 to 3e-12 of it, where x is 0 or at least 1e-6; then rounded.
///
/// For loops, which become wide: no branch, and rounding is the same for every width and machine,
/// which no C library promises. y = 1 + x is m 2^e with m near 1, and log m = 2 artanh(s) with
/// s = (m - 1) / (m + 1), |s| < 0.172, by its series.
GEMCORE_ALWAYS_INLINE float log1p_for_loops(double x) {
    constexpr std::uint64_t kSqrtHalf = 0x3fe6a09e667f3bcd;  // Bits of the smallest m.
    constexpr std::uint64_t kTwo52 = 0x4330000000000000;     // Adds an integer below 2^52 as bits.
    const auto bits = std::bit_cast<std::uint64_t>(1.0 + x);
    const std::uint64_t exponent = (bits - kSqrtHalf) >> 52;
    const auto m = std::bit_cast<double>(bits - (exponent << 52));
    const double e = std::bit_cast<double>(exponent | kTwo52) - 0x1p52;
    const double s = (m - 1) / (m + 1);
    const double s2 = s * s;
    double series = 1.0 / 15;
    series = series * s2 + 1.0 / 13;
    series = series * s2 + 1.0 / 11;
    series = series * s2 + 1.0 / 9;
    series = series * s2 + 1.0 / 7;
    series = series * s2 + 1.0 / 5;
    series = series * s2 + 1.0 / 3;
    series = series * s2 + 1.0;
    return static_cast<float>(e * 0x1.62e42fefa39efp-1 + 2 * s * series);
}

}  // namespace gemcore
