// A graph of at most 32 nodes as pairs32 reads it. For wide sources alone.
#pragma once

#include "wl/color.h"
#include "wl/lanes.h"
#include "wl/match_job.h"
#include "wl/neighbors32.h"

namespace gemcore::GEMCORE_SIMD_LEVEL {
namespace {

/// One graph of the pair.
struct Side32 {
    Words neighbors;  ///< Read in a round; the outputs where the roles are kept apart
    Words inputs;     ///< Where they are
    Codes codes;      ///< Or the halves of the color, of each node
    Colors colors;    ///< Of all nodes, after round `round`
    int round;
    int size;
    bool has_colors;
    std::uint32_t label_count[5];
};

/// Reads graphs, and knows what their codes are like.
class Reader32 {
 public:
    explicit Reader32(const MatchJob& job)
        : apart(job.direction == Direction::kInOut),
          has_codes(job.has_few_ops && job.num_labels > 0 && job.num_labels <= 5),
          first_round(has_codes ? 1 : 0),
          first_width(width_of_codes(job)),
          job_(job) {}

    GEMCORE_ALWAYS_INLINE void read(const LabelledBatch& batch, std::int64_t graph,
                                    const std::uint8_t* label_of_op, Side32& side) const {
        const DagBatch& graphs = batch.graphs;
        side.size = graphs.sizes[graph];
        side.has_colors = false;
        if (apart) {
            read_neighbors(graphs, graph, job_.direction, side.inputs, side.neighbors);
        } else {
            Words outputs;
            read_neighbors(graphs, graph, job_.direction, side.neighbors, outputs);
        }
        if (has_codes) {
            encode(graphs, graph, label_of_op, side);
        } else {
            color(batch, graph, side);
        }
    }

    const bool apart;         ///< Outputs and inputs are kept apart.
    const bool has_codes;     ///< Codes of the first round, instead of colors
    const int first_round;    ///< Of which nodes are compared
    const Width first_width;  ///< Of the codes after the first round

 private:
    static int label_bits(int num_labels) { return num_labels == 1 ? 0 : num_labels <= 3 ? 2 : 3; }

    static Width width_of_codes(const MatchJob& job) {
        const int num_counts = job.num_labels * (job.direction == Direction::kInOut ? 2 : 1);
        const int num_bits = 5 * num_counts + label_bits(job.num_labels);
        return num_bits <= 16 ? Width::kDigest : num_bits <= 32 ? Width::kLow : Width::kWhole;
    }

    /// The codes after the first round.
    GEMCORE_ALWAYS_INLINE void encode(const DagBatch& graphs, std::int64_t graph,
                                      const std::uint8_t* label_of_op, Side32& side) const {
        const std::int64_t readable = (graphs.num_graphs - graph) * graphs.num_nodes;
        const Labels labels = load_labels(graphs.ops_of(graph), side.size, readable, label_of_op);
        const std::uint32_t present = first_bits(side.size);
        Lanes low = zero_codes();
        Lanes high = zero_codes();
        for (int label = 0; label < job_.num_labels; ++label) {
            const std::uint32_t nodes = with_label(labels, label) & present;
            side.label_count[label] = static_cast<std::uint32_t>(__builtin_popcount(nodes));
            append_counts(side.neighbors, nodes, low);
            if (apart) append_counts(side.inputs, nodes, job_.num_labels <= 3 ? low : high);
        }
        append_labels(labels, label_bits(job_.num_labels), low);
        if (first_width != Width::kWhole) return set_codes(low, first_width, side.codes);
        fold(high, low);  // So that one half tells most apart.
        set_codes(low, high, side.codes);
    }

    /// Colors before the first round, where there are too many labels for codes.
    void color(const LabelledBatch& batch, std::int64_t graph, Side32& side) const {
        const std::uint8_t* ops = batch.graphs.ops_of(graph);
        for (int v = 0; v < kLanes; ++v) {
            std::uint64_t label = 0;
            if (job_.labels == BaseLabels::kOps && v < side.size) {
                label = batch.label_of_op[ops[v]];
            } else if (job_.labels == BaseLabels::kDegree) {
                label = static_cast<std::uint64_t>(__builtin_popcount(side.neighbors.of[v]));
                if (apart) {
                    label = label * kMaxNodes +
                            static_cast<std::uint64_t>(__builtin_popcount(side.inputs.of[v]));
                }
            }
            side.colors.of[v] = initial_color(label);
        }
        side.round = 0;
        side.has_colors = true;
        set_codes(side.colors, side.codes);
    }

    const MatchJob& job_;
};

}  // namespace
}  // namespace gemcore::GEMCORE_SIMD_LEVEL
