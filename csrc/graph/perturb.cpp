#include "graph/perturb.h"

#include <algorithm>
#include <bit>

#include "graph/node_set.h"
#include "graph/perturb_levels.h"
#include "support/parallel_for.h"
#include "support/philox.h"

namespace gemcore {
namespace {

/// A set of possible edges as bit rows: what one kind of edit may still pick from.
class EdgePool {
 public:
    EdgePool(int size, int num_words) : size_(size), words_(num_words) {
        std::fill_n(bits_, size * num_words, std::uint64_t{0});
    }

    std::uint64_t* row(int u) { return bits_ + u * words_; }

    int count() const {
        int total = 0;
        for (int i = 0; i < size_ * words_; ++i) total += std::popcount(bits_[i]);
        return total;
    }

    /// Takes the edge at place `skip`, in row order, out of the pool.
    void take(int skip, int& u, int& v) {
        for (int i = 0; i < size_ * words_; ++i) {
            const int here = std::popcount(bits_[i]);
            if (skip >= here) {
                skip -= here;
                continue;
            }
            std::uint64_t rest = bits_[i];
            while (skip-- > 0) rest &= rest - 1;
            u = i / words_;
            v = (i % words_) * 64 + std::countr_zero(rest);
            bits_[i] &= ~(rest & (~rest + 1));
            return;
        }
    }

