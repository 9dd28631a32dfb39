// Philox4x32-10, a counter-based random number generator: a pure function from (counter, key) to
// 128 random bits, so a draw depends on its name alone, never on who draws first.
//
// Salmon, Moraes, Dror & Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
#pragma once

#include <cstdint>

#include "support/host_device.h"

namespace gemcore {

/// What a random stream is for: the last word of the counter. Values are frozen with version 1.
enum class Stream : std::uint32_t {
    kSampleEdges = 0,
    kSampleOps = 1,
    kSampleStructure = 2,
    kPerturbEdges = 3,
    kPerturbOps = 4,
    kRenumber = 5,
};

struct PhiloxBlock {
    std::uint32_t word[4];
};

GEMCORE_HOST_DEVICE inline PhiloxBlock philox(PhiloxBlock counter, std::uint32_t key0,
                                              std::uint32_t key1) {
    std::uint32_t (&c)[4] = counter.word;
    for (int round = 0; round < 10; ++round) {
        const std::uint64_t a = std::uint64_t{0xD2511F53u} * c[0];
        const std::uint64_t b = std::uint64_t{0xCD9E8D57u} * c[2];
        c[0] = static_cast<std::uint32_t>(b >> 32) ^ c[1] ^ key0;
        c[2] = static_cast<std::uint32_t>(a >> 32) ^ c[3] ^ key1;
        c[1] = static_cast<std::uint32_t>(b);
        c[3] = static_cast<std::uint32_t>(a);
        key0 += 0x9E3779B9u;
        key1 += 0xBB67AE85u;
    }
    return counter;
}

/// Block `block` of stream `stream` of item `index`: four independent 32-bit words.
GEMCORE_HOST_DEVICE inline PhiloxBlock philox(std::uint64_t seed, Stream stream,
                                              std::uint64_t index, std::uint32_t block) {
    const PhiloxBlock counter{{static_cast<std::uint32_t>(index),
                               static_cast<std::uint32_t>(index >> 32), block,
                               static_cast<std::uint32_t>(stream)}};
    return philox(counter, static_cast<std::uint32_t>(seed),
                  static_cast<std::uint32_t>(seed >> 32));
}

/// Maps a 32-bit word to 0 .. bound - 1 by the high half of a product: bias below bound / 2^32.
GEMCORE_HOST_DEVICE inline std::uint32_t bounded(std::uint32_t word, std::uint32_t bound) {
    return static_cast<std::uint32_t>((std::uint64_t{word} * bound) >> 32);
}

/// The words of one stream of one item, read one after the other.
class PhiloxSequence {
 public:
    GEMCORE_HOST_DEVICE PhiloxSequence(std::uint64_t seed, Stream stream, std::uint64_t index)
        : seed_(seed), index_(index), stream_(stream) {}

    GEMCORE_HOST_DEVICE std::uint32_t next() {
        if (position_ % 4 == 0) current_ = philox(seed_, stream_, index_, position_ / 4);
        ++position_;
        const std::uint32_t word = current_.word[0];
        // Words move up instead of being indexed: registers of a GPU can't be.
        for (int i = 0; i < 3; ++i) current_.word[i] = current_.word[i + 1];
        return word;
    }

    GEMCORE_HOST_DEVICE std::uint32_t next_below(std::uint32_t bound) {
        return bounded(next(), bound);
    }

 private:
    std::uint64_t seed_;
    std::uint64_t index_;
    Stream stream_;
    std::uint32_t position_ = 0;
    PhiloxBlock current_{};
};

}  // namespace gemcore
