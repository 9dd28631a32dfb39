#include "wl/match_job.h"

#include <algorithm>
#include <span>

namespace gemcore {
namespace {

/// Gives each op the number of its label; false where there are too many.
bool number_labels(const LabelledBatch& batch, std::uint64_t (&known)[kMaxFewLabels],
                   int& num_known, std::uint8_t* label_of_op) {
    for (int op = 0; op < batch.num_ops; ++op) {
        const std::span seen(known, static_cast<std::size_t>(num_known));
        const auto found = std::ranges::find(seen, batch.label_of_op[op]);
        label_of_op[op] = static_cast<std::uint8_t>(found - seen.begin());
        if (found != seen.end()) continue;
        if (num_known == kMaxFewLabels) return false;
        known[num_known++] = batch.label_of_op[op];
    }
    return true;
}

}  // namespace

MatchJob make_match_job(const LabelledBatch& x, const LabelledBatch& y, const WlOptions& options) {
    MatchJob job{x, y, options.n_iter, options.direction, options.labels, 0, {}, {}, false};
    job.has_few_ops = x.num_ops <= 16 && y.num_ops <= 16;
    if (options.labels == BaseLabels::kUniform) job.num_labels = 1;
    if (options.labels != BaseLabels::kOps) return job;
    std::uint64_t known[kMaxFewLabels] = {};
    int num_known = 0;
    if (number_labels(x, known, num_known, job.label_of_op_x) &&
        number_labels(y, known, num_known, job.label_of_op_y)) {
        job.num_labels = num_known;
    }
    return job;
}

}  // namespace gemcore
