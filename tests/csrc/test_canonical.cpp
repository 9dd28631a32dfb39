#include <memory>

#include "batch.h"
#include "expect.h"
#include "graph/canonical.h"
#include "graph/perturb.h"
#include "graph/prune.h"
#include "levels.h"

using namespace gemcore;

namespace {

constexpr std::uint64_t kLabels[256] = {11, 22, 33};

Batch renumbered(const Batch& cells, std::uint64_t seed) {
    const std::vector<std::int32_t> no_edits(cells.sizes.size());
    const std::vector<std::uint8_t> renumber(cells.sizes.size(), 1);
    Batch out(cells.size(), cells.num_nodes);
    perturb(cells.view(), {nullptr, 0, 0, -1, no_edits.data(), renumber.data()}, seed, 0,
            out.writable());
    return out;
}

Batch canonical(const Batch& cells, std::vector<char>& proven, PinnedOps pinned = {0, -1}) {
    Batch out(cells.size(), cells.num_nodes);
    const auto is_proven = std::make_unique<bool[]>(cells.sizes.size());
    canonicalize({cells.view(), kLabels}, pinned, out.writable(), is_proven.get());
    proven.assign(is_proven.get(), is_proven.get() + cells.sizes.size());
    return out;
}

void renumbering_changes_nothing() {
    for (const int n : {1, 2, 5, 30, 64, 65, 130}) {
        const Batch cells = sampled(bernoulli(n, n < 10 ? 0.5 : 3.0 / n), 40, 1);
        std::vector<char> proven;
        const Batch form = canonical(cells, proven);
        std::vector<char> again;
        EXPECT(canonical(renumbered(cells, 2), again) == form);
        EXPECT(canonical(form, again) == form);
        EXPECT(proven == std::vector<char>(proven.size(), 1));
    }
}

/// Ten chains of two nodes from the input, or one 6-cycle pattern against two triangles: colors
/// can't tell the nodes apart, singling out must.
void symmetric_graphs_get_one_form() {
    Batch chains(1, 21);
    chains.sizes = {21};
    std::fill(chains.ops.begin() + 1, chains.ops.end(), 1);
    for (int i = 1; i <= 10; ++i) {
        chains.adjacency[0] |= std::uint64_t{1} << i;
        chains.adjacency[static_cast<std::size_t>(i)] = std::uint64_t{1} << (10 + i);
    }
    std::vector<char> proven;
    const Batch form = canonical(chains, proven);
    EXPECT(proven[0]);
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
        EXPECT(canonical(renumbered(chains, seed), proven) == form);
    }
}

/// Two layers of six nodes, joined as a 12-cycle or as two 6-cycles: 1-WL can't tell these apart.
void graphs_that_colors_confuse_get_two_forms() {
    const auto joined = [](const std::vector<std::pair<int, int>>& pairs) {
        Batch graph(1, 13);
        graph.sizes = {13};
        std::fill(graph.ops.begin() + 1, graph.ops.end(), 1);
        graph.adjacency[0] = 0b1111110;
        for (const auto& [u, v] : pairs) {
            graph.adjacency[static_cast<std::size_t>(1 + u)] |= std::uint64_t{1} << (7 + v);
        }
        return graph;
    };
    std::vector<std::pair<int, int>> one;
    std::vector<std::pair<int, int>> two;
    for (int i = 0; i < 6; ++i) {
        one.insert(one.end(), {{i, i}, {i, (i + 1) % 6}});
        two.insert(two.end(), {{i, i}, {i, i / 3 * 3 + (i + 1) % 3}});
    }
    std::vector<char> proven;
    const Batch form = canonical(joined(one), proven);
    EXPECT(proven[0]);
    EXPECT(!(canonical(joined(two), proven) == form));
    for (std::uint64_t seed = 0; seed < 10; ++seed) {
        EXPECT(canonical(renumbered(joined(one), seed), proven) == form);
    }
}

/// Sparse cells have twins and other ties, full ones none; pruned ones are of many sizes.
void levels_agree() {
    for (const int n : {1, 2, 7, 16, 17, 31, 32, 33, 63, 64, 65}) {
        for (const double edge_prob : {0.0, 1.5 / n, 0.3, 1.0}) {
            Batch cells = sampled(bernoulli(n, edge_prob), n > 32 ? 20 : 300, 3);
            for (const PinnedOps pinned : {PinnedOps{-1, -1}, PinnedOps{0, 2}, PinnedOps{0, 300}}) {
                std::vector<char> proven;
                const Batch expected =
                    by_portable_code([&] { return canonical(cells, proven, pinned); });
                at_each_wide_level([&] {
                    std::vector<char> again;
                    EXPECT(canonical(cells, again, pinned) == expected);
                    EXPECT(again == proven);
                });
                prune(Batch(cells).view(), pinned.output_op, cells.writable());
            }
        }
    }
}

/// Twins are interchangeable, but so many that the search for their order was cut off stay so.
void many_twins() {
    for (const int num_twins : {91, 92}) {
        Batch star(1, num_twins + 1);
        star.sizes[0] = static_cast<std::uint16_t>(num_twins + 1);
        std::fill(star.ops.begin() + 1, star.ops.end(), 1);
        for (int v = 1; v <= num_twins; ++v)
            star.writable().row(0, 0)[v / 64] |= std::uint64_t{1} << (v % 64);
        std::vector<char> proven;
        EXPECT(canonical(star, proven) == star);
        EXPECT(proven[0] == (num_twins == 91));
    }
}

}  // namespace

int main() {
    levels_agree();
    many_twins();
    renumbering_changes_nothing();
    symmetric_graphs_get_one_form();
    graphs_that_colors_confuse_get_two_forms();
}
