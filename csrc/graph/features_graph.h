// The graphs of a tile, and what is asked of them for all ops alike. For features_wide.cpp.
#pragma once

#include <cstdint>

#include "graph/features_lanes.h"

namespace gemcore::GEMCORE_SIMD_LEVEL {
namespace {

template <typename Paths>
struct TileGraph {
    int n;
    Lanes* edges;    ///< [n (n - 1) / 2]; from load() on between kept nodes alone
    Lanes* longest;  ///< The same, edges that end a longest path to their end
    Lanes *op, *kept, *output;
    Lanes* end;   ///< Where paths end: outputs, or leaves
    Lanes* read;  ///< What the outputs read, or leaves
    Lanes *inputs, *outputs;
    Walks<Paths>*from, *to;  ///< Paths from the input to a node, and from a node to an end
    Walks<Paths> whole;      ///< Paths from the input to an end

    TileGraph(int num_nodes, Room& room) : n(num_nodes) {
        edges = room.take<Lanes>(n * (n - 1) / 2);
        longest = room.take<Lanes>(n * (n - 1) / 2);
        for (Lanes** numbers : {&op, &kept, &output, &end, &read, &inputs, &outputs}) {
            *numbers = room.take<Lanes>(n);
        }
        from = room.take<Walks<Paths>>(n);
        to = room.take<Walks<Paths>>(n);
    }

    /// Place of u -> v among the edges, u < v.
    static int place(int u, int v) { return v * (v - 1) / 2 + u; }

    void load(const DagBatch& cells, std::int64_t first, int num_cells, int output_op) {
        read_cells(cells, first, num_cells);
        drop_useless_nodes(output_op);
        find_ends();
        whole = walk(kept, from);
        walk_back();
        for (int v = 0; v < n; ++v) {
            for (int u = 0; u < v; ++u) {
                const Lanes ends_longest = from[u].longest + 1 == from[v].longest;
                longest[place(u, v)] = edges[place(u, v)] & ends_longest;
            }
        }
    }

    /// The paths from the input to an end that have allowed nodes alone; `to_here`: to each node.
    Walks<Paths> walk(const Lanes* allowed, Walks<Paths>* to_here) const {
        Walks<Paths> to_ends;
        for (int v = 0; v < n; ++v) {
            Walks<Paths> here = v == 0 ? Walks<Paths>::start() : Walks<Paths>{};
            for (int u = 0; u < v; ++u) here.add(to_here[u], edges[place(u, v)]);
            here.enter(allowed[v]);
            to_here[v] = here;
            to_ends.add(here, end[v]);
        }
        return to_ends;
    }

 private:
    void read_cells(const DagBatch& cells, std::int64_t first, int num_cells) {
        alignas(64) std::int16_t bits[kLanes] = {};
        const auto as_lanes = [&] {
            Lanes lanes;
            __builtin_memcpy(&lanes, bits, sizeof lanes);
            return lanes;
        };
        for (int u = 0; u < n; ++u) {
            for (int i = 0; i < num_cells; ++i) bits[i] = cells.ops_of(first + i)[u];
            for (int i = num_cells; i < kLanes; ++i) bits[i] = kAbsent;
            op[u] = as_lanes();
            for (int begin = (u + 1) / 16 * 16; begin < n; begin += 16) {  // 16 columns at once.
                for (int i = 0; i < num_cells; ++i) {
                    const std::uint64_t word = cells.row(first + i, u)[begin / 64];
                    bits[i] = static_cast<std::int16_t>(word >> begin % 64);
                }
                for (int i = num_cells; i < kLanes; ++i) bits[i] = 0;
                const Lanes row = as_lanes();
                for (int v = begin > u ? begin : u + 1; v < begin + 16 && v < n; ++v) {
                    edges[place(u, v)] = (row & all(1 << (v - begin))) != 0;
                }
            }
        }
    }

    /// As kept_nodes() does.
    void drop_useless_nodes(int output_op) {
        Lanes has_output = {};
        for (int v = 0; v < n; ++v) {
            output[v] = op[v] == all(output_op);
            has_output |= output[v];
            Lanes reached = all(v == 0 ? -1 : 0);
            for (int u = 0; u < v; ++u) reached |= edges[place(u, v)] & kept[u];
            kept[v] = reached;
        }
        Lanes* const useful = end;
        for (int u = n - 1; u >= 0; --u) {
            Lanes is_useful = output[u] | ~has_output;
            for (int v = u + 1; v < n; ++v) is_useful |= edges[place(u, v)] & useful[v];
            useful[u] = is_useful;
            if (u > 0) kept[u] &= is_useful;
        }
        for (int v = 0; v < n; ++v) {
            output[v] &= kept[v];
            for (int u = 0; u < v; ++u) edges[place(u, v)] &= kept[u] & kept[v];
        }
    }

    void find_ends() {
        Lanes has_output = {};
        for (int v = 0; v < n; ++v) {
            has_output |= output[v];
            outputs[v] = read[v] = Lanes{};
        }
        for (int v = 0; v < n; ++v) {
            Lanes num_inputs = {};
            for (int u = 0; u < v; ++u) {
                const Lanes edge = edges[place(u, v)];
                num_inputs -= edge;
                outputs[u] -= edge;
                read[u] |= edge & output[v];
            }
            inputs[v] = num_inputs;
        }
        for (int v = 0; v < n; ++v) {
            const Lanes leaf = kept[v] & (outputs[v] == 0);
            read[v] = where(has_output, read[v], leaf);
            end[v] = where(has_output, output[v], leaf);
        }
    }

    void walk_back() {
        for (int u = n - 1; u >= 0; --u) {
            Walks<Paths> here;
            here.add(Walks<Paths>::start(), end[u]);
            for (int v = u + 1; v < n; ++v) here.add(to[v], edges[place(u, v)]);
            here.enter(kept[u]);
            to[u] = here;
        }
    }
};

}  // namespace
}  // namespace gemcore::GEMCORE_SIMD_LEVEL
