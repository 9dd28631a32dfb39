#include <random>
#include <stdexcept>
#include <string>

#include "batch.h"
#include "cell/cost.h"
#include "expect.h"
#include "support/parallel_for.h"

using namespace gemcore;

namespace {

/// Textbook: prunes, then looks at every pair of nodes.
std::vector<std::int64_t> terms_of(const DagBatch& cells, const CostOps& ops, std::int64_t b) {
    const int n = cells.sizes[b];
    const std::uint8_t* const op = cells.ops_of(b);
    const bool has_output = op[n - 1] == ops.output;
    std::vector<bool> kept(n);
    std::vector<bool> useful(n, !has_output);
    kept[0] = true;
    for (int v = 1; v < n; ++v) {
        for (int u = 0; u < v; ++u) kept[v] = kept[v] || (kept[u] && cells.has_edge(b, u, v));
    }
    for (int u = n - 1; has_output && u >= 0; --u) {
        useful[u] = u == n - 1;
        for (int v = u + 1; v < n; ++v)
            useful[u] = useful[u] || (useful[v] && cells.has_edge(b, u, v));
    }
    for (int v = 1; v < n; ++v) kept[v] = kept[v] && useful[v];
    const auto reads = [&](int u, int v) { return kept[u] && kept[v] && cells.has_edge(b, u, v); };

    std::vector<int> leaves;
    for (int u = 0; u < n; ++u) {
        bool is_leaf = kept[u];
        for (int v = u + 1; v < n; ++v) is_leaf = is_leaf && !reads(u, v);
        if (has_output && kept[n - 1]) is_leaf = reads(u, n - 1);
        if (is_leaf) leaves.push_back(u);
    }
    const bool input_is_leaf = leaves.at(0) == 0;
    const int num_leaves = static_cast<int>(leaves.size()) - input_is_leaf;
    std::vector<CostTerm> terms{{ops.input, num_leaves, input_is_leaf, num_leaves, input_is_leaf}};
    for (int v = 1; v < n; ++v) {
        if (!kept[v] || op[v] == ops.output) continue;
        int num_inner = 0;
        for (int u = 1; u < v; ++u) num_inner += reads(u, v);
        terms.push_back({op[v], num_inner, reads(0, v), num_leaves, input_is_leaf});
    }
    std::vector<std::int64_t> indices;
    for (const CostTerm& term : terms) indices.push_back(term.index(cells.num_nodes));
    return indices;
}

void compare_with_textbook(const Batch& batch, const CostOps& ops) {
    const DagBatch cells = batch.view();
    const std::int64_t size = num_terms(ops.num_ops, cells.num_nodes);
    std::mt19937_64 random(1);
    std::vector<std::int64_t> prices(2 * size);
    for (auto& price : prices) price = static_cast<std::int64_t>(random() % 1000003);
    std::vector<std::uint8_t> expected(size);
    std::vector<std::uint8_t> terms(size, 7);
    std::vector<std::uint8_t> seen(ops.num_ops, 7);
    std::vector<std::int64_t> macs(batch.size());
    std::vector<std::int64_t> params(batch.size());
    find_cost_terms(cells, ops, terms.data(), seen.data());
    sum_cost_terms(cells, ops, prices.data(), macs.data(), params.data());
    for (std::int64_t b = 0; b < batch.size(); ++b) {
        for (const std::int64_t index : terms_of(cells, ops, b)) {
            expected.at(index) = 1;
            macs[b] -= prices[2 * index];
            params[b] -= prices[2 * index + 1];
        }
        EXPECT(macs[b] == 0);
        EXPECT(params[b] == 0);
    }
    EXPECT(terms == expected);
}

void refuses(const std::vector<std::uint8_t>& ops, const std::string& message) {
    Batch cell(1, static_cast<int>(ops.size()));
    cell.ops = ops;
    cell.sizes = {static_cast<std::uint16_t>(ops.size())};
    std::vector<std::int64_t> prices(2 * num_terms(4, cell.num_nodes));
    std::int64_t cost = 0;
    try {
        sum_cost_terms(cell.view(), {4, 0, 3}, prices.data(), &cost, &cost);
    } catch (const std::invalid_argument& error) {
        EXPECT(error.what() == message);
        return;
    }
    EXPECT(false);
}

}  // namespace

int main() {
    for (const int n : {1, 2, 3, 7, 30, 64, 65, 129, 256}) {
        for (const double edge_prob : {0.0, 0.1, 0.4, 1.0}) {
            const Batch cells = sampled(bernoulli(n, edge_prob), n < 100 ? 100 : 5, 5);
            compare_with_textbook(cells, {3, 0, -1});
        }
        if (n < 2) continue;
        SampleSpec spec = bernoulli(n, 0.3);
        spec.has_output = true;
        compare_with_textbook(sampled(spec, n < 100 ? 100 : 5, 6), {4, 0, 3});
    }

    Batch cell(1, 4);  // 0 -> 1, and node 2 dead; node 3 absent.
    cell.sizes = {3};
    cell.ops = {0, 1, 2, kAbsent};
    cell.adjacency = {0b0010, 0, 0, 0};
    compare_with_textbook(cell, {3, 0, -1});
    std::vector<std::uint8_t> terms(num_terms(4, 4));
    std::vector<std::uint8_t> seen(4, 7);
    find_cost_terms(cell.view(), {4, 0, -1}, terms.data(), seen.data());
    EXPECT((seen == std::vector<std::uint8_t>{1, 1, 1, 0}));  // What is dropped must be known, too.

    set_num_threads(1);
    const Batch many = sampled(bernoulli(12, 0.3), 10000, 7);
    std::vector<std::int64_t> prices(2 * num_terms(3, 12), 3);
    std::vector<std::int64_t> alone(10000);
    std::vector<std::int64_t> together(10000);
    std::vector<std::int64_t> params(10000);
    sum_cost_terms(many.view(), {3, 0, -1}, prices.data(), alone.data(), params.data());
    set_num_threads(3);
    sum_cost_terms(many.view(), {3, 0, -1}, prices.data(), together.data(), params.data());
    EXPECT(alone == together);
    compare_with_textbook(many, {3, 0, -1});

    const std::string input = "cells must have 'input' at node 0 and nowhere else, got ";
    refuses({1, 2}, input + "another op at node 0 of cell 0");
    refuses({0, 1, 0}, input + "it at node 2 of cell 0");
    refuses({0, 0, 1}, input + "it at node 1 of cell 0");
    refuses(
        {0, 3, 1},
        "cells must have 'output' at the last node and nowhere else, got it at node 1 of cell 0");
    refuses({0, 1, 4}, "cells must have ops within op_names, got another at node 2 of cell 0");
    refuses({0, kAbsent, 1},
            "cells must have ops within op_names, got another at node 1 of cell 0");
}
