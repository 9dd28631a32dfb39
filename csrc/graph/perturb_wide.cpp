#include "graph/perturb_levels.h"

#ifdef __AVX512BITALG__
#include <cstring>

#include "graph/edge_pool_wide.h"
#include "graph/random_blocks_wide.h"
#include "graph/renumber_wide.h"

namespace gemcore::GEMCORE_SIMD_LEVEL {
namespace {

constexpr int kCells = 16;               ///< Cells whose random words are drawn at once.
constexpr int kMaxEdits = 60;            ///< Cells with more edits are left to the scalar code.
constexpr int kMaxBlocks = 16 + 5 + 16;  ///< Of a cell: edges, ops, renumbering.

GEMCORE_ALWAYS_INLINE int blocks_for(int num_words) { return (num_words + 3) / 4; }

GEMCORE_ALWAYS_INLINE std::uint32_t below(std::uint32_t word, std::uint32_t bound) {
    return static_cast<std::uint32_t>((std::uint64_t{word} * bound) >> 32);
}

/// The ops that nodes may draw, by op.
struct SampledOps {
    alignas(64) std::uint8_t flag[256] = {};

    explicit SampledOps(const PerturbSpec& spec) {
        for (int i = 0; i < spec.num_sampled_ops; ++i) flag[spec.sampled_ops[i]] = 0x80;
    }

    /// The nodes whose op is among them.
    GEMCORE_ALWAYS_INLINE std::uint64_t nodes(__m512i ops) const {
        const __m512i low =
            _mm512_permutex2var_epi8(_mm512_load_si512(flag), ops, _mm512_load_si512(flag + 64));
        const __m512i high = _mm512_permutex2var_epi8(_mm512_load_si512(flag + 128), ops,
                                                      _mm512_load_si512(flag + 192));
        return _mm512_movepi8_mask(_mm512_mask_mov_epi8(low, _mm512_movepi8_mask(ops), high));
    }
};

template <int kGroups>
GEMCORE_ALWAYS_INLINE void edit_edges(const MutableDagBatch& cells, std::int64_t index,
                                      int num_edits, const std::uint32_t* words) {
    std::uint64_t* to = cells.row(index, 0);
    __m512i rows[kGroups];
    load_rows(to, cells.num_nodes, rows);
    EdgePool<kGroups> present(rows);
    EdgePool<kGroups> missing(present, rows, cells.sizes[index]);
    const int odd = num_edits % 2;
    const int adds = static_cast<int>(words[0] >> 31) & odd;
    words += odd;
    const auto edit = [&](EdgePool<kGroups>& pool, int count) __attribute__((always_inline)) {
        int left = pool.count();
        count = count < left ? count : left;
        for (; count > 0; --count, --left, ++words) {
            int u = 0;
            const std::uint64_t bit = pool.take(below(*words, static_cast<std::uint32_t>(left)), u);
            to[u] ^= bit;
        }
    };
    edit(present, num_edits / 2 + (odd - adds));
    edit(missing, num_edits / 2 + adds);
}

GEMCORE_ALWAYS_INLINE void edit_ops(int size, int num_edits, const PerturbSpec& spec,
                                    const SampledOps& sampled, const std::uint32_t* words,
                                    std::uint8_t* ops) {
    const std::uint64_t nodes =
        sampled.nodes(_mm512_maskz_loadu_epi8(lowest(size), ops)) & lowest(size);
    if (nodes == 0) return;
    const auto num_nodes = static_cast<std::uint32_t>(_mm_popcnt_u64(nodes));
    const auto num_ops = static_cast<std::uint32_t>(spec.num_sampled_ops);
    const int most = num_edits < kMaxOpEdits ? num_edits : kMaxOpEdits;
    const auto count = static_cast<int>(below(words[0], static_cast<std::uint32_t>(most) + 1));
    std::uint8_t unused;
    for (int i = 0; i < most; ++i) {  // To the end: how many are edited can't be predicted.
        const std::uint32_t pick = below(words[1 + 2 * i], num_nodes);
        const std::uint64_t node = _tzcnt_u64(_pdep_u64(std::uint64_t{1} << pick, nodes));
        std::uint8_t* to = i < count ? ops + node : &unused;
        *to = spec.sampled_ops[below(words[2 + 2 * i], num_ops)];
    }
}

/// What is to be done to up to kCells cells.
struct Plan {
    int num_edited = 0;
    int num_renumbered = 0;
    std::int64_t edited[kCells];
    std::int64_t renumbered[kCells + kOrdersAtOnce];
    const std::uint32_t* edge_words[kCells];
    const std::uint32_t* op_words[kCells];
    const std::uint32_t* order_words[kCells + kOrdersAtOnce];
};

template <int kGroups>
class Perturber {
 public:
    GEMCORE_ALWAYS_INLINE Perturber(const DagBatch& cells, const PerturbSpec& spec,
                                    std::uint64_t seed, std::uint64_t start,
                                    const MutableDagBatch& out)
        : cells_(cells),
          spec_(spec),
          out_(out),
          seed_(seed),
          start_(start),
          blocks_(seed),
          sampled_(spec) {}

