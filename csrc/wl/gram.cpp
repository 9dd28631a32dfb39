#include "wl/gram.h"

#include <algorithm>
#include <type_traits>
#include <vector>

#include "support/parallel_for.h"
#include "wl/gram_block.h"
#include "wl/pairs.h"

namespace gemcore {
namespace {

constexpr std::int64_t kWorkspace = std::int64_t{256} << 20;
constexpr std::int64_t kStreamed = std::int64_t{4} << 20;  // More than a core's own caches hold
constexpr std::int64_t kMaxGraphsOfPairs = 2;              // Measured

LabelledBatch slice(const LabelledBatch& batch, std::int64_t begin, std::int64_t size) {
    LabelledBatch part = batch;
    part.graphs.adjacency = batch.graphs.row(begin, 0);
    part.graphs.ops = batch.graphs.ops_of(begin);
    part.graphs.sizes += begin;
    part.graphs.num_graphs = size;
    return part;
}

/// How many graphs of either batch the workspace holds: see wl_histograms.
std::int64_t graphs_in_workspace(const LabelledBatch& x, const LabelledBatch& y,
                                 const WlOptions& options) {
    const std::int64_t bytes_a_node = 200 + 16 * (std::int64_t{options.n_iter} + 1);
    const std::int64_t num_nodes = x.graphs.num_nodes + y.graphs.num_nodes;
    return std::max(kWorkspace / (bytes_a_node * num_nodes),
                    std::int64_t{GramColumns::kMaxColumns});
}

/// Compares graph i of x and graph i + shift of y for all i, then goes on with the next shift.
template <typename T>
void compare_pairs(const LabelledBatch& x, const LabelledBatch& y, const WlOptions& options,
                   T* gram) {
    using Value = std::conditional_t<std::is_same_v<T, std::int64_t>, std::int64_t, double>;
    const bool symmetric = &x == &y;
    const std::int64_t rows = x.graphs.num_graphs, columns = y.graphs.num_graphs;
    std::vector<Value> values(static_cast<std::size_t>(std::min(rows, columns)));
    for (std::int64_t shift = symmetric ? 0 : 1 - rows; shift < columns; ++shift) {
        const std::int64_t first = std::max<std::int64_t>(0, -shift);
        const std::int64_t size = std::min(rows, columns - shift) - first;
        wl_pairs(slice(x, first, size), slice(y, first + shift, size), options, values.data());
        for (std::int64_t i = first; i < first + size; ++i) {
            const T value = static_cast<T>(values[i - first]);
            gram[i * columns + i + shift] = value;
            if (symmetric) gram[(i + shift) * columns + i] = value;
        }
    }
}

/// Block by block, so that the histograms of a block fit the workspace.
template <typename T>
void sum_blocks(const LabelledBatch& x, const LabelledBatch& y, const WlOptions& options,
                const GramPlan& plan, T* gram) {
    const bool symmetric = &x == &y;
    const std::int64_t rows = x.graphs.num_graphs, columns = y.graphs.num_graphs;
    const bool streams = rows * columns * static_cast<std::int64_t>(sizeof(T)) >= kStreamed;
    const std::int64_t step =
        plan.graphs_at_once > 0 ? plan.graphs_at_once : graphs_in_workspace(x, y, options);
    for (std::int64_t i = 0; i < rows; i += step) {
        const LabelledBatch part_x = slice(x, i, std::min(step, rows - i));
        for (std::int64_t j = 0; j < (symmetric ? i + 1 : columns); j += step) {
            const LabelledBatch part_y = slice(y, j, std::min(step, columns - j));
            T* const direct = gram + i * columns + j;
            T* const mirrored = symmetric ? gram + j * columns + i : nullptr;
            const GramOutput output{value_type<T>(), direct, mirrored, columns, streams};
            gram_block(part_x, symmetric && i == j ? nullptr : &part_y, options, plan.variant,
                       output);
        }
    }
}

}  // namespace

template <typename T>
void wl_gram(const LabelledBatch& x, const LabelledBatch& y, const WlOptions& options, T* gram,
             const GramPlan& plan) {
    const std::int64_t largest = std::max(x.graphs.num_graphs, y.graphs.num_graphs);
    const bool few = plan.variant == GramVariant::kAuto && largest <= kMaxGraphsOfPairs;
    if (few || plan.variant == GramVariant::kPairs) {
        compare_pairs(x, y, options, gram);
    } else {
        sum_blocks(x, y, options, plan, gram);
    }
}

template void wl_gram(const LabelledBatch&, const LabelledBatch&, const WlOptions&, double*,
                      const GramPlan&);
template void wl_gram(const LabelledBatch&, const LabelledBatch&, const WlOptions&, float*,
                      const GramPlan&);
template void wl_gram(const LabelledBatch&, const LabelledBatch&, const WlOptions&, std::int64_t*,
                      const GramPlan&);

}  // namespace gemcore
