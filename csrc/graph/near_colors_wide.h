// Colors after the two rounds of refinement that canonical.h calls near: those of wl/color.h.
#pragma once

#include "graph/word_rows_wide.h"
#include "wl/color.h"

namespace gemcore::GEMCORE_SIMD_LEVEL {
namespace {

/// mix64() of eight numbers.
GEMCORE_ALWAYS_INLINE __m512i mixed(__m512i x) {
    x = _mm512_xor_si512(x, _mm512_srli_epi64(x, 30));
    x = _mm512_mullo_epi64(x, set1(0xbf58476d1ce4e5b9));
    x = _mm512_xor_si512(x, _mm512_srli_epi64(x, 27));
    x = _mm512_mullo_epi64(x, set1(0x94d049bb133111eb));
    return _mm512_xor_si512(x, _mm512_srli_epi64(x, 31));
}

GEMCORE_ALWAYS_INLINE __m512i color_terms(__m512i colors, Role role) {
    return mixed(_mm512_xor_si512(colors, set1(static_cast<std::uint64_t>(role))));
}

/// The terms of the first round by op, each computed when it is first asked for.
class OpTerms {
 public:
    enum { kSelf, kInput, kOutput, kNumRoles };

    GEMCORE_ALWAYS_INLINE explicit OpTerms(const std::uint64_t* label_of_op)
        : label_of_op_(label_of_op) {
        for (bool& known : is_known_) known = false;
    }

    GEMCORE_ALWAYS_INLINE const std::uint64_t* of(int op) {
        if (!is_known_[op]) compute(op);
        return terms_[op];
    }

 private:
    __attribute__((noinline)) void compute(int op) {
        const __m512i label = set1(label_of_op_[op]);
        const __m512i color = color_terms(label, Role::kLabel);
        const __m512i roles = _mm512_set_epi64(0, 0, 0, 0, 0, static_cast<long long>(Role::kOutput),
                                               static_cast<long long>(Role::kInput),
                                               static_cast<long long>(Role::kSelf));
        _mm512_mask_storeu_epi64(terms_[op], 7, mixed(_mm512_xor_si512(color, roles)));
        is_known_[op] = true;
    }

    const std::uint64_t* label_of_op_;
    bool is_known_[256];
    std::uint64_t terms_[256][kNumRoles];
};

/// Adds what the nodes of one op are to each node: their number times their term.
template <int kGroups>
GEMCORE_ALWAYS_INLINE void add_op(std::uint64_t nodes, const std::uint64_t* term,
                                  const __m512i (&rows)[kGroups], const __m512i (&inputs)[kGroups],
                                  __m512i (&colors)[kGroups]) {
    const __m512i of_op = set1(nodes);
#pragma GCC unroll 8
    for (int group = 0; group < kGroups; ++group) {
        const __m512i in = _mm512_popcnt_epi64(_mm512_and_si512(inputs[group], of_op));
        const __m512i out = _mm512_popcnt_epi64(_mm512_and_si512(rows[group], of_op));
        const __m512i sum = _mm512_add_epi64(_mm512_mullo_epi64(in, set1(term[OpTerms::kInput])),
                                             _mm512_mullo_epi64(out, set1(term[OpTerms::kOutput])));
        colors[group] = _mm512_add_epi64(colors[group], sum);
        colors[group] = _mm512_mask_add_epi64(colors[group], part(nodes, group), colors[group],
                                              set1(term[OpTerms::kSelf]));
    }
}

/// One round in which each node reads its inputs and outputs.
template <int kGroups>
GEMCORE_ALWAYS_INLINE void refine(const __m512i (&rows)[kGroups], const __m512i (&inputs)[kGroups],
                                  int size, __m512i (&colors)[kGroups]) {
    alignas(64) std::uint64_t input_term[8 * kGroups], output_term[8 * kGroups];
    alignas(64) std::uint8_t row[8 * kGroups][8], column[8 * kGroups][8];
#pragma GCC unroll 8
    for (int group = 0; group < kGroups; ++group) {
        _mm512_store_si512(row + 8 * group, rows[group]);
        _mm512_store_si512(column + 8 * group, inputs[group]);
        _mm512_store_si512(input_term + 8 * group, color_terms(colors[group], Role::kInput));
        _mm512_store_si512(output_term + 8 * group, color_terms(colors[group], Role::kOutput));
        colors[group] = color_terms(colors[group], Role::kSelf);
    }
#pragma GCC unroll 8
    for (int group = 0; group < kGroups; ++group) {  // Edges go up: inputs below, outputs above.
        __m512i sum = colors[group];
        for (int u = 0; u < 8 * group + 7; ++u) {
            sum = _mm512_mask_add_epi64(sum, row[u][group], sum, set1(input_term[u]));
        }
        for (int v = 8 * group + 1; v < size; ++v) {
            sum = _mm512_mask_add_epi64(sum, column[v][group], sum, set1(output_term[v]));
        }
        colors[group] = sum;
    }
}

template <int kGroups>
GEMCORE_ALWAYS_INLINE void near_colors(const __m512i (&rows)[kGroups],
                                       const __m512i (&inputs)[kGroups], __m512i ops, int size,
                                       OpTerms& terms, __m512i (&colors)[kGroups]) {
    alignas(64) std::uint8_t op_of[64];
    _mm512_store_si512(op_of, ops);
#pragma GCC unroll 8
    for (int group = 0; group < kGroups; ++group) colors[group] = _mm512_setzero_si512();
    for (std::uint64_t rest = lowest(size); rest != 0;) {
        const int op = op_of[_tzcnt_u64(rest)];
        const std::uint64_t nodes =
            _mm512_mask_cmpeq_epi8_mask(rest, ops, _mm512_set1_epi8(static_cast<char>(op)));
        add_op(nodes, terms.of(op), rows, inputs, colors);
        rest &= ~nodes;
    }
    refine(rows, inputs, size, colors);
}

}  // namespace
}  // namespace gemcore::GEMCORE_SIMD_LEVEL
