// The wide twin of count_matches, once for each level.
#include "wl/pairs32.h"
#include "wl/pairs_any.h"

namespace gemcore::GEMCORE_SIMD_LEVEL {

void count_matches(const MatchJob& job, std::int64_t begin, std::int64_t end, Matches* matches) {
    Pair32 small(job);
    PairAny any;
    for (std::int64_t graph = begin; graph < end; ++graph, matches += job.n_iter + 1) {
        const bool is_small =
            job.x.graphs.sizes[graph] <= kLanes && job.y.graphs.sizes[graph] <= kLanes;
        if (is_small) {
            small.compare(graph, matches);
        } else {
            any.compare(job, graph, matches);
        }
    }
}

}  // namespace gemcore::GEMCORE_SIMD_LEVEL
