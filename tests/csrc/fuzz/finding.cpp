#include "finding.h"

#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

// UndefinedBehaviorSanitizer beside another sanitizer has no callback: it raises a signal.
extern "C" __attribute__((visibility("default"))) const char* __ubsan_default_options() {
    return "print_stacktrace=1:abort_on_error=1";
}

// There in every other sanitizer, called before it ends the process.
extern "C" __attribute__((weak)) void __sanitizer_set_death_callback(void (*callback)());

namespace gemcore::fuzz {
namespace {

const Input* current = nullptr;
const char* current_name = "";

void write_input() {
    if (current == nullptr) return;
    const int file = open(current_name, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (file < 0 || write(file, current->data(), current->size()) < 0) std::perror(current_name);
    for (const std::uint8_t byte : *current) std::fprintf(stderr, "%02x", byte);
    std::fprintf(stderr, "\nThese bytes are in %s: --replay %s\n", current_name, current_name);
    current = nullptr;
}

/// Not safe by the letter of signals, but this process is lost anyhow.
void on_signal(int number) {
    std::fprintf(stderr, "signal %d%s\n", number, number == SIGALRM ? ", took too long" : "");
    write_input();
    _exit(1);
}

}  // namespace

void catch_findings() {
    for (const int number : {SIGABRT, SIGALRM}) std::signal(number, on_signal);
    if (__sanitizer_set_death_callback != nullptr) {
        __sanitizer_set_death_callback(write_input);
    } else {
        for (const int number : {SIGSEGV, SIGBUS, SIGILL, SIGFPE}) std::signal(number, on_signal);
    }
}

void execute(const Input& input, const std::string& name) {
    current = &input;
    current_name = name.c_str();
    LLVMFuzzerTestOneInput(input.data(), input.size());
    current = nullptr;
}

}  // namespace gemcore::fuzz
