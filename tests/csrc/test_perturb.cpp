#include <bit>

#include "batch.h"
#include "expect.h"
#include "graph/perturb.h"
#include "graph/prune.h"
#include "levels.h"

using namespace gemcore;

namespace {

Batch edited(const Batch& cells, int num_edits, bool renumber) {
    const std::uint8_t ops[] = {1, 2};
    const std::vector<std::int32_t> edits(cells.sizes.size(), num_edits);
    const std::vector<std::uint8_t> flags(cells.sizes.size(), renumber);
    Batch out(cells.size(), cells.num_nodes);
    perturb(cells.view(), {ops, 2, 0, -1, edits.data(), flags.data()}, 3, 0, out.writable());
    return out;
}

int differing_edges(const Batch& a, const Batch& b, std::int64_t graph) {
    int count = 0;
    const std::int64_t words = std::int64_t{a.num_nodes} * words_for(a.num_nodes);
    for (std::int64_t i = graph * words; i < (graph + 1) * words; ++i) {
        count += std::popcount(a.adjacency[static_cast<std::size_t>(i)] ^
                               b.adjacency[static_cast<std::size_t>(i)]);
    }
    return count;
}

/// Every kind of cell, edit and place of the reserved ops, many sizes in one batch, indices that
/// carry into the high half of the counter.
void levels_agree() {
    constexpr std::int64_t kNumCells = 75;
    for (const int n : {1, 2, 3, 8, 9, 31, 32, 33, 63, 64, 65}) {
        Batch cells(kNumCells, n);
        prune(sampled(bernoulli(n, 0.3), kNumCells, 1).view(), 2, cells.writable());
        std::vector<std::int32_t> edits(kNumCells);
        std::vector<std::uint8_t> renumber(kNumCells);
        for (std::size_t i = 0; i < edits.size(); ++i) {
            edits[i] = static_cast<std::int32_t>(i % 5 == 4 ? 0 : i);
            renumber[i] = static_cast<std::uint8_t>(i % 3 == 0);
        }
        const std::uint8_t ops[] = {2, 1, 250};
        for (const int num_ops : {0, 1, 3}) {
            for (const int output_op : {-1, 2}) {
                const PerturbSpec spec{ops, num_ops, 0, output_op, edits.data(), renumber.data()};
                const auto call = [&] {
                    Batch out(kNumCells, n);
                    perturb(cells.view(), spec, ~std::uint64_t{0} - 4, 0xffffffe0u, out.writable());
                    return out;
                };
                const Batch expected = by_portable_code(call);
                at_each_wide_level([&] { EXPECT(call() == expected); });
            }
        }
    }
}

}  // namespace

int main() {
    levels_agree();
    for (const int n : {1, 2, 10, 65, 200}) {
        const Batch cells = sampled(bernoulli(n, 0.4), 60, 1);
        EXPECT(edited(cells, 0, false) == cells);
        for (const int num_edits : {1, 2, 7, 100000}) {
            const Batch out = edited(cells, num_edits, false);
            for (std::int64_t i = 0; i < cells.size(); ++i) {
                const int changed = differing_edges(cells, out, i);
                EXPECT(changed <= num_edits && changed <= n * (n - 1) / 2);
                // Enough edges of both kinds: every edit shows.
                if (n >= 65 && num_edits < 10) EXPECT(changed == num_edits);
                for (int u = 0; u < n; ++u) {
                    for (int v = 0; v <= u; ++v) EXPECT(!out.view().has_edge(i, u, v));
                }
                EXPECT(out.view().ops_of(i)[0] == 0);
            }
        }
        const Batch turned = edited(cells, 0, true);
        for (std::int64_t i = 0; i < cells.size(); ++i) {
            for (int u = 0; u < n; ++u) {
                for (int v = 0; v <= u; ++v) EXPECT(!turned.view().has_edge(i, u, v));
            }
        }
    }
}
