#include <cstddef>
#include <cstdint>

#include "graph/features_lanes.h"
#include "graph/features_tile.h"

namespace gemcore::GEMCORE_SIMD_LEVEL {
namespace {

/// The columns of kLanes cells. Lengths are numbers of nodes, both ends included; 0 is for none.
template <typename Paths>
class Tile {
 public:
    Tile(const FeatureJob& job, unsigned char* room)
        : job_(job), n_(job.cells.num_nodes), room_(room) {
        edges_ = take<Lanes>(n_ * (n_ - 1) / 2);
        for (Lanes** numbers :
             {&op_, &kept_, &output_, &end_, &read_, &inputs_, &outputs_, &shortest_from_,
              &longest_from_, &shortest_to_, &longest_to_, &has_, &most_, &fewest_}) {
            *numbers = take<Lanes>(n_);
        }
        paths_from_ = take<Paths>(n_);
        paths_to_ = take<Paths>(n_);
        some_paths_ = take<Paths>(n_);
        columns_ = take<float>(job.num_columns * kLanes);
    }

    void write(std::int64_t first, int num_cells, float* rows) {
        column_ = columns_;
        load(first, num_cells);
        drop_useless_nodes();
        find_ends();
        measure_nodes();
        for (int o = 0; o < job_.columns.num_ops; ++o) write_op(job_.columns.ops[o]);
        for (int s = 0; s < job_.columns.num_subsets; ++s) {
            write_subset(job_.columns.subsets + s * job_.columns.num_ops);
        }
        if (job_.columns.has_pairs) write_pairs();
        write_cell();
        if (job_.columns.prices != nullptr) write_cost(*job_.columns.prices);
        for (int i = 0; i < num_cells; ++i) {
            for (std::int64_t c = 0; c < job_.num_columns; ++c) {
                rows[i * job_.num_columns + c] = columns_[c * kLanes + i];
            }
        }
    }

 private:
    template <typename T>
    T* take(std::int64_t size) {
        T* const taken = reinterpret_cast<T*>(room_);
        room_ += (static_cast<std::size_t>(size) * sizeof(T) + 63) / 64 * 64;
        return taken;
    }

    Lanes& edge(int u, int v) { return edges_[v * (v - 1) / 2 + u]; }

    void load(std::int64_t first, int num_cells) {
        const DagBatch& cells = job_.cells;
        alignas(64) std::int16_t bits[kLanes] = {};
        for (int u = 0; u < n_; ++u) {
            for (int i = 0; i < kLanes; ++i) {
                bits[i] = i < num_cells ? cells.ops_of(first + i)[u] : kAbsent;
            }
            op_[u] = *reinterpret_cast<const Lanes*>(bits);
            for (int begin = (u + 1) / 16 * 16; begin < n_; begin += 16) {  // 16 columns at once.
                for (int i = 0; i < kLanes; ++i) {
                    bits[i] = i < num_cells ? static_cast<std::int16_t>(
                                                  cells.row(first + i, u)[begin / 64] >> begin % 64)
                                            : 0;
                }
                const Lanes row = *reinterpret_cast<const Lanes*>(bits);
                for (int v = begin > u ? begin : u + 1; v < begin + 16 && v < n_; ++v) {
                    edge(u, v) = (row & all(1 << (v - begin))) != 0;
                }
            }
        }
    }

    /// As kept_nodes() does.
    void drop_useless_nodes() {
        Lanes has_output = {};
        for (int v = 0; v < n_; ++v) {
            output_[v] = op_[v] == all(job_.columns.output_op);
            has_output |= output_[v];
            Lanes reached = all(v == 0 ? -1 : 0);
            for (int u = 0; u < v; ++u) reached |= edge(u, v) & kept_[u];
            kept_[v] = reached;
        }
        Lanes* const useful = has_;
        for (int u = n_ - 1; u >= 0; --u) {
            useful[u] = output_[u] | ~has_output;
            for (int v = u + 1; v < n_; ++v) useful[u] |= edge(u, v) & useful[v];
            if (u > 0) kept_[u] &= useful[u];
        }
        for (int v = 0; v < n_; ++v) {
            output_[v] &= kept_[v];
            for (int u = 0; u < v; ++u) edge(u, v) &= kept_[u] & kept_[v];
        }
    }

