#include <cmath>
#include <vector>

#include "batch.h"
#include "expect.h"
#include "graph/walks.h"
#include "support/parallel_for.h"

using namespace gemcore;

namespace {

/// One set: all nodes of op 1. Op 0 is the input, 2 another operation, 3 the output.
std::vector<float> walks_of(const Batch& cells, int output_op) {
    std::vector<std::uint8_t> is_member(kAbsent + 1, 0);
    is_member[1] = 1;
    std::vector<float> found(cells.view().num_graphs * kWalkColumns, -1.0F);
    walk_features(cells.view(), {is_member.data(), 1, output_op}, found.data());
    return found;
}

bool near(float found, double wanted) { return std::abs(std::expm1(found) - wanted) < 1e-5; }

Batch cell_of(std::vector<std::uint8_t> ops, std::vector<std::uint64_t> rows) {
    Batch cell(1, static_cast<int>(ops.size()));
    cell.sizes = {static_cast<std::uint16_t>(ops.size())};
    cell.ops = std::move(ops);
    cell.adjacency = std::move(rows);
    return cell;
}

void test_two_ways_by_hand() {
    // 0 -> 1 -> 4, 0 -> 2 -> 3 -> 4; nodes 1 and 2 are counted, both ways are equally wide.
    const auto found = walks_of(cell_of({0, 1, 1, 2, 3}, {0b110, 0b10000, 0b1000, 0b10000, 0}), 3);
    EXPECT(near(found[0], 1));
    EXPECT(near(found[1], 0));
    EXPECT(near(found[2], 1));
    EXPECT(near(found[4], 1));
}

void test_wide_ways_are_taken_more_often() {
    // The output reads node 0, as wide as itself, and nodes 1 and 2, half as wide, of which 1
    // counts.
    const auto found = walks_of(cell_of({0, 1, 2, 3}, {0b1110, 0b1000, 0b1000, 0}), 3);
    EXPECT(near(found[0], 1.0 / 3));
    EXPECT(near(found[1], std::sqrt(2.0 / 9)));
    EXPECT(near(found[2], 1.0 / 4));
    EXPECT(near(found[3], std::sqrt(3.0 / 16)));
    EXPECT(near(found[4], 1.0 / 3));
}

void test_leaves_end_a_cell_without_output() {
    // 0 -> 1, 0 -> 2: half of the walks meet node 1.
    const auto found = walks_of(cell_of({0, 1, 2}, {0b110, 0, 0}), -1);
    EXPECT(near(found[0], 0.5));
    EXPECT(near(found[2], 0.5));
    EXPECT(near(found[4], 0.5));
}

void test_alone() {
    for (const int output_op : {-1, 3}) {
        const auto found = walks_of(cell_of({1}, {0}), output_op);
        EXPECT(near(found[0], 1));
        EXPECT(near(found[1], 0));
    }
}

void test_largest_cells_on_threads() {
    Batch cells(40, kMaxNodes);
    for (int graph = 0; graph < 40; ++graph) {
        cells.sizes[graph] = kMaxNodes;
        for (int u = 0; u < kMaxNodes; ++u) {
            cells.ops[graph * kMaxNodes + u] = u % 3;
            for (int v = u + 1; v < kMaxNodes; ++v) {
                const bool is_edge = v == u + 1 || (u * 7 + v * graph) % 3 == 0;
                if (is_edge)
                    cells.adjacency[(graph * kMaxNodes + u) * 4 + v / 64] |= 1ULL << v % 64;
            }
        }
    }
    set_num_threads(1);
    const auto alone = walks_of(cells, -1);
    set_num_threads(4);
    EXPECT(walks_of(cells, -1) == alone);
    for (const float number : alone) EXPECT(std::isfinite(number) && number >= 0);
}

}  // namespace

int main() {
    test_two_ways_by_hand();
    test_wide_ways_are_taken_more_often();
    test_leaves_end_a_cell_without_output();
    test_alone();
    test_largest_cells_on_threads();
    return 0;
}
