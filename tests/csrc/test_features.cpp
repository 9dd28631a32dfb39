#include <cmath>

#include "batch.h"
#include "expect.h"
#include "graph/features.h"
#include "graph/log1p.h"
#include "levels.h"
#include "support/parallel_for.h"

using namespace gemcore;

namespace {

/// Two counted ops, 1 and 2, each alone as a subset, and both.
struct Columns {
    std::vector<std::uint8_t> ops{1, 2};
    std::vector<std::uint8_t> subsets{1, 0, 0, 1, 1, 1};
    std::vector<double> nodes, projections;
    CellPrices prices;
    FeatureColumns view;

    Columns(int num_nodes, int output_op)
        : nodes(2 * 256 * static_cast<std::size_t>(num_nodes)),
          projections(2 * static_cast<std::size_t>(num_nodes)) {
        const std::size_t stride = 2 * static_cast<std::size_t>(num_nodes);
        for (std::size_t i = stride; i < 3 * stride; ++i) nodes[i] = static_cast<double>(i * i);
        for (std::size_t i = 2; i < stride; ++i) projections[i] = static_cast<double>(i);
        prices = {nodes.data(), projections.data(), {10, 1}, {1000, 100}, output_op >= 0};
        view = {ops.data(), 2, subsets.data(), 3, true, output_op, &prices};
    }
};

std::vector<float> features_of(const Batch& cells, const FeatureColumns& columns) {
    std::vector<float> features(static_cast<std::size_t>(cells.size() * num_features(columns)));
    graph_features(cells.view(), columns, features.data());
    return features;
}

void levels_and_threads_agree() {
    for (const int n : {1, 2, 3, 7, 12, 13, 16, 17, 33, 64, 65, 130, 256}) {
        for (const double edge_prob : {0.0, 1.5 / n, 0.5, 1.0}) {
            for (const bool has_output : {false, n > 1}) {
                SampleSpec spec = bernoulli(n, edge_prob);
                spec.has_output = has_output;
                const Batch cells = sampled(spec, n < 20 ? 133 : 3, 5);
                const Columns columns(n, has_output ? 3 : -1);
                const auto call = [&] { return features_of(cells, columns.view); };
                set_num_threads(1);
                const auto expected = by_portable_code(call);
                for (const float x : expected) EXPECT(std::isfinite(x) && x >= 0);
                set_num_threads(3);
                at_every_level([&] { EXPECT(call() == expected); });
            }
        }
    }
}

/// 0 -> 1 -> 2 -> 3 and 1 -> 3, node 3 the output; node 4 absent.
void a_cell_by_hand() {
    Batch cell(1, 5);
    cell.sizes = {4};
    cell.ops = {0, 1, 2, 3, kAbsent};
    cell.adjacency = {0b00010, 0b01100, 0b01000, 0, 0};
    const Columns columns(5, 3);
    const double stride = 10;  // Nodes have op 1 and 2, the output reads two nodes.
    const double node_1 = (stride + 4) * (stride + 4), node_2 = (2 * stride + 4) * (2 * stride + 4);
    const double params_1 = (stride + 5) * (stride + 5);
    const double params_2 = (2 * stride + 5) * (2 * stride + 5);
    const std::vector<double> expected{
        1,
        1,
        1,
        1,
        2,
        2,
        2,
        2,
        3,
        1,
        1,
        1,
        1,
        1,  // Op 1.
        1,
        0,
        1,
        1,
        1,
        3,
        3,
        2,
        2,
        1,
        0,
        1,
        0.5,
        0.5,  // Op 2.
        1,
        3,
        3,  // Of op 1 alone.
        0,
        0,
        0,  // Of op 2 alone.
        2,
        3,
        4,
        2,
        1,
        2,
        1,
        2,  // Of both.
        0,
        1,
        0,
        0,  // Pairs.
        4,
        4,
        2,
        3,
        4,
        3.5,
        0,
        1,
        2,
        1,
        2,
        2,
        0.5,
        0.5,
        1,
        1,
        1,  // The cell.
        10 + node_1 + node_2 + 4,
        1 + params_1 + params_2 + 5,  // 1 reads the input.
    };
    const auto found = features_of(cell, columns.view);
    EXPECT(found.size() == expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i) {
        EXPECT(std::abs(found[i] - std::log1p(expected[i])) < 1e-6);
    }
}

void logarithms_are_close() {
    EXPECT(log1p_for_loops(0) == 0);
    for (double x = 1e-6; x < 1e80; x *= 1.01) {
        EXPECT(std::abs(log1p_for_loops(x) / std::log1p(x) - 1) < 1.2e-7);
    }
}

}  // namespace

int main() {
    levels_and_threads_agree();
    a_cell_by_hand();
    logarithms_are_close();
}
