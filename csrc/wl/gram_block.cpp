#include "wl/gram_block.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <vector>

#include "support/parallel_for.h"
#include "wl/histograms.h"

namespace gemcore {
namespace {

/// Rounds that are added up before they are weighted, in the order of the rounds.
struct RoundGroups {
    std::vector<std::vector<int>> rounds;
    std::vector<double> weights;
};

/// All rounds together where the order can't matter: their weights are one power of two, so all
/// sums are exact. Rounds in which no two graphs share a color are left out.
RoundGroups group_rounds(const Histograms& histograms, const std::vector<double>& weights) {
    int exponent;
    const bool together = std::adjacent_find(weights.begin(), weights.end(),
                                             std::not_equal_to<>()) == weights.end() &&
                          std::frexp(weights[0], &exponent) == 0.5;
    RoundGroups groups;
    for (std::size_t round = 0; round < weights.size(); ++round) {
        if (histograms.rounds[round].num_colors == 0 && round > 0) continue;
        if (round == 0 || !together) {
            groups.rounds.emplace_back();
            groups.weights.push_back(weights[round]);
        }
        groups.rounds.back().push_back(static_cast<int>(round));
    }
    return groups;
}

/// k(x, x) of each graph, summed up as wl_pairs does.
std::vector<double> own_kernels(const Histograms& histograms, const std::vector<double>& weights) {
    std::vector<double> kernels(static_cast<std::size_t>(histograms.num_graphs));
    const std::int32_t* matches = histograms.own_matches.data();
    for (const double weight : weights) {
        for (double& kernel : kernels) kernel += weight * *matches++;
    }
    return kernels;
}

/// 16 bits where they hold the sums of all rounds: k(x, y)^2 <= k(x, x) k(y, y).
SumType sum_type(const Histograms& histograms) {
    const std::vector<double> ones(histograms.rounds.size(), 1.0);
    const std::vector<double> own = own_kernels(histograms, ones);
    const bool fits = std::all_of(own.begin(), own.end(), [](double k) {
        return k <= std::numeric_limits<std::uint16_t>::max();
    });
    return fits ? SumType::kUint16 : SumType::kUint32;
}

/// What all strips read.
struct BlockJob {
    Histograms histograms;  ///< Of y, then of x; or of x alone
    RoundGroups groups;
    std::vector<double> own;
    bool normalize;
    SumType sum_type;
    bool symmetric;
    std::int64_t num_rows, num_columns;
    GramOutput output;

    std::int64_t graph_of_row(std::int64_t row) const {
        return symmetric ? row : num_columns + row;
    }
};

/// kTileSize rows by the columns of one GramColumns; holds the workspace.
template <typename Count>
class Strip {
 public:
    Strip(const BlockJob& job, const GramColumns& columns, std::int64_t first_column)
        : job_(job),
          columns_(columns),
          first_column_(first_column),
          stride_(columns.stride()),
          sums_(job.groups.rounds.size() * kTileSize * stride_),
          terms_(job.histograms.rounds.size() * kMaxNodes) {}

    void compute(std::int64_t first_row) {
        const auto num_rows =
            static_cast<int>(std::min<std::int64_t>(kTileSize, job_.num_rows - first_row));
        const auto width = static_cast<int>(
            job_.symmetric
                ? std::min<std::int64_t>(columns_.size(), first_row + kTileSize - first_column_)
                : columns_.size());
        for (std::size_t group = 0; group < job_.groups.rounds.size(); ++group) {
            for (int row = 0; row < num_rows; ++row) {
                sum_row(job_.groups.rounds[group], job_.graph_of_row(first_row + row), width,
                        &sums_[(group * kTileSize + row) * stride_]);
            }
        }
        for (int column = 0; column < width; column += kTileSize) {
            write(first_row, num_rows, column, std::min(kTileSize, width - column));
        }
    }

 private:
    void sum_row(const std::vector<int>& rounds, std::int64_t graph, int width, Count* sums) {
        std::fill_n(sums, stride_, Count{0});
        DenseTerm* end = terms_.data();
        for (const int t : rounds) {
            const RoundHistograms& round = job_.histograms.rounds[t];
            const std::uint32_t base = columns_.base_of(t);
            for (auto i = round.begin[graph]; i < round.begin[graph + 1]; ++i) {
                columns_.add(base + round.colors[i], round.counts[i], width, sums, end);
            }
        }
        add_dense_({job_.sum_type, terms_.data(), end - terms_.data(), columns_.counts(), stride_,
                    width, sums});
    }

