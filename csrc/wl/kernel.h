// From counts of equal colors to a value of the kernel.
#pragma once

#include <algorithm>
#include <cmath>

namespace gemcore {

/// k(x, y) / sqrt(k(x, x) k(y, y)), in [0, 1]; 0 / 0 is 0.
///
/// One square root, of the product: GraKeL's formula, hence its bits. Counts of colors can't leave
/// [0, 1], rounded weighted sums could by one ulp.
inline double normalized(double xy, double xx, double yy) {
    const double scale = std::sqrt(xx * yy);
    return scale > 0 ? std::min(xy / scale, 1.0) : 0.0;
}

}  // namespace gemcore
