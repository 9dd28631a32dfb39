// Random walks through cells: what a signal meets on its way, and a gradient on its way back.
#pragma once

#include <cstdint>

#include "graph/dag_batch.h"

namespace gemcore {

constexpr int kWalkColumns = 5;

/// Which nodes are counted, and what ends a cell.
struct WalkSets {
    const std::uint8_t* is_member;  ///< [num_sets, kAbsent + 1], 1 for the ops of a set, else 0
    int num_sets;
    int output_op;  ///< -1 for none: leaves are the ends
};

/// Writes log(1 + x) of five numbers a set: nodes of the set met on a random walk.
///
/// A walk goes from an end of a cell, each as likely as the others, back to node 0, always to one
/// of the nodes that are read, each as likely as the others: the mean number of nodes and its
/// standard deviation. The same where a node is taken in proportion to its channels, by
/// NAS-Bench-101's rule: nodes that the output reads share its channels, others are as wide as
/// their widest reader, and node 0 is as wide as the output; without an output all are equally
/// wide. Last, the mean of a walk from node 0 forward. Nodes that kept_nodes() drops don't count.
/// Numbering changes roundings only.
///
/// features: [num_graphs, num_sets, kWalkColumns]. Cost: O((edges + num_nodes) num_sets). Threaded.
void walk_features(const DagBatch& cells, const WalkSets& sets, float* features);

}  // namespace gemcore
