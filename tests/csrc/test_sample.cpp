#include "batch.h"
#include "expect.h"
#include "support/parallel_for.h"
#include "support/philox.h"

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
    planes_give_what_the_definition_gives();
    threads_and_splits_change_nothing();
    edges_over_the_limit_are_counted();
}
