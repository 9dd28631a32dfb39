#include "graph/hash.h"

#include "support/mix64.h"
#include "support/parallel_for.h"
#include "wl/colors.h"

namespace gemcore {

void graph_hash(const LabelledBatch& cells, int n_iter, std::uint64_t* hashes) {
    const WlOptions options{n_iter, Direction::kInOut, BaseLabels::kOps, {}, false};
    parallel_for(cells.graphs.num_graphs, 256, [&](std::int64_t begin, std::int64_t end) {
        Refiner refiner;
        for (std::int64_t i = begin; i < end; ++i) {
            refiner.load(cells, i, options);
            for (int round = 0; round < n_iter; ++round) refiner.refine();
            std::uint64_t sum = static_cast<std::uint64_t>(refiner.size());
            for (int v = 0; v < refiner.size(); ++v) sum += mix64(refiner.colors()[v]);
            hashes[i] = mix64(sum);
        }
    });
}

}  // namespace gemcore