 private:
    int size_;
    int words_;
    std::uint64_t bits_[kMaxNodes * kMaxWords];
};

void edit_edges(const DagBatch& cells, std::int64_t graph, int num_edits, PhiloxSequence words,
                const MutableDagBatch& out) {
    if (num_edits == 0) return;
    const int size = cells.sizes[graph];
    EdgePool present(size, cells.num_words);
    EdgePool missing(size, cells.num_words);
    for (int u = 0; u < size; ++u) {
        std::copy_n(cells.row(graph, u), cells.num_words, present.row(u));
        for (int v = u + 1; v < size; ++v) missing.row(u)[v / 64] |= std::uint64_t{1} << (v % 64);
        for (int w = 0; w < cells.num_words; ++w) missing.row(u)[w] &= ~present.row(u)[w];
    }
    int to_remove = num_edits / 2;
    int to_add = num_edits / 2;
    if (num_edits % 2 == 1) ++(words.next() >> 31 ? to_add : to_remove);
    const auto edit = [&](EdgePool& pool, int count) {
        for (int left = pool.count(); count > 0 && left > 0; --count, --left) {
            int u = 0;
            int v = 0;
            pool.take(static_cast<int>(words.next_below(static_cast<std::uint32_t>(left))), u, v);
            out.row(graph, u)[v / 64] ^= std::uint64_t{1} << (v % 64);
        }
    };
    edit(present, to_remove);
    edit(missing, to_add);
}

void edit_ops(int size, int num_edits, const PerturbSpec& spec, PhiloxSequence words,
              std::uint8_t* ops) {
    int free_nodes[kMaxNodes];
    int num_free = 0;
    const std::uint8_t* end = spec.sampled_ops + spec.num_sampled_ops;
    for (int v = 0; v < size; ++v) {
        if (std::find(spec.sampled_ops, end, ops[v]) != end) free_nodes[num_free++] = v;
    }
    if (num_free == 0) return;
    const auto most = static_cast<std::uint32_t>(std::min(num_edits, kMaxOpEdits));
    for (std::uint32_t left = words.next_below(most + 1); left > 0; --left) {
        const int node = free_nodes[words.next_below(static_cast<std::uint32_t>(num_free))];
        ops[node] =
            spec.sampled_ops[words.next_below(static_cast<std::uint32_t>(spec.num_sampled_ops))];
    }
}

/// Draws a topological order: place by place, one of the nodes whose inputs all have a place.
void draw_order(const MutableDagBatch& cells, std::int64_t graph, const PerturbSpec& spec,
                PhiloxSequence words, int* order) {
    const int size = cells.sizes[graph];
    const std::uint8_t* ops = cells.ops_of(graph);
    const bool input_stays = ops[0] == spec.input_op;
    const bool output_stays = ops[size - 1] == spec.output_op;
    int waiting_for[kMaxNodes] = {};
    for (int u = 0; u < size; ++u) {
        for_each_bit(cells.row(graph, u), cells.num_words, [&](int v) { ++waiting_for[v]; });
    }
    if (output_stays) ++waiting_for[size - 1];  // Waits for the end of the loop below.
    int ready[kMaxNodes];
    int num_ready = 0;
    for (int v = input_stays ? 1 : 0; v < size; ++v) {
        if (waiting_for[v] == 0) ready[num_ready++] = v;
    }
    int place = 0;
    const auto put = [&](int node) {
        order[place++] = node;
        for_each_bit(cells.row(graph, node), cells.num_words, [&](int v) {
            if (--waiting_for[v] == 0) ready[num_ready++] = v;
        });
    };
    if (input_stays) put(0);
    while (num_ready > 0) {
        const auto pick = words.next_below(static_cast<std::uint32_t>(num_ready));
        const int node = ready[pick];
        ready[pick] = ready[--num_ready];
        put(node);
    }
    if (output_stays && place < size) order[place] = size - 1;
}

void renumber(const MutableDagBatch& cells, std::int64_t graph, const int* order) {
    std::uint64_t old_rows[kMaxNodes * kMaxWords];
    std::uint8_t old_ops[kMaxNodes];
    int number[kMaxNodes];
    const int size = cells.sizes[graph];
    std::copy_n(cells.row(graph, 0), size * cells.num_words, old_rows);
    std::copy_n(cells.ops_of(graph), size, old_ops);
    std::fill_n(cells.row(graph, 0), size * cells.num_words, std::uint64_t{0});
    for (int i = 0; i < size; ++i) number[order[i]] = i;
    for (int i = 0; i < size; ++i) {
        cells.ops_of(graph)[i] = old_ops[order[i]];
        for_each_bit(old_rows + order[i] * cells.num_words, cells.num_words, [&](int v) {
            cells.row(graph, i)[number[v] / 64] |= std::uint64_t{1} << (number[v] % 64);
        });
    }
}

}  // namespace

namespace scalar {

void perturb_cells(const DagBatch& cells, const PerturbSpec& spec, std::uint64_t seed,
                   std::uint64_t start, const MutableDagBatch& perturbed, std::int64_t begin,
                   std::int64_t end) {
    const std::int64_t row_words = std::int64_t{cells.num_nodes} * cells.num_words;
    const std::int64_t count = end - begin;
    std::copy_n(cells.row(begin, 0), count * row_words, perturbed.row(begin, 0));
    std::copy_n(cells.ops_of(begin), count * cells.num_nodes, perturbed.ops_of(begin));
    std::copy_n(cells.sizes + begin, count, perturbed.sizes + begin);
    for (std::int64_t i = begin; i < end; ++i) {
        const auto index = start + static_cast<std::uint64_t>(i);
        const auto words = [&](Stream stream) { return PhiloxSequence(seed, stream, index); };
        const int num_edits = spec.num_edits[i];
        edit_edges(cells, i, num_edits, words(Stream::kPerturbEdges), perturbed);
        edit_ops(cells.sizes[i], num_edits, spec, words(Stream::kPerturbOps), perturbed.ops_of(i));
        if (!spec.renumber[i]) continue;
        int order[kMaxNodes];
        draw_order(perturbed, i, spec, words(Stream::kRenumber), order);
        renumber(perturbed, i, order);
    }
}

}  // namespace scalar

void perturb(const DagBatch& cells, const PerturbSpec& spec, std::uint64_t seed,
             std::uint64_t start, const MutableDagBatch& perturbed) {
    const auto perturb_some =
        cells.num_words == 1 ? GEMCORE_AT_LEVEL(perturb_cells) : &scalar::perturb_cells;
    parallel_for(cells.num_graphs, 512, [&](std::int64_t begin, std::int64_t end) {
        perturb_some(cells, spec, seed, start, perturbed, begin, end);
    });
}

}  // namespace gemcore
