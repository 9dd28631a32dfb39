// Colors, pairs, Gram matrices and features.
#include <algorithm>
#include <cmath>

#include "check.h"
#include "textbook.h"
#include "wl/colors.h"
#include "wl/features.h"
#include "wl/gram.h"
#include "wl/pairs.h"

namespace gemcore::fuzz {
namespace {

/// The same question without weights, whose answers are integers.
WlOptions unweighted(const WlOptions& options) {
    WlOptions plain = options;
    std::fill(plain.round_weights.begin(), plain.round_weights.end(), 1.0);
    plain.normalize = false;
    return plain;
}

template <typename T>
Guarded<T> pairs(const LabelledBatch& x, const LabelledBatch& y, const WlOptions& options) {
    Guarded<T> kernel(x.graphs.num_graphs);
    wl_pairs(x, y, options, kernel.data());
    return kernel;
}

template <typename T>
Guarded<T> gram(const LabelledBatch& x, const LabelledBatch& y, const WlOptions& options) {
    Guarded<T> matrix(x.graphs.num_graphs * y.graphs.num_graphs);
    wl_gram(x, y, options, matrix.data());
    return matrix;
}

/// The first graphs of a batch.
LabelledBatch first_graphs(LabelledBatch batch, std::int64_t count) {
    batch.graphs.num_graphs = count;
    return batch;
}

double normalized_textbook(double xy, double xx, double yy) {
    const double scale = std::sqrt(xx * yy);
    return scale > 0 ? std::min(xy / scale, 1.0) : 0.0;
}

void pairs_equal_textbook(const FuzzCase& drawn, const Guarded<double>& kernel,
                          const Guarded<std::int64_t>& counts) {
    Textbook textbook(drawn.options);
    const WlOptions plain = unweighted(drawn.options);
    Textbook counting(plain);
    for (std::int64_t i = 0; i < drawn.num_graphs(); ++i) {
        const auto x = textbook.histograms(drawn.x.labelled(), i);
        const auto y = textbook.histograms(drawn.y.labelled(), i);
        const double xy = textbook.kernel(x, y);
        const double value =
            drawn.options.normalize
                ? normalized_textbook(xy, textbook.kernel(x, x), textbook.kernel(y, y))
                : xy;
        require(kernel[i] == value, "wl_pairs differs from the textbook");
        require(static_cast<double>(counts[i]) == counting.kernel(x, y),
                "wl_pairs of integers differs from the textbook");
    }
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

void check_colors(const FuzzCase& drawn, ByteReader&) {
    const std::int64_t rows = drawn.num_graphs() * (drawn.options.n_iter + 1);
    const auto colors = at_both_levels("wl_colors", [&] {
        Guarded<std::uint64_t> sorted(rows * drawn.x.num_nodes);
        wl_colors(drawn.x.labelled(), drawn.options, sorted.data());
        return sorted;
    });
    for (std::int64_t row = 0; row < rows; ++row) {
        const std::uint64_t* const begin = colors.data() + row * drawn.x.num_nodes;
        const int size = drawn.x.sizes[row / (drawn.options.n_iter + 1)];
        require(std::is_sorted(begin, begin + size), "colors are not sorted");
    }
}

void check_pairs(const FuzzCase& drawn, ByteReader&) {
    const LabelledBatch x = drawn.x.labelled(), y = drawn.y.labelled();
    const WlOptions plain = unweighted(drawn.options);
    const auto kernel =
        at_both_levels("wl_pairs", [&] { return pairs<double>(x, y, drawn.options); });
    const auto counts =
        at_both_levels("wl_pairs of integers", [&] { return pairs<std::int64_t>(x, y, plain); });
    require(pairs<double>(y, x, drawn.options) == kernel, "k(x, y) is not k(y, x)");
    const auto own = pairs<std::int64_t>(x, x, plain);
    for (std::int64_t i = 0; i < drawn.num_graphs(); ++i) {
        require(!drawn.options.normalize || (kernel[i] >= 0 && kernel[i] <= 1),
                "a normalized kernel leaves [0, 1]");
        require(!drawn.same[static_cast<std::size_t>(i)] || counts[i] == own[i],
                "a renumbered graph has another kernel");
    }
    if (drawn.is_small) pairs_equal_textbook(drawn, kernel, counts);
}

void check_gram(const FuzzCase& drawn, ByteReader& bytes) {
    const std::int64_t num_columns = bytes.below(drawn.num_graphs() + 1);
    const LabelledBatch x = drawn.x.labelled();
    const LabelledBatch y = first_graphs(drawn.y.labelled(), num_columns);
    const WlOptions plain = unweighted(drawn.options);
    const auto own =
        at_both_levels("symmetric wl_gram", [&] { return gram<double>(x, x, drawn.options); });
    const auto across =
        at_both_levels("rectangular wl_gram", [&] { return gram<double>(x, y, drawn.options); });
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
        const Histograms histograms = wl_histograms(x, drawn.options);
        return std::tuple(histograms.row_begin, histograms.colors, histograms.counts);
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
