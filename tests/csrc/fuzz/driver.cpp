// Runs the fuzz target without libFuzzer.
//
//   fuzz_kernels [--level NAME|all] [--seconds S] [--executions N] [--seed K] [--corpus DIR]
//                [--commit TEXT]
//   fuzz_kernels [--level NAME|all] --replay FILE
//
// Ends after S seconds or N inputs, whichever comes first, shared by the levels; prints a row of
// the table in docs/reliability.md for each. After a finding the status is 1 and the input is in a
// file of this folder.
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <stdexcept>

#include "check.h"
#include "finding.h"

namespace gemcore::fuzz {
namespace {

#if defined(__SANITIZE_ADDRESS__)
constexpr const char* kBuild = "address";
#elif defined(__SANITIZE_THREAD__)
constexpr const char* kBuild = "thread";
#elif defined(__OPTIMIZE__)
constexpr const char* kBuild = "optimized";
#else
constexpr const char* kBuild = "debug";
#endif

struct Options {
    std::vector<SimdLevel> levels;
    double seconds = 60;
    std::uint64_t executions = ~std::uint64_t{0};
    std::uint64_t seed = 0;
    std::string corpus;
    std::string commit = "-";
    std::string replay;
};

std::vector<SimdLevel> read_levels(const std::string& name) {
    if (name != "all") return {read_simd_level("--level", name)};
    std::vector<SimdLevel> levels;
    for (int level = 0; level <= static_cast<int>(best_simd_level()); ++level) {
        levels.push_back(static_cast<SimdLevel>(level));
    }
    return levels;
}

Options read_options(int num_arguments, char** arguments) {
    Options options;
    std::string level = "all";
    for (int i = 1; i < num_arguments; i += 2) {
        const std::string name = arguments[i];
        if (i + 1 == num_arguments) throw std::invalid_argument(name + " must have a value");
        const std::string value = arguments[i + 1];
        if (name == "--level")
            level = value;
        else if (name == "--seconds")
            options.seconds = std::stod(value);
        else if (name == "--executions")
            options.executions = std::stoull(value);
        else if (name == "--seed")
            options.seed = std::stoull(value);
        else if (name == "--corpus")
            options.corpus = value;
        else if (name == "--commit")
            options.commit = value;
        else if (name == "--replay")
            options.replay = value;
        else
            throw std::invalid_argument("unknown option " + name);
    }
    options.levels = read_levels(level);
    return options;
}

std::string today() {
    const std::time_t now = std::time(nullptr);
    char text[11];
    std::strftime(text, sizeof text, "%Y-%m-%d", std::gmtime(&now));
    return text;
}

/// Fuzzes at one level; prints its row.
void fuzz_level(const Options& options, const InputMaker& inputs, SimdLevel level) {
    using Clock = std::chrono::steady_clock;
    const auto share = static_cast<double>(options.levels.size());
    const auto most = options.executions / options.levels.size();
    const auto start = Clock::now();
    const std::string name = simd_level_name(level);
    double seconds = 0;
    std::uint64_t index = 0;
    set_level_under_test(level);
    for (; index < most && seconds < options.seconds / share; ++index) {
        if (index % 64 == 0) alarm(kMaxSeconds);
        execute(inputs.make(index), "finding-" + name + "-" + std::to_string(options.seed) + "-" +
                                        std::to_string(index));
        seconds = std::chrono::duration<double>(Clock::now() - start).count();
    }
    std::printf("| %s | %s | %s | %s | %llu | %.0f | %llu | %.0f | 0 |\n", today().c_str(),
                options.commit.c_str(), name.c_str(), kBuild,
                static_cast<unsigned long long>(options.seed), seconds,
                static_cast<unsigned long long>(index),
                seconds > 0 ? static_cast<double>(index) / seconds : 0.0);
    std::fflush(stdout);
}

void run(const Options& options) {
    if (!options.replay.empty()) {
        const Input input = read_input(options.replay);
        for (const SimdLevel level : options.levels) {
            set_level_under_test(level);
            execute(input, options.replay);
            std::printf("no finding at level %s\n", simd_level_name(level).c_str());
        }
        return;
    }
    const InputMaker inputs(options.seed, options.corpus);
    std::printf(
        "| date | commit | level | build | seed | seconds | executions | a second "
        "| findings |\n|---|---|---|---|---|---|---|---|---|\n");
    std::fflush(stdout);
    for (const SimdLevel level : options.levels) fuzz_level(options, inputs, level);
}

}  // namespace
}  // namespace gemcore::fuzz

int main(int num_arguments, char** arguments) {
    using namespace gemcore::fuzz;
    try {
        const Options options = read_options(num_arguments, arguments);
        catch_findings();
        run(options);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "%s\n", error.what());
        return 2;
    }
}
