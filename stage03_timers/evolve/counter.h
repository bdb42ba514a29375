/// \file
/// A count, and the most that it has been.
#pragma once

#include <cstddef>

namespace evolve {

/// Counts what comes and goes.
struct counter {
  std::size_t now = 0;  ///< how many there are
  std::size_t most = 0;  ///< how many there have been at most

  /// One more.
  void up() noexcept {
    if (++now > most) most = now;
  }

  /// One less.
  void down() noexcept { --now; }
};

}  // namespace evolve
