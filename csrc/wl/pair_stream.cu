#include <algorithm>

#include "support/dispatch.cuh"
#include "support/launch.cuh"
#include "wl/block_pair_stream_kernel.cuh"
#include "wl/pair_stream_cuda.h"
#include "wl/warp_pair_stream_kernel.cuh"

namespace gemcore::cuda {

void pair_stream(const PairStreamSpec& spec, std::uint64_t start, const PairBatchOut& pairs,
                 cudaStream_t stream) {
    const StreamRules rules{spec.space,     spec.pool,      spec.label_of_op,
                            spec.cell_seed, spec.mixture,   perturb_rules(spec.edits),
                            spec.prunes,    spec.output_op, kernel_options(spec.options)};
    const std::int64_t num_pairs = pairs.cells_a.num_graphs;
    if (pairs.cells_a.num_nodes <= kLanes) {
        const int run = std::min(items_per_warp("pair_stream", num_pairs), kStreamPairs);
        return launch("pair_stream", stream,
                      divided_up(num_pairs, std::int64_t{run} * kStreamWarps),
                      kStreamWarps * kLanes, warp_pair_stream_kernel, rules, start, run, pairs);
    }
    for_words(pairs.cells_a.num_words, [&](auto words) {
        launch("pair_stream", stream, num_pairs, kBlockThreads<words>,
               block_pair_stream_kernel<words>, rules, start, pairs);
    });
}

}  // namespace gemcore::cuda
