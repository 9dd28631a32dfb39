#include "graph/sample_cuda.h"
#include "graph/sample_kernel.cuh"
#include "support/launch.cuh"

namespace gemcore::cuda {

void sample(const SampleSpec& spec, std::uint64_t seed, std::uint64_t start,
            const MutableDagBatch& cells, cudaStream_t stream) {
    if (spec.num_nodes <= kLanes) {
        const int run = items_per_warp("sample", cells.num_graphs);
        constexpr int kWarps = kSampleThreads / kLanes;
        return launch("sample", stream, divided_up(cells.num_graphs, std::int64_t{run} * kWarps),
                      kSampleThreads, warp_sample_kernel, spec, seed, start, run, cells);
    }
    launch("sample", stream, divided_up(cells.num_graphs, kSampleThreads), kSampleThreads,
           sample_kernel, spec, seed, start, cells);
}

}  // namespace gemcore::cuda
