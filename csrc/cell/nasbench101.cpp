#include "cell/nasbench101.h"

#include <stdexcept>
#include <string>

#include "graph/prune.h"
#include "support/parallel_for.h"

namespace gemcore {
namespace {

constexpr std::int64_t kGrain = 2048;  // About a millisecond of work.

/// The nodes of a pruned cell other than node 0 and the output.
struct Module {
    NodeSet inner;
    NodeSet read;  ///< Of these, those that the output reads.
    int num_read = 0;
    int output;
};

Module read_module(const DagBatch& cells, const CostOps& ops, std::int64_t graph) {
    check_cost_ops(cells, ops, graph);
    Module module{kept_nodes(cells, graph, ops.output), {}, 0, cells.sizes[graph] - 1};
    const std::string where = " of cell " + std::to_string(graph);
    if (module.output == 0 || cells.ops_of(graph)[module.output] != ops.output) {
        throw std::invalid_argument("cells must have 'output' at the last node, got another op" +
                                    where);
    }
    if (!module.inner.contains(module.output)) {
        throw std::invalid_argument("cells must have a path from input to output, got none" +
                                    where);
    }
    module.inner.remove(0);
    module.inner.remove(module.output);
    for_each_bit(module.inner.word, cells.num_words, [&](int v) {
        if (!cells.has_edge(graph, v, module.output)) return;
        module.read.add(v);
        ++module.num_read;
    });
    if (module.num_read > kStackChannels[0]) {
        throw std::invalid_argument("cells must have an output that reads at most " +
                                    std::to_string(kStackChannels[0]) + " nodes, got " +
                                    std::to_string(module.num_read) + where);
    }
    return module;
}

/// The nodes that are one channel wider than the division says.
NodeSet wider_nodes(const DagBatch& cells, std::int64_t graph, const Module& module, int stack) {
    NodeSet wider;
    int left_over = kStackChannels[stack] % module.num_read;
    for (int v = 1; v < module.output && left_over > 0; ++v) {
        if (!module.read.contains(v)) continue;
        wider.add(v);
        --left_over;
    }
    for (int v = module.output - 1; v > 0; --v) {
        if (!module.inner.contains(v) || module.read.contains(v)) continue;
        const std::uint64_t* const row = cells.row(graph, v);
        std::uint64_t next = 0;
        for (int w = 0; w < cells.num_words; ++w) next |= row[w] & wider.word[w];
        if (next != 0) wider.add(v);
    }
    return wider;
}

}  // namespace

void nasbench101_cost(const DagBatch& cells, const CostOps& ops, const NasBench101Prices& prices,
                      std::int64_t* macs, std::int64_t* params) {
    const auto add_up = [&](std::int64_t graph) {
        const Module module = read_module(cells, ops, graph);
        const auto pay = [&](const std::int64_t* price) {
            macs[graph] += price[0];
            params[graph] += price[1];
        };
        macs[graph] = params[graph] = 0;
        if (cells.has_edge(graph, 0, module.output)) pay(prices.at(ops.output, 0, 0, false));
        for (int stack = 0; stack < kNumStacks && module.num_read > 0; ++stack) {
            const NodeSet wider = wider_nodes(cells, graph, module, stack);
            for_each_bit(module.inner.word, cells.num_words, [&](int v) {
                const bool extra = wider.contains(v);
                pay(prices.at(cells.ops_of(graph)[v], module.num_read, stack, extra));
                if (!cells.has_edge(graph, 0, v)) return;
                pay(prices.at(ops.input, module.num_read, stack, extra));
            });
        }
    };
    parallel_for(cells.num_graphs, kGrain, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t i = begin; i < end; ++i) add_up(i);
    });
}

}  // namespace gemcore
