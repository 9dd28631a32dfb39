#include "graph/hash.h"

#include "support/mix64.h"
#include "support/parallel_for.h"
#include "wl/color_rounds.h"

namespace gemcore {

void graph_hash(const LabelledBatch& cells, int n_iter, std::uint64_t* hashes) {
    const WlOptions options{n_iter, Direction::kInOut, BaseLabels::kOps, {}, false};
    const auto sum_colors = GEMCORE_AT_LEVEL(sum_last_colors);
    parallel_for(cells.graphs.num_graphs, 256, [&](std::int64_t begin, std::int64_t end) {
        sum_colors(cells, options, begin, end, hashes + begin);
        for (std::int64_t i = begin; i < end; ++i) {
            hashes[i] = mix64(hashes[i] + cells.graphs.sizes[i]);
        }
    });
}

}  // namespace gemcore
