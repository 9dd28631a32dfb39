// CUDA twin of sample.h: the same contract and the same bits, but pointers are to device memory
// and the call only enqueues the work on `stream`.
#pragma once

#include <cuda_runtime_api.h>

#include "graph/sample.h"

namespace gemcore::cuda {

/// Does not count the cells over max_edges: the caller would have to wait for the number.
void sample(const SampleSpec& spec, std::uint64_t seed, std::uint64_t start,
            const MutableDagBatch& cells, cudaStream_t stream);

}  // namespace gemcore::cuda
