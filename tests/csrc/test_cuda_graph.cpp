// The very source of the CUDA kernels that draw, edit and prune cells, run on the CPU, against the
// CPU's code: the same bits.
#include <algorithm>

#include "batch.h"
#include "expect.h"
#include "graph/perturb.h"
#include "graph/perturb_cuda.h"
#include "graph/prune.h"
#include "graph/prune_cuda.h"
#include "graph/sample_cuda.h"

using namespace gemcore;

namespace {

constexpr int kSizes[] = {1, 2, 7, 30, 31, 32, 33, 64, 65, 130, 256};

std::vector<SampleSpec> specs(int n) {
    return {bernoulli(n, 0.2),
            bernoulli(n, 1.0),
            bernoulli(n, 0.0),
            {n, 3, n > 1, Distribution::kUniformDensity, 0, -1},
            {n, 1, false, Distribution::kEdgeShrink, 0, -1},
            {n, 2, false, Distribution::kGrow, 0, 20}};
}

void cells_are_drawn_with_the_bits_of_the_cpu(const SampleSpec& spec) {
    Batch expected(150, spec.num_nodes), actual(150, spec.num_nodes);
    sample(spec, 42, 1000, expected.writable());
    cuda::sample(spec, 42, 1000, actual.writable(), nullptr);
    EXPECT(actual == expected);
}

/// Cells of different sizes, of whose nodes some have the op 3, the output of the calls below.
Batch cells_of(int num_nodes, std::int64_t num_cells, std::uint64_t seed) {
    const SampleSpec spec{num_nodes, 3, false, Distribution::kUniformDensity, 0, -1};
    Batch whole = sampled(spec, num_cells, seed), pruned(num_cells, num_nodes);
    // Some cells end with the output, some have it elsewhere too, some nowhere.
    for (std::int64_t i = 0; i < num_cells; ++i) {
        std::uint8_t* ops = whole.ops.data() + i * num_nodes;
        for (int v = 0; v < num_nodes; ++v) {
            if (ops[v] == 3 && i % 3 != 0) ops[v] = 1;
        }
        if (i % 3 == 1) ops[num_nodes - 1] = 3;
        if (i % 4 == 3) ops[0] = 2;  // Not the input.
    }
    prune(whole.view(), -1, pruned.writable());
    return pruned;
}

void cells_are_pruned_with_the_bits_of_the_cpu(int num_nodes) {
    const SampleSpec spec{num_nodes, 3, num_nodes > 1, Distribution::kUniformDensity, 0, -1};
    const Batch whole = sampled(spec, 200, 3), cells = cells_of(num_nodes, 200, 4);
    for (const Batch* batch : {&whole, &cells}) {
        for (const int output_op : {-1, 3, 4}) {
            Batch expected(200, num_nodes), actual(200, num_nodes);
            prune(batch->view(), output_op, expected.writable());
            cuda::prune(batch->view(), output_op, actual.writable(), nullptr);
            EXPECT(actual == expected);
        }
    }
}

void cells_are_edited_with_the_bits_of_the_cpu(int num_nodes, int num_cells) {
    const Batch cells = cells_of(num_nodes, num_cells, 5);
    const std::uint8_t sampled_ops[] = {2, 1};
    std::vector<std::int32_t> num_edits(cells.sizes.size());
    std::vector<std::uint8_t> renumber(cells.sizes.size());
    for (std::size_t i = 0; i < num_edits.size(); ++i) {
        num_edits[i] = i % 7 == 6 ? 100'000 : static_cast<std::int32_t>(i * i % 23);
        renumber[i] = i % 3 != 0;
    }
    for (const int num_sampled : {2, 1, 0}) {
        const PerturbSpec spec{sampled_ops, num_sampled, 0, 3, num_edits.data(), renumber.data()};
        Batch expected(num_cells, num_nodes), actual(num_cells, num_nodes);
        perturb(cells.view(), spec, 11, 500, expected.writable());
        cuda::perturb(cells.view(), spec, 11, 500, actual.writable(), nullptr);
        EXPECT(actual == expected);
    }
}

}  // namespace

int main() {
    for (const int num_nodes : kSizes) {
        for (const SampleSpec& spec : specs(num_nodes)) {
            cells_are_drawn_with_the_bits_of_the_cpu(spec);
        }
        cells_are_pruned_with_the_bits_of_the_cpu(num_nodes);
        for (const int num_cells : {0, 1, 150}) {
            cells_are_edited_with_the_bits_of_the_cpu(num_nodes, num_cells);
        }
    }
    cells_are_edited_with_the_bits_of_the_cpu(9, 1100);  // 32 cells a warp
    cells_are_drawn_with_the_bits_of_the_cpu(
        {7, 3, true, Distribution::kBernoulli, std::uint64_t{1} << 31, 9});
    return 0;
}
