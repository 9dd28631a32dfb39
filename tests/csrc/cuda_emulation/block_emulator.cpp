#include "block_emulator.h"

#include <cuda_runtime.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "fiber.h"

namespace emulation {
namespace {

enum class State { kReady, kAtBlock, kAtWarp, kDone };

struct Thread {
    std::unique_ptr<Fiber> fiber;
    State state = State::kDone;
    std::string what;
};

/// Values are kept twice in turn: a lane that runs ahead to the next meeting must not overwrite
/// what slower ones still read.
struct Warp {
    std::array<std::uint64_t, kLanes> values[2];
    int turn = 0;
};

struct Block {
    std::vector<Thread> threads;
    std::vector<Warp> warps;
    std::vector<int> order;  // Of warps
    bool any = false, any_before = false;
    int current = 0;
};

Block block;
std::mt19937 random_order(1);

[[noreturn]] void fail(const char* why) {
    std::fprintf(stderr, "emulated block: %s\n", why);
    std::abort();
}

void wait(State state) {
    Thread& thread = block.threads[block.current];
    thread.state = state;
    thread.fiber->leave();
}

/// Lets each ready lane of a warp go on; returns whether there was one.
bool run_lanes(int warp) {
    std::array<int, kLanes> lanes;
    std::iota(lanes.begin(), lanes.end(), warp * kLanes);
    std::shuffle(lanes.begin(), lanes.end(), random_order);
    bool ran = false;
    for (const int thread : lanes) {
        if (thread >= static_cast<int>(block.threads.size())) continue;
        if (block.threads[thread].state != State::kReady) continue;
        block.current = thread;
        threadIdx.x = static_cast<unsigned>(thread);
        block.threads[thread].fiber->enter();
        ran = true;
    }
    return ran;
}

/// Ends a meeting of the warp if all its lanes have come; fails if some never will.
bool release_warp(int warp) {
    const auto begin = block.threads.begin() + warp * kLanes;
    const auto end = block.threads.begin() +
                     std::min<std::ptrdiff_t>((warp + 1) * kLanes, std::ssize(block.threads));
    const auto waiting =
        std::count_if(begin, end, [](const Thread& t) { return t.state == State::kAtWarp; });
    if (waiting == 0) return false;
    if (waiting != kLanes) fail("not all lanes of a warp meet");
    for (auto thread = begin; thread != end; ++thread) {
        if (thread->what != begin->what) fail("lanes of a warp meet for different things");
        thread->state = State::kReady;
    }
    block.warps[warp].turn ^= 1;
    return true;
}

void run_block() {
    for (;;) {
        std::shuffle(block.order.begin(), block.order.end(), random_order);
        for (const int warp : block.order) {
            while (run_lanes(warp)) {
                if (!release_warp(warp)) break;
            }
        }
        const auto num_done =
            std::count_if(block.threads.begin(), block.threads.end(),
                          [](const Thread& t) { return t.state == State::kDone; });
        if (num_done == std::ssize(block.threads)) return;
        if (num_done != 0) fail("not all threads reach a barrier");
        for (Thread& thread : block.threads) thread.state = State::kReady;
        block.any_before = block.any;
        block.any = false;
    }
}

}  // namespace

void run(unsigned num_blocks, unsigned num_threads, const std::function<void()>& kernel) {
    blockDim.x = num_threads;
    const unsigned num_warps = (num_threads + kLanes - 1) / kLanes;
    block.warps.assign(num_warps, {});
    block.order.resize(num_warps);
    std::iota(block.order.begin(), block.order.end(), 0);
    block.threads.resize(num_threads);
    for (unsigned i = num_blocks; i-- > 0;) {  // Backwards: order must not matter.
        blockIdx.x = i;
        for (Thread& thread : block.threads) {
            if (!thread.fiber) thread.fiber = std::make_unique<Fiber>();
            thread.state = State::kReady;
            thread.fiber->start([&kernel, &thread] {
                kernel();
                thread.state = State::kDone;
            });
        }
        run_block();
    }
}

bool meet_block(bool value) {
    block.any |= value;
    wait(State::kAtBlock);
    return block.any_before;
}

const std::array<std::uint64_t, kLanes>& meet_warp(const char* what, std::uint64_t value) {
    Warp& warp = block.warps[block.current / kLanes];
    const int turn = warp.turn;
    warp.values[turn][block.current % kLanes] = value;
    block.threads[block.current].what = what;
    wait(State::kAtWarp);
    return warp.values[turn];
}

int lane() { return block.current % kLanes; }

}  // namespace emulation
