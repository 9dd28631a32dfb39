#include <algorithm>
#include <limits>
#include <map>
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
void bound_wl_gram(const WlBatch& cells, const WlBatch* other, const WlOptions& options,
                   Array<T> out) {
    check_shape(out, "out", {cells.size(), other ? other->size() : cells.size()});
    T* const gram = out.mutable_data();
    const py::gil_scoped_release unlocked;
    const LabelledBatch x = cells.view();
    if (other) {
        wl_gram(x, other->view(), options, gram);
    } else {
        wl_gram(x, x, options, gram);
    }
}

template <typename Index>
py::tuple features_as(const Histograms& histograms, std::int64_t first) {
    const FeatureShape shape = feature_shape(histograms, first);
    Array<std::int64_t> counts(shape.num_elements);
    Array<Index> columns(shape.num_elements), row_begin(shape.num_rows + 1);
    std::int64_t* const raw_counts = counts.mutable_data();
    Index *const raw_columns = columns.mutable_data(), *const raw_begin = row_begin.mutable_data();
    {
        const py::gil_scoped_release unlocked;
        write_features(histograms, first, raw_begin, raw_columns, raw_counts);
    }
    const Array<std::int64_t> round_begin(static_cast<py::ssize_t>(shape.round_begin.size()),
                                          shape.round_begin.data());
    return py::make_tuple(counts, columns, row_begin, round_begin);
}

py::tuple bound_wl_features(const WlBatch& cells, const WlBatch* columns_of,
                            const WlOptions& options) {
    const LabelledBatch rows = cells.view(), first = columns_of ? columns_of->view() : rows;
    Histograms histograms;
    {
        const py::gil_scoped_release unlocked;
        histograms =
            wl_histograms(first, columns_of ? &rows : nullptr, options, KeptColors::kOfFirst);
    }
    const std::int64_t first_row = columns_of ? columns_of->size() : 0;
    const FeatureShape shape = feature_shape(histograms, first_row);
    // scikit-learn's solvers refuse 64-bit indices.
    const bool fits = std::max(shape.num_elements, shape.round_begin.back()) <=
                      std::numeric_limits<std::int32_t>::max();
    return fits ? features_as<std::int32_t>(histograms, first_row)
                : features_as<std::int64_t>(histograms, first_row);
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
    // One name: the type of `out` chooses.
    m.def("wl_gram", &bound_wl_gram<double>, "cells"_a, "other"_a, "options"_a,
          "out"_a.noconvert());
    m.def("wl_gram", &bound_wl_gram<float>, "cells"_a, "other"_a, "options"_a, "out"_a.noconvert());
    m.def("wl_gram", &bound_wl_gram<std::int64_t>, "cells"_a, "other"_a, "options"_a,
          "out"_a.noconvert());
    m.def("wl_features", &bound_wl_features, "cells"_a, "columns_of"_a, "options"_a);
}

}  // namespace gemcore
