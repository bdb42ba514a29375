/// \file
/// The events that are due.
#pragma once

#include <cassert>

#include "evolve/event.h"

namespace evolve {

/// The events that are due, in the order in which they have become so.
/// \libevent{event-internal.h,event_base}
class active_queues {
 public:
  /// Whether no event is due.
  bool empty() const noexcept { return queue_.empty(); }

  /// The event that is called next. Requires that there is one.
  event& front() const noexcept { return queue_.front(); }

  /// Puts `ev` at the end. Requires that it is not due.
  /// \libevent{event.c,event_queue_insert_active}
  void insert(event& ev) noexcept {
    assert(!any(ev.flags_ & evlist::active));
    ev.flags_ |= evlist::active;
    queue_.push_back(ev);
  }

  /// Takes `ev` off, wherever it stands. Requires that it is due.
  /// \libevent{event.c,event_queue_remove_active}
  void remove(event& ev) noexcept {
    assert(any(ev.flags_ & evlist::active));
    ev.flags_ &= ~evlist::active;
    queue_.remove(ev);
  }

 private:
  tailq<event, &event::active_next_> queue_;  // the next to be called in front
};

}  // namespace evolve
