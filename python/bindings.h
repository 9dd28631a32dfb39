#pragma once

#include <pybind11/pybind11.h>

namespace gemcore {

void bind_cost(pybind11::module_& m);
void bind_features(pybind11::module_& m);
void bind_graph(pybind11::module_& m);
void bind_nasbench101(pybind11::module_& m);
void bind_sample(pybind11::module_& m);
void bind_simd(pybind11::module_& m);
void bind_threads(pybind11::module_& m);
void bind_wl(pybind11::module_& m);

}  // namespace gemcore
