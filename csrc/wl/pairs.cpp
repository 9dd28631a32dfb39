#include "wl/pairs.h"

#include <algorithm>
#include <vector>

#include "support/parallel_for.h"
#include "wl/color_counter.h"
#include "wl/colors.h"
#include "wl/kernel.h"
#include "wl/match_job.h"

namespace gemcore {
namespace {

constexpr std::int64_t kPairsAtOnce = 256;

template <typename T>
T kernel_value(const Matches* matches, const WlOptions& options) {
    double xy = 0, xx = 0, yy = 0;
    for (int round = 0; round <= options.n_iter; ++round) {
        const double weight = options.round_weights[round];
        xy += weight * static_cast<double>(matches[round].xy);
        xx += weight * static_cast<double>(matches[round].xx);
        yy += weight * static_cast<double>(matches[round].yy);
    }
    return static_cast<T>(options.normalize ? normalized(xy, xx, yy) : xy);
}

}  // namespace

namespace scalar {

void count_matches(const MatchJob& job, std::int64_t begin, std::int64_t end, Matches* matches) {
    const WlOptions options{job.n_iter, job.direction, job.labels, {}, false};
    Refiner x, y;
    SharedNodes shared_x, shared_y;
    ColorCounter counter;
    for (std::int64_t graph = begin; graph < end; ++graph, matches += job.n_iter + 1) {
        x.load(job.x, graph, options);
        y.load(job.y, graph, options);
        shared_x.set_all(x.size());
        shared_y.set_all(y.size());
        int round = 0;
        for (;; ++round) {
            matches[round] =
                counter.count(x.colors(), x.size(), shared_x, y.colors(), y.size(), shared_y);
            if (round == job.n_iter || shared_x.num_shared + shared_y.num_shared == 0) break;
            x.refine();
            y.refine();
        }
        std::fill(matches + round + 1, matches + job.n_iter + 1, Matches{0, x.size(), y.size()});
    }
}

}  // namespace scalar

template <typename T>
void wl_pairs(const LabelledBatch& x, const LabelledBatch& y, const WlOptions& options, T* kernel) {
    const MatchJob job = make_match_job(x, y, options);
    const auto count = GEMCORE_AT_LEVEL(count_matches);
    const int num_rounds = options.n_iter + 1;
    parallel_for(x.graphs.num_graphs, kPairsAtOnce, [&](std::int64_t begin, std::int64_t end) {
        std::vector<Matches> matches(static_cast<std::size_t>((end - begin) * num_rounds));
        count(job, begin, end, matches.data());
        for (std::int64_t i = begin; i < end; ++i) {
            kernel[i] = kernel_value<T>(&matches[(i - begin) * num_rounds], options);
        }
    });
}

template void wl_pairs(const LabelledBatch&, const LabelledBatch&, const WlOptions&, double*);
template void wl_pairs(const LabelledBatch&, const LabelledBatch&, const WlOptions&, std::int64_t*);

}  // namespace gemcore
