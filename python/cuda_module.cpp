// The native module gemcore._cuda. It links the CUDA runtime statically and imports where there is
// no GPU; device_count() then is 0. Pointers are to device memory, as integers (torch's
// data_ptr()); gemcore/device_cells.py has checked what they point to.
#include <cuda_runtime_api.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include "graph/hash_cuda.h"
#include "graph/perturb_cuda.h"
#include "graph/prune_cuda.h"
#include "graph/sample_cuda.h"
#include "sample_spec.h"
#include "wl/pair_stream_cuda.h"
#include "wl/pairs_cuda.h"

namespace py = pybind11;
using namespace py::literals;

namespace gemcore {
namespace {

using Pointer = std::uintptr_t;
/// adjacency, ops, sizes, number of graphs, number of nodes.
using Cells = std::tuple<Pointer, Pointer, Pointer, std::int64_t, int>;
/// A batch and its label_of_op.
using Labelled = std::pair<Cells, Pointer>;
/// Direction and BaseLabels as numbers, round_weights, normalize.
using Options = std::tuple<int, int, std::vector<double>, bool>;
/// sampled_ops, input_op, output_op of PerturbSpec.
using Rules = std::tuple<std::vector<std::uint8_t>, int, int>;

template <typename T>
T* to(Pointer pointer) {
    return reinterpret_cast<T*>(pointer);
}

cudaStream_t to_stream(Pointer stream) { return reinterpret_cast<cudaStream_t>(stream); }

MutableDagBatch writable(const Cells& cells) {
    const auto& [adjacency, ops, sizes, num_graphs, num_nodes] = cells;
    check(1 <= num_nodes && num_nodes <= kMaxNodes, "num_nodes must be in 1 .. 256");
    return {to<std::uint64_t>(adjacency),
            to<std::uint8_t>(ops),
            to<std::uint16_t>(sizes),
            num_graphs,
            num_nodes,
            words_for(num_nodes)};
}

DagBatch readable(const Cells& cells) {
    const MutableDagBatch batch = writable(cells);
    return {batch.adjacency,  batch.ops,       batch.sizes,
            batch.num_graphs, batch.num_nodes, batch.num_words};
}

WlOptions read_options(const Options& options) {
    const auto& [direction, labels, round_weights, normalize] = options;
    check(!round_weights.empty(), "round_weights must have n_iter + 1 numbers");
    return {static_cast<int>(round_weights.size()) - 1, static_cast<Direction>(direction),
            static_cast<BaseLabels>(labels), round_weights, normalize};
}

std::pair<int, std::string> device_count() {
    int count = 0;
    const cudaError_t error = cudaGetDeviceCount(&count);
    if (error == cudaSuccess) return {count, ""};
    return {0, cudaGetErrorString(error)};
}

void bound_sample(const SpecTuple& sample_spec, std::uint64_t seed, std::uint64_t start,
                  const Cells& cells, Pointer stream) {
    const SampleSpec spec = read_sample_spec(sample_spec);
    const py::gil_scoped_release unlocked;
    cuda::sample(spec, seed, start, writable(cells), to_stream(stream));
}

void bound_prune(const Cells& cells, int output_op, const Cells& pruned, Pointer stream) {
    const py::gil_scoped_release unlocked;
    cuda::prune(readable(cells), output_op, writable(pruned), to_stream(stream));
}

void bound_perturb(const Cells& cells, const Rules& rules,
                   const std::tuple<Pointer, Pointer, std::uint64_t, std::uint64_t>& edits,
                   const Cells& perturbed, Pointer stream) {
    const auto& [sampled_ops, input_op, output_op] = rules;
    const auto& [num_edits, renumber, seed, start] = edits;
    const PerturbSpec spec{
        sampled_ops.data(), static_cast<int>(sampled_ops.size()), input_op,
        output_op,          to<std::int32_t>(num_edits),          to<std::uint8_t>(renumber)};
    const py::gil_scoped_release unlocked;
    cuda::perturb(readable(cells), spec, seed, start, writable(perturbed), to_stream(stream));
}

void bound_graph_hash(const Cells& cells, Pointer label_of_op, int n_iter, Pointer hashes,
                      Pointer stream) {
    const py::gil_scoped_release unlocked;
    cuda::graph_hash({readable(cells), to<std::uint64_t>(label_of_op)}, n_iter,
                     to<std::uint64_t>(hashes), to_stream(stream));
}

template <typename T>
void bound_wl_pairs(const Labelled& cells_a, const Labelled& cells_b, const Options& options,
                    Pointer kernel, Pointer stream) {
    const WlOptions wl_options = read_options(options);
    const py::gil_scoped_release unlocked;
    cuda::wl_pairs({readable(cells_a.first), to<std::uint64_t>(cells_a.second)},
                   {readable(cells_b.first), to<std::uint64_t>(cells_b.second)}, wl_options,
                   to<T>(kernel), to_stream(stream));
}

/// (seed of the mixture, seed of the cells), PairMixtureSpec's thresholds of kinds, and (min_edits,
/// num_thresholds, edit_thresholds).
using Mixture = std::tuple<std::pair<std::uint64_t, std::uint64_t>,
                           std::tuple<double, double, double>, std::tuple<int, int, Pointer>>;

/// prunes, label_of_op, options.
using Comparison = std::tuple<bool, Pointer, Options>;

void bound_pair_stream(const std::pair<SpecTuple, Cells>& source, const Mixture& mixture,
                       const Rules& rules, const Comparison& comparison,
                       const std::tuple<Cells, Cells, Pointer, Pointer>& pairs, std::uint64_t start,
                       Pointer stream) {
    const auto& [seeds, below, edits] = mixture;
    const auto& [isomorphic_below, edited_below, renumbered_below] = below;
    const auto& [min_edits, num_thresholds, edit_thresholds] = edits;
    const auto& [sampled_ops, input_op, output_op] = rules;
    const auto& [prunes, label_of_op, options] = comparison;
    const auto& [cells_a, cells_b, similarity, kind] = pairs;
    const cuda::PairStreamSpec spec{read_sample_spec(source.first),
                                    readable(source.second),
                                    to<std::uint64_t>(label_of_op),
                                    seeds.second,
                                    {seeds.first, isomorphic_below, edited_below, renumbered_below,
                                     min_edits, num_thresholds, to<std::uint64_t>(edit_thresholds)},
                                    {sampled_ops.data(), static_cast<int>(sampled_ops.size()),
                                     input_op, output_op, nullptr, nullptr},
                                    prunes,
                                    output_op,
                                    read_options(options)};
    const py::gil_scoped_release unlocked;
    cuda::pair_stream(
        spec, start,
        {writable(cells_a), writable(cells_b), to<float>(similarity), to<std::uint8_t>(kind)},
        to_stream(stream));
}

}  // namespace
}  // namespace gemcore

