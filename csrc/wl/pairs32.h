// Pairs of graphs of at most 32 nodes, a lane a node. Included by wl/pairs_wide.cpp alone.
//
// What is counted are pairs of nodes of equal color, so any numbers do that are equal where colors
// are. Before and after the first round these are exact codes: a label, and 5 bits for the number
// of neighbors of each label. They tell random graphs apart so well that later rounds look at the
// few nodes that still have an equal: a round only splits colors.
#pragma once

#include "wl/match_job.h"
#include "wl/side32.h"

namespace gemcore::GEMCORE_SIMD_LEVEL {
namespace {

/// Of own color, of the neighbors (outputs where the roles are kept apart), and of the inputs.
constexpr std::uint64_t kFactors[3] = {0x9e3779b97f4a7c15u, 0xd6e8feb86659fd93u,
                                       0xa0761d6478bd642fu};

constexpr int kFewNodes = 6;          // Whose colors are computed one by one.
constexpr int kManyShared = 16 * 12;  // Sixteenths of nodes, of both graphs.

class Pair32 {
 public:
    explicit Pair32(const MatchJob& job) : job_(job), reader_(job) {}

    /// Reads a pair and finds what may be equal in it: no branch depends on what is read.
    GEMCORE_ALWAYS_INLINE void load(std::int64_t graph) {
        reader_.read(job_.x, graph, job_.label_of_op_x, side_[0]);
        reader_.read(job_.y, graph, job_.label_of_op_y, side_[1]);
        const bool looks =
            job_.n_iter >= reader_.first_round && num_shared_[reader_.first_round] < kManyShared;
        candidates_ = looks ? find_candidates() : ~std::uint64_t{0};
    }

    /// Counts the matches of the pair that was read.
    GEMCORE_ALWAYS_INLINE void count(Matches* matches) {
        int round = reader_.first_round;
        if (reader_.has_codes) matches[0] = match_labels();
        if (job_.n_iter < reader_.first_round) return;
        std::uint32_t shared[2] = {first_bits(side_[0].size), first_bits(side_[1].size)};
        for (;; ++round) {
            matches[round] = count_round(round, shared);
            if (round == job_.n_iter) return;
            if ((shared[0] | shared[1]) == 0) break;
            for (int i = 0; i < 2; ++i) refine(side_[i], shared[i], round);
        }
        while (++round <= job_.n_iter) matches[round] = {0, side_[0].size, side_[1].size};
    }

 private:
    GEMCORE_ALWAYS_INLINE Matches match_labels() const {
        Matches matches{0, 0, 0};
        for (int label = 0; label < job_.num_labels; ++label) {
            const std::int64_t x = side_[0].label_count[label];
            const std::int64_t y = side_[1].label_count[label];
            matches.xy += x * y;
            matches.xx += x * x;
            matches.yy += y * y;
        }
        return matches;
    }

    /// Counts the pairs of equal nodes among `shared`, which keeps those that have an equal.
    ///
    /// There are two ways, and the one is taken that did better for the pairs before: look for the
    /// few that are equal, or compare all with all.
    GEMCORE_ALWAYS_INLINE Matches count_round(int round, std::uint32_t shared[2]) {
        const std::uint32_t in_question[2] = {shared[0], shared[1]};
        Matches matches;
        const Width width = width_of(round);
        bool is_done = false;
        if (num_shared_[round] >= kManyShared) {
            is_done =
                width == Width::kDigest ? count_all<Width::kDigest>(in_question, shared, matches)
                : width == Width::kLow  ? count_all<Width::kLow>(in_question, shared, matches)
                                        : count_all<Width::kWhole>(in_question, shared, matches);
        }
        if (!is_done) matches = count_few(round, in_question, shared);
        const int num_shared = __builtin_popcount(shared[0]) + __builtin_popcount(shared[1]);
        num_shared_[round] += (16 * num_shared - num_shared_[round]) / 8;
        return matches;
    }

    GEMCORE_ALWAYS_INLINE Matches count_few(int round, const std::uint32_t in_question[2],
                                            std::uint32_t shared[2]) {
        Side32& x = side_[0];
        Side32& y = side_[1];
        const Width width = width_of(round);
        Matches matches{0, x.size, y.size};
        std::uint64_t candidates = in_question[0] | std::uint64_t{in_question[1]} << 32;
        if (round == reader_.first_round) {
            candidates &= candidates_;
        } else if (__builtin_popcountll(candidates) > 2 * kFewNodes) {
            candidates &= find_candidates();
        }
        shared[0] = shared[1] = 0;
        while (candidates != 0) {
            const int first = __builtin_ctzll(candidates);
            const Codes& codes = side_[first / kLanes].codes;
            const std::uint32_t in_x =
                equal_to(codes, first % kLanes, width, x.codes) & in_question[0];
            const std::uint32_t in_y =
                equal_to(codes, first % kLanes, width, y.codes) & in_question[1];
            const std::uint64_t alike = in_x | std::uint64_t{in_y} << 32;
            candidates &= ~alike;
            const std::int64_t num_x = __builtin_popcount(in_x);
            const std::int64_t num_y = __builtin_popcount(in_y);
            matches.xy += num_x * num_y;
            matches.xx += num_x * num_x - num_x;
            matches.yy += num_y * num_y - num_y;
            if (num_x + num_y == 1) continue;
            if (num_x + num_y == 2 && !stay_equal(alike, round)) continue;
            shared[0] |= in_x;
            shared[1] |= in_y;
        }
        return matches;
    }

