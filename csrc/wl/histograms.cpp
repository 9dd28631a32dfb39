#include "wl/histograms.h"

#include <algorithm>
#include <memory>
#include <numeric>
#include <stdexcept>
#include <utility>

#include "support/interrupt.h"
#include "wl/color_table.h"
#include "wl/colors.h"

namespace gemcore {
namespace {

constexpr std::int64_t kGraphsAtOnce = 4096;  // Between two looks for an interrupt
constexpr std::uint32_t kTwice = 2;
constexpr std::uint32_t kDropped = 0xffffffffu;

/// The colors of a batch, and the nodes that are still looked at.
class Side {
 public:
    Side(const LabelledBatch& labelled, const WlOptions& options)
        : num_kept(labelled.graphs.sizes, labelled.graphs.sizes + labelled.graphs.num_graphs),
          batch_(labelled.graphs),
          num_rounds_(options.n_iter + 1),
          colors_(std::make_unique_for_overwrite<std::uint64_t[]>(num_nodes() * num_rounds_)),
          numbers_(std::make_unique_for_overwrite<std::uint32_t[]>(num_nodes())),
          nodes_(std::make_unique_for_overwrite<std::uint8_t[]>(num_nodes())) {
        wl_colors(labelled, options, colors_.get());
        for (std::int64_t graph = 0; graph < num_graphs(); ++graph) {
            std::iota(nodes_of(graph), nodes_of(graph) + num_kept[graph], std::uint8_t{0});
        }
    }

    std::int64_t num_graphs() const { return batch_.num_graphs; }
    std::int64_t num_nodes() const { return batch_.num_graphs * batch_.num_nodes; }
    std::int64_t num_kept_nodes() const {
        return std::accumulate(num_kept.begin(), num_kept.end(), std::int64_t{0});
    }
    int size_of(std::int64_t graph) const { return batch_.sizes[graph]; }
    const std::uint64_t* colors_of(std::int64_t graph, int round) const {
        return colors_.get() + (graph * num_rounds_ + round) * batch_.num_nodes;
    }
    /// Numbers of the colors of the last round.
    std::uint32_t* numbers_of(std::int64_t graph) {
        return numbers_.get() + graph * batch_.num_nodes;
    }
    /// The first num_kept[graph] are those that are still looked at.
    std::uint8_t* nodes_of(std::int64_t graph) { return nodes_.get() + graph * batch_.num_nodes; }

    /// Without a branch, which would be mispredicted.
    template <typename Keep>
    void drop_unless(std::int64_t graph, const Keep& keep) {
        std::uint8_t* const nodes = nodes_of(graph);
        int kept = 0;
        for (int i = 0; i < num_kept[graph]; ++i) {
            const std::uint8_t node = nodes[i];
            nodes[kept] = node;
            kept += keep(node);
        }
        num_kept[graph] = static_cast<std::uint16_t>(kept);
    }

    std::vector<std::uint16_t> num_kept;

 private:
    DagBatch batch_;
    int num_rounds_;
    std::unique_ptr<std::uint64_t[]> colors_;   // [num_graphs, num_rounds, N]
    std::unique_ptr<std::uint32_t[]> numbers_;  // [num_graphs, N]
    std::unique_ptr<std::uint8_t[]> nodes_;     // [num_graphs, N]
};

/// Counts one round after the other.
class RoundCounter {
 public:
    RoundCounter(std::vector<Side>& sides, KeptColors kept) : sides_(sides), kept_(kept) {}

    /// own_matches: [num_graphs]
    RoundHistograms count(int round, std::int32_t* own_matches) {
        const RepeatFilter filter = make_filter(round);
        table_ = ColorTable();
        occurrences_.clear();
        histograms_ = {0, {0}, {}, {}};
        for (Side& side : sides_) {
            const std::int64_t room = histograms_.begin.back() + side.num_kept_nodes();
            histograms_.colors.resize(room);
            histograms_.counts.resize(room);
            for (std::int64_t graph = 0; graph < side.num_graphs(); ++graph) {
                if (graph % kGraphsAtOnce == 0) check_interrupt();
                *own_matches++ = count_graph(side, graph, round, filter);
            }
            if (&side == sides_.data()) num_first_ = occurrences_.size();
        }
        keep();
        return std::move(histograms_);
    }

 private:
    /// Settles the nodes whose color no other had in the round before. The first round's colors are
    /// few, so none of them is filtered out.
    RepeatFilter make_filter(int round) {
        if (round == 0) return RepeatFilter::passing_all();
        std::int64_t num_nodes = 0;
        for (const Side& side : sides_) num_nodes += side.num_kept_nodes();
        RepeatFilter filter(num_nodes);
        for (Side& side : sides_) {
            for (std::int64_t graph = 0; graph < side.num_graphs(); ++graph) {
                if (graph % kGraphsAtOnce == 0) check_interrupt();
                if (kept_ == KeptColors::kShared) {
                    const std::uint32_t* numbers = side.numbers_of(graph);
                    side.drop_unless(graph, [&](int v) { return occurrences_[numbers[v]] > 1; });
                }
                const std::uint64_t* colors = side.colors_of(graph, round);
                const std::uint8_t* nodes = side.nodes_of(graph);
                for (int i = 0; i < side.num_kept[graph]; ++i) filter.add(colors[nodes[i]]);
            }
        }
        return filter;
    }

