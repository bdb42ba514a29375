/// \file
/// A count, and the most that it has been.
#pragma once

#include <cstddef>

namespace evolve {

/// Counts things that come and go.
struct counter {
  std::size_t now = 0;  ///< their number
  std::size_t most = 0;  ///< their greatest number so far

  /// One thing more.
  void up() noexcept {
    if (++now > most) most = now;
  }

  /// One thing less.
  void down() noexcept { --now; }
};

}  // namespace evolve
