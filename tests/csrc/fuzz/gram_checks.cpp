// Gram matrices and features.
#include <tuple>

#include "pair_kernels.h"
#include "wl/features.h"
#include "wl/gram.h"

namespace gemcore::fuzz {
namespace {

template <typename T>
Guarded<T> gram(const LabelledBatch& x, const LabelledBatch& y, const WlOptions& options,
                const GramPlan& plan) {
    Guarded<T> matrix(x.graphs.num_graphs * y.graphs.num_graphs);
    wl_gram(x, y, options, matrix.data(), plan);
    return matrix;
}

/// The first graphs of a batch.
LabelledBatch first_graphs(LabelledBatch batch, std::int64_t count) {
    batch.graphs.num_graphs = count;
    return batch;
}

/// Every type of element; returns the doubles.
Guarded<double> all_types(const LabelledBatch& x, const LabelledBatch& y, const WlOptions& options,
                          const GramPlan& plan) {
    const WlOptions plain = unweighted(options);
    const auto matrix =
        at_both_levels("wl_gram", [&] { return gram<double>(x, y, options, plan); });
    const auto rounded =
        at_both_levels("wl_gram of floats", [&] { return gram<float>(x, y, options, plan); });
    at_both_levels("wl_gram of integers", [&] { return gram<std::int64_t>(x, y, plain, plan); });
    require(gram<double>(x, y, options, {}) == matrix, "wl_gram depends on its plan");
    for (std::int64_t i = 0; i < matrix.size(); ++i) {
        require(rounded[i] == static_cast<float>(matrix[i]), "a float is not the double's");
    }
    return matrix;
}

/// A matrix in compressed sparse rows.
struct SparseRows {
    Guarded<std::int32_t> row_begin, columns;
    Guarded<std::int64_t> counts;
    std::vector<std::int64_t> round_begin;
    bool operator==(const SparseRows&) const = default;
};

/// Features of `batch` in the columns of another one.
SparseRows features(const LabelledBatch& columns_of, const LabelledBatch& batch,
                    const WlOptions& options) {
    const Histograms histograms = wl_histograms(columns_of, &batch, options, KeptColors::kOfFirst);
    const std::int64_t first = columns_of.graphs.num_graphs;
    const FeatureShape shape = feature_shape(histograms, first);
    SparseRows rows{Guarded<std::int32_t>(shape.num_rows + 1),
                    Guarded<std::int32_t>(shape.num_elements),
                    Guarded<std::int64_t>(shape.num_elements), shape.round_begin};
    write_features(histograms, first, rows.row_begin.data(), rows.columns.data(),
                   rows.counts.data());
    return rows;
}

/// Dot product of two sparse rows with ascending columns.
std::int64_t dot(const SparseRows& a, std::int64_t i, const SparseRows& b, std::int64_t j) {
    std::int64_t sum = 0;
    auto other = b.row_begin[j];
    for (auto e = a.row_begin[i]; e < a.row_begin[i + 1]; ++e) {
        while (other < b.row_begin[j + 1] && b.columns[other] < a.columns[e]) ++other;
        if (other == b.row_begin[j + 1]) break;
        if (b.columns[other] == a.columns[e]) sum += a.counts[e] * b.counts[other];
    }
    return sum;
}

}  // namespace

void check_gram(const FuzzCase& drawn, ByteReader& bytes) {
    const std::int64_t num_columns = bytes.below(drawn.num_graphs() + 1);
    const GramPlan plan{bytes.pick({GramVariant::kAuto, GramVariant::kPairs, GramVariant::kIndex,
                                    GramVariant::kDense}),
                        bytes.pick<std::int64_t>({0, 0, 1, 3, 8, 64})};
    const LabelledBatch x = drawn.x.labelled();
    const LabelledBatch y = first_graphs(drawn.y.labelled(), num_columns);
    const auto own = all_types(x, x, drawn.options, plan);
    const auto across = all_types(x, y, drawn.options, plan);
    const auto diagonal = pairs<double>(first_graphs(x, num_columns), y, drawn.options);
    for (std::int64_t i = 0; i < num_columns; ++i) {
        require(across[i * num_columns + i] == diagonal[i], "wl_gram differs from wl_pairs");
    }
    for (std::int64_t i = 0; i < x.graphs.num_graphs; ++i) {
        for (std::int64_t j = 0; j < i; ++j) {
            require(own[i * x.graphs.num_graphs + j] == own[j * x.graphs.num_graphs + i],
                    "wl_gram is not symmetric");
        }
    }
}

void check_features(const FuzzCase& drawn, ByteReader&) {
    const LabelledBatch x = drawn.x.labelled(), y = drawn.y.labelled();
    at_both_levels("wl_histograms", [&] {
        const Histograms histograms = wl_histograms(x, nullptr, drawn.options, KeptColors::kShared);
        const RoundHistograms& last = histograms.rounds.back();
        return std::tuple(histograms.own_matches, last.begin, last.colors, last.counts);
    });
    const auto of = [&](const LabelledBatch& batch) {
        return at_both_levels("wl_features", [&] { return features(y, batch, drawn.options); });
    };
    const SparseRows of_x = of(x), of_y = of(y);
    const auto counts = pairs<std::int64_t>(x, y, unweighted(drawn.options));
    for (std::int64_t i = 0; i < drawn.num_graphs(); ++i) {
        require(dot(of_x, i, of_y, i) == counts[i], "wl_features differs from wl_pairs");
    }
}

}  // namespace gemcore::fuzz
