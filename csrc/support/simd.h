// Which of the wide twins of a kernel runs: chosen once by what the CPU can, or forced.
//
// A kernel `f` has a portable version in namespace `scalar`, and one source `f_wide.cpp` that CMake
// builds once for each level, with that level's instructions and in the namespace of its name
// (GEMCORE_SIMD_LEVEL). Such a source calls no inline function that other files call too, unless it
// is forced inline: the linker keeps one copy of each, and must not keep one that this CPU can't
// run. On other CPUs than x86-64, and with GEMCORE_PORTABLE (CMake's GEMCORE_WIDE=OFF), there is
// the portable version alone.
#pragma once

#include <string>
#include <vector>

#if defined(__x86_64__) && !defined(GEMCORE_PORTABLE)
#define GEMCORE_HAS_LEVELS 1
#endif

namespace gemcore {

/// Ordered: a CPU that has one has all before it.
enum class SimdLevel : int {
    kScalar = 0,
    kAvx2 = 1,        ///< AVX2, BMI1/2, LZCNT, POPCNT, FMA
    kAvx512 = 2,      ///< and AVX-512 F, BW, CD, DQ, VL
    kAvx512Vbmi = 3,  ///< and VBMI, VBMI2, GFNI, BITALG, VPOPCNTDQ: Intel from Ice Lake, AMD Zen 4
    kAvx512Vp2 = 4,   ///< and VP2INTERSECT: AMD from Zen 5
};

/// The highest level that this CPU and its system have.
SimdLevel best_simd_level();

/// The level in use: the best one, unless the environment variable GEMCORE_SIMD or
/// set_simd_level() says another. Throws std::invalid_argument where GEMCORE_SIMD names none that
/// this CPU has.
SimdLevel simd_level();

/// "scalar", "avx2", "avx512_base", "avx512_vbmi", "avx512_vp2".
std::string simd_level_name(SimdLevel level);

/// Reads a name; "avx512" is the highest of the AVX-512 levels that this CPU has. Throws
/// std::invalid_argument, with `what` as the name of the argument, for what this CPU has not.
SimdLevel read_simd_level(const std::string& what, const std::string& name);

void set_simd_level(SimdLevel level);

#ifdef GEMCORE_HAS_LEVELS
/// Declares a kernel in the namespace of every level.
#define GEMCORE_DECLARE_LEVELS(...) \
    namespace scalar {              \
    __VA_ARGS__;                    \
    }                               \
    namespace avx2 {                \
    __VA_ARGS__;                    \
    }                               \
    namespace avx512_base {         \
    __VA_ARGS__;                    \
    }                               \
    namespace avx512_vbmi {         \
    __VA_ARGS__;                    \
    }                               \
    namespace avx512_vp2 {          \
    __VA_ARGS__;                    \
    }
/// A pointer to the twin of the level in use.
#define GEMCORE_AT_LEVEL(kernel)                                                 \
    ::gemcore::at_level(::gemcore::simd_level(), &scalar::kernel, &avx2::kernel, \
                        &avx512_base::kernel, &avx512_vbmi::kernel, &avx512_vp2::kernel)
#else
#define GEMCORE_DECLARE_LEVELS(...) \
    namespace scalar {              \
    __VA_ARGS__;                    \
    }
#define GEMCORE_AT_LEVEL(kernel) (&scalar::kernel)
#endif

template <typename Kernel>
Kernel* at_level(SimdLevel level, Kernel* scalar, Kernel* avx2, Kernel* avx512_base,
                 Kernel* avx512_vbmi, Kernel* avx512_vp2) {
    Kernel* const kernels[] = {scalar, avx2, avx512_base, avx512_vbmi, avx512_vp2};
    return kernels[static_cast<int>(level)];
}

}  // namespace gemcore
