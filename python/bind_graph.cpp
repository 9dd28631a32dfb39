#include <pybind11/stl.h>

#include "arrays.h"
#include "bindings.h"
#include "graph/canonical.h"
#include "graph/hash.h"
#include "graph/perturb.h"
#include "graph/prune.h"

namespace py = pybind11;
using namespace py::literals;

namespace gemcore {
namespace {

/// Colors of labels by op, for all 256 values of an op.
std::vector<std::uint64_t> read_label_colors(const Array<std::uint64_t>& label_colors) {
    check(label_colors.ndim() == 1 && label_colors.size() <= 256,
          "label_colors must be 1-D, of at most 256");
    std::vector<std::uint64_t> table(256);
    std::copy_n(label_colors.data(), label_colors.size(), table.begin());
    return table;
}

py::tuple bound_prune(const Array<std::uint64_t>& adjacency, const Array<std::uint8_t>& ops,
                      const Array<std::uint16_t>& sizes, int output_op) {
    const DagBatch cells = read_batch(adjacency, ops, sizes);
    const NewBatch pruned(cells.num_graphs, cells.num_nodes);
    {
        const py::gil_scoped_release unlocked;
        prune(cells, output_op, pruned.view);
    }
    return pruned.tuple();
}

py::tuple bound_canonicalize(const Array<std::uint64_t>& adjacency, const Array<std::uint8_t>& ops,
                             const Array<std::uint16_t>& sizes,
                             const Array<std::uint64_t>& label_colors, int input_op,
                             int output_op) {
    const DagBatch cells = read_batch(adjacency, ops, sizes);
    const std::vector<std::uint64_t> colors = read_label_colors(label_colors);
    const NewBatch canonical(cells.num_graphs, cells.num_nodes);
    Array<bool> is_proven(cells.num_graphs);
    bool* const proven = is_proven.mutable_data();
    {
        const py::gil_scoped_release unlocked;
        canonicalize({cells, colors.data()}, {input_op, output_op}, canonical.view, proven);
    }
    return py::make_tuple(canonical.adjacency, canonical.ops, canonical.sizes, is_proven);
}

Array<std::uint64_t> bound_graph_hash(const Array<std::uint64_t>& adjacency,
                                      const Array<std::uint8_t>& ops,
                                      const Array<std::uint16_t>& sizes,
                                      const Array<std::uint64_t>& label_colors, int n_iter) {
    check(n_iter >= 0, "n_iter must be >= 0, got " + std::to_string(n_iter));
    const DagBatch cells = read_batch(adjacency, ops, sizes);
    const std::vector<std::uint64_t> colors = read_label_colors(label_colors);
    Array<std::uint64_t> hashes(cells.num_graphs);
    std::uint64_t* const out = hashes.mutable_data();
    {
        const py::gil_scoped_release unlocked;
        graph_hash({cells, colors.data()}, n_iter, out);
    }
    return hashes;
}

/// What perturb takes beside the cells: see PerturbSpec.
struct PerturbArrays {
    Array<std::uint8_t> sampled_ops;
    Array<std::int32_t> num_edits;
    Array<std::uint8_t> renumber;
};

py::tuple bound_perturb(const Array<std::uint64_t>& adjacency, const Array<std::uint8_t>& ops,
                        const Array<std::uint16_t>& sizes, const PerturbArrays& arrays,
                        const std::pair<int, int>& pinned_ops, std::uint64_t seed,
                        std::uint64_t start) {
    const DagBatch cells = read_batch(adjacency, ops, sizes);
    check_shape(arrays.num_edits, "num_edits", {cells.num_graphs});
    check_shape(arrays.renumber, "renumber", {cells.num_graphs});
    const PerturbSpec spec{arrays.sampled_ops.data(), static_cast<int>(arrays.sampled_ops.size()),
                           pinned_ops.first,          pinned_ops.second,
                           arrays.num_edits.data(),   arrays.renumber.data()};
    const NewBatch perturbed(cells.num_graphs, cells.num_nodes);
    {
        const py::gil_scoped_release unlocked;
        perturb(cells, spec, seed, start, perturbed.view);
    }
    return perturbed.tuple();
}

}  // namespace

void bind_graph(py::module_& m) {
    m.def("prune", &bound_prune, "adjacency"_a.noconvert(), "ops"_a.noconvert(),
          "sizes"_a.noconvert(), "output_op"_a);
    m.def("canonicalize", &bound_canonicalize, "adjacency"_a.noconvert(), "ops"_a.noconvert(),
          "sizes"_a.noconvert(), "label_colors"_a.noconvert(), "input_op"_a, "output_op"_a);
    m.def("graph_hash", &bound_graph_hash, "adjacency"_a.noconvert(), "ops"_a.noconvert(),
          "sizes"_a.noconvert(), "label_colors"_a.noconvert(), "n_iter"_a);
    py::class_<PerturbArrays>(m, "PerturbArrays",
                              py::metaclass(reinterpret_cast<PyObject*>(&PyType_Type)))
        .def(py::init<Array<std::uint8_t>, Array<std::int32_t>, Array<std::uint8_t>>(),
             "sampled_ops"_a.noconvert(), "num_edits"_a.noconvert(), "renumber"_a.noconvert());
    m.def("perturb", &bound_perturb, "adjacency"_a.noconvert(), "ops"_a.noconvert(),
          "sizes"_a.noconvert(), "arrays"_a, "pinned_ops"_a, "seed"_a, "start"_a);
}

}  // namespace gemcore
