#include "textbook.h"

#include <algorithm>

namespace gemcore::fuzz {

Textbook::Color Textbook::number(const Colors& signature) {
    return numbers_.try_emplace(signature, static_cast<Color>(numbers_.size())).first->second;
}

Textbook::Colors Textbook::initial_colors(const LabelledBatch& batch, std::int64_t graph) {
    const int size = batch.graphs.sizes[graph];
    Colors colors;
    for (int v = 0; v < size; ++v) {
        Color inputs = 0, outputs = 0;
        for (int u = 0; u < size; ++u) {
            inputs += batch.graphs.has_edge(graph, u, v);
            outputs += batch.graphs.has_edge(graph, v, u);
        }
        const bool is_out = options_.direction == Direction::kOut;
        const bool is_in = options_.direction == Direction::kIn;
        Colors signature;
        if (options_.labels == BaseLabels::kOps) {
            const std::uint64_t label = batch.label_of_op[batch.graphs.ops_of(graph)[v]];
            signature = {static_cast<Color>(label)};
        } else if (options_.labels == BaseLabels::kUniform) {
            signature = {0};
        } else if (options_.direction == Direction::kUndirected) {
            signature = {inputs + outputs};
        } else {
            signature = {is_out ? 0 : inputs, is_in ? 0 : outputs};
        }
        colors.push_back(number(signature));
    }
    return colors;
}

Textbook::Color Textbook::refined(const DagBatch& graphs, std::int64_t graph, int node,
                                  const Colors& colors) {
    Colors inputs, outputs;
    for (int other = 0; other < graphs.sizes[graph]; ++other) {
        if (graphs.has_edge(graph, other, node)) inputs.push_back(colors[other]);
        if (graphs.has_edge(graph, node, other)) outputs.push_back(colors[other]);
    }
    if (options_.direction == Direction::kUndirected) {
        inputs.insert(inputs.end(), outputs.begin(), outputs.end());
    }
    if (options_.direction == Direction::kOut) inputs.clear();
    if (options_.direction == Direction::kIn || options_.direction == Direction::kUndirected) {
        outputs.clear();
    }
    std::sort(inputs.begin(), inputs.end());
    std::sort(outputs.begin(), outputs.end());
    Colors signature{-1, colors[node], static_cast<Color>(inputs.size())};
    signature.insert(signature.end(), inputs.begin(), inputs.end());
    signature.insert(signature.end(), outputs.begin(), outputs.end());
    return number(signature);
}

std::vector<Textbook::Histogram> Textbook::histograms(const LabelledBatch& batch,
                                                      std::int64_t graph) {
    std::vector<Histogram> of_round;
    Colors colors = initial_colors(batch, graph);
    for (int round = 0;; ++round) {
        of_round.emplace_back();
        for (const Color color : colors) ++of_round.back()[color];
        if (round == options_.n_iter) return of_round;
        Colors next;
        for (int v = 0; v < batch.graphs.sizes[graph]; ++v) {
            next.push_back(refined(batch.graphs, graph, v, colors));
        }
        colors = std::move(next);
    }
}

double Textbook::kernel(const std::vector<Histogram>& x, const std::vector<Histogram>& y) const {
    double sum = 0;
    for (int round = 0; round <= options_.n_iter; ++round) {
        std::int64_t matches = 0;
        for (const auto& [color, count] : x[round]) {
            const auto found = y[round].find(color);
            if (found != y[round].end()) matches += count * found->second;
        }
        sum += options_.round_weights[round] * static_cast<double>(matches);
    }
    return sum;
}

}  // namespace gemcore::fuzz
