// Runs the threads of a CUDA block on the CPU, one fiber each, in an order that is out to get them:
// warps and lanes go on in a new random order after every meeting, and each runs as far as it can.
// A barrier that is missing then shows as a wrong result, one that not all reach ends the program.
// One gap: every warp function is a barrier here, while on a GPU only __syncwarp orders memory, so
// a
// __syncwarp that is missing right before another warp function does not show.
#pragma once

#include <array>
#include <cstdint>
#include <functional>

namespace emulation {

constexpr int kLanes = 32;

/// Runs the kernel in every thread of every block. num_threads: a multiple of 32, or the kernel may
/// not meet.
void run(unsigned num_blocks, unsigned num_threads, const std::function<void()>& kernel);

/// Waits for all threads of the block; returns whether any of them brought true.
bool meet_block(bool value);

/// Waits for all lanes of the warp; returns what they brought. All must call for the same `what`.
/// The values stay until the lane after next meeting.
const std::array<std::uint64_t, kLanes>& meet_warp(const char* what, std::uint64_t value);

/// This thread's lane.
int lane();

}  // namespace emulation