    /// Appends the elements of a graph; the number of its pairs of nodes of equal color.
    std::int32_t count_graph(Side& side, std::int64_t graph, int round,
                             const RepeatFilter& filter) {
        const std::uint64_t* colors = side.colors_of(graph, round);
        if (kept_ == KeptColors::kShared && round > 0) {
            side.drop_unless(graph, [&](int v) { return filter.may_repeat(colors[v]); });
        }
        const std::int64_t begin = histograms_.begin.back();
        const std::int64_t end = append_elements(side, graph, colors, filter);
        histograms_.begin.push_back(end);
        std::int32_t own_matches = side.size_of(graph);
        for (std::int64_t i = begin; i < end; ++i) {
            const std::int32_t count = histograms_.counts[i];
            own_matches += count * (count - 1);
            occurrences_[histograms_.colors[i]] += static_cast<std::uint32_t>(count);
        }
        return own_matches;
    }

    /// Where they end.
    std::int64_t append_elements(Side& side, std::int64_t graph, const std::uint64_t* colors,
                                 const RepeatFilter& filter) {
        const std::uint8_t* const nodes = side.nodes_of(graph);
        std::uint32_t* const numbers = side.numbers_of(graph);
        std::uint32_t* const element_colors = histograms_.colors.data();
        std::uint16_t* const counts = histograms_.counts.data();
        const bool keeps_unique = kept_ == KeptColors::kOfFirst;
        const auto begin = static_cast<std::uint32_t>(histograms_.begin.back());
        std::uint32_t end = begin;
        auto next = static_cast<std::uint32_t>(occurrences_.size());
        for (int i = 0, size = side.num_kept[graph]; i < size; ++i) {
            const std::uint64_t color = colors[nodes[i]];
            std::uint32_t number = next;
            if (!keeps_unique || filter.may_repeat(color)) {
                ColorTable::Slot& slot = table_.insert(color, next);
                number = slot.number;
                numbers[nodes[i]] = number;
                if (number != next && slot.element >= begin) {
                    ++counts[slot.element];
                    continue;
                }
                slot.element = end;
            } else if (&side != sides_.data()) {
                continue;  // The first batch has not got it.
            }
            next += number == next;
            element_colors[end] = number;
            counts[end++] = 1;
        }
        occurrences_.resize(next);
        return end;
    }

    /// Drops the elements of colors that are not kept, and closes the gaps in the numbers.
    void keep() {
        std::vector<std::uint32_t> numbers(occurrences_.size());
        if (kept_ == KeptColors::kOfFirst) {
            std::fill_n(numbers.begin(), num_first_, kTwice);
        } else {
            count_owners(numbers);
        }
        for (std::uint32_t& number : numbers) {
            number =
                number >= kTwice ? static_cast<std::uint32_t>(histograms_.num_colors++) : kDropped;
        }
        std::int64_t kept = 0, element = 0;
        for (std::size_t graph = 1; graph < histograms_.begin.size(); ++graph) {
            for (; element < histograms_.begin[graph]; ++element) {
                const std::uint32_t number = numbers[histograms_.colors[element]];
                histograms_.colors[kept] = number;
                histograms_.counts[kept] = histograms_.counts[element];
                kept += number != kDropped;
            }
            histograms_.begin[graph] = kept;
        }
        histograms_.colors.resize(kept);
        histograms_.counts.resize(kept);
    }

    /// In how many graphs a color is; of two batches: in how many of them.
    void count_owners(std::vector<std::uint32_t>& owners) const {
        const std::int64_t end = histograms_.begin[sides_[0].num_graphs()];
        for (std::int64_t i = 0; i < end; ++i) ++owners[histograms_.colors[i]];
        if (sides_.size() == 1) return;
        for (std::uint32_t& number : owners) number = number > 0;
        for (std::int64_t i = end; i < histograms_.begin.back(); ++i) {
            std::uint32_t& number = owners[histograms_.colors[i]];
            number *= 2 - number / kTwice;  // 0, or 1 or 2 to 2
        }
    }

    std::vector<Side>& sides_;
    KeptColors kept_;
    ColorTable table_;
    std::size_t num_first_ = 0;               // Numbers below are of the first batch's colors.
    std::vector<std::uint32_t> occurrences_;  // Of the color of each number, in all graphs
    RoundHistograms histograms_;
};

}  // namespace

Histograms wl_histograms(const LabelledBatch& first, const LabelledBatch* second,
                         const WlOptions& options, KeptColors kept) {
    std::vector<Side> sides;
    sides.emplace_back(first, options);
    if (second != nullptr) sides.emplace_back(*second, options);
    std::int64_t num_graphs = 0, num_nodes = 0;
    for (const Side& side : sides) {
        num_graphs += side.num_graphs();
        num_nodes += side.num_nodes();
    }
    if (num_nodes >= std::int64_t{kDropped}) {
        throw std::length_error("WL histograms of 2^32 nodes or more");
    }
    const int num_rounds = options.n_iter + 1;
    Histograms histograms{{}, {}, num_graphs};
    histograms.own_matches.resize(num_rounds * num_graphs);
    RoundCounter counter(sides, kept);
    for (int round = 0; round < num_rounds; ++round) {
        std::int32_t* const own = histograms.own_matches.data() + round * num_graphs;
        histograms.rounds.push_back(counter.count(round, own));
    }
    return histograms;
}

}  // namespace gemcore