    GEMCORE_ALWAYS_INLINE void run(std::int64_t begin, std::int64_t end) {
        copy(begin, end - begin);
        plan(begin, end);
        blocks_.draw();
        for (int i = 0; i < plan_.num_edited; ++i) {
            const std::int64_t index = plan_.edited[i];
            const int num_edits = spec_.num_edits[index];
            edit_edges<kGroups>(out_, index, num_edits, plan_.edge_words[i]);
            edit_ops(out_.sizes[index], num_edits, spec_, sampled_, plan_.op_words[i],
                     out_.ops_of(index));
        }
        for (int i = 0; i < plan_.num_renumbered; i += kOrdersAtOnce) renumber_four(i);
    }

 private:
    GEMCORE_ALWAYS_INLINE void copy(std::int64_t begin, std::int64_t count) const {
        const auto num_cells = static_cast<std::size_t>(count);
        const auto num_nodes = static_cast<std::size_t>(cells_.num_nodes);
        std::memcpy(out_.row(begin, 0), cells_.row(begin, 0), 8 * num_cells * num_nodes);
        std::memcpy(out_.ops_of(begin), cells_.ops_of(begin), num_cells * num_nodes);
        std::memcpy(out_.sizes + begin, cells_.sizes + begin, 2 * num_cells);
    }

    /// Lists what is to be done without a branch on it, which would be mispredicted.
    GEMCORE_ALWAYS_INLINE void plan(std::int64_t begin, std::int64_t end) {
        plan_.num_edited = 0;
        plan_.num_renumbered = 0;
        blocks_.clear();
        for (std::int64_t i = begin; i < end; ++i) {
            const auto item = start_ + static_cast<std::uint64_t>(i);
            const int edits = spec_.num_edits[i];
            if (edits > kMaxEdits) {
                scalar::perturb_cells(cells_, spec_, seed_, start_, out_, i, i + 1);
                continue;
            }
            const int op_edits = edits < kMaxOpEdits ? edits : kMaxOpEdits;
            plan_.edited[plan_.num_edited] = i;
            plan_.edge_words[plan_.num_edited] =
                blocks_.list(item, Stream::kPerturbEdges, blocks_for(edits + edits % 2));
            plan_.op_words[plan_.num_edited] = blocks_.list(
                item, Stream::kPerturbOps, edits > 0 ? blocks_for(1 + 2 * op_edits) : 0);
            plan_.num_edited += edits > 0;
            const bool renumbers = spec_.renumber[i] != 0;
            plan_.renumbered[plan_.num_renumbered] = i;
            plan_.order_words[plan_.num_renumbered] =
                blocks_.list(item, Stream::kRenumber, renumbers ? blocks_for(cells_.sizes[i]) : 0);
            plan_.num_renumbered += renumbers;
        }
    }

    GEMCORE_ALWAYS_INLINE void renumber_four(int first) const {
        std::int64_t index[kOrdersAtOnce];
        const std::uint32_t* words[kOrdersAtOnce];
        const int last = plan_.num_renumbered - 1;
        for (int i = 0; i < kOrdersAtOnce; ++i) {
            const int place = first + i < last ? first + i : last;
            index[i] = plan_.renumbered[place];
            words[i] = plan_.order_words[place];
        }
        renumber<kGroups>(out_, spec_, index, words);
    }

    const DagBatch& cells_;
    const PerturbSpec& spec_;
    const MutableDagBatch& out_;
    std::uint64_t seed_;
    std::uint64_t start_;
    Plan plan_;
    RandomBlocks<kCells * kMaxBlocks> blocks_;
    SampledOps sampled_;
};

template <int kGroups>
void perturb_range(const DagBatch& cells, const PerturbSpec& spec, std::uint64_t seed,
                   std::uint64_t start, const MutableDagBatch& perturbed, std::int64_t begin,
                   std::int64_t end) {
    Perturber<kGroups> perturber(cells, spec, seed, start, perturbed);
    for (std::int64_t first = begin; first < end; first += kCells) {
        perturber.run(first, first + kCells < end ? first + kCells : end);
    }
}

}  // namespace

void perturb_cells(const DagBatch& cells, const PerturbSpec& spec, std::uint64_t seed,
                   std::uint64_t start, const MutableDagBatch& perturbed, std::int64_t begin,
                   std::int64_t end) {
    const auto run = cells.num_nodes <= 32 ? perturb_range<4> : perturb_range<8>;
    run(cells, spec, seed, start, perturbed, begin, end);
}

}  // namespace gemcore::GEMCORE_SIMD_LEVEL
#else
namespace gemcore::GEMCORE_SIMD_LEVEL {

void perturb_cells(const DagBatch& cells, const PerturbSpec& spec, std::uint64_t seed,
                   std::uint64_t start, const MutableDagBatch& perturbed, std::int64_t begin,
                   std::int64_t end) {
    scalar::perturb_cells(cells, spec, seed, start, perturbed, begin, end);
}

}  // namespace gemcore::GEMCORE_SIMD_LEVEL
#endif
