// What a network of NAS-Bench-101 costs, without building it.
//
// Its rules differ from cost.h: what a node reads is added up, the output concatenates, and the
// channels of the output are divided among the nodes that it reads, the first ones of which get
// what a division leaves over. All other nodes are as wide as the widest node that reads them. What
// node 0 carries is brought to a reader's width by a 1x1 convolution, one for each reader.
//
// Source: Ying et al., "NAS-Bench-101", ICML 2019, section 2 and supplement S1.
#pragma once

#include <cstdint>

#include "cell/cost.h"
#include "graph/dag_batch.h"

namespace gemcore {

constexpr int kNumStacks = 3;
constexpr int kStackChannels[kNumStacks] = {128, 256, 512};

/// Prices of nodes, each summed over the modules of a stack: multiply-adds and parameters.
///
/// A node is max(1, kStackChannels[stack] / num_read) + extra channels wide, num_read being the
/// number of nodes other than node 0 that the output reads. The rows of CostOps::input are the
/// prices of the 1x1 convolutions that lead from node 0 to a node, [output, 0, 0, 0] is the price
/// of that to the output, of all stacks, and the rest of what is not read.
struct NasBench101Prices {
    const std::int64_t* prices;  ///< [num_ops, num_nodes, kNumStacks, 2, 2]; extra, then the kind
    int num_nodes;

    const std::int64_t* at(int op, int num_read, int stack, bool extra) const {
        return prices +
               (((std::int64_t{op} * num_nodes + num_read) * kNumStacks + stack) * 2 + extra) * 2;
    }
};

/// Adds up the prices of each pruned cell.
///
/// macs, params: [num_graphs]. Throws std::invalid_argument unless ops.input is at node 0 and
/// nowhere else, ops.output at the last node and nowhere else and reached, every op below num_ops,
/// and the output reads at most kStackChannels[0] nodes. Cost: O(num_nodes * num_words). Threaded.
void nasbench101_cost(const DagBatch& cells, const CostOps& ops, const NasBench101Prices& prices,
                      std::int64_t* macs, std::int64_t* params);

}  // namespace gemcore
