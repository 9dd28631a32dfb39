// A feature matrix that owns its memory, for tests.
#pragma once

#include <vector>

#include "wl/features.h"

namespace gemcore {

struct SparseRows {
    std::vector<std::int64_t> row_begin, columns, counts, round_begin;

    bool operator==(const SparseRows&) const = default;
};

/// One row a graph of `batch`, one column a color of `columns_of`.
inline SparseRows wl_features(const LabelledBatch& batch, const LabelledBatch& columns_of,
                              const WlOptions& options) {
    const Histograms histograms = wl_histograms(columns_of, &batch, options, KeptColors::kOfFirst);
    const std::int64_t first = columns_of.graphs.num_graphs;
    const FeatureShape shape = feature_shape(histograms, first);
    SparseRows rows;
    rows.row_begin.resize(static_cast<std::size_t>(shape.num_rows) + 1);
    rows.columns.resize(static_cast<std::size_t>(shape.num_elements));
    rows.counts.resize(static_cast<std::size_t>(shape.num_elements));
    rows.round_begin = shape.round_begin;
    write_features(histograms, first, rows.row_begin.data(), rows.columns.data(),
                   rows.counts.data());
    return rows;
}

}  // namespace gemcore
