#include "graph/walks.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "graph/log1p.h"
#include "graph/prune.h"
#include "support/parallel_for.h"

namespace gemcore {
namespace {

constexpr std::int64_t kGrain = 512;  // About a millisecond of work.
constexpr double kRounding = 1e-9;    // Below, a variance is what rounding left of 0.

/// A cell without dropped nodes, and a last place of its own that all its ends lead to.
class Route {
 public:
    explicit Route(int num_nodes)
        : nodes(num_nodes), first(num_nodes + 1), widths(num_nodes), place_(num_nodes) {}

    void read(const DagBatch& cells, std::int64_t graph, int output_op);

    int end = 0;               ///< Number of nodes: the last place
    std::vector<int> nodes;    ///< In topological order
    std::vector<int> first;    ///< Where the readers of each begin
    std::vector<int> readers;  ///< Their places
    std::vector<double> widths;

 private:
    template <typename IsOutput>
    void set_widths(const IsOutput& is_output);

    std::vector<int> place_;  // Of each kept node of the cell.
};

void Route::read(const DagBatch& cells, std::int64_t graph, int output_op) {
    const NodeSet kept = kept_nodes(cells, graph, output_op);
    const std::uint8_t* const ops = cells.ops_of(graph);
    bool has_output = false;
    end = 0;
    for_each_bit(kept.word, cells.num_words, [&](int v) {
        has_output = has_output || ops[v] == output_op;
        place_[v] = end;
        nodes[end++] = v;
    });
    const auto is_output = [&](int i) { return i < end && ops[nodes[i]] == output_op; };
    readers.clear();
    for (int i = 0; i < end; ++i) {
        first[i] = static_cast<int>(readers.size());
        for_each_bit(cells.row(graph, nodes[i]), cells.num_words, [&](int v) {
            if (kept.contains(v)) readers.push_back(place_[v]);
        });
        const bool is_leaf = static_cast<int>(readers.size()) == first[i];
        if (has_output ? is_output(i) : is_leaf) readers.push_back(end);
    }
    first[end] = static_cast<int>(readers.size());
    std::fill_n(widths.begin(), end, 1.0);
    if (has_output) set_widths(is_output);
}

template <typename IsOutput>
void Route::set_widths(const IsOutput& is_output) {
    const auto is_read = [&](int i) {
        return std::any_of(readers.begin() + first[i], readers.begin() + first[i + 1], is_output);
    };
    int num_read = 0;
    for (int i = 1; i < end; ++i) num_read += is_read(i);
    for (int i = end - 1; i > 0; --i) {
        if (is_output(i)) continue;
        // A node that an output reads has its share, however wide its other readers are.
        double width = is_read(i) ? 1.0 / num_read : 0.0;
        for (int e = first[i]; e < first[i + 1] && !is_read(i); ++e) {
            width = std::max(width, widths[readers[e]]);
        }
        widths[i] = width;
    }
}

/// The walks of one cell for all sets: numbers of a node stand side by side, one a set.
class Walker {
 public:
    Walker(const DagBatch& cells, const WalkSets& sets)
        : cells_(cells), sets_(sets), num_sets_(sets.num_sets), route_(cells.num_nodes) {
        const auto room = (static_cast<std::size_t>(cells.num_nodes) + 1) * sets.num_sets;
        for (auto* numbers : {&counts_, &mean_, &square_}) numbers->resize(room);
        weight_.resize(static_cast<std::size_t>(cells.num_nodes) + 1);
        found_.resize(static_cast<std::size_t>(kWalkColumns) * sets.num_sets);
    }

    void write(std::int64_t graph, float* features) {
        route_.read(cells_, graph, sets_.output_op);
        for (int i = 0; i <= route_.end; ++i) {
            // The last place is of no operation.
            const int op = i < route_.end ? cells_.ops_of(graph)[route_.nodes[i]] : kAbsent;
            for (int s = 0; s < num_sets_; ++s) {
                at(counts_, i)[s] = sets_.is_member[s * (kAbsent + 1) + op];
            }
        }
        walk_back(false, found_.data());
        walk_back(true, found_.data() + 2);
        walk_forward(found_.data() + 4);
        for (int i = 0; i < num_sets_ * kWalkColumns; ++i) features[i] = log1p_for_loops(found_[i]);
    }

 private:
    double* at(std::vector<double>& numbers, int node) {
        return numbers.data() + static_cast<std::size_t>(node) * num_sets_;
    }

    /// Mean and standard deviation of walks from the end to node 0.
    void walk_back(bool by_width, double* found) {
        const int end = route_.end;
        std::fill_n(weight_.begin(), end + 1, 0.0);
        std::fill_n(mean_.begin(), (end + 1) * num_sets_, 0.0);
        std::fill_n(square_.begin(), (end + 1) * num_sets_, 0.0);
        for (int i = 0; i <= end; ++i) {  // What a node reads has come before it.
            double* const mean = at(mean_, i);
            double* const square = at(square_, i);
            const double* const count = at(counts_, i);
            const double share = i == 0 ? 1.0 : 1.0 / weight_[i];
            for (int s = 0; s < num_sets_; ++s) {
                const double before = mean[s] * share;
                mean[s] = before + count[s];
                square[s] = square[s] * share + (2 * before + count[s]) * count[s];
            }
            if (i == end) break;
            const double width = by_width ? route_.widths[i] : 1.0;
            for (int e = route_.first[i]; e < route_.first[i + 1]; ++e) {
                const int reader = route_.readers[e];
                weight_[reader] += width;
                double* const next_mean = at(mean_, reader);
                double* const next_square = at(square_, reader);
                for (int s = 0; s < num_sets_; ++s) {
                    next_mean[s] += width * mean[s];
                    next_square[s] += width * square[s];
                }
            }
        }
        for (int s = 0; s < num_sets_; ++s, found += kWalkColumns) {
            const double mean = at(mean_, end)[s];
            const double variance = at(square_, end)[s] - mean * mean;
            found[0] = mean;
            found[1] = variance > kRounding ? std::sqrt(variance) : 0.0;
        }
    }

    /// Mean of walks from node 0 to the end.
    void walk_forward(double* found) {
        std::fill_n(at(mean_, route_.end), num_sets_, 0.0);
        for (int i = route_.end; i-- > 0;) {
            double* const mean = at(mean_, i);
            std::fill_n(mean, num_sets_, 0.0);
            for (int e = route_.first[i]; e < route_.first[i + 1]; ++e) {
                const double* const next = at(mean_, route_.readers[e]);
                for (int s = 0; s < num_sets_; ++s) mean[s] += next[s];
            }
            const double share = 1.0 / (route_.first[i + 1] - route_.first[i]);
            for (int s = 0; s < num_sets_; ++s) mean[s] = mean[s] * share + at(counts_, i)[s];
        }
        for (int s = 0; s < num_sets_; ++s) found[s * kWalkColumns] = at(mean_, 0)[s];
    }

    const DagBatch& cells_;
    const WalkSets& sets_;
    int num_sets_;
    Route route_;
    std::vector<double> counts_, mean_, square_, weight_, found_;
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
