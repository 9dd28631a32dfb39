#include "graph/prune_cuda.h"
#include "graph/prune_kernel.cuh"
#include "support/dispatch.cuh"
#include "support/launch.cuh"

namespace gemcore::cuda {

void prune(const DagBatch& cells, int output_op, const MutableDagBatch& pruned,
           cudaStream_t stream) {
    if (cells.num_nodes <= kLanes) {
        const int run = items_per_warp("prune", cells.num_graphs);
        constexpr int kWarps = kPruneThreads / kLanes;
        return launch("prune", stream, divided_up(cells.num_graphs, std::int64_t{run} * kWarps),
                      kPruneThreads, warp_prune_kernel, cells, output_op, run, pruned);
    }
    for_words(cells.num_words, [&](auto words) {
        launch("prune", stream, divided_up(cells.num_graphs, kPruneThreads), kPruneThreads,
               prune_kernel<words>, cells, output_op, pruned);
    });
}

}  // namespace gemcore::cuda
