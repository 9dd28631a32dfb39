#include "graph_set.h"

#include <numeric>
#include <vector>

#include "graph/node_set.h"

namespace gemcore::fuzz {
namespace {

/// 64 bits, each set with probability near eighths / 8.
std::uint64_t random_bits(BitSource& random, int eighths) {
    std::uint64_t bits = 0;
    for (int i = 0; i < 3; ++i, eighths >>= 1) {
        bits = eighths & 1 ? bits | random.next() : bits & random.next();
    }
    return eighths & 1 ? ~std::uint64_t{0} : bits;
}

void draw_independent_edges(BitSource& random, int eighths, bool is_sparse, const GraphSet& set,
                            std::int64_t graph) {
    const int size = set.sizes[graph];
    for (int u = 0; u < size; ++u) {
        for (int begin = u + 1; begin < size; begin += 64) {
            std::uint64_t bits = random_bits(random, eighths);
            if (is_sparse) bits &= random.next() & random.next();
            if (size - begin < 64) bits &= (std::uint64_t{1} << (size - begin)) - 1;
            for_each_bit(&bits, 1, [&](int i) { set.add_edge(graph, u, begin + i); });
        }
    }
}

/// Edges of which each comes from the bytes.
void read_edges(ByteReader& bytes, const GraphSet& set, std::int64_t graph) {
    const int size = set.sizes[graph];
    if (size < 2) return;
    for (int left = bytes.below(24); left > 0; --left) {
        const int u = bytes.below(size - 1);
        set.add_edge(graph, u, bytes.between(u + 1, size - 1));
    }
}

/// Disjoint cycles of `length` nodes, or paths: all of them color alike.
void draw_rings(int length, bool closed, const GraphSet& set, std::int64_t graph) {
    for (int v = 0; v < set.sizes[graph]; ++v) {
        if (v % length > 0) set.add_edge(graph, v - 1, v);
        if (closed && length > 2 && v % length == length - 1)
            set.add_edge(graph, v + 1 - length, v);
    }
}

/// Complete between each part of `width` nodes and the next one, or all later ones.
void draw_layers(int width, bool to_all, const GraphSet& set, std::int64_t graph) {
    for (int u = 0; u < set.sizes[graph]; ++u) {
        for (int v = (u / width + 1) * width; v < set.sizes[graph]; ++v) {
            if (!to_all && v / width > u / width + 1) break;
            set.add_edge(graph, u, v);
        }
    }
}

/// Node v and v + step, modulo the size: regular where it is read without directions.
void draw_circulant(int step, const GraphSet& set, std::int64_t graph) {
    const int size = set.sizes[graph];
    for (int v = 0; v < size; ++v) {
        if ((v + step) % size != v) set.add_edge(graph, v, (v + step) % size);
        if ((v + 1) % size != v) set.add_edge(graph, v, (v + 1) % size);
    }
}

void draw_edges(ByteReader& bytes, const GraphSet& set, std::int64_t graph) {
    const int size = set.sizes[graph];
    const int parameter = bytes.byte();
    BitSource random(bytes.word(2) << 8 | static_cast<std::uint64_t>(parameter));
    const int some = 1 + parameter % size;
    switch (bytes.below(16)) {
        case 0:
            return;
        case 1:
            return read_edges(bytes, set, graph);
        case 2:
            return draw_layers(1, true, set, graph);  // The complete DAG.
        case 3:
            return draw_rings(size, false, set, graph);
        case 4:
            return draw_rings(1 + parameter % 8, true, set, graph);
        case 5:
            return draw_rings(some, false, set, graph);
        case 6:
            return draw_layers(some, false, set, graph);
        case 7:
            return draw_layers(1 + size / 2, false, set, graph);
        case 8:
            return draw_layers(1 + parameter % 5, true, set, graph);
        case 9:
            return draw_circulant(some, set, graph);
        case 10:  // A star, and a few edges.
            for (int v = 0; v < size; ++v) {
                if (v != some - 1) set.add_edge(graph, some - 1, v);
            }
            return read_edges(bytes, set, graph);
        case 11:
            return draw_independent_edges(random, 1 + parameter % 7, true, set, graph);
        default:
            return draw_independent_edges(random, 1 + parameter % 7, false, set, graph);
    }
}

void draw_ops(ByteReader& bytes, const GraphSet& set, std::int64_t graph, int num_ops) {
    std::uint8_t* const ops = set.writable().ops_of(graph);
    const int size = set.sizes[graph];
    const int kind = bytes.below(6);
    BitSource random(bytes.word(2));
    for (int v = 0; v < size; ++v) {
        const int op = kind == 0 ? 0 : kind == 1 ? v % num_ops : random.below(num_ops);
        ops[v] = static_cast<std::uint8_t>(op);
    }
    if (kind == 2) ops[bytes.below(size)] = static_cast<std::uint8_t>(bytes.below(num_ops));
}

}  // namespace

void GraphSet::clear(std::int64_t graph, int graph_size) const {
    const MutableDagBatch batch = writable();
    std::fill_n(batch.row(graph, 0), num_nodes * batch.num_words, std::uint64_t{0});
    std::fill_n(batch.ops_of(graph), num_nodes, kAbsent);
    std::fill_n(batch.ops_of(graph), graph_size, std::uint8_t{0});
    sizes[graph] = static_cast<std::uint16_t>(graph_size);
}

void GraphSet::add_edge(std::int64_t graph, int u, int v) const {
    if (u > v) std::swap(u, v);
    writable().row(graph, u)[v / 64] |= std::uint64_t{1} << (v % 64);
}

void GraphSet::toggle_edge(std::int64_t graph, int u, int v) const {
    writable().row(graph, u)[v / 64] ^= std::uint64_t{1} << (v % 64);
}

void draw_graph(ByteReader& bytes, const GraphSet& set, std::int64_t graph, int num_ops) {
    const int kind = bytes.below(8);
    set.clear(graph, kind < 5 ? set.num_nodes : bytes.between(1, set.num_nodes));
    draw_edges(bytes, set, graph);
    draw_ops(bytes, set, graph, num_ops);
}

void copy_graph(const GraphSet& from, const GraphSet& to, std::int64_t graph, int op_shift) {
    const int size = from.sizes[graph];
    to.clear(graph, size);
    for (int u = 0; u < size; ++u) {
        const int op = (from.view().ops_of(graph)[u] + op_shift) % kAbsent;
        to.writable().ops_of(graph)[u] = static_cast<std::uint8_t>(op);
        for_each_bit(from.view().row(graph, u), words_for(from.num_nodes),
                     [&](int v) { to.add_edge(graph, u, v); });
    }
}

void copy_renumbered(const GraphSet& from, const GraphSet& to, std::int64_t graph,
                     std::uint64_t seed, int op_shift) {
    const int size = from.sizes[graph];
    const int words = words_for(from.num_nodes);
    BitSource random(seed);
    std::vector<int> waiting_for(static_cast<std::size_t>(size)), ready, number(waiting_for);
    const auto visit = [&](int u, const auto& each) {
        for_each_bit(from.view().row(graph, u), words, each);
    };
    for (int u = 0; u < size; ++u) visit(u, [&](int v) { ++waiting_for[v]; });
    for (int v = 0; v < size; ++v) {
        if (waiting_for[v] == 0) ready.push_back(v);
    }
    for (int place = 0; place < size; ++place) {
        std::swap(ready[random.below(static_cast<int>(ready.size()))], ready.back());
        const int node = ready.back();
        ready.pop_back();
        number[node] = place;
        visit(node, [&](int v) {
            if (--waiting_for[v] == 0) ready.push_back(v);
        });
    }
    to.clear(graph, size);
    for (int u = 0; u < size; ++u) {
        const int op = (from.view().ops_of(graph)[u] + op_shift) % kAbsent;
        to.writable().ops_of(graph)[number[u]] = static_cast<std::uint8_t>(op);
        visit(u, [&](int v) { to.add_edge(graph, number[u], number[v]); });
    }
}

}  // namespace gemcore::fuzz
