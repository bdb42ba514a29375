/// \file
/// How to wake a loop that sleeps.
#pragma once

#include <optional>

#include "evolve/event.h"
#include "evolve/eventop.h"
#include "evolve/self_pipe.h"
#include "evolve/unique_fd.h"

namespace evolve {

/// Ends the wait of a base's loop from any thread.
///
/// That is left to the backend if it has a way of its own; otherwise there is a
/// descriptor that the loop watches: an eventfd where the system has it, and the
/// backend can tell edges; else a pipe.
///
/// \libevent{event.c,evthread_make_base_notifiable_nolock_}
class notifier {
 public:
  /// Requires the base's lock.
  /// \throws std::system_error when there are no descriptors for it.
  notifier(event_base& base, eventop& evsel);

  /// Requires the base's lock.
  ~notifier();

  notifier(const notifier&) = delete;

  /// Has the wait end that goes on, or if there is none, the next one. Any
  /// thread may call it. Two calls may end one wait.
  /// \libevent{event.c,evthread_notify_base}
  void wake() noexcept;

  /// In a child after fork(), before the end: the child may have closed what it
  /// inherited, and have another file by the number of the eventfd. An eventfd
  /// does not show whose it is, so that one is left open.
  void disown() noexcept { static_cast<void>(eventfd_.release()); }

 private:
  event_base& base_;  // whose loop it wakes
  eventop& evsel_;  // the backend that waits
  bool left_to_evsel_;  // the backend has a way of its own
  unique_fd eventfd_;  // the descriptor that the loop watches
  std::optional<self_pipe> pipe_;  // or else the pipe
  std::optional<event> readable_;  // the loop's side of it
};

}  // namespace evolve
