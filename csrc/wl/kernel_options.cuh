// WlOptions as kernels take them, by value, and what follows from them on the device.
#pragma once

#include <algorithm>
#include <stdexcept>

#include "wl/color.h"
#include "wl/options.h"

namespace gemcore::cuda {

constexpr int kMaxRounds = 16;

struct KernelOptions {
    int n_iter;
    Direction direction;
    BaseLabels labels;
    bool normalize;
    double round_weights[kMaxRounds + 1];

    __device__ bool reads_inputs() const { return direction != Direction::kOut; }
    __device__ bool reads_outputs() const { return direction != Direction::kIn; }
    __device__ bool keeps_roles_apart() const { return direction == Direction::kInOut; }

    /// Color of a node before the first round.
    __device__ std::uint64_t first_color(std::uint64_t label, int num_inputs,
                                         int num_outputs) const {
        if (labels == BaseLabels::kOps) return initial_color(label);
        if (labels == BaseLabels::kUniform) return initial_color(0);
        const int output = keeps_roles_apart() ? kMaxNodes : 1;
        const int degree =
            (reads_outputs() ? num_outputs * output : 0) + (reads_inputs() ? num_inputs : 0);
        return initial_color(static_cast<std::uint64_t>(degree));
    }
};

inline KernelOptions kernel_options(const WlOptions& options) {
    if (options.n_iter > kMaxRounds) throw std::invalid_argument("n_iter must be at most 16");
    KernelOptions copy{options.n_iter, options.direction, options.labels, options.normalize, {}};
    std::copy(options.round_weights.begin(), options.round_weights.end(), copy.round_weights);
    return copy;
}

}  // namespace gemcore::cuda
