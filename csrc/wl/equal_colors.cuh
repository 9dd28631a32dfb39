// Which colors of the nodes of two graphs, held by a warp, are equal: few are after the first
// round, so nodes are told apart by a table in shared memory, at the place that their color hashes
// to.
#pragma once

#include "support/warp.cuh"
#include "wl/pair_sums.cuh"

namespace gemcore::cuda {

/// The nodes of x and y, as lanes, that have not been alone with their color in any round yet: the
/// others match nothing but themselves from then on.
struct Company {
    std::uint32_t x, y;

    __device__ bool none() const { return (x | y) == 0; }
};

/// A warp's own in shared memory. Nodes are called by their lane, those of y 32 more.
struct MatchRoom {
    static constexpr int kPlaces = 1024;
    std::uint8_t holder[kPlaces];  // One of the nodes whose colors hash to the place
    std::uint64_t colors[2 * kLanes];
    std::uint32_t members[2 * kLanes];  // Of the holder's color: x in the low half, y in the high
};

__device__ __forceinline__ int place_of(std::uint64_t color) {
    const auto mixed = static_cast<std::uint32_t>(color) * 0x9E3779B1u +
                       static_cast<std::uint32_t>(color >> 32) * 0x85EBCA6Bu;
    return static_cast<int>(mixed >> 22);
}

/// What a color of so many members adds to the counts of a round, beyond a node with itself, in one
/// word: xy << 20 | xx << 10 | yy. Sums over the colors of 32 nodes fit.
__device__ __forceinline__ std::uint32_t packed_counts(std::uint32_t members) {
    const std::uint32_t x = members & 0xffff, y = members >> 16;
    return (x * y) << 20 | (x * x - x) << 10 | (y * y - y);
}

__device__ __forceinline__ Counts unpacked(std::uint32_t packed, int size_x, int size_y) {
    return {static_cast<int>(packed >> 20), static_cast<int>(packed >> 10 & 1023) + size_x,
            static_cast<int>(packed & 1023) + size_y};
}

/// The same for nodes whose place is held by another color: one color after the other.
__device__ inline std::uint32_t count_rest(std::uint64_t color_x, std::uint64_t color_y,
                                           Company rest, Company& kept) {
    const int lane = lane_index();
    std::uint32_t packed = 0;
    while (!rest.none()) {
        const int leader = lowest_bit(rest.x != 0 ? rest.x : rest.y);
        const std::uint64_t color = __shfl_sync(kAllLanes, rest.x != 0 ? color_x : color_y, leader);
        const std::uint32_t x = __ballot_sync(kAllLanes, (rest.x >> lane & 1) && color_x == color);
        const std::uint32_t y = __ballot_sync(kAllLanes, (rest.y >> lane & 1) && color_y == color);
        const auto num_x = static_cast<std::uint32_t>(__popc(x));
        const auto num_y = static_cast<std::uint32_t>(__popc(y));
        if (num_x + num_y > 1) kept = {kept.x | x, kept.y | y};
        packed += packed_counts(num_x | num_y << 16);
        rest = {rest.x & ~x, rest.y & ~y};
    }
    return packed;
}

/// The same where some nodes have found another at their place: `holder_*` is who holds it.
__device__ inline std::uint32_t count_held(std::uint64_t color_x, std::uint64_t color_y,
                                           int holder_x, int holder_y, Company& company,
                                           MatchRoom& room) {
    const int lane = lane_index();
    const bool in_x = company.x >> lane & 1, in_y = company.y >> lane & 1;
    const bool holds_x = in_x && holder_x == lane, holds_y = in_y && holder_y == kLanes + lane;
    room.colors[lane] = color_x;
    room.colors[kLanes + lane] = color_y;
    room.members[lane] = holds_x;
    room.members[kLanes + lane] = static_cast<std::uint32_t>(holds_y) << 16;
    __syncwarp();
    const bool joins_x = in_x && !holds_x && room.colors[holder_x] == color_x;
    const bool joins_y = in_y && !holds_y && room.colors[holder_y] == color_y;
    if (joins_x) atomicAdd(&room.members[holder_x], 1u);
    if (joins_y) atomicAdd(&room.members[holder_y], 1u << 16);
    __syncwarp();
    // Members of nodes that hold nothing are none: nobody has joined them.
    const std::uint32_t members_x = room.members[lane], members_y = room.members[kLanes + lane];
    const auto are_many = [](std::uint32_t members) {
        return (members & 0xffff) + (members >> 16) > 1;
    };
    std::uint32_t packed =
        __reduce_add_sync(kAllLanes, packed_counts(members_x) + packed_counts(members_y));
    Company kept{__ballot_sync(kAllLanes, joins_x || are_many(members_x)),
                 __ballot_sync(kAllLanes, joins_y || are_many(members_y))};
    const Company rest{__ballot_sync(kAllLanes, in_x && !holds_x && !joins_x),
                       __ballot_sync(kAllLanes, in_y && !holds_y && !joins_y)};
    if (__popc(rest.x) + __popc(rest.y) > 1) packed += count_rest(color_x, color_y, rest, kept);
    company = kept;
    return packed;
}

/// Counts equal colors among the nodes in company, beyond a node with itself, packed; drops the
/// nodes that are alone. 0 where all are.
__device__ __forceinline__ std::uint32_t count_equal(std::uint64_t color_x, std::uint64_t color_y,
                                                     Company& company, MatchRoom& room) {
    const int lane = lane_index();
    const bool in_x = company.x >> lane & 1, in_y = company.y >> lane & 1;
    const int place_x = place_of(color_x), place_y = place_of(color_y);
    __syncwarp();  // The room has been read.
    if (in_x) room.holder[place_x] = static_cast<std::uint8_t>(lane);
    if (in_y) room.holder[place_y] = static_cast<std::uint8_t>(kLanes + lane);
    __syncwarp();
    const int holder_x = in_x ? room.holder[place_x] : lane;
    const int holder_y = in_y ? room.holder[place_y] : kLanes + lane;
    if (__ballot_sync(kAllLanes, holder_x != lane || holder_y != kLanes + lane) == 0) {
        company = {0, 0};
        return 0;
    }
    return count_held(color_x, color_y, holder_x, holder_y, company, room);
}

}  // namespace gemcore::cuda
