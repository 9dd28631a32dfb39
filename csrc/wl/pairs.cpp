#include "wl/pairs.h"

#include <algorithm>
#include <bit>
#include <numeric>

#include "support/parallel_for.h"
#include "wl/kernel.h"

namespace gemcore {
namespace {

constexpr std::int64_t kPairsAtOnce = 64;

template <typename T>
T kernel_value(const Matches* matches, const WlOptions& options) {
    double xy = 0, xx = 0, yy = 0;
    for (int round = 0; round <= options.n_iter; ++round) {
        const double weight = options.round_weights[round];
        xy += weight * static_cast<double>(matches[round].xy);
        xx += weight * static_cast<double>(matches[round].xx);
        yy += weight * static_cast<double>(matches[round].yy);
    }
    return static_cast<T>(options.normalize ? normalized(xy, xx, yy) : xy);
}

}  // namespace

PairComparer::PairComparer() : slots_(4 * kMaxNodes) {}

std::uint32_t PairComparer::find_slot(std::uint64_t color) const {
    auto slot = static_cast<std::uint32_t>(color) & mask_;
    while (slots_[slot].color != color && (slots_[slot].in_x | slots_[slot].in_y) != 0) {
        slot = (slot + 1) & mask_;
    }
    return slot;
}

void PairComparer::insert(Side& side, std::uint32_t Slot::* count) {
    for (int i = 0; i < side.num_shared; ++i) {
        const std::uint64_t color = side.graph.colors()[side.shared[i]];
        side.slots[i] = find_slot(color);
        Slot& slot = slots_[side.slots[i]];
        slot.color = color;
        ++(slot.*count);
    }
}

Matches PairComparer::count_round() {
    Matches matches{0, x_.graph.size() - x_.num_shared, y_.graph.size() - y_.num_shared};
    std::fill_n(slots_.begin(), mask_ + 1, Slot{0, 0, 0});
    insert(x_, &Slot::in_x);
    insert(y_, &Slot::in_y);
    for (int i = 0; i < x_.num_shared; ++i) {
        matches.xx += slots_[x_.slots[i]].in_x;
        matches.xy += slots_[x_.slots[i]].in_y;
    }
    for (int i = 0; i < y_.num_shared; ++i) matches.yy += slots_[y_.slots[i]].in_y;
    return matches;
}

void PairComparer::drop_unique(Side& side) {
    int kept = 0;
    for (int i = 0; i < side.num_shared; ++i) {
        const Slot& slot = slots_[side.slots[i]];
        side.shared[kept] = side.shared[i];
        kept += slot.in_x + slot.in_y > 1;
    }
    side.num_shared = kept;
}

void PairComparer::compare(const LabelledBatch& x, const LabelledBatch& y, std::int64_t graph,
                           const WlOptions& options, Matches* matches) {
    for (Side* side : {&x_, &y_}) {
        side->graph.load(side == &x_ ? x : y, graph, options);
        side->num_shared = side->graph.size();
        std::iota(side->shared.begin(), side->shared.begin() + side->num_shared, std::uint8_t{0});
    }
    mask_ = std::bit_ceil(2u * static_cast<unsigned>(x_.num_shared + y_.num_shared)) - 1;
    for (int round = 0;; ++round) {
        matches[round] = count_round();
        if (round == options.n_iter) return;
        drop_unique(x_);
        drop_unique(y_);
        if (x_.num_shared + y_.num_shared == 0) {
            const Matches unique{0, x_.graph.size(), y_.graph.size()};
            std::fill(matches + round + 1, matches + options.n_iter + 1, unique);
            return;
        }
        x_.graph.refine();
        y_.graph.refine();
    }
}

template <typename T>
void wl_pairs(const LabelledBatch& x, const LabelledBatch& y, const WlOptions& options, T* kernel) {
    parallel_for(x.graphs.num_graphs, kPairsAtOnce, [&](std::int64_t begin, std::int64_t end) {
        PairComparer comparer;
        std::vector<Matches> matches(options.n_iter + 1);
        for (std::int64_t graph = begin; graph < end; ++graph) {
            comparer.compare(x, y, graph, options, matches.data());
            kernel[graph] = kernel_value<T>(matches.data(), options);
        }
    });
}

template void wl_pairs(const LabelledBatch&, const LabelledBatch&, const WlOptions&, double*);
template void wl_pairs(const LabelledBatch&, const LabelledBatch&, const WlOptions&, std::int64_t*);

}  // namespace gemcore
