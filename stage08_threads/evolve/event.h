/// \file
/// One thing to wait for.
#pragma once

#include <cstdint>
#include <optional>

#include "evolve/callback.h"
#include "evolve/clock.h"
#include "evolve/evthread.h"
#include "evolve/tailq.h"
#include "evolve/what.h"

namespace evolve {

class common_timeout;
class event_base;

/// The states of an event, as far as its base keeps them: which of the base's
/// structures the event is on.
///
/// \libevent{event_struct.h,EVLIST_INSERTED}
enum class evlist : std::uint16_t {
  none = 0,  ///< it is on no structure
  timeout = 0x01,  ///< it has a deadline, and the base knows
  inserted = 0x02,  ///< its descriptor or signal is being watched
  active = 0x08,  ///< it is due: its callback will be called
  finalizing = 0x40,  ///< it is called a last time, or has been: finalize()
  foreign = 0x80,  ///< its memory may be gone when its callback has begun
  internal = 0x10,  ///< it is the library's own: not counted, not shown
  asked = 0x400,  ///< it is due by active(): to ask again changes nothing
  running = 0x100,  ///< its callback is being called
  common = 0x200,  ///< its timeout is a common one
};

/// \libevent{event_struct.h,EVLIST_INSERTED}
template <>
inline constexpr bool is_bitmask<evlist> = true;

/// One thing to wait for: a descriptor, a signal, a timeout, or a call of
/// active(); and the function to call then. The pattern's *event handler*,
/// bound to its *handle*.
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
/// to one thread at a time, until event_base::make_notifiable(). From then on
/// any thread may use them. del() and the destructor wait, in another thread
/// than the loop's, for the end of a callback that is being called: afterwards
/// what it uses may be destroyed. They wait for ever if the callback waits for
/// something that their caller holds, a mutex for example; or if two loops'
/// callbacks delete each other's event. finalize() does not wait.
///
/// With the caller remains that no thread is in a call of an event, or begins
/// one, while another destroys it.
///
/// \libevent{event_struct.h,event}
class event {
 public:
  /// Waits for `events` on `fd`, a descriptor that stays the caller's own; or,
  /// with what::signal, for the signal of that number.
  ///
  /// Without what::persist the event is deleted before its callback is called.
  /// When the descriptor goes bad, the event is taken off, and its callback is
  /// called with what::unwatched alone, whatever else it was due for; unless
  /// it is added again before that.
  /// The priority is the middle one of its base.
  /// \throws std::invalid_argument for what::unwatched: nothing waits for that.
  /// \throws std::invalid_argument when what::signal comes with read or write.
  /// \libevent{event.c,event_assign}
  event(event_base& base, int fd, what events, callback function);

  /// An event that waits for time alone; once, or with what::persist in
  /// `events` again and again.
  /// \libevent{event.h,evtimer_new}
  static event timer(event_base& base, callback function,
                     what events = what::none) {
    return event(base, -1, events, function);
  }

  /// An event that waits for every delivery of the signal `signo`. While there
  /// is another one to tell of, it is due even in its own callback.
  /// \libevent{event.h,evsignal_new}
  static event signal(event_base& base, int signo, callback function) {
    return event(base, signo, what::signal | what::persist, function);
  }

  /// Deletes the event.
  ~event();

  event(const event&) = delete;
  event& operator=(const event&) = delete;

  /// Starts to wait; with `timeout`, no longer than that.
  ///
  /// The callback is called when one of the events comes or the timeout has
  /// passed, whichever is first; with what::timeout in the second case. That is
  /// not before `timeout` has passed since event_base::now(): in a callback,
  /// since the clock was first read there. So 100 ms that are given 50 ms after
  /// that reading are over in 50. A callback that works for long calls
  /// event_base::update_time_cache() first. Zero, or less, is due in the next
  /// turn; too much to add is for ever.
  ///
  /// A persistent event's timeout starts anew with each call of its callback:
  /// after a timeout from the time when it was due, so that periods do not
  /// drift, after anything else from now. When the end of the new period has
  /// passed already, it is skipped, and the next one begins now.
  ///
  /// An event that is added keeps waiting for the same; a timeout that is given
  /// replaces the earlier one, even when that has passed but the callback has
  /// not been called yet; without one, the earlier timeout stays.
  ///
  /// All or nothing: when it throws, for want of memory too, the event is as it
  /// was.
  /// \throws std::invalid_argument when there is nothing to wait for.
  /// \throws std::logic_error when the event's priority is one that the base no
  ///     longer has, or when it has been finalized.
  /// \throws std::system_error when the descriptor or signal cannot be waited
  ///     for: EBADF, EINVAL, or what the system said.
  /// \libevent{event.c,event_add}
  void add(std::optional<duration> timeout = std::nullopt);

