#include "graph/hash_cuda.h"
#include "graph/hash_kernel.cuh"
#include "support/dispatch.cuh"
#include "support/launch.cuh"

namespace gemcore::cuda {

void graph_hash(const LabelledBatch& cells, int n_iter, std::uint64_t* hashes,
                cudaStream_t stream) {
    const KernelOptions options{n_iter, Direction::kInOut, BaseLabels::kOps, false, {}};
    const std::int64_t num_graphs = cells.graphs.num_graphs;
    if (cells.graphs.num_nodes <= kLanes) {
        return launch("graph_hash", stream, divided_up(num_graphs, kHashWarps), kHashWarps * kLanes,
                      warp_hash_kernel, cells, options, hashes);
    }
    for_words(cells.graphs.num_words, [&](auto words) {
        launch("graph_hash", stream, num_graphs, kBlockThreads<words>, block_hash_kernel<words>,
               cells, options, hashes);
    });
}

}  // namespace gemcore::cuda
