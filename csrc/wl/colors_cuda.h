// CUDA twin of wl_colors in wl/colors.h: the same contract and bits, but pointers, label_of_op
// among them, are to device memory, n_iter is at most 16, and the call only enqueues the work.
#pragma once

#include <cuda_runtime_api.h>

#include "wl/options.h"

namespace gemcore::cuda {

void wl_colors(const LabelledBatch& batch, const WlOptions& options, std::uint64_t* colors,
               cudaStream_t stream);

}  // namespace gemcore::cuda
