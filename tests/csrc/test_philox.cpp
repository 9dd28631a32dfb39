#include "expect.h"
#include "support/philox.h"

using namespace gemcore;

int main() {
    // Known answers of Random123 1.14, philox4x32 with 10 rounds.
    const PhiloxBlock zeros = philox(PhiloxBlock{{0, 0, 0, 0}}, 0, 0);
    EXPECT(zeros.word[0] == 0x6627e8d5 && zeros.word[1] == 0xe169c58d);
    EXPECT(zeros.word[2] == 0xbc57ac4c && zeros.word[3] == 0x9b00dbd8);
    const PhiloxBlock ones = philox(PhiloxBlock{{~0u, ~0u, ~0u, ~0u}}, ~0u, ~0u);
    EXPECT(ones.word[0] == 0x408f276d && ones.word[1] == 0x41c83b0e);
    EXPECT(ones.word[2] == 0xa20bc7c6 && ones.word[3] == 0x6d5451fd);
    const PhiloxBlock pi = philox(PhiloxBlock{{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}},
                                  0xa4093822, 0x299f31d0);
    EXPECT(pi.word[0] == 0xd16cfe09 && pi.word[1] == 0x94fdcceb);
    EXPECT(pi.word[2] == 0x5001e420 && pi.word[3] == 0x24126ea1);

    PhiloxSequence words(3, Stream::kSampleOps, 9);
    for (std::uint32_t block = 0; block < 3; ++block) {
        for (int lane = 0; lane < 4; ++lane) {
            EXPECT(words.next() == philox(3, Stream::kSampleOps, 9, block).word[lane]);
        }
    }
    EXPECT(bounded(0, 7) == 0 && bounded(~0u, 7) == 6);
}
