// From counts of equal colors to a value of the kernel: kernel.h on the device, in the order and
// the roundings of the CPU's code. No multiplication may be fused with an addition here.
#pragma once

#include "wl/kernel_options.cuh"

namespace gemcore::cuda {

struct Counts {
    int xy, xx, yy;
};

struct PairSums {
    double xy = 0, xx = 0, yy = 0;

    __device__ void add(double weight, const Counts& counts) {
        xy = __dadd_rn(xy, __dmul_rn(weight, static_cast<double>(counts.xy)));
        xx = __dadd_rn(xx, __dmul_rn(weight, static_cast<double>(counts.xx)));
        yy = __dadd_rn(yy, __dmul_rn(weight, static_cast<double>(counts.yy)));
    }

    template <typename T>
    __device__ T value(bool normalize) const {
        if (!normalize) return static_cast<T>(xy);
        const double scale = __dsqrt_rn(__dmul_rn(xx, yy));
        if (!(scale > 0)) return T{0};
        const double quotient = __ddiv_rn(xy, scale);
        return static_cast<T>(quotient < 1.0 ? quotient : 1.0);
    }
};

}  // namespace gemcore::cuda
