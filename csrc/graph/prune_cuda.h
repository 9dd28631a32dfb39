// CUDA twin of prune in graph/prune.h: the same contract and bits, but pointers are to device
// memory and the call only enqueues the work on `stream`.
#pragma once

#include <cuda_runtime_api.h>

#include "graph/dag_batch.h"

namespace gemcore::cuda {

void prune(const DagBatch& cells, int output_op, const MutableDagBatch& pruned,
           cudaStream_t stream);

}  // namespace gemcore::cuda
