#include "fiber.h"

#include <utility>

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif
#ifdef __SANITIZE_THREAD__
#include <sanitizer/tsan_interface.h>
#endif

namespace emulation {
namespace {

Fiber* entering = nullptr;  // makecontext hands over nothing but ints.

}  // namespace

Fiber::Fiber() : stack_(new char[kStackBytes]) {
#ifdef __SANITIZE_THREAD__
    inner_ = __tsan_create_fiber(0);
#endif
}

Fiber::~Fiber() {
#ifdef __SANITIZE_THREAD__
    __tsan_destroy_fiber(inner_);
#endif
}

void Fiber::start(std::function<void()> body) {
    body_ = std::move(body);
#ifdef __SANITIZE_ADDRESS__
    __asan_unpoison_memory_region(stack_.get(), kStackBytes);
#endif
    getcontext(&inside_);
    inside_.uc_stack.ss_sp = stack_.get();
    inside_.uc_stack.ss_size = kStackBytes;
    inside_.uc_link = nullptr;
    makecontext(&inside_, &Fiber::run, 0);
}

void Fiber::run() {
    Fiber* const self = entering;
#ifdef __SANITIZE_ADDRESS__
    __sanitizer_finish_switch_fiber(nullptr, &self->outer_stack_, &self->outer_bytes_);
#endif
    self->body_();
    self->switch_out(nullptr);  // The stack is given up.
}

void Fiber::enter() {
    entering = this;
#ifdef __SANITIZE_ADDRESS__
    void* fake = nullptr;
    __sanitizer_start_switch_fiber(&fake, stack_.get(), kStackBytes);
#endif
#ifdef __SANITIZE_THREAD__
    outer_ = __tsan_get_current_fiber();
    __tsan_switch_to_fiber(inner_, 0);
#endif
    swapcontext(&outside_, &inside_);
#ifdef __SANITIZE_ADDRESS__
    __sanitizer_finish_switch_fiber(fake, nullptr, nullptr);
#endif
}

void Fiber::switch_out([[maybe_unused]] void** fake_stack) {
#ifdef __SANITIZE_ADDRESS__
    __sanitizer_start_switch_fiber(fake_stack, outer_stack_, outer_bytes_);
#endif
#ifdef __SANITIZE_THREAD__
    __tsan_switch_to_fiber(outer_, 0);
#endif
    swapcontext(&inside_, &outside_);
#ifdef __SANITIZE_ADDRESS__
    __sanitizer_finish_switch_fiber(fake_stack_, &outer_stack_, &outer_bytes_);
#endif
}

}  // namespace emulation
