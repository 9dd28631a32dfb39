// The very source of the CUDA kernels, run on the CPU, against the CPU's code: the same bits.
#include <algorithm>
#include <array>
#include <numeric>
#include <random>

#include "batch.h"
#include "expect.h"
#include "graph/hash.h"
#include "graph/hash_cuda.h"
#include "graph/prune.h"
#include "wl/colors.h"
#include "wl/colors_cuda.h"
#include "wl/pairs.h"
#include "wl/pairs_cuda.h"

using namespace gemcore;

namespace {

constexpr std::int64_t kNumGraphs = 5;
constexpr Direction kDirections[] = {Direction::kInOut, Direction::kOut, Direction::kIn,
                                     Direction::kUndirected};
constexpr BaseLabels kLabels[] = {BaseLabels::kOps, BaseLabels::kDegree, BaseLabels::kUniform};

/// Random graphs, from sparse to dense: the first half of full size, the others pruned.
Batch graphs(int num_nodes, std::uint64_t seed) {
    const double density = std::array{0.02, 0.1, 0.3, 0.9}[seed % 4];
    const Batch whole = sampled(bernoulli(num_nodes, density), kNumGraphs, seed);
    const std::int64_t half = kNumGraphs / 2;
    Batch mixed(kNumGraphs, num_nodes);
    prune(whole.view(), -1, mixed.writable());
    const auto rows = static_cast<std::int64_t>(num_nodes) * words_for(num_nodes);
    std::copy_n(whole.adjacency.begin(), half * rows, mixed.adjacency.begin());
    std::copy_n(whole.ops.begin(), half * num_nodes, mixed.ops.begin());
    std::copy_n(whole.sizes.begin(), half, mixed.sizes.begin());
    return mixed;
}

std::vector<std::uint64_t> seeds(std::uint64_t begin, std::uint64_t end) {
    std::vector<std::uint64_t> all(end - begin);
    std::iota(all.begin(), all.end(), begin);
    return all;
}

/// Below 4, for which the kernels have a way of their own, or not.
std::vector<std::uint64_t> labels(std::uint64_t seed, bool are_small = true) {
    std::vector<std::uint64_t> table(256);
    for (std::size_t op = 0; op < table.size(); ++op) table[op] = op * seed % 3;
    if (!are_small) table[255] = 4;
    return table;
}

WlOptions options_of(int n_iter, Direction direction, BaseLabels base, bool normalize, bool plain) {
    std::mt19937 random(static_cast<unsigned>(n_iter));
    std::vector<double> weights(static_cast<std::size_t>(n_iter) + 1, 1.0);
    for (double& weight : weights) {
        if (!plain) weight = static_cast<double>(random() % 1000) / 777.0;
    }
    return {n_iter, direction, base, weights, normalize};
}

template <typename T>
void pairs_agree(const LabelledBatch& x, const LabelledBatch& y, const WlOptions& options) {
    std::vector<T> expected(kNumGraphs, T{-1}), actual(expected);
    wl_pairs(x, y, options, expected.data());
    cuda::wl_pairs(x, y, options, actual.data(), nullptr);
    EXPECT(actual == expected);
}

/// One of the ways to call.
void pairs_agree(const LabelledBatch& x, const LabelledBatch& y, int way, int n_iter,
                 Direction direction, BaseLabels base) {
    const auto options = [&](bool normalize, bool plain) {
        return options_of(n_iter, direction, base, normalize, plain);
    };
    if (way == 0) return pairs_agree<double>(x, y, options(true, true));
    if (way == 1) return pairs_agree<double>(x, y, options(true, false));
    if (way == 2) return pairs_agree<double>(x, y, options(false, false));
    if (way == 3) return pairs_agree<std::int64_t>(x, y, options(false, true));
    pairs_agree<double>(x, x, options(true, true));
}

void pairs_have_the_bits_of_the_cpu(int num_nodes_x, int num_nodes_y, int n_iter) {
    int way = 0;  // Over the calls below each meets each direction and kind of label.
    const bool is_slow = std::max(num_nodes_x, num_nodes_y) > 70;  // Many fibers, many barriers.
    for (const std::uint64_t seed : is_slow ? seeds(2, 3) : seeds(0, 4)) {
        const Batch batch_x = graphs(num_nodes_x, seed), batch_y = graphs(num_nodes_y, seed + 4);
        const auto labels_x = labels(1), labels_y = labels(5, seed < 2);
        const LabelledBatch x{batch_x.view(), labels_x.data()};
        const LabelledBatch y{batch_y.view(), labels_y.data()};
        for (const Direction direction : kDirections) {
            for (const BaseLabels base : kLabels) {
                pairs_agree(x, y, way++ % 5, n_iter, direction, base);
            }
        }
    }
}

void pairs_without_weight_are_zero() {
    const Batch batch = graphs(10, 1);
    const auto table = labels(1);
    const LabelledBatch x{batch.view(), table.data()};
    pairs_agree<double>(x, x, {1, Direction::kIn, BaseLabels::kOps, {0.0, 0.0}, true});
}

void colors_have_the_bits_of_the_cpu(int num_nodes, int n_iter) {
    const auto table = labels(7);
    for (const Direction direction : kDirections) {
        for (const BaseLabels base : kLabels) {
            const Batch batch = graphs(num_nodes, 2);
            const WlOptions options = options_of(n_iter, direction, base, false, true);
            const LabelledBatch cells{batch.view(), table.data()};
            std::vector<std::uint64_t> expected(
                static_cast<std::size_t>(kNumGraphs) * (n_iter + 1) * num_nodes, 1),
                actual(expected);
            wl_colors(cells, options, expected.data());
            cuda::wl_colors(cells, options, actual.data(), nullptr);
            EXPECT(actual == expected);
        }
    }
}

void hashes_have_the_bits_of_the_cpu(int num_nodes, int n_iter) {
    const auto table = labels(7);
    for (const std::uint64_t seed : {0, 1, 2, 3}) {
        const Batch batch = graphs(num_nodes, seed);
        const LabelledBatch cells{batch.view(), table.data()};
        std::vector<std::uint64_t> expected(kNumGraphs), actual(kNumGraphs);
        graph_hash(cells, n_iter, expected.data());
        cuda::graph_hash(cells, n_iter, actual.data(), nullptr);
        EXPECT(actual == expected);
    }
}

void a_batch_without_graphs_writes_nothing() {
    for (const int num_nodes : {5, 70}) {
        const Batch none(0, num_nodes);
        const auto table = labels(1);
        const LabelledBatch x{none.view(), table.data()};
        double untouched = -1;
        std::uint64_t hash = 7;
        cuda::wl_pairs(x, x, {0, Direction::kIn, BaseLabels::kOps, {1.0}, true}, &untouched,
                       nullptr);
        cuda::graph_hash(x, 1, &hash, nullptr);
        EXPECT(untouched == -1 && hash == 7);
    }
}

}  // namespace

int main() {
    int n_iter = 0;
    for (const int num_nodes : {1, 2, 7, 31, 32, 33, 64, 65, 130, 256}) {
        pairs_have_the_bits_of_the_cpu(num_nodes, num_nodes, n_iter);
        colors_have_the_bits_of_the_cpu(num_nodes, n_iter);
        hashes_have_the_bits_of_the_cpu(num_nodes, n_iter);
        n_iter = (n_iter + 1) % 5;
    }
    pairs_have_the_bits_of_the_cpu(30, 30, 3);
    pairs_have_the_bits_of_the_cpu(12, 30, 16);
    pairs_have_the_bits_of_the_cpu(20, 70, 16);
    pairs_have_the_bits_of_the_cpu(200, 70, 3);
    pairs_without_weight_are_zero();
    a_batch_without_graphs_writes_nothing();
    return 0;
}
