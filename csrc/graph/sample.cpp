#include "graph/sample.h"

#include <algorithm>
#include <atomic>
#include <cassert>

#include "graph/sample_cell.h"
#include "graph/sample_levels.h"
#include "support/parallel_for.h"

namespace gemcore {
namespace scalar {

std::int64_t sample_cells(const SampleSpec& spec, std::uint64_t seed, std::uint64_t start,
                          const MutableDagBatch& cells) {
    std::int64_t num_failed = 0;
    for (std::int64_t i = 0; i < cells.num_graphs; ++i) {
        const Rows rows{cells.row(i, 0), cells.num_nodes, cells.num_words};
        const auto index = start + static_cast<std::uint64_t>(i);
        if (!sample_cell(spec, seed, index, rows, cells.ops_of(i))) ++num_failed;
    }
    return num_failed;
}

}  // namespace scalar

std::int64_t sample(const SampleSpec& spec, std::uint64_t seed, std::uint64_t start,
                    const MutableDagBatch& cells) {
    assert(cells.num_nodes == spec.num_nodes);
    // Growing is a walk whose next step depends on the last one; drawing its words is a twentieth
    // of the time.
    auto* const sample_cells = spec.distribution == Distribution::kGrow
                                   ? &scalar::sample_cells
                                   : GEMCORE_AT_LEVEL(sample_cells);
    // A chunk of 2^21 possible edges takes 50 us or more, and its tables a few.
    const int num_possible = spec.num_nodes * (spec.num_nodes - 1) / 2;
    const std::int64_t grain = std::clamp((1 << 21) / (num_possible + 1), 128, 4096);
    std::atomic<std::int64_t> num_failed{0};
    parallel_for(cells.num_graphs, grain, [&](std::int64_t begin, std::int64_t end) {
        const MutableDagBatch part{cells.row(begin, 0), cells.ops_of(begin), cells.sizes + begin,
                                   end - begin,         cells.num_nodes,     cells.num_words};
        num_failed += sample_cells(spec, seed, start + static_cast<std::uint64_t>(begin), part);
        std::fill(part.sizes, part.sizes + part.num_graphs,
                  static_cast<std::uint16_t>(spec.num_nodes));
    });
    return num_failed;
}

}  // namespace gemcore
