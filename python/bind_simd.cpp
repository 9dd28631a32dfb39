#include <pybind11/stl.h>

#include "bindings.h"
#include "support/simd.h"

namespace py = pybind11;
using namespace py::literals;

namespace gemcore {
namespace {

std::vector<std::string> names_up_to_best() {
    std::vector<std::string> names;
    for (int level = 0; level <= static_cast<int>(best_simd_level()); ++level) {
        names.push_back(simd_level_name(static_cast<SimdLevel>(level)));
    }
    return names;
}

}  // namespace

void bind_simd(py::module_& m) {
    simd_level();  // What GEMCORE_SIMD can't mean is an error on import, not in the first kernel.
    m.def("simd_level", [] { return simd_level_name(simd_level()); });
    m.def("simd_levels", &names_up_to_best);
    m.def(
        "set_simd_level",
        [](const std::string& level) { set_simd_level(read_simd_level("level", level)); },
        "level"_a);
}

}  // namespace gemcore
