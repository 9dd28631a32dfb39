#include "wl/color_counter.h"

#include <algorithm>
#include <bit>
#include <numeric>

namespace gemcore {

void SharedNodes::set_all(int size) {
    num_shared = size;
    std::iota(nodes.begin(), nodes.begin() + size, std::uint8_t{0});
}

/// The slot of a color, or the one that it may take.
std::uint32_t ColorCounter::find_slot(std::uint64_t color) const {
    auto slot = static_cast<std::uint32_t>(color) & mask_;
    while (slots_[slot] != 0 && colors_[slots_[slot]] != color) slot = (slot + 1) & mask_;
    return slot;
}

void ColorCounter::number(const std::uint64_t* colors, const SharedNodes& side,
                          std::uint16_t* numbers) {
    for (int i = 0; i < side.num_shared; ++i) {
        const std::uint64_t color = colors[side.nodes[i]];
        auto slot = static_cast<std::uint32_t>(color) & mask_;
        // Without a branch on whether the color is new, which nobody could predict.
        const auto next = static_cast<std::uint16_t>(num_colors_ + 1);
        colors_[next] = color;
        std::uint16_t found = slots_[slot];
        if (found != 0 && colors_[found] != color) [[unlikely]] {
            slot = find_slot(color);
            found = slots_[slot];
        }
        numbers[i] = found == 0 ? next : found;
        num_colors_ += found == 0;
        slots_[slot] = numbers[i];
    }
}

Matches ColorCounter::count(const std::uint64_t* colors_x, int size_x, SharedNodes& x,
                            const std::uint64_t* colors_y, int size_y, SharedNodes& y) {
    mask_ = std::bit_ceil(8u * static_cast<unsigned>(x.num_shared + y.num_shared)) - 1;
    std::fill_n(slots_.begin(), mask_ + 1, std::uint16_t{0});
    num_colors_ = 0;
    number(colors_x, x, of_x_.data());
    number(colors_y, y, of_y_.data());
    std::fill_n(in_x_.begin(), num_colors_ + 1, 0u);
    std::fill_n(in_y_.begin(), num_colors_ + 1, 0u);
    for (int i = 0; i < x.num_shared; ++i) ++in_x_[of_x_[i]];
    for (int i = 0; i < y.num_shared; ++i) ++in_y_[of_y_[i]];
    std::uint32_t xy = 0, xx = 0, yy = 0;
    for (int i = 1; i <= num_colors_; ++i) {
        xy += in_x_[i] * in_y_[i];
        xx += in_x_[i] * in_x_[i];
        yy += in_y_[i] * in_y_[i];
    }
    const Matches matches{xy, size_x - x.num_shared + std::int64_t{xx},
                          size_y - y.num_shared + std::int64_t{yy}};
    const auto drop_unique = [&](SharedNodes& side, const Numbers& numbers) {
        int kept = 0;
        for (int i = 0; i < side.num_shared; ++i) {
            side.nodes[kept] = side.nodes[i];
            kept += in_x_[numbers[i]] + in_y_[numbers[i]] > 1;
        }
        side.num_shared = kept;
    };
    drop_unique(x, of_x_);
    drop_unique(y, of_y_);
    return matches;
}

}  // namespace gemcore
