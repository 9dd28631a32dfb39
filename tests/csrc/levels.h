// Runs a check at every level of vector instructions that this CPU has.
#pragma once

#include "support/simd.h"

namespace gemcore {

/// Calls check() at each level from `first` on, then restores the one before.
template <typename Check>
void at_levels_from(SimdLevel first, const Check& check) {
    const SimdLevel before = simd_level();
    for (int level = static_cast<int>(first); level <= static_cast<int>(best_simd_level());
         ++level) {
        set_simd_level(static_cast<SimdLevel>(level));
        check();
    }
    set_simd_level(before);
}

template <typename Check>
void at_every_level(const Check& check) {
    at_levels_from(SimdLevel::kScalar, check);
}

template <typename Check>
void at_each_wide_level(const Check& check) {
    at_levels_from(SimdLevel::kAvx2, check);
}

/// What the portable code gives.
template <typename Call>
auto by_portable_code(const Call& call) {
    const SimdLevel before = simd_level();
    set_simd_level(SimdLevel::kScalar);
    auto result = call();
    set_simd_level(before);
    return result;
}

}  // namespace gemcore
