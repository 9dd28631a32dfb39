// Random DAGs, each a pure function of (seed, index): the same bits for any split into batches,
// any number of threads, and on the GPU.
//
// The layout of the stream, frozen with version 1. Cell i draws Philox4x32-10 blocks with key =
// seed and counter = (i lo, i hi, block, stream); word w of a stream is word w % 4 of block w / 4.
//   kSampleEdges      The E = N(N-1)/2 possible edges in row order, (0,1), (0,2), ..., (1,2), ...
//                     in G = ceil(E/32) groups of 32, H = ceil(G/4) blocks a plane. Bit b of word
//                     [block attempt * 2^16 + plane * H + g / 4, lane g % 4] is bit `plane`, from
//                     the top, of the 32-bit uniform of edge 32 g + b. An edge is present iff its
//                     uniform is below the threshold t, read as a number of 32 bits.
//   kSampleOps        Node v has op 1 + high half of (word v * num_ops); node 0 has op 0, and with
//                     has_output the last node has op num_ops + 1.
//   kSampleStructure  Words in order: the threshold of kUniformDensity; the number of edges and
//                     then the choices of kEdgeShrink and kGrow (see sample_cell.h).
#pragma once

#include <cstdint>

#include "graph/dag_batch.h"

namespace gemcore {

enum class Distribution : int { kBernoulli = 0, kUniformDensity = 1, kEdgeShrink = 2, kGrow = 3 };

struct SampleSpec {
    int num_nodes;
    int num_ops;  ///< Sampled ops; `input` and `output` come on top.
    bool has_output;
    Distribution distribution;
    std::uint64_t threshold;  ///< t of kBernoulli, 0 .. 2^32: an edge has probability t / 2^32.
    int max_edges;  ///< Negative for no limit. kBernoulli and kUniformDensity draw a cell with more
                    ///< again (attempt + 1, at most kMaxAttempts times); kGrow stops there.
};

constexpr int kMaxAttempts = 1 << 16;
constexpr int kMaxOutDegree = 3;  ///< Of kGrow.

/// Fills `cells` with the cells start, start + 1, ... of the stream. Returns how many of them are
/// over max_edges because every attempt was; their edges are those of the last attempt.
///
/// Requires cells.num_nodes == spec.num_nodes.
std::int64_t sample(const SampleSpec& spec, std::uint64_t seed, std::uint64_t start,
                    const MutableDagBatch& cells);

}  // namespace gemcore
