// Marks a function that both the host and the CUDA compiler build, so that both give the same bits.
#pragma once

#ifdef __CUDACC__
#define GEMCORE_HOST_DEVICE __host__ __device__
#else
#define GEMCORE_HOST_DEVICE
#endif
