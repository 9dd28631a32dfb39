#include "support/philox_rate.h"

#include "support/philox_levels.h"

namespace gemcore {
namespace scalar {

void philox_blocks(PhiloxBlock* blocks, std::int64_t num_blocks, std::uint32_t key0,
                   std::uint32_t key1) {
    for (std::int64_t i = 0; i < num_blocks; ++i) blocks[i] = philox(blocks[i], key0, key1);
}

std::uint32_t philox_checksum(std::uint64_t seed, std::int64_t num_items) {
    std::uint32_t sum = 0;
    for (std::int64_t i = 0; i < num_items; ++i) {
        for (std::uint32_t block = 0; block < 8; ++block) {
            const auto index = static_cast<std::uint64_t>(i);
            const PhiloxBlock drawn = philox(seed, Stream::kSampleEdges, index, block);
            for (const std::uint32_t word : drawn.word) sum ^= word;
        }
    }
    return sum;
}

}  // namespace scalar

void philox_blocks(PhiloxBlock* blocks, std::int64_t num_blocks, std::uint32_t key0,
                   std::uint32_t key1) {
    GEMCORE_AT_LEVEL(philox_blocks)(blocks, num_blocks, key0, key1);
}

std::uint32_t philox_checksum(std::uint64_t seed, std::int64_t num_items) {
    return GEMCORE_AT_LEVEL(philox_checksum)(seed, num_items);
}

}  // namespace gemcore
