#include "wl/features.h"

#include <algorithm>
#include <functional>
#include <numeric>

#include "support/parallel_for.h"
#include "wl/colors.h"

namespace gemcore {
namespace {

constexpr std::int64_t kGraphsAtOnce = 256;

/// Calls visit(color, count) for each run of equal colors in a sorted row.
template <typename Visit>
void visit_runs(const std::uint64_t* row, int size, const Visit& visit) {
    for (int begin = 0, end = 0; begin < size; begin = end) {
        while (end < size && row[end] == row[begin]) ++end;
        visit(row[begin], end - begin);
    }
}

}  // namespace

Histograms wl_histograms(const LabelledBatch& batch, const WlOptions& options) {
    const std::int64_t num_graphs = batch.graphs.num_graphs;
    const int num_nodes = batch.graphs.num_nodes;
    const int num_rounds = options.n_iter + 1;
    Histograms histograms{num_graphs, num_rounds, {}, {}, {}};
    std::vector<std::uint64_t> colors(num_graphs * num_rounds * num_nodes);
    wl_colors(batch, options, colors.data());

    const auto for_each_row = [&](const auto& visit) {
        parallel_for(num_graphs, kGraphsAtOnce, [&](std::int64_t begin, std::int64_t end) {
            for (std::int64_t row = begin * num_rounds; row < end * num_rounds; ++row) {
                visit(row, colors.data() + row * num_nodes, batch.graphs.sizes[row / num_rounds]);
            }
        });
    };
    std::vector<std::int64_t>& row_begin = histograms.row_begin;
    row_begin.resize(num_graphs * num_rounds + 1);
    for_each_row([&](std::int64_t row, const std::uint64_t* sorted, int size) {
        visit_runs(sorted, size, [&](std::uint64_t, int) { ++row_begin[row + 1]; });
    });
    std::partial_sum(row_begin.begin(), row_begin.end(), row_begin.begin());
    histograms.colors.resize(row_begin.back());
    histograms.counts.resize(row_begin.back());
    for_each_row([&](std::int64_t row, const std::uint64_t* sorted, int size) {
        std::int64_t element = row_begin[row];
        visit_runs(sorted, size, [&](std::uint64_t color, int count) {
            histograms.colors[element] = color;
            histograms.counts[element++] = count;
        });
    });
    return histograms;
}

Vocabulary wl_vocabulary(const Histograms& histograms) {
    const int num_rounds = histograms.num_rounds;
    std::vector<std::vector<std::uint64_t>> of_round(num_rounds);
    parallel_for(num_rounds, 1, [&](std::int64_t round, std::int64_t) {
        std::vector<std::uint64_t>& colors = of_round[round];
        for (std::int64_t graph = 0; graph < histograms.num_graphs; ++graph) {
            const std::int64_t* element = &histograms.row_begin[graph * num_rounds + round];
            colors.insert(colors.end(), histograms.colors.begin() + element[0],
                          histograms.colors.begin() + element[1]);
        }
        std::sort(colors.begin(), colors.end());
        colors.erase(std::unique(colors.begin(), colors.end()), colors.end());
    });
    Vocabulary vocabulary{{0}, {}};
    for (const std::vector<std::uint64_t>& colors : of_round) {
        vocabulary.colors.insert(vocabulary.colors.end(), colors.begin(), colors.end());
        vocabulary.round_begin.push_back(vocabulary.size());
    }
    return vocabulary;
}

std::vector<std::int64_t> find_columns(const Histograms& histograms, const Vocabulary& vocabulary) {
    std::vector<std::int64_t> columns(histograms.colors.size());
    const int num_rounds = histograms.num_rounds;
    const auto find_in_graphs = [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t row = begin * num_rounds; row < end * num_rounds; ++row) {
            const auto colors = vocabulary.colors.begin();
            const auto first = colors + vocabulary.round_begin[row % num_rounds];
            const auto last = colors + vocabulary.round_begin[row % num_rounds + 1];
            for (auto i = histograms.row_begin[row]; i < histograms.row_begin[row + 1]; ++i) {
                const auto found = std::lower_bound(first, last, histograms.colors[i]);
                const bool known = found != last && *found == histograms.colors[i];
                columns[i] = known ? found - colors : -1;
            }
        }
    };
    parallel_for(histograms.num_graphs, kGraphsAtOnce, find_in_graphs);
    return columns;
}

SparseRows wl_features(const LabelledBatch& batch, const LabelledBatch& columns_of,
                       const WlOptions& options) {
    const Histograms histograms = wl_histograms(batch, options);
    const Vocabulary vocabulary = wl_vocabulary(wl_histograms(columns_of, options));
    const std::vector<std::int64_t> columns = find_columns(histograms, vocabulary);
    SparseRows rows{{0}, {}, {}, vocabulary.round_begin};
    for (std::int64_t graph = 0; graph < histograms.num_graphs; ++graph) {
        const std::int64_t end = histograms.row_begin[(graph + 1) * histograms.num_rounds];
        for (auto i = histograms.row_begin[graph * histograms.num_rounds]; i < end; ++i) {
            if (columns[i] < 0) continue;
            rows.columns.push_back(columns[i]);
            rows.counts.push_back(histograms.counts[i]);
        }
        rows.row_begin.push_back(static_cast<std::int64_t>(rows.columns.size()));
    }
    return rows;
}

}  // namespace gemcore
