// The fuzz target: any bytes are a case, of which every check must hold. For libFuzzer, and for the
// driver in driver.cpp where there is none. GEMCORE_SIMD chooses the level under test.
#include <cstdio>
#include <cstdlib>

#include "check.h"
#include "support/parallel_for.h"

namespace gemcore::fuzz {
namespace {

SimdLevel tested_level = simd_level();

}  // namespace

SimdLevel level_under_test() { return tested_level; }

void set_level_under_test(SimdLevel level) { tested_level = level; }

void report_finding(const std::string& what) {
    std::fprintf(stderr, "finding at level %s: %s\n", simd_level_name(tested_level).c_str(),
                 what.c_str());
    std::abort();
}

}  // namespace gemcore::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace gemcore::fuzz;
    ByteReader bytes(data, size);
    gemcore::set_num_threads(bytes.rarely(64) ? 3 : 1);
    const FuzzCase drawn = read_case(bytes);
    for (Check* const check : kChecks) check(drawn, bytes);
    return 0;
}
