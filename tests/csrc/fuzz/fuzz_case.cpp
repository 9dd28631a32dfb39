#include "fuzz_case.h"

#include <algorithm>

namespace gemcore::fuzz {
namespace {

/// Mostly small, so that many cases run in a second; else where words and vectors end.
int read_num_nodes(ByteReader& bytes) {
    const int kind = bytes.below(64);
    if (kind < 40) return bytes.between(1, 12);
    if (kind < 48) return bytes.between(13, 30);
    if (kind < 55) return bytes.pick({31, 32, 33});
    if (kind < 61) return bytes.pick({63, 64, 65});
    if (kind < 62) return bytes.between(66, 256);
    return bytes.pick({127, 128, 129, 191, 192, 193, 255, 256});
}

/// The fewer, the larger they are; now and then more than parallel_for hands out at once.
std::int64_t read_num_graphs(ByteReader& bytes, int num_nodes) {
    const int kind = bytes.byte();
    if (kind == 255) return 0;
    if (num_nodes > 65) return 1 + kind % 3;
    if (num_nodes > 33) return 1 + kind % 6;
    if (num_nodes > 12) return 1 + kind % 17;
    return kind >= 252 ? bytes.between(60, 300) : 1 + kind % 24;
}

/// Sums of products of these stay finite; products of the extreme ones don't, or vanish.
double read_weight(ByteReader& bytes) {
    switch (bytes.below(12)) {
        case 0:
            return 0;
        case 1:
            return 1;
        case 2:
            return 1e-170;
        case 3:
            return 1e160;
        case 4:
            return 1.0 / 3;
        case 5:
            return 1e-3;
        default:
            return static_cast<double>(bytes.word(2)) / 65536;
    }
}

WlOptions read_options(ByteReader& bytes) {
    const int n_iter = bytes.pick({3, 0, 1, 2, 3, 4, 5, 7, 3, 9, 2, 16});
    WlOptions options{n_iter, static_cast<Direction>(bytes.below(4)),
                      bytes.pick({BaseLabels::kOps, BaseLabels::kOps, BaseLabels::kOps,
                                  BaseLabels::kDegree, BaseLabels::kUniform}),
                      std::vector<double>(static_cast<std::size_t>(n_iter) + 1, 1.0),
                      bytes.below(2) == 1};
    if (bytes.below(3) == 2) {
        for (double& weight : options.round_weights) weight = read_weight(bytes);
    }
    return options;
}

/// Labels of x's ops, some of them shared, and the same ones for y.
void read_labels(ByteReader& bytes, FuzzCase& drawn) {
    const int ops_a_label = bytes.pick({1, 1, 1, 2, 5});
    const bool is_mixed = bytes.below(2) == 1;
    for (int op = 0; op < kAbsent; ++op) {
        const auto number = static_cast<std::uint64_t>(op / ops_a_label);
        const std::uint64_t label = is_mixed ? mix64(number) : number;
        drawn.x.label_of_op[op] = label;
        drawn.y.label_of_op[drawn.op_in_y(op)] = label;
    }
    if (bytes.below(2) == 1) drawn.x.num_ops = drawn.num_ops;
    if (bytes.below(2) == 1) drawn.y.num_ops = std::min(drawn.num_ops + drawn.op_shift, 255);
    drawn.x.label_of_op[kAbsent] = bytes.word(1);
    drawn.y.label_of_op[kAbsent] = bytes.word(1);
}

/// Graph `graph` of y: that of x, changed or not, or another one.
void draw_partner(ByteReader& bytes, FuzzCase& drawn, std::int64_t graph) {
    const int kind = bytes.below(8);
    if (kind == 0) {
        draw_graph(bytes, drawn.y, graph, drawn.num_ops);
        return;
    }
    if (kind < 4) {
        copy_graph(drawn.x, drawn.y, graph, drawn.op_shift);
    } else {
        copy_renumbered(drawn.x, drawn.y, graph, bytes.word(2), drawn.op_shift);
    }
    const int size = drawn.x.sizes[graph];
    const int num_edits = kind % 4 == 0 ? 0 : kind % 4 == 1 ? 1 : bytes.below(8);
    drawn.same[static_cast<std::size_t>(graph)] = num_edits == 0;
    for (int edit = 0; edit < num_edits; ++edit) {
        const int u = bytes.below(size);
        if (u + 1 < size && !bytes.rarely(4)) {
            drawn.y.toggle_edge(graph, u, bytes.between(u + 1, size - 1));
        } else {
            const int op = drawn.op_in_y(bytes.below(drawn.num_ops));
            drawn.y.writable().ops_of(graph)[u] = static_cast<std::uint8_t>(op);
        }
    }
}

}  // namespace

FuzzCase read_case(ByteReader& bytes) {
    const int num_nodes = read_num_nodes(bytes);
    const std::int64_t num_graphs = read_num_graphs(bytes, num_nodes);
    const int width_of_y = bytes.rarely(8) ? bytes.between(num_nodes, kMaxNodes) : num_nodes;
    const int num_ops = bytes.pick({2, 1, 3, 3, 5, 16, 64, 255});
    FuzzCase drawn{num_ops,
                   GraphSet(num_graphs, num_nodes),
                   GraphSet(num_graphs, width_of_y),
                   bytes.pick({0, 0, 1, 100}),
                   std::vector<bool>(static_cast<std::size_t>(num_graphs)),
                   read_options(bytes),
                   num_nodes <= 33 && num_graphs * num_nodes <= 48};
    read_labels(bytes, drawn);
    for (std::int64_t graph = 0; graph < num_graphs; ++graph) {
        draw_graph(bytes, drawn.x, graph, num_ops);
        draw_partner(bytes, drawn, graph);
    }
    return drawn;
}

}  // namespace gemcore::fuzz