    /// At least one of every two nodes that are equal; a bit a node, those of x first.
    GEMCORE_ALWAYS_INLINE std::uint64_t find_candidates() const {
        const Codes& x = side_[0].codes;
        const Codes& y = side_[1].codes;
        const std::uint32_t some_x = equal_across(x, y) | equal_within(x);
        return some_x | std::uint64_t{equal_within(y)} << 32;
    }

    /// The same by digests alone, without a branch. False where digests agree and codes don't.
    template <Width kWidth>
    GEMCORE_ALWAYS_INLINE bool count_all(const std::uint32_t in_question[2],
                                         std::uint32_t shared[2], Matches& matches) const {
        const Codes& x = side_[0].codes;
        const Codes& y = side_[1].codes;
        std::uint64_t clash = 0;
        int xx = 0, xy = 0, yy = 0;
        std::uint32_t shared_x = 0, shared_y = 0;
        for (int i = 0; i < side_[0].size; ++i) {
            const std::uint32_t asked = 0 - (in_question[0] >> i & 1);
            const std::uint32_t in_x = digests_equal(x, i, x) & in_question[0] & asked;
            const std::uint32_t in_y = digests_equal(x, i, y) & in_question[1] & asked;
            if (kWidth != Width::kDigest) {
                clash |= difference<kWidth>(x, i, x, in_x) | difference<kWidth>(x, i, y, in_y);
            }
            const int num_x = __builtin_popcount(in_x);
            const int num_y = __builtin_popcount(in_y);
            xx += num_x;
            xy += num_y;
            shared_x |= static_cast<std::uint32_t>(num_x + num_y > 1) << i;
            shared_y |= in_y;
        }
        for (int i = 0; i < side_[1].size; ++i) {
            const std::uint32_t asked = 0 - (in_question[1] >> i & 1);
            const std::uint32_t in_y = digests_equal(y, i, y) & in_question[1] & asked;
            if (kWidth != Width::kDigest) clash |= difference<kWidth>(y, i, y, in_y);
            const int num_y = __builtin_popcount(in_y);
            yy += num_y;
            shared_y |= static_cast<std::uint32_t>(num_y > 1) << i;
        }
        if (clash != 0) return false;
        matches = {xy, side_[0].size - __builtin_popcount(in_question[0]) + xx,
                   side_[1].size - __builtin_popcount(in_question[1]) + yy};
        shared[0] = shared_x;
        shared[1] = shared_y;
        return true;
    }

    /// 0 where the first of `lanes`, if there is one, has the code of lane i of `codes`.
    template <Width kWidth>
    GEMCORE_ALWAYS_INLINE std::uint64_t difference(const Codes& codes, int i, const Codes& other,
                                                   std::uint32_t lanes) const {
        const int first = __builtin_ctz(lanes | 1u << 31);
        const std::uint64_t unlike = kWidth == Width::kLow
                                         ? codes.low.of[i] ^ other.low.of[first]
                                         : codes.whole.of[i] ^ other.whole.of[first];
        return lanes == 0 ? 0 : unlike;
    }

    GEMCORE_ALWAYS_INLINE Width width_of(int round) const {
        return reader_.has_codes && round == 1 ? reader_.first_width : Width::kWhole;
    }

    /// Whether two nodes have equal colors after round + 1 too: looked up at once, for where few
    /// nodes are equal it ends most comparisons here. True where it would cost more.
    GEMCORE_ALWAYS_INLINE bool stay_equal(std::uint64_t two, int round) {
        const int first = __builtin_ctzll(two);
        const int second = __builtin_ctzll(two & (two - 1));
        Side32& a = side_[first / kLanes];
        Side32& b = side_[second / kLanes];
        make_colors(a);
        make_colors(b);
        if (a.round != round || b.round != round || round == job_.n_iter) return true;
        return refined(a, first % kLanes) == refined(b, second % kLanes);
    }

    GEMCORE_ALWAYS_INLINE void make_colors(Side32& side) const {
        if (side.has_colors) return;
        mixed(side.codes, reader_.first_width, side.colors);
        side.round = 1;
        side.has_colors = true;
    }

    /// The color of a node after round side.round + 1.
    GEMCORE_ALWAYS_INLINE std::uint64_t refined(const Side32& side, int v) const {
        std::uint64_t color = side.colors.of[v] * kFactors[0] +
                              sum_of(side.colors, side.neighbors.of[v]) * kFactors[1];
        if (reader_.apart) color += sum_of(side.colors, side.inputs.of[v]) * kFactors[2];
        return mix64(color);
    }

    /// Computes the colors of `wanted` after one more round than `round`.
    GEMCORE_ALWAYS_INLINE void refine(Side32& side, std::uint32_t wanted, int round) const {
        if (wanted == 0) return;
        make_colors(side);
        while (side.round < round) refine_all(side);
        if (__builtin_popcount(wanted) > kFewNodes) {
            refine_all(side);
            set_codes(side.colors, side.codes);
            return;
        }
        for (; wanted != 0; wanted &= wanted - 1) {
            const int v = __builtin_ctz(wanted);
            set_code(refined(side, v), v, side.codes);
        }
    }

    void refine_all(Side32& side) const {
        Colors a;
        Colors b;
        neighbor_sums(side.colors, side.neighbors, a);
        if (reader_.apart) neighbor_sums(side.colors, side.inputs, b);
        combine(a, reader_.apart ? &b : nullptr, kFactors, side.colors);
        ++side.round;
    }

    const MatchJob& job_;
    const Reader32 reader_;
    Side32 side_[2];
    std::uint64_t candidates_ = ~std::uint64_t{0};
    int num_shared_[kMaxRounds] = {};  // A mean over the last pairs, in sixteenths.
};

}  // namespace
}  // namespace gemcore::GEMCORE_SIMD_LEVEL
