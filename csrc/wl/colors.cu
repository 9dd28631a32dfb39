#include "support/dispatch.cuh"
#include "support/launch.cuh"
#include "wl/colors_cuda.h"
#include "wl/colors_kernel.cuh"

namespace gemcore::cuda {

void wl_colors(const LabelledBatch& batch, const WlOptions& options, std::uint64_t* colors,
               cudaStream_t stream) {
    const KernelOptions settings = kernel_options(options);
    const std::int64_t num_graphs = batch.graphs.num_graphs;
    if (batch.graphs.num_nodes <= kLanes) {
        return launch("wl_colors", stream, divided_up(num_graphs, kColorWarps),
                      kColorWarps * kLanes, warp_colors_kernel, batch, settings, colors);
    }
    for_words(batch.graphs.num_words, [&](auto words) {
        launch("wl_colors", stream, num_graphs, kBlockThreads<words>, block_colors_kernel<words>,
               batch, settings, colors);
    });
}

}  // namespace gemcore::cuda
