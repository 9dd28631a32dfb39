#include "graph/sample.h"

#include <algorithm>
#include <atomic>
#include <cassert>

#include "graph/sample_cell.h"
#include "support/parallel_for.h"

namespace gemcore {

std::int64_t sample(const SampleSpec& spec, std::uint64_t seed, std::uint64_t start,
                    const MutableDagBatch& cells) {
    assert(cells.num_nodes == spec.num_nodes);
    std::atomic<std::int64_t> num_failed{0};
    parallel_for(cells.num_graphs, 1024, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t i = begin; i < end; ++i) {
            const Rows rows{cells.row(i, 0), cells.num_nodes, cells.num_words};
            const auto index = start + static_cast<std::uint64_t>(i);
            if (!sample_cell(spec, seed, index, rows, cells.ops_of(i))) ++num_failed;
        }
        std::fill(cells.sizes + begin, cells.sizes + end,
                  static_cast<std::uint16_t>(spec.num_nodes));
    });
    return num_failed;
}

}  // namespace gemcore