PYBIND11_MODULE(_cuda, m, py::mod_gil_not_used()) {
    using namespace gemcore;
    m.doc() = "CUDA kernels of gemcore. Private: import from gemcore instead.";
    m.def("device_count", &device_count);
    m.def("sample", &bound_sample, "spec"_a, "seed"_a, "start"_a, "cells"_a, "stream"_a);
    m.def("prune", &bound_prune, "cells"_a, "output_op"_a, "pruned"_a, "stream"_a);
    m.def("perturb", &bound_perturb, "cells"_a, "rules"_a, "edits"_a, "perturbed"_a, "stream"_a);
    m.def("graph_hash", &bound_graph_hash, "cells"_a, "label_of_op"_a, "n_iter"_a, "hashes"_a,
          "stream"_a);
    m.def("wl_pairs", &bound_wl_pairs<double>, "cells_a"_a, "cells_b"_a, "options"_a, "kernel"_a,
          "stream"_a);
    m.def("wl_pairs_int", &bound_wl_pairs<std::int64_t>, "cells_a"_a, "cells_b"_a, "options"_a,
          "kernel"_a, "stream"_a);
    m.def("pair_stream", &bound_pair_stream, "source"_a, "mixture"_a, "rules"_a, "comparison"_a,
          "pairs"_a, "start"_a, "stream"_a);
}
