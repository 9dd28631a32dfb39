// Numbers for colors, as they come.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace gemcore {

/// Tells most colors that occur once from the others, by a bit or two each. Colors are mixed: any
/// of their bits are as good as a hash.
class RepeatFilter {
 public:
    explicit RepeatFilter(std::int64_t num_colors)
        : words_(std::bit_ceil(static_cast<std::size_t>(num_colors) / 2 + 1)) {}

    static RepeatFilter passing_all() {
        RepeatFilter filter(0);
        filter.words_[0] = ~std::uint64_t{0};
        return filter;
    }

    void add(std::uint64_t color) {
        std::uint64_t& word = words_[color >> 8 & (words_.size() - 1)];
        const std::uint64_t bit = bit_of(color);
        word |= bit | (word & bit) << 32;
    }

    /// True for each color that was added twice, and for one in 16 or more of the others.
    bool may_repeat(std::uint64_t color) const {
        return (words_[color >> 8 & (words_.size() - 1)] >> 32 & bit_of(color)) != 0;
    }

 private:
    static std::uint64_t bit_of(std::uint64_t color) { return std::uint64_t{1} << (color & 31); }

    std::vector<std::uint64_t> words_;  // Low halves: was there; high halves: came again.
};

/// A hash table with open addressing, at most half full.
class ColorTable {
 public:
    struct Slot {
        std::uint64_t color = 0;
        std::uint32_t number = kEmpty;
        std::uint32_t element = 0;  ///< For the caller
    };

    ColorTable() : slots_(std::size_t{1} << 10) {}

    /// The slot of a color; where it is new, with `number` for its number. Valid until the next
    /// call.
    Slot& insert(std::uint64_t color, std::uint32_t number) {
        Slot* slot = find(color);
        if (slot->number != kEmpty) return *slot;
        if (2 * ++size_ > slots_.size()) {
            grow();
            slot = find(color);
        }
        slot->color = color;
        slot->number = number;
        return *slot;
    }

 private:
    static constexpr std::uint32_t kEmpty = 0xffffffffu;

    Slot* find(std::uint64_t color) {
        const std::size_t mask = slots_.size() - 1;
        std::size_t place = color >> 4 & mask;
        while (slots_[place].number != kEmpty && slots_[place].color != color) {
            place = (place + 1) & mask;
        }
        return &slots_[place];
    }

    void grow() {
        std::vector<Slot> old(4 * slots_.size());
        old.swap(slots_);
        for (const Slot& slot : old) {
            if (slot.number != kEmpty) *find(slot.color) = slot;
        }
    }

    std::vector<Slot> slots_;
    std::size_t size_ = 0;
};

}  // namespace gemcore
