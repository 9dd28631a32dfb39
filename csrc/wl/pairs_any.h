// Pairs of graphs of any size. Included by wl/pairs_wide.cpp alone.
#pragma once

#include "wl/color_counter.h"
#include "wl/lazy_graph.h"
#include "wl/match_job.h"

namespace gemcore::GEMCORE_SIMD_LEVEL {
namespace {

/// Compares one pair after the other; holds the workspace.
class PairAny {
 public:
    void compare(const MatchJob& job, std::int64_t graph, Matches* matches) {
        x_.load(job, job.x, graph, job.label_of_op_x);
        y_.load(job, job.y, graph, job.label_of_op_y);
        shared_x_.set_all(x_.size);
        shared_y_.set_all(y_.size);
        int round = 0;
        if (job.num_labels > 0) matches[round++] = match_labels(job.num_labels);
        for (; round <= job.n_iter; ++round) {
            x_.ask_for(round, shared_x_);
            y_.ask_for(round, shared_y_);
            matches[round] = counter_.count(x_.colors(round), x_.size, shared_x_, y_.colors(round),
                                            y_.size, shared_y_);
            if (shared_x_.num_shared + shared_y_.num_shared == 0) break;
        }
        while (++round <= job.n_iter) matches[round] = {0, x_.size, y_.size};
    }

 private:
    Matches match_labels(int num_labels) const {
        Matches matches{0, 0, 0};
        for (int label = 0; label < num_labels; ++label) {
            const std::int64_t in_x = x_.label_count[label];
            const std::int64_t in_y = y_.label_count[label];
            matches.xy += in_x * in_y;
            matches.xx += in_x * in_x;
            matches.yy += in_y * in_y;
        }
        return matches;
    }

    LazyGraph x_, y_;
    SharedNodes shared_x_, shared_y_;
    ColorCounter counter_;
};

}  // namespace
}  // namespace gemcore::GEMCORE_SIMD_LEVEL
