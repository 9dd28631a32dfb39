// Cells as the threads of a kernel hold them in shared memory.
//
// A cell of at most 32 nodes belongs to one lane: 32 lanes draw and edit 32 cells at once, each by
// itself. Larger cells belong to a block, whose rows are packed as everywhere (Rows).
#pragma once

#include "graph/sample_cell.h"
#include "support/warp.cuh"

namespace gemcore::cuda {

// Odd pitches: neither the lanes at row u of their own cells nor the lanes that read all rows of
// one cell meet in a bank of shared memory.
constexpr int kRowPitch = 33;   ///< Words from one row of a lane's cell to the next.
constexpr int kBytePitch = 36;  ///< The same for an array of bytes, one of each node.

/// Rows of a lane's cell, of the form of Rows: bit v of row u is u -> v.
struct LaneRows {
    std::uint32_t* bits;
    int num_nodes;
    static constexpr int num_words = 1;

    __device__ std::uint32_t& row(int u) const { return bits[u * kRowPitch]; }
    __device__ void clear() const {
        for (int u = 0; u < num_nodes; ++u) row(u) = 0;
    }
    __device__ void add(int u, int v) const { row(u) |= 1u << v; }
    __device__ void add_run(int u, int v, std::uint32_t part) const {
        if (part != 0) row(u) |= part << v;  // v may be 32 at the end.
    }
    __device__ bool has(int u, int v) const { return row(u) >> v & 1; }
};

/// A byte of each node of a lane's cell.
struct LaneBytes {
    std::uint8_t* bytes;

    __device__ std::uint8_t& operator[](int v) const { return bytes[v * kBytePitch]; }
};

__device__ __forceinline__ std::uint32_t& word_of(const LaneRows& rows, int u, int) {
    return rows.row(u);
}
__device__ __forceinline__ std::uint64_t& word_of(const Rows& rows, int u, int w) {
    return rows.bits[u * rows.num_words + w];
}

/// Calls visit(v) for each edge u -> v, lowest v first.
template <typename AnyRows, typename Visit>
__device__ __forceinline__ void for_each_output(const AnyRows& rows, int u, const Visit& visit) {
    for (int w = 0; w < rows.num_words; ++w) {
        for (auto rest = word_of(rows, u, w); rest != 0; rest &= rest - 1) {
            visit(w * static_cast<int>(8 * sizeof rest) + lowest_bit(rest));
        }
    }
}

/// Arrays of bytes, one of each node, for cells that lanes hold; kCells: a multiple of 32.
template <int kCells>
struct ByteColumns {
    std::uint8_t bytes[kCells / kLanes][kLanes * kBytePitch];

    __device__ LaneBytes of(int cell) { return {bytes[cell / kLanes] + cell % kLanes}; }
};

/// Room for cells that lanes hold.
template <int kCells>
struct LaneCells {
    std::uint32_t rows[kCells / kLanes][kLanes * kRowPitch];
    ByteColumns<kCells> ops;

    __device__ LaneRows rows_of(int cell, int num_nodes) {
        return {rows[cell / kLanes] + cell % kLanes, num_nodes};
    }
    __device__ LaneBytes ops_of(int cell) { return ops.of(cell); }
};

/// Room for a block's one cell and its edited twin.
template <int kWords>
struct BlockCells {
    std::uint64_t rows[2][64 * kWords * kWords];
    std::uint8_t ops[2][64 * kWords];
    std::uint8_t numbers[64 * kWords];
};

}  // namespace gemcore::cuda