    void write(std::int64_t first_row, int num_rows, int column, int num_columns) {
        const std::int64_t j = first_column_ + column;
        const GramOutput& output = job_.output;
        const std::int64_t size = output.type == ValueType::kFloat32 ? 4 : 8;
        const auto at = [&](void* matrix, std::int64_t row, std::int64_t col) -> void* {
            return static_cast<char*>(matrix) + size * (row * output.pitch + col);
        };
        const bool on_diagonal = job_.symmetric && j == first_row;
        const bool mirrors = output.mirrored != nullptr && !on_diagonal;
        write_tile_({.sum_type = job_.sum_type,
                     .sums = &sums_[column],
                     .weights = job_.groups.weights.data(),
                     .num_groups = static_cast<int>(job_.groups.rounds.size()),
                     .stride = stride_,
                     .own_rows = &job_.own[job_.graph_of_row(first_row)],
                     .own_columns = &job_.own[j],
                     .normalize = job_.normalize,
                     .on_diagonal = on_diagonal,
                     .num_rows = num_rows,
                     .num_columns = num_columns,
                     .value_type = output.type,
                     .direct = at(output.direct, first_row, j),
                     .mirrored = mirrors ? at(output.mirrored, j, first_row) : nullptr,
                     .pitch = output.pitch,
                     .streams = output.streams});
    }

    const BlockJob& job_;
    const GramColumns& columns_;
    std::int64_t first_column_;
    std::int64_t stride_;
    std::vector<Count> sums_;       // [num_groups, kTileSize, stride]
    std::vector<DenseTerm> terms_;  // Of a row
    decltype(&scalar::add_dense) add_dense_ = GEMCORE_AT_LEVEL(add_dense);
    decltype(&scalar::write_tile) write_tile_ = GEMCORE_AT_LEVEL(write_tile);
};

/// From how many of the columns on a row of counts costs less than a list: measured, a posting as
/// much as 3 vectors.
int dense_from(GramVariant variant, int num_columns) {
    if (variant == GramVariant::kIndex) return std::numeric_limits<int>::max();
    if (variant == GramVariant::kDense) return 1;
    return std::max(2, num_columns / 32);
}

template <typename Count>
void sum_strips(const BlockJob& job, GramVariant variant) {
    const auto num_groups = static_cast<std::int64_t>(job.groups.rounds.size());
    const std::int64_t step =
        std::max<std::int64_t>(GramColumns::kMaxColumns / num_groups / kTileSize, 1) * kTileSize;
    for (std::int64_t first = 0; first < job.num_columns; first += step) {
        const auto size = static_cast<int>(std::min(step, job.num_columns - first));
        const GramColumns columns(job.histograms, first, size, job.sum_type,
                                  dense_from(variant, size));
        const std::int64_t above = job.symmetric ? first : 0;
        const std::int64_t num_strips = (job.num_rows - above + kTileSize - 1) / kTileSize;
        parallel_for(num_strips, 1, [&](std::int64_t begin, std::int64_t end) {
            Strip<Count> strip(job, columns, first);
            for (std::int64_t i = begin; i < end; ++i) strip.compute(above + i * kTileSize);
        });
    }
}

}  // namespace

void gram_block(const LabelledBatch& x, const LabelledBatch* y, const WlOptions& options,
                GramVariant variant, const GramOutput& output) {
    const std::int64_t num_rows = x.graphs.num_graphs;
    BlockJob job{y == nullptr ? wl_histograms(x, nullptr, options, KeptColors::kShared)
                              : wl_histograms(*y, &x, options, KeptColors::kShared),
                 {},
                 {},
                 options.normalize,
                 SumType::kUint16,
                 y == nullptr,
                 num_rows,
                 y == nullptr ? num_rows : y->graphs.num_graphs,
                 output};
    job.groups = group_rounds(job.histograms, options.round_weights);
    job.own = own_kernels(job.histograms, options.round_weights);
    job.sum_type = sum_type(job.histograms);
    if (job.sum_type == SumType::kUint16) {
        sum_strips<std::uint16_t>(job, variant);
    } else {
        sum_strips<std::uint32_t>(job, variant);
    }
}

}  // namespace gemcore
