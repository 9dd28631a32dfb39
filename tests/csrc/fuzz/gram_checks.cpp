// Gram matrices and features.
#include <tuple>

#include "../sparse_rows.h"
#include "pair_kernels.h"
#include "wl/gram.h"

namespace gemcore::fuzz {
namespace {

template <typename T>
Guarded<T> gram(const LabelledBatch& x, const LabelledBatch& y, const WlOptions& options,
                const GramPlan& plan = {}) {
    Guarded<T> matrix(x.graphs.num_graphs * y.graphs.num_graphs);
    wl_gram(x, y, options, matrix.data(), plan);
    return matrix;
}

/// The first graphs of a batch.
LabelledBatch first_graphs(LabelledBatch batch, std::int64_t count) {
    batch.graphs.num_graphs = count;
    return batch;
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
    const LabelledBatch x = drawn.x.labelled();
    const LabelledBatch y = first_graphs(drawn.y.labelled(), num_columns);
    const WlOptions plain = unweighted(drawn.options);
    const auto own =
        at_both_levels("symmetric wl_gram", [&] { return gram<double>(x, x, drawn.options); });
    const auto across =
        at_both_levels("rectangular wl_gram", [&] { return gram<double>(x, y, drawn.options); });
    for (const GramVariant variant :
         {GramVariant::kPairs, GramVariant::kIndex, GramVariant::kDense}) {
        const GramPlan plan{variant, 1 + bytes.below(3)};
        const auto forced = at_both_levels("wl_gram of a variant",
                                           [&] { return gram<double>(x, y, drawn.options, plan); });
        require(forced == across, "variants of wl_gram differ");
    }
    at_both_levels("wl_gram of floats", [&] { return gram<float>(x, y, drawn.options); });
    at_both_levels("symmetric wl_gram of integers",
                   [&] { return gram<std::int64_t>(x, x, plain); });
    at_both_levels("wl_gram of integers", [&] { return gram<std::int64_t>(x, y, plain); });
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
    const auto all_of = [](const SparseRows& rows) {
        return std::tuple(rows.row_begin, rows.columns, rows.counts, rows.round_begin);
    };
    at_both_levels("wl_histograms", [&] {
        const Histograms histograms = wl_histograms(x, nullptr, drawn.options, KeptColors::kShared);
        const RoundHistograms& last = histograms.rounds.back();
        return std::tuple(histograms.own_matches, last.begin, last.colors, last.counts);
    });
    const auto features_of = [&](const LabelledBatch& batch) {
        SparseRows rows;
        at_both_levels("wl_features", [&] {
            rows = wl_features(batch, y, drawn.options);
            return all_of(rows);
        });
        return rows;
    };
    const SparseRows of_x = features_of(x), of_y = features_of(y);
    const auto counts = pairs<std::int64_t>(x, y, unweighted(drawn.options));
    for (std::int64_t i = 0; i < drawn.num_graphs(); ++i) {
        require(dot(of_x, i, of_y, i) == counts[i], "wl_features differs from wl_pairs");
    }
}

}  // namespace gemcore::fuzz
