// Philox and sampling.
#include <algorithm>

#include "check.h"
#include "graph/sample.h"
#include "support/philox_rate.h"

namespace gemcore::fuzz {
namespace {

struct Sampled {
    GraphSet cells;
    std::int64_t num_failed;
    bool operator==(const Sampled&) const = default;
};

Sampled sampled(const SampleSpec& spec, std::uint64_t seed, std::uint64_t start,
                std::int64_t num_cells) {
    Sampled drawn{GraphSet(num_cells, spec.num_nodes), 0};
    drawn.num_failed = sample(spec, seed, start, drawn.cells.writable());
    return drawn;
}

std::uint64_t read_threshold(ByteReader& bytes) {
    constexpr std::uint64_t kOne = std::uint64_t{1} << 32;
    switch (bytes.below(8)) {
        case 0:
            return bytes.pick<std::uint64_t>({0, 1, kOne, kOne - 1, kOne / 2 + 1});
        case 1:
            return bytes.word(4);
        case 2:
            return (bytes.word(1) + 1) << 24;
        default:
            return (bytes.word(1) % 16 + 1) << 28;
    }
}

/// A limit that many cells keep, so that few attempts are made; now and then one that none keeps.
int read_max_edges(ByteReader& bytes, const SampleSpec& spec) {
    const std::int64_t num_possible = spec.num_nodes * (spec.num_nodes - 1) / 2;
    if (spec.distribution == Distribution::kEdgeShrink) return -1;
    if (spec.distribution == Distribution::kGrow) return bytes.between(1, 600);
    if (bytes.below(2) == 0) return -1;
    if (spec.num_nodes <= 3 && bytes.rarely(256)) return 0;
    const std::int64_t expected =
        spec.distribution == Distribution::kBernoulli
            ? num_possible * static_cast<std::int64_t>(spec.threshold >> 16) >> 16
            : num_possible / 4;
    return static_cast<int>(expected) + bytes.below(6) + 1;
}

SampleSpec read_spec(ByteReader& bytes, int num_nodes) {
    SampleSpec spec{num_nodes,
                    bytes.rarely(8) ? bytes.between(1, 253) : bytes.between(1, 4),
                    num_nodes > 1 && bytes.below(4) == 0,
                    static_cast<Distribution>(bytes.below(5) % 4),
                    read_threshold(bytes),
                    -1};
    spec.max_edges = read_max_edges(bytes, spec);
    return spec;
}

/// The 32-bit uniform of an edge, whose bits lie in 32 planes (sample.h).
std::uint64_t uniform_of_edge(int num_nodes, std::uint64_t seed, std::uint64_t index, int edge) {
    const int num_groups = (num_nodes * (num_nodes - 1) / 2 + 31) / 32;
    const int blocks_per_plane = (num_groups + 3) / 4;
    std::uint64_t uniform = 0;
    for (int plane = 0; plane < 32; ++plane) {
        const int block = plane * blocks_per_plane + edge / 32 / 4;
        const PhiloxBlock drawn =
            philox(seed, Stream::kSampleEdges, index, static_cast<std::uint32_t>(block));
        uniform = 2 * uniform + (drawn.word[edge / 32 % 4] >> (edge % 32) & 1);
    }
    return uniform;
}

void equals_definition(const SampleSpec& spec, std::uint64_t seed, std::uint64_t index,
                       const GraphSet& cells) {
    for (int u = 0, edge = 0; u < spec.num_nodes; ++u) {
        for (int v = u + 1; v < spec.num_nodes; ++v, ++edge) {
            const bool expected =
                uniform_of_edge(spec.num_nodes, seed, index, edge) < spec.threshold;
            require(cells.view().has_edge(0, u, v) == expected,
                    "sample differs from its definition");
        }
    }
}

}  // namespace

void check_philox(const FuzzCase&, ByteReader& bytes) {
    const std::uint64_t seed = bytes.word(2);
    Guarded<PhiloxBlock> counters(bytes.below(40));
    BitSource random(seed);
    for (PhiloxBlock& counter : counters) {
        for (std::uint32_t& word : counter.word) word = static_cast<std::uint32_t>(random.next());
    }
    const auto key0 = static_cast<std::uint32_t>(random.next());
    const auto key1 = static_cast<std::uint32_t>(random.next());
    const auto blocks = at_both_levels("philox_blocks", [&] {
        Guarded<PhiloxBlock> drawn = counters;
        philox_blocks(drawn.data(), drawn.size(), key0, key1);
        return drawn;
    });
    for (std::int64_t i = 0; i < blocks.size(); ++i) {
        const PhiloxBlock expected = philox(counters[i], key0, key1);
        require(std::equal(expected.word, expected.word + 4, blocks[i].word),
                "philox_blocks differs from philox");
    }
    const std::int64_t num_items = bytes.below(40);
    at_both_levels("philox_checksum", [&] { return philox_checksum(seed, num_items); });
}

void check_sample(const FuzzCase& drawn, ByteReader& bytes) {
    const SampleSpec spec = read_spec(bytes, drawn.x.num_nodes);
    const std::uint64_t seed = bytes.word(bytes.rarely(2) ? 8 : 1);
    const std::uint64_t start = bytes.pick<std::uint64_t>({0, 1000, (1ull << 32) - 3, ~0ull - 2});
    const bool is_slow = spec.num_nodes > 65 || spec.max_edges == 0;
    const std::int64_t num_cells = bytes.between(1, is_slow ? 3 : 40);
    const Sampled whole =
        at_both_levels("sample", [&] { return sampled(spec, seed, start, num_cells); });
    const std::int64_t skipped = bytes.below(num_cells);
    const Sampled rest =
        sampled(spec, seed, start + static_cast<std::uint64_t>(skipped), num_cells - skipped);
    const std::int64_t row = drawn.x.num_nodes * words_for(drawn.x.num_nodes);
    require(std::equal(rest.cells.adjacency.begin(), rest.cells.adjacency.end(),
                       whole.cells.adjacency.begin() + skipped * row),
            "a cell's edges depend on the batch");
    require(std::equal(rest.cells.ops.begin(), rest.cells.ops.end(),
                       whole.cells.ops.begin() + skipped * spec.num_nodes),
            "a cell's ops depend on the batch");
    if (spec.distribution == Distribution::kBernoulli && spec.max_edges < 0 &&
        spec.num_nodes <= 13) {
        equals_definition(spec, seed, start, whole.cells);
    }
}

}  // namespace gemcore::fuzz
