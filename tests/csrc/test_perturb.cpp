#include <bit>

#include "batch.h"
#include "expect.h"
#include "graph/perturb.h"

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

}  // namespace

int main() {
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
