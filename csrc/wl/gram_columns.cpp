#include "wl/gram_columns.h"

#include <algorithm>

namespace gemcore {

GramColumns::GramColumns(const Histograms& histograms, std::int64_t first, int size, SumType type,
                         int dense_from)
    : size_(size), stride_((size + 127) / 128 * 128) {
    std::uint32_t num_colors = 0;
    for (const RoundHistograms& round : histograms.rounds) {
        bases_.push_back(num_colors);
        num_colors += static_cast<std::uint32_t>(round.num_colors);
    }
    places_.assign(num_colors, Place{0, 0});
    for (std::size_t t = 0; t < histograms.rounds.size(); ++t) {
        const RoundHistograms& round = histograms.rounds[t];
        for (auto i = round.begin[first]; i < round.begin[first + size]; ++i) {
            ++places_[bases_[t] + round.colors[i]].size;
        }
    }
    const std::int64_t row_bytes = stride_ * (type == SumType::kUint16 ? 2 : 4);
    const std::uint32_t least = least_dense(dense_from, kMaxBytes / row_bytes);
    std::uint32_t num_rows = 0, num_postings = 0;
    for (Place& place : places_) {
        if (place.size >= least) {
            place = {num_rows++, kDense};
        } else {
            place.begin = num_postings;
            num_postings += place.size;
            place.size = 0;  // fill() counts them again.
        }
    }
    postings_.resize(num_postings);
    counts_.assign(static_cast<std::size_t>(num_rows * row_bytes) / sizeof(Line), Line{});
    type == SumType::kUint16 ? fill<std::uint16_t>(histograms, first)
                             : fill<std::uint32_t>(histograms, first);
}

std::uint32_t GramColumns::least_dense(int dense_from, std::int64_t max_rows) const {
    std::int64_t least = dense_from;
    while (std::count_if(places_.begin(), places_.end(),
                         [&](const Place& place) { return place.size >= least; }) > max_rows) {
        least *= 2;
    }
    return static_cast<std::uint32_t>(least);
}

template <typename Count>
void GramColumns::fill(const Histograms& histograms, std::int64_t first) {
    auto* counts = reinterpret_cast<Count*>(counts_.data());
    for (std::size_t t = 0; t < histograms.rounds.size(); ++t) {
        const RoundHistograms& round = histograms.rounds[t];
        for (int column = 0; column < size_; ++column) {
            const std::int64_t end = round.begin[first + column + 1];
            for (auto i = round.begin[first + column]; i < end; ++i) {
                Place& place = places_[bases_[t] + round.colors[i]];
                if (place.size == kDense) {
                    counts[place.begin * stride_ + column] = round.counts[i];
                } else {
                    postings_[place.begin + place.size++] = {static_cast<std::uint16_t>(column),
                                                             round.counts[i]};
                }
            }
        }
    }
}

}  // namespace gemcore
