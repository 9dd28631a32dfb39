#include "graph/canonical.h"

#include <algorithm>
#include <numeric>
#include <vector>

#include "graph/canonical_levels.h"
#include "graph/node_set.h"
#include "support/mix64.h"
#include "support/parallel_for.h"
#include "wl/colors.h"

namespace gemcore {
namespace {

using Nodes = std::vector<int>;
using Colors = std::vector<std::uint64_t>;

constexpr int kNearRounds = 2;

/// A numbering in which all colors differ, and what the graph looks like in it.
struct Leaf {
    Nodes order;
    std::vector<std::uint64_t> picture;  ///< Labels, then bit rows, in the new numbering.
};

/// Finds the canonical order of one graph after the other.
class Canonizer {
 public:
    Canonizer(const LabelledBatch& cells, const PinnedOps& pinned)
        : cells_(cells), pinned_(pinned), words_(cells.graphs.num_words) {}

    Nodes canonical_order(std::int64_t graph, bool& is_proven) {
        load(graph);
        const Colors start = initial_colors();
        for (int round = 0; round < kNearRounds; ++round) refiner_.refine();
        near_.assign(refiner_.colors(), refiner_.colors() + size_);
        is_proven = true;
        Nodes order = order_of(near_);
        if (differ_or_are_twins(order)) return order;
        const Colors colors = refine(start);
        order = order_of(colors);
        if (first_tie(order, colors).empty()) return order;
        num_refinements_ = 0;
        order = search(colors).order;
        is_proven = num_refinements_ <= kMaxRefinements;
        return order;
    }

 private:
    void load(std::int64_t graph) {
        static const WlOptions kByOp{0, Direction::kInOut, BaseLabels::kOps, {}, false};
        graph_ = graph;
        refiner_.load(cells_, graph, kByOp);
        size_ = refiner_.size();
        std::fill_n(inputs_, size_, NodeSet{});
        for (int u = 0; u < size_; ++u) {
            for_each_bit(cells_.graphs.row(graph, u), words_, [&](int v) { inputs_[v].add(u); });
        }
        rank_nodes();
    }

    /// Place and longest path, in one number that grows along every edge.
    void rank_nodes() {
        constexpr int kLast = 2 * kMaxNodes;
        const std::uint8_t* ops = cells_.graphs.ops_of(graph_);
        for (int v = 0; v < size_; ++v) {
            int longest = 0;
            for_each_bit(inputs_[v].word, words_,
                         [&](int u) { longest = std::max(longest, rank_[u]); });
            const bool has_inputs = inputs_[v] != NodeSet{};
            const std::uint64_t* row = cells_.graphs.row(graph_, v);
            const bool has_outputs = std::any_of(row, row + words_, [](auto w) { return w != 0; });
            rank_[v] = longest + 1;
            if (ops[v] == pinned_.input_op && !has_inputs) rank_[v] = 0;
            if (ops[v] == pinned_.output_op && !has_outputs) rank_[v] = kLast;
        }
    }

    /// Whether nodes of equal rank and near color are twins all. Refinement to the end then tells
    /// the others apart as they are, and whichever twin comes first, the matrix is the same.
    bool differ_or_are_twins(const Nodes& order) const {
        const std::uint8_t* ops = cells_.graphs.ops_of(graph_);
        int num_ties = 0;
        for (int i = 1; i < size_; ++i) {
            const int u = order[i - 1];
            const int v = order[i];
            if (rank_[u] != rank_[v] || near_[u] != near_[v]) continue;
            if (ops[u] != ops[v] || !are_twins(u, v)) return false;
            ++num_ties;
        }
        // With t ties the search makes t (t + 1) / 2 refinements: more, and it is cut off.
        return num_ties * (num_ties + 1) / 2 <= kMaxRefinements;
    }

