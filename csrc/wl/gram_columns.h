// Some columns of a Gram matrix: which of their graphs have a color, and how often.
#pragma once

#include <cstdint>
#include <vector>

#include "wl/gram_tile.h"
#include "wl/histograms.h"

namespace gemcore {

/// The graphs first .. first + size - 1 of histograms. A color that many of them have gets a row of
/// counts, any other a list of postings.
///
/// Colors are numbered through all rounds: color c of round t is base_of(t) + c.
class GramColumns {
 public:
    static constexpr int kMaxColumns = 1024;
    static constexpr std::int64_t kMaxBytes = 8 << 20;

    /// From `dense_from` graphs on a color gets a row of counts; from more, where rows would take
    /// more than kMaxBytes.
    GramColumns(const Histograms& histograms, std::int64_t first, int size, SumType type,
                int dense_from);

    int size() const { return size_; }
    std::int64_t stride() const { return stride_; }
    const void* counts() const { return counts_.data(); }
    std::uint32_t base_of(int round) const { return bases_[round]; }

    /// Adds up the postings of the graph's element, or leaves a term for add_dense.
    template <typename Count>
    void add(std::uint32_t color, std::uint32_t count, int width, Count* sums,
             DenseTerm*& terms) const {
        const Place place = places_[color];
        if (place.size == kDense) {
            *terms++ = {place.begin, count};
            return;
        }
        for (std::uint32_t i = place.begin; i < place.begin + place.size; ++i) {
            const Posting posting = postings_[i];
            if (posting.column >= width) return;
            sums[posting.column] = static_cast<Count>(sums[posting.column] + count * posting.count);
        }
    }

 private:
    static constexpr std::uint32_t kDense = 0xffffffffu;

    struct Place {
        std::uint32_t begin;  ///< Of the postings, or the row of counts
        std::uint32_t size;   ///< Number of postings, or kDense
    };
    struct Posting {
        std::uint16_t column, count;
    };
    struct alignas(64) Line {
        std::uint8_t bytes[64];
    };

    std::uint32_t least_dense(int dense_from, std::int64_t max_rows) const;
    template <typename Count>
    void fill(const Histograms& histograms, std::int64_t first);

    int size_;
    std::int64_t stride_;
    std::vector<std::uint32_t> bases_;
    std::vector<Place> places_;  // [all colors]
    std::vector<Posting> postings_;
    std::vector<Line> counts_;
};

}  // namespace gemcore
