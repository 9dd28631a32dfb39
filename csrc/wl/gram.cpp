#include "wl/gram.h"

#include <algorithm>
#include <numeric>
#include <vector>

#include "support/parallel_for.h"
#include "wl/features.h"
#include "wl/kernel.h"

namespace gemcore {
namespace {

constexpr std::int64_t kRowsAtOnce = 8;
constexpr std::int64_t kTile = 64;

/// The graphs that have a color and how often they do: those of column c are the elements
/// begin[c] .. begin[c + 1] - 1, by ascending graph.
struct Postings {
    std::vector<std::int64_t> begin;
    std::vector<std::int32_t> graphs;
    std::vector<std::int32_t> counts;
};

Postings transpose(const Histograms& histograms, const std::vector<std::int64_t>& columns,
                   std::int64_t num_columns) {
    Postings postings{std::vector<std::int64_t>(num_columns + 1),
                      std::vector<std::int32_t>(columns.size()),
                      std::vector<std::int32_t>(columns.size())};
    for (const std::int64_t column : columns) ++postings.begin[column + 1];
    std::partial_sum(postings.begin.begin(), postings.begin.end(), postings.begin.begin());
    std::vector<std::int64_t> next(postings.begin.begin(), postings.begin.end() - 1);
    for (std::int64_t row = 0; row < histograms.num_graphs * histograms.num_rounds; ++row) {
        for (auto i = histograms.row_begin[row]; i < histograms.row_begin[row + 1]; ++i) {
            const std::int64_t position = next[columns[i]]++;
            postings.graphs[position] = static_cast<std::int32_t>(row / histograms.num_rounds);
            postings.counts[position] = histograms.counts[i];
        }
    }
    return postings;
}

/// k(x, x) of each graph, from its whole histogram.
std::vector<double> own_kernels(const Histograms& histograms, const WlOptions& options) {
    std::vector<double> kernels(histograms.num_graphs);
    for (std::int64_t row = 0; row < histograms.num_graphs * histograms.num_rounds; ++row) {
        std::int64_t matches = 0;
        for (auto i = histograms.row_begin[row]; i < histograms.row_begin[row + 1]; ++i) {
            matches += std::int64_t{histograms.counts[i]} * histograms.counts[i];
        }
        kernels[row / histograms.num_rounds] +=
            options.round_weights[row % histograms.num_rounds] * static_cast<double>(matches);
    }
    return kernels;
}

/// What the matrix is computed from.
struct Operands {
    Histograms rows;                    ///< Of x
    std::vector<std::int64_t> columns;  ///< Of each element of rows: the number of its color in y
    Postings postings;                  ///< Of y
    std::vector<double> own_x;          ///< k(x, x)
    std::vector<double> own_y;
};

Operands prepare(const LabelledBatch& x, const LabelledBatch& y, const WlOptions& options) {
    Operands operands;
    operands.rows = wl_histograms(x, options);
    operands.own_x = own_kernels(operands.rows, options);
    if (&x == &y) {
        const Vocabulary vocabulary = wl_vocabulary(operands.rows);
        operands.columns = find_columns(operands.rows, vocabulary);
        operands.postings = transpose(operands.rows, operands.columns, vocabulary.size());
        operands.own_y = operands.own_x;
    } else {
        const Histograms others = wl_histograms(y, options);
        const Vocabulary vocabulary = wl_vocabulary(others);
        operands.columns = find_columns(operands.rows, vocabulary);
        operands.postings = transpose(others, find_columns(others, vocabulary), vocabulary.size());
        operands.own_y = own_kernels(others, options);
    }
    return operands;
}

/// Sums one row of the matrix after the other; holds the workspace.
class RowSummer {
 public:
    RowSummer(const Operands& operands, const WlOptions& options)
        : operands_(operands),
          options_(options),
          matches_(operands.own_y.size()),
          sums_(operands.own_y.size()) {}

    /// The first `size` elements of row `graph`, not normalized.
    const double* sum(std::int64_t graph, std::int64_t size) {
        std::fill_n(sums_.begin(), size, 0.0);
        for (int round = 0; round <= options_.n_iter; ++round) {
            const std::int64_t row = graph * operands_.rows.num_rounds + round;
            for (auto i = operands_.rows.row_begin[row]; i < operands_.rows.row_begin[row + 1];
                 ++i) {
                if (operands_.columns[i] >= 0) add_matches(i, size);
            }
            const double weight = options_.round_weights[round];
            for (std::int64_t j = 0; j < size; ++j) {
                sums_[j] += weight * matches_[j];
                matches_[j] = 0;
            }
        }
        return sums_.data();
    }

 private:
    void add_matches(std::int64_t element, std::int64_t size) {
        const Postings& postings = operands_.postings;
        const std::int64_t* range = &postings.begin[operands_.columns[element]];
        const std::int32_t count = operands_.rows.counts[element];
        for (auto i = range[0]; i < range[1] && postings.graphs[i] < size; ++i) {
            matches_[postings.graphs[i]] += count * postings.counts[i];
        }
    }

    const Operands& operands_;
    const WlOptions& options_;
    std::vector<std::int32_t> matches_;  // Of one round: at most kMaxNodes^2.
    std::vector<double> sums_;
};

/// Copies the lower triangle onto the upper one, tile by tile, so that the rows that are read stay
/// in the cache.
template <typename T>
void mirror(std::int64_t size, T* matrix) {
    parallel_for(size, kTile, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t tile = begin; tile < size; tile += kTile) {
            for (std::int64_t i = begin; i < end; ++i) {
                const std::int64_t last = std::min(tile + kTile, size);
                for (std::int64_t j = std::max(i + 1, tile); j < last; ++j) {
                    matrix[i * size + j] = matrix[j * size + i];
                }
            }
        }
    });
}

}  // namespace

template <typename T>
void wl_gram(const LabelledBatch& x, const LabelledBatch& y, const WlOptions& options, T* gram) {
    const bool symmetric = &x == &y;
    const std::int64_t num_columns = y.graphs.num_graphs;
    const Operands operands = prepare(x, y, options);
    parallel_for(x.graphs.num_graphs, kRowsAtOnce, [&](std::int64_t begin, std::int64_t end) {
        RowSummer summer(operands, options);
        for (std::int64_t i = begin; i < end; ++i) {
            const std::int64_t size = symmetric ? i + 1 : num_columns;
            const double* sums = summer.sum(i, size);
            T* row = gram + i * num_columns;
            for (std::int64_t j = 0; j < size; ++j) {
                row[j] = static_cast<T>(
                    options.normalize ? normalized(sums[j], operands.own_x[i], operands.own_y[j])
                                      : sums[j]);
            }
        }
    });
    if (symmetric) mirror(num_columns, gram);
}

template void wl_gram(const LabelledBatch&, const LabelledBatch&, const WlOptions&, double*);
template void wl_gram(const LabelledBatch&, const LabelledBatch&, const WlOptions&, std::int64_t*);

}  // namespace gemcore
