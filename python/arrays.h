// The border between Python and csrc/: strict arrays, and the checks that guard them.
#pragma once

#include <pybind11/numpy.h>

#include <stdexcept>
#include <string>
#include <vector>

#include "graph/dag_batch.h"

namespace gemcore {

/// A C-contiguous array of exactly this dtype. Always bind it with noconvert(): an implicit copy
/// would hide a slow call, an implicit cast a wrong one.
template <typename T>
using Array = pybind11::array_t<T, pybind11::array::c_style>;

/// Throws std::invalid_argument, a ValueError to Python, unless the condition holds.
inline void check(bool condition, const std::string& message) {
    if (!condition) throw std::invalid_argument(message);
}

inline void check_shape(const pybind11::array& array, const std::string& name,
                        const std::vector<pybind11::ssize_t>& expected) {
    const std::vector<pybind11::ssize_t> actual(array.shape(), array.shape() + array.ndim());
    const auto text = [](const std::vector<pybind11::ssize_t>& shape) {
        std::string sizes = "[";
        for (const auto size : shape) {
            if (sizes.size() > 1) sizes += ", ";
            sizes += std::to_string(size);
        }
        sizes += "]";
        return sizes;
    };
    check(actual == expected,
          name + " must have shape " + text(expected) + ", got " + text(actual));
}

/// A view of three arrays as a batch. CellBatch guarantees the rest of DagBatch's contract.
inline DagBatch read_batch(const Array<std::uint64_t>& adjacency, const Array<std::uint8_t>& ops,
                           const Array<std::uint16_t>& sizes) {
    check(ops.ndim() == 2, "ops must be 2-D, [num_graphs, num_nodes]");
    const pybind11::ssize_t num_graphs = ops.shape(0);
    const int num_nodes = static_cast<int>(ops.shape(1));
    check(1 <= num_nodes && num_nodes <= kMaxNodes,
          "num_nodes must be in 1 .. 256, got " + std::to_string(num_nodes));
    check_shape(adjacency, "adjacency", {num_graphs, num_nodes, words_for(num_nodes)});
    check_shape(sizes, "sizes", {num_graphs});
    return {adjacency.data(), ops.data(), sizes.data(),
            num_graphs,       num_nodes,  words_for(num_nodes)};
}

/// Arrays for a batch to be written, and their view.
struct NewBatch {
    Array<std::uint64_t> adjacency;
    Array<std::uint8_t> ops;
    Array<std::uint16_t> sizes;
    MutableDagBatch view;

    NewBatch(std::int64_t num_graphs, int num_nodes)
        : adjacency({num_graphs, std::int64_t{num_nodes}, std::int64_t{words_for(num_nodes)}}),
          ops({num_graphs, std::int64_t{num_nodes}}),
          sizes(num_graphs),
          view{adjacency.mutable_data(),
               ops.mutable_data(),
               sizes.mutable_data(),
               num_graphs,
               num_nodes,
               words_for(num_nodes)} {}

    pybind11::tuple tuple() const { return pybind11::make_tuple(adjacency, ops, sizes); }
};

}  // namespace gemcore
