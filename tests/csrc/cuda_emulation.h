// Just enough of CUDA's language for g++ to build a kernel's very source and run it thread by
// thread: kernels without barriers and shared memory need no more.
#pragma once

#include <cstdint>

#define __global__

struct Index3 {
    unsigned x = 0;
};
inline thread_local Index3 threadIdx;
inline thread_local Index3 blockIdx;
inline thread_local Index3 blockDim;

inline unsigned long long atomicAdd(unsigned long long* address, unsigned long long value) {
    const unsigned long long old = *address;
    *address = old + value;
    return old;
}

template <typename Kernel, typename... Arguments>
void launch(unsigned num_blocks, unsigned num_threads, Kernel kernel, Arguments... arguments) {
    blockDim.x = num_threads;
    for (unsigned block = num_blocks; block-- > 0;) {  // Backwards: order must not matter.
        for (unsigned thread = num_threads; thread-- > 0;) {
            blockIdx.x = block;
            threadIdx.x = thread;
            kernel(arguments...);
        }
    }
}
