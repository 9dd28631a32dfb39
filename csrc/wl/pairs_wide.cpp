// The wide twin of count_matches, once for each level.
#include "wl/pairs32.h"
#include "wl/pairs_any.h"

namespace gemcore::GEMCORE_SIMD_LEVEL {
namespace {

constexpr int kAtOnce = 4;

bool is_small(const MatchJob& job, std::int64_t graph) {
    return job.x.graphs.sizes[graph] <= kLanes && job.y.graphs.sizes[graph] <= kLanes;
}

}  // namespace

void count_matches(const MatchJob& job, std::int64_t begin, std::int64_t end, Matches* matches) {
    // Small pairs a few at a time: reading them has no branch that is mispredicted, counting has.
    const Pair32 fresh(job);
    Pair32 small[kAtOnce] = {fresh, fresh, fresh, fresh};
    PairAny any;
    const std::int64_t stride = job.n_iter + 1;
    for (std::int64_t graph = begin; graph < end;) {
        int num_small = 0;
        while (num_small < kAtOnce && graph + num_small < end && is_small(job, graph + num_small)) {
            small[num_small].load(graph + num_small);
            ++num_small;
        }
        for (int i = 0; i < num_small; ++i) {
            small[i].count(matches + (graph + i - begin) * stride);
        }
        graph += num_small;
        if (graph < end && num_small == 0) {
            any.compare(job, graph, matches + (graph - begin) * stride);
            ++graph;
        }
    }
}

}  // namespace gemcore::GEMCORE_SIMD_LEVEL
