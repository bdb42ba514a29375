/// \file
/// What reports cost that belong to no registration any more.
#pragma once

#include "evolve/clock.h"

namespace evolve {

/// Reckons what ghosts cost, and when it is worth while to get rid of them.
///
/// A *ghost* is a registration that has outlived its descriptor. The kernel
/// reports it in every turn, and only a rebuild ends that: all that is watched
/// has to be registered anew. One rebuild for each ghost would be dear where a
/// child process holds the descriptors of thousands of clients that leave one
/// by one. So the cost has to be earned first: a ghost is borne until the turns
/// that it has shortened or prolonged have cost as much as a rebuild would.
///
/// Of each turn the time outside the wait is counted, by the ghosts' share of
/// its reports. The price of a rebuild is in proportion to the size of the
/// table. It is guessed until a rebuild has been measured; and as the process
/// may be stopped during one, a measured price counts up to a limit.
class ghosts {
 public:
  /// How long to leave it at a rebuild that has failed.
  static constexpr duration pause = std::chrono::milliseconds(100);

  /// The price of a rebuild for each place of the table, until one is measured.
  static constexpr duration guess = std::chrono::microseconds(1);

  /// The most that a measured one may say.
  static constexpr duration limit = std::chrono::microseconds(10);

  /// Of the `found` reports of a wait that has ended at `now`, `stale` were
  /// those of ghosts. Requires 0 < `stale` <= `found`.
  void appear(int stale, int found, time_point now) noexcept;

  /// Whether there were any in the turn that is not reckoned yet.
  bool appeared() const noexcept { return stale_ > 0; }

  /// That turn has ended at `now`. Whether it is time for a rebuild of a table
  /// of `size`. Requires appeared().
  bool reckon(time_point now, int size) noexcept;

  /// A rebuild of a table of `size` has taken so long, and they are gone.
  /// Requires `size` > 0.
  void vanish(duration took, int size) noexcept;

  /// A rebuild was tried at `now`, and has failed.
  void remain(time_point now) noexcept { next_try_ = after(now, pause); }

  /// Whether the last rebuild that was tried has failed.
  bool remained() const noexcept { return next_try_ != time_point(); }

 private:
  int stale_ = 0;  // reports of ghosts in the last turn
  int found_ = 0;  // all reports of that turn
  time_point since_{};  // when its wait ended
  duration cost_{0};  // what they have cost since the last rebuild
  duration price_ = guess;  // of a rebuild, for each place of the table
  time_point next_try_{};  // no rebuild before then, after one that failed
};

}  // namespace evolve