    /// Where paths end, what the output reads (without one: the leaves), and degrees.
    void find_ends() {
        Lanes has_output = {};
        for (int v = 0; v < n_; ++v) {
            has_output |= output_[v];
            inputs_[v] = outputs_[v] = read_[v] = Lanes{};
        }
        for (int v = 0; v < n_; ++v) {
            for (int u = 0; u < v; ++u) {
                inputs_[v] -= edge(u, v);
                outputs_[u] -= edge(u, v);
                read_[u] |= edge(u, v) & output_[v];
            }
        }
        for (int v = 0; v < n_; ++v) {
            const Lanes leaf = kept_[v] & (outputs_[v] == 0);
            read_[v] = where(has_output, read_[v], leaf);
            end_[v] = where(has_output, output_[v], leaf);
        }
    }

    /// Paths from the input to each node, from each node to an end, and from end to end.
    void measure_nodes() {
        for (int v = 0; v < n_; ++v) {
            Lanes shortest = all(v == 0 ? 0 : kNone);
            Lanes longest = {};
            paths_from_[v] = Paths::of(all(v == 0));
            for (int u = 0; u < v; ++u) {
                const Lanes e = edge(u, v);
                shortest = smaller(shortest, where(e, shortest_from_[u], all(kNone)));
                longest = larger(longest, e & longest_from_[u]);
                paths_from_[v].add(paths_from_[u], e);
            }
            shortest_from_[v] = kept_[v] & (shortest - kept_[v]);
            longest_from_[v] = kept_[v] & (longest + 1);
        }
        for (int u = n_ - 1; u >= 0; --u) {
            Lanes shortest = where(end_[u], Lanes{}, all(kNone));
            Lanes longest = {};
            paths_to_[u] = Paths::of(end_[u] & 1);
            for (int v = u + 1; v < n_; ++v) {
                const Lanes e = edge(u, v);
                shortest = smaller(shortest, where(e, shortest_to_[v], all(kNone)));
                longest = larger(longest, e & longest_to_[v]);
                paths_to_[u].add(paths_to_[v], e);
            }
            shortest_to_[u] = kept_[u] & (shortest - kept_[u]);
            longest_to_[u] = kept_[u] & (longest + 1);
        }
        longest_ = longest_to_[0];
    }

    void write_op(int op) {
        for (int v = 0; v < n_; ++v) has_[v] = (op_[v] == all(op)) & kept_[v];
        write_nodes(has_);
        Lanes inputs = {}, outputs = {}, longest_from = {}, longest_to = {};
        Lanes shortest_from = all(kNone), shortest_to = all(kNone);
        for (int v = 0; v < n_; ++v) {
            inputs += has_[v] & inputs_[v];
            outputs += has_[v] & outputs_[v];
            shortest_from = smaller(shortest_from, where(has_[v], shortest_from_[v], all(kNone)));
            longest_from = larger(longest_from, has_[v] & longest_from_[v]);
            shortest_to = smaller(shortest_to, where(has_[v], shortest_to_[v], all(kNone)));
            longest_to = larger(longest_to, has_[v] & longest_to_[v]);
        }
        write(inputs);
        write(outputs);
        write(found(shortest_from));
        write(longest_from);
        write(found(shortest_to));
        write(longest_to);
        write(most_on_a_path(has_));
        write_fewest();
        write_on_longest();
        write_means();
    }

    /// How many of these nodes there are, how many read the input, are read by the output.
    void write_nodes(const Lanes* has) {
        Lanes nodes = {}, after_input = {}, before_output = {};
        for (int v = 0; v < n_; ++v) {
            nodes -= has[v];
            if (v > 0) after_input -= has[v] & edge(0, v);
            before_output -= has[v] & read_[v];
        }
        write(nodes);
        write(after_input);
        write(before_output);
    }

    Lanes most_on_a_path(const Lanes* has) {
        Lanes most = {};
        for (int v = 0; v < n_; ++v) {
            Lanes before = {};
            for (int u = 0; u < v; ++u) before = larger(before, edge(u, v) & most_[u]);
            most_[v] = before - has[v];
            most = larger(most, end_[v] & most_[v]);
        }
        return most;
    }

    void write_fewest() {
        Lanes fewest = all(kNone);
        for (int v = 0; v < n_; ++v) {
            Lanes before = all(v == 0 ? 0 : kNone);
            for (int u = 0; u < v; ++u) {
                before = smaller(before, where(edge(u, v), fewest_[u], all(kNone)));
            }
            fewest_[v] = before - has_[v];
            fewest = smaller(fewest, where(end_[v], fewest_[v], all(kNone)));
        }
        write(fewest);
    }

