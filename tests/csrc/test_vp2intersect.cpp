// Runs emulated_vp2.cpp where the CPU can: this file is compiled for every CPU, that one is not.
#include "support/simd.h"

void emulated_vp2_equals_portable_code();

int main() {
    using namespace gemcore;
    if (best_simd_level() < SimdLevel::kAvx512Vbmi) return 77;  // ctest: skipped.
    emulated_vp2_equals_portable_code();
}
