// How .cu files start their kernels. A function call, not CUDA's <<<>>>: tests build the launches
// too, with an ordinary compiler.
#pragma once

#include <cuda_runtime.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>

namespace gemcore::cuda {

inline void check_cuda(const std::string& op, cudaError_t error) {
    if (error == cudaSuccess) return;
    throw std::runtime_error("[" + op + "] " + cudaGetErrorString(error));
}

/// Enqueues the kernel; does nothing without blocks, for an empty grid is a launch error.
template <typename... Parameters, typename... Arguments>
void launch(const char* op, cudaStream_t stream, std::int64_t num_blocks, int num_threads,
            void (*kernel)(Parameters...), const Arguments&... arguments) {
    if (num_blocks == 0) return;
    if (num_blocks > std::numeric_limits<std::int32_t>::max()) {
        throw std::runtime_error("[" + std::string(op) + "] too many graphs for one launch");
    }
    cudaLaunchConfig_t config{};
    config.gridDim.x = static_cast<unsigned>(num_blocks);
    config.blockDim.x = static_cast<unsigned>(num_threads);
    config.stream = stream;
    check_cuda(op, cudaLaunchKernelEx(&config, kernel, static_cast<Parameters>(arguments)...));
}

/// How many items each warp takes, one after the other: many, for what is done once for all of
/// them, but few enough that every multiprocessor gets warps. 1 .. 32.
inline int items_per_warp(const char* op, std::int64_t num_items) {
    constexpr int kWarpsWanted = 32;  // A multiprocessor; half of what fits, for the kernels' size.
    int device = 0, num_processors = 0;
    check_cuda(op, cudaGetDevice(&device));
    check_cuda(op, cudaDeviceGetAttribute(&num_processors, cudaDevAttrMultiProcessorCount, device));
    const std::int64_t share = num_items / (std::int64_t{num_processors} * kWarpsWanted);
    return static_cast<int>(std::clamp<std::int64_t>(share, 1, 32));
}

inline std::int64_t divided_up(std::int64_t total, std::int64_t part) {
    return (total + part - 1) / part;
}

}  // namespace gemcore::cuda
