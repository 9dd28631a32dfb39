// How a warp edits one cell of at most 32 nodes: perturb.h's definition, all nodes side by side.
#pragma once

#include "graph/perturb_cell.cuh"
#include "graph/warp_cell.cuh"

namespace gemcore::cuda {

/// The words of one stream of one item, as PhiloxSequence has them: 32 are drawn at once.
class WarpWords {
 public:
    __device__ WarpWords(std::uint64_t seed, Stream stream, std::uint64_t index)
        : seed_(seed), index_(index), stream_(stream) {}

    __device__ std::uint32_t next() {
        if (position_ % kLanes == 0) draw();
        return __shfl_sync(kAllLanes, word_, static_cast<int>(position_++ % kLanes));
    }

    __device__ std::uint32_t next_below(std::uint32_t bound) { return bounded(next(), bound); }

 private:
    __device__ void draw() {
        const int lane = lane_index();
        const auto block = position_ / 4 + static_cast<std::uint32_t>(lane) / 4;
        const PhiloxBlock drawn = philox(seed_, stream_, index_, block);
        const std::uint32_t even = lane & 2 ? drawn.word[2] : drawn.word[0];
        const std::uint32_t odd = lane & 2 ? drawn.word[3] : drawn.word[1];
        word_ = lane & 1 ? odd : even;
    }

    std::uint64_t seed_;
    std::uint64_t index_;
    Stream stream_;
    std::uint32_t position_ = 0;
    std::uint32_t word_ = 0;
};

/// A set of bits over all lanes, counted in the order of the lanes.
struct RankedBits {
    std::uint32_t bits;
    int up_to;  ///< How many the lanes up to and with this one have

    __device__ int size() const { return __shfl_sync(kAllLanes, up_to, kLanes - 1); }

    /// Takes bit number `place` out of the set: its lane gets it, the others 0.
    __device__ std::uint32_t take(int place) {
        const int owner = __popc(__ballot_sync(kAllLanes, up_to <= place));
        const std::uint32_t there = __shfl_sync(kAllLanes, bits, owner);
        const int before = __shfl_sync(kAllLanes, up_to, owner) - __popc(there);
        const std::uint32_t bit = nth_bit(there, place - before);
        const int lane = lane_index();
        up_to -= lane >= owner;
        const std::uint32_t mine = lane == owner ? bit : 0;
        bits ^= mine;
        return mine;
    }
};

__device__ __forceinline__ RankedBits ranked(std::uint32_t bits) {
    return {bits, sum_up_to_lane(__popc(bits))};
}

/// The row of this lane after its edits.
__device__ inline std::uint32_t edited_row(std::uint32_t original, int size, int num_edits,
                                           WarpWords words) {
    if (num_edits == 0) return original;
    int to_remove = num_edits / 2;
    int to_add = num_edits / 2;
    if (num_edits % 2 == 1) ++(words.next() >> 31 ? to_add : to_remove);
    RankedBits present = ranked(original);
    int num_present = present.size();
    int num_missing = size * (size - 1) / 2 - num_present;
    const auto pick = [&](int count) {
        return static_cast<int>(words.next_below(static_cast<std::uint32_t>(count)));
    };
    std::uint32_t row = original;
    for (; to_remove > 0 && num_present > 0; --to_remove) row ^= present.take(pick(num_present--));
    if (to_add == 0) return row;
    // What was removed is not added again.
    RankedBits missing = ranked(bit_range<std::uint32_t>(lane_index() + 1, size) & ~original);
    for (; to_add > 0 && num_missing > 0; --to_add) row ^= missing.take(pick(num_missing--));
    return row;
}

/// The op of this lane's node after its edits.
__device__ inline std::uint8_t edited_op(std::uint8_t op, int size, int num_edits,
                                         const PerturbRules& rules, WarpWords words) {
    const int lane = lane_index();
    const std::uint32_t may_change = __ballot_sync(kAllLanes, lane < size && rules.may_change(op));
    if (may_change == 0 || num_edits == 0) return op;
    const auto num_free = static_cast<std::uint32_t>(__popc(may_change));
    const auto most = static_cast<std::uint32_t>(num_edits < kMaxOpEdits ? num_edits : kMaxOpEdits);
    for (std::uint32_t left = words.next_below(most + 1); left > 0; --left) {
        const std::uint32_t node =
            nth_bit(may_change, static_cast<int>(words.next_below(num_free)));
        const auto place = words.next_below(static_cast<std::uint32_t>(rules.num_sampled_ops));
        if (node >> lane & 1) op = rules.sampled_ops[place];
    }
    return op;
}

/// All edits but the new numbers.
__device__ inline LaneNode edited_node(LaneNode node, int size, const PerturbRules& rules,
                                       const Edits& edits) {
    const WarpWords edges(edits.seed, Stream::kPerturbEdges, edits.index);
    const WarpWords ops(edits.seed, Stream::kPerturbOps, edits.index);
    return {edited_row(node.row, size, edits.num_edits, edges),
            edited_op(node.op, size, edits.num_edits, rules, ops)};
}

}  // namespace gemcore::cuda
