// Hash, canonical form, pruning and random edits.
#include <algorithm>
#include <bit>

#include "check.h"
#include "graph/canonical.h"
#include "graph/hash.h"
#include "graph/perturb.h"
#include "graph/prune.h"
#include "wl/colors.h"

namespace gemcore::fuzz {
namespace {

constexpr std::int64_t kFewTies = 10;

void require_valid(const GraphSet& set) {
    const DagBatch graphs = set.view();
    for (std::int64_t i = 0; i < set.size(); ++i) {
        const int size = graphs.sizes[i];
        require(size >= 1 && size <= graphs.num_nodes, "a size is out of range");
        for (int u = 0; u < graphs.num_nodes; ++u) {
            require(u < size || graphs.ops_of(i)[u] == kAbsent, "an absent node has an op");
            for_each_bit(graphs.row(i, u), graphs.num_words, [&](int v) {
                require(u < v && v < size, "an edge goes down or to an absent node");
            });
        }
    }
}

Guarded<std::uint64_t> hashes(const LabelledBatch& cells, int n_iter) {
    Guarded<std::uint64_t> values(cells.graphs.num_graphs);
    graph_hash(cells, n_iter, values.data());
    return values;
}

/// A set of the same width and labels, to be written.
GraphSet like(const GraphSet& set, std::int64_t num_graphs) {
    GraphSet other(num_graphs, set.num_nodes);
    other.label_of_op = set.label_of_op;
    return other;
}

struct Canonical {
    GraphSet cells;
    Guarded<bool> is_proven;
    bool operator==(const Canonical&) const = default;
};

Canonical canonical(const GraphSet& set, const PinnedOps& pinned, std::int64_t count) {
    Canonical form{like(set, count), Guarded<bool>(count)};
    LabelledBatch cells = set.labelled();
    cells.graphs.num_graphs = count;
    canonicalize(cells, pinned, form.cells.writable(), form.is_proven.data());
    return form;
}

/// Equal arrays, but for ops: those of equal labels are the same.
bool are_equal(const GraphSet& a, const GraphSet& b, std::int64_t graph) {
    const DagBatch x = a.view(), y = b.view();
    if (x.sizes[graph] != y.sizes[graph]) return false;
    for (int u = 0; u < x.sizes[graph]; ++u) {
        const std::uint64_t label = a.label_of_op[x.ops_of(graph)[u]];
        if (label != b.label_of_op[y.ops_of(graph)[u]]) return false;
        const int words = std::min(x.num_words, y.num_words);
        if (!std::equal(x.row(graph, u), x.row(graph, u) + words, y.row(graph, u))) return false;
    }
    return true;
}

/// How many of the first graphs have few nodes of equal color: ties may take thousands of
/// refinements.
std::int64_t num_graphs_of_few_ties(const LabelledBatch& cells) {
    const WlOptions options{4, Direction::kInOut, BaseLabels::kOps, {1, 1, 1, 1, 1}, false};
    const std::int64_t num_graphs = cells.graphs.num_graphs, num_nodes = cells.graphs.num_nodes;
    Guarded<std::uint64_t> colors(num_graphs * 5 * num_nodes);
    wl_colors(cells, options, colors.data());
    std::int64_t num_ties = 0;
    for (std::int64_t i = 0; i < num_graphs; ++i) {
        std::uint64_t* const last = colors.data() + (5 * i + 4) * num_nodes;
        std::sort(last, last + cells.graphs.sizes[i]);
        for (int v = 1; v < cells.graphs.sizes[i]; ++v) num_ties += last[v] == last[v - 1];
        if (num_ties > kFewTies) return i;
    }
    return num_graphs;
}

/// By definition: from node 0 along edges, over and over until nothing changes.
NodeSet kept_by_definition(const GraphSet& set, std::int64_t graph, int output_op) {
    const DagBatch cells = set.view();
    const int size = cells.sizes[graph];
    const auto close = [&](NodeSet nodes, bool forwards) {
        for (NodeSet before; before != nodes;) {
            before = nodes;
            for (int u = 0; u < size; ++u) {
                for (int v = u + 1; v < size; ++v) {
                    if (!cells.has_edge(graph, u, v)) continue;
                    if (before.contains(forwards ? u : v)) nodes.add(forwards ? v : u);
                }
            }
        }
        return nodes;
    };
    NodeSet input, outputs, kept;
    input.add(0);
    for (int v = 0; v < size; ++v) {
        if (cells.ops_of(graph)[v] == output_op) outputs.add(v);
    }
    const NodeSet reached = close(input, true), useful = close(outputs, false);
    const bool has_output = outputs != NodeSet{};
    for (int v = 0; v < size; ++v) {
        if (reached.contains(v) && (!has_output || useful.contains(v))) kept.add(v);
    }
    kept.add(0);
    return kept;
}

int num_edges_between(const GraphSet& a, const GraphSet& b, std::int64_t graph) {
    int count = 0;
    const std::uint64_t *x = a.view().row(graph, 0), *y = b.view().row(graph, 0);
    for (int i = 0; i < a.num_nodes * words_for(a.num_nodes); ++i) {
        count += std::popcount(x[i] ^ y[i]);
    }
    return count;
}

/// An op of the batch, or none.
int read_op(ByteReader& bytes, int num_ops) {
    return bytes.below(3) == 0 ? -1 : bytes.below(num_ops);
}

}  // namespace

void check_hash(const FuzzCase& drawn, ByteReader& bytes) {
    const int n_iter = bytes.pick({2, 0, 1, 3, 7, 16});
    const auto x = at_both_levels("graph_hash", [&] { return hashes(drawn.x.labelled(), n_iter); });
    const auto y = at_both_levels("graph_hash", [&] { return hashes(drawn.y.labelled(), n_iter); });
    for (std::int64_t i = 0; i < drawn.num_graphs(); ++i) {
        require(!drawn.same[static_cast<std::size_t>(i)] || x[i] == y[i],
                "a renumbered graph has another hash");
    }
}

void check_canonicalize(const FuzzCase& drawn, ByteReader& bytes) {
    const PinnedOps pinned{read_op(bytes, drawn.num_ops), read_op(bytes, drawn.num_ops)};
    const auto in_y = [&](int op) { return op < 0 ? op : drawn.op_in_y(op); };
    std::int64_t count = std::min(num_graphs_of_few_ties(drawn.x.labelled()),
                                  num_graphs_of_few_ties(drawn.y.labelled()));
    if (bytes.rarely(256)) count = std::min(drawn.num_graphs(), std::int64_t{1});
    const Canonical x =
        at_both_levels("canonicalize", [&] { return canonical(drawn.x, pinned, count); });
    const Canonical y = canonical(drawn.y, {in_y(pinned.input_op), in_y(pinned.output_op)}, count);
    const auto before = hashes(drawn.x.labelled(), 2), after = hashes(x.cells.labelled(), 2);
    for (std::int64_t i = 0; i < count; ++i) {
        require(before[i] == after[i], "a canonical form is another graph");
        const bool same = drawn.same[static_cast<std::size_t>(i)];
        require(!same || !x.is_proven[i] || !y.is_proven[i] || are_equal(x.cells, y.cells, i),
                "a renumbered graph has another canonical form");
    }
}

void check_prune(const FuzzCase& drawn, ByteReader& bytes) {
    const int output_op = read_op(bytes, drawn.num_ops);
    const GraphSet pruned = at_both_levels("prune", [&] {
        const GraphSet kept = like(drawn.x, drawn.num_graphs());
        prune(drawn.x.view(), output_op, kept.writable());
        return kept;
    });
    require_valid(pruned);
    if (!drawn.is_small) return;
    for (std::int64_t i = 0; i < drawn.num_graphs(); ++i) {
        const NodeSet expected = kept_by_definition(drawn.x, i, output_op);
        require(kept_nodes(drawn.x.view(), i, output_op) == expected,
                "prune keeps other nodes than the definition");
        int size = 0;
        for_each_bit(expected.word, kMaxWords, [&](int v) {
            const std::uint8_t op = drawn.x.view().ops_of(i)[v];
            require(pruned.view().ops_of(i)[size++] == op, "prune changes ops");
        });
        require(pruned.sizes[i] == size, "prune gives another size");
    }
}

void check_perturb(const FuzzCase& drawn, ByteReader& bytes) {
    const std::int64_t num_graphs = drawn.num_graphs();
    Guarded<std::int32_t> num_edits(num_graphs);
    Guarded<std::uint8_t> renumber(num_graphs), sampled_ops(bytes.between(1, drawn.num_ops));
    BitSource random(bytes.word(3));
    const int most = bytes.pick({1, 2, 10, 40, 60, drawn.is_small ? 2000 : 100});
    for (std::int32_t& edits : num_edits) edits = random.below(most + 1);
    for (std::uint8_t& turned : renumber) turned = static_cast<std::uint8_t>(random.below(2));
    for (std::uint8_t& op : sampled_ops)
        op = static_cast<std::uint8_t>(random.below(drawn.num_ops));
    const PerturbSpec spec{sampled_ops.data(),
                           static_cast<int>(sampled_ops.size()),
                           read_op(bytes, drawn.num_ops),
                           read_op(bytes, drawn.num_ops),
                           num_edits.data(),
                           renumber.data()};
    const std::uint64_t seed = bytes.word(2), start = bytes.pick<std::uint64_t>({0, 77, ~0ull - 2});
    const auto edited = [&] {
        return at_both_levels("perturb", [&] {
            GraphSet cells = like(drawn.x, num_graphs);
            perturb(drawn.x.view(), spec, seed, start, cells.writable());
            return cells;
        });
    };
    const GraphSet turned = edited();
    require_valid(turned);
    renumber.fill(0);
    const GraphSet plain = edited();
    const auto hash_of_turned = hashes(turned.labelled(), 3), hash = hashes(plain.labelled(), 3);
    for (std::int64_t i = 0; i < num_graphs; ++i) {
        require(num_edges_between(drawn.x, plain, i) <= num_edits[i], "perturb edits too much");
        require(hash_of_turned[i] == hash[i], "perturb renumbers to another graph");
    }
}

}  // namespace gemcore::fuzz
