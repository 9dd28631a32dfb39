// A function that can be left and entered again, on a stack of its own.
#pragma once

#include <ucontext.h>

#include <functional>
#include <memory>

namespace emulation {

class Fiber {
 public:
    Fiber();
    ~Fiber();
    Fiber(const Fiber&) = delete;
    Fiber& operator=(const Fiber&) = delete;

    /// Sets what the next enter() begins with. The fiber before must be at its end.
    void start(std::function<void()> body);

    /// From outside: goes on until the fiber leaves or its body ends.
    void enter();

    /// From inside: goes back to enter().
    void leave() { switch_out(&fake_stack_); }

 private:
    static void run();
    void switch_out(void** fake_stack);

    static constexpr std::size_t kStackBytes = 1 << 18;
    std::unique_ptr<char[]> stack_;
    std::function<void()> body_;
    ucontext_t inside_{};
    ucontext_t outside_{};
    // Sanitizers must be told of each change of stacks.
    void* fake_stack_ = nullptr;
    const void* outer_stack_ = nullptr;
    std::size_t outer_bytes_ = 0;
    void* inner_ = nullptr;
    void* outer_ = nullptr;
};

}  // namespace emulation
