#include <pybind11/stl.h>

#include "arrays.h"
#include "bindings.h"
#include "graph/sample.h"
#include "sample_spec.h"
#include "support/philox_rate.h"

namespace py = pybind11;
using namespace py::literals;

namespace gemcore {
namespace {

py::tuple bound_sample(const SpecTuple& sample_spec, std::int64_t num_cells, std::uint64_t seed,
                       std::uint64_t start) {
    const SampleSpec spec = read_sample_spec(sample_spec);
    check(num_cells >= 0, "num_cells must be >= 0, got " + std::to_string(num_cells));
    const NewBatch cells(num_cells, spec.num_nodes);
    std::int64_t num_failed = 0;
    {
        const py::gil_scoped_release unlocked;  // Only raw pointers are touched in here.
        num_failed = sample(spec, seed, start, cells.view);
    }
    return py::make_tuple(cells.adjacency, cells.ops, cells.sizes, num_failed);
}

/// For Random123's known-answer tests, at the level in use.
Array<std::uint32_t> bound_philox(const Array<std::uint32_t>& counter,
                                  const Array<std::uint32_t>& key) {
    check_shape(counter, "counter", {4});
    check_shape(key, "key", {2});
    const std::uint32_t* c = counter.data();
    PhiloxBlock block{{c[0], c[1], c[2], c[3]}};
    philox_blocks(&block, 1, key.data()[0], key.data()[1]);
    return Array<std::uint32_t>(4, block.word);
}

/// For benchmarks: draws 8 blocks for each of num_items items, and keeps none.
std::uint32_t bound_philox_checksum(std::uint64_t seed, std::int64_t num_items) {
    check(num_items >= 0, "num_items must be >= 0, got " + std::to_string(num_items));
    const py::gil_scoped_release unlocked;
    return philox_checksum(seed, num_items);
}

}  // namespace

void bind_sample(py::module_& m) {
    m.def("sample", &bound_sample, "spec"_a, "num_cells"_a, "seed"_a, "start"_a);
    m.def("philox", &bound_philox, "counter"_a.noconvert(), "key"_a.noconvert());
    m.def("philox_checksum", &bound_philox_checksum, "seed"_a, "num_items"_a);
}

}  // namespace gemcore
