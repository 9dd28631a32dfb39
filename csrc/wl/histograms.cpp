#include "wl/histograms.h"

#include <algorithm>
#include <memory>
#include <numeric>
#include <stdexcept>

#include "support/interrupt.h"
#include "wl/color_table.h"
#include "wl/colors.h"

namespace gemcore {
namespace {

constexpr std::int64_t kGraphsAtOnce = 4096;

/// The colors of a batch, and the nodes that are still looked at.
struct Side {
    Side(const LabelledBatch& labelled, const WlOptions& options)
        : batch(labelled.graphs),
          num_rounds(options.n_iter + 1),
          num_nodes(batch.num_graphs * batch.num_nodes),
          colors(std::make_unique_for_overwrite<std::uint64_t[]>(num_nodes * num_rounds)),
          numbers(std::make_unique_for_overwrite<std::uint32_t[]>(num_nodes)),
          nodes(std::make_unique_for_overwrite<std::uint8_t[]>(num_nodes)),
          num_kept(batch.sizes, batch.sizes + batch.num_graphs) {
        wl_colors(labelled, options, colors.get());
        for (std::int64_t graph = 0; graph < batch.num_graphs; ++graph) {
            std::uint8_t* const first = nodes.get() + graph * batch.num_nodes;
            std::iota(first, first + num_kept[graph], std::uint8_t{0});
        }
    }

    DagBatch batch;
    int num_rounds;
    std::int64_t num_nodes;
    std::unique_ptr<std::uint64_t[]> colors;   // [num_graphs, num_rounds, N]
    std::unique_ptr<std::uint32_t[]> numbers;  // [num_graphs, N], of the last round
    std::unique_ptr<std::uint8_t[]> nodes;     // [num_graphs, N], the first num_kept of each
    std::vector<std::uint16_t> num_kept;
};

/// Counts one round after the other.
class RoundCounter {
 public:
    explicit RoundCounter(KeptColors kept) : kept_(kept) {}

    RoundHistograms count(std::vector<Side>& sides, int round, std::int32_t* own_matches) {
        std::int64_t num_kept = 0;
        for (const Side& side : sides) {
            num_kept = std::accumulate(side.num_kept.begin(), side.num_kept.end(), num_kept);
        }
        table_.reset(round == 0 ? 0 : num_kept);
        std::swap(occurrences_, last_occurrences_);
        occurrences_.clear();
        RoundHistograms histograms{0, {0}, {}, {}};
        histograms.colors.resize(num_kept);
        histograms.counts.resize(num_kept);
        std::int64_t num_first = 0;
        for (Side& side : sides) {
            count_side(side, round, own_matches, histograms);
            own_matches += side.batch.num_graphs;
            if (&side == sides.data()) num_first = table_.size();
        }
        keep(sides, num_first, histograms);
        return histograms;
    }

 private:
    void count_side(Side& side, int round, std::int32_t* own_matches, RoundHistograms& histograms) {
        for (std::int64_t graph = 0; graph < side.batch.num_graphs; ++graph) {
            if (graph % kGraphsAtOnce == 0) check_interrupt();
            const std::int64_t begin = histograms.begin.back();
            const std::int64_t end = count_graph(side, graph, round, histograms);
            std::int32_t own = side.batch.sizes[graph] - side.num_kept[graph];
            for (std::int64_t i = begin; i < end; ++i) {
                own += std::int32_t{histograms.counts[i]} * histograms.counts[i];
            }
            own_matches[graph] = own;
            histograms.begin.push_back(end);
        }
    }

