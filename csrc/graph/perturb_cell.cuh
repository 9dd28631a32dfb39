// How one thread edits one cell: perturb.h's definition, on rows in any form of cell_rows.cuh.
#pragma once

#include <type_traits>

#include "graph/cell_rows.cuh"
#include "graph/perturb.h"
#include "support/philox.h"

namespace gemcore::cuda {

/// PerturbSpec as kernels take it, by value, without what each cell has of its own.
struct PerturbRules {
    std::uint8_t sampled_ops[256];
    std::uint64_t is_sampled[4];  // Bit op: the op is among them.
    int num_sampled_ops;
    int input_op;
    int output_op;

    __device__ bool may_change(std::uint8_t op) const { return is_sampled[op / 64] >> op % 64 & 1; }
};

inline PerturbRules perturb_rules(const PerturbSpec& spec) {
    PerturbRules rules{{}, {}, spec.num_sampled_ops, spec.input_op, spec.output_op};
    for (int i = 0; i < spec.num_sampled_ops; ++i) {
        const std::uint8_t op = spec.sampled_ops[i];
        rules.sampled_ops[i] = op;
        rules.is_sampled[op / 64] |= std::uint64_t{1} << (op % 64);
    }
    return rules;
}

/// A cell that a thread edits.
template <typename AnyRows, typename Bytes>
struct EditedCell {
    AnyRows original;
    AnyRows rows;  // These and `ops` start as copies of the original.
    Bytes ops;
    Bytes numbers;  // Becomes the place of each node in the new numbering.
    Bytes ready;    // Room, as `numbers`
    int size;
};

/// What one cell has of its own.
struct Edits {
    int num_edits;
    bool renumber;
    std::uint64_t seed;
    std::uint64_t index;

    __device__ PhiloxSequence words(Stream stream) const { return {seed, stream, index}; }
};

/// Flips the edge at place `skip`, in row order, among the bits that pool(u, w) gives.
template <typename AnyRows, typename Pool>
__device__ void flip_edge(const AnyRows& rows, int size, int skip, const Pool& pool) {
    for (int u = 0; u < size; ++u) {
        for (int w = 0; w < rows.num_words; ++w) {
            auto bits = pool(u, w);
            const int here = count_bits(bits);
            if (skip >= here) {
                skip -= here;
                continue;
            }
            while (skip-- > 0) bits &= bits - 1;
            word_of(rows, u, w) ^= bits & (~bits + 1);
            return;
        }
    }
}

/// What the rows still have of the original can be removed, and what neither has can be added: no
/// pool of edges is kept.
template <typename AnyRows>
__device__ void edit_edges(const AnyRows& original, const AnyRows& rows, int size, int num_edits,
                           PhiloxSequence words) {
    if (num_edits == 0) return;
    int to_remove = num_edits / 2;
    int to_add = num_edits / 2;
    if (num_edits % 2 == 1) ++(words.next() >> 31 ? to_add : to_remove);
    int num_present = 0;
    for (int u = 0; u < size; ++u) {
        for (int w = 0; w < rows.num_words; ++w) num_present += count_bits(word_of(rows, u, w));
    }
    int num_missing = size * (size - 1) / 2 - num_present;
    const auto pick = [&](int count) {
        return static_cast<int>(words.next_below(static_cast<std::uint32_t>(count)));
    };
    for (; to_remove > 0 && num_present > 0; --to_remove) {
        flip_edge(rows, size, pick(num_present--),
                  [&](int u, int w) { return word_of(rows, u, w); });
    }
    for (; to_add > 0 && num_missing > 0; --to_add) {
        flip_edge(rows, size, pick(num_missing--), [&](int u, int w) {
            using Word = std::remove_reference_t<decltype(word_of(rows, u, w))>;
            const int begin = w * static_cast<int>(8 * sizeof(Word));
            return static_cast<Word>(bit_range<Word>(u + 1 - begin, size - begin) &
                                     ~(word_of(original, u, w) | word_of(rows, u, w)));
        });
    }
}

template <typename Ops>
__device__ void edit_ops(int size, int num_edits, const PerturbRules& rules, PhiloxSequence words,
                         Ops ops) {
    int num_free = 0;
    for (int v = 0; v < size; ++v) num_free += rules.may_change(ops[v]);
    if (num_free == 0 || num_edits == 0) return;
    const auto most = static_cast<std::uint32_t>(num_edits < kMaxOpEdits ? num_edits : kMaxOpEdits);
    for (std::uint32_t left = words.next_below(most + 1); left > 0; --left) {
        int skip = static_cast<int>(words.next_below(static_cast<std::uint32_t>(num_free)));
        int node = 0;
        // A new op is a sampled one: the nodes that may change stay the same.
        while (!rules.may_change(ops[node]) || skip-- > 0) ++node;
        ops[node] =
            rules.sampled_ops[words.next_below(static_cast<std::uint32_t>(rules.num_sampled_ops))];
    }
}

/// Draws a topological order, as numbers; returns the node that comes first.
template <typename AnyRows, typename Bytes>
__device__ int draw_numbers(const EditedCell<AnyRows, Bytes>& cell, const PerturbRules& rules,
                            PhiloxSequence words) {
    const AnyRows rows = cell.rows;
    const Bytes ops = cell.ops, numbers = cell.numbers, ready = cell.ready;
    const int size = cell.size;
    const bool input_stays = ops[0] == rules.input_op;
    const bool output_stays = ops[size - 1] == rules.output_op;
    // Until it has its place, numbers[v] is the number of inputs of v without one: at most 255.
    for (int v = 0; v < size; ++v) numbers[v] = 0;
    for (int u = 0; u < size; ++u) for_each_output(rows, u, [&](int v) { ++numbers[v]; });
    int num_ready = 0, place = 0, first = 0;
    const auto add_if_ready = [&](int v) {
        if (numbers[v] != 0 || (output_stays && v == size - 1)) return;
        ready[num_ready++] = static_cast<std::uint8_t>(v);
    };
    for (int v = input_stays ? 1 : 0; v < size; ++v) add_if_ready(v);
    const auto put = [&](int node) {
        if (place == 0) first = node;
        numbers[node] = static_cast<std::uint8_t>(place++);
        for_each_output(rows, node, [&](int v) {
            --numbers[v];
            add_if_ready(v);
        });
    };
    if (input_stays) put(0);
    while (num_ready > 0) {
        const auto pick = words.next_below(static_cast<std::uint32_t>(num_ready));
        const int node = ready[static_cast<int>(pick)];
        ready[static_cast<int>(pick)] = ready[--num_ready];
        put(node);
    }
    if (output_stays && place < size) put(size - 1);
    return first;
}

/// All edits. Returns the node that comes first in the new numbering; the rows keep the old one.
template <typename AnyRows, typename Bytes>
__device__ int perturb_cell(const EditedCell<AnyRows, Bytes>& cell, const PerturbRules& rules,
                            const Edits& edits) {
    edit_edges(cell.original, cell.rows, cell.size, edits.num_edits,
               edits.words(Stream::kPerturbEdges));
    edit_ops(cell.size, edits.num_edits, rules, edits.words(Stream::kPerturbOps), cell.ops);
    if (edits.renumber) return draw_numbers(cell, rules, edits.words(Stream::kRenumber));
    for (int v = 0; v < cell.size; ++v) cell.numbers[v] = static_cast<std::uint8_t>(v);
    return 0;
}

}  // namespace gemcore::cuda
