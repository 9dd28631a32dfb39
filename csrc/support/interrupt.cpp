#include "support/interrupt.h"

#include <atomic>

namespace gemcore {
namespace {

std::atomic<InterruptHook> interrupt_hook{nullptr};

}  // namespace

void set_interrupt_hook(InterruptHook hook) { interrupt_hook.store(hook); }

void check_interrupt() {
    if (const InterruptHook hook = interrupt_hook.load()) hook();
}

}  // namespace gemcore
