#include "wl/colors.h"

#include <algorithm>
#include <bit>

#include "support/parallel_for.h"
#include "wl/color.h"

namespace gemcore {
namespace {

constexpr std::int64_t kGraphsAtOnce = 64;

}  // namespace

void Refiner::read_edges(const DagBatch& graphs, std::int64_t graph) {
    // Room for all edges there can be: push_back would take twice as long.
    const auto room = static_cast<std::size_t>(size_ * (size_ - 1) / 2);
    if (edges_.size() < room) edges_.resize(room);
    num_edges_ = 0;
    for (int u = 0; u < size_; ++u) {
        const std::uint64_t* row = graphs.row(graph, u);
        for (int word = u / 64; word < graphs.num_words; ++word) {
            for (std::uint64_t bits = row[word]; bits != 0; bits &= bits - 1) {
                const int v = word * 64 + std::countr_zero(bits);
                edges_[num_edges_++] = {static_cast<std::uint8_t>(u), static_cast<std::uint8_t>(v)};
            }
        }
    }
}

void Refiner::color_by_degree() {
    std::fill_n(colors_.begin(), size_, 0);
    const std::uint64_t output = keeps_roles_apart_ ? kMaxNodes : 1;
    for (const Edge edge : edges()) {
        if (reads_outputs_) colors_[edge.from] += output;
        if (reads_inputs_) colors_[edge.to] += 1;
    }
    for (int v = 0; v < size_; ++v) colors_[v] = initial_color(colors_[v]);
}

void Refiner::load(const LabelledBatch& batch, std::int64_t graph, const WlOptions& options) {
    size_ = batch.graphs.sizes[graph];
    reads_inputs_ = options.direction != Direction::kOut;
    reads_outputs_ = options.direction != Direction::kIn;
    keeps_roles_apart_ = options.direction == Direction::kInOut;
    read_edges(batch.graphs, graph);
    if (options.labels == BaseLabels::kDegree) return color_by_degree();
    const std::uint8_t* ops = batch.graphs.ops_of(graph);
    const bool by_op = options.labels == BaseLabels::kOps;
    for (int v = 0; v < size_; ++v) {
        colors_[v] = initial_color(by_op ? batch.label_of_op[ops[v]] : 0);
    }
}

void Refiner::refine() {
    const Role output = keeps_roles_apart_ ? Role::kOutput : Role::kInput;
    for (int v = 0; v < size_; ++v) {
        input_terms_[v] = color_term(colors_[v], Role::kInput);
        output_terms_[v] = color_term(colors_[v], output);
        colors_[v] = color_term(colors_[v], Role::kSelf);
    }
    if (reads_outputs_) {
        for (const Edge edge : edges()) colors_[edge.from] += output_terms_[edge.to];
    }
    if (reads_inputs_) {
        for (const Edge edge : edges()) colors_[edge.to] += input_terms_[edge.from];
    }
}

void wl_colors(const LabelledBatch& batch, const WlOptions& options, std::uint64_t* colors) {
    const int num_nodes = batch.graphs.num_nodes;
    const auto color_graphs = [&](std::int64_t begin, std::int64_t end) {
        Refiner refiner;
        for (std::int64_t graph = begin; graph < end; ++graph) {
            refiner.load(batch, graph, options);
            std::uint64_t* row = colors + graph * (options.n_iter + 1) * num_nodes;
            for (int round = 0;; ++round, row += num_nodes) {
                std::copy_n(refiner.colors(), refiner.size(), row);
                if (round == options.n_iter) break;
                refiner.refine();
            }
        }
    };
    parallel_for(batch.graphs.num_graphs, kGraphsAtOnce, color_graphs);
}

}  // namespace gemcore
