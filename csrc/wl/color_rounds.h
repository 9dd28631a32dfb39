// Colors of ranges of a batch: what the levels of wl_colors and graph_hash do, each in its own way.
#pragma once

#include <cstdint>

#include "support/simd.h"
#include "wl/options.h"

namespace gemcore {

/// The colors of graphs begin .. end - 1 after 0, 1, ..., n_iter rounds, in the order of the nodes.
/// colors: [end - begin, n_iter + 1, num_nodes], of which absent nodes are not written.
GEMCORE_DECLARE_LEVELS(void color_rounds(const LabelledBatch& batch, const WlOptions& options,
                                         std::int64_t begin, std::int64_t end,
                                         std::uint64_t* colors))

/// The sum of mix64 of the colors after n_iter rounds. sums: [end - begin].
GEMCORE_DECLARE_LEVELS(void sum_last_colors(const LabelledBatch& batch, const WlOptions& options,
                                            std::int64_t begin, std::int64_t end,
                                            std::uint64_t* sums))

}  // namespace gemcore
