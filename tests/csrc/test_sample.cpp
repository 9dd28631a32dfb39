#include <algorithm>

#include "batch.h"
#include "expect.h"
#include "levels.h"
#include "support/parallel_for.h"
#include "support/philox.h"
#include "support/simd.h"

using namespace gemcore;

namespace {

std::vector<SampleSpec> specs() {
    const std::uint64_t half = std::uint64_t{1} << 31;
    std::vector<SampleSpec> all;
    for (const int n : {1, 2, 7, 30, 64, 65, 130, 256}) {
        all.push_back(bernoulli(n, 0.2));
        all.push_back({n, 3, n > 1, Distribution::kUniformDensity, 0, -1});
        all.push_back({n, 1, false, Distribution::kEdgeShrink, 0, -1});
        all.push_back({n, 2, false, Distribution::kGrow, 0, 20});
    }
    all.push_back({7, 3, true, Distribution::kBernoulli, half, 9});
    all.push_back({30, 2, false, Distribution::kBernoulli, 2 * half, -1});
    all.push_back({30, 2, false, Distribution::kBernoulli, 0, -1});
    return all;
}

/// The definition of a Bernoulli edge, one 32-bit uniform at a time.
bool edge_by_definition(const SampleSpec& spec, std::uint64_t seed, std::uint64_t index, int edge) {
    const int num_possible = spec.num_nodes * (spec.num_nodes - 1) / 2;
    const int blocks_per_plane = ((num_possible + 31) / 32 + 3) / 4;
    std::uint64_t uniform = 0;
    for (int plane = 0; plane < 32; ++plane) {
        const int group = edge / 32;
        const PhiloxBlock block =
            philox(seed, Stream::kSampleEdges, index,
                   static_cast<std::uint32_t>(plane * blocks_per_plane + group / 4));
        uniform = 2 * uniform + (block.word[group % 4] >> (edge % 32) & 1);
    }
    return uniform < spec.threshold;
}

void planes_give_what_the_definition_gives() {
    for (const int n : {2, 9, 30, 70, 150}) {
        for (const double p : {0.0, 0.05, 0.2, 0.5, 0.875, 1.0}) {
            const SampleSpec spec = bernoulli(n, p);
            const Batch cells = sampled(spec, 3, 5);
            for (int i = 0; i < 3; ++i) {
                int edge = 0;
                for (int u = 0; u < n; ++u) {
                    for (int v = u + 1; v < n; ++v, ++edge) {
                        EXPECT(cells.view().has_edge(i, u, v) ==
                               edge_by_definition(spec, 5, static_cast<std::uint64_t>(i), edge));
                    }
                }
            }
        }
    }
}

/// A kind of edges for cells of n nodes with which a level could go wrong.
SampleSpec spec_of_kind(int n, int kind) {
    const double edge_probs[] = {0.5, 0.05, 0.25, 0.9375, 1.0, 0.0, 1.0 / 4294967296.0};
    const int num_possible = n * (n - 1) / 2;
    const int num_ops = n % 3 == 0 ? 253 : n % 5 + 1;
    SampleSpec spec{n, num_ops, n % 2 == 0, Distribution::kBernoulli, 0, -1};
    if (kind < 7) spec.threshold = static_cast<std::uint64_t>(edge_probs[kind] * 4294967296.0);
    if (kind == 0 && n % 4 == 0) spec.max_edges = num_possible / 2;
    if (kind == 1 && n % 4 == 1) spec.max_edges = num_possible / 20;
    if (kind == 7 || kind == 8) spec.distribution = Distribution::kUniformDensity;
    if (kind == 8) spec.max_edges = num_possible / 2;
    if (kind == 9) spec.distribution = Distribution::kEdgeShrink;
    if (kind >= 10) {
        spec.distribution = Distribution::kGrow;
        spec.max_edges = kind == 10 ? 1 : 2 * n;
    }
    return spec;
}

void every_level_gives_the_scalar_bits() {
    const std::uint64_t seed = 0x123456789abcdefu;
    const std::uint64_t start = (std::uint64_t{1} << 32) - 5;  // Both halves of the index count.
    for (int n = 1; n <= kMaxNodes; n += n < 70 ? 1 : 31) {
        for (int kind = 0; kind < 12; ++kind) {
            const SampleSpec spec = spec_of_kind(n, kind);
            const std::int64_t num_cells = n < 33 ? 620 : n < 70 ? 37 : 9;  // Several tiles.
            set_simd_level(SimdLevel::kScalar);
            Batch expected(num_cells, n);
            EXPECT(sample(spec, seed, start, expected.writable()) == 0);
            at_every_level([&] {
                Batch actual(num_cells, n);
                std::fill(actual.adjacency.begin(), actual.adjacency.end(), ~std::uint64_t{0});
                std::fill(actual.ops.begin(), actual.ops.end(), std::uint8_t{77});
                EXPECT(sample(spec, seed, start, actual.writable()) == 0);
                EXPECT(actual == expected);
            });
        }
    }
}

void threads_and_splits_change_nothing() {
    for (const SampleSpec& spec : specs()) {
        set_num_threads(1);
        const Batch whole = sampled(spec, 2500, 7);
        set_num_threads(3);
        EXPECT(sampled(spec, 2500, 7) == whole);
        Batch parts(2500, spec.num_nodes);
        const MutableDagBatch all = parts.writable();
        for (const auto& [begin, end] : {std::pair{0, 1}, {1, 1200}, {1200, 2500}}) {
            sample(spec, 7, static_cast<std::uint64_t>(begin),
                   {all.row(begin, 0), all.ops_of(begin), all.sizes + begin, end - begin,
                    all.num_nodes, all.num_words});
        }
        EXPECT(parts == whole);
    }
    set_num_threads(0);
}

void edges_over_the_limit_are_counted() {
    // No cell of the complete DAG has at most 2 edges: all attempts fail.
    const SampleSpec spec{4, 1, false, Distribution::kBernoulli, std::uint64_t{1} << 32, 2};
    Batch cells(3, 4);
    EXPECT(sample(spec, 0, 0, cells.writable()) == 3);
}

}  // namespace

int main() {
    at_every_level(planes_give_what_the_definition_gives);
    every_level_gives_the_scalar_bits();
    threads_and_splits_change_nothing();
    at_every_level(edges_over_the_limit_are_counted);
}
