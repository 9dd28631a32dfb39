#include "input_maker.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace gemcore::fuzz {
namespace {

constexpr int kNumParents = 256;
constexpr std::size_t kMaxBytes = 2048;

/// The start of a run of at most `most` bytes, and its end.
std::pair<std::ptrdiff_t, std::ptrdiff_t> pick_run(BitSource& random, const Input& input,
                                                   int most) {
    const int size = static_cast<int>(input.size());
    const int begin = random.below(size);
    return {begin, std::min(size, begin + 1 + random.below(most))};
}

}  // namespace

Input read_input(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) throw std::runtime_error("can't read " + path);
    return {std::istreambuf_iterator<char>(file), {}};
}

InputMaker::InputMaker(std::uint64_t seed, const std::string& corpus) : seed_(seed) {
    if (!corpus.empty()) {
        std::vector<std::string> paths;
        for (const auto& entry : std::filesystem::directory_iterator(corpus)) {
            if (entry.is_regular_file()) paths.push_back(entry.path().string());
        }
        std::sort(paths.begin(), paths.end());
        for (const std::string& path : paths) parents_.push_back(read_input(path));
    }
    BitSource random(mix64(seed));
    for (int i = 0; i < kNumParents; ++i) parents_.push_back(fresh(random));
}

Input InputMaker::fresh(BitSource& random) const {
    Input input(static_cast<std::size_t>(16 + random.below(1 << (5 + random.below(5)))));
    // Small bytes choose the first of the kinds, and repeat themselves.
    const int bound = 1 << (2 + random.below(7));
    for (std::uint8_t& byte : input) byte = static_cast<std::uint8_t>(random.below(bound));
    return input;
}

void InputMaker::mutate(BitSource& random, Input& input) const {
    if (input.empty()) input.push_back(0);
    const auto [begin, end] = pick_run(random, input, 16);
    const auto first = input.begin() + begin;
    switch (random.below(7)) {
        case 0:
            *first ^= static_cast<std::uint8_t>(1 << random.below(8));
            break;
        case 1:
            *first = static_cast<std::uint8_t>(random.below(256));
            break;
        case 2:
            std::fill(first, input.begin() + end, std::uint8_t(-random.below(2)));
            break;
        case 3:
            input.erase(first, input.begin() + end);
            break;
        case 4: {
            const Input run(first, input.begin() + end);
            input.insert(input.begin() + random.below(static_cast<int>(input.size())), run.begin(),
                         run.end());
            break;
        }
        case 5:
            *first = static_cast<std::uint8_t>(*first + (random.below(2) ? 1 : -1));
            break;
        default: {  // The head of this one, the tail of another.
            const Input& other = parents_[random.below(static_cast<int>(parents_.size()))];
            if (other.empty()) break;
            input.resize(static_cast<std::size_t>(begin));
            input.insert(input.end(), other.begin() + pick_run(random, other, 1).first,
                         other.end());
        }
    }
    if (input.size() > kMaxBytes) input.resize(kMaxBytes);
}

Input InputMaker::make(std::uint64_t index) const {
    BitSource random(mix64(seed_ ^ mix64(index)));
    if (random.below(4) == 0) return fresh(random);
    Input input = parents_[random.below(static_cast<int>(parents_.size()))];
    for (int left = 1 + random.below(8); left > 0; --left) mutate(random, input);
    return input;
}

}  // namespace gemcore::fuzz
