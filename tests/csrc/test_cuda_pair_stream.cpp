// The fused kernel, its very source run on the CPU, against the steps one after the other.
#include <cuda_runtime.h>

#include <algorithm>
#include <cmath>

#include "batch.h"
#include "expect.h"
#include "graph/perturb.h"
#include "graph/prune.h"
#include "wl/pair_draws.cuh"
#include "wl/pair_stream_cuda.h"
#include "wl/pairs.h"

using namespace gemcore;

namespace {

constexpr std::uint64_t kSeed = 5, kCellSeed = 77;
constexpr std::uint8_t kSampledOps[] = {1, 2};
/// op * op; or, where `are_small`, below 4, for which the kernels have another way.
std::vector<std::uint64_t> label_table(bool are_small) {
    std::vector<std::uint64_t> table(256);
    for (std::size_t op = 0; op < table.size(); ++op) table[op] = are_small ? op % 4 : op * op;
    return table;
}
const std::vector<std::uint64_t> kLabels[] = {label_table(false), label_table(true)};

void draws_are_numpys() {
    // numpy.random.Philox(key=[5, 16], counter=100).random_raw(8)
    constexpr std::uint64_t kExpected[] = {
        0x1c6a98e0c1f53a26u, 0x9f2ded648f2060cdu, 0x5fe7a1c9c9248de1u, 0x81d56a1e1790d192u,
        0xcf7613586ba7abfau, 0xb99919190a7462e2u, 0x880dba395482c49fu, 0x7ef7cde844fcc5deu};
    for (std::uint64_t i = 0; i < 8; ++i) {
        EXPECT(cuda::wide_philox(kSeed, 16, 100 + i / 4).word[i % 4] == kExpected[i]);
    }
}

/// min_edits .. max_edits edits, log-uniform.
std::vector<std::uint64_t> edit_thresholds(int min_edits, int max_edits) {
    const double spread = static_cast<double>(max_edits + 1) / min_edits;
    std::vector<std::uint64_t> thresholds;
    for (int edits = min_edits + 1; edits <= max_edits; ++edits) {
        std::uint64_t low = 0, high = std::uint64_t{1} << 53;
        while (low < high) {
            const std::uint64_t middle = (low + high) / 2;
            const double uniform = static_cast<double>(middle) * 0x1p-53;
            if (min_edits * std::pow(spread, uniform) >= edits) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        thresholds.push_back(low);
    }
    return thresholds;
}

struct Case {
    SampleSpec space;
    std::int64_t num_pairs;
    bool from_pool;
    bool prunes;
    int output_op;
    WlOptions options;
    bool has_small_labels = false;

    const std::uint64_t* labels() const { return kLabels[has_small_labels].data(); }
};

struct Pairs {
    Batch a, b;
    std::vector<float> similarity;
    std::vector<std::uint8_t> kind;

    Pairs(std::int64_t num_pairs, int num_nodes)
        : a(num_pairs, num_nodes),
          b(num_pairs, num_nodes),
          similarity(static_cast<std::size_t>(num_pairs)),
          kind(static_cast<std::size_t>(num_pairs)) {}
    bool operator==(const Pairs&) const = default;
};

void copy_cell(const Batch& from, std::int64_t i, Batch& to, std::int64_t j) {
    const auto rows = static_cast<std::int64_t>(from.num_nodes) * words_for(from.num_nodes);
    std::copy_n(from.adjacency.data() + i * rows, rows, to.adjacency.data() + j * rows);
    std::copy_n(from.ops.data() + i * from.num_nodes, from.num_nodes,
                to.ops.data() + j * from.num_nodes);
    to.sizes[static_cast<std::size_t>(j)] = from.sizes[static_cast<std::size_t>(i)];
}

/// Cells of different sizes; not every first node has the op of the input.
Batch pool_of(const SampleSpec& spec) {
    Batch whole = sampled(spec, 40, 9), pool(40, spec.num_nodes);
    for (std::int64_t i = 0; i < 40; i += 3) whole.ops[i * spec.num_nodes] = 2;
    prune(whole.view(), -1, pool.writable());
    return pool;
}

cuda::PairStreamSpec spec_of(const Case& c, const Batch& pool,
                             const std::vector<std::uint64_t>& thresholds) {
    const cuda::PairMixtureSpec mixture{
        kSeed, 0.2, 0.6, 0.5, 1, static_cast<int>(thresholds.size()), thresholds.data()};
    return {c.space,   pool.view(), c.labels(),
            kCellSeed, mixture,     {kSampledOps, 2, 0, c.space.num_ops + 1, nullptr, nullptr},
            c.prunes,  c.output_op, c.options};
}

/// As gemcore/pairs.py does it.
Pairs step_by_step(const Case& c, const cuda::PairStreamSpec& spec, const Batch& pool,
                   std::uint64_t start) {
    const std::int64_t n = c.num_pairs;
    const int num_nodes = c.space.num_nodes;
    Pairs pairs(n, num_nodes);
    Batch cells(2 * n, num_nodes), a(n, num_nodes), partner(n, num_nodes), b(n, num_nodes);
    if (!c.from_pool) sample(c.space, kCellSeed, 2 * start, cells.writable());
    std::vector<std::int32_t> num_edits;
    std::vector<std::uint8_t> renumber;
    for (std::int64_t i = 0; i < n; ++i) {
        const auto draw = cuda::draw_pair(spec.mixture, start + static_cast<std::uint64_t>(i));
        for (int which = 0; c.from_pool && which < 2; ++which) {
            const std::uint64_t pick = std::uint64_t{draw.picks[which]} * 40 >> 32;
            copy_cell(pool, static_cast<std::int64_t>(pick), cells, 2 * i + which);
        }
        copy_cell(cells, 2 * i, a, i);
        copy_cell(cells, 2 * i + (draw.kind == cuda::PairKind::kIndependent), partner, i);
        num_edits.push_back(draw.num_edits);
        renumber.push_back(draw.renumber);
        pairs.kind[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(draw.kind);
    }
    perturb(partner.view(),
            {kSampledOps, 2, 0, c.space.num_ops + 1, num_edits.data(), renumber.data()}, kCellSeed,
            start, b.writable());
    pairs.a = a;
    pairs.b = b;
    if (c.prunes) {
        prune(a.view(), c.output_op, pairs.a.writable());
        prune(b.view(), c.output_op, pairs.b.writable());
    }
    std::vector<double> similarity(static_cast<std::size_t>(n));
    wl_pairs({pairs.a.view(), c.labels()}, {pairs.b.view(), c.labels()}, c.options,
             similarity.data());
    std::copy(similarity.begin(), similarity.end(), pairs.similarity.begin());
    return pairs;
}

void equals_the_steps(const Case& c) {
    const Batch pool = c.from_pool ? pool_of(c.space) : Batch(0, c.space.num_nodes);
    const auto thresholds = edit_thresholds(1, 40);
    const cuda::PairStreamSpec spec = spec_of(c, pool, thresholds);
    constexpr std::uint64_t kStart = 1000;
    Pairs actual(c.num_pairs, c.space.num_nodes);
    cuda::pair_stream(
        spec, kStart,
        {actual.a.writable(), actual.b.writable(), actual.similarity.data(), actual.kind.data()},
        nullptr);
    EXPECT(actual == step_by_step(c, spec, pool, kStart));
}

}  // namespace

int main() {
    draws_are_numpys();
    const WlOptions plain{3, Direction::kInOut, BaseLabels::kOps, {0.5, 0.5, 0.5, 0.5}, true};
    const WlOptions odd{
        4, Direction::kUndirected, BaseLabels::kDegree, {0.1, 0.7, 0.0, 0.3, 0.9}, true};
    for (const int n : {1, 2, 7, 30, 32, 33, 64, 65, 130, 256}) {
        const std::int64_t num_pairs = n <= 32 ? 100 : n <= 65 ? 30 : 8;
        equals_the_steps({bernoulli(n, 0.2), num_pairs, false, true, -1, plain});
        equals_the_steps({bernoulli(n, 0.5), num_pairs, false, false, -1, odd});
        equals_the_steps({bernoulli(n, 0.4), num_pairs, false, true, -1, plain, true});
        equals_the_steps({bernoulli(n, 0.3), num_pairs, true, true, 2, odd});
        const SampleSpec ends{n, 2, n > 1, Distribution::kUniformDensity, 0, -1};
        equals_the_steps({ends, num_pairs, false, true, 3, plain});
    }
    const SampleSpec grown{12, 2, false, Distribution::kGrow, 0, 20};
    equals_the_steps({grown, 50, false, true, -1, plain});
    equals_the_steps({bernoulli(9, 0.4), 1100, false, true, -1, plain});  // 32 pairs a warp
    equals_the_steps({bernoulli(10, 0.4), 0, false, true, -1, plain});
    return 0;
}