    /// Writes the elements of a graph, and says where they end.
    std::int64_t count_graph(Side& side, std::int64_t graph, int round,
                             RoundHistograms& histograms) {
        const std::int64_t stride = side.batch.num_nodes;
        const std::uint64_t* colors =
            side.colors.get() + (graph * side.num_rounds + round) * stride;
        std::uint32_t* numbers = side.numbers.get() + graph * stride;
        std::uint8_t* nodes = side.nodes.get() + graph * stride;
        const auto begin = static_cast<std::uint32_t>(histograms.begin.back());
        std::uint32_t end = begin;
        int num_kept = 0;
        for (int i = 0; i < side.num_kept[graph]; ++i) {
            const std::uint8_t node = nodes[i];
            if (is_settled(round, numbers[node])) continue;
            nodes[num_kept++] = node;
            ColorTable::Slot& slot = table_.insert(colors[node]);
            numbers[node] = slot.number;
            const bool is_new = slot.number == occurrences_.size();
            if (is_new) occurrences_.push_back(0);
            ++occurrences_[slot.number];
            if (!is_new && slot.element >= begin) {
                ++histograms.counts[slot.element];
                continue;
            }
            slot.element = end;
            histograms.colors[end] = slot.number;
            histograms.counts[end++] = 1;
        }
        side.num_kept[graph] = static_cast<std::uint16_t>(num_kept);
        return end;
    }

    /// Whether no other node had the color of this one in the round before.
    bool is_settled(int round, std::uint32_t number) const {
        return kept_ == KeptColors::kShared && round > 0 && last_occurrences_[number] == 1;
    }

    /// Drops the elements of colors that are not kept, and closes the gaps in the numbers.
    void keep(const std::vector<Side>& sides, std::int64_t num_first, RoundHistograms& histograms) {
        std::vector<std::uint32_t> numbers(table_.size());
        if (kept_ == KeptColors::kOfFirst) {
            std::fill_n(numbers.begin(), num_first, kTwice);
        } else {
            count_owners(sides, histograms, numbers);
        }
        for (std::uint32_t& number : numbers) {
            number = number >= kTwice ? static_cast<std::uint32_t>(histograms.num_colors++)
                                      : ColorTable::kNone;
        }
        std::int64_t kept = 0, element = 0;
        for (std::size_t graph = 1; graph < histograms.begin.size(); ++graph) {
            for (; element < histograms.begin[graph]; ++element) {
                const std::uint32_t number = numbers[histograms.colors[element]];
                histograms.colors[kept] = number;
                histograms.counts[kept] = histograms.counts[element];
                kept += number != ColorTable::kNone;
            }
            histograms.begin[graph] = kept;
        }
        histograms.colors.resize(kept);
        histograms.counts.resize(kept);
    }

    /// How many graphs have a color; of two batches: in how many of them it is.
    static void count_owners(const std::vector<Side>& sides, const RoundHistograms& histograms,
                             std::vector<std::uint32_t>& owners) {
        const std::int64_t end = histograms.begin[sides[0].batch.num_graphs];
        for (std::int64_t i = 0; i < end; ++i) ++owners[histograms.colors[i]];
        if (sides.size() == 1) return;
        for (std::uint32_t& number : owners) number = number > 0;
        for (std::int64_t i = end; i < histograms.begin.back(); ++i) {
            if (owners[histograms.colors[i]] > 0) owners[histograms.colors[i]] = kTwice;
        }
    }

    static constexpr std::uint32_t kTwice = 2;

    KeptColors kept_;
    ColorTable table_;
    std::vector<std::uint32_t> occurrences_;  // Of each number of this round, in all graphs
    std::vector<std::uint32_t> last_occurrences_;
};

}  // namespace

Histograms wl_histograms(const LabelledBatch& first, const LabelledBatch* second,
                         const WlOptions& options, KeptColors kept) {
    std::vector<Side> sides;
    sides.reserve(2);
    sides.emplace_back(first, options);
    if (second != nullptr) sides.emplace_back(*second, options);
    std::int64_t num_graphs = 0, num_nodes = 0;
    for (const Side& side : sides) {
        num_graphs += side.batch.num_graphs;
        num_nodes += side.num_nodes;
    }
    if (num_nodes >= std::int64_t{ColorTable::kNone}) {
        throw std::length_error("WL histograms of 2^32 nodes or more");
    }
    const int num_rounds = options.n_iter + 1;
    Histograms histograms{{}, {}, num_graphs};
    histograms.own_matches.resize(num_rounds * num_graphs);
    RoundCounter counter(kept);
    for (int round = 0; round < num_rounds; ++round) {
        std::int32_t* own = histograms.own_matches.data() + round * num_graphs;
        histograms.rounds.push_back(counter.count(sides, round, own));
    }
    return histograms;
}

}  // namespace gemcore
