#include <algorithm>

#include "support/dispatch.cuh"
#include "support/launch.cuh"
#include "wl/pairs_cuda.h"
#include "wl/pairs_kernel.cuh"

namespace gemcore::cuda {

template <typename T>
void wl_pairs(const LabelledBatch& x, const LabelledBatch& y, const WlOptions& options, T* kernel,
              cudaStream_t stream) {
    const KernelOptions settings = kernel_options(options);
    const std::int64_t num_pairs = x.graphs.num_graphs;
    if (std::max(x.graphs.num_nodes, y.graphs.num_nodes) <= kLanes) {
        const int run = items_per_warp("wl_pairs", num_pairs);
        return launch("wl_pairs", stream, divided_up(num_pairs, std::int64_t{run} * kPairWarps),
                      kPairWarps * kLanes, warp_pairs_kernel<T>, x, y, settings, run, kernel);
    }
    for_words(std::max(x.graphs.num_words, y.graphs.num_words), [&](auto words) {
        launch("wl_pairs", stream, num_pairs, kBlockThreads<words>, block_pairs_kernel<words, T>, x,
               y, settings, kernel);
    });
}

template void wl_pairs(const LabelledBatch&, const LabelledBatch&, const WlOptions&, double*,
                       cudaStream_t);
template void wl_pairs(const LabelledBatch&, const LabelledBatch&, const WlOptions&, std::int64_t*,
                       cudaStream_t);

}  // namespace gemcore::cuda
