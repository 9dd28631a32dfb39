// What one input of the fuzzer means: two batches of graphs and what is asked of them.
#pragma once

#include <vector>

#include "graph_set.h"

namespace gemcore::fuzz {

struct FuzzCase {
    int num_ops;  ///< Of x: 1 .. 255
    GraphSet x;
    GraphSet y;              ///< As many graphs, of another width, ops and labels numbered anew.
    int op_shift;            ///< What is op v in x is op (v + op_shift) % 255 in y.
    std::vector<bool> same;  ///< Which graphs of y are those of x, perhaps renumbered.
    WlOptions options;
    bool is_small;  ///< Small enough for the textbook's way.

    std::int64_t num_graphs() const { return x.size(); }

    /// The op of x that is op `op` in y, and back.
    int op_in_y(int op) const { return (op + op_shift) % kAbsent; }
};

/// Reads a case; the bytes after it are for the checks' own choices.
FuzzCase read_case(ByteReader& bytes);

}  // namespace gemcore::fuzz
