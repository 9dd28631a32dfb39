#include "support/philox_levels.h"
#include "support/philox_wide.h"

namespace gemcore::GEMCORE_SIMD_LEVEL {

void philox_blocks(PhiloxBlock* blocks, std::int64_t num_blocks, std::uint32_t key0,
                   std::uint32_t key1) {
    const PhiloxKeys keys(key0, key1);
    for (std::int64_t begin = 0; begin < num_blocks; begin += kLanes) {
        const std::int64_t left = num_blocks - begin;
        const int count = left < kLanes ? static_cast<int>(left) : kLanes;
        std::uint64_t words[4][kLanes] = {};
        for (int i = 0; i < 4 * count; ++i) words[i % 4][i / 4] = blocks[begin + i / 4].word[i % 4];
        WideBlocks drawn[1] = {{{load(words[0]), load(words[1]), load(words[2]), load(words[3])}}};
        philox(keys, drawn);
        for (int word = 0; word < 4; ++word) store(words[word], drawn[0].word[word]);
        for (int i = 0; i < 4 * count; ++i) {
            blocks[begin + i / 4].word[i % 4] = static_cast<std::uint32_t>(words[i % 4][i / 4]);
        }
    }
}

std::uint32_t philox_checksum(std::uint64_t seed, std::int64_t num_items) {
    constexpr std::int64_t kVectors = 8 / kLanes;  // Vectors an item.
    const PhiloxKeys keys(seed);
    Lanes sum = all(0);
    const std::int64_t num_vectors = num_items * kVectors;
    for (std::int64_t begin = 0; begin < num_vectors; begin += kChains) {
        WideBlocks chains[kChains];
        for (int chain = 0; chain < kChains; ++chain) {
            const auto vector = static_cast<std::uint64_t>(begin + chain);
            const Lanes block = add(lane_numbers(), all(vector % kVectors * kLanes));
            chains[chain] = counters(all(vector / kVectors), block, Stream::kSampleEdges);
        }
        philox(keys, chains);
        for (int chain = 0; chain < kChains; ++chain) {
            if (begin + chain >= num_vectors) break;
            const Lanes(&word)[4] = chains[chain].word;
            sum = xor3(sum, xor2(word[0], word[1]), xor2(word[2], word[3]));
        }
    }
    std::uint64_t lanes[kLanes];
    store(lanes, sum);
    std::uint64_t all_lanes = 0;
    for (const std::uint64_t lane : lanes) all_lanes ^= lane;
    return static_cast<std::uint32_t>(all_lanes);
}

}  // namespace gemcore::GEMCORE_SIMD_LEVEL
