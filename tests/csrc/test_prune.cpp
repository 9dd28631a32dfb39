#include "batch.h"
#include "expect.h"
#include "graph/prune.h"
#include "levels.h"

using namespace gemcore;

namespace {

void levels_agree() {
    for (const int n : {1, 2, 7, 8, 9, 16, 17, 31, 32, 33, 63, 64, 65}) {
        for (const double edge_prob : {0.0, 1.5 / n, 0.5, 1.0}) {
            for (const std::int64_t num_cells : {1, 8, 37}) {
                Batch cells = sampled(bernoulli(n, edge_prob), num_cells, 2);
                for (const int output_op : {-1, 2, 2, 9, 300}) {
                    const auto call = [&] {
                        Batch out(num_cells, n);
                        prune(cells.view(), output_op, out.writable());
                        return out;
                    };
                    const Batch expected = by_portable_code(call);
                    at_each_wide_level([&] { EXPECT(call() == expected); });
                    cells = expected;  // Then cells of many sizes.
                }
            }
        }
    }
}

}  // namespace

int main() {
    levels_agree();
    // 0 -> 2 -> 4, 1 -> 2, 3 alone: nodes 1 and 3 are dead.
    Batch cell(1, 6);
    cell.sizes = {5};
    cell.ops = {0, 1, 2, 1, 3, kAbsent};
    cell.adjacency = {0b000100, 0b000100, 0b010000, 0, 0, 0};
    Batch pruned(1, 6);
    prune(cell.view(), -1, pruned.writable());
    EXPECT((pruned.sizes == std::vector<std::uint16_t>{3}));
    EXPECT((pruned.ops == std::vector<std::uint8_t>{0, 2, 3, kAbsent, kAbsent, kAbsent}));
    EXPECT((pruned.adjacency == std::vector<std::uint64_t>{0b010, 0b100, 0, 0, 0, 0}));

    prune(cell.view(), 2, pruned.writable());  // Node 2 is the output: node 4 reaches none.
    EXPECT((pruned.sizes == std::vector<std::uint16_t>{2}));
    prune(cell.view(), 9, pruned.writable());  // No output at all: as without the rule.
    EXPECT((pruned.sizes == std::vector<std::uint16_t>{3}));
    cell.adjacency[2] = 0;
    prune(cell.view(), 3, pruned.writable());  // The output is not reached: the input alone stays.
    EXPECT((pruned.sizes == std::vector<std::uint16_t>{1}));

    for (const int n : {1, 64, 65, 256}) {  // Done once is done: nothing dead is left.
        const Batch cells = sampled(bernoulli(n, 2.0 / n), 50, 3);
        Batch once(50, n);
        Batch twice(50, n);
        prune(cells.view(), -1, once.writable());
        prune(once.view(), -1, twice.writable());
        EXPECT(once == twice);
    }
}
