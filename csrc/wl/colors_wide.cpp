// The wide twins of color_rounds and color_last: the colors of wl/color.h, to the bit.
#include "wl/color.h"
#include "wl/color_rounds.h"
#include "wl/lanes.h"
#include "wl/neighbors32.h"

namespace gemcore::GEMCORE_SIMD_LEVEL {
namespace {

#ifdef __AVX512F__
constexpr int kFewestNodes = 1;
#else
constexpr int kFewestNodes = 12;  // Below, portable code is faster than tables in memory.
#endif

bool suits(int size) { return size >= kFewestNodes && size <= kLanes; }

/// A graph of at most 32 nodes and its colors.
class Refiner32 {
 public:
    Refiner32(const LabelledBatch& batch, const WlOptions& options)
        : batch_(batch), options_(options), apart_(options.direction == Direction::kInOut) {
        for (int op = 0; op < batch.num_ops; ++op) {
            const bool by_op = options.labels == BaseLabels::kOps;
            color_of_op_[op] = initial_color(by_op ? batch.label_of_op[op] : 0);
        }
    }

    GEMCORE_ALWAYS_INLINE void read(std::int64_t graph) {
        const DagBatch& graphs = batch_.graphs;
        size = graphs.sizes[graph];
        read_neighbors(graphs, graph, options_.direction, inputs_, outputs_);
        if (options_.labels == BaseLabels::kDegree) return color_by_degree();
        const std::uint8_t* ops = graphs.ops_of(graph);
        if (size <= 8) {
            look_up<1>(color_of_op_, ops, size, colors);
        } else {
            look_up<4>(color_of_op_, ops, size, colors);
        }
    }

    GEMCORE_ALWAYS_INLINE void refine() {
        switch ((size + 7) / 8) {
            case 1:
                return refine_eights<1>();
            case 2:
                return refine_eights<2>();
            case 3:
                return refine_eights<3>();
            default:
                return refine_eights<4>();
        }
    }

    GEMCORE_ALWAYS_INLINE std::uint64_t sum_of_mixed() const {
        Colors mixed_colors;
        if (size <= 8) {
            salted<1>(colors, 0, mixed_colors);
            return sum_of<1>(mixed_colors, first_bits(size));
        }
        salted<4>(colors, 0, mixed_colors);
        return sum_of<4>(mixed_colors, first_bits(size));
    }

    int size = 0;
    Colors colors;

 private:
    void color_by_degree() {
        for (int v = 0; v < size; ++v) {
            const int read = __builtin_popcount(inputs_.of[v]);
            const int written = apart_ ? __builtin_popcount(outputs_.of[v]) : 0;
            colors.of[v] = initial_color(static_cast<std::uint64_t>(read + written * kMaxNodes));
        }
    }

    /// One round, of 8 kEights nodes.
    template <int kEights>
    GEMCORE_ALWAYS_INLINE void refine_eights() {
        Colors terms;
        Colors sums;
        salted<kEights>(colors, static_cast<std::uint64_t>(Role::kInput), terms);
        neighbor_sums<kEights>(terms, inputs_, sums);
        if (apart_) {
            Colors outputs;
            salted<kEights>(colors, static_cast<std::uint64_t>(Role::kOutput), terms);
            neighbor_sums<kEights>(terms, outputs_, outputs);
            add<kEights>(outputs, sums);
        }
        salted<kEights>(colors, static_cast<std::uint64_t>(Role::kSelf), terms);
        add<kEights>(sums, terms);
        colors = terms;
    }

    const LabelledBatch& batch_;
    const WlOptions& options_;
    const bool apart_;
    std::uint64_t color_of_op_[kMaxNodes] = {};
    Words inputs_;  // Whatever is read in a round where the roles are not kept apart
    Words outputs_;
};

/// Calls wide(graph) for the graphs that suit, and portable(begin, end) for runs of others.
template <typename Wide, typename Portable>
GEMCORE_ALWAYS_INLINE void visit(const std::uint16_t* sizes, std::int64_t begin, std::int64_t end,
                                 const Wide& wide, const Portable& portable) {
    for (std::int64_t graph = begin; graph < end;) {
        std::int64_t others = graph;
        while (others < end && !suits(sizes[others])) ++others;
        if (others > graph) portable(graph, others);
        for (graph = others; graph < end && suits(sizes[graph]); ++graph) wide(graph);
    }
}

}  // namespace

void color_rounds(const LabelledBatch& batch, const WlOptions& options, std::int64_t begin,
                  std::int64_t end, std::uint64_t* colors) {
    const int num_nodes = batch.graphs.num_nodes;
    const std::int64_t stride = std::int64_t{options.n_iter + 1} * num_nodes;
    Refiner32 refiner(batch, options);
    const auto wide = [&](std::int64_t graph) {
        refiner.read(graph);
        std::uint64_t* row = colors + (graph - begin) * stride;
        for (int round = 0;; ++round, row += num_nodes) {
            for (int v = 0; v < refiner.size; ++v) row[v] = refiner.colors.of[v];
            if (round == options.n_iter) break;
            refiner.refine();
        }
    };
    const auto portable = [&](std::int64_t first, std::int64_t last) {
        scalar::color_rounds(batch, options, first, last, colors + (first - begin) * stride);
    };
    visit(batch.graphs.sizes, begin, end, wide, portable);
}

void sum_last_colors(const LabelledBatch& batch, const WlOptions& options, std::int64_t begin,
                     std::int64_t end, std::uint64_t* sums) {
    Refiner32 refiner(batch, options);
    const auto wide = [&](std::int64_t graph) {
        refiner.read(graph);
        for (int round = 0; round < options.n_iter; ++round) refiner.refine();
        sums[graph - begin] = refiner.sum_of_mixed();
    };
    const auto portable = [&](std::int64_t first, std::int64_t last) {
        scalar::sum_last_colors(batch, options, first, last, sums + (first - begin));
    };
    visit(batch.graphs.sizes, begin, end, wide, portable);
}

}  // namespace gemcore::GEMCORE_SIMD_LEVEL
