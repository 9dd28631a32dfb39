// The pairs of AMD Zen 5's level on CPUs without VP2INTERSECT: the instruction is emulated, the
// rest is the very source.
#include <immintrin.h>

namespace {

/// Marks the lanes of each of two registers that equal a lane of the other.
inline void emulated_2intersect(__m512i a, __m512i b, __mmask16* in_a, __mmask16* in_b) {
    alignas(64) int x[16];
    alignas(64) int y[16];
    _mm512_store_si512(x, a);
    _mm512_store_si512(y, b);
    unsigned of_x = 0, of_y = 0;
    for (int i = 0; i < 16; ++i) {
        for (int j = 0; j < 16; ++j) {
            of_x |= static_cast<unsigned>(x[i] == y[j]) << i;
            of_y |= static_cast<unsigned>(x[i] == y[j]) << j;
        }
    }
    *in_a = static_cast<__mmask16>(of_x);
    *in_b = static_cast<__mmask16>(of_y);
}

}  // namespace

#define _mm512_2intersect_epi32 emulated_2intersect
#define __AVX512VP2INTERSECT__ 1
#define GEMCORE_SIMD_LEVEL emulated_vp2
#include "batch.h"
#include "expect.h"
#include "wl/pairs_wide.cpp"

using namespace gemcore;

namespace {

void equals_portable_code(int num_nodes, int num_ops, double density, Direction direction) {
    constexpr int kPairs = 50;
    const SampleSpec spec = {num_nodes,
                             num_ops,
                             false,
                             Distribution::kBernoulli,
                             static_cast<std::uint64_t>(density * 4294967296.0),
                             -1};
    const Batch x = sampled(spec, kPairs, 1);
    const Batch y = sampled(spec, kPairs, 2);
    std::uint64_t labels[256];
    for (int op = 0; op < 256; ++op) labels[op] = static_cast<std::uint64_t>(op);
    const LabelledBatch a{x.view(), labels, num_ops + 1};
    const LabelledBatch b{y.view(), labels, num_ops + 1};
    const WlOptions options{3, direction, BaseLabels::kOps, {1, 1, 1, 1}, true};
    const MatchJob job = make_match_job(a, b, options);
    std::vector<Matches> expected(kPairs * 4), actual(kPairs * 4);
    scalar::count_matches(job, 0, kPairs, expected.data());
    emulated_vp2::count_matches(job, 0, kPairs, actual.data());
    for (std::size_t i = 0; i < actual.size(); ++i) {
        EXPECT(actual[i].xy == expected[i].xy);
        EXPECT(actual[i].xx == expected[i].xx);
        EXPECT(actual[i].yy == expected[i].yy);
    }
}

}  // namespace

void emulated_vp2_equals_portable_code() {
    for (const int num_nodes : {1, 2, 16, 17, 30, 32}) {
        for (const int num_ops : {1, 2, 3, 4, 7}) {
            for (const double density : {0.1, 0.5, 0.9}) {
                equals_portable_code(num_nodes, num_ops, density, Direction::kInOut);
                equals_portable_code(num_nodes, num_ops, density, Direction::kUndirected);
            }
        }
    }
}
