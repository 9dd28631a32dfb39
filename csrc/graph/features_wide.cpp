#include <cstdint>

#include "graph/features_graph.h"
#include "graph/features_lanes.h"
#include "graph/features_tile.h"
#include "graph/features_writer.h"

namespace gemcore::GEMCORE_SIMD_LEVEL {
namespace {

/// The columns of kLanes cells.
template <typename Paths>
class Tile {
 public:
    Tile(const FeatureJob& job, Room room)
        : job_(job),
          n_(job.cells.num_nodes),
          graph_(n_, room),
          out_(job.num_columns, job.log1p_table, room) {
        has_ = room.take<Lanes>(n_);
        other_ = room.take<Lanes>(n_);
        walks_ = room.take<Walks<Paths>>(n_);
        walks_of_op_ = room.take<WalksOfOp<Paths>>(n_);
    }

    void write(std::int64_t first, int num_cells, float* rows) {
        const FeatureColumns& columns = job_.columns;
        graph_.load(job_.cells, first, num_cells, columns.output_op);
        out_.clear();
        for (int o = 0; o < columns.num_ops; ++o) {
            find_nodes(columns.ops[o], has_);
            write_nodes();
            write_lengths();
            write_counts_on_paths();
        }
        for (int s = 0; s < columns.num_subsets; ++s) {
            write_subset(columns.subsets + s * columns.num_ops);
        }
        if (columns.has_pairs) write_pairs();
        write_cell();
        write_spread();
        if (columns.prices != nullptr) write_cost(*columns.prices);
        out_.copy_rows(num_cells, rows);
    }

 private:
    void find_nodes(int op, Lanes* nodes) const {
        for (int v = 0; v < n_; ++v) nodes[v] = (graph_.op[v] == all(op)) & graph_.kept[v];
    }

    /// How many of the nodes in has_ there are, read the input, are read by the output.
    void write_nodes() {
        Lanes nodes = -has_[0], after_input = {}, before_output = -(has_[0] & graph_.read[0]);
        for (int v = 1; v < n_; ++v) {
            nodes -= has_[v];
            after_input -= has_[v] & graph_.edges[graph_.place(0, v)];
            before_output -= has_[v] & graph_.read[v];
        }
        out_.write(nodes);
        out_.write(after_input);
        out_.write(before_output);
    }

    /// Degrees of the nodes in has_, and paths to and from them.
    void write_lengths() {
        Lanes inputs = {}, outputs = {}, longest_from = {}, longest_to = {};
        Lanes shortest_from = all(kNone), shortest_to = all(kNone);
        for (int v = 0; v < n_; ++v) {
            inputs += has_[v] & graph_.inputs[v];
            outputs += has_[v] & graph_.outputs[v];
            shortest_from = smaller(shortest_from, or_none(has_[v], graph_.from[v].shortest));
            longest_from = larger(longest_from, has_[v] & graph_.from[v].longest);
            shortest_to = smaller(shortest_to, or_none(has_[v], graph_.to[v].shortest));
            longest_to = larger(longest_to, has_[v] & graph_.to[v].longest);
        }
        out_.write(inputs);
        out_.write(outputs);
        out_.write(found(shortest_from));
        out_.write(longest_from);
        out_.write(found(shortest_to));
        out_.write(longest_to);
    }

    /// How many of the nodes in has_ the paths from input to output have.
    void write_counts_on_paths() {
        WalksOfOp<Paths> to_ends;
        Paths on_paths;
        for (int v = 0; v < n_; ++v) {
            auto here = v == 0 ? WalksOfOp<Paths>::start() : WalksOfOp<Paths>{};
            for (int u = 0; u < v; ++u) {
                const int edge = graph_.place(u, v);
                here.add(walks_of_op_[u], graph_.edges[edge], graph_.longest[edge]);
            }
            here.enter(has_[v]);
            walks_of_op_[v] = here;
            const Lanes is_farthest = graph_.from[v].longest == graph_.whole.longest;
            to_ends.add(here, graph_.end[v], graph_.end[v] & is_farthest);
            on_paths.add(graph_.from[v].paths.times(graph_.to[v].paths), has_[v]);
        }
        out_.write(to_ends.most);
        out_.write(to_ends.fewest);
        out_.write(to_ends.most_on_longest);
        const Paths& total = graph_.whole.paths;
        const Paths& without = to_ends.without;
        out_.write_real([&](int i) { return on_paths[i] / total[i]; });
        out_.write_real([&](int i) { return (total[i] - without[i]) / total[i]; });
    }

