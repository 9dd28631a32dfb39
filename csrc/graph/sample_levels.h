// The twins of sample.h: all cells of a batch on the calling thread, their sizes excepted.
#pragma once

#include "graph/sample.h"
#include "support/simd.h"

namespace gemcore {

GEMCORE_DECLARE_LEVELS(std::int64_t sample_cells(const SampleSpec& spec, std::uint64_t seed,
                                                 std::uint64_t start, const MutableDagBatch& cells))

}  // namespace gemcore
