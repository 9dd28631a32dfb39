// SampleSpec as both native modules take it from Python.
#pragma once

#include <string>

#include "arrays.h"
#include "graph/sample.h"

namespace gemcore {

inline SampleSpec read_sample_spec(int num_nodes, int num_ops, bool has_output, int distribution,
                                   std::uint64_t threshold, int max_edges) {
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

inline void bind_sample_spec(pybind11::module_& m) {
    using namespace pybind11::literals;
    pybind11::class_<SampleSpec>(m, "SampleSpec", pybind11::module_local())
        .def(pybind11::init(&read_sample_spec), "num_nodes"_a, "num_ops"_a, "has_output"_a,
             "distribution"_a, "threshold"_a, "max_edges"_a);
}

}  // namespace gemcore
