// The native module gemcore._cuda. It links the CUDA runtime statically and imports where there is
// no GPU; device_count() then is 0.
#include <cuda_runtime_api.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include "graph/sample_cuda.h"
#include "sample_spec.h"

namespace py = pybind11;
using namespace py::literals;

namespace gemcore {
namespace {

std::pair<int, std::string> device_count() {
    int count = 0;
    const cudaError_t error = cudaGetDeviceCount(&count);
    if (error == cudaSuccess) return {count, ""};
    return {0, cudaGetErrorString(error)};
}

/// Device pointers of a batch to be written, as integers (torch's data_ptr()).
MutableDagBatch device_batch(const std::tuple<std::uintptr_t, std::uintptr_t, std::uintptr_t>& data,
                             std::int64_t num_graphs, int num_nodes) {
    return {reinterpret_cast<std::uint64_t*>(std::get<0>(data)),
            reinterpret_cast<std::uint8_t*>(std::get<1>(data)),
            reinterpret_cast<std::uint16_t*>(std::get<2>(data)),
            num_graphs,
            num_nodes,
            words_for(num_nodes)};
}

void bound_sample(const SpecTuple& sample_spec, std::int64_t num_cells, std::uint64_t seed,
                  std::uint64_t start,
                  const std::tuple<std::uintptr_t, std::uintptr_t, std::uintptr_t>& cells,
                  std::uintptr_t stream) {
    const SampleSpec spec = read_sample_spec(sample_spec);
    const MutableDagBatch batch = device_batch(cells, num_cells, spec.num_nodes);
    const py::gil_scoped_release unlocked;
    cuda::sample(spec, seed, start, batch, reinterpret_cast<cudaStream_t>(stream));
}

}  // namespace
}  // namespace gemcore

PYBIND11_MODULE(_cuda, m, py::mod_gil_not_used()) {
    m.doc() = "CUDA kernels of gemcore. Private: import from gemcore instead.";
    m.def("device_count", &gemcore::device_count);
    m.def("sample", &gemcore::bound_sample, "spec"_a, "num_cells"_a, "seed"_a, "start"_a, "cells"_a,
          "stream"_a);
}
