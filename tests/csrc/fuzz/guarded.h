// Arrays that end where a page begins that may not be touched: a kernel that reads or writes beyond
// its array crashes, without a sanitizer too, and whatever instruction it does it with
// (AddressSanitizer doesn't see into masked vector loads).
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <utility>

namespace gemcore::fuzz {

/// Bytes before a guard page, on the heap under AddressSanitizer; filled with kUntouched.
class GuardedBlock {
 public:
    explicit GuardedBlock(std::size_t num_bytes);
    ~GuardedBlock();
    GuardedBlock(GuardedBlock&& other) noexcept
        : begin_(std::exchange(other.begin_, nullptr)), num_bytes_(other.num_bytes_) {}
    GuardedBlock& operator=(GuardedBlock&& other) noexcept {
        std::swap(begin_, other.begin_);
        std::swap(num_bytes_, other.num_bytes_);
        return *this;
    }

    void* data() const { return begin_; }

    static constexpr unsigned char kUntouched = 0xa5;

 private:
    void* begin_;
    std::size_t num_bytes_;
};

/// [size] elements of T, compared by their bytes: -0.0 is not 0.0.
template <typename T>
class Guarded {
    static_assert(std::is_trivially_copyable_v<T>);

 public:
    Guarded() : Guarded(0) {}
    explicit Guarded(std::int64_t size)
        : block_(static_cast<std::size_t>(size) * sizeof(T)), size_(size) {}
    Guarded(const Guarded& other) : Guarded(other.size_) { copy_from(other); }
    Guarded(Guarded&&) noexcept = default;
    Guarded& operator=(const Guarded& other) { return *this = Guarded(other); }
    Guarded& operator=(Guarded&&) noexcept = default;

    T* data() const { return static_cast<T*>(block_.data()); }
    std::int64_t size() const { return size_; }
    T* begin() const { return data(); }
    T* end() const { return data() + size_; }
    T& operator[](std::int64_t i) const { return data()[i]; }

    void fill(T value) { std::fill(begin(), end(), value); }

    bool operator==(const Guarded& other) const {
        return size_ == other.size_ &&
               (size_ == 0 || std::memcmp(data(), other.data(), num_bytes()) == 0);
    }

 private:
    std::size_t num_bytes() const { return static_cast<std::size_t>(size_) * sizeof(T); }
    void copy_from(const Guarded& other) {
        if (size_ > 0) std::memcpy(data(), other.data(), num_bytes());
    }

    GuardedBlock block_;
    std::int64_t size_;
};

}  // namespace gemcore::fuzz
