// Counting pairs of nodes of equal color: what the levels of wl_pairs do, each in its own way.
#pragma once

#include <cstdint>

#include "support/simd.h"
#include "wl/options.h"

namespace gemcore {

/// Numbers of pairs of nodes of equal color: of two graphs, and of each with itself.
struct Matches {
    std::int64_t xy;
    std::int64_t xx;
    std::int64_t yy;
};

constexpr int kMaxFewLabels = 8;
constexpr int kMaxRounds = 17;  ///< n_iter + 1 at most

/// Two batches of as many graphs, and what is asked of them.
struct MatchJob {
    const LabelledBatch& x;
    const LabelledBatch& y;
    int n_iter;
    Direction direction;
    BaseLabels labels;
    int num_labels;                   ///< 0 where labels are not numbered
    std::uint8_t label_of_op_x[256];  ///< Equal labels of the batches have equal numbers,
    std::uint8_t label_of_op_y[256];  ///< 0 .. num_labels - 1
    bool has_few_ops;                 ///< No op is above 15.
};

/// Numbers the labels, if there are at most kMaxFewLabels.
MatchJob make_match_job(const LabelledBatch& x, const LabelledBatch& y, const WlOptions& options);

/// Counts for the pairs begin .. end - 1. matches: [end - begin, n_iter + 1].
GEMCORE_DECLARE_LEVELS(void count_matches(const MatchJob& job, std::int64_t begin, std::int64_t end,
                                          Matches* matches))

}  // namespace gemcore
