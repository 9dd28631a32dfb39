// The sampling kernel, apart from its launch so that tests can run the very source on the CPU.
#pragma once

#include "graph/sample_cell.h"

namespace gemcore::cuda {

// One thread a cell: a cell is a few hundred dependent instructions on private rows, and there are
// millions of cells, so threads need not share anything.
__global__ void sample_kernel(SampleSpec spec, std::uint64_t seed, std::uint64_t start,
                              MutableDagBatch cells, unsigned long long* num_failed) {
    const std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
    if (i >= cells.num_graphs) return;
    const Rows rows{cells.row(i, 0), cells.num_nodes, cells.num_words};
    cells.sizes[i] = static_cast<std::uint16_t>(spec.num_nodes);
    const auto index = start + static_cast<std::uint64_t>(i);
    if (!sample_cell(spec, seed, index, rows, cells.ops_of(i))) atomicAdd(num_failed, 1ull);
}

}  // namespace gemcore::cuda
