// What is drawn for each pair of a stream: PairMixture.draw of gemcore/pair_mixture.py, same bits.
#pragma once

#include "wl/pair_stream_cuda.h"

namespace gemcore::cuda {

struct WidePhiloxBlock {
    std::uint64_t word[4];
};

/// Block `index` of Philox4x64-10 under the key (key0, key1), as numpy counts blocks: from 1.
/// Salmon, Moraes, Dror & Shaw, SC 2011.
__device__ inline WidePhiloxBlock wide_philox(std::uint64_t key0, std::uint64_t key1,
                                              std::uint64_t index) {
    std::uint64_t c0 = index + 1, c1 = 0, c2 = 0, c3 = 0;
    for (int round = 0; round < 10; ++round) {
        constexpr std::uint64_t kFirst = 0xD2E7470EE14C6C93u, kSecond = 0xCA5A826395121157u;
        const std::uint64_t high0 = __umul64hi(kFirst, c0), high2 = __umul64hi(kSecond, c2);
        const std::uint64_t low0 = kFirst * c0, low2 = kSecond * c2;
        c0 = high2 ^ c1 ^ key0;
        c2 = high0 ^ c3 ^ key1;
        c1 = low2;
        c3 = low0;
        key0 += 0x9E3779B97F4A7C15u;
        key1 += 0xBB67AE8584CAA73Bu;
    }
    return {{c0, c1, c2, c3}};
}

struct PairDraw {
    PairKind kind;
    int num_edits;
    bool renumber;
    std::uint32_t picks[2];  // Of the pair's cells, where they come from a pool
};

/// How many of the thresholds, which ascend, are at most `value`.
__device__ inline int count_reached(const PairMixtureSpec& mixture, std::uint64_t value) {
    int low = 0, high = mixture.num_thresholds;
    while (low < high) {
        const int middle = (low + high) / 2;
        if (mixture.edit_thresholds[middle] <= value) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

__device__ inline PairDraw draw_pair(const PairMixtureSpec& mixture, std::uint64_t index) {
    constexpr std::uint64_t kPairKindStream = 16;  // PAIR_KIND of gemcore/philox.py
    const auto [words] = wide_philox(mixture.seed, kPairKindStream, index);
    const auto uniform = [](std::uint64_t word) {
        return static_cast<double>(word >> 11) * 0x1p-53;
    };
    PairDraw draw{
        PairKind::kPerturbed,
        0,
        uniform(words[2]) < mixture.renumbered_below,
        {static_cast<std::uint32_t>(words[3]), static_cast<std::uint32_t>(words[3] >> 32)}};
    if (uniform(words[0]) < mixture.isomorphic_below) draw.kind = PairKind::kIsomorphic;
    if (uniform(words[0]) >= mixture.edited_below) draw.kind = PairKind::kIndependent;
    if (draw.kind == PairKind::kPerturbed) {
        draw.num_edits = mixture.min_edits + count_reached(mixture, words[1] >> 11);
    }
    return draw;
}

}  // namespace gemcore::cuda
