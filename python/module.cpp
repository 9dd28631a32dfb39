// The native module gemcore._core: one bind_* function per unit of csrc/, nothing else.
#include <pybind11/pybind11.h>

#include "bindings.h"

PYBIND11_MODULE(_core, m, pybind11::mod_gil_not_used()) {
    m.doc() = "Native kernels of gemcore. Private: import from gemcore instead.";
    gemcore::bind_cost(m);
    gemcore::bind_features(m);
    gemcore::bind_graph(m);
    gemcore::bind_nasbench101(m);
    gemcore::bind_sample(m);
    gemcore::bind_simd(m);
    gemcore::bind_threads(m);
    gemcore::bind_wl(m);
}
