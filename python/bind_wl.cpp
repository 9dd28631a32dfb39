#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "arrays.h"
#include "bindings.h"
#include "wl/features.h"
#include "wl/gram.h"
#include "wl/pairs.h"

namespace py = pybind11;
using namespace py::literals;

namespace gemcore {
namespace {

/// A LabelledBatch that keeps its arrays alive.
class WlBatch {
 public:
    WlBatch(Array<std::uint64_t> adjacency, Array<std::uint8_t> ops, Array<std::uint16_t> sizes,
            const Array<std::uint64_t>& label_of_op)
        : adjacency_(std::move(adjacency)),
          ops_(std::move(ops)),
          sizes_(std::move(sizes)),
          labels_(256),
          num_ops_(static_cast<int>(label_of_op.size())) {
        graphs_ = read_batch(adjacency_, ops_, sizes_);
        check(label_of_op.ndim() == 1 && label_of_op.size() <= 256,
              "label_of_op must be 1-D, of at most 256 labels");
        std::copy_n(label_of_op.data(), label_of_op.size(), labels_.begin());
    }

    LabelledBatch view() const { return {graphs_, labels_.data(), num_ops_}; }
    py::ssize_t size() const { return graphs_.num_graphs; }

 private:
    Array<std::uint64_t> adjacency_;
    Array<std::uint8_t> ops_;
    Array<std::uint16_t> sizes_;
    std::vector<std::uint64_t> labels_;
    int num_ops_;
    DagBatch graphs_{};
};

WlOptions read_options(const std::string& direction, const std::string& labels,
                       const Array<double>& round_weights, bool normalize) {
    static const std::map<std::string, Direction> directions{
        {"in_out", Direction::kInOut},
        {"out", Direction::kOut},
        {"in", Direction::kIn},
        {"undirected", Direction::kUndirected}};
    static const std::map<std::string, BaseLabels> base_labels{{"ops", BaseLabels::kOps},
                                                               {"degree", BaseLabels::kDegree},
                                                               {"uniform", BaseLabels::kUniform}};
    check(round_weights.ndim() == 1 && round_weights.size() >= 1,
          "round_weights must be 1-D, [n_iter + 1]");
    const double* weights = round_weights.data();
    return {static_cast<int>(round_weights.size()) - 1,
            directions.at(direction),
            base_labels.at(labels),
            {weights, weights + round_weights.size()},
            normalize};
}

template <typename T>
Array<T> bound_wl_pairs(const WlBatch& cells_a, const WlBatch& cells_b, const WlOptions& options) {
    check(cells_a.size() == cells_b.size(), "cells_b must have as many cells as cells_a, " +
                                                std::to_string(cells_a.size()) + ", got " +
                                                std::to_string(cells_b.size()));
    Array<T> kernel(cells_a.size());
    T* const out = kernel.mutable_data();
    {
        const py::gil_scoped_release unlocked;  // Only raw pointers are touched in here.
        wl_pairs(cells_a.view(), cells_b.view(), options, out);
    }
    return kernel;
}

template <typename T>
Array<T> bound_wl_gram(const WlBatch& cells, const WlBatch* other, const WlOptions& options) {
    Array<T> gram({cells.size(), other ? other->size() : cells.size()});
    T* const out = gram.mutable_data();
    {
        const py::gil_scoped_release unlocked;
        const LabelledBatch x = cells.view();
        if (other) {
            wl_gram(x, other->view(), options, out);
        } else {
            wl_gram(x, x, options, out);
        }
    }
    return gram;
}

/// Hands a vector over to numpy without a copy.
template <typename T>
Array<T> to_array(std::vector<T>&& values) {
    auto owned = std::make_unique<std::vector<T>>(std::move(values));
    std::vector<T>* const raw = owned.get();
    const py::capsule owner(owned.release(),
                            [](void* data) { delete static_cast<std::vector<T>*>(data); });
    return Array<T>(static_cast<py::ssize_t>(raw->size()), raw->data(), owner);
}

py::tuple bound_wl_features(const WlBatch& cells, const WlBatch& columns_of,
                            const WlOptions& options) {
    SparseRows rows;
    {
        const py::gil_scoped_release unlocked;
        rows = wl_features(cells.view(), columns_of.view(), options);
    }
    return py::make_tuple(to_array(std::move(rows.counts)), to_array(std::move(rows.columns)),
                          to_array(std::move(rows.row_begin)),
                          to_array(std::move(rows.round_begin)));
}

}  // namespace

void bind_wl(py::module_& m) {
    // Python's own metaclass: pybind11's would have to stand in the stub.
    const py::metaclass plain(reinterpret_cast<PyObject*>(&PyType_Type));
    py::class_<WlBatch>(m, "WlBatch", plain)
        .def(py::init<Array<std::uint64_t>, Array<std::uint8_t>, Array<std::uint16_t>,
                      Array<std::uint64_t>>(),
             "adjacency"_a.noconvert(), "ops"_a.noconvert(), "sizes"_a.noconvert(),
             "label_of_op"_a.noconvert());
    py::class_<WlOptions>(m, "WlOptions", plain)
        .def(py::init(&read_options), "direction"_a, "labels"_a, "round_weights"_a.noconvert(),
             "normalize"_a);
    m.def("wl_pairs", &bound_wl_pairs<double>, "cells_a"_a, "cells_b"_a, "options"_a);
    m.def("wl_pairs_int", &bound_wl_pairs<std::int64_t>, "cells_a"_a, "cells_b"_a, "options"_a);
    m.def("wl_gram", &bound_wl_gram<double>, "cells"_a, "other"_a, "options"_a);
    m.def("wl_gram_int", &bound_wl_gram<std::int64_t>, "cells"_a, "other"_a, "options"_a);
    m.def("wl_features", &bound_wl_features, "cells"_a, "columns_of"_a, "options"_a);
}

}  // namespace gemcore
