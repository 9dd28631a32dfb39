// The twins of prune.h: cells begin .. end - 1 on the calling thread.
#pragma once

#include "graph/prune.h"
#include "support/simd.h"

namespace gemcore {

/// Other twins than the scalar one require num_words = 1.
GEMCORE_DECLARE_LEVELS(void prune_cells(const DagBatch& cells, int output_op,
                                        const MutableDagBatch& pruned, std::int64_t begin,
                                        std::int64_t end))

}  // namespace gemcore
