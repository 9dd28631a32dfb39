// What is left of a finding: the input that it came from, in a file.
#pragma once

#include "input_maker.h"

namespace gemcore::fuzz {

/// From now on a crash, a sanitizer's report, a failed check or an execution of more than
/// kMaxSeconds ends the process with status 1, and writes the current input.
void catch_findings();

/// Calls the fuzz target.
void execute(const Input& input, const std::string& name);

constexpr unsigned kMaxSeconds = 300;

}  // namespace gemcore::fuzz
