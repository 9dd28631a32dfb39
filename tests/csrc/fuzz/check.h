// The checks of the fuzzer: each compares some entry points of csrc/, at the level under test, with
// the scalar level, and where that is cheap with their definition.
#pragma once

#include <string>

#include "fuzz_case.h"
#include "support/simd.h"

namespace gemcore::fuzz {

/// A check draws what it needs beside the case from the bytes that are left.
using Check = void(const FuzzCase& drawn, ByteReader& bytes);

// wl_checks.cpp, gram_checks.cpp, graph_checks.cpp, sample_checks.cpp, cost_checks.cpp,
// features_checks.cpp
Check check_colors, check_pairs, check_gram, check_features, check_hash;
Check check_canonicalize, check_prune, check_perturb, check_philox, check_sample, check_cost;
Check check_graph_features, check_nasbench101;

/// A new entry point gets a check here.
inline constexpr Check* kChecks[] = {
    check_colors, check_pairs,        check_gram,           check_features,
    check_hash,   check_canonicalize, check_prune,          check_perturb,
    check_sample, check_cost,         check_graph_features, check_nasbench101,
};

/// Says what is wrong and aborts; whoever runs the fuzzer then keeps the input.
[[noreturn]] void report_finding(const std::string& what);

inline void require(bool condition, const char* what) {
    if (!condition) report_finding(what);
}

SimdLevel level_under_test();
void set_level_under_test(SimdLevel level);

/// The result of compute() at the level under test, which must be the one at the scalar level.
template <typename Compute>
auto at_both_levels(const char* what, const Compute& compute) {
    set_simd_level(SimdLevel::kScalar);
    const auto expected = compute();
    set_simd_level(level_under_test());
    auto result = compute();
    require(result == expected, what);
    return result;
}

}  // namespace gemcore::fuzz
