#pragma once

#include <pybind11/stl.h>

#include <string>
#include <tuple>

#include "arrays.h"
#include "cell/cost.h"

namespace gemcore {

/// num_ops, and the ops of input and output, -1 for none.
inline CostOps read_cost_ops(const std::tuple<int, int, int>& cost_ops) {
    const auto [num_ops, input, output] = cost_ops;
    check(0 <= num_ops && num_ops <= kAbsent,
          "num_ops must be in 0 .. 255, got " + std::to_string(num_ops));
    check(input < num_ops && output < num_ops, "input and output must be below num_ops");
    return {num_ops, input, output};
}

}  // namespace gemcore
