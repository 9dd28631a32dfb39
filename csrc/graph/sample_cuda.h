// CUDA twin of sample.h: the same contract and the same bits, but pointers are to device memory
// and the call only enqueues the work on `stream`.
#pragma once

#include <cuda_runtime_api.h>

#include "graph/sample.h"

namespace gemcore::cuda {

/// Adds the number of cells over max_edges to *num_failed, which the caller has set to 0.
void sample(const SampleSpec& spec, std::uint64_t seed, std::uint64_t start,
            const MutableDagBatch& cells, unsigned long long* num_failed, cudaStream_t stream);

}  // namespace gemcore::cuda
