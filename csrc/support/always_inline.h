#pragma once

/// For functions of wide sources: no copy of their own that the linker could take for others
/// (support/simd.h), and no call in a loop of a few hundred instructions.
#define GEMCORE_ALWAYS_INLINE inline __attribute__((always_inline))
