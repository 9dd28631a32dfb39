#include <atomic>
#include <stdexcept>
#include <vector>

#include "expect.h"
#include "support/interrupt.h"
#include "support/parallel_for.h"

using namespace gemcore;

namespace {

void every_item_is_visited_once() {
    for (const int threads : {1, 2, 5}) {
        set_num_threads(threads);
        for (const int num_items : {0, 1, 2, 99, 100, 101}) {
            std::vector<std::atomic<int>> visits(static_cast<std::size_t>(num_items));
            parallel_for(num_items, 10, [&](std::int64_t begin, std::int64_t end) {
                EXPECT(begin < end && end - begin <= 10);
                for (std::int64_t i = begin; i < end; ++i) ++visits[static_cast<std::size_t>(i)];
            });
            for (const auto& visit : visits) EXPECT(visit == 1);
        }
    }
}

void an_exception_ends_the_loop_and_arrives() {
    for (const int threads : {1, 4}) {
        set_num_threads(threads);
        std::atomic<int> calls{0};
        bool caught = false;
        try {
            parallel_for(1'000'000, 1, [&](std::int64_t begin, std::int64_t) {
                ++calls;
                if (begin == 20) throw std::runtime_error("item 20");
            });
        } catch (const std::runtime_error& error) {
            caught = std::string(error.what()) == "item 20";
        }
        EXPECT(caught);
        EXPECT(calls < 1'000'000);
    }
}

void an_interrupt_ends_the_loop() {
    set_num_threads(2);
    set_interrupt_hook([] { throw std::runtime_error("interrupted"); });
    bool caught = false;
    try {
        parallel_for(10, 1, [](std::int64_t, std::int64_t) {});
    } catch (const std::runtime_error&) {
        caught = true;
    }
    set_interrupt_hook(nullptr);
    EXPECT(caught);
}

}  // namespace

int main() {
    EXPECT(num_threads() >= 1);
    every_item_is_visited_once();
    an_exception_ends_the_loop_and_arrives();
    an_interrupt_ends_the_loop();
}
