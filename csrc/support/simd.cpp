#include "support/simd.h"

#include <atomic>
#include <cstdlib>
#include <stdexcept>

namespace gemcore {
namespace {

constexpr int kUnknown = -1;
const char* const kNames[] = {"scalar", "avx2", "avx512_base", "avx512_vbmi", "avx512_vp2"};

std::atomic<int> level_in_use{kUnknown};

SimdLevel level_of_cpu() {
#ifdef GEMCORE_HAS_LEVELS
    __builtin_cpu_init();  // GCC and Clang ask the system too, whether it saves wide registers.
    const auto has_all = [](auto... flags) { return (... && (flags != 0)); };
    if (!has_all(__builtin_cpu_supports("avx2"), __builtin_cpu_supports("bmi"),
                 __builtin_cpu_supports("bmi2"), __builtin_cpu_supports("popcnt"),
                 __builtin_cpu_supports("fma"))) {
        return SimdLevel::kScalar;
    }
    if (!has_all(__builtin_cpu_supports("avx512f"), __builtin_cpu_supports("avx512bw"),
                 __builtin_cpu_supports("avx512cd"), __builtin_cpu_supports("avx512dq"),
                 __builtin_cpu_supports("avx512vl"))) {
        return SimdLevel::kAvx2;
    }
    if (!has_all(__builtin_cpu_supports("avx512vbmi"), __builtin_cpu_supports("avx512vbmi2"),
                 __builtin_cpu_supports("gfni"), __builtin_cpu_supports("avx512bitalg"),
                 __builtin_cpu_supports("avx512vpopcntdq"))) {
        return SimdLevel::kAvx512;
    }
    return __builtin_cpu_supports("avx512vp2intersect") ? SimdLevel::kAvx512Vp2
                                                        : SimdLevel::kAvx512Vbmi;
#else
    return SimdLevel::kScalar;
#endif
}

SimdLevel level_at_start() {
    const char* const forced = std::getenv("GEMCORE_SIMD");
    if (forced == nullptr || *forced == '\0') return best_simd_level();
    return read_simd_level("GEMCORE_SIMD", forced);
}

}  // namespace

SimdLevel best_simd_level() {
    static const SimdLevel best = level_of_cpu();
    return best;
}

SimdLevel simd_level() {
    int level = level_in_use.load(std::memory_order_relaxed);
    if (level == kUnknown) {
        level = static_cast<int>(level_at_start());
        level_in_use.store(level, std::memory_order_relaxed);
    }
    return static_cast<SimdLevel>(level);
}

std::string simd_level_name(SimdLevel level) { return kNames[static_cast<int>(level)]; }

SimdLevel read_simd_level(const std::string& what, const std::string& name) {
    const SimdLevel best = best_simd_level();
    if (name == "avx512" && best >= SimdLevel::kAvx512) return best;
    std::string known;
    for (int level = 0; level <= static_cast<int>(best); ++level) {
        if (name == kNames[level]) return static_cast<SimdLevel>(level);
        known += (level == 0 ? "'" : ", '") + std::string(kNames[level]) + "'";
    }
    if (best >= SimdLevel::kAvx512) known += ", 'avx512'";
    throw std::invalid_argument(what + " must be one of " + known + " on this CPU, got '" + name +
                                "'");
}

void set_simd_level(SimdLevel level) {
    level_in_use.store(static_cast<int>(level), std::memory_order_relaxed);
}

}  // namespace gemcore
