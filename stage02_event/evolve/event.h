/// \file
/// One thing to wait for.
#pragma once

#include <cstdint>

#include "evolve/callback.h"
#include "evolve/tailq.h"
#include "evolve/what.h"

namespace evolve {

class event_base;

/// The states of an event, as far as its base keeps them: which of the base's
/// structures the event is on.
///
/// \libevent{event_struct.h,EVLIST_INSERTED}
enum class evlist : std::uint16_t {
  none = 0,  ///< it is on no structure
  inserted = 0x02,  ///< its descriptor is being watched
  active = 0x08,  ///< it is due: its callback will be called
  running = 0x100,  ///< its callback is being called
};

/// \libevent{event_struct.h,EVLIST_INSERTED}
template <>
inline constexpr bool is_bitmask<evlist> = true;

/// One thing to wait for: a descriptor, or a call of active(); and the
/// function to call then. The pattern's *event handler*, bound to its
/// *handle*.
///
/// An event is a part of the object that owns it, as a connection has a socket
/// and two events. It is not copied or moved, since queues link to its address.
///
/// **Lifetime.** The destructor deletes the event. An event may be deleted, or
/// destroyed, by any callback, its own included: a callback that has been due
/// and was deleted is not called. Either the event or its base may go first;
/// but without its base an event must not be used any more, only destroyed.
///
/// **Threads.** An event, its base, and all other events of that base belong
/// to one thread at a time.
///
/// \libevent{event_struct.h,event}
class event {
 public:
  /// Waits for `events` on `fd`, a descriptor that stays the caller's own.
  ///
  /// Without what::persist the event is deleted before its callback is called.
  /// When the descriptor goes bad, the event is taken off, and its callback is
  /// called with what::unwatched alone, whatever else it was due for; unless
  /// it is added again before that.
  /// The priority is the middle one of its base.
  /// \throws std::invalid_argument for what::unwatched: nothing waits for that.
  /// \libevent{event.c,event_assign}
  event(event_base& base, int fd, what events, callback function);

  /// Deletes the event.
  ~event();

  event(const event&) = delete;
  event& operator=(const event&) = delete;

  /// Starts to wait. An event that is added already keeps waiting.
  ///
  /// All or nothing: when it throws, for want of memory too, the event is as it
  /// was.
  /// \throws std::invalid_argument when there is nothing to wait for.
  /// \throws std::logic_error when the event's priority is one that the base no
  ///     longer has.
  /// \throws std::system_error when the descriptor cannot be waited for: EBADF,
  ///     or what the system said.
  /// \libevent{event.c,event_add}
  void add();

  /// Stops waiting, and takes back a call that was due.
  /// \libevent{event.c,event_del}
  void del() noexcept;

  /// Makes the event due, added or not, as if `res` had happened to it.
  ///
  /// In a callback this means the next turn of the loop, so that an event that
  /// activates itself cannot keep the loop from everything else. If the event
  /// is more urgent than the one whose callback is being called, that next turn
  /// begins right after it. When the event is due already, `res` joins what it
  /// is due for.
  /// \throws std::invalid_argument for what::unwatched, which only a base says.
  /// \throws std::logic_error when the event's priority is one that the base no
  ///     longer has.
  /// \libevent{event.c,event_active}
  void active(what res);

  /// What of `mask` the event waits for, or is due for.
  /// \libevent{event.c,event_pending}
  what pending(what mask = ~what::none) const noexcept;

  /// Sets how urgent the event is: 0 is the most urgent.
  /// \throws std::logic_error while the event is due.
  /// \throws std::invalid_argument unless 0 <= `priority` < npriorities().
  /// \libevent{event.c,event_priority_set}
  void priority_set(int priority);

  /// \libevent{event.c,event_get_priority}
  int priority() const noexcept { return pri_; }

  /// \libevent{event.c,event_get_fd}
  int fd() const noexcept { return fd_; }

  /// What the event was made to wait for.
  /// \libevent{event.c,event_get_events}
  what events() const noexcept { return events_; }

  /// \libevent{event.c,event_get_base}
  event_base& base() const noexcept { return *base_; }

 private:
  friend class active_queues;
  friend class event_base;
  friend class evmap;

  what waits() const noexcept;  // conditions that it waits or is due for

  tailq_entry<event> io_next_;  // among those on its descriptor
  callback callback_;  // the function to call
  int fd_;  // what to wait on
  event_base* base_;  // the base to which it is added
  evlist flags_ = evlist::none;  // which structures it is on
  std::uint8_t pri_;  // which queue it is due on
  std::uint8_t turn_ = 0;  // the turn in which it became due
  tailq_entry<event> active_next_;  // on the queue of what is due
  what events_;  // the conditions that it waits for
  what res_ = what::none;  // the conditions that it is due for
};

}  // namespace evolve