    Colors initial_colors() const {
        Colors colors(refiner_.colors(), refiner_.colors() + size_);
        for (int v = 0; v < size_; ++v) {
            colors[v] = mix64(colors[v] + static_cast<std::uint64_t>(rank_[v]));
        }
        return colors;
    }

    /// Refines until a round splits no class.
    Colors refine(const Colors& start) {
        ++num_refinements_;
        refiner_.recolor(start.data());
        Colors sorted = start;
        for (int num_classes = 0;;) {
            std::sort(sorted.begin(), sorted.end());
            const auto end = std::unique(sorted.begin(), sorted.end());
            const int now = static_cast<int>(end - sorted.begin());
            if (now == num_classes || now == size_) break;
            num_classes = now;
            refiner_.refine();
            sorted.assign(refiner_.colors(), refiner_.colors() + size_);
        }
        return {refiner_.colors(), refiner_.colors() + size_};
    }

    Colors single_out(const Colors& colors, int node) {
        constexpr std::uint64_t kSingled = 0x082efa98ec4e6c89u;  // Digits of pi, as in color.h.
        Colors singled = colors;
        singled[node] = mix64(singled[node] ^ kSingled);
        return refine(singled);
    }

    Nodes order_of(const Colors& colors) const {
        Nodes order(size_);
        std::iota(order.begin(), order.end(), 0);
        std::sort(order.begin(), order.end(), [&](int u, int v) {
            return std::tuple(rank_[u], near_[u], colors[u], u) <
                   std::tuple(rank_[v], near_[v], colors[v], v);
        });
        return order;
    }

    /// The first run of nodes that rank and color don't tell apart; empty if there is none.
    Nodes first_tie(const Nodes& order, const Colors& colors) const {
        const auto tied = [&](int u, int v) {
            return rank_[u] == rank_[v] && colors[u] == colors[v];
        };
        const auto begin = std::adjacent_find(order.begin(), order.end(), tied);
        if (begin == order.end()) return {};
        const auto end = std::find_if(begin, order.end(), [&](int v) { return !tied(*begin, v); });
        return {begin, end};
    }

    Leaf leaf(Nodes order) const {
        Leaf leaf{std::move(order), {}};
        leaf.picture.resize(static_cast<std::size_t>(size_) * (1 + words_));
        Nodes number(size_);
        for (int i = 0; i < size_; ++i) number[leaf.order[i]] = i;
        for (int i = 0; i < size_; ++i) {
            const int node = leaf.order[i];
            leaf.picture[i] = cells_.label_of_op[cells_.graphs.ops_of(graph_)[node]];
            std::uint64_t* row = leaf.picture.data() + size_ + i * words_;
            for_each_bit(cells_.graphs.row(graph_, node), words_, [&](int v) {
                row[number[v] / 64] |= std::uint64_t{1} << (number[v] % 64);
            });
        }
        return leaf;
    }

    /// The leaf reached by singling out the lowest node of each tie.
    Leaf leftmost_leaf(Colors colors) {
        for (;;) {
            Nodes order = order_of(colors);
            const Nodes tie = first_tie(order, colors);
            if (tie.empty()) return leaf(std::move(order));
            colors = single_out(colors, tie.front());
        }
    }

    bool are_twins(int u, int v) const {
        const std::uint64_t* row = cells_.graphs.row(graph_, u);
        return inputs_[u] == inputs_[v] &&
               std::equal(row, row + words_, cells_.graphs.row(graph_, v));
    }

    /// Whether the map from numbering `a` to numbering `b` is an automorphism that keeps `colors`
    /// and maps u to v. Then the leaves below v are images of those below u.
    static bool maps(const Leaf& a, int u, const Leaf& b, int v, const Colors& colors) {
        if (a.picture != b.picture) return false;
        for (std::size_t i = 0; i < a.order.size(); ++i) {
            if (colors[a.order[i]] != colors[b.order[i]]) return false;
            if ((a.order[i] == u) != (b.order[i] == v)) return false;
        }
        return true;
    }

