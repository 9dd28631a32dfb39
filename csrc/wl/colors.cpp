#include "wl/colors.h"

#include <algorithm>
#include <bit>

#include "support/parallel_for.h"
#include "wl/color.h"
#include "wl/color_rounds.h"

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

namespace scalar {

void color_rounds(const LabelledBatch& batch, const WlOptions& options, std::int64_t begin,
                  std::int64_t end, std::uint64_t* colors) {
    Refiner refiner;
    for (std::int64_t graph = begin; graph < end; ++graph) {
        refiner.load(batch, graph, options);
        for (int round = 0; round <= options.n_iter; ++round, colors += batch.graphs.num_nodes) {
            if (round > 0) refiner.refine();
            std::copy_n(refiner.colors(), refiner.size(), colors);
        }
    }
}

void sum_last_colors(const LabelledBatch& batch, const WlOptions& options, std::int64_t begin,
                     std::int64_t end, std::uint64_t* sums) {
    Refiner refiner;
    for (std::int64_t graph = begin; graph < end; ++graph, ++sums) {
        refiner.load(batch, graph, options);
        for (int round = 0; round < options.n_iter; ++round) refiner.refine();
        *sums = 0;
        for (int v = 0; v < refiner.size(); ++v) *sums += mix64(refiner.colors()[v]);
    }
}

}  // namespace scalar

void wl_colors(const LabelledBatch& batch, const WlOptions& options, std::uint64_t* colors) {
    const std::int64_t stride = std::int64_t{options.n_iter + 1} * batch.graphs.num_nodes;
    const auto color = GEMCORE_AT_LEVEL(color_rounds);
    parallel_for(batch.graphs.num_graphs, kGraphsAtOnce, [&](std::int64_t begin, std::int64_t end) {
        color(batch, options, begin, end, colors + begin * stride);
    });
}

}  // namespace gemcore
