#include "graph/sample_cuda.h"
#include "graph/sample_kernel.cuh"
#include "support/launch.cuh"

namespace gemcore::cuda {

void sample(const SampleSpec& spec, std::uint64_t seed, std::uint64_t start,
            const MutableDagBatch& cells, cudaStream_t stream) {
    launch("sample", stream, divided_up(cells.num_graphs, kSampleThreads), kSampleThreads,
           sample_kernel, spec, seed, start, cells);
}

}  // namespace gemcore::cuda
