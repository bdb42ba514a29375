/// \file
/// How often a test plays what goes wrong once in many rounds.
#pragma once

#include <cstdlib>
#include <string>

namespace evolve {

/// How many rounds to play: EVOLVE_ROUNDS, else few.
inline int rounds() {
  const char* wanted = std::getenv("EVOLVE_ROUNDS");
  return wanted != nullptr ? std::stoi(wanted) : 3000;
}

}  // namespace evolve
