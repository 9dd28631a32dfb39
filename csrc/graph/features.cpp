#include "graph/features.h"

#include <memory>
#include <new>
#include <vector>

#include "graph/features_tile.h"
#include "graph/log1p.h"
#include "support/parallel_for.h"

namespace gemcore {
namespace {

constexpr int kOpColumns = 14;
constexpr int kSubsetColumns = 3;
constexpr int kUnionColumns = 5;  ///< More of a subset that holds several ops.
constexpr int kCellColumns = 17;
constexpr int kCostColumns = 2;
constexpr std::int64_t kGrain = 1024;  ///< About a millisecond of work for small cells.

/// Lazily made once: half a millisecond.
const float* log1p_table() {
    static const std::vector<float> table = [] {
        std::vector<float> logs(32768);
        for (std::size_t i = 0; i < logs.size(); ++i) {
            logs[i] = log1p_for_loops(static_cast<double>(i));
        }
        return logs;
    }();
    return table.data();
}

struct AlignedDelete {
    void operator()(unsigned char* bytes) const {
        ::operator delete[](bytes, std::align_val_t{64});
    }
};

}  // namespace

std::int64_t num_features(const FeatureColumns& columns) {
    std::int64_t total = kOpColumns * columns.num_ops + kCellColumns;
    for (int s = 0; s < columns.num_subsets; ++s) {
        int num_members = 0;
        for (int o = 0; o < columns.num_ops; ++o) {
            num_members += columns.subsets[s * columns.num_ops + o];
        }
        total += kSubsetColumns + (num_members > 1 ? kUnionColumns : 0);
    }
    if (columns.has_pairs) total += std::int64_t{columns.num_ops} * columns.num_ops;
    if (columns.prices != nullptr) total += kCostColumns;
    return total;
}

std::size_t feature_room(const FeatureJob& job) {
    constexpr std::size_t kVector = 2 * kMostTileCells;
    const auto n = static_cast<std::size_t>(job.cells.num_nodes);
    const std::size_t numbers = n * (n - 1) + 32 * n;
    const std::size_t paths = 4 * n * kMostTileCells * sizeof(double);
    const std::size_t columns = static_cast<std::size_t>(job.num_columns) *
                                (kVector + kMostTileCells * sizeof(float) + sizeof(std::int64_t));
    return numbers * kVector + paths + columns + 32 * 64;
}

void graph_features(const DagBatch& cells, const FeatureColumns& columns, float* features) {
    const FeatureJob job{cells, columns, num_features(columns), log1p_table()};
    const auto write = GEMCORE_AT_LEVEL(write_features);
    const std::size_t num_bytes = feature_room(job);
    const int n = cells.num_nodes;
    const std::int64_t grain = n <= 64 ? kGrain : kGrain / 16;
    parallel_for(cells.num_graphs, grain, [&](std::int64_t begin, std::int64_t end) {
        const std::unique_ptr<unsigned char, AlignedDelete> room(
            new (std::align_val_t{64}) unsigned char[num_bytes]);
        write(job, begin, end, room.get(), features + begin * job.num_columns);
    });
}

}  // namespace gemcore
