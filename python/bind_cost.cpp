#include <tuple>

#include "arrays.h"
#include "bindings.h"
#include "cell/cost.h"
#include "cost_ops.h"

namespace py = pybind11;
using namespace py::literals;

namespace gemcore {
namespace {

py::tuple bound_find_cost_terms(const Array<std::uint64_t>& adjacency,
                                const Array<std::uint8_t>& ops, const Array<std::uint16_t>& sizes,
                                const std::tuple<int, int, int>& cost_ops) {
    const DagBatch cells = read_batch(adjacency, ops, sizes);
    const CostOps meaning = read_cost_ops(cost_ops);
    const std::int64_t num_nodes = cells.num_nodes;
    Array<std::uint8_t> terms({std::int64_t{meaning.num_ops}, 2 * num_nodes + 1, num_nodes});
    Array<std::uint8_t> seen(meaning.num_ops);
    std::uint8_t* const out_terms = terms.mutable_data();
    std::uint8_t* const out_seen = seen.mutable_data();
    {
        const py::gil_scoped_release unlocked;
        find_cost_terms(cells, meaning, out_terms, out_seen);
    }
    return py::make_tuple(terms, seen);
}

py::tuple bound_sum_cost_terms(const Array<std::uint64_t>& adjacency,
                               const Array<std::uint8_t>& ops, const Array<std::uint16_t>& sizes,
                               const std::tuple<int, int, int>& cost_ops,
                               const Array<std::int64_t>& prices) {
    const DagBatch cells = read_batch(adjacency, ops, sizes);
    const CostOps meaning = read_cost_ops(cost_ops);
    check_shape(prices, "prices", {meaning.num_ops, 2 * cells.num_nodes + 1, cells.num_nodes, 2});
    Array<std::int64_t> macs(cells.num_graphs);
    Array<std::int64_t> params(cells.num_graphs);
    const std::int64_t* const in = prices.data();
    std::int64_t* const out_macs = macs.mutable_data();
    std::int64_t* const out_params = params.mutable_data();
    {
        const py::gil_scoped_release unlocked;
        sum_cost_terms(cells, meaning, in, out_macs, out_params);
    }
    return py::make_tuple(macs, params);
}

}  // namespace

void bind_cost(py::module_& m) {
    m.def("find_cost_terms", &bound_find_cost_terms, "adjacency"_a.noconvert(), "ops"_a.noconvert(),
          "sizes"_a.noconvert(), "cost_ops"_a);
    m.def("sum_cost_terms", &bound_sum_cost_terms, "adjacency"_a.noconvert(), "ops"_a.noconvert(),
          "sizes"_a.noconvert(), "cost_ops"_a, "prices"_a.noconvert());
}

}  // namespace gemcore
