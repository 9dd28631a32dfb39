// Features of graphs, and the cost of NAS-Bench-101's networks.
#include <algorithm>
#include <stdexcept>
#include <vector>

#include "cell/nasbench101.h"
#include "check.h"
#include "graph/features.h"
#include "graph/prune.h"

namespace gemcore::fuzz {
namespace {

struct Columns {
    Guarded<std::uint8_t> ops, subsets;
    Guarded<double> nodes, projections;
    CellPrices prices;
    FeatureColumns view;
};

Columns read_columns(const FuzzCase& drawn, ByteReader& bytes) {
    const int num_ops = bytes.below(std::min(drawn.num_ops, 6) + 1);
    const int num_subsets = num_ops == 0 ? 0 : bytes.below(5);
    const std::int64_t stride = 2 * drawn.x.num_nodes;
    Columns columns{Guarded<std::uint8_t>(num_ops),
                    Guarded<std::uint8_t>(num_subsets * num_ops),
                    Guarded<double>(256 * stride),
                    Guarded<double>(stride),
                    {},
                    {}};
    for (int o = 0; o < num_ops; ++o) columns.ops[o] = static_cast<std::uint8_t>(o);
    for (auto& is_member : columns.subsets) is_member = bytes.below(2) == 1;
    columns.nodes.fill(3);
    columns.projections.fill(2);
    std::fill_n(columns.nodes.data() + kAbsent * stride, stride, 0.0);
    std::fill_n(columns.projections.data(), 2, 0.0);
    columns.prices = {
        columns.nodes.data(), columns.projections.data(), {4, 5}, {6, 7}, bytes.below(2) == 1};
    const int output_op = bytes.pick({-1, num_ops, drawn.num_ops - 1});
    columns.view = {columns.ops.data(),
                    num_ops,
                    columns.subsets.data(),
                    num_subsets,
                    bytes.below(2) == 1,
                    output_op,
                    bytes.below(2) == 1 ? &columns.prices : nullptr};
    return columns;
}

Guarded<float> features_of(const DagBatch& cells, const Columns& columns) {
    FeatureColumns view = columns.view;
    if (view.prices != nullptr) view.prices = &columns.prices;
    Guarded<float> features(cells.num_graphs * num_features(view));
    graph_features(cells, view, features.data());
    return features;
}

DagBatch only(const DagBatch& cells, std::int64_t graph) {
    return {cells.row(graph, 0), cells.ops_of(graph), cells.sizes + graph, 1,
            cells.num_nodes,     cells.num_words};
}

/// How many channels more than the division says each node has, -1 where pruning drops it.
std::vector<int> extra_channels(const DagBatch& cell, const NodeSet& kept, int left_over) {
    const int output = cell.sizes[0] - 1;
    std::vector<int> extra(static_cast<std::size_t>(output), -1);
    for (int v = 1; v < output; ++v) {
        if (kept.contains(v) && cell.has_edge(0, v, output)) extra[v] = left_over-- > 0;
    }
    for (int v = output - 1; v > 0; --v) {
        if (!kept.contains(v) || extra[v] >= 0) continue;
        for (int w = v + 1; w < output; ++w) {
            if (kept.contains(w) && cell.has_edge(0, v, w)) {
                extra[v] = std::max(extra[v], extra[w]);
            }
        }
    }
    return extra;
}

/// By the definition in nasbench101.h; `kind` is 0 for multiply-adds, 1 for parameters.
std::int64_t cost_by_definition(const DagBatch& cell, const CostOps& ops,
                                const NasBench101Prices& prices, int kind) {
    const int output = cell.sizes[0] - 1;
    const NodeSet kept = kept_nodes(cell, 0, ops.output);
    int num_read = 0;
    for (int v = 1; v < output; ++v) num_read += kept.contains(v) && cell.has_edge(0, v, output);
    const bool is_direct = cell.has_edge(0, 0, output);
    std::int64_t cost = is_direct ? prices.at(ops.output, 0, 0, false)[kind] : 0;
    for (int stack = 0; stack < kNumStacks && num_read > 0; ++stack) {
        const auto extra = extra_channels(cell, kept, kStackChannels[stack] % num_read);
        for (int v = 1; v < output; ++v) {
            if (extra[v] < 0) continue;
            cost += prices.at(cell.ops_of(0)[v], num_read, stack, extra[v] > 0)[kind];
            if (!cell.has_edge(0, 0, v)) continue;
            cost += prices.at(ops.input, num_read, stack, extra[v] > 0)[kind];
        }
    }
    return cost;
}

}  // namespace

void check_graph_features(const FuzzCase& drawn, ByteReader& bytes) {
    const Columns columns = read_columns(drawn, bytes);
    const DagBatch cells = drawn.x.view();
    const Guarded<float> features =
        at_both_levels("features of graphs", [&] { return features_of(cells, columns); });
    GraphSet pruned(drawn.x.size(), drawn.x.num_nodes);
    prune(cells, columns.view.output_op, pruned.writable());
    require(features_of(pruned.view(), columns) == features, "dropped nodes count in features");
    if (cells.num_graphs == 0) return;
    const std::int64_t graph = bytes.below(cells.num_graphs), width = num_features(columns.view);
    const Guarded<float> alone = features_of(only(cells, graph), columns);
    require(std::equal(alone.begin(), alone.end(), features.data() + graph * width),
            "features of a graph depend on its neighbors");
}

void check_nasbench101(const FuzzCase& drawn, ByteReader& bytes) {
    const CostOps ops{5, 0, 4};
    GraphSet cells = drawn.x;
    for (std::int64_t i = 0; i < cells.size(); ++i) {
        const int output = cells.sizes[i] - 1;
        std::uint8_t* const op = cells.writable().ops_of(i);
        for (int v = 1; v < output; ++v) op[v] = static_cast<std::uint8_t>(1 + op[v] % 3);
        op[output] = 4;
        op[0] = 0;
        if (output > 0 && !cells.view().has_edge(i, 0, output)) cells.toggle_edge(i, 0, output);
    }
    Guarded<std::int64_t> price_table(std::int64_t{5} * cells.num_nodes * kNumStacks * 4);
    BitSource random(bytes.word(1));
    for (auto& price : price_table) price = static_cast<std::int64_t>(random.next() >> 24);
    const NasBench101Prices prices{price_table.data(), cells.num_nodes};
    for (std::int64_t i = 0; i < cells.size(); ++i) {
        if (cells.sizes[i] == 1) continue;  // An input alone, and no output.
        Guarded<std::int64_t> macs(1), params(1);
        const DagBatch cell = only(cells.view(), i);
        try {
            nasbench101_cost(cell, ops, prices, macs.data(), params.data());
        } catch (const std::invalid_argument&) {
            require(cells.sizes[i] > kStackChannels[0] + 2, "cost refuses what it should take");
            continue;
        }
        require(macs[0] == cost_by_definition(cell, ops, prices, 0) &&
                    params[0] == cost_by_definition(cell, ops, prices, 1),
                "cost of NAS-Bench-101 differs from the definition");
    }
}

}  // namespace gemcore::fuzz
