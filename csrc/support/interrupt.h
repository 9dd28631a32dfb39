#pragma once

namespace gemcore {

/// Asked by long loops on the thread that called into the core. It may throw, which ends the loop.
using InterruptHook = void (*)();

/// Sets the hook; null for none. The binding sets one that asks Python for pending signals.
void set_interrupt_hook(InterruptHook hook);

void check_interrupt();

}  // namespace gemcore
