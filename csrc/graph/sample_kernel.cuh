// The sampling kernel, apart from its launch.
#pragma once

#include "graph/sample_cell.h"

namespace gemcore::cuda {

constexpr int kSampleThreads = 128;

// One thread a cell: a cell is a few hundred dependent instructions on private rows, and there are
// millions of cells, so threads need not share anything. 8 blocks a multiprocessor leave the
// registers that a cell needs.
__global__ void __launch_bounds__(kSampleThreads, 8)
    sample_kernel(SampleSpec spec, std::uint64_t seed, std::uint64_t start, MutableDagBatch cells) {
    const std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
    if (i >= cells.num_graphs) return;
    const Rows rows{cells.row(i, 0), cells.num_nodes, cells.num_words};
    cells.sizes[i] = static_cast<std::uint16_t>(spec.num_nodes);
    sample_cell(spec, seed, start + static_cast<std::uint64_t>(i), rows, cells.ops_of(i));
}

}  // namespace gemcore::cuda
