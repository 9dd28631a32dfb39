// Gram matrices: every variant at every level gives the bits of wl_pairs.
#include <algorithm>

#include "batch.h"
#include "expect.h"
#include "levels.h"
#include "support/interrupt.h"
#include "support/parallel_for.h"
#include "wl/gram.h"
#include "wl/pairs.h"

using namespace gemcore;

namespace {

constexpr std::uint64_t kLabels[256] = {11, 5, 5, 7};
const WlOptions kNormalized{3, Direction::kUndirected, BaseLabels::kOps, {.5, .5, .5, .5}, true};
const WlOptions kWeighted{3, Direction::kInOut, BaseLabels::kOps, {.1, .7, 0, .3}, true};
const WlOptions kSums{2, Direction::kOut, BaseLabels::kOps, {.3, .1, .9}, false};
const WlOptions kCounts{2, Direction::kIn, BaseLabels::kDegree, {1, 1, 1}, false};
const WlOptions kManyRounds{16, Direction::kIn, BaseLabels::kUniform, std::vector<double>(17, 0.3),
                            true};

constexpr GramPlan kPlans[] = {{GramVariant::kAuto, 0},   {GramVariant::kPairs, 0},
                               {GramVariant::kIndex, 0},  {GramVariant::kDense, 0},
                               {GramVariant::kAuto, 50},  {GramVariant::kIndex, 40},
                               {GramVariant::kDense, 64}, {GramVariant::kAuto, 65}};

/// Element [i, j] by wl_pairs.
std::vector<double> by_pairs(const Batch& x, const Batch& y, const WlOptions& options) {
    std::vector<double> gram;
    Batch repeated(y.size(), x.num_nodes);
    const auto width = static_cast<std::ptrdiff_t>(x.num_nodes);
    for (std::int64_t i = 0; i < x.size(); ++i) {
        for (std::int64_t j = 0; j < y.size(); ++j) {
            std::copy_n(x.adjacency.begin() + i * width * words_for(x.num_nodes),
                        width * words_for(x.num_nodes),
                        repeated.adjacency.begin() + j * width * words_for(x.num_nodes));
            std::copy_n(x.ops.begin() + i * width, width, repeated.ops.begin() + j * width);
            repeated.sizes[j] = x.sizes[i];
        }
        std::vector<double> row(static_cast<std::size_t>(y.size()));
        wl_pairs({repeated.view(), kLabels}, {y.view(), kLabels}, options, row.data());
        gram.insert(gram.end(), row.begin(), row.end());
    }
    return gram;
}

template <typename T>
void equals(const std::vector<double>& expected, const LabelledBatch& x, const LabelledBatch& y,
            const WlOptions& options) {
    for (const GramPlan& plan : kPlans) {
        std::vector<T> gram(expected.size() + 1, T{77});
        wl_gram(x, y, options, gram.data(), plan);
        for (std::size_t i = 0; i < expected.size(); ++i) {
            EXPECT(gram[i] == static_cast<T>(expected[i]));
        }
        EXPECT(gram.back() == T{77});
    }
}

void equals_pairs(const Batch& x, const Batch& y, const WlOptions& options) {
    const std::vector<double> expected = by_pairs(x, y, options), own = by_pairs(x, x, options);
    const LabelledBatch labelled_x{x.view(), kLabels}, labelled_y{y.view(), kLabels};
    const bool counts =
        !options.normalize && std::count(options.round_weights.begin(), options.round_weights.end(),
                                         1.0) == options.n_iter + 1;
    at_every_level([&] {
        equals<double>(expected, labelled_x, labelled_y, options);
        equals<float>(expected, labelled_x, labelled_y, options);
        equals<double>(own, labelled_x, labelled_x, options);
        equals<float>(own, labelled_x, labelled_x, options);
        if (!counts) return;
        equals<std::int64_t>(expected, labelled_x, labelled_y, options);
        equals<std::int64_t>(own, labelled_x, labelled_x, options);
    });
}

void tile_edges_give_the_bits_of_pairs() {
    const std::int64_t sizes[][2] = {{0, 0}, {0, 2},  {1, 0},  {1, 1},   {1, 70},
                                     {2, 2}, {2, 63}, {64, 1}, {65, 64}, {66, 129}};
    for (const auto& [rows, columns] : sizes) {
        const Batch x = sampled(bernoulli(7, 0.4), rows, 1);
        const Batch y = sampled(bernoulli(7, 0.4), columns, 2);
        for (const WlOptions* options : {&kNormalized, &kWeighted, &kSums, &kCounts}) {
            equals_pairs(x, y, *options);
        }
    }
}

void wide_sums_and_many_rounds() {
    // Equal labels in graphs of 256 nodes: 256^2 matches in a round do not fit 16 bits.
    const Batch x = sampled(bernoulli(256, 0.0), 3, 1), y = sampled(bernoulli(256, 0.01), 5, 2);
    equals_pairs(x, y, kManyRounds);
    equals_pairs(x, y, kCounts);
    equals_pairs(y, x, {1, Direction::kIn, BaseLabels::kUniform, {1, 1}, false});
}

void more_columns_than_one_list_holds() {
    const Batch x = sampled(bernoulli(3, 0.5), 2100, 1);
    const LabelledBatch labelled{x.view(), kLabels};
    std::vector<double> pairs(2100), gram(2100 * 2100);
    for (const WlOptions* options : {&kNormalized, &kWeighted}) {
        for (const int threads : {1, 3}) {
            set_num_threads(threads);
            std::fill(gram.begin(), gram.end(), -1.0);
            wl_gram(labelled, labelled, *options, gram.data());
            Batch last(2100, 3);
            for (std::int64_t i = 0; i < 2100; ++i) {
                std::copy_n(x.adjacency.end() - 3, 3, last.adjacency.begin() + i * 3);
                std::copy_n(x.ops.end() - 3, 3, last.ops.begin() + i * 3);
                last.sizes[i] = x.sizes[2099];
            }
            wl_pairs({last.view(), kLabels}, labelled, *options, pairs.data());
            for (std::int64_t i = 0; i < 2100; ++i) {
                EXPECT(gram[2099 * 2100 + i] == pairs[i] && gram[i * 2100 + 2099] == pairs[i]);
            }
        }
    }
    set_num_threads(1);
}

void more_colors_than_rows_of_counts() {
    const Batch x = sampled(bernoulli(30, 0.5), 2100, 1);
    const LabelledBatch labelled{x.view(), kLabels};
    std::vector<double> dense(2100 * 2100), index(dense);
    wl_gram(labelled, labelled, kWeighted, dense.data(), {GramVariant::kDense, 0});
    wl_gram(labelled, labelled, kWeighted, index.data(), {GramVariant::kIndex, 0});
    EXPECT(dense == index);
}

struct Interrupted {};
int calls_before_interrupt;

void an_interrupt_ends_it() {
    const Batch x = sampled(bernoulli(30, 0.5), 3000, 1);
    const LabelledBatch labelled{x.view(), kLabels};
    std::vector<double> gram(3000 * 3000);
    set_interrupt_hook([] {
        if (--calls_before_interrupt < 0) throw Interrupted{};
    });
    for (const int calls : {0, 10, 50, 60, 100}) {
        calls_before_interrupt = calls;
        bool ended = false;
        try {
            wl_gram(labelled, labelled, kNormalized, gram.data());
        } catch (const Interrupted&) {
            ended = true;
        }
        EXPECT(ended);
    }
    set_interrupt_hook(nullptr);
}

}  // namespace

int main() {
    set_num_threads(1);  // Matrices are small and many: threads would cost more than the work.
    tile_edges_give_the_bits_of_pairs();
    wide_sums_and_many_rounds();
    more_columns_than_one_list_holds();
    more_colors_than_rows_of_counts();
    an_interrupt_ends_it();
    return 0;
}
