#include "guarded.h"

#include <sys/mman.h>
#include <unistd.h>

#include <bit>
#include <cstdlib>
#include <new>
#include <vector>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define GEMCORE_ON_HEAP 1
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define GEMCORE_ON_HEAP 1
#endif

namespace gemcore::fuzz {
namespace {

#ifdef GEMCORE_ON_HEAP  // Its red zones lie on both sides.

void* take(std::size_t num_bytes) {
    void* const block = std::malloc(num_bytes);
    if (block == nullptr && num_bytes > 0) throw std::bad_alloc();
    return block;
}

void give_back(void* block, std::size_t) { std::free(block); }

#else

const std::size_t kPage = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));

/// Mappings are kept for the next array of their size: to map and unmap takes as long as a kernel.
std::vector<char*>& unused(std::size_t capacity) {
    static std::vector<char*> of_size[64];
    return of_size[std::countr_zero(capacity)];
}

std::size_t capacity_for(std::size_t num_bytes) {
    return std::bit_ceil(std::max(num_bytes, kPage));
}

void* take(std::size_t num_bytes) {
    const std::size_t capacity = capacity_for(num_bytes);
    std::vector<char*>& free = unused(capacity);
    if (free.empty()) {
        void* const mapped = mmap(nullptr, capacity + kPage, PROT_READ | PROT_WRITE,
                                  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (mapped == MAP_FAILED) throw std::bad_alloc();
        char* const guard = static_cast<char*>(mapped) + capacity;
        if (mprotect(guard, kPage, PROT_NONE) != 0) throw std::bad_alloc();
        free.push_back(guard);
    }
    char* const end = free.back();
    free.pop_back();
    return end - num_bytes;
}

void give_back(void* block, std::size_t num_bytes) {
    unused(capacity_for(num_bytes)).push_back(static_cast<char*>(block) + num_bytes);
}

#endif

}  // namespace

GuardedBlock::GuardedBlock(std::size_t num_bytes) : begin_(take(num_bytes)), num_bytes_(num_bytes) {
    if (num_bytes > 0) std::memset(begin_, kUntouched, num_bytes);
}

GuardedBlock::~GuardedBlock() {
    if (begin_ != nullptr) give_back(begin_, num_bytes_);
}

}  // namespace gemcore::fuzz
