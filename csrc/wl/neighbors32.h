// What the nodes of a graph of at most 32 nodes read in a round. For wide sources alone.
#pragma once

#include "wl/lanes.h"
#include "wl/options.h"

namespace gemcore::GEMCORE_SIMD_LEVEL {
namespace {

/// Inputs and outputs where they are kept apart; else whatever is read goes to `inputs`, and
/// `outputs` holds nothing of use.
GEMCORE_ALWAYS_INLINE void read_neighbors(const DagBatch& graphs, std::int64_t graph,
                                          Direction direction, Words& inputs, Words& outputs) {
    load_rows(graphs.row(graph, 0), graphs.num_words, graphs.sizes[graph], outputs);
    if (direction == Direction::kOut) {
        store(lanes_of(outputs), inputs);
        return;
    }
    transpose(outputs, inputs);
    if (direction == Direction::kUndirected) {
        store(either(lanes_of(outputs), lanes_of(inputs)), inputs);
    }
}

}  // namespace
}  // namespace gemcore::GEMCORE_SIMD_LEVEL
