// Pairs, Gram matrix and features against the textbook: a dictionary from signatures to numbers.
#include <algorithm>
#include <map>

#include "batch.h"
#include "expect.h"
#include "graph/prune.h"
#include "levels.h"
#include "sparse_rows.h"
#include "support/parallel_for.h"
#include "wl/gram.h"
#include "wl/pairs.h"

using namespace gemcore;

namespace {

constexpr std::int64_t kNumGraphs = 7;
constexpr std::uint64_t kLabels[256] = {11, 5, 5, 7};  // Ops 1 and 2 have the same name.

using Signature = std::vector<std::int64_t>;
using Histogram = std::map<std::pair<int, std::int64_t>, std::int64_t>;

/// Random graphs of different sizes.
Batch graphs(int num_nodes, std::uint64_t seed) {
    const Batch whole =
        sampled(bernoulli(num_nodes, std::min(0.5, 2.0 / num_nodes)), kNumGraphs, seed);
    Batch pruned(kNumGraphs, num_nodes);
    prune(whole.view(), -1, pruned.writable());
    return pruned;
}

std::int64_t number(const Signature& signature) {
    static std::map<Signature, std::int64_t> numbers;
    return numbers.try_emplace(signature, static_cast<std::int64_t>(numbers.size())).first->second;
}

/// The node's own color and the sorted colors of the neighbors that are read.
Signature signature(const Batch& batch, std::int64_t graph, int node, const Signature& colors,
                    Direction direction) {
    Signature inputs, outputs;
    for (int other = 0; other < batch.sizes[graph]; ++other) {
        if (batch.view().has_edge(graph, other, node)) inputs.push_back(colors[other]);
        if (batch.view().has_edge(graph, node, other)) outputs.push_back(colors[other]);
    }
    if (direction == Direction::kUndirected) {
        inputs.insert(inputs.end(), outputs.begin(), outputs.end());
    }
    std::sort(inputs.begin(), inputs.end());
    std::sort(outputs.begin(), outputs.end());
    Signature all{colors[node]};
    if (direction != Direction::kOut) all.insert(all.end(), inputs.begin(), inputs.end());
    all.push_back(-1);
    if (direction == Direction::kOut || direction == Direction::kInOut) {
        all.insert(all.end(), outputs.begin(), outputs.end());
    }
    return all;
}

Histogram textbook(const Batch& batch, std::int64_t graph, const WlOptions& options) {
    Signature colors;
    for (int v = 0; v < batch.sizes[graph]; ++v) {
        colors.push_back(static_cast<std::int64_t>(kLabels[batch.view().ops_of(graph)[v]]));
    }
    Histogram histogram;
    for (int round = 0;; ++round) {
        for (const std::int64_t color : colors) ++histogram[{round, color}];
        if (round == options.n_iter) return histogram;
        Signature next;
        for (int v = 0; v < batch.sizes[graph]; ++v) {
            next.push_back(number(signature(batch, graph, v, colors, options.direction)));
        }
        colors = next;
    }
}

std::int64_t dot(const Histogram& a, const Histogram& b) {
    std::int64_t sum = 0;
    for (const auto& [color, count] : a) sum += b.count(color) ? count * b.at(color) : 0;
    return sum;
}

/// Dot products of the rows of two sparse matrices.
std::int64_t dot(const SparseRows& a, std::int64_t i, const SparseRows& b, std::int64_t j) {
    std::map<std::int64_t, std::int64_t> row;
    for (auto e = a.row_begin[i]; e < a.row_begin[i + 1]; ++e) row[a.columns[e]] = a.counts[e];
    std::int64_t sum = 0;
    for (auto e = b.row_begin[j]; e < b.row_begin[j + 1]; ++e) {
        sum += b.counts[e] * row[b.columns[e]];
    }
    return sum;
}

void equals_textbook(int num_nodes, Direction direction, int n_iter) {
    const WlOptions options{n_iter, direction, BaseLabels::kOps,
                            std::vector<double>(static_cast<std::size_t>(n_iter) + 1, 1.0), false};
    const Batch batch_x = graphs(num_nodes, 1), batch_y = graphs(num_nodes, 2);
    const LabelledBatch x{batch_x.view(), kLabels}, y{batch_y.view(), kLabels};
    std::vector<std::int64_t> pairs(kNumGraphs), gram(kNumGraphs * kNumGraphs), own(gram);
    wl_pairs(x, y, options, pairs.data());
    wl_gram(x, y, options, gram.data());
    wl_gram(x, x, options, own.data());
    const SparseRows features_x = wl_features(x, y, options),
                     features_y = wl_features(y, y, options);
    for (std::int64_t i = 0; i < kNumGraphs; ++i) {
        const Histogram of_x = textbook(batch_x, i, options);
        for (std::int64_t j = 0; j < kNumGraphs; ++j) {
            const std::int64_t expected = dot(of_x, textbook(batch_y, j, options));
            EXPECT(gram[i * kNumGraphs + j] == expected);
            EXPECT(dot(features_x, i, features_y, j) == expected);
            EXPECT(i != j || pairs[i] == expected);
            EXPECT(own[i * kNumGraphs + j] == dot(of_x, textbook(batch_x, j, options)));
        }
    }
}

void pairs_and_gram_agree_to_the_bit() {
    const WlOptions options{3, Direction::kInOut, BaseLabels::kDegree, {0.1, 0.7, 0.0, 0.3}, true};
    const Batch batch_x = graphs(40, 3), batch_y = graphs(40, 4);
    const LabelledBatch x{batch_x.view(), kLabels}, y{batch_y.view(), kLabels};
    for (const int threads : {1, 3}) {
        set_num_threads(threads);
        std::vector<double> pairs(kNumGraphs), gram(kNumGraphs * kNumGraphs), own(gram);
        wl_pairs(x, y, options, pairs.data());
        wl_gram(x, y, options, gram.data());
        wl_gram(x, x, options, own.data());
        for (std::int64_t i = 0; i < kNumGraphs; ++i) {
            EXPECT(pairs[i] == gram[i * kNumGraphs + i]);
            EXPECT(own[i * kNumGraphs + i] == 1.0);
        }
    }
}

void a_batch_without_graphs_writes_nothing() {
    const Batch none(0, 5), some = graphs(5, 1);
    const LabelledBatch x{none.view(), kLabels}, y{some.view(), kLabels};
    const WlOptions options{2, Direction::kOut, BaseLabels::kUniform, {1.0, 1.0, 1.0}, true};
    double untouched = -1;
    wl_pairs(x, x, options, &untouched);
    wl_gram(x, x, options, &untouched);
    wl_gram(x, y, options, &untouched);
    wl_gram(y, x, options, &untouched);
    EXPECT(untouched == -1);
    EXPECT(wl_features(y, x, options).columns.empty());
}

void all_at_one_level() {
    for (const int num_nodes : {1, 2, 7, 30, 64, 65, 130, 256}) {
        for (const Direction direction :
             {Direction::kInOut, Direction::kOut, Direction::kIn, Direction::kUndirected}) {
            equals_textbook(num_nodes, direction, num_nodes % 5);
        }
    }
    pairs_and_gram_agree_to_the_bit();
    a_batch_without_graphs_writes_nothing();
}

}  // namespace

int main() {
    at_every_level(all_at_one_level);
    return 0;
}
