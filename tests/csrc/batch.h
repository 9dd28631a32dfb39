// A batch that owns its memory, for tests.
#pragma once

#include <vector>

#include "graph/sample.h"

namespace gemcore {

struct Batch {
    std::vector<std::uint64_t> adjacency;
    std::vector<std::uint8_t> ops;
    std::vector<std::uint16_t> sizes;
    int num_nodes;

    Batch(std::int64_t num_graphs, int nodes)
        : adjacency(static_cast<std::size_t>(num_graphs) * nodes * words_for(nodes)),
          ops(static_cast<std::size_t>(num_graphs) * nodes),
          sizes(static_cast<std::size_t>(num_graphs)),
          num_nodes(nodes) {}

    std::int64_t size() const { return static_cast<std::int64_t>(sizes.size()); }
    MutableDagBatch writable() {
        return {adjacency.data(), ops.data(), sizes.data(),
                size(),           num_nodes,  words_for(num_nodes)};
    }
    DagBatch view() const {
        return {adjacency.data(), ops.data(), sizes.data(),
                size(),           num_nodes,  words_for(num_nodes)};
    }
    bool operator==(const Batch&) const = default;
};

inline SampleSpec bernoulli(int num_nodes, double edge_prob) {
    const auto threshold = static_cast<std::uint64_t>(edge_prob * 4294967296.0);
    return {num_nodes, 2, false, Distribution::kBernoulli, threshold, -1};
}

inline Batch sampled(const SampleSpec& spec, std::int64_t num_cells, std::uint64_t seed) {
    Batch batch(num_cells, spec.num_nodes);
    sample(spec, seed, 0, batch.writable());
    return batch;
}

}  // namespace gemcore
