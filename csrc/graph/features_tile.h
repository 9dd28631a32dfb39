// The inner loops of features.h. One source for every level: a tile of cells, one a lane.
#pragma once

#include "graph/features.h"
#include "support/simd.h"

namespace gemcore {

constexpr int kMostTileCells = 32;  ///< Lanes of the widest level.

/// Paths of smaller cells, and sums over them, are counted in 16 bits: there are at most 2^(N - 1).
constexpr int kFewNodes = 12;

struct FeatureJob {
    DagBatch cells;
    FeatureColumns columns;
    std::int64_t num_columns;
    const float* log1p_table;  ///< [32768], log(1 + i)
};

/// Bytes of scratch memory that write_features() needs, aligned to 64.
std::size_t feature_room(const FeatureJob& job);

/// Writes the rows of cells begin .. end - 1, the first one to rows[0].
GEMCORE_DECLARE_LEVELS(void write_features(const FeatureJob& job, std::int64_t begin,
                                           std::int64_t end, unsigned char* room, float* rows))

}  // namespace gemcore
