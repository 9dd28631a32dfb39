// The twins of canonical.h: cells begin .. end - 1 on the calling thread.
#pragma once

#include "graph/canonical.h"
#include "support/simd.h"

namespace gemcore {

/// Writes the canonical form of the cells that rank and near color tell apart, up to twins, and
/// which they are: is_done, [num_graphs]. Others are left unwritten, and so are all at levels that
/// have no fast way. Requires num_words = 1.
GEMCORE_DECLARE_LEVELS(void canonicalize_told_apart(const LabelledBatch& cells,
                                                    const PinnedOps& pinned,
                                                    const MutableDagBatch& canonical, bool* is_done,
                                                    std::int64_t begin, std::int64_t end))

}  // namespace gemcore
