#include "graph/perturb_cuda.h"
#include "graph/perturb_kernel.cuh"
#include "support/dispatch.cuh"
#include "support/launch.cuh"

namespace gemcore::cuda {

void perturb(const DagBatch& cells, const PerturbSpec& spec, std::uint64_t seed,
             std::uint64_t start, const MutableDagBatch& perturbed, cudaStream_t stream) {
    const PerturbRules rules = perturb_rules(spec);
    const EachEdits edits{spec.num_edits, spec.renumber, seed, start};
    if (cells.num_nodes <= kLanes) {
        const int run = items_per_warp("perturb", cells.num_graphs);
        return launch(
            "perturb", stream, divided_up(cells.num_graphs, std::int64_t{run} * kPerturbWarps),
            kPerturbWarps * kLanes, warp_perturb_kernel, cells, rules, edits, run, perturbed);
    }
    for_words(cells.num_words, [&](auto words) {
        launch("perturb", stream, cells.num_graphs, 64 * words, block_perturb_kernel<words>, cells,
               rules, edits, perturbed);
    });
}

}  // namespace gemcore::cuda
