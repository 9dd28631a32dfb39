// The twins of philox_rate.h.
#pragma once

#include "support/philox_rate.h"
#include "support/simd.h"

namespace gemcore {

GEMCORE_DECLARE_LEVELS(void philox_blocks(PhiloxBlock* blocks, std::int64_t num_blocks,
                                          std::uint32_t key0, std::uint32_t key1);
                       std::uint32_t philox_checksum(std::uint64_t seed, std::int64_t num_items))

}  // namespace gemcore
