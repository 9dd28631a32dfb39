// Pairs of cells and their similarity in one kernel: cells are sampled, edited, pruned and compared
// in shared memory, and written once. The same bits as sample(), perturb(), prune() and wl_pairs()
// one after the other, which is what gemcore/pairs.py does on the CPU.
#pragma once

#include <cuda_runtime_api.h>

#include "graph/perturb.h"
#include "graph/sample.h"
#include "wl/options.h"

namespace gemcore::cuda {

/// As in gemcore/pair_mixture.py
enum class PairKind : std::uint8_t { kIndependent = 0, kPerturbed = 1, kIsomorphic = 2 };

/// PairMixture, ready to be compared with.
struct PairMixtureSpec {
    std::uint64_t seed;
    double isomorphic_below;  ///< A uniform number below this: isomorphic,
    double edited_below;      ///< below this: perturbed; else independent.
    double renumbered_below;
    int min_edits;
    int num_thresholds;
    /// [num_thresholds], in device memory, ascending: a perturbed pair has min_edits edits and one
    /// more for each threshold that its 53 random bits reach.
    const std::uint64_t* edit_thresholds;
};

struct PairStreamSpec {
    SampleSpec space;
    DagBatch pool;                     ///< In device memory. Without graphs: cells are sampled.
    const std::uint64_t* label_of_op;  ///< [256], in device memory
    std::uint64_t cell_seed;
    PairMixtureSpec mixture;
    PerturbSpec edits;  ///< Without num_edits and renumber, which the mixture draws.
    bool prunes;
    int output_op;  ///< Of prune().
    WlOptions options;
};

/// To be written, in device memory.
struct PairBatchOut {
    MutableDagBatch cells_a;
    MutableDagBatch cells_b;
    float* similarity;   ///< [num_graphs]
    std::uint8_t* kind;  ///< [num_graphs], PairKind
};

/// Enqueues the pairs start, start + 1, ... of the stream, as many as `pairs` has room for.
///
/// Requires n_iter <= 16, and cells_a, cells_b, and the pool or else the space of one width.
void pair_stream(const PairStreamSpec& spec, std::uint64_t start, const PairBatchOut& pairs,
                 cudaStream_t stream);

}  // namespace gemcore::cuda
