#include "graph/walks.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "graph/prune.h"
#include "support/parallel_for.h"

namespace gemcore {
namespace {

constexpr std::int64_t kGrain = 512;   // About a millisecond of work.
constexpr double kRounding = 1e-9;     // Below, a variance is what rounding left of 0.

/// A cell without dropped nodes; its end is the output, or a node of its own behind all leaves.
struct Route {
    std::vector<int> nodes;                 ///< In topological order, node 0 first, no end
    std::vector<std::vector<int>> readers;  ///< Of each of these; the end is nodes.size()
    std::vector<double> widths;             ///< Of each of these
    std::vector<int> place;                 ///< Of each node of the cell, -1 if dropped
};

void read_route(const DagBatch& cells, std::int64_t graph, int output_op, Route& route) {
    const NodeSet kept = kept_nodes(cells, graph, output_op);
    const int last = cells.sizes[graph] - 1;
    const bool has_output =
        output_op >= 0 && last > 0 && cells.ops_of(graph)[last] == output_op && kept.contains(last);
    route.nodes.clear();
    route.place.assign(static_cast<std::size_t>(cells.num_nodes), -1);
    for_each_bit(kept.word, cells.num_words, [&](int v) {
        if (has_output && v == last) return;
        route.place[v] = static_cast<int>(route.nodes.size());
        route.nodes.push_back(v);
    });
    const int end = static_cast<int>(route.nodes.size());
    if (has_output) route.place[last] = end;
    if (route.readers.size() < route.nodes.size()) route.readers.resize(route.nodes.size());
    for (int i = 0; i < end; ++i) {
        auto& readers = route.readers[i];
        readers.clear();
        for_each_bit(cells.row(graph, route.nodes[i]), cells.num_words, [&](int v) {
            if (route.place[v] >= 0) readers.push_back(route.place[v]);
        });
        if (!has_output && readers.empty()) readers.push_back(end);
    }
    route.widths.assign(route.nodes.size(), 1.0);
    if (!has_output) return;
    int num_read = 0;
    for (int i = 1; i < end; ++i) num_read += route.readers[i].back() == end;
    for (int i = end - 1; i > 0; --i) {
        double widest = 0;
        for (const int reader : route.readers[i]) {
            widest = std::max(widest, reader == end ? 1.0 / num_read : route.widths[reader]);
        }
        // A node that the output reads has its share, however wide its other readers are.
        route.widths[i] = route.readers[i].back() == end ? 1.0 / num_read : widest;
    }
}

/// Mean and standard deviation of a walk back from the end.
struct WalkBack {
    std::vector<double> weight, mean, square;

    void run(const Route& route, const double* counts, bool by_width, double* result) {
        const std::size_t end = route.nodes.size();
        weight.assign(end + 1, 0.0);
        mean.assign(end + 1, 0.0);
        square.assign(end + 1, 0.0);
        for (std::size_t i = 0; i <= end; ++i) {
            if (i > 0) {  // All nodes that this one reads have come before it.
                mean[i] /= weight[i];
                square[i] /= weight[i];
            }
            if (i == end) break;
            square[i] += (2 * mean[i] + counts[i]) * counts[i];
            mean[i] += counts[i];
            const double width = by_width ? route.widths[i] : 1.0;
            for (const int reader : route.readers[i]) {
                weight[reader] += width;
                mean[reader] += width * mean[i];
                square[reader] += width * square[i];
            }
        }
        result[0] = mean[end];
        const double variance = square[end] - mean[end] * mean[end];
        result[1] = variance > kRounding ? std::sqrt(variance) : 0.0;
    }
};

double walk_forward(const Route& route, const double* counts, std::vector<double>& ahead) {
    const std::size_t end = route.nodes.size();
    ahead.assign(end + 1, 0.0);
    for (std::size_t i = end; i-- > 0;) {
        double sum = 0;
        for (const int reader : route.readers[i]) sum += ahead[reader];
        ahead[i] = counts[i] + sum / static_cast<double>(route.readers[i].size());
    }
    return ahead[0];
}

class Walker {
 public:
    Walker(const DagBatch& cells, const WalkSets& sets) : cells_(cells), sets_(sets) {}

    void write(std::int64_t graph, float* features) {
        read_route(cells_, graph, sets_.output_op, route_);
        counts_.assign(route_.nodes.size(), 0.0);
        for (int set = 0; set < sets_.num_sets; ++set, features += kWalkColumns) {
            const std::uint8_t* const is_member = sets_.is_member + set * (kAbsent + 1);
            for (std::size_t i = 1; i < route_.nodes.size(); ++i) {
                counts_[i] = is_member[cells_.ops_of(graph)[route_.nodes[i]]];
            }
            double found[kWalkColumns];
            back_.run(route_, counts_.data(), false, found);
            back_.run(route_, counts_.data(), true, found + 2);
            found[4] = walk_forward(route_, counts_.data(), ahead_);
            for (int i = 0; i < kWalkColumns; ++i) {
                features[i] = static_cast<float>(std::log1p(found[i]));
            }
        }
    }

 private:
    const DagBatch& cells_;
    const WalkSets& sets_;
    Route route_;
    WalkBack back_;
    std::vector<double> counts_, ahead_;
};

}  // namespace

void walk_features(const DagBatch& cells, const WalkSets& sets, float* features) {
    const std::int64_t num_columns = std::int64_t{sets.num_sets} * kWalkColumns;
    const std::int64_t grain = cells.num_nodes <= 16 ? kGrain : kGrain / 16;
    parallel_for(cells.num_graphs, grain, [&](std::int64_t begin, std::int64_t end) {
        Walker walker(cells, sets);
        for (std::int64_t i = begin; i < end; ++i) walker.write(i, features + i * num_columns);
    });
}

}  // namespace gemcore