  /// The same with a timeout that many events share, at a lower price.
  /// \throws std::invalid_argument also when `timeout` is another base's.
  /// \libevent{event.c,event_base_init_common_timeout}
  void add(common_timeout& timeout);

  /// Stops waiting, and takes back a call that was due. The timeout of a
  /// persistent event is forgotten.
  /// \libevent{event.c,event_del}
  void del() noexcept;

  /// The same without waiting for a callback that another thread is calling:
  /// that may go on when this returns, and may add the event again.
  /// \libevent{event.c,event_del_noblock}
  void del_noblock() noexcept;

  /// Deletes the event without waiting, and calls `function` in the loop, when
  /// nothing else of the event is called any more. There it may be destroyed:
  /// that is how a thread gets rid of an event while it holds what the callback
  /// may be waiting for. A base that is destroyed calls the functions that are
  /// left.
  ///
  /// From this call on, in `function` too and afterwards, the event can only be
  /// destroyed: add() and finalize() throw, del() and active() do nothing.
  /// \throws std::logic_error when the event's priority is one that the base no
  ///     longer has, or when the event has been finalized before.
  /// \libevent{event.c,event_finalize}
  void finalize(callback function);

  /// Forgets the timeout, also when it has passed but the callback has not been
  /// called yet, and keeps waiting for the rest.
  /// \libevent{event.c,event_remove_timer}
  void remove_timer() noexcept;

  /// Makes the event due, added or not, as if `res` had happened to it.
  ///
  /// In a callback this means the next turn of the loop, so that an event that
  /// activates itself cannot keep the loop from everything else. If the event
  /// is more urgent than the one whose callback is being called, that next turn
  /// begins right after it. When the event is due already, `res` joins what it
  /// is due for. What this thread has done before, the callback sees.
  /// \throws std::invalid_argument for what::unwatched, which only a base says.
  /// \throws std::logic_error when the event's priority is one that the base no
  ///     longer has.
  /// \libevent{event.c,event_active}
  void active(what res);

  /// The same, but however urgent the event is: no turn is cut short for it.
  /// \libevent{event.c,event_active_later_}
  void active_later(what res);

  /// What of `mask` the event waits for, or is due for.
  /// \libevent{event.c,event_pending}
  what pending(what mask = ~what::none) const noexcept;

  /// When the timeout passes; nothing when none is pending.
  /// \libevent{event.c,event_pending}
  std::optional<time_point> deadline() const noexcept;

  /// Sets how urgent the event is: 0 is the most urgent.
  /// \throws std::logic_error while the event is due.
  /// \throws std::invalid_argument unless 0 <= `priority` < npriorities().
  /// \libevent{event.c,event_priority_set}
  void priority_set(int priority);

  /// \libevent{event.c,event_get_priority}
  int priority() const noexcept;

  /// The descriptor, or the number of the signal.
  /// \libevent{event.c,event_get_fd}
  int fd() const noexcept { return fd_; }

  /// What the event was made to wait for.
  /// \libevent{event.c,event_get_events}
  what events() const noexcept { return events_; }

  /// \libevent{event.c,event_get_base}
  event_base& base() const noexcept { return *base_; }

 private:
  friend class common_timeout;
  friend class active_queues;
  friend class event_access;
  friend class event_base;
  friend class evmap;
  friend class evsig;
  friend class min_heap;

  // One that a program in C owns: it has no base yet, and never a destructor.
  explicit event(callback function) noexcept
      : callback_(function),
        fd_(-1),
        base_(nullptr),
        flags_(evlist::foreign),
        pri_(0),
        events_(what::none) {}

  what waits() const noexcept;  // conditions that it waits or is due for

  // What a timer's life touches is in a row, from base_ on.
  tailq_entry<event> io_next_;  // among those on its descriptor
  callback callback_;  // the function to call
  duration interval_ = no_interval;  // what a persistent event's timeout was
  int fd_;  // what to wait on
  int ncalls_ = 0;  // deliveries that it is due for
  event_base* base_;  // the base to which it is added
  time_point deadline_{};  // when the timeout passes
  evthread_bits<evlist> flags_ = evlist::none;  // which structures it is on
  std::uint8_t pri_;  // which queue it is due on
  std::uint8_t turn_ = 0;  // the turn in which it became due
  std::uint32_t heap_index_ = 0;  // its place in the heap, or which common
  tailq_entry<event> active_next_;  // on the queue of what is due
  what events_;  // the conditions that it waits for
  evthread_bits<what> res_ = what::none;  // the conditions that it is due for
  std::uint32_t sequence_ = 0;  // when it was added, among equal deadlines
  tailq_entry<event> common_next_;  // among those of one common timeout

  static constexpr duration no_interval{-1};  // no timeout to start anew
};

}  // namespace evolve
