// Turns the bytes of a fuzzer into choices, like LLVM's FuzzedDataProvider: a small change of the
// bytes is a small change of the case. Where the bytes end, all further choices are 0.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>

#include "support/mix64.h"

namespace gemcore::fuzz {

class ByteReader {
 public:
    ByteReader(const std::uint8_t* data, std::size_t size) : next_(data), end_(data + size) {}

    std::uint8_t byte() { return next_ == end_ ? std::uint8_t{0} : *next_++; }

    std::uint64_t word(int num_bytes = 8) {
        std::uint64_t value = 0;
        for (int i = 0; i < num_bytes; ++i) value = value << 8 | byte();
        return value;
    }

    /// 0 .. bound - 1, from as few bytes as will do. Requires 1 <= bound <= 2^32.
    int below(std::int64_t bound) {
        const int num_bytes = bound <= 1 << 8 ? 1 : bound <= 1 << 16 ? 2 : 4;
        return static_cast<int>(word(num_bytes) % static_cast<std::uint64_t>(bound));
    }

    int between(int first, int last) { return first + below(last - first + 1); }

    /// True for one byte of `one_in` and never where the bytes have ended.
    bool rarely(int one_in) { return byte() % one_in == one_in - 1; }

    template <typename T>
    T pick(std::initializer_list<T> values) {
        return values.begin()[below(static_cast<std::int64_t>(values.size()))];
    }

 private:
    const std::uint8_t* next_;
    const std::uint8_t* end_;
};

/// Many random bits from one word: big graphs of few bytes.
class BitSource {
 public:
    explicit BitSource(std::uint64_t seed) : state_(seed) {}

    std::uint64_t next() { return mix64(state_ += 0x9e3779b97f4a7c15u); }

    int below(int bound) {
        return static_cast<int>((next() >> 32) * static_cast<std::uint64_t>(bound) >> 32);
    }

 private:
    std::uint64_t state_;
};

}  // namespace gemcore::fuzz
