// Colors and pairs.
#include <algorithm>
#include <cmath>
#include <set>

#include "pair_kernels.h"
#include "textbook.h"
#include "wl/colors.h"

namespace gemcore::fuzz {
namespace {

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

/// How many nodes have each color, by size.
std::multiset<std::int64_t> class_sizes(const Textbook::Histogram& histogram) {
    std::multiset<std::int64_t> sizes;
    for (const auto& [color, count] : histogram) sizes.insert(count);
    return sizes;
}

std::multiset<std::int64_t> class_sizes(const std::uint64_t* colors, int size) {
    Textbook::Histogram histogram;
    for (int v = 0; v < size; ++v) ++histogram[static_cast<Textbook::Color>(colors[v])];
    return class_sizes(histogram);
}

}  // namespace

void check_colors(const FuzzCase& drawn, ByteReader&) {
    const int num_rounds = drawn.options.n_iter + 1;
    const auto colors = at_both_levels("wl_colors", [&] {
        Guarded<std::uint64_t> of_nodes(drawn.num_graphs() * num_rounds * drawn.x.num_nodes);
        wl_colors(drawn.x.labelled(), drawn.options, of_nodes.data());
        return of_nodes;
    });
    if (!drawn.is_small) return;
    Textbook textbook(drawn.options);
    for (std::int64_t i = 0; i < drawn.num_graphs(); ++i) {
        const auto expected = textbook.histograms(drawn.x.labelled(), i);
        for (int round = 0; round < num_rounds; ++round) {
            const std::uint64_t* const row =
                colors.data() + (i * num_rounds + round) * drawn.x.num_nodes;
            require(class_sizes(row, drawn.x.sizes[i]) == class_sizes(expected[round]),
                    "wl_colors tells other nodes apart than the textbook");
        }
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

}  // namespace gemcore::fuzz
