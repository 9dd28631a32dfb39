// CUDA twin of graph/perturb.h: the same contract and bits, but cells, num_edits and renumber are
// in device memory (sampled_ops is not), and the call only enqueues the work on `stream`.
#pragma once

#include <cuda_runtime_api.h>

#include "graph/perturb.h"

namespace gemcore::cuda {

void perturb(const DagBatch& cells, const PerturbSpec& spec, std::uint64_t seed,
             std::uint64_t start, const MutableDagBatch& perturbed, cudaStream_t stream);

}  // namespace gemcore::cuda
