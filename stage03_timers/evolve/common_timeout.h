/// \file
/// One timeout for many events.
#pragma once

#include <cstdint>

#include "evolve/event.h"

namespace evolve {

/// A length of time that many events wait for, as all connections of a server
/// do for their idle timeout.
///
/// The event that is added last is due last, so a queue is enough: adding is
/// appending. The heap has one entry for all of them, the event `timer_` that
/// stands for the first in the queue.
///
/// libevent hides the queue's number in the upper bits of a timeval's
/// microseconds, so that its event_add() can keep its signature. Here it is a
/// type of its own.
///
/// **Lifetime.** Made and owned by an event_base, and as long-lived.
///
/// \libevent{event-internal.h,common_timeout_list}
class common_timeout {
 public:
  /// Made by event_base::init_common_timeout().
  common_timeout(event_base& base, duration length, std::uint32_t index);

  common_timeout(const common_timeout&) = delete;

  /// The timeout's length.
  duration length() const noexcept { return length_; }

 private:
  friend class event_base;

  void insert(event& ev) noexcept;  // in the order of deadlines
  void erase(event& ev) noexcept;  // takes it off the queue
  event* place_for(time_point due) const noexcept;  // the event before; or null
  void schedule_front() noexcept;  // sets the timer by the first of the queue
  void expire() noexcept;  // the first event is due
  void self_check() const;  // for event_base::self_check()

  event_base& base_;  // whose events these are
  duration length_;  // how long they wait
  std::uint32_t index_;  // its number in the base
  tailq<event, &event::common_next_> events_;  // the first event is due first
  event* finger_ = nullptr;  // the event last put before others; or null
  event timer_;  // in the heap, with the deadline of the first
};

}  // namespace evolve
