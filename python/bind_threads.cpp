#include <pybind11/pybind11.h>

#include "bindings.h"
#include "support/interrupt.h"
#include "support/parallel_for.h"

namespace py = pybind11;
using namespace py::literals;

namespace gemcore {
namespace {

/// Lets Ctrl-C end a long native call. Python handles signals in its main thread alone; in any
/// other thread PyErr_CheckSignals does nothing.
void raise_pending_signal() {
    const py::gil_scoped_acquire locked;
    if (PyErr_CheckSignals() != 0) throw py::error_already_set();
}

}  // namespace

void bind_threads(py::module_& m) {
    set_interrupt_hook(&raise_pending_signal);
    m.def("set_num_threads", &set_num_threads, "num_threads"_a);
    m.def("num_threads", &num_threads);
}

}  // namespace gemcore