    void write_subset(const std::uint8_t* is_member) {
        const FeatureColumns& columns = job_.columns;
        int num_members = 0;
        for (int o = 0; o < columns.num_ops; ++o) num_members += is_member[o];
        for (int v = 0; v < n_; ++v) {
            Lanes member = {}, banned = {};
            for (int o = 0; o < columns.num_ops; ++o) {
                const Lanes has = graph_.op[v] == all(columns.ops[o]);
                member |= has & all(-is_member[o]);
                banned |= has & all(is_member[o] - 1);
            }
            has_[v] = graph_.kept[v] & member;
            other_[v] = graph_.kept[v] & ~banned;
        }
        const Walks<Paths> within = graph_.walk(other_, walks_);
        out_.write(within.paths);
        out_.write(found(within.shortest));
        out_.write(within.longest);
        if (num_members > 1) write_union();
    }

    /// Of the nodes in has_.
    void write_union() {
        write_nodes();
        Lanes edges = {}, most_of_all = {};
        Lanes* const most = other_;
        for (int v = 0; v < n_; ++v) {
            Lanes here = {};
            for (int u = 0; u < v; ++u) {
                const Lanes edge = graph_.edges[graph_.place(u, v)];
                here = larger(here, edge & most[u]);
                edges -= edge & has_[u] & has_[v];
            }
            most[v] = here - has_[v];
            most_of_all = larger(most_of_all, graph_.end[v] & most[v]);
        }
        out_.write(edges);
        out_.write(most_of_all);
    }

    void write_pairs() {
        const FeatureColumns& columns = job_.columns;
        for (int a = 0; a < columns.num_ops; ++a) {
            find_nodes(columns.ops[a], has_);
            for (int b = 0; b < columns.num_ops; ++b) {
                find_nodes(columns.ops[b], other_);
                Lanes edges = {};
                for (int v = 1; v < n_; ++v) {
                    Lanes inputs = {};
                    for (int u = 0; u < v; ++u) {
                        inputs -= graph_.edges[graph_.place(u, v)] & has_[u];
                    }
                    edges += inputs & other_[v];
                }
                out_.write(edges);
            }
        }
    }

    void write_cell() {
        Lanes nodes = {}, edges = {}, read = {};
        Paths on_paths;
        for (int v = 0; v < n_; ++v) {
            nodes -= graph_.kept[v];
            edges += graph_.inputs[v];
            read -= graph_.read[v];
            on_paths.add(graph_.from[v].paths.times(graph_.to[v].paths), graph_.kept[v]);
        }
        const Paths& paths = graph_.whole.paths;
        out_.write(nodes);
        out_.write(edges);
        out_.write(paths);
        out_.write(graph_.whole.shortest);
        out_.write(graph_.whole.longest);
        out_.write_real([&](int i) { return on_paths[i] / paths[i]; });
        out_.write(graph_.read[0] & 1);
        out_.write(graph_.outputs[0]);
        out_.write(read);
        out_.write_real([&](int i) { return static_cast<double>(edges[i]) / nodes[i]; });
    }

