#include "support/parallel_for.h"

#include <algorithm>
#include <atomic>
#include <cassert>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "support/interrupt.h"

namespace gemcore {
namespace {

std::atomic<int> wanted_threads{0};

/// What the threads of one call share.
struct Loop {
    std::int64_t num_items;
    std::int64_t grain;
    const std::function<void(std::int64_t, std::int64_t)>& body;
    std::atomic<std::int64_t> next{0};
    std::mutex mutex{};
    std::exception_ptr error{};

    void run(bool calling_thread) noexcept {
        try {
            for (;;) {
                if (calling_thread) check_interrupt();
                const std::int64_t begin = next.fetch_add(grain);
                if (begin >= num_items) return;
                body(begin, std::min(begin + grain, num_items));
            }
        } catch (...) {
            const std::lock_guard lock(mutex);
            if (!error) error = std::current_exception();
            next.store(num_items);
        }
    }
};

}  // namespace

void set_num_threads(int num_threads) {
    assert(num_threads >= 0);
    wanted_threads.store(num_threads);
}

int num_threads() {
    const int wanted = wanted_threads.load();
    if (wanted > 0) return wanted;
    return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

void parallel_for(std::int64_t num_items, std::int64_t grain,
                  const std::function<void(std::int64_t, std::int64_t)>& body) {
    assert(grain > 0);
    if (num_items <= 0) return;
    Loop loop{num_items, grain, body};
    const std::int64_t num_chunks = (num_items + grain - 1) / grain;
    const auto num_workers = std::min<std::int64_t>(num_threads(), num_chunks) - 1;
    std::vector<std::thread> workers;
    workers.reserve(static_cast<std::size_t>(num_workers));
    for (std::int64_t i = 0; i < num_workers; ++i) {
        try {
            workers.emplace_back([&loop] { loop.run(false); });
        } catch (const std::system_error&) {
            break;  // The system gives no more threads: those that there are do the work.
        }
    }
    loop.run(true);
    for (std::thread& worker : workers) worker.join();
    if (loop.error) std::rethrow_exception(loop.error);
}

}  // namespace gemcore
