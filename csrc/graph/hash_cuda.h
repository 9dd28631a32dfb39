// CUDA twin of graph/hash.h: the same contract and bits, but pointers, label_of_op among them, are
// to device memory, and the call only enqueues the work on `stream`.
#pragma once

#include <cuda_runtime_api.h>

#include "wl/options.h"

namespace gemcore::cuda {

void graph_hash(const LabelledBatch& cells, int n_iter, std::uint64_t* hashes, cudaStream_t stream);

}  // namespace gemcore::cuda