    /// Of degrees, and of distances from the input.
    void write_spread() {
        Lanes nodes = {}, edges = {}, most_inputs = {}, most_outputs = {};
        Lanes merges = {}, branches = {}, width = {};
        Paths input_squares, output_squares;
        for (int v = 0; v < n_; ++v) {
            nodes -= graph_.kept[v];
            edges += graph_.inputs[v];
            most_inputs = larger(most_inputs, graph_.inputs[v]);
            most_outputs = larger(most_outputs, graph_.outputs[v]);
            merges -= graph_.inputs[v] > 1;
            branches -= graph_.outputs[v] > 1;
            const Paths inputs = Paths::of(graph_.inputs[v]);
            const Paths outputs = Paths::of(graph_.outputs[v]);
            input_squares.add(inputs.times(inputs), graph_.kept[v]);
            output_squares.add(outputs.times(outputs), graph_.kept[v]);
        }
        const auto variance = [&](const Paths& squares, int i) {
            const double n = nodes[i], sum = edges[i];
            return (n * squares[i] - sum * sum) / (n * n);
        };
        for (int length = 1; length <= n_; ++length) {
            Lanes as_far = {};
            for (int v = 0; v < n_; ++v) as_far -= graph_.from[v].longest == all(length);
            width = larger(width, as_far);
        }
        out_.write(most_inputs);
        out_.write(most_outputs);
        out_.write_real([&](int i) { return variance(input_squares, i); });
        out_.write_real([&](int i) { return variance(output_squares, i); });
        out_.write(width);
        out_.write(merges);
        out_.write(branches);
    }

    void write_cost(const CellPrices& prices) {
        Lanes num_leaves = {};
        for (int v = 1; v < n_; ++v) num_leaves -= graph_.read[v];
        alignas(64) double macs[kLanes], params[kLanes];
        for (int i = 0; i < kLanes; ++i) {
            const double is_read = graph_.read[0][i] != 0 ? 1 : 0;
            macs[i] = prices.fixed[0] + is_read * prices.direct[0];
            params[i] = prices.fixed[1] + is_read * prices.direct[1];
        }
        for (int v = 1; v < n_; ++v) {
            const Lanes pays = graph_.kept[v] & ~graph_.output[v];
            const Lanes op = where(pays, graph_.op[v], all(kAbsent));  // Which costs nothing.
            const Lanes key = prices.key_is_num_leaves ? num_leaves : graph_.inputs[v];
            const Lanes width = pays & graph_.edges[graph_.place(0, v)] & num_leaves;
            for (int i = 0; i < kLanes; ++i) {
                const double* const node = prices.nodes + 2 * (op[i] * n_ + key[i]);
                const double* const projection = prices.projections + 2 * width[i];
                macs[i] += node[0] + projection[0];
                params[i] += node[1] + projection[1];
            }
        }
        out_.write_real([&](int i) { return macs[i]; });
        out_.write_real([&](int i) { return params[i]; });
    }

    static Lanes found(Lanes shortest) { return shortest & (shortest != kNone); }

    const FeatureJob& job_;
    const int n_;
    TileGraph<Paths> graph_;
    ColumnWriter out_;
    Lanes *has_, *other_;  ///< Sets of nodes
    Walks<Paths>* walks_;
    WalksOfOp<Paths>* walks_of_op_;
};

template <typename Paths>
void write_rows(const FeatureJob& job, std::int64_t begin, std::int64_t end, unsigned char* room,
                float* rows) {
    Tile<Paths> tile(job, Room{room});
    for (std::int64_t i = begin; i < end; i += kLanes) {
        const auto num_cells = static_cast<int>(end - i < kLanes ? end - i : kLanes);
        tile.write(i, num_cells, rows + (i - begin) * job.num_columns);
    }
}

}  // namespace

void write_features(const FeatureJob& job, std::int64_t begin, std::int64_t end,
                    unsigned char* room, float* rows) {
    job.cells.num_nodes <= kFewNodes ? write_rows<FewPaths>(job, begin, end, room, rows)
                                     : write_rows<ManyPaths>(job, begin, end, room, rows);
}

}  // namespace gemcore::GEMCORE_SIMD_LEVEL
