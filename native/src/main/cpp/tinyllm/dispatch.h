// Which instruction set runs.

#pragma once

#include <string>
#include <vector>

#include "kernels.h"

namespace tinyllm {

/** The sets that this CPU can run, the best one first; "plain" is always the last. */
std::vector<std::string> instruction_sets();

/** The set in use: the best one, or that of the variable TINYLLM_ISA. */
const Kernels& kernels();

/** Chooses a set by its name, for tests and measurements; returns false if this CPU has no such set. Not while kernels run. */
bool use_instruction_set(const std::string& name);

} // namespace tinyllm
