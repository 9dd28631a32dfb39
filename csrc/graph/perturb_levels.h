// The twins of perturb.h: cells begin .. end - 1 on the calling thread.
#pragma once

#include "graph/perturb.h"
#include "support/simd.h"

namespace gemcore {

/// Other twins than the scalar one require num_words = 1.
GEMCORE_DECLARE_LEVELS(void perturb_cells(const DagBatch& cells, const PerturbSpec& spec,
                                          std::uint64_t seed, std::uint64_t start,
                                          const MutableDagBatch& perturbed, std::int64_t begin,
                                          std::int64_t end))

}  // namespace gemcore
