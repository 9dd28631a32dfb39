#include <stdexcept>
#include <string>

#include "batch.h"
#include "cell/nasbench101.h"
#include "expect.h"

using namespace gemcore;

namespace {

constexpr CostOps kOps{4, 0, 3};

/// Prices by which a sum says what was paid: 1 for each channel in multiply-adds, parameters by op.
std::vector<std::int64_t> channel_prices(int num_nodes) {
    std::vector<std::int64_t> prices;
    for (int op = 0; op < kOps.num_ops; ++op) {
        for (int num_read = 0; num_read < num_nodes; ++num_read) {
            for (const int channels : kStackChannels) {
                for (int extra = 0; extra < 2; ++extra) {
                    const bool is_direct = op == kOps.output;
                    prices.push_back(is_direct ? 1000000
                                               : channels / std::max(num_read, 1) + extra);
                    prices.push_back(op == 0 ? 1 : op == 1 ? 100 : op == 2 ? 10000 : 1000000);
                }
            }
        }
    }
    return prices;
}

struct Cost {
    std::int64_t macs, params;
};

Cost cost_of(const Batch& cell) {
    const auto prices = channel_prices(cell.num_nodes);
    Cost cost{-1, -1};
    nasbench101_cost(cell.view(), kOps, {prices.data(), cell.num_nodes}, &cost.macs, &cost.params);
    return cost;
}

Batch cell_of(std::vector<std::uint8_t> ops, std::vector<std::uint64_t> rows) {
    Batch cell(1, static_cast<int>(ops.size()));
    cell.sizes = {static_cast<std::uint16_t>(ops.size())};
    cell.ops = std::move(ops);
    cell.adjacency = std::move(rows);
    return cell;
}

void refuses(const Batch& cell, const std::string& message) {
    try {
        cost_of(cell);
    } catch (const std::invalid_argument& error) {
        EXPECT(error.what() == message);
        return;
    }
    EXPECT(false);
}

}  // namespace

int main() {
    // The output reads nodes 2, 3 and 4: 43, 43 and 42 of 128 channels; node 1 is read by node 4
    // alone. Of 256: 86, 85, 85; of 512: 171, 171, 170. The input is read by nodes 1, 2 and 3.
    const Batch three =
        cell_of({0, 1, 1, 2, 2, 3}, {0b001110, 0b010000, 0b100000, 0b100000, 0b100000, 0});
    const std::int64_t first = 43 + 86 + 171, second = 43 + 85 + 171, third = 42 + 85 + 170;
    EXPECT(cost_of(three).macs == first + second + third + third + first + second + third);
    EXPECT(cost_of(three).params == 3 * (3 * 1 + 2 * 100 + 2 * 10000));

    // A node as wide as the widest that reads it: node 1 is read by nodes 2 and 3, and no output.
    const Batch widest =
        cell_of({0, 1, 1, 1, 1, 3}, {0b000010, 0b011100, 0b100000, 0b100000, 0b100000, 0});
    EXPECT(cost_of(widest).macs == 2 * first + first + second + third);

    // Node 2 is dead, so the output reads node 1 alone, and the input.
    const Batch direct = cell_of({0, 1, 2, 3}, {0b1110, 0b1000, 0, 0});
    EXPECT(cost_of(direct).macs == 2 * (128 + 256 + 512) + 1000000);
    EXPECT(cost_of(cell_of({0, 3}, {0b10, 0})).macs == 1000000);

    refuses(cell_of({0, 1}, {0b10, 0}),
            "cells must have 'output' at the last node, got another op of cell 0");
    refuses(cell_of({0}, {0}),
            "cells must have 'output' at the last node, got another op of cell 0");
    refuses(cell_of({0, 1, 3}, {0b010, 0, 0}),
            "cells must have a path from input to output, got none of cell 0");
    refuses(cell_of({1, 3}, {0b10, 0}),
            "cells must have 'input' at node 0 and nowhere else, got another op at node 0 of cell "
            "0");
    Batch wide(1, 131);  // The output reads 129 nodes.
    wide.sizes = {131};
    std::fill(wide.ops.begin(), wide.ops.end(), std::uint8_t{1});
    wide.ops[0] = 0;
    wide.ops[130] = 3;
    for (int v = 1; v < 130; ++v) {
        wide.writable().row(0, 0)[v / 64] |= std::uint64_t{1} << (v % 64);
        wide.writable().row(0, v)[2] |= 0b100;
    }
    refuses(wide, "cells must have an output that reads at most 128 nodes, got 129 of cell 0");
    wide.writable().row(0, 1)[2] = 0;  // Then node 1 is dead.
    EXPECT(cost_of(wide).macs == 2 * (128 * (1 + 2 + 4)));
}