    /// The most on any of the longest paths.
    void write_on_longest() {
        Lanes most = {};
        for (int v = 0; v < n_; ++v) {
            Lanes before = {};
            for (int u = 0; u < v; ++u) {
                const Lanes is_last = longest_from_[u] + 1 == longest_from_[v];
                before = larger(before, edge(u, v) & is_last & most_[u]);
            }
            most_[v] = before - has_[v];
            most = larger(most, end_[v] & (longest_from_[v] == longest_) & most_[v]);
        }
        write(most);
    }

    /// The mean over all paths, and the share of paths with at least one.
    void write_means() {
        Paths without, on_paths;
        for (int v = 0; v < n_; ++v) {
            Paths paths = Paths::of(all(v == 0));
            for (int u = 0; u < v; ++u) paths.add(some_paths_[u], edge(u, v));
            paths.keep(~has_[v]);
            some_paths_[v] = paths;
            without.add(paths, end_[v]);
            on_paths.add(paths_from_[v].times(paths_to_[v]), has_[v]);
        }
        const Paths& total = paths_to_[0];
        write_real([&](int i) { return on_paths[i] / total[i]; });
        write_real([&](int i) { return (total[i] - without[i]) / total[i]; });
    }

    void write_subset(const std::uint8_t* is_member) {
        const FeatureColumns& columns = job_.columns;
        int num_members = 0;
        for (int o = 0; o < columns.num_ops; ++o) num_members += is_member[o];
        for (int v = 0; v < n_; ++v) {
            Lanes banned = {};
            for (int o = 0; o < columns.num_ops; ++o) {
                if (!is_member[o]) banned |= op_[v] == all(columns.ops[o]);
            }
            has_[v] = kept_[v] & ~banned;
        }
        write_paths_within(has_);
        if (num_members < 2) return;
        for (int v = 0; v < n_; ++v) {
            Lanes member = {};
            for (int o = 0; o < columns.num_ops; ++o) {
                if (is_member[o]) member |= op_[v] == all(columns.ops[o]);
            }
            has_[v] = kept_[v] & member;
        }
        write_nodes(has_);
        write(edges_between(has_, has_));
        write(most_on_a_path(has_));
    }

    /// Number of paths of allowed nodes alone, the shortest and the longest of them.
    void write_paths_within(const Lanes* allowed) {
        Paths paths;
        Lanes shortest = all(kNone), longest = {};
        Lanes *const shortest_to_here = fewest_, *const longest_to_here = most_;
        for (int v = 0; v < n_; ++v) {
            Lanes closest = all(v == 0 ? 0 : kNone);
            Lanes farthest = {};
            Paths here = Paths::of(all(v == 0));
            for (int u = 0; u < v; ++u) {
                const Lanes e = edge(u, v);
                closest = smaller(closest, where(e, shortest_to_here[u], all(kNone)));
                farthest = larger(farthest, e & longest_to_here[u]);
                here.add(some_paths_[u], e);
            }
            const Lanes reached = allowed[v] & (closest != kNone);
            here.keep(reached);
            some_paths_[v] = here;
            shortest_to_here[v] = where(reached, closest - reached, all(kNone));
            longest_to_here[v] = reached & (farthest + 1);
            paths.add(here, end_[v]);
            shortest = smaller(shortest, where(end_[v], shortest_to_here[v], all(kNone)));
            longest = larger(longest, end_[v] & longest_to_here[v]);
        }
        write(paths);
        write(found(shortest));
        write(longest);
    }

    Lanes edges_between(const Lanes* from, const Lanes* to) {
        Lanes edges = {};
        for (int v = 0; v < n_; ++v) {
            for (int u = 0; u < v; ++u) edges -= edge(u, v) & from[u] & to[v];
        }
        return edges;
    }

    void write_pairs() {
        const FeatureColumns& columns = job_.columns;
        for (int a = 0; a < columns.num_ops; ++a) {
            for (int v = 0; v < n_; ++v) has_[v] = op_[v] == all(columns.ops[a]);
            for (int b = 0; b < columns.num_ops; ++b) {
                for (int v = 0; v < n_; ++v) most_[v] = op_[v] == all(columns.ops[b]);
                write(edges_between(has_, most_));
            }
        }
    }

