// Cost of networks in closed form.
#include <set>
#include <stdexcept>
#include <vector>

#include "cell/cost.h"
#include "check.h"
#include "graph/prune.h"

namespace gemcore::fuzz {
namespace {

/// The batch with ops as find_cost_terms() wants them, but for a rare one.
GraphSet cells_of(const FuzzCase& drawn, const CostOps& ops, bool is_broken) {
    GraphSet cells = drawn.x;
    for (std::int64_t i = 0; i < cells.size(); ++i) {
        std::uint8_t* const op = cells.writable().ops_of(i);
        const int last = cells.sizes[i] - 1;
        const int num_free = ops.num_ops - 1 - (ops.output >= 0);
        for (int v = 0; v <= last; ++v) op[v] = static_cast<std::uint8_t>(1 + op[v] % num_free);
        op[0] = static_cast<std::uint8_t>(ops.input);
        if (ops.output >= 0 && last > 0 && i % 2 == 0) {
            op[last] = static_cast<std::uint8_t>(ops.output);
        }
        if (is_broken && i == cells.size() / 2) {
            op[last / 2] = static_cast<std::uint8_t>(last % 2 == 0 ? ops.num_ops : ops.input);
        }
    }
    return cells;
}

/// The places of a cell's terms in the table, by the definition in cost.h.
std::multiset<std::int64_t> terms_of(const DagBatch& cells, const CostOps& ops,
                                     std::int64_t graph) {
    const NodeSet kept = kept_nodes(cells, graph, ops.output);
    const int size = cells.sizes[graph];
    const bool has_output = cells.ops_of(graph)[size - 1] == ops.output;
    const auto has_edge = [&](int u, int v) {
        return kept.contains(u) && kept.contains(v) && cells.has_edge(graph, u, v);
    };
    std::set<int> leaves;
    for (int u = 0; u < size; ++u) {
        bool is_leaf = kept.contains(u);
        for (int v = 0; v < size; ++v) is_leaf &= !has_edge(u, v);
        if (has_output && kept.contains(size - 1)) is_leaf = has_edge(u, size - 1);
        if (is_leaf) leaves.insert(u);
    }
    const bool input_is_leaf = leaves.erase(0) > 0;
    const int num_leaves = static_cast<int>(leaves.size());
    std::multiset<std::int64_t> terms{
        CostTerm{ops.input, num_leaves, input_is_leaf, num_leaves, input_is_leaf}.index(
            cells.num_nodes)};
    for (int v = 1; v < size - has_output; ++v) {
        if (!kept.contains(v)) continue;
        CostTerm term{cells.ops_of(graph)[v], 0, has_edge(0, v), num_leaves, input_is_leaf};
        for (int u = 1; u < v; ++u) term.num_inner += has_edge(u, v);
        terms.insert(term.index(cells.num_nodes));
    }
    return terms;
}

struct Terms {
    Guarded<std::uint8_t> has_term, seen;
    Guarded<std::int64_t> macs, params;
    std::string error;
    bool operator==(const Terms&) const = default;
};

Terms find_and_sum(const GraphSet& cells, const CostOps& ops, const std::int64_t* prices) {
    const std::int64_t size = num_terms(ops.num_ops, cells.num_nodes);
    Terms found{Guarded<std::uint8_t>(size),
                Guarded<std::uint8_t>(ops.num_ops),
                Guarded<std::int64_t>(cells.size()),
                Guarded<std::int64_t>(cells.size()),
                {}};
    try {
        find_cost_terms(cells.view(), ops, found.has_term.data(), found.seen.data());
        sum_cost_terms(cells.view(), ops, prices, found.macs.data(), found.params.data());
    } catch (const std::invalid_argument& error) {
        found.error = error.what();
        for (auto* half_done : {&found.has_term, &found.seen}) half_done->fill(0);
    }
    return found;
}

}  // namespace

void check_cost(const FuzzCase& drawn, ByteReader& bytes) {
    const bool has_output = bytes.below(2) == 1;
    const int num_ops = bytes.pick({4, 3, 5, drawn.x.num_nodes > 8 ? 4 : 100});
    const CostOps ops{num_ops, 0, has_output ? num_ops - 1 : -1};
    const bool is_broken = bytes.rarely(8);
    const GraphSet cells = cells_of(drawn, ops, is_broken);
    Guarded<std::int64_t> prices(2 * num_terms(num_ops, cells.num_nodes));
    BitSource random(bytes.word(1));
    for (std::int64_t& price : prices) price = static_cast<std::int64_t>(random.next() >> 24);
    const Terms terms =
        at_both_levels("cost", [&] { return find_and_sum(cells, ops, prices.data()); });
    require(is_broken || terms.error.empty(), "cost refuses what it should take");
    if (!drawn.is_small || !terms.error.empty()) return;
    Guarded<std::uint8_t> expected(terms.has_term.size());
    expected.fill(0);
    for (std::int64_t i = 0; i < cells.size(); ++i) {
        std::int64_t macs = 0, params = 0;
        for (const std::int64_t term : terms_of(cells.view(), ops, i)) {
            expected[term] = 1;
            macs += prices[2 * term];
            params += prices[2 * term + 1];
        }
        require(terms.macs[i] == macs && terms.params[i] == params,
                "sums of costs differ from the definition");
    }
    require(terms.has_term == expected, "terms of costs differ from the definition");
}

}  // namespace gemcore::fuzz
