// The columns of a tile, in the order in which they are written, and their way into rows. For
// features_wide.cpp.
#pragma once

#include <cstdint>

#include "graph/features_lanes.h"
#include "graph/log1p.h"

namespace gemcore::GEMCORE_SIMD_LEVEL {
namespace {

class ColumnWriter {
 public:
    ColumnWriter(std::int64_t num_columns, const float* log1p_table, Room& room)
        : num_columns_(num_columns), log1p_table_(log1p_table) {
        counts_ = room.take<Lanes>(num_columns);
        reals_ = room.take<float>(num_columns * kLanes);
        real_columns_ = room.take<std::int64_t>(num_columns);
    }

    void clear() { num_written_ = num_reals_ = 0; }

    void write(Lanes counts) { counts_[num_written_++] = counts; }
    void write(const FewPaths& paths) { write(paths.count); }
    void write(const ManyPaths& paths) {
        write_real([&](int i) { return paths.count[i]; });
    }
    /// number(i) is that of lane i, as a double.
    template <typename Number>
    void write_real(const Number& number) {
        alignas(64) double values[kLanes];
        for (int i = 0; i < kLanes; ++i) values[i] = number(i);
        float* const logs = reals_ + num_reals_ * kLanes;
        for (int i = 0; i < kLanes; ++i) logs[i] = log1p_for_loops(values[i]);
        real_columns_[num_reals_++] = num_written_;
        write(Lanes{});
    }

    void copy_rows(int num_cells, float* rows) const {
        const auto* const counts = reinterpret_cast<const Number*>(counts_);
        for (int i = 0; i < num_cells; ++i) {
            float* const row = rows + i * num_columns_;
            for (std::int64_t c = 0; c < num_columns_; ++c) {
                row[c] = log1p_table_[counts[c * kLanes + i]];
            }
            for (std::int64_t r = 0; r < num_reals_; ++r) {
                row[real_columns_[r]] = reals_[r * kLanes + i];
            }
        }
    }

 private:
    typedef std::int16_t Number __attribute__((may_alias));

    const std::int64_t num_columns_;
    const float* const log1p_table_;
    Lanes* counts_;  ///< [num_columns], 0 where there is a real number
    float* reals_;   ///< [num_reals, kLanes], their logarithms
    std::int64_t* real_columns_;
    std::int64_t num_written_ = 0;
    std::int64_t num_reals_ = 0;
};

}  // namespace
}  // namespace gemcore::GEMCORE_SIMD_LEVEL
