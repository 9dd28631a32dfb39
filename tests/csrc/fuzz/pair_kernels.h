// wl_pairs into guarded memory, which several checks compare with.
#pragma once

#include <algorithm>

#include "check.h"
#include "wl/pairs.h"

namespace gemcore::fuzz {

/// The same question without weights, whose answers are integers.
inline WlOptions unweighted(const WlOptions& options) {
    WlOptions plain = options;
    std::fill(plain.round_weights.begin(), plain.round_weights.end(), 1.0);
    plain.normalize = false;
    return plain;
}

template <typename T>
Guarded<T> pairs(const LabelledBatch& x, const LabelledBatch& y, const WlOptions& options) {
    Guarded<T> kernel(x.graphs.num_graphs);
    wl_pairs(x, y, options, kernel.data());
    return kernel;
}

}  // namespace gemcore::fuzz
