#include <algorithm>

#include "expect.h"
#include "levels.h"
#include "support/philox_rate.h"

using namespace gemcore;

namespace {

bool operator==(const PhiloxBlock& a, const PhiloxBlock& b) {
    return std::equal(a.word, a.word + 4, b.word);
}

/// Every lane of every level must give Random123's answer.
void expect_answer(const PhiloxBlock& counter, std::uint32_t key0, std::uint32_t key1,
                   const PhiloxBlock& answer) {
    EXPECT(philox(counter, key0, key1) == answer);
    at_every_level([&] {
        PhiloxBlock blocks[19];
        for (PhiloxBlock& block : blocks) block = counter;
        philox_blocks(blocks, 19, key0, key1);
        for (const PhiloxBlock& block : blocks) EXPECT(block == answer);
    });
}

void random123_known_answers() {
    // Random123 1.14, kat_vectors, philox4x32 with 10 rounds.
    expect_answer({{0, 0, 0, 0}}, 0, 0, {{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}});
    expect_answer({{~0u, ~0u, ~0u, ~0u}}, ~0u, ~0u,
                  {{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}});
    expect_answer({{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}}, 0xa4093822, 0x299f31d0,
                  {{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}});
}

void checksums_are_those_of_the_scalar_code() {
    for (const int num_items : {0, 1, 2, 3, 4, 5, 6, 100}) {
        const std::uint32_t expected =
            by_portable_code([&] { return philox_checksum(5, num_items); });
        at_every_level([&] { EXPECT(philox_checksum(5, num_items) == expected); });
    }
}

void a_sequence_reads_its_blocks_in_order() {
    PhiloxSequence words(3, Stream::kSampleOps, 9);
    for (std::uint32_t block = 0; block < 3; ++block) {
        for (int lane = 0; lane < 4; ++lane) {
            EXPECT(words.next() == philox(3, Stream::kSampleOps, 9, block).word[lane]);
        }
    }
}

}  // namespace

int main() {
    random123_known_answers();
    checksums_are_those_of_the_scalar_code();
    a_sequence_reads_its_blocks_in_order();
    EXPECT(bounded(0, 7) == 0 && bounded(~0u, 7) == 6);
}
