// Numbers for colors, as they come.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace gemcore {

/// A hash table with open addressing, at most half full. Colors are mixed: their low bits are as
/// good as any hash.
class ColorTable {
 public:
    static constexpr std::uint32_t kNone = 0xffffffffu;

    struct Slot {
        std::uint64_t color = 0;
        std::uint32_t number = kNone;
        std::uint32_t element = 0;  ///< For the caller
    };

    /// Forgets all, and makes room for that many colors; there may be more.
    void reset(std::int64_t num_colors) {
        size_ = 0;
        slots_.assign(std::bit_ceil(2 * static_cast<std::size_t>(num_colors) + 512), Slot{});
    }

    /// Number of different colors so far.
    std::uint32_t size() const { return size_; }

    /// The slot of a color, which gets the next number where it is new. Valid until the next call.
    Slot& insert(std::uint64_t color) {
        Slot* slot = find(color);
        if (slot->number != kNone) return *slot;
        if (2 * std::size_t{size_} >= slots_.size()) {
            grow();
            slot = find(color);
        }
        slot->color = color;
        slot->number = size_++;
        return *slot;
    }

 private:
    Slot* find(std::uint64_t color) {
        const std::size_t mask = slots_.size() - 1;
        std::size_t place = color & mask;
        while (slots_[place].number != kNone && slots_[place].color != color) {
            place = (place + 1) & mask;
        }
        return &slots_[place];
    }

    void grow() {
        std::vector<Slot> old(4 * slots_.size());
        old.swap(slots_);
        for (const Slot& slot : old) {
            if (slot.number != kNone) *find(slot.color) = slot;
        }
    }

    std::vector<Slot> slots_;
    std::uint32_t size_ = 0;
};

}  // namespace gemcore