    struct Tried {
        int node;
        Leaf leftmost;
    };

    bool is_image(int node, const Leaf& leftmost, const std::vector<Tried>& tried,
                  const Colors& colors) const {
        return std::any_of(tried.begin(), tried.end(), [&](const Tried& other) {
            return maps(other.leftmost, other.node, leftmost, node, colors);
        });
    }

    /// The leaf with the smallest picture below these colors.
    Leaf search(const Colors& colors) {
        Nodes order = order_of(colors);
        const Nodes tie = first_tie(order, colors);
        if (tie.empty()) return leaf(std::move(order));
        std::vector<Tried> tried;
        Leaf best;
        for (const int node : tie) {
            const bool is_twin = std::any_of(tried.begin(), tried.end(), [&](const Tried& other) {
                return are_twins(other.node, node);
            });
            if (is_twin) continue;
            if (!tried.empty() && num_refinements_ > kMaxRefinements) break;
            const Colors below = single_out(colors, node);
            Leaf leftmost = leftmost_leaf(below);
            if (is_image(node, leftmost, tried, colors)) continue;
            Leaf found = search(below);
            if (best.order.empty() || found.picture < best.picture) best = std::move(found);
            tried.push_back({node, std::move(leftmost)});
        }
        return best;
    }

    const LabelledBatch& cells_;
    const PinnedOps& pinned_;
    int words_;
    Refiner refiner_;
    std::int64_t graph_ = 0;
    int size_ = 0;
    int num_refinements_ = 0;
    /// Colors after kNearRounds rounds, which the last ones refine. By the last ones alone an edit
    /// anywhere would reorder nodes whose surroundings look as before, and an encoder that reads
    /// the matrix would take near cells for far ones (it then learns 1.3 times the loss).
    Colors near_;
    NodeSet inputs_[kMaxNodes];
    int rank_[kMaxNodes];
};

void copy_in_order(const DagBatch& cells, std::int64_t graph, const Nodes& order,
                   const MutableDagBatch& out) {
    int number[kMaxNodes];
    const int size = cells.sizes[graph];
    for (int i = 0; i < size; ++i) number[order[i]] = i;
    std::fill_n(out.row(graph, 0), out.num_nodes * out.num_words, std::uint64_t{0});
    std::fill_n(out.ops_of(graph), out.num_nodes, kAbsent);
    out.sizes[graph] = static_cast<std::uint16_t>(size);
    for (int i = 0; i < size; ++i) {
        out.ops_of(graph)[i] = cells.ops_of(graph)[order[i]];
        std::uint64_t* row = out.row(graph, i);
        for_each_bit(cells.row(graph, order[i]), cells.num_words,
                     [&](int v) { row[number[v] / 64] |= std::uint64_t{1} << (number[v] % 64); });
    }
}

}  // namespace

namespace scalar {

void canonicalize_told_apart(const LabelledBatch&, const PinnedOps&, const MutableDagBatch&,
                             bool* is_done, std::int64_t begin, std::int64_t end) {
    std::fill(is_done + begin, is_done + end, false);
}

}  // namespace scalar

void canonicalize(const LabelledBatch& cells, const PinnedOps& pinned,
                  const MutableDagBatch& canonical, bool* is_proven) {
    const auto told_apart = cells.graphs.num_words == 1 ? GEMCORE_AT_LEVEL(canonicalize_told_apart)
                                                        : &scalar::canonicalize_told_apart;
    parallel_for(cells.graphs.num_graphs, 256, [&](std::int64_t begin, std::int64_t end) {
        told_apart(cells, pinned, canonical, is_proven, begin, end);
        Canonizer canonizer(cells, pinned);
        for (std::int64_t i = begin; i < end; ++i) {
            if (is_proven[i]) continue;
            const Nodes order = canonizer.canonical_order(i, is_proven[i]);
            copy_in_order(cells.graphs, i, order, canonical);
        }
    });
}

}  // namespace gemcore
