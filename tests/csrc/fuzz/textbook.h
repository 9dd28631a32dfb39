// The Weisfeiler-Lehman kernel as the textbook has it: signatures of sorted neighbor colors are
// numbered by a dictionary. Shervashidze et al. 2011, section 3.1.
#pragma once

#include <map>
#include <vector>

#include "wl/options.h"

namespace gemcore::fuzz {

class Textbook {
 public:
    explicit Textbook(const WlOptions& options) : options_(options) {}

    using Color = std::int64_t;
    using Histogram = std::map<Color, std::int64_t>;

    /// How often each color occurs, [n_iter + 1].
    std::vector<Histogram> histograms(const LabelledBatch& batch, std::int64_t graph);

    /// The kernel, summed from round 0 on.
    double kernel(const std::vector<Histogram>& x, const std::vector<Histogram>& y) const;

 private:
    using Colors = std::vector<Color>;

    Color number(const Colors& signature);
    Colors initial_colors(const LabelledBatch& batch, std::int64_t graph);
    Color refined(const DagBatch& graphs, std::int64_t graph, int node, const Colors& colors);

    const WlOptions& options_;
    std::map<Colors, Color> numbers_;
};

}  // namespace gemcore::fuzz
