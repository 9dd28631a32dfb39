#include "wl/features.h"

#include <algorithm>
#include <utility>

#include "support/parallel_for.h"

namespace gemcore {
namespace {

constexpr std::int64_t kGraphsAtOnce = 256;

/// Writes the elements of one graph and round. Colors are numbered as they come, so most rows are
/// sorted as they are: a color that is new comes after all before it.
template <typename Index>
Index* write_round(const RoundHistograms& round, std::int64_t graph, std::int64_t first_column,
                   Index* columns, std::int64_t* counts) {
    const std::int64_t begin = round.begin[graph];
    const std::int64_t size = round.begin[graph + 1] - begin;
    std::pair<std::uint32_t, std::uint16_t> elements[kMaxNodes];
    for (std::int64_t i = 0; i < size; ++i) {
        elements[i] = {round.colors[begin + i], round.counts[begin + i]};
    }
    if (!std::is_sorted(elements, elements + size)) std::sort(elements, elements + size);
    for (std::int64_t i = 0; i < size; ++i) {
        columns[i] = static_cast<Index>(first_column + elements[i].first);
        counts[i] = elements[i].second;
    }
    return columns + size;
}

}  // namespace

FeatureShape feature_shape(const Histograms& histograms, std::int64_t first) {
    FeatureShape shape{histograms.num_graphs - first, 0, {0}};
    for (const RoundHistograms& round : histograms.rounds) {
        shape.num_elements += round.begin.back() - round.begin[first];
        shape.round_begin.push_back(shape.round_begin.back() + round.num_colors);
    }
    return shape;
}

template <typename Index>
void write_features(const Histograms& histograms, std::int64_t first, Index* row_begin,
                    Index* columns, std::int64_t* counts) {
    const FeatureShape shape = feature_shape(histograms, first);
    row_begin[0] = 0;
    for (std::int64_t row = 0; row < shape.num_rows; ++row) {
        std::int64_t size = 0;
        for (const RoundHistograms& round : histograms.rounds) {
            size += round.begin[first + row + 1] - round.begin[first + row];
        }
        row_begin[row + 1] = row_begin[row] + static_cast<Index>(size);
    }
    parallel_for(shape.num_rows, kGraphsAtOnce, [&](std::int64_t begin, std::int64_t end) {
        Index* next = columns + row_begin[begin];
        for (std::int64_t row = begin; row < end; ++row) {
            for (std::size_t t = 0; t < histograms.rounds.size(); ++t) {
                next = write_round(histograms.rounds[t], first + row, shape.round_begin[t], next,
                                   counts + (next - columns));
            }
        }
    });
}

template void write_features(const Histograms&, std::int64_t, std::int32_t*, std::int32_t*,
                             std::int64_t*);
template void write_features(const Histograms&, std::int64_t, std::int64_t*, std::int64_t*,
                             std::int64_t*);

}  // namespace gemcore
