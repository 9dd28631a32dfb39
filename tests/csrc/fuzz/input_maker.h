// Inputs for the fuzz target where no libFuzzer is: input i is a pure function of (seed, i,
// corpus).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "byte_reader.h"

namespace gemcore::fuzz {

using Input = std::vector<std::uint8_t>;

/// The whole content of a file. Throws std::runtime_error where it can't be read.
Input read_input(const std::string& path);

class InputMaker {
 public:
    /// corpus: a folder whose files are parents of mutants too; empty for none.
    InputMaker(std::uint64_t seed, const std::string& corpus);

    /// One in four is new, the others are a parent after bytes were flipped, set, moved, cut out or
    /// taken from another parent.
    Input make(std::uint64_t index) const;

 private:
    Input fresh(BitSource& random) const;
    void mutate(BitSource& random, Input& input) const;

    std::uint64_t seed_;
    std::vector<Input> parents_;
};

}  // namespace gemcore::fuzz
