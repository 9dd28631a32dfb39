#include <stdexcept>
#include <string>

#include "graph/sample_cuda.h"
#include "graph/sample_kernel.cuh"

namespace gemcore::cuda {
namespace {

constexpr int kThreads = 128;

}  // namespace

void sample(const SampleSpec& spec, std::uint64_t seed, std::uint64_t start,
            const MutableDagBatch& cells, unsigned long long* num_failed, cudaStream_t stream) {
    if (cells.num_graphs == 0) return;  // An empty grid is a launch error.
    const auto num_blocks = static_cast<unsigned>((cells.num_graphs + kThreads - 1) / kThreads);
    sample_kernel<<<num_blocks, kThreads, 0, stream>>>(spec, seed, start, cells, num_failed);
    if (const cudaError_t error = cudaGetLastError(); error != cudaSuccess) {
        throw std::runtime_error(std::string("[sample] ") + cudaGetErrorString(error));
    }
}

}  // namespace gemcore::cuda
