// Philox at the level in use (simd.h) and nothing else: for known answers at every level, and to
// measure the limit of everything that draws.
#pragma once

#include <cstdint>

#include "support/philox.h"

namespace gemcore {

/// Turns `num_blocks` counters into their words, in place.
void philox_blocks(PhiloxBlock* blocks, std::int64_t num_blocks, std::uint32_t key0,
                   std::uint32_t key1);

/// The xor of all words of blocks 0 .. 7 of kSampleEdges of items 0 .. num_items - 1. Draws them
/// all and stores none, so its time is the raw rate of Philox on one thread.
std::uint32_t philox_checksum(std::uint64_t seed, std::int64_t num_items);

}  // namespace gemcore
