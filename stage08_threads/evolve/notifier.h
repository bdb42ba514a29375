/// \file
/// How to wake a loop that sleeps.
#pragma once

#include <optional>

#include "evolve/event.h"
#include "evolve/eventop.h"
#include "evolve/unique_fd.h"

namespace evolve {

/// Ends the wait of a base's loop from any thread.
///
/// That is left to the backend if it has a way of its own; otherwise there is a
/// descriptor that the loop watches: an eventfd where the system has it, else a
/// pipe.
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
  notifier& operator=(const notifier&) = delete;

  /// Has the wait end that goes on, or if there is none, the next one. Any
  /// thread may call it. Two calls may end one wait.
  /// \libevent{event.c,evthread_notify_base}
  void wake() noexcept;

 private:
  void open();
  void drain() noexcept;

  event_base& base_;  // whose loop it wakes
  eventop& evsel_;  // how that waits
  bool left_to_evsel_;  // the backend has a way of its own
  unique_fd read_end_;  // what the loop watches
  unique_fd write_end_;  // of a pipe; an eventfd has only one
  std::optional<event> readable_;  // the loop's side of it
};

}  // namespace evolve
