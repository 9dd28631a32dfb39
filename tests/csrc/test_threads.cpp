// Every entry point on several threads, called from two threads at once: the bits of one thread,
// and under ThreadSanitizer no data race.
#include <array>
#include <thread>
#include <tuple>

#include "batch.h"
#include "cell/cost.h"
#include "cell/nasbench101.h"
#include "expect.h"
#include "graph/canonical.h"
#include "graph/features.h"
#include "graph/hash.h"
#include "graph/perturb.h"
#include "graph/prune.h"
#include "levels.h"
#include "sparse_rows.h"
#include "support/parallel_for.h"
#include "wl/colors.h"
#include "wl/gram.h"
#include "wl/pairs.h"

using namespace gemcore;

namespace {

constexpr std::int64_t kNumCells = 2100;  // More than any loop hands out at once.
constexpr std::int64_t kNumInGram = 70;
constexpr int kNumNodes = 9;

using Words = std::vector<std::uint64_t>;

struct Inputs {
    Batch x = sampled(bernoulli(kNumNodes, 0.3), kNumCells, 1);
    Batch y = sampled(bernoulli(kNumNodes, 0.3), kNumCells, 2);
    Words labels = Words(256, 5);
    std::vector<std::int32_t> num_edits = std::vector<std::int32_t>(kNumCells, 3);
    std::vector<std::uint8_t> renumber = std::vector<std::uint8_t>(kNumCells, 1);

    Inputs() { labels[1] = 6; }
    LabelledBatch of(const Batch& batch, std::int64_t count = kNumCells) const {
        LabelledBatch cells{batch.view(), labels.data()};
        cells.graphs.num_graphs = count;
        return cells;
    }
};

auto graph_results(const Inputs& in) {
    const std::uint8_t ops[] = {1, 2};
    const PerturbSpec spec{ops, 2, 0, -1, in.num_edits.data(), in.renumber.data()};
    Batch drawn(kNumCells, kNumNodes), pruned(drawn), perturbed(drawn), canonical(drawn);
    Words hashes(kNumCells);
    std::array<bool, kNumCells> is_proven;
    sample(bernoulli(kNumNodes, 0.2), 3, 0, drawn.writable());
    prune(in.x.view(), -1, pruned.writable());
    perturb(in.x.view(), spec, 4, 0, perturbed.writable());
    graph_hash(in.of(in.x), 3, hashes.data());
    canonicalize(in.of(in.x), {0, -1}, canonical.writable(), is_proven.data());
    return std::tuple(drawn, pruned, perturbed, canonical, hashes, is_proven);
}

auto cost_results(const Inputs& in) {
    const CostOps ops{3, 0, -1};
    const auto size = static_cast<std::size_t>(num_terms(ops.num_ops, kNumNodes));
    std::vector<std::uint8_t> terms(size), seen(3);
    std::vector<std::int64_t> prices(2 * size, 7), macs(kNumCells), params(kNumCells);
    find_cost_terms(in.x.view(), ops, terms.data(), seen.data());
    sum_cost_terms(in.x.view(), ops, prices.data(), macs.data(), params.data());
    return std::tuple(terms, seen, macs, params);
}

auto feature_results(const Inputs& in) {
    const std::uint8_t ops[] = {1, 2}, subsets[] = {1, 0, 0, 1};
    const FeatureColumns columns{ops, 2, subsets, 2, true, -1, nullptr};
    std::vector<float> features(static_cast<std::size_t>(kNumCells * num_features(columns)));
    graph_features(in.x.view(), columns, features.data());
    return features;
}

auto nasbench101_results(const Inputs& in) {
    const CostOps ops{4, 0, 3};
    Batch cells = in.x;
    for (std::int64_t b = 0; b < kNumCells; ++b) {
        cells.writable().ops_of(b)[kNumNodes - 1] = 3;
        cells.writable().row(b, 0)[0] |= 1 << (kNumNodes - 1);
    }
    const std::vector<std::int64_t> prices(4 * kNumNodes * kNumStacks * 4, 7);
    std::vector<std::int64_t> macs(kNumCells), params(kNumCells);
    nasbench101_cost(cells.view(), ops, {prices.data(), kNumNodes}, macs.data(), params.data());
    return std::tuple(macs, params);
}

auto wl_results(const Inputs& in) {
    const WlOptions options{2, Direction::kInOut, BaseLabels::kOps, {0.5, 0.2, 0.9}, true};
    const LabelledBatch x = in.of(in.x), y = in.of(in.y);
    const LabelledBatch few_x = in.of(in.x, kNumInGram), few_y = in.of(in.y, kNumInGram);
    Words colors(kNumCells * 3 * kNumNodes);
    std::vector<double> pairs(kNumCells), gram(kNumInGram * kNumInGram), own(gram);
    wl_colors(x, options, colors.data());
    wl_pairs(x, y, options, pairs.data());
    wl_gram(few_x, few_y, options, gram.data());
    wl_gram(few_x, few_x, options, own.data());
    const SparseRows features = wl_features(x, y, options);
    return std::tuple(colors, pairs, gram, own, features.columns, features.counts);
}

auto all_results(const Inputs& in) {
    return std::tuple(graph_results(in), feature_results(in), cost_results(in),
                      nasbench101_results(in), wl_results(in));
}

}  // namespace

int main() {
    const Inputs in;
    set_num_threads(1);
    const auto expected = by_portable_code([&] { return all_results(in); });
    set_num_threads(3);
    at_every_level([&] {
        std::thread other([&] { EXPECT(all_results(in) == expected); });
        EXPECT(all_results(in) == expected);
        other.join();
    });
}
