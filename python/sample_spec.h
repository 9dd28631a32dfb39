// SampleSpec as both native modules take it from Python.
#pragma once

#include <string>
#include <tuple>

#include "arrays.h"
#include "graph/sample.h"

namespace gemcore {

/// num_nodes, num_ops, has_output, distribution, threshold, max_edges.
using SpecTuple = std::tuple<int, int, bool, int, std::uint64_t, int>;

inline SampleSpec read_sample_spec(const SpecTuple& spec) {
    const auto& [num_nodes, num_ops, has_output, distribution, threshold, max_edges] = spec;
    check(1 <= num_nodes && num_nodes <= kMaxNodes,
          "num_nodes must be in 1 .. 256, got " + std::to_string(num_nodes));
    check(1 <= num_ops && num_ops + 2 < kAbsent,
          "num_ops must be in 1 .. 252, got " + std::to_string(num_ops));
    check(0 <= distribution && distribution <= static_cast<int>(Distribution::kGrow),
          "distribution must be in 0 .. 3, got " + std::to_string(distribution));
    check(threshold <= std::uint64_t{1} << 32, "threshold must be at most 2^32");
    const auto kind = static_cast<Distribution>(distribution);
    check(kind != Distribution::kGrow || max_edges >= 1, "max_edges must be >= 1 to grow");
    return {num_nodes, num_ops, has_output, kind, threshold, max_edges};
}

}  // namespace gemcore
