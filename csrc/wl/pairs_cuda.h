// CUDA twin of wl/pairs.h: the same contract and bits, but pointers, label_of_op among them, are to
// device memory, n_iter is at most 16, and the call only enqueues the work on `stream`.
#pragma once

#include <cuda_runtime_api.h>

#include "wl/options.h"

namespace gemcore::cuda {

template <typename T>
void wl_pairs(const LabelledBatch& x, const LabelledBatch& y, const WlOptions& options, T* kernel,
              cudaStream_t stream);

}  // namespace gemcore::cuda
