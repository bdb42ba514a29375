/// \file
/// A clock that stands still until a test moves it.
#pragma once

#include "evolve/clock.h"

namespace evolve {

/// Give `read` to event_base::set_clock(). Each use begins with zero().
struct manual_clock {
  static time_point read() { return ++reads, time; }

  /// Begins anew, an hour after the clock's beginning.
  static void zero() {
    time = time_point(std::chrono::hours(1));
    reads = 0;
  }

  static void advance(duration by) { time += by; }

  static inline time_point time;  ///< the time that it shows
  static inline int reads = 0;  ///< how many readings it gave
};

}  // namespace evolve
