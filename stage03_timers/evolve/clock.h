/// \file
/// Time, as the loop reckons it.
#pragma once

#include <cassert>
#include <chrono>

namespace evolve {

/// The clock that only goes forward, at a steady pace: setting the time of day
/// does nothing to it.
/// \libevent{evutil_time.c,evutil_gettime_monotonic_}
using clock = std::chrono::steady_clock;

/// A length of time, in nanoseconds.
using duration = std::chrono::nanoseconds;

/// A moment, in nanoseconds since the clock's own beginning.
using time_point = std::chrono::time_point<clock, duration>;

/// Reads a clock; for tests, any. Must not throw, nor go back, nor show a time
/// before its own beginning.
using clock_reader = time_point (*)();

/// `length` after `start`; the end of time when that is later than it.
/// Requires that `length` is not negative.
constexpr time_point after(time_point start, duration length) noexcept {
  assert(length >= duration::zero());
  const duration left = time_point::max() - start;
  return length < left ? start + length : time_point::max();
}

}  // namespace evolve
