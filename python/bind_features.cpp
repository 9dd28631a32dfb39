#include <utility>

#include "arrays.h"
#include "bindings.h"
#include "graph/features.h"
#include "graph/walks.h"

namespace py = pybind11;
using namespace py::literals;

namespace gemcore {
namespace {

/// FeatureColumns that keep their arrays alive.
class OwnedColumns {
 public:
    OwnedColumns(Array<std::uint8_t> ops, Array<std::uint8_t> subsets, bool has_pairs,
                 int output_op)
        : ops_(std::move(ops)), subsets_(std::move(subsets)) {
        check(ops_.ndim() == 1 && ops_.size() <= kAbsent, "ops must be 1-D, of at most 255");
        check(subsets_.ndim() == 2, "subsets must be 2-D, [num_subsets, num_ops]");
        check_shape(subsets_, "subsets", {subsets_.shape(0), ops_.size()});
        columns_ = {ops_.data(),     static_cast<int>(ops_.size()),
                    subsets_.data(), static_cast<int>(subsets_.shape(0)),
                    has_pairs,       output_op,
                    nullptr};
    }
    const FeatureColumns& view() const { return columns_; }

 private:
    Array<std::uint8_t> ops_;
    Array<std::uint8_t> subsets_;
    FeatureColumns columns_{};
};

/// CellPrices that keep their arrays alive.
class OwnedPrices {
 public:
    OwnedPrices(Array<double> nodes, Array<double> projections, const Array<double>& constant,
                bool key_is_num_leaves)
        : nodes_(std::move(nodes)), projections_(std::move(projections)) {
        check(nodes_.ndim() == 3, "nodes must be 3-D, [256, num_nodes, 2]");
        check_shape(nodes_, "nodes", {kAbsent + 1, nodes_.shape(1), 2});
        check_shape(projections_, "projections", {nodes_.shape(1), 2});
        check_shape(constant, "constant", {2, 2});
        const double* const fixed = constant.data();
        prices_ = {nodes_.data(),
                   projections_.data(),
                   {fixed[0], fixed[1]},
                   {fixed[2], fixed[3]},
                   key_is_num_leaves};
    }
    const CellPrices& view() const { return prices_; }
    int num_nodes() const { return static_cast<int>(nodes_.shape(1)); }

 private:
    Array<double> nodes_;
    Array<double> projections_;
    CellPrices prices_{};
};

Array<float> bound_graph_features(const Array<std::uint64_t>& adjacency,
                                  const Array<std::uint8_t>& ops, const Array<std::uint16_t>& sizes,
                                  const OwnedColumns& columns, const OwnedPrices* prices) {
    const DagBatch cells = read_batch(adjacency, ops, sizes);
    FeatureColumns wanted = columns.view();
    if (prices != nullptr) {
        check(prices->num_nodes() == cells.num_nodes,
              "prices must be for as many nodes as cells have");
        wanted.prices = &prices->view();
    }
    Array<float> features({cells.num_graphs, num_features(wanted)});
    float* const out = features.mutable_data();
    {
        const py::gil_scoped_release unlocked;
        graph_features(cells, wanted, out);
    }
    return features;
}

Array<float> bound_walk_features(const Array<std::uint64_t>& adjacency,
                                 const Array<std::uint8_t>& ops, const Array<std::uint16_t>& sizes,
                                 const Array<std::uint8_t>& is_member, int output_op) {
    const DagBatch cells = read_batch(adjacency, ops, sizes);
    check(is_member.ndim() == 2, "is_member must be 2-D, [num_sets, 256]");
    check_shape(is_member, "is_member", {is_member.shape(0), kAbsent + 1});
    const WalkSets sets{is_member.data(), static_cast<int>(is_member.shape(0)), output_op};
    Array<float> features({cells.num_graphs, is_member.shape(0) * kWalkColumns});
    float* const out = features.mutable_data();
    {
        const py::gil_scoped_release unlocked;
        walk_features(cells, sets, out);
    }
    return features;
}

}  // namespace

void bind_features(py::module_& m) {
    const py::metaclass plain(reinterpret_cast<PyObject*>(&PyType_Type));
    py::class_<OwnedColumns>(m, "FeatureColumns", plain)
        .def(py::init<Array<std::uint8_t>, Array<std::uint8_t>, bool, int>(), "ops"_a.noconvert(),
             "subsets"_a.noconvert(), "has_pairs"_a, "output_op"_a);
    py::class_<OwnedPrices>(m, "CellPrices", plain)
        .def(py::init<Array<double>, Array<double>, const Array<double>&, bool>(),
             "nodes"_a.noconvert(), "projections"_a.noconvert(), "constant"_a.noconvert(),
             "key_is_num_leaves"_a);
    m.def("graph_features", &bound_graph_features, "adjacency"_a.noconvert(), "ops"_a.noconvert(),
          "sizes"_a.noconvert(), "columns"_a, "prices"_a.none(true));
    m.def("walk_features", &bound_walk_features, "adjacency"_a.noconvert(), "ops"_a.noconvert(),
          "sizes"_a.noconvert(), "is_member"_a.noconvert(), "output_op"_a);
}

}  // namespace gemcore
