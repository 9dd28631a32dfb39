#include <tuple>

#include "arrays.h"
#include "bindings.h"
#include "cell/nasbench101.h"
#include "cost_ops.h"

namespace py = pybind11;
using namespace py::literals;

namespace gemcore {
namespace {

py::tuple bound_nasbench101_cost(const Array<std::uint64_t>& adjacency,
                                 const Array<std::uint8_t>& ops, const Array<std::uint16_t>& sizes,
                                 const std::tuple<int, int, int>& cost_ops,
                                 const Array<std::int64_t>& prices) {
    const DagBatch cells = read_batch(adjacency, ops, sizes);
    const CostOps meaning = read_cost_ops(cost_ops);
    check(meaning.input >= 0 && meaning.output >= 0, "cost_ops must name input and output");
    check_shape(prices, "prices", {meaning.num_ops, cells.num_nodes, kNumStacks, 2, 2});
    Array<std::int64_t> macs(cells.num_graphs);
    Array<std::int64_t> params(cells.num_graphs);
    const NasBench101Prices in{prices.data(), cells.num_nodes};
    std::int64_t* const out_macs = macs.mutable_data();
    std::int64_t* const out_params = params.mutable_data();
    {
        const py::gil_scoped_release unlocked;
        nasbench101_cost(cells, meaning, in, out_macs, out_params);
    }
    return py::make_tuple(macs, params);
}

}  // namespace

void bind_nasbench101(py::module_& m) {
    m.def("nasbench101_cost", &bound_nasbench101_cost, "adjacency"_a.noconvert(),
          "ops"_a.noconvert(), "sizes"_a.noconvert(), "cost_ops"_a, "prices"_a.noconvert());
}

}  // namespace gemcore