    void write_cell() {
        Lanes nodes = {}, edges = {}, read = {}, most_inputs = {}, most_outputs = {};
        Lanes merges = {}, branches = {};
        Paths on_paths, input_squares, output_squares;
        for (int v = 0; v < n_; ++v) {
            nodes -= kept_[v];
            edges += inputs_[v];
            read -= read_[v];
            most_inputs = larger(most_inputs, inputs_[v]);
            most_outputs = larger(most_outputs, outputs_[v]);
            merges -= inputs_[v] > 1;
            branches -= outputs_[v] > 1;
            on_paths.add(paths_from_[v].times(paths_to_[v]), kept_[v]);
            const Paths inputs = Paths::of(inputs_[v]), outputs = Paths::of(outputs_[v]);
            input_squares.add(inputs.times(inputs), kept_[v]);
            output_squares.add(outputs.times(outputs), kept_[v]);
        }
        const Paths& paths = paths_to_[0];
        write(nodes);
        write(edges);
        write(paths);
        write(shortest_to_[0]);
        write(longest_);
        write_real([&](int i) { return on_paths[i] / paths[i]; });
        write(read_[0] & 1);
        write(outputs_[0]);
        write(read);
        write_real([&](int i) { return static_cast<double>(edges[i]) / nodes[i]; });
        write(most_inputs);
        write(most_outputs);
        const auto variance = [&](const Paths& squares, int i) {
            const double n = nodes[i], sum = edges[i];
            return (n * squares[i] - sum * sum) / (n * n);
        };
        write_real([&](int i) { return variance(input_squares, i); });
        write_real([&](int i) { return variance(output_squares, i); });
        write_width();
        write(merges);
        write(branches);
    }

    /// The most nodes that are equally far from the input, along the longest paths.
    void write_width() {
        Lanes width = {};
        for (int length = 1; length <= n_; ++length) {
            Lanes nodes = {};
            for (int v = 0; v < n_; ++v) nodes -= longest_from_[v] == all(length);
            width = larger(width, nodes);
        }
        write(width);
    }

    void write_cost(const CellPrices& prices) {
        for (int i = 0; i < kLanes; ++i) {
            double macs = prices.fixed[0], params = prices.fixed[1];
            const auto pay = [&](const double* price) {
                macs += price[0];
                params += price[1];
            };
            int num_leaves = 0;
            for (int v = 1; v < n_; ++v) num_leaves -= read_[v][i];
            if (read_[0][i]) pay(prices.direct);
            for (int v = 1; v < n_; ++v) {
                if (!kept_[v][i] || op_[v][i] == job_.columns.output_op) continue;
                const int key = prices.key_is_num_leaves ? num_leaves : inputs_[v][i];
                pay(prices.nodes + 2 * (op_[v][i] * n_ + key));
                if (edge(0, v)[i]) pay(prices.projections + 2 * num_leaves);
            }
            column_[i] = static_cast<float>(__builtin_log1p(macs));
            column_[kLanes + i] = static_cast<float>(__builtin_log1p(params));
        }
        column_ += 2 * kLanes;
    }

    static Lanes found(Lanes shortest) { return shortest & (shortest != kNone); }

    void write(Lanes numbers) {
        for (int i = 0; i < kLanes; ++i) column_[i] = job_.log1p_table[numbers[i]];
        column_ += kLanes;
    }
    void write(const FewPaths& paths) { write(paths.count); }
    void write(const ManyPaths& paths) {
        write_real([&](int i) { return paths[i]; });
    }
    template <typename Number>
    void write_real(const Number& number) {
        for (int i = 0; i < kLanes; ++i)
            column_[i] = static_cast<float>(__builtin_log1p(number(i)));
        column_ += kLanes;
    }

    const FeatureJob& job_;
    const int n_;
    unsigned char* room_;
    float *columns_, *column_;
    Lanes* edges_;  ///< [n (n - 1) / 2], between kept nodes
    Lanes *op_, *kept_, *output_, *end_, *read_, *inputs_, *outputs_;
    Lanes *shortest_from_, *longest_from_, *shortest_to_, *longest_to_;
    Lanes *has_, *most_, *fewest_;
    Paths *paths_from_, *paths_to_, *some_paths_;
    Lanes longest_;
};

template <typename Paths>
void write_rows(const FeatureJob& job, std::int64_t begin, std::int64_t end, unsigned char* room,
                float* rows) {
    Tile<Paths> tile(job, room);
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
